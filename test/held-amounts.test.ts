import { expect, test } from 'vitest';
import { HeldAmounts } from '../src/held-amounts.ts';

const holder = (name: string, heldAmount: number) => ({ name, heldAmount });

test('the sum goes up and down, and tells when it is over the limit', () => {
  const held = new HeldAmounts(100);
  expect([held.add(60), held.add(40), held.add(1), held.add(-1)]).toEqual([false, false, true, false]);
  expect(held.total).toBe(100);
});

test('nobody has to go at the limit', () => {
  const held = new HeldAmounts(100);
  held.add(100);
  expect(held.excess([holder('a', 100)])).toEqual([]);
});

test('over it those who hold the most go, until an eighth is free', () => {
  const held = new HeldAmounts(80);
  const all = [holder('a', 5), holder('b', 40), holder('c', 6), holder('d', 20), holder('e', 11)];
  held.add(82);
  expect(held.excess(all).map(({ name }) => name)).toEqual(['b']);
  held.add(40);
  expect(held.excess(all).map(({ name }) => name)).toEqual(['b', 'd']);
});

test('who holds nothing stays, whatever the sum says', () => {
  const held = new HeldAmounts(10);
  held.add(100);
  expect(held.excess([holder('a', 0), holder('b', 3)]).map(({ name }) => name)).toEqual(['b']);
});
