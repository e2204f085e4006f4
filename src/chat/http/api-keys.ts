/**
 * The keys with which backends come in, as the host wrote them on the command line. Only their SHA-256 is kept, and all
 * of them are compared in constant time, so that neither memory nor timing tells one. Called by events-api.ts.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

/** The fewest characters of a key: so many random ones cannot be guessed. */
export const minimumKeyLength = 20;

export class ApiKeys {
  readonly #hashes: readonly Buffer[];

  /** @throws RangeError for a key that is too short, or has what cannot stand in an Authorization field */
  constructor(keys: readonly string[]) {
    for (const key of keys) {
      if (key.length < minimumKeyLength || !/^[\x21-\x7e]+$/.test(key)) {
        throw new RangeError(
          `An API key has at least ${minimumKeyLength} characters, and no space: ` +
            'make one with “openssl rand -hex 24”.',
        );
      }
    }
    this.#hashes = keys.map(hashOf);
  }

  /** The place of that key among the keys, from 0, or undefined when it is none of them. */
  find(key: string): number | undefined {
    const hash = hashOf(key);
    // All are looked at, whichever it is.
    const matches = this.#hashes.map((known) => timingSafeEqual(known, hash));
    const place = matches.indexOf(true);
    return place === -1 ? undefined : place;
  }
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
