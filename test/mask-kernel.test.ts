/** The read buffer that masks itself. The reference is the RFC's own formula, octet i XOR key octet (i mod 4) (§5.3). */
import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { applyMask } from '../src/mask.ts';
import { createReadBuffer } from '../src/mask-kernel.ts';
import { seededRandom } from './support/chopping.ts';

const seed = 0x5_03_16;
const keys = [0x37fa213d, 0x00000001, 0x80000000, 0xff00ff00, 0xffffffff, 0x12345678, 0];

/** Masks `[start, end)` of both, and compares everything: also that nothing around has changed. */
function expectSame(buffer: Buffer, start: number, end: number, key: number, position: number): void {
  const expected = Buffer.from(buffer);
  let union = 0;
  for (let index = start; index < end; index++) {
    const octet = (buffer[index] as number) ^ ((key >>> (24 - ((position + index - start) % 4) * 8)) & 0xff);
    expected[index] = octet;
    union |= octet;
  }
  const isAscii = applyMask(buffer, start, end, key, position);
  if (isAscii !== union < 0x80 || !buffer.equals(expected)) {
    expect.unreachable(`[${start}, ${end}), key ${key}, position ${position}`);
  }
}

/** Mostly ASCII once it is masked with 0, so that both answers come up. */
function fill(buffer: Buffer, random: () => number): void {
  for (let index = 0; index < buffer.length; index++) {
    buffer[index] = random() < 0.02 ? 128 + random() * 128 : random() * 128;
  }
}

afterEach(() => {
  vi.unstubAllGlobals();
});

/** The memory of WebAssembly comes in pages of this many octets; a buffer like any other has exactly its own. */
const pageLength = 65_536;
const isKernelMemory = ({ buffer }: Uint8Array): boolean => buffer.byteLength % pageLength === 0;

describe('a read buffer', () => {
  test('is in memory with the kernel, as long as asked for, and empty', () => {
    for (const length of [1, 100, 65_456, 65_457, 65_536, 200_000]) {
      const buffer = createReadBuffer(length);
      expect(buffer).toBeInstanceOf(Buffer);
      expect(buffer).toHaveLength(length);
      expect(buffer.every((octet) => octet === 0)).toBe(true);
      expect(isKernelMemory(buffer)).toBe(true);
    }
  });

  test('each start × length × position is as the formula has it, and nothing around it changes', () => {
    const random = seededRandom(seed);
    const buffer = createReadBuffer(160);
    let turn = 0;
    for (let start = 0; start < 20; start++) {
      for (let length = 0; length <= 70; length++) {
        for (const position of [0, 1, 2, 3, 7]) {
          fill(buffer, random);
          expectSame(buffer, start, start + length, keys[turn++ % keys.length] as number, position);
        }
      }
    }
  });

  test('up to its first and its last octet, whole and in parts of it', () => {
    const random = seededRandom(seed);
    for (const length of [1, 15, 16, 17, 1000, 65_456, 65_457, 65_472, 65_536]) {
      const buffer = createReadBuffer(length);
      fill(buffer, random);
      expectSame(buffer, 0, length, 0x37fa213d, 0);
      for (let shorter = 1; shorter <= Math.min(33, length); shorter++) {
        expectSame(buffer.subarray(0, shorter), 0, shorter, 0x12345678, shorter);
        const end = buffer.subarray(length - shorter);
        expectSame(end, 0, shorter, 0x12345678, 1);
      }
      // What the last sixteen octets reach into stays as it was, or the next one would not be masked right.
      expectSame(buffer, 0, length, 0x01020304, 0);
    }
  });

  test('each octet alone tells whether all is ASCII', () => {
    const buffer = createReadBuffer(80);
    for (let index = 0; index < 80; index++) {
      for (const octet of [0x7f, 0x80, 0xff]) {
        buffer.fill(0x41);
        buffer[index] = octet;
        expect(applyMask(buffer, 3, 75, 0)).toBe(octet < 0x80 || index < 3 || index >= 75);
      }
    }
  });

  test('two of them, and other memory between, do not meet', () => {
    const random = seededRandom(seed);
    const all = [createReadBuffer(300), Buffer.alloc(300), createReadBuffer(300), Buffer.alloc(2_000_000)];
    for (const buffer of all) fill(buffer.subarray(0, 300), random);
    for (let round = 0; round < 40; round++) {
      const buffer = all[Math.floor(random() * all.length)] as Buffer;
      const others = all.filter((each) => each !== buffer).map((each) => Buffer.from(each.subarray(0, 300)));
      expectSame(buffer.subarray(0, 300), round, 200 + round, 0x37fa213d, round);
      const after = all.filter((each) => each !== buffer).map((each) => each.subarray(0, 300));
      expect(after.map((each, index) => each.equals(others[index] as Buffer))).toEqual([true, true, true]);
    }
  });

  test('one longer than what otherwise becomes known has its kernel too', () => {
    const buffer = createReadBuffer(3 * 1024 * 1024);
    fill(buffer.subarray(0, 1000), seededRandom(seed));
    expectSame(buffer, 5, 995, 0x37fa213d, 2);
  });
});

describe('without WebAssembly', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['it is not there', undefined],
    [
      'there is no room for its memory',
      {
        Memory: class {
          constructor() {
            throw new RangeError('could not allocate memory');
          }
        },
      },
    ],
  ];
  for (const [name, webAssembly] of cases) {
    test(`${name}: a buffer like any other, which is masked as well`, () => {
      vi.stubGlobal('WebAssembly', webAssembly);
      const buffer = createReadBuffer(300);
      expect(buffer).toHaveLength(300);
      expect(isKernelMemory(buffer)).toBe(false);
      fill(buffer, seededRandom(seed));
      for (let length = 0; length < 290; length += 7) expectSame(buffer, 3, 3 + length, 0x37fa213d, length);
    });
  }
});
