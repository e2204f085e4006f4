/** What a call refuses with: status and section, after a look at how the error is worded. */
import { expect } from 'vitest';
import { HttpError } from '../../src/http-head.ts';

export function refusal(run: () => unknown): { status: number; section: string } {
  return errorOf(run, ({ status, section }) => ({ status, section }));
}

/** The same with the fields that the refusal must carry. */
export function refusalWithHeaders(run: () => unknown): {
  status: number;
  section: string;
  headers: Readonly<Record<string, string>>;
} {
  return errorOf(run, ({ status, section, headers }) => ({ status, section, headers }));
}

function errorOf<T>(run: () => unknown, take: (error: HttpError) => T): T {
  try {
    run();
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    expect(error.message).toBe(`${error.explanation} (${error.section})`);
    expect(error.explanation).toMatch(/^[A-Z].*\.$/);
    return take(error);
  }
  throw new Error('nothing was refused');
}
