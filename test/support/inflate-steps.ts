/**
 * What DEFLATE data say, step by step (RFC 1951): each block, each literal, each pointer back with its distance. Written
 * apart from zlib and bit by bit, slow and plain, so that a test can see how far back our compressed messages point.
 */

export type InflateStep =
  | { readonly kind: 'block'; readonly type: 'stored' | 'fixed' | 'dynamic'; readonly final: boolean }
  | { readonly kind: 'literal'; readonly octet: number }
  | { readonly kind: 'match'; readonly length: number; readonly distance: number };

/**
 * The steps of all blocks. Behind a final one the next begins with a new octet, as in a message (RFC 7692 §7.2.3.4).
 * Throws a RangeError when the data end inside a block, or are none.
 */
export function* inflateSteps(data: Uint8Array): Generator<InflateStep> {
  const bits = new BitReader(data);
  while (!bits.atEnd) {
    const final = bits.take(1) === 1;
    const type = bits.take(2);
    if (type === 0) {
      yield { kind: 'block', type: 'stored', final };
      yield* storedSteps(bits);
    } else if (type === 1) {
      yield { kind: 'block', type: 'fixed', final };
      yield* codedSteps(bits, fixedLiterals, fixedDistances);
    } else if (type === 2) {
      yield { kind: 'block', type: 'dynamic', final };
      yield* codedSteps(bits, ...dynamicCodes(bits));
    } else {
      throw new RangeError('There is no block type 3.');
    }
    if (final) bits.align();
  }
}

/** The octets that the steps write behind those of a window. */
export function follow(steps: Iterable<InflateStep>, window: Uint8Array): Uint8Array {
  const octets = [...window];
  for (const step of steps) {
    if (step.kind === 'literal') octets.push(step.octet);
    if (step.kind !== 'match') continue;
    for (let index = 0; index < step.length; index++) {
      const octet = octets[octets.length - step.distance];
      if (octet === undefined)
        throw new RangeError(`A distance of ${step.distance} points before the window.`);
      octets.push(octet);
    }
  }
  return Uint8Array.from(octets.slice(window.length));
}

class BitReader {
  readonly #data: Uint8Array;
  #position = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  get atEnd(): boolean {
    return this.#position === this.#data.length * 8;
  }

  /** The next bits as a number, the first bit lowest. */
  take(count: number): number {
    let value = 0;
    for (let bit = 0; bit < count; bit++) {
      const octet = this.#data[this.#position >> 3];
      if (octet === undefined) throw new RangeError('The data end inside a block.');
      value |= ((octet >> (this.#position & 7)) & 1) << bit;
      this.#position++;
    }
    return value;
  }

  align(): void {
    this.#position = (this.#position + 7) & ~7;
  }
}

/** Symbols by their code, written as 1 and its bits: the code 010 is 0b1010. */
type Codes = ReadonlyMap<number, number>;

/** Codes from their lengths (RFC 1951 §3.2.2): shorter ones first, and in the order of the symbols. */
function codesOf(lengths: readonly number[]): Codes {
  const codes = new Map<number, number>();
  let code = 0;
  for (let length = 1; length <= 15; length++) {
    lengths.forEach((ofSymbol, symbol) => {
      if (ofSymbol === length) codes.set((1 << length) | code++, symbol);
    });
    code <<= 1;
  }
  return codes;
}

function takeSymbol(bits: BitReader, codes: Codes): number {
  let code = 1;
  for (let length = 1; length <= 15; length++) {
    code = (code << 1) | bits.take(1);
    const symbol = codes.get(code);
    if (symbol !== undefined) return symbol;
  }
  throw new RangeError('No symbol has this code.');
}

const times = (count: number, value: number): number[] => Array.from({ length: count }, () => value);

const fixedLiterals = codesOf([...times(144, 8), ...times(112, 9), ...times(24, 7), ...times(8, 8)]);
const fixedDistances = codesOf(times(30, 5));

function* storedSteps(bits: BitReader): Generator<InflateStep> {
  bits.align();
  const length = bits.take(16);
  if (bits.take(16) !== (length ^ 0xffff)) throw new RangeError('The lengths of a stored block disagree.');
  for (let index = 0; index < length; index++) yield { kind: 'literal', octet: bits.take(8) };
}

/** The literals, lengths and distances of a coded block (RFC 1951 §3.2.5). */
function* codedSteps(bits: BitReader, literals: Codes, distances: Codes): Generator<InflateStep> {
  for (;;) {
    const symbol = takeSymbol(bits, literals);
    if (symbol === 256) return;
    if (symbol < 256) {
      yield { kind: 'literal', octet: symbol };
    } else {
      const length = symbol === 285 ? 258 : 3 + takeScaled(bits, symbol - 257, 4);
      const distance = 1 + takeScaled(bits, takeSymbol(bits, distances), 2);
      yield { kind: 'match', length, distance };
    }
  }
}

/**
 * The two tables of RFC 1951 §3.2.5 as what they are: numbers in steps that double after each `perStep` codes. The
 * first two steps are single numbers.
 */
function takeScaled(bits: BitReader, code: number, perStep: number): number {
  if (code < 2 * perStep) return code;
  const extra = Math.floor(code / perStep) - 1;
  return ((perStep + (code % perStep)) << extra) + bits.take(extra);
}

/** The codes that a dynamic block brings along (RFC 1951 §3.2.7). */
function dynamicCodes(bits: BitReader): [literals: Codes, distances: Codes] {
  const literalCount = bits.take(5) + 257;
  const distanceCount = bits.take(5) + 1;
  const lengthCount = bits.take(4) + 4;
  const lengthLengths = times(19, 0);
  const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
  for (const symbol of order.slice(0, lengthCount)) lengthLengths[symbol] = bits.take(3);
  const lengthCodes = codesOf(lengthLengths);
  const lengths: number[] = [];
  while (lengths.length < literalCount + distanceCount) {
    const symbol = takeSymbol(bits, lengthCodes);
    if (symbol < 16) lengths.push(symbol);
    else if (symbol === 16) lengths.push(...times(3 + bits.take(2), lengths.at(-1) ?? Number.NaN));
    else if (symbol === 17) lengths.push(...times(3 + bits.take(3), 0));
    else lengths.push(...times(11 + bits.take(7), 0));
  }
  return [codesOf(lengths.slice(0, literalCount)), codesOf(lengths.slice(literalCount))];
}
