import { deflateRawSync, inflateRawSync, constants as zlib } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deflateSmall, mostSmallOctets } from '../src/deflate-small.ts';
import { seededRandom } from './support/chopping.ts';
import { type InflateStep, inflateSteps } from './support/inflate-steps.ts';
import { concat, countedOctets, hex, randomOctets, utf8 } from './support/octets.ts';

const none = new Uint8Array(0);
const tail = hex('00 00 ff ff');
const everyBits = [8, 9, 10, 11, 12, 13, 14, 15];

/** What zlib reads in a payload. Its windows have 9 bits and more. */
function read(payload: Uint8Array, window: Uint8Array, bits: number): Uint8Array {
  const dictionary = window.length > 0 ? { dictionary: window } : {};
  const options = { ...dictionary, windowBits: Math.max(bits, 9), finishFlush: zlib.Z_SYNC_FLUSH };
  return Uint8Array.from(inflateRawSync(concat(payload, tail), options));
}

const stepsOf = (payload: Uint8Array): InflateStep[] => [...inflateSteps(concat(payload, tail))];
const pointers = (payload: Uint8Array) =>
  stepsOf(payload).flatMap((step) => (step.kind === 'match' ? [step] : []));
/** The kind of the block; behind it is the empty one of the flush. */
function blockOf(payload: Uint8Array): string {
  const blocks = stepsOf(payload).flatMap((step) => (step.kind === 'block' ? [step] : []));
  expect(blocks).toHaveLength(2);
  expect(blocks[1]).toEqual({ kind: 'block', type: 'stored', final: false });
  expect(blocks[0]?.final).toBe(false);
  return blocks[0]?.type ?? '';
}

/** Lines of a chat, of which each has something new. */
function chat(random: () => number): Uint8Array {
  const words = ['the', 'of', 'and', 'to', 'in', 'is', 'you', 'that', 'it', 'he', 'was', 'for', 'on', 'are'];
  const line = () => ({
    id: Math.floor(random() * 2 ** 31).toString(36),
    author: { id: `u${Math.floor(random() * 30)}`, name: words[Math.floor(random() * 14)] },
    text: Array.from({ length: 3 + random() * 12 }, () => words[Math.floor(random() * 14)]).join(' '),
  });
  return utf8(
    JSON.stringify({ event: 'message:page', messages: Array.from({ length: 1 + random() * 9 }, line) }),
  );
}

describe('deflateSmall', () => {
  it.each([
    ['f2 48 cd c9 c9 07 00', 'Hello', ''],
    ['02 13 00 00', 'Hello', 'Hello'],
    ['02 61 00 00', 'ello', 'Hello'],
    ['4a 04 00', 'a', ''],
    ['4a 4c 4a 4e 04 00', 'abca', 'ab'],
  ])('makes %s of %s behind “%s”', (payload, message, window) => {
    const made = deflateSmall(utf8(message), utf8(window), 8, 1);
    expect(Buffer.from(made).toString('hex')).toBe(payload.replaceAll(' ', ''));
    expect(read(made, utf8(window), 8)).toEqual(utf8(message));
  });

  it('is read by zlib, and points back no further than the window', () => {
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 700, minLength: 1 }),
      fc.nat().map((seed) => chat(seededRandom(seed))),
      fc
        .tuple(fc.nat(255), fc.integer({ min: 1, max: 3000 }))
        .map(([octet, length]) => new Uint8Array(length).fill(octet)),
    );
    const kinds = new Set<string>();
    fc.assert(
      fc.property(
        octets,
        fc.array(octets, { maxLength: 3 }),
        fc.constantFrom(...everyBits),
        fc.constantFrom(1, 4, 16),
        (message, before, bits, attempts) => {
          const room = Math.min(2 ** bits, mostSmallOctets - message.length);
          const all = concat(...before);
          const window = all.subarray(Math.max(0, all.length - room));
          const payload = deflateSmall(message, window, bits, attempts);
          expect(Buffer.compare(read(payload, window, bits), message)).toBe(0);
          for (const { distance } of pointers(payload)) expect(distance).toBeLessThanOrEqual(2 ** bits);
          kinds.add(blockOf(payload));
        },
      ),
      { seed: 1951, numRuns: 1500 },
    );
    expect(kinds).toEqual(new Set(['fixed', 'dynamic']));
  });

  it('only reads its arguments, and remembers nothing of them', () => {
    const window = utf8('Hello');
    const message = utf8('Hello Hello Hello');
    const first = deflateSmall(message, window, 8, 4);
    expect([message, window]).toEqual([utf8('Hello Hello Hello'), utf8('Hello')]);
    deflateSmall(countedOctets(5000), countedOctets(3000), 15, 4);
    expect(deflateSmall(message, window, 8, 4)).toEqual(first);
    expect(first.buffer.byteLength).toBe(first.length);
  });

  it.each([8, 9, 10, 11, 12])('finds what is %d bits away, and not what is one octet further', (bits) => {
    const noise = randomOctets(2 ** bits + 1, seededRandom(bits));
    const repeated = (from: number) =>
      pointers(deflateSmall(noise.subarray(from, from + 100), noise.subarray(1), bits, 1));
    // Octets from 1 on are in the window. What would begin before it does so behind its own start.
    expect(repeated(1)).toEqual([{ kind: 'match', length: 100, distance: 2 ** bits }]);
    // The same inside of a message.
    const apart = (octets: number) => concat(noise.subarray(0, octets), noise.subarray(0, 100));
    expect(pointers(deflateSmall(apart(2 ** bits + 1), none, bits, 1))).toEqual([]);
    expect(pointers(deflateSmall(apart(2 ** bits), none, bits, 1))).toEqual([
      { kind: 'match', length: 100, distance: 2 ** bits },
    ]);
  });

  it('says up to 258 octets at once, over themselves too', () => {
    const message = new Uint8Array(1 + 258 + 258 + 5).fill(0x61);
    expect(stepsOf(deflateSmall(message, none, 8, 4)).slice(1, -1)).toEqual([
      { kind: 'literal', octet: 0x61 },
      { kind: 'match', length: 258, distance: 1 },
      { kind: 'match', length: 258, distance: 1 },
      { kind: 'match', length: 5, distance: 1 },
    ]);
  });

  it.each([4, 5, 6, 7, 8, 9, 10, 11, 12, 257, 258])('finds where %d octets stop being the same', (length) => {
    const window = randomOctets(300, seededRandom(length));
    const message = concat(window.subarray(5, 5 + length), Uint8Array.of((window[5 + length] ?? 0) ^ 0x80));
    expect(pointers(deflateSmall(message, window, 9, 1))).toEqual([{ kind: 'match', length, distance: 295 }]);
  });

  it('takes the longest of as many places as it may try', () => {
    const window = utf8('"name":"Grace" "name":"Ada" "name":"Alan" "name":"Vint"');
    const [one, two, four] = [1, 2, 4].map(
      (attempts) => pointers(deflateSmall(utf8('"name":"Grace"'), window, 8, attempts))[0]?.length,
    );
    expect([one, two, four]).toEqual([8, 8, 14]);
  });

  it('keeps to 15 bits of code, and to 7 for code lengths, however uneven the octets are', () => {
    // As often as Fibonacci's numbers say, in an order in which nothing repeats for long.
    const random = seededRandom(3);
    const row: number[] = [];
    for (
      let [one, other, octet] = [1, 1, 0];
      row.length + one <= mostSmallOctets;
      [one, other, octet] = [other, one + other, octet + 1]
    ) {
      row.push(...Array<number>(one).fill(octet * 13));
    }
    for (let index = row.length - 1; index > 0; index--) {
      const other = Math.floor(random() * (index + 1));
      [row[index], row[other]] = [row[other] ?? 0, row[index] ?? 0];
    }
    const message = Uint8Array.from(row);
    const payload = deflateSmall(message, none, 15, 1);
    expect(blockOf(payload)).toBe('dynamic');
    expect(read(payload, none, 15)).toEqual(message);
  });

  it('is never much longer than the message', () => {
    const random = seededRandom(9);
    for (const length of [1, 10, 100, 1000, mostSmallOctets]) {
      const message = Uint8Array.from({ length }, () => 144 + random() * 112);
      const payload = deflateSmall(message, none, 15, 4);
      expect(payload.length).toBeLessThanOrEqual(Math.ceil((length * 9 + 13) / 8));
      expect(Buffer.compare(read(payload, none, 15), message)).toBe(0);
    }
  });

  it.each([
    [9, 1.0],
    [11, 1.03],
    [12, 1.05],
  ])('is about as small as zlib with its level 6, window of %d bits', (bits, most) => {
    const random = seededRandom(64);
    let window: Uint8Array = none;
    let [ours, theirs] = [0, 0];
    for (let count = 0; count < 200; count++) {
      const message = chat(random);
      const dictionary = window.length > 0 ? { dictionary: window } : {};
      const options = { ...dictionary, windowBits: bits, finishFlush: zlib.Z_SYNC_FLUSH };
      ours += deflateSmall(message, window, bits, 16).length;
      theirs += deflateRawSync(message, options).length - 4;
      window = concat(window, message).subarray(-(2 ** bits));
    }
    expect(ours).toBeLessThan(theirs * most);
  });
});
