/**
 * Saying good-bye to many at once: when each may come back, so that a restart is not followed by a stampede. Pure
 * functions of numbers; called by server.ts when it drains.
 */
import { CloseCode, encodeClosePayload, retryReason } from './close.ts';

export interface DrainOptions {
  /** Milliseconds after which whoever has not finished is cut off. Default: closeTimeout. */
  readonly deadline?: number;
  /**
   * Milliseconds over which the clients are asked to come back, evenly, by the hint `retry after N ms` at the end of
   * the close reason (`retryAfterOf` reads it). Default 0: no hint.
   */
  readonly retryWindow?: number;
  /** Close code for every WebSocket. Default 1012, service restart. */
  readonly code?: number;
  /** Close reason, to which the hint is added. */
  readonly reason?: string;
}

export type ResolvedDrainOptions = Required<DrainOptions>;

const longestTime = 2 ** 31 - 1;

/** Fills in defaults. @throws RangeError for times out of range, and a code or reason that must not be sent */
export function resolveDrainOptions(options: DrainOptions, closeTimeout: number): ResolvedDrainOptions {
  const resolved: ResolvedDrainOptions = {
    deadline: options.deadline ?? closeTimeout,
    retryWindow: options.retryWindow ?? 0,
    code: options.code ?? CloseCode.serviceRestart,
    reason: options.reason ?? 'The server restarts.',
  };
  for (const name of ['deadline', 'retryWindow'] as const) {
    const value = resolved[name];
    if (Number.isInteger(value) && value >= 0 && value <= longestTime) continue;
    throw new RangeError(`${name} is ${value}; it takes a whole number from 0 to ${longestTime}.`);
  }
  encodeClosePayload(resolved.code, reasonWithHint(resolved, resolved.retryWindow));
  return resolved;
}

/** The close reason for one client. @param retryAfter milliseconds; not used without a window */
export function reasonWithHint({ reason, retryWindow }: ResolvedDrainOptions, retryAfter: number): string {
  if (retryWindow === 0) return reason;
  return `${reason} ${retryReason(retryAfter)}`.trim();
}

/**
 * When the client of that index may come back, in milliseconds: the window is cut into as many parts as there are
 * clients, and each gets a random moment of its own part, so that they come evenly and yet in no step.
 * @param random gives 0 to below 1
 */
export function retryAfter(index: number, count: number, window: number, random: () => number): number {
  return Math.floor(((index + random()) * window) / count);
}
