/**
 * Rate limits as token buckets: a bucket holds `burst` and fills by `perSecond`. Pure: the time is given. Called by
 * session.ts, the handlers and site.ts. The numbers are chosen so that no person and no polite bot meets them.
 */

/** So many at once, then so many each second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export interface ChatRates {
  /** Requests of any kind on one connection. */
  readonly requests: Rate;
  /** Messages of one member, over all their connections: an outbox after a long tunnel, then a fast bot. */
  readonly messages: Rate;
  /** Sign-ins from one address; also tokens and invitations that nobody was given. An office behind one address signs in in the morning. */
  readonly signIns: Rate;
  /** Images of one member: a handful of photos at once. */
  readonly uploads: Rate;
  /** Searches of one member, each of which may look through all that was ever said: as fast as somebody types. */
  readonly searches: Rate;
  /** Requests that were malformed, invalid, or over a limit before it was time, on one connection; beyond this it is closed with 1008. */
  readonly refusals: Rate;
}

export const defaultRates: ChatRates = {
  requests: { burst: 120, perSecond: 40 },
  messages: { burst: 60, perSecond: 10 },
  signIns: { burst: 100, perSecond: 2 },
  uploads: { burst: 20, perSecond: 0.5 },
  searches: { burst: 30, perSecond: 2 },
  refusals: { burst: 60, perSecond: 1 },
};

export class TokenBucket {
  /** Milliseconds in which one comes in, and for which it is full. Time is whole milliseconds, so sums stay exact. */
  readonly #interval: number;
  readonly #capacity: number;
  #level: number;
  #time: number;

  constructor(rate: Rate, now: number) {
    this.#interval = 1000 / rate.perSecond;
    this.#capacity = rate.burst * this.#interval;
    this.#level = this.#capacity;
    this.#time = now;
  }

  /** Takes one. @returns 0 when there was one, else the milliseconds until there will be, rounded up */
  take(now: number): number {
    this.#fill(now);
    if (this.#level < this.#interval) return Math.ceil(this.#interval - this.#level);
    this.#level -= this.#interval;
    return 0;
  }

  /** Gives one back, as when what it was taken for did not count. */
  giveBack(): void {
    this.#level = Math.min(this.#capacity, this.#level + this.#interval);
  }

  isFull(now: number): boolean {
    this.#fill(now);
    return this.#level >= this.#capacity;
  }

  #fill(now: number): void {
    // A wall clock may be set back; then nothing is gained, and nothing lost.
    this.#level = Math.min(this.#capacity, this.#level + Math.max(0, now - this.#time));
    this.#time = now;
  }
}

/** One bucket per member or address. Memory is bounded by `sweep`, which forgets those that are full again. */
export class KeyedBuckets {
  readonly #rate: Rate;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one for that key. @returns 0, or the milliseconds to wait */
  take(key: string, now: number): number {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#rate, now);
      this.#buckets.set(key, bucket);
    }
    return bucket.take(now);
  }

  giveBack(key: string): void {
    this.#buckets.get(key)?.giveBack();
  }

  sweep(now: number): void {
    for (const [key, bucket] of this.#buckets) {
      if (bucket.isFull(now)) this.#buckets.delete(key);
    }
  }
}
