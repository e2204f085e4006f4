// Refusals by themselves: what a client is told, and lengths of time in words.
import { expect, it } from 'vitest';
import { checkRate, inWords, Refusal } from '../../src/chat/refusal.ts';

it.each([
  [1, '1 second'],
  [1000, '1 second'],
  [1001, '2 seconds'],
  [60_000, '60 seconds'],
  [99_000, '99 seconds'],
  [99_001, '100 seconds'],
  [119_000, '119 seconds'],
  [120_000, '2 minutes'],
  [120_001, '3 minutes'],
  [3_600_000, '60 minutes'],
  [7_199_000, '120 minutes'],
  [7_200_000, '2 hours'],
  [24 * 3_600_000, '24 hours'],
  [48 * 3_600_000, '2 days'],
  [366 * 24 * 3_600_000, '366 days'],
])('%i milliseconds are %s', (milliseconds, words) => {
  expect(inWords(milliseconds)).toBe(words);
});

it('says nothing when there is nothing to wait for, and otherwise for how long', () => {
  expect(() => checkRate(0, 'Too fast')).not.toThrow();
  const refusal = (() => {
    try {
      checkRate(1500, 'Too fast');
    } catch (error) {
      return error;
    }
    return undefined;
  })();
  if (!(refusal instanceof Refusal)) throw new Error('It was no refusal.');
  expect(refusal.failure).toEqual({
    code: 'rate-limited',
    message: 'Too fast: try again in 2 seconds.',
    retryAfter: 1500,
  });
});
