import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeLengths, codesOf } from '../src/huffman.ts';

function lengthsFor(counts: readonly number[], longest = 15): number[] {
  const lengths = new Uint8Array(counts.length).fill(99);
  codeLengths(Uint32Array.from(counts), longest, lengths);
  return [...lengths];
}

/** Bits for all symbols in the best code: what Huffman's algorithm joins, added up. */
function leastBits(counts: readonly number[]): number {
  const rest = counts.filter((count) => count > 0);
  let bits = rest.length === 1 ? (rest[0] ?? 0) : 0;
  while (rest.length > 1) {
    rest.sort((one, other) => other - one);
    const joined = (rest.pop() ?? 0) + (rest.pop() ?? 0);
    bits += joined;
    rest.push(joined);
  }
  return bits;
}

const cost = (counts: readonly number[], lengths: readonly number[]) =>
  counts.reduce((sum, count, symbol) => sum + count * (lengths[symbol] ?? 0), 0);
/** 1 for a code that uses up all its bits. */
const share = (lengths: readonly number[]) =>
  lengths.reduce((sum, length) => sum + (length === 0 ? 0 : 2 ** -length), 0);

const someCounts = fc.array(
  fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4000 })),
  { minLength: 2, maxLength: 286 },
);

describe('codeLengths', () => {
  it('is the best code there is, and whole', () => {
    fc.assert(
      fc.property(someCounts, (counts) => {
        const lengths = lengthsFor(counts, 30);
        expect(cost(counts, lengths)).toBe(leastBits(counts));
        expect(share(lengths)).toBe(1);
        const used = counts.filter((count) => count > 0).length;
        expect(lengths.filter((length) => length > 0)).toHaveLength(Math.max(used, 2));
      }),
      { seed: 1951 },
    );
  });

  it('gives two symbols a code when fewer occur', () => {
    expect(lengthsFor([0, 0, 0])).toEqual([1, 1, 0]);
    expect(lengthsFor([7, 0, 0])).toEqual([1, 1, 0]);
    expect(lengthsFor([0, 0, 7])).toEqual([1, 0, 1]);
  });

  it('keeps to the longest length, at little cost', () => {
    // Fibonacci's numbers make the deepest trees.
    const counts = [1, 1];
    while (counts.length < 19) counts.push((counts.at(-1) ?? 0) + (counts.at(-2) ?? 0));
    expect(Math.max(...lengthsFor(counts, 30))).toBe(18);
    for (const longest of [5, 7, 15]) {
      const lengths = lengthsFor(counts, longest);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(longest);
      expect(share(lengths)).toBe(1);
    }
    expect(cost(counts, lengthsFor(counts, 15))).toBeLessThan(leastBits(counts) * 1.01);
  });

  it('sorts counts that are alike and counts that are far apart', () => {
    const counts = Array.from({ length: 286 }, (_, symbol) => 1 + ((symbol * 7919) % 3000));
    expect(cost(counts, lengthsFor(counts, 30))).toBe(leastBits(counts));
  });
});

describe('codesOf', () => {
  it('is the example of RFC 1951 §3.2.2', () => {
    const codes = new Uint32Array(8);
    codesOf(Uint8Array.of(3, 3, 3, 3, 3, 2, 4, 4), codes);
    const written = [...codes].map((code) =>
      [...(code >> 4).toString(2).padStart(code & 15, '0')].reverse().join(''),
    );
    expect(written).toEqual(['010', '011', '100', '101', '110', '00', '1110', '1111']);
  });

  it('makes codes of which none begins another, and passes over symbols without one', () => {
    fc.assert(
      fc.property(someCounts, (counts) => {
        const lengths = Uint8Array.from(lengthsFor(counts));
        const codes = new Uint32Array(lengths.length).fill(4_000_000_000);
        codesOf(lengths, codes);
        const words = [...codes].flatMap((code, symbol) => {
          if (lengths[symbol] === 0) {
            expect(code).toBe(4_000_000_000);
            return [];
          }
          expect(code & 15).toBe(lengths[symbol]);
          return [[...(code >> 4).toString(2).padStart(code & 15, '0')].reverse().join('')];
        });
        words.sort();
        for (const [index, word] of words.entries()) {
          expect(words[index + 1]?.startsWith(word) ?? false).toBe(false);
        }
      }),
      { seed: 1951 },
    );
  });
});
