/**
 * Whose turn it is to open a WebSocket: to one IP address and port one handshake at a time, the others wait until it is
 * open or has failed (RFC 6455 §4.1, item 2 of connecting). Pure bookkeeping, in constant time for each step however many
 * wait. Called by client-handshake.ts, which has one queue for the whole process.
 */

/** Somebody who waits, or is under way. */
interface Place {
  /** In how many lines others are ahead. */
  ahead: number;
  readonly begin: () => void;
}

export class HandshakeQueue {
  /** The lines that somebody stands in. */
  readonly #lines = new Map<string, Line>();

  /** Whether nobody waits or is under way. */
  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  /**
   * Stands in line for all these keys at once, so that no two can ever wait for each other.
   * @param keys what may be used by one at a time, here addresses with their ports
   * @param begin called once when nobody is ahead in any of the lines: at once, or from within the `leave` of who was.
   *   Must not throw
   * @returns `leave`: lets the next ones begin; it is to be called in the end, whether there was a beginning or not
   */
  enter(keys: readonly string[], begin: () => void): () => void {
    const place: Place = { ahead: 0, begin };
    const names = new Set(keys);
    for (const name of names) {
      if (!this.#lineOf(name).join(place)) place.ahead++;
    }
    if (place.ahead === 0) begin();
    return () => {
      for (const name of names) this.#leave(name, place);
      // Who leaves twice has left.
      names.clear();
    };
  }

  #lineOf(name: string): Line {
    const known = this.#lines.get(name);
    if (known !== undefined) return known;
    const line = new Line();
    this.#lines.set(name, line);
    return line;
  }

  #leave(name: string, place: Place): void {
    const line = this.#lineOf(name);
    const next = line.leave(place);
    if (line.isEmpty) this.#lines.delete(name);
    if (next !== undefined && --next.ahead === 0) next.begin();
  }
}

/** Who waits for one key, the first to come being the one whose turn it is. */
class Line {
  readonly #places = new Set<Place>();
  /** One walk for all its time: it passes over who has left, and sees who comes later. A new one would pass the gaps again. */
  readonly #walk = this.#places.values();
  #first: Place | undefined;

  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  /** @returns whether nobody is ahead */
  join(place: Place): boolean {
    this.#places.add(place);
    this.#first ??= this.#walk.next().value;
    return this.#first === place;
  }

  /** @returns who has become the first by it, if anybody has */
  leave(place: Place): Place | undefined {
    this.#places.delete(place);
    if (this.#first !== place) return undefined;
    this.#first = this.#walk.next().value;
    return this.#first;
  }
}
