/**
 * A second reading of DEFLATE (RFC 1951), slow and without zlib: what src/deflate.ts is held against. It tells as well
 * how far back the data pointed, which zlib keeps to itself.
 */

export interface Inflated {
  readonly octets: Uint8Array;
  /** The longest distance; 0 when nothing was repeated. */
  readonly farthest: number;
  /** How many blocks were final. */
  readonly finalBlocks: number;
}

/** The data are not DEFLATE, or end in the middle of a block. */
export class NotDeflate extends Error {
  override readonly name = 'NotDeflate';
  /** How many final blocks came before the fault. */
  finalBlocks = 0;
}

const lengthBases = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
];
const lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const distanceBases = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
  6145, 8193, 12_289, 16_385, 24_577,
];
const distanceBits = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** How many codes there are of each length, and their symbols in order (§3.2.2). */
interface Code {
  readonly counts: readonly number[];
  readonly symbols: readonly number[];
}

class Reader {
  readonly #data: Uint8Array;
  #position = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  /** Bits that are left. */
  get left(): number {
    return this.#data.length * 8 - this.#position;
  }

  /** A number of so many bits, the lowest first (§3.1.1). */
  bits(count: number): number {
    if (this.left < count) throw new NotDeflate('The data end in the middle of a block.');
    let number = 0;
    for (let index = 0; index < count; index++, this.#position++) {
      number |= (((this.#data[this.#position >> 3] ?? 0) >> (this.#position & 7)) & 1) << index;
    }
    return number;
  }

  align(): void {
    this.#position = (this.#position + 7) & ~7;
  }

  symbol({ counts, symbols }: Code): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (const count of counts.slice(1)) {
      code |= this.bits(1);
      if (code - first < count) return symbols[index + code - first] ?? 0;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new NotDeflate('A code that stands for nothing.');
  }
}

/** @param mayBeIncomplete whether one symbol alone may have a code of one bit */
function codeOf(lengths: readonly number[], mayBeIncomplete: boolean): Code {
  const counts = Array<number>(16).fill(0);
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
  let left = 1;
  for (const count of counts.slice(1)) {
    left = left * 2 - count;
    if (left < 0) throw new NotDeflate('More codes than there is room for.');
  }
  const used = lengths.filter((length) => length > 0);
  const onlyOne = used.length === 1 && used[0] === 1;
  if (left > 0 && used.length > 0 && !(mayBeIncomplete && onlyOne))
    throw new NotDeflate('Codes are missing.');
  if (used.length === 0 && !mayBeIncomplete) throw new NotDeflate('There are no codes.');
  const symbols = lengths
    .map((length, symbol) => ({ length, symbol }))
    .filter(({ length }) => length > 0)
    .sort((one, other) => one.length - other.length || one.symbol - other.symbol)
    .map(({ symbol }) => symbol);
  return { counts: [0, ...counts.slice(1)], symbols };
}

const fixedLengths = Array.from({ length: 288 }, (_, symbol) =>
  symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
);
const fixed = { literals: codeOf(fixedLengths, false), distances: codeOf(Array<number>(32).fill(5), false) };

/** The codes of a block that brings its own (§3.2.7). */
function readCodes(reader: Reader): { readonly literals: Code; readonly distances: Code } {
  const literalCount = reader.bits(5) + 257;
  const distanceCount = reader.bits(5) + 1;
  const codeLengthCount = reader.bits(4) + 4;
  if (literalCount > 286 || distanceCount > 30) throw new NotDeflate('More symbols than there are.');
  const codeLengths = Array<number>(19).fill(0);
  for (const symbol of codeLengthOrder.slice(0, codeLengthCount)) codeLengths[symbol] = reader.bits(3);
  const code = codeOf(codeLengths, false);
  const lengths: number[] = [];
  while (lengths.length < literalCount + distanceCount) {
    const symbol = reader.symbol(code);
    if (symbol < 16) {
      lengths.push(symbol);
      continue;
    }
    const last = lengths.at(-1);
    if (symbol === 16 && last === undefined) throw new NotDeflate('Nothing is there to repeat.');
    const times =
      symbol === 16 ? 3 + reader.bits(2) : symbol === 17 ? 3 + reader.bits(3) : 11 + reader.bits(7);
    for (let count = 0; count < times; count++) lengths.push(symbol === 16 ? (last ?? 0) : 0);
  }
  if (lengths.length > literalCount + distanceCount) throw new NotDeflate('A repetition runs over the end.');
  if (lengths[256] === 0) throw new NotDeflate('No code ends the block.');
  return {
    literals: codeOf(lengths.slice(0, literalCount), true),
    distances: codeOf(lengths.slice(literalCount), true),
  };
}

/**
 * Inflates all of the data: block after block, and after a final one those that follow from the next octet on.
 * @param window what the data may point back to
 * @param limit octets after which it stops with a RangeError
 * @throws NotDeflate
 */
export function plainInflate(data: Uint8Array, window: Uint8Array, limit: number): Inflated {
  const reader = new Reader(data);
  const output = [...window];
  let farthest = 0;
  const put = (octet: number): void => {
    if (output.length - window.length === limit) throw new RangeError('Over the limit.');
    output.push(octet);
  };
  const readBlock = ({ literals, distances }: { literals: Code; distances: Code }): void => {
    for (;;) {
      const symbol = reader.symbol(literals);
      if (symbol === 256) return;
      if (symbol < 256) {
        put(symbol);
        continue;
      }
      const base = lengthBases[symbol - 257];
      if (base === undefined) throw new NotDeflate('A length that there is not.');
      const length = base + reader.bits(lengthBits[symbol - 257] ?? 0);
      const distanceSymbol = reader.symbol(distances);
      const distanceBase = distanceBases[distanceSymbol];
      if (distanceBase === undefined) throw new NotDeflate('A distance that there is not.');
      const distance = distanceBase + reader.bits(distanceBits[distanceSymbol] ?? 0);
      if (distance > output.length) throw new NotDeflate('It points back to before the beginning.');
      farthest = Math.max(farthest, distance);
      for (let count = 0; count < length; count++) put(output[output.length - distance] ?? 0);
    }
  };
  const readStored = (): void => {
    reader.align();
    const length = reader.bits(16);
    if (length !== (reader.bits(16) ^ 0xffff)) throw new NotDeflate('A stored length is not what it was.');
    for (let count = 0; count < length; count++) put(reader.bits(8));
  };
  let finalBlocks = 0;
  try {
    while (reader.left > 0) {
      const isFinal = reader.bits(1) === 1;
      const type = reader.bits(2);
      if (type === 3) throw new NotDeflate('There is no such block.');
      if (type === 0) readStored();
      else readBlock(type === 1 ? fixed : readCodes(reader));
      if (!isFinal) continue;
      finalBlocks++;
      reader.align();
    }
  } catch (error) {
    if (error instanceof NotDeflate) error.finalBlocks = finalBlocks;
    throw error;
  }
  return { octets: Uint8Array.from(output.slice(window.length)), farthest, finalBlocks };
}
