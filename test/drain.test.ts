import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { retryAfterOf } from '../src/close.ts';
import { reasonWithHint, resolveDrainOptions, retryAfter } from '../src/drain.ts';
import { seededRandom } from './support/chopping.ts';

const seed = 0xd4a1;

describe('options', () => {
  test('untold: service restart, no hint, the deadline of the closing handshake', () => {
    expect(resolveDrainOptions({}, 5000)).toEqual({
      deadline: 5000,
      retryWindow: 0,
      code: 1012,
      reason: 'The server restarts.',
    });
  });

  test('out of range, and what must not be sent, are errors that say so', () => {
    for (const options of [{ deadline: -1 }, { deadline: 1.5 }, { retryWindow: 2 ** 31 }, { code: 1006 }]) {
      expect(() => resolveDrainOptions(options, 5000)).toThrow(RangeError);
    }
    expect(() => resolveDrainOptions({ retryWindow: Number.NaN }, 5000)).toThrow(/retryWindow is NaN/);
    // The hint counts as well.
    expect(() => resolveDrainOptions({ reason: 'x'.repeat(123) }, 5000)).not.toThrow();
    expect(() => resolveDrainOptions({ reason: 'x'.repeat(123), retryWindow: 1 }, 5000)).toThrow(RangeError);
    expect(() => resolveDrainOptions({ deadline: 0, retryWindow: 0 }, 5000)).not.toThrow();
  });
});

test('the hint stands behind the reason, or alone, and is found there', () => {
  const options = resolveDrainOptions({ retryWindow: 10_000 }, 5000);
  expect(reasonWithHint(options, 3200)).toBe('The server restarts. retry after 3200 ms');
  expect(retryAfterOf(reasonWithHint(options, 3200))).toBe(3200);
  expect(reasonWithHint({ ...options, reason: '' }, 5)).toBe('retry after 5 ms');
  expect(reasonWithHint({ ...options, retryWindow: 0 }, 5)).toBe('The server restarts.');
});

test('any number of clients come back evenly: in every part of the window as many as in any other', () => {
  const random = seededRandom(seed);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 10_000, max: 600_000 }),
      (count, window) => {
        const moments = Array.from({ length: count }, (_, index) => retryAfter(index, count, window, random));
        const parts = Math.min(count, 10);
        const met = new Array<number>(parts).fill(0);
        for (const moment of moments) {
          expect(moment).toBeGreaterThanOrEqual(0);
          expect(moment).toBeLessThan(window);
          const part = Math.floor((moment * parts) / window);
          met[part] = (met[part] ?? 0) + 1;
        }
        for (const share of met) expect(Math.abs(share - count / parts)).toBeLessThanOrEqual(2);
      },
    ),
    { seed, numRuns: 100 },
  );
});

test('two who are neighbours do not come in step', () => {
  const random = seededRandom(seed);
  const pauses = new Set<number>();
  let last = 0;
  for (let index = 0; index < 100; index++) {
    const moment = retryAfter(index, 100, 100_000, random);
    pauses.add(moment - last);
    last = moment;
  }
  expect(pauses.size).toBeGreaterThan(90);
});
