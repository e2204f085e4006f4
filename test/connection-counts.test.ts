import { expect, test } from 'vitest';
import { ConnectionCounts } from '../src/connection-counts.ts';

test('an address has as many connections as it may have, and other addresses theirs', () => {
  const counts = new ConnectionCounts<string>(2);
  expect(counts.enter('one', '192.0.2.1')).toBe(true);
  expect(counts.enter('two', '192.0.2.1')).toBe(true);
  expect(counts.enter('three', '192.0.2.1')).toBe(false);
  expect(counts.enter('four', '192.0.2.2')).toBe(true);
  counts.leave('one');
  expect(counts.enter('three', '192.0.2.1')).toBe(true);
});

test('a connection is counted once, and leaves once', () => {
  const counts = new ConnectionCounts<string>(2);
  for (let time = 0; time < 3; time++) expect(counts.enter('one', '192.0.2.1')).toBe(true);
  expect(counts.enter('two', '192.0.2.1')).toBe(true);
  counts.leave('one');
  counts.leave('one');
  counts.leave('never');
  expect(counts.enter('three', '192.0.2.1')).toBe(true);
  expect(counts.enter('four', '192.0.2.1')).toBe(false);
});

test('one that was turned away does not count when it leaves', () => {
  const counts = new ConnectionCounts<string>(1);
  counts.enter('one', '192.0.2.1');
  expect(counts.enter('two', '192.0.2.1')).toBe(false);
  counts.leave('two');
  expect(counts.enter('three', '192.0.2.1')).toBe(false);
});

test('the addresses of one IPv6 network are one', () => {
  const counts = new ConnectionCounts<string>(2);
  expect(counts.enter('one', '2001:db8:0:1::1')).toBe(true);
  expect(counts.enter('two', '2001:db8:0:1:ffff::2')).toBe(true);
  expect(counts.enter('three', '2001:db8:0:1::3')).toBe(false);
  expect(counts.enter('four', '2001:db8:0:2::1')).toBe(true);
  counts.leave('two');
  expect(counts.enter('three', '2001:db8:0:1::3')).toBe(true);
});
