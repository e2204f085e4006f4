import { deflateRawSync, inflateRawSync, constants as zlib } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CloseCode, maximumReasonLength } from '../src/close.ts';
import { fixedLiteralLengths } from '../src/deflate-tables.ts';
import { codesOf } from '../src/huffman.ts';
import {
  inflateSmall,
  mostFinalBlocks,
  notDeflate,
  tail,
  tooBig,
  tooManyEnds,
} from '../src/inflate-small.ts';
import { NotDeflate, plainInflate } from './fuzz/plain-inflate.ts';
import { seededRandom } from './support/chopping.ts';
import { concat, countedOctets, hex, randomOctets, utf8 } from './support/octets.ts';
import { errorOf } from './support/protocol-error.ts';

const none = new Uint8Array(0);
const everyBits = [8, 9, 10, 11, 12, 13, 14, 15];

/** Why the payload is refused: its code and the words behind the colon. */
function refusalOf(
  payload: Uint8Array,
  window: Uint8Array = none,
  bits = 15,
  limit = 1000,
): string | undefined {
  const error = errorOf(() => inflateSmall(payload, window, bits, limit));
  if (error === undefined) return undefined;
  expect(error.explanation).toMatch(/^A compressed message .*[a-z]\.$/);
  expect(error.explanation.length).toBeLessThanOrEqual(maximumReasonLength);
  return `${error.closeCode} ${error.explanation.replace('A compressed message ', '').replace('cannot be inflated: ', '')}`;
}

/** Numbers with their count of bits, put together as §3.1.1 says; a string is a Huffman code, highest bit first. */
function bits(...parts: readonly (readonly [value: number, count: number] | string)[]): Uint8Array {
  const row = parts.flatMap((part) =>
    typeof part === 'string'
      ? [...part].map(Number)
      : Array.from({ length: part[1] }, (_, index) => (part[0] >> index) & 1),
  );
  const octets = new Uint8Array(Math.ceil(row.length / 8));
  for (const [index, bit] of row.entries())
    octets[index >> 3] = (octets[index >> 3] ?? 0) | (bit << (index & 7));
  return octets;
}

/** A block's head that brings its own codes: counts of symbols, then the lengths of the code for code lengths. */
function ownCodes(
  literalCount: number,
  distanceCount: number,
  runLengths: Record<number, number>,
): [number, number][] {
  const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
  const lengths = order.map((symbol): [number, number] => [runLengths[symbol] ?? 0, 3]);
  return [[0b100, 3], [literalCount - 257, 5], [distanceCount - 1, 5], [15, 4], ...lengths];
}

/** Code lengths 0, 1 and 18 (11 to 138 times none) as 0, 10 and 11. */
const simple = { 0: 1, 1: 2, 18: 2 };
const noneTimes = (times: number): [string, [number, number]] => ['11', [times - 11, 7]];

describe('inflateSmall', () => {
  it.each([
    ['nothing behind the flush', '00', ''],
    ['§7.2.3.1', 'f2 48 cd c9 c9 07 00', 'Hello'],
    ['a stored block', '00 05 00 fa ff 48 65 6c 6c 6f 00', 'Hello'],
    ['final blocks (§7.2.3.4)', 'f3 48 05 00 cb c9 c9 07 00 00', 'Hello'],
  ])('reads %s', (_, payload, text) => {
    expect(Buffer.from(inflateSmall(hex(payload), none, 8, 5)).toString()).toBe(text);
  });

  it.each([
    ['a cut in the fixed codes', hex('f2 48 cd'), '1007 a block takes more octets than came.'],
    [
      'a cut behind the end of a block',
      hex('f3 48 cd c9 c9 07 00'),
      '1007 a block takes more octets than came.',
    ],
    ['a cut in a stored block', hex('00 06 00 f9 ff 48'), '1007 a block takes more octets than came.'],
    ['a cut in the codes', bits(...ownCodes(257, 1, simple)), '1007 a block takes more octets than came.'],
    [
      'lengths that disagree',
      hex('00 05 00 fa fe 48 65 6c 6c 6f 00'),
      '1007 the length of a stored block contradicts itself.',
    ],
    ['block type 3', hex('06'), '1007 a block has a type that does not exist.'],
    [
      '287 literals and lengths',
      bits(...ownCodes(287, 1, simple)),
      '1007 a block has codes for too many symbols.',
    ],
    ['31 distances', bits(...ownCodes(257, 31, simple)), '1007 a block has codes for too many symbols.'],
    [
      'too many code lengths',
      bits(...ownCodes(257, 1, { 0: 1, 1: 1, 2: 1 })),
      '1007 its code for code lengths has codes too many or too few.',
    ],
    [
      'too few code lengths',
      bits(...ownCodes(257, 1, { 0: 1 })),
      '1007 its code for code lengths has codes too many or too few.',
    ],
    [
      'no code lengths',
      bits(...ownCodes(257, 1, {})),
      '1007 its code for code lengths has codes too many or too few.',
    ],
    [
      'a repetition of nothing',
      bits(...ownCodes(257, 1, { 0: 1, 16: 1 }), '1', [0, 2]),
      '1007 it repeats a code length before the first.',
    ],
    [
      'a repetition over the end',
      bits(...ownCodes(257, 1, simple), ...noneTimes(138), ...noneTimes(138)),
      '1007 it repeats a code length behind the last.',
    ],
    [
      'a block without an end',
      bits(...ownCodes(257, 1, simple), ...noneTimes(138), ...noneTimes(119), '0'),
      '1007 a block cannot end.',
    ],
    [
      'too many literals',
      bits(...ownCodes(257, 1, simple), '10', '10', ...noneTimes(138), ...noneTimes(116), '10', '0'),
      '1007 its code for literals and lengths has codes too many or too few.',
    ],
    [
      'too few literals',
      bits(...ownCodes(257, 1, { 0: 1, 2: 2, 18: 2 }), '10', ...noneTimes(138), ...noneTimes(117), '10', '0'),
      '1007 its code for literals and lengths has codes too many or too few.',
    ],
    [
      'too many distances',
      bits(...ownCodes(257, 3, simple), '10', ...noneTimes(138), ...noneTimes(117), '10', '10', '10', '10'),
      '1007 its code for distances has codes too many or too few.',
    ],
    [
      'a literal without a code',
      bits(...ownCodes(257, 1, simple), ...noneTimes(138), ...noneTimes(118), '10', '0', '1'),
      '1007 it has a code that stands for nothing.',
    ],
    [
      'a distance without a code',
      bits(...ownCodes(258, 1, simple), ...noneTimes(138), ...noneTimes(118), '10', '10', '0', '1'),
      '1007 it has a code that stands for nothing.',
    ],
    ['length symbol 286', bits([0b010, 3], '11000110'), '1007 it has a length that does not exist.'],
    ['length symbol 287', bits([0b010, 3], '11000111'), '1007 it has a length that does not exist.'],
    [
      'distance symbol 30',
      bits([0b010, 3], '0000001', '11110'),
      '1007 it has a distance that does not exist.',
    ],
    [
      'distance symbol 31',
      bits([0b010, 3], '0000001', '11111'),
      '1007 it has a distance that does not exist.',
    ],
    [
      'a pointer before the start',
      bits([0b010, 3], '0000001', '00000'),
      '1007 it points back behind the window.',
    ],
  ])('refuses %s', (_, payload, refusal) => {
    expect(refusalOf(payload)).toBe(refusal);
    // zlib has another name for it, and no octets either; it stops at a final block.
    if (((payload[0] ?? 0) & 1) === 0) expect(() => zlibInflate(payload, none, 15)).toThrow();
  });

  it('takes a code of one bit alone, and none at all where no distance comes', () => {
    const end = [...noneTimes(138), ...noneTimes(118), '10'] as const;
    const flush: [number, number] = [0, 3];
    expect(inflateSmall(bits(...ownCodes(257, 1, simple), ...end, '0', '0', flush), none, 8, 0)).toHaveLength(
      0,
    );
    expect(
      inflateSmall(bits(...ownCodes(257, 1, simple), ...end, '10', '0', flush), none, 8, 0),
    ).toHaveLength(0);
  });

  it.each(everyBits)('points back as far as %d bits, and no further', (windowBits) => {
    const size = 2 ** windowBits;
    // Symbol 2 * n and its 13 or fewer extra bits: the longest distance of so many bits, then the shortest of one more.
    const pointer = (distance: number): Uint8Array => {
      const width = 30 - Math.clz32(distance - 1);
      const symbol = 2 * width + 2 + (((distance - 1) >>> width) & 1);
      const extra: [number, number] = [(distance - 1) & (2 ** width - 1), width];
      return bits([0b010, 3], '0000001', symbol.toString(2).padStart(5, '0'), extra, '0000000', [0, 3]);
    };
    const window = countedOctets(size);
    expect([...inflateSmall(pointer(size), window, windowBits, 3)]).toEqual([0, 1, 2]);
    if (windowBits === 15) return;
    expect(refusalOf(pointer(size + 1), window, windowBits)).toBe('1007 it points back behind the window.');
    // Also inside of the message, where zlib would look.
    const stored = concat(Uint8Array.of(0, size & 255, size >> 8, ~size & 255, (~size >> 8) & 255), window);
    const one = Uint8Array.of(0, 1, 0, 0xfe, 0xff, 0x58);
    expect(refusalOf(concat(stored, one, pointer(size + 1)), none, windowBits, 1e6)).toBe(
      '1007 it points back behind the window.',
    );
    expect(inflateSmall(concat(stored, one, pointer(size)), none, windowBits, 1e6)).toEqual(
      concat(window, utf8('X'), window.subarray(1, 4)),
    );
  });

  it('finds codes of up to 15 bits', () => {
    // Lengths 1, 2, … 14, 15, 15 of the symbols from 242 on, so that 256 has a code of 15 bits and 257 the other.
    const lengths = new Uint8Array(258);
    for (let length = 1; length <= 15; length++) lengths[241 + length] = length;
    lengths[257] = 15;
    const codes = new Uint32Array(lengths.length);
    codesOf(lengths, codes);
    const flat = Object.fromEntries(Array.from({ length: 16 }, (_, length) => [length, 4]));
    const flatCode = (length: number) => length.toString(2).padStart(4, '0');
    const all = [...lengths, 1].map(flatCode);
    const code = (symbol: number): [number, number] => [(codes[symbol] ?? 0) >> 4, (codes[symbol] ?? 0) & 15];
    const text = Array.from({ length: 14 }, (_, index) => 255 - index);
    const payload = bits(
      ...ownCodes(258, 1, flat),
      ...all,
      ...text.map(code),
      code(257),
      '0',
      code(256),
      [0, 3],
    );
    expect([...inflateSmall(payload, none, 8, 17)]).toEqual([...text, 242, 242, 242]);
    expect(zlibInflate(payload, none, 15)).toEqual(Uint8Array.from([...text, 242, 242, 242]));
    expect(refusalOf(payload, none, 8, 16)).toBe('1009 has more than 16 octets.');
  });

  it('refuses an end of a block that takes bits behind the data', () => {
    // Sixteen ones end the data: twice the code of seven, and two of the three bits 110 of the end.
    const lengths = new Uint8Array(257);
    for (const [index, length] of [1, 2, 4, 5, 6, 7, 7].entries()) lengths[index] = length;
    lengths[256] = 3;
    const flat = Object.fromEntries(Array.from({ length: 16 }, (_, length) => [length, 4]));
    const all = [...lengths, 1].map((length) => length.toString(2).padStart(4, '0'));
    expect(refusalOf(bits(...ownCodes(257, 1, flat), ...all))).toBe(
      '1007 a block takes more octets than came.',
    );
  });

  it('repeats code lengths', () => {
    const letters = Uint8Array.from({ length: 1024 }, (_, index) => 64 + ((index * 37) & 63));
    const options = { strategy: zlib.Z_HUFFMAN_ONLY, finishFlush: zlib.Z_SYNC_FLUSH };
    const payload = deflateRawSync(letters, options).subarray(0, -4);
    expect(payload.length).toBeLessThan(800);
    expect(inflateSmall(payload, none, 8, 1024)).toEqual(letters);
  });

  it('counts final blocks', () => {
    const emptyBlocks = (count: number) => Array.from({ length: count }, () => hex('00 00 00 ff ff'));
    const ends = (count: number, more = 0) =>
      concat(...Array.from({ length: count }, () => hex('03 00')), ...emptyBlocks(more), hex('00'));
    expect(inflateSmall(ends(8), none, 8, 0)).toHaveLength(0);
    expect(refusalOf(ends(9))).toBe('1009 ends its DEFLATE data again and again, in tiny blocks.');
    expect(inflateSmall(ends(9, 50), none, 8, 0)).toHaveLength(0);
    expect(mostFinalBlocks(255)).toBe(8);
    expect(mostFinalBlocks(512)).toBe(10);
  });

  it.each([1, 33, 300, 65_535, 65_536, 65_537, 200_000, 700_000])(
    'takes %d octets, the limit, and no more',
    (length) => {
      for (const window of [none, new Uint8Array(2048)]) {
        const payload = deflateRawSync(new Uint8Array(length), { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(
          0,
          -4,
        );
        for (const limit of [length, 2 * length, Number.POSITIVE_INFINITY]) {
          const message = inflateSmall(payload, window, 15, limit);
          expect(Buffer.compare(message, new Uint8Array(length))).toBe(0);
          expect(message.buffer.byteLength).toBe(length);
        }
        expect(refusalOf(payload, window, 15, length - 1)).toBe(`1009 has more than ${length - 1} octets.`);
      }
    },
  );

  it('takes literals and stored octets over the length that it is ready for', () => {
    const noise = randomOctets(200_000, seededRandom(5));
    for (const options of [
      { level: 0 },
      { level: 9, strategy: zlib.Z_FIXED },
      { strategy: zlib.Z_HUFFMAN_ONLY },
    ]) {
      const payload = deflateRawSync(noise, { ...options, finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, -4);
      expect(Buffer.compare(inflateSmall(payload, none, 15, 200_000), noise)).toBe(0);
      expect(refusalOf(payload, none, 15, 199_999)).toBe('1009 has more than 199999 octets.');
    }
  });

  it('is not disturbed by the octets of a payload before', () => {
    const ones = new Uint8Array(3000).fill(0xff);
    const payload = deflateRawSync(countedOctets(300), { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, -4);
    const head = Uint8Array.of(0, 0xb8, 0x0b, 0x47, 0xf4);
    for (let length = 0; length < payload.length; length++) {
      const refusals = [new Uint8Array(3000), ones].map((octets) => {
        inflateSmall(concat(head, octets, Uint8Array.of(0)), none, 15, 3000);
        return refusalOf(payload.subarray(0, length));
      });
      expect(refusals[0]).toBe(refusals[1]);
    }
  });
});

/** What zlib makes of a payload, whole, when it has no final block. */
function zlibInflate(payload: Uint8Array, window: Uint8Array, windowBits: number): Uint8Array {
  const end = hex('8b 00 00');
  const octets = inflateRawSync(concat(payload, tail, end), {
    windowBits,
    ...(window.length > 0 && { dictionary: window }),
    chunkSize: 65_536,
  });
  return Uint8Array.from(octets.subarray(0, -1));
}

/** A message that looks like something: words of few letters, runs, or noise. */
const message = fc.oneof(
  fc.uint8Array({ maxLength: 600 }),
  fc
    .array(fc.constantFrom('{"id":', '"name":"', 'the ', 'of ', 'and ', '0', '1', '2', '"},'), {
      maxLength: 300,
    })
    .map((words) => utf8(words.join(''))),
  fc
    .tuple(fc.nat(255), fc.integer({ min: 1, max: 3000 }))
    .map(([octet, length]) => new Uint8Array(length).fill(octet)),
);
const settings = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.integer({ min: 0, max: 4 }),
  memLevel: fc.integer({ min: 1, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
});

describe('inflateSmall beside two other readers', () => {
  it('reads whatever zlib writes', () => {
    fc.assert(
      fc.property(message, message, settings, (before, octets, options) => {
        const window = before.subarray(-(2 ** options.windowBits));
        const dictionary = window.length > 0 ? { dictionary: window } : {};
        const payload = deflateRawSync(octets, { ...options, ...dictionary, finishFlush: zlib.Z_SYNC_FLUSH });
        const read = inflateSmall(payload.subarray(0, -4), window, options.windowBits, octets.length);
        expect(Buffer.compare(read, octets)).toBe(0);
      }),
      { seed: 7692, numRuns: 500 },
    );
  });

  it('takes and refuses what they take and refuse when octets are damaged', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 });
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(
        message,
        message,
        settings,
        damage,
        fc.nat(4000),
        (before, octets, options, changes, limit) => {
          const window = before.subarray(-(2 ** options.windowBits));
          const dictionary = window.length > 0 ? { dictionary: window } : {};
          const data = deflateRawSync(octets, { ...options, ...dictionary, finishFlush: zlib.Z_SYNC_FLUSH });
          const payload = Uint8Array.from(data.subarray(0, -4));
          for (const [place, octet] of changes) payload[place % payload.length] = octet;
          const refusal = refusalOf(payload, window, options.windowBits, limit);
          const expected = plainly(payload, window, options.windowBits, limit);
          if (!('octets' in expected)) {
            expect(expected).toContain(refusal?.slice(0, 4));
            outcomes.add(expected[0] ?? '');
          } else {
            expect(refusal).toBeUndefined();
            const read = inflateSmall(payload, window, options.windowBits, limit);
            expect(Buffer.compare(read, expected.octets)).toBe(0);
            outcomes.add('read');
            if (expected.finalBlocks > 0) return;
            expect(Buffer.compare(zlibInflate(payload, window, options.windowBits), read)).toBe(0);
          }
        },
      ),
      { seed: 7692, numRuns: 3000 },
    );
    expect(outcomes).toEqual(new Set(['read', '1007', '1009']));
  });
});

/**
 * The message as the plain reader has it, or the codes it may be refused with: that reader does not stop at a pointer
 * behind the window, and comes to the limit then.
 */
function plainly(
  payload: Uint8Array,
  window: Uint8Array,
  windowBits: number,
  limit: number,
): ReturnType<typeof plainInflate> | readonly string[] {
  try {
    const inflated = plainInflate(concat(payload, tail), window, limit);
    if (inflated.farthest > 2 ** windowBits) return ['1007'];
    return inflated.finalBlocks > mostFinalBlocks(payload.length) ? ['1009'] : inflated;
  } catch (error) {
    if (error instanceof NotDeflate) return ['1007'];
    if (error instanceof RangeError) return ['1009', '1007'];
    throw error;
  }
}

it('has an error for each kind of refusal', () => {
  expect(notDeflate('why')).toMatchObject({
    closeCode: CloseCode.invalidPayload,
    section: 'RFC 7692 §7.2.2',
  });
  for (const error of [tooBig(5), tooManyEnds()]) {
    expect(error).toMatchObject({ closeCode: CloseCode.messageTooBig, section: 'RFC 6455 §10.4' });
  }
  expect(fixedLiteralLengths).toHaveLength(288);
});
