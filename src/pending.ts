/**
 * Connections that have not been answered yet, the oldest first: by when each must be, and how many may wait at once.
 * It is what keeps half-open floods from locking out those who finish in milliseconds. Pure bookkeeping; called by
 * listener.ts while heads come in and by upgrades.ts while a decision is awaited.
 */

/** Why a connection is not waited for any longer: its time is over, it is the oldest of too many, or the server stops. */
export type PendingEnd = 'late' | 'crowded' | 'stopping';

export interface PendingEntry {
  /** By the server's clock, in milliseconds. */
  readonly deadline: number;
  /** Answers, if that is possible, and lets go. The entry has been taken out before. */
  end(because: PendingEnd): void;
}

export class Pending<Key> {
  readonly #limit: number;
  readonly #entries = new Map<Key, PendingEntry>();

  /** @param limit how many may wait; one more ends the oldest */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Adds an entry, or replaces the one of that key, which keeps its age. */
  set(key: Key, entry: PendingEntry): void {
    this.#entries.set(key, entry);
    if (this.#entries.size <= this.#limit) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#end(oldest, 'crowded');
  }

  get(key: Key): PendingEntry | undefined {
    return this.#entries.get(key);
  }

  /** It has been answered, or is gone. */
  delete(key: Key): void {
    this.#entries.delete(key);
  }

  /** Ends those whose time is over. */
  sweep(now: number): void {
    for (const [key, { deadline }] of this.#entries) {
      if (now >= deadline) this.#end(key, 'late');
    }
  }

  /** Ends all, because the server stops. */
  endAll(): void {
    for (const key of this.#entries.keys()) this.#end(key, 'stopping');
  }

  #end(key: Key, because: PendingEnd): void {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    entry?.end(because);
  }
}
