/** The whole table, by section: what the test runs, and what the documents count. */
import type { FrameCase, HandshakeCase } from './cases.ts';
import { closing } from './closing.ts';
import { controlFrames } from './control-frames.ts';
import { fragmentation } from './fragmentation.ts';
import { framing } from './framing.ts';
import { handshake } from './handshake.ts';
import { utf8 } from './utf8.ts';

export { handshake };

export const frameTables: readonly (readonly [title: string, cases: readonly FrameCase[]])[] = [
  ['framing', framing],
  ['control frames', controlFrames],
  ['fragmentation', fragmentation],
  ['UTF-8', utf8],
  ['closing', closing],
];

export const all: readonly (FrameCase | HandshakeCase)[] = [
  ...handshake,
  ...frameTables.flatMap(([, cases]) => cases),
];
