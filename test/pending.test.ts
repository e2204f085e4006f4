import { expect, test } from 'vitest';
import { Pending, type PendingEnd } from '../src/pending.ts';

/** Entries that write down how they end. */
function waiting(limit: number) {
  const pending = new Pending<string>(limit);
  const ended: [string, PendingEnd][] = [];
  const set = (key: string, deadline = 100) =>
    pending.set(key, { deadline, end: (because) => ended.push([key, because]) });
  return { pending, ended, set };
}

test('whoever is late is ended, once, and nobody else', () => {
  const { pending, ended, set } = waiting(10);
  set('a', 100);
  set('b', 200);
  pending.sweep(99);
  expect(ended).toEqual([]);
  pending.sweep(100);
  pending.sweep(150);
  expect(ended).toEqual([['a', 'late']]);
  expect(pending.size).toBe(1);
});

test('one too many ends the oldest, and not one that has been answered', () => {
  const { pending, ended, set } = waiting(2);
  set('a');
  set('b');
  pending.delete('a');
  set('c');
  expect(ended).toEqual([]);
  set('d');
  expect(ended).toEqual([['b', 'crowded']]);
  expect(pending.size).toBe(2);
});

test('an entry that is replaced keeps its age, and ends as the new one', () => {
  const { pending, ended, set } = waiting(2);
  set('a', 100);
  set('b', 100);
  pending.set('a', { deadline: 500, end: (because) => ended.push(['a again', because]) });
  pending.sweep(100);
  expect(ended).toEqual([['b', 'late']]);
  expect(pending.get('a')?.deadline).toBe(500);
  set('c', 500);
  set('d', 500);
  expect(ended.at(-1)).toEqual(['a again', 'crowded']);
});

test('all end when the server stops, and what is added while they do too', () => {
  const { pending, ended, set } = waiting(10);
  pending.set('a', {
    deadline: 1,
    end(because) {
      ended.push(['a', because]);
      set('late comer');
    },
  });
  set('b');
  pending.endAll();
  expect(ended).toEqual([
    ['a', 'stopping'],
    ['b', 'stopping'],
    ['late comer', 'stopping'],
  ]);
  expect(pending.size).toBe(0);
});
