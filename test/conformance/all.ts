/** The whole table, by file: what run.ts runs, the documents count and the ledger points at. */
import type { ConformanceCase } from './cases.ts';
import { closing } from './closing.ts';
import { controlFrames } from './control-frames.ts';
import { deflate } from './deflate.ts';
import { fragmentation } from './fragmentation.ts';
import { framing } from './framing.ts';
import { handshake } from './handshake.ts';
import { robustness } from './robustness.ts';
import { utf8 } from './utf8.ts';
import { utf8Alignment } from './utf8-alignment.ts';

export interface Table {
  readonly title: string;
  readonly file: string;
  readonly cases: readonly ConformanceCase[];
}

export const tables: readonly Table[] = [
  { title: 'The opening handshake', file: 'test/conformance/handshake.ts', cases: handshake },
  { title: 'Framing', file: 'test/conformance/framing.ts', cases: framing },
  { title: 'Control frames', file: 'test/conformance/control-frames.ts', cases: controlFrames },
  { title: 'Fragmentation', file: 'test/conformance/fragmentation.ts', cases: fragmentation },
  { title: 'UTF-8', file: 'test/conformance/utf8.ts', cases: utf8 },
  { title: 'UTF-8 at every alignment', file: 'test/conformance/utf8-alignment.ts', cases: utf8Alignment },
  { title: 'Closing', file: 'test/conformance/closing.ts', cases: closing },
  { title: 'permessage-deflate', file: 'test/conformance/deflate.ts', cases: deflate },
  { title: 'Robustness', file: 'test/conformance/robustness.ts', cases: robustness },
];

export const all: readonly ConformanceCase[] = tables.flatMap(({ cases }) => cases);
