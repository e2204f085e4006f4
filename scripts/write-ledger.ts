// Writes docs/ledger.md from test/ledger/. Run it after an entry has changed; test/ledger.test.ts says when.
import { writeFileSync } from 'node:fs';
import { ledgers } from '../test/ledger/all.ts';
import { renderLedger } from './ledger.ts';

writeFileSync(new URL('../docs/ledger.md', import.meta.url), renderLedger(ledgers));
