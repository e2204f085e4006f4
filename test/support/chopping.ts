/**
 * Cuts a byte sequence into the reads that TCP may make of it: whole, octet by octet, with the next octets
 * glued to its end, and at seeded random places. Every byte vector of the suite goes through here, because a
 * decoder that passes on whole reads may still fail on the cut that one network in a thousand makes.
 */

/** One way to deliver the octets. `chunks` are fresh copies: a decoder may unmask them in place. */
export interface Chopping {
  /** For messages: `whole`, `octet by octet`, `with a tail`, `random cuts 3, 17`. */
  readonly name: string;
  readonly chunks: readonly Uint8Array[];
  /** The octets that follow the vector inside the last chunk; empty but in `with a tail`. */
  readonly tail: Uint8Array;
}

export interface ChoppingOptions {
  /** What the tail holds. Default 0x81, the first octet of a text frame: never an error or an event by itself. */
  readonly tail?: Uint8Array;
  /** How many random choppings are made. Default 8. */
  readonly randomRuns?: number;
}

/** Numbers in [0, 1) that only the seed decides (mulberry32). For tests; no cryptographic strength. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/**
 * Runs the assertion once for each chopping. What it throws is thrown on, with the chopping and the seed put
 * in front of its message.
 */
export function forEachChopping(
  bytes: Uint8Array,
  seed: number,
  run: (chopping: Chopping) => void,
  options: ChoppingOptions = {},
): void {
  for (const chopping of choppings(bytes, seed, options)) {
    try {
      run(chopping);
    } catch (error) {
      const where = `[${chopping.name}; seed ${seed}] `;
      if (!(error instanceof Error)) throw new Error(where + String(error));
      error.message = where + error.message;
      throw error;
    }
  }
}

function* choppings(vector: Uint8Array, seed: number, options: ChoppingOptions): Generator<Chopping> {
  // A plain copy first: slice of a Buffer would be a view of the caller's octets.
  const bytes = Uint8Array.from(vector);
  const { tail = Uint8Array.of(0x81), randomRuns = 8 } = options;
  const none = new Uint8Array(0);
  yield { name: 'whole', chunks: [bytes.slice()], tail: none };
  yield { name: 'octet by octet', chunks: Array.from(bytes, (octet) => Uint8Array.of(octet)), tail: none };
  yield { name: 'with a tail', chunks: [Uint8Array.from([...bytes, ...tail])], tail: Uint8Array.from(tail) };
  const random = seededRandom(seed);
  for (let run = 0; run < randomRuns; run++) {
    const cuts = Array.from({ length: 1 + Math.floor(random() * 6) }, () =>
      Math.floor(random() * (bytes.length + 1)),
    ).sort((a, b) => a - b);
    const chunks = [0, ...cuts].map((start, index) => bytes.slice(start, cuts[index] ?? bytes.length));
    yield { name: `random cuts ${cuts.join(', ')}`, chunks, tail: none };
  }
}
