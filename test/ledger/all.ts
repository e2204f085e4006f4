/** Both ledgers: what the test checks and the document shows. */
import type { Ledger } from './entry.ts';
import { rfc6455 } from './rfc6455.ts';
import { rfc7692 } from './rfc7692.ts';

export const ledgers: readonly Ledger[] = [rfc6455, rfc7692];
