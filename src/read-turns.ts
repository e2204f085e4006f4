/**
 * How long one connection is read before it is the others' turn, and when its own comes again. libuv reads on for as long
 * as reads come full, up to 2 MiB, and large messages leave the collector much to clear away, so whoever sends without a
 * pause would make everybody else wait: turns end early, and a connection that brings more than its share comes back
 * later. Called by lent-socket.ts after each read; no I/O, and no RFC says anything of it.
 */

/** Octets that one read may bring: as many as node:net's own reads. */
export const readLength = 64 * 1024;

/**
 * The same for one that is held back: its large messages take memory that nobody has written to yet, and each page of
 * that costs up to 15 microseconds when it is a virtual machine's.
 */
export const heldReadLength = 16 * 1024;

/**
 * Octets that one connection may bring in one turn of the event loop. Turns are short while there are others; to one
 * that is alone they would only cost time, a fifth for messages of 1 MiB.
 */
const shortTurn = 2 * readLength;
const longTurn = 16 * readLength;
/** So many turns stay short after another connection was heard. */
const shortTurns = 256;

/** What may be brought at once, at any speed: as much as in so many milliseconds at the rate. */
const burst = 250;

/** One connection as its turns see it. */
export interface Reader {
  /** Octets that full reads have brought since the last turn began. Begins with 0; written here alone. */
  inTurn: number;
  /** Undefined until it has used up a whole turn, so that connections that never do have none. Written here alone. */
  account: ReadAccount | undefined;
}

/** What a connection has brought, as time: at the rate it would have taken until then. */
export interface ReadAccount {
  readUntil: number;
  /** Whether it has brought more than it may: then it is not one of the others that a turn is short for. */
  overdrawn: boolean;
  /** Whether it is overdrawn while there are others: then reads of it bring heldReadLength, one in a turn. */
  held: boolean;
}

/** The turns of all connections of one server. */
export class ReadTurns {
  /** Who was read last, and how many turns are short from now on. */
  #lastReader: Reader | undefined;
  #shortTurnsLeft = 0;
  /** Octets a millisecond. */
  readonly #rate: number;
  readonly #now: () => number;

  /**
   * @param rate octets a second that one connection may bring while others, which bring less, are heard
   * @param now milliseconds from any fixed moment, never going back
   */
  constructor(rate: number, now: () => number) {
    this.#rate = rate / 1000;
    this.#now = now;
  }

  /**
   * To be called after each read.
   * @param length octets that it brought, of at most readLength, or heldReadLength while its account says held
   * @returns whether to read on: a negative number if so, else the milliseconds until its next turn, 0 for the next turn
   *   of the event loop
   */
  after(reader: Reader, length: number): number {
    if (this.#lastReader !== reader) {
      this.#lastReader = reader;
      if (reader.account === undefined || !this.#isOverdrawn(reader.account)) {
        this.#shortTurnsLeft = shortTurns;
      }
    }
    if (
      length < readLength &&
      (reader.account === undefined || !reader.account.held || length < heldReadLength)
    ) {
      if (reader.inTurn === 0) return -1;
      // The turn is over by itself, and counts: full and half reads in turn would bring as much and never be held.
      reader.inTurn += length;
      return this.#afterTurn(reader) || -1;
    }
    reader.inTurn += length;
    const isOver = reader.inTurn >= (this.#shortTurnsLeft === 0 ? longTurn : shortTurn);
    return isOver || reader.account?.held === true ? this.#afterTurn(reader) : -1;
  }

  /** Its connection is gone. */
  forget(reader: Reader): void {
    if (this.#lastReader === reader) this.#lastReader = undefined;
  }

  /** Whether it still is. It stays so for a while, so that it does not come and go with every turn. */
  #isOverdrawn(account: ReadAccount): boolean {
    if (account.overdrawn) account.overdrawn = account.readUntil > this.#now() - burst / 2;
    return account.overdrawn;
  }

  /** @returns the milliseconds until the next one */
  #afterTurn(reader: Reader): number {
    const alone = this.#shortTurnsLeft === 0;
    reader.account ??= { readUntil: Number.NEGATIVE_INFINITY, overdrawn: false, held: false };
    const { account } = reader;
    const now = this.#now();
    const cost = reader.inTurn / this.#rate;
    reader.inTurn = 0;
    // What was brought while nobody else was there is no debt afterwards, but for the last turn.
    account.readUntil = Math.min(Math.max(account.readUntil, now - burst), now) + cost;
    account.overdrawn = account.readUntil > now || this.#isOverdrawn(account);
    account.held = account.overdrawn && !alone;
    if (!alone) this.#shortTurnsLeft--;
    return account.held ? Math.max(0, Math.ceil(account.readUntil - now)) : 0;
  }
}
