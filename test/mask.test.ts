/** Masking: RFC 6455 §5.3. The reference is the RFC's own formula, octet i XOR key octet (i mod 4). */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyMask, lendMaskKernel } from '../src/mask.ts';
import { forEachChopping, seededRandom } from './support/chopping.ts';

const seed = 0x5_03;
const keys = [0x37fa213d, 0x00000001, 0x80000000, 0xff00ff00, 0xffffffff, 0x12345678, 0];

function reference(bytes: Uint8Array, key: number, position: number): Uint8Array {
  return bytes.map((octet, index) => octet ^ (key >>> (24 - ((position + index) % 4) * 8)));
}

function randomOctets(length: number, random: () => number): Uint8Array {
  return Uint8Array.from({ length }, () => random() * 256);
}

test('the RFC’s Hello of §5.7, both ways', () => {
  const bytes = Uint8Array.of(0x48, 0x65, 0x6c, 0x6c, 0x6f);
  applyMask(bytes, 0, 5, 0x37fa213d);
  expect([...bytes]).toEqual([0x7f, 0x9f, 0x4d, 0x51, 0x58]);
  applyMask(bytes, 0, 5, 0x37fa213d);
  expect(Buffer.from(bytes).toString()).toBe('Hello');
});

describe('every place in a buffer', () => {
  // 128 is where eight octets at a time begin in new memory; the lengths lie around it and each remainder of eight.
  const lengths = [...Array(20).keys(), ...Array.from({ length: 28 }, (_, index) => 118 + index), 256, 1021];

  test('each alignment × start × position × length is as the formula has it, and nothing around it changes', () => {
    const random = seededRandom(seed);
    let turn = 0;
    for (let alignment = 0; alignment < 8; alignment++) {
      for (let start = 0; start < 8; start++) {
        for (const position of [0, 1, 2, 3, 4, 7]) {
          for (const length of lengths) {
            const key = keys[turn++ % keys.length] as number;
            const all = randomOctets(alignment + start + length + 9, random);
            const bytes = all.slice().subarray(alignment);
            applyMask(bytes, start, start + length, key, position);
            const from = alignment + start;
            const expected = all.slice();
            expected.set(reference(all.subarray(from, from + length), key, position), from);
            const where = `alignment ${alignment}, start ${start}, position ${position}, length ${length}, key ${key}`;
            if (Buffer.compare(new Uint8Array(bytes.buffer), expected) !== 0) expect.unreachable(where);
          }
        }
      }
    }
  });

  test('each key at each position, short and long', () => {
    const random = seededRandom(seed);
    for (const key of keys) {
      for (const length of [3, 200]) {
        for (const position of [0, 1, 2, 3, 2 ** 31 + 1, 2 ** 32 + 3, 2 ** 53 - 2]) {
          const bytes = randomOctets(length, random);
          const expected = reference(bytes, key, position % 4);
          applyMask(bytes, 0, length, key, position);
          expect(bytes).toEqual(expected);
        }
      }
    }
  });
});

describe('whether all is ASCII', () => {
  test('is told by each octet that was masked, and by no other', () => {
    for (const [memory, length] of [
      [65_536, 150],
      [65_543, 150],
      [200, 60],
      [1_100_000, 150],
    ] as const) {
      const buffer = new ArrayBuffer(memory);
      for (const from of [0, 3, memory - length - 5]) {
        const bytes = new Uint8Array(buffer, from, length + 5);
        for (let index = 0; index < bytes.length; index++) {
          bytes.fill(0x41);
          bytes[index] = 0xc1;
          const where = `memory ${memory}, from ${from}, index ${index}`;
          expect(applyMask(bytes, 2, 2 + length, 0x01020304), where).toBe(index < 2 || index >= 2 + length);
          // The key takes the high bit away, and puts it back.
          expect(applyMask(bytes, index, index + 1, 0x80000000), where).toBe(true);
          expect(applyMask(bytes, index, index + 1, 0x80000000), where).toBe(false);
        }
      }
    }
  });

  test('is true for no octets, also at a buffer’s end', () => {
    for (const memory of [8, 65_536, 65_540, 2_000_000]) {
      const bytes = new Uint8Array(memory).fill(0xff);
      expect(applyMask(bytes, 0, 0, 0x01020304)).toBe(true);
      expect(applyMask(bytes, memory, memory, 0x01020304)).toBe(true);
      expect(bytes.every((octet) => octet === 0xff)).toBe(true);
    }
  });
});

describe('memory with code of its own', () => {
  /** A kernel in JavaScript, of that memory, that notes how it was called. */
  function kernelOf(
    memory: ArrayBuffer,
    calls: unknown[],
  ): (start: number, end: number, key: number) => number {
    return (start, end, key) => {
      calls.push([start, end, key >>> 0]);
      const bytes = new Uint8Array(memory);
      let union = 0;
      for (let index = start; index < end; index++) {
        const octet = (bytes[index] as number) ^ ((key >>> (((index - start) & 3) * 8)) & 0xff);
        bytes[index] = octet;
        union |= octet;
      }
      return union & 0x80;
    };
  }

  test('is masked by it: places are the memory’s, the key is little-endian and turned to the position', () => {
    for (const length of [65_536, 2_000_000]) {
      const memory = new ArrayBuffer(length);
      const calls: unknown[] = [];
      lendMaskKernel(memory, kernelOf(memory, calls));
      const bytes = new Uint8Array(memory, 100, 1000);
      expect(applyMask(bytes, 5, 9, 0x11223344)).toBe(true);
      expect(applyMask(bytes, 5, 9, 0x11223344, 1)).toBe(true);
      expect(applyMask(bytes, 20, 23, 0xf1223344, 6)).toBe(false);
      expect(applyMask(new Uint8Array(memory, 7, 50), 0, 1, 0x01000000)).toBe(true);
      expect(calls).toEqual([
        [105, 109, 0x44332211],
        [105, 109, 0x11443322],
        [120, 123, 0x22f14433],
        [7, 8, 0x00000001],
      ]);
      expect([...bytes.subarray(5, 9)]).toEqual([0x33, 0x11, 0x77, 0x55]);
    }
  });

  test('and other memory is not', () => {
    const memory = new ArrayBuffer(65_536);
    const calls: unknown[] = [];
    lendMaskKernel(memory, kernelOf(memory, calls));
    const other = new Uint8Array(65_536);
    for (let round = 0; round < 3; round++) {
      applyMask(new Uint8Array(memory), 0, 200, 0x01020304);
      applyMask(other, 0, 200, 0x01020304);
      applyMask(new Uint8Array(300), 0, 200, 0x01020304);
    }
    expect(calls).toHaveLength(3);
    expect(other.subarray(0, 200)).toEqual(new Uint8Array(memory, 0, 200));
  });
});

test('many arrays over one memory, and many memories, do not meet', () => {
  const random = seededRandom(seed);
  const memories = [64, 70, 65_536, 65_539, 1_048_576, 1_048_584].map((length) => new ArrayBuffer(length));
  for (let round = 0; round < 600; round++) {
    const memory = memories[Math.floor(random() * memories.length)] as ArrayBuffer;
    const from = Math.floor(random() * Math.min(40, memory.byteLength - 40));
    const atEnd = random() < 0.5;
    const length = Math.min(memory.byteLength - from, Math.floor(random() * 300));
    const bytes = new Uint8Array(memory, atEnd ? memory.byteLength - length : from, length);
    bytes.set(randomOctets(length, random));
    const start = Math.floor((random() * length) / 4);
    const key = keys[round % keys.length] as number;
    const expected = bytes.slice();
    expected.set(reference(bytes.subarray(start), key, 0), start);
    applyMask(bytes, start, length, key);
    expect(bytes, `round ${round}`).toEqual(expected);
  }
});

test('a payload in pieces comes out as the whole does', () => {
  const random = seededRandom(seed);
  for (const length of [0, 1, 5, 127, 128, 129, 300, 1000]) {
    const bytes = randomOctets(length, random);
    forEachChopping(bytes, seed + length, ({ chunks, tail }) => {
      let position = 0;
      for (const chunk of chunks) {
        applyMask(chunk, 0, chunk.length, 0x37fa213d, position);
        position += chunk.length;
      }
      const expected = reference(Uint8Array.from([...bytes, ...tail]), 0x37fa213d, 0);
      expect(Buffer.concat(chunks)).toEqual(Buffer.from(expected));
    });
  }
});

test('masking twice gives the octets back', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.nat({ max: 0xffffffff }),
      fc.nat(),
      (octets, key, position) => {
        const bytes = octets.slice();
        applyMask(bytes, 0, bytes.length, key, position);
        applyMask(bytes, 0, bytes.length, key, position);
        expect(bytes).toEqual(octets);
      },
    ),
    { seed, numRuns: 2000 },
  );
});
