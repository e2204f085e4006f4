/**
 * Refusing a request in words (RFC 9110 §15) and ending its connection. Called by server.ts, listener.ts and
 * upgrades.ts for whatever does not become a WebSocket.
 */
import type { Socket as TcpSocket } from 'node:net';
import { encodeRefusal } from './http-encode.ts';
import { HttpError } from './http-head.ts';
import type { Clock } from './options.ts';

export class Refusals {
  readonly #clock: Clock;
  readonly #closeTimeout: number;
  readonly #report: (error: unknown) => void;
  readonly #emptied: () => void;
  /** Connections that are answered and not gone yet, with the time by which they must be. */
  readonly #lingering = new Map<TcpSocket, number>();

  /**
   * @param report is told of errors that are not the client's
   * @param emptied is called when the last one is gone
   */
  constructor(
    options: { clock: Clock; closeTimeout: number },
    report: (error: unknown) => void,
    emptied: () => void,
  ) {
    this.#clock = options.clock;
    this.#closeTimeout = options.closeTimeout;
    this.#report = report;
    this.#emptied = emptied;
  }

  /** How many are answered and not gone yet. */
  get size(): number {
    return this.#lingering.size;
  }

  /**
   * Answers and ends. What still arrives is read and dropped, for a reset would take the answer with it.
   * @param error the client's fault as HttpError; anything else is ours: reported, and answered with 500
   */
  refuse(stream: TcpSocket, error: unknown): void {
    const reply = this.#encode(error);
    // Gone already: there would be no 'close' to wait for.
    if (stream.destroyed) return;
    stream.end(reply);
    stream.on('data', ignore);
    stream.on('end', ignore);
    stream.resume();
    this.#lingering.set(stream, this.#clock.now() + this.#closeTimeout);
    stream.once('close', () => {
      this.#lingering.delete(stream);
      if (this.#lingering.size === 0) this.#emptied();
    });
  }

  /** Answers and cuts, where waiting for the peer would keep the very place that it may not have. */
  turnAway(stream: TcpSocket, error: HttpError): void {
    stream.write(this.#encode(error));
    stream.destroySoon();
  }

  /** Cuts those that do not go. */
  sweep(now: number): void {
    for (const [stream, deadline] of this.#lingering) {
      if (now >= deadline) stream.destroy();
    }
  }

  /** Cuts all. */
  destroyAll(): void {
    for (const stream of this.#lingering.keys()) stream.destroy();
  }

  #encode(error: unknown): Uint8Array {
    if (error instanceof HttpError) {
      try {
        return encodeRefusal(error.status, error.explanation, withDate(error.headers));
      } catch (fault) {
        // The handler's fields cannot be sent.
        return this.#encode(fault);
      }
    }
    this.#report(error);
    return encodeRefusal(500, 'The server failed on this request.', withDate({}));
  }
}

/** A server that has a clock says the date of a 4xx (RFC 9110 §6.6.1); the core has none. A date that is there stays. */
function withDate(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (Object.keys(headers).some((name) => name.toLowerCase() === 'date')) return headers;
  return { ...headers, Date: new Date().toUTCString() };
}

/** What a server says that has no room, or no time. */
export function unavailable(explanation: string, retryAfter?: number): HttpError {
  const headers: Record<string, string> =
    retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  return new HttpError(503, 'RFC 9110 §15.6.4', explanation, headers);
}

/** For events that only must be listened to: without a listener an error would end the process. */
export function ignore(): void {}
