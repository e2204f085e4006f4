import { expect, test } from 'vitest';
import { isThenable, onRejection } from '../src/rejection.ts';

test('what is no promise is no concern', () => {
  for (const result of [undefined, null, 1, 'then', {}, [], () => {}]) {
    onRejection(result, () => expect.unreachable());
  }
});

test('a promise of any make that rejects is told, one that resolves is not', async () => {
  const seen: unknown[] = [];
  onRejection(Promise.resolve(1), (error) => seen.push(error));
  onRejection(Promise.reject(2), (error) => seen.push(error));
  // biome-ignore lint/suspicious/noThenProperty: a promise of another make is what is tested
  onRejection({ then: (_: unknown, reject: (error: number) => void) => reject(3) }, (error) =>
    seen.push(error),
  );
  await expect.poll(() => seen).toEqual([2, 3]);
});

test('a promise is told by its then, whoever made it', () => {
  for (const value of [undefined, null, 1, 'then', {}, [], () => {}, { other: 1 }]) {
    expect(isThenable(value)).toBe(false);
  }
  // biome-ignore lint/suspicious/noThenProperty: things with a `then` are what is tested
  expect(isThenable({ then: 'no function' })).toBe(false);
  expect(isThenable(Promise.resolve())).toBe(true);
  // biome-ignore lint/suspicious/noThenProperty: the same
  expect(isThenable({ then: () => {} })).toBe(true);
});
