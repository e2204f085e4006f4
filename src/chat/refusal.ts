/**
 * How a request is refused: one exception, with what the client is told. Thrown by the handlers and by what they stand
 * on (identity.ts, moderation.ts, invitations.ts); turned into a reply by session.ts, and into a response by
 * http/session-api.ts. Apart from handler.ts so that what the chat is made of can throw it too.
 */
import type { ErrorCode, Failure } from './events.ts';

/** Thrown to refuse what was asked. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly failure: Failure;

  constructor(code: ErrorCode, message: string, more: Omit<Failure, 'code' | 'message'> = {}) {
    super(message);
    this.failure = { code, message, ...more };
  }
}

/** @throws Refusal `rate-limited` when there is something to wait for */
export function checkRate(retryAfter: number, what: string): void {
  if (retryAfter === 0) return;
  throw new Refusal('rate-limited', `${what}: try again in ${inWords(retryAfter)}.`, { retryAfter });
}

/** A length of time as a person says it, rounded up: “1 second”, “5 minutes”, “3 hours”, “2 days”. */
export function inWords(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  const units = [
    [24 * 60 * 60, 'day'],
    [60 * 60, 'hour'],
    [60, 'minute'],
  ] as const;
  // Less than two of a unit are said in the smaller one: “90 seconds” is nearer to the truth than “2 minutes”.
  const [length, unit] = units.find(([length]) => seconds >= 2 * length) ?? [1, 'second'];
  const count = Math.ceil(seconds / length);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
