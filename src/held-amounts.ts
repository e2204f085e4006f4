/**
 * How much memory all sockets of a server hold together, and who has to go when it is too much. The sum is kept by
 * differences, so that asking costs nothing; who holds the most is only looked up when it is over the limit. Called by
 * server.ts.
 */

/** Somebody who holds memory that can be had back. */
export interface Holder {
  /** Octets. */
  readonly heldAmount: number;
}

/** How much of the limit is freed at once, so that the search does not begin again with the next octet. */
const freedShare = 1 / 8;

export class HeldAmounts {
  readonly #limit: number;
  #total = 0;

  /** @param limit octets that all may hold together */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Octets that all hold now. */
  get total(): number {
    return this.#total;
  }

  /** Somebody holds so much more, or less. @returns whether it is too much now */
  add(difference: number): boolean {
    this.#total += difference;
    return this.#total > this.#limit;
  }

  /**
   * Who has to go, those who hold the most first, until an eighth of the limit is free; nobody while it is not met.
   * @param holders everybody
   */
  excess<Of extends Holder>(holders: Iterable<Of>): Of[] {
    if (this.#total <= this.#limit) return [];
    const target = this.#limit * (1 - freedShare);
    let left = this.#total;
    return [...holders]
      .map((holder) => ({ holder, amount: holder.heldAmount }))
      .sort((one, other) => other.amount - one.amount)
      .filter(({ amount }) => {
        const go = left > target && amount > 0;
        if (go) left -= amount;
        return go;
      })
      .map(({ holder }) => holder);
  }
}
