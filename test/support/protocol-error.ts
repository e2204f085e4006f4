/** What the core threw, for tests that look at its code, section and words. */
import { ProtocolError } from '../../src/close.ts';

/** The ProtocolError that `run` throws; undefined when it throws none. Any other error passes through. */
export function errorOf(run: () => unknown): ProtocolError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}
