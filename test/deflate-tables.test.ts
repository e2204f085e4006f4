import { expect, it } from 'vitest';
import {
  codeLengthOrder,
  distanceBases,
  distanceExtraBits,
  distanceSymbols,
  endOfBlock,
  fixedDistanceLengths,
  fixedLiteralLengths,
  lengthBases,
  lengthExtraBits,
  literalSymbols,
} from '../src/deflate-tables.ts';

/** Which numbers the symbols stand for, one after the other. */
function reach(bases: ArrayLike<number>, extraBits: ArrayLike<number>): number[][] {
  return Array.from(bases, (base, symbol) => [base, base + 2 ** (extraBits[symbol] ?? Number.NaN) - 1]);
}

it('has a symbol for each length from 3 to 258 (§3.2.5)', () => {
  const spans = reach(lengthBases, lengthExtraBits);
  expect(endOfBlock + 1 + spans.length).toBe(literalSymbols);
  // The longest has a symbol of its own, although the one before it could say it as well.
  expect(spans.pop()).toEqual([258, 258]);
  expect(spans.map(([first]) => first)).toEqual([3, ...spans.slice(0, -1).map(([, last = 0]) => last + 1)]);
  expect(spans.at(-1)).toEqual([227, 258]);
});

it('has a symbol for each distance from 1 to 32,768 (§3.2.5)', () => {
  const spans = reach(distanceBases, distanceExtraBits);
  expect(spans).toHaveLength(distanceSymbols);
  expect(spans.map(([first]) => first)).toEqual([1, ...spans.slice(0, -1).map(([, last = 0]) => last + 1)]);
  expect(spans.at(-1)).toEqual([24_577, 32_768]);
});

it('has fixed codes that are whole (§3.2.6)', () => {
  const used = (lengths: Uint8Array) => lengths.reduce((sum, length) => sum + 2 ** -length, 0);
  expect([used(fixedLiteralLengths), used(fixedDistanceLengths)]).toEqual([1, 1]);
  expect([0, 143, 144, 255, 256, 279, 280, 287].map((symbol) => fixedLiteralLengths[symbol])).toEqual([
    8, 8, 9, 9, 7, 7, 8, 8,
  ]);
});

it('orders the code lengths from the middle out (§3.2.7)', () => {
  expect([...codeLengthOrder].sort((one, other) => one - other)).toEqual(
    Array.from({ length: 19 }, (_, n) => n),
  );
  const paired = [...codeLengthOrder].slice(4).map((length) => Math.abs(length - 7.5) - 0.5);
  expect(paired).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7]);
});
