/** Every target by its name. */

import { connectionTarget } from './connection.ts';
import { deflateTarget } from './deflate.ts';
import { frameTarget } from './frame.ts';
import type { Target } from './fuzzer.ts';
import { handshakeTarget } from './handshake.ts';

import { serverTarget } from './server.ts';

export const targets: readonly Target[] = [
  frameTarget,
  handshakeTarget,
  deflateTarget,
  connectionTarget,
  serverTarget,
];
