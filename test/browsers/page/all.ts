/** All checks, in the order of the matrix. */
import type { Check } from './check.ts';
import { closing } from './closing.ts';
import { compression } from './compression.ts';
import { flow } from './flow.ts';
import { compressedFrameChecks, frames } from './frames.ts';
import { interfaceChecks } from './interface.ts';
import { messages } from './messages.ts';
import { opening } from './opening.ts';

export const checks: readonly Check[] = [
  ...opening,
  ...interfaceChecks,
  ...messages,
  ...compression,
  ...compressedFrameChecks,
  ...frames,
  ...closing,
  ...flow,
];
