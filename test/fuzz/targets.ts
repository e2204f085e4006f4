/** Every target by its name. */
import { frameTarget } from './frame.ts';
import type { Target } from './fuzzer.ts';
import { handshakeTarget } from './handshake.ts';

export const targets: readonly Target[] = [frameTarget, handshakeTarget];
