/**
 * The way out to one client, who may read slower than it is spoken to. What is in the log goes out in order or not at
 * all: a client that lets too much of it pile up is closed, and comes back by its cursor. What is of the moment may be
 * replaced by what is newer while it waits. Called by session.ts only.
 */
import type { Channel, Push } from '../transports/channel.ts';

/** Octets that wait for a client from which on what is of the moment waits for it too. */
export const lowWaterMark = 256 * 1024;

/** RFC 6455 §7.4.1 and the registry of close codes: try again later. */
const tryAgainLater = 1013;

export class Outlet {
  readonly #channel: Channel;
  readonly #maxBufferedAmount: number;
  readonly #close: (code: number, reason: string) => void;
  /** Pushes that wait for the reply to a sign-in. */
  #held: Push[] | undefined;
  /** The newest push of each key that waits until the client has read on. */
  readonly #waiting = new Map<string, Push>();

  /** @param close ends the connection; nothing is sent here after that */
  constructor(channel: Channel, maxBufferedAmount: number, close: (code: number, reason: string) => void) {
    this.#channel = channel;
    this.#maxBufferedAmount = maxBufferedAmount;
    this.#close = close;
  }

  /** Lets pushes wait, until `release`. */
  hold(): void {
    this.#held = [];
  }

  dropHeld(): void {
    this.#held = undefined;
  }

  /** Lets out what was held, without those events of the log that the reply has told already. */
  release(knownOffset: number): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    for (const push of held) {
      if (push.cursor === undefined || offsetOf(push.cursor) > knownOffset) this.push(push);
    }
  }

  /** A reply: for this client only. */
  send(text: string, event: string, cursor?: string): void {
    this.#channel.send(text, event, cursor);
    this.#checkAmount();
  }

  push(push: Push): void {
    if (this.#held !== undefined) {
      this.#held.push(push);
      return;
    }
    const isBehind = this.#waiting.size > 0 || this.#channel.bufferedAmount > lowWaterMark;
    if (push.coalesce !== undefined && isBehind) {
      // Taken out first, so that the order is that of the newest.
      this.#waiting.delete(push.coalesce);
      this.#waiting.set(push.coalesce, push);
      return;
    }
    this.#channel.push(push);
    this.#checkAmount();
  }

  /** The client has read on. */
  drained(): void {
    for (const [key, push] of this.#waiting) {
      if (this.#channel.bufferedAmount > lowWaterMark) return;
      this.#waiting.delete(key);
      this.#channel.push(push);
    }
  }

  /** The connection is gone. */
  end(): void {
    this.#held = undefined;
    this.#waiting.clear();
  }

  #checkAmount(): void {
    if (this.#channel.bufferedAmount <= this.#maxBufferedAmount) return;
    this.#close(tryAgainLater, 'you read too slowly: come back and resume from your cursor');
  }
}

function offsetOf(cursor: string): number {
  return Number(cursor.slice(cursor.lastIndexOf(':') + 1));
}
