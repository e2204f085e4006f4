import * as v from 'valibot';
import { expect, test } from 'vitest';
import { readStored, storedKeys, writeStored } from '../../public/chat/stored.ts';
import { FakeStorage } from './fake-storage.ts';

const schema = v.object({ name: v.string() });

test('a value comes back as it was stored', () => {
  const storage = new FakeStorage();
  expect(writeStored(storage, 'a', { name: 'Ada' })).toBe(true);
  expect(readStored(storage, 'a', schema)).toEqual({ name: 'Ada' });
  writeStored(storage, 'a', undefined);
  expect(storage.length).toBe(0);
  expect(readStored(storage, 'a', schema)).toBeUndefined();
});

test.each(['{', 'null', '[]', '{"name":7}', ''])('a broken value (%j) is dropped, not thrown', (text) => {
  const storage = new FakeStorage();
  storage.setItem('a', text);
  expect(readStored(storage, 'a', schema)).toBeUndefined();
  expect(storage.getItem('a')).toBeNull();
});

test('forbidden storage counts as empty', () => {
  const storage = new FakeStorage();
  storage.forbidden = true;
  expect(readStored(storage, 'a', schema)).toBeUndefined();
  expect(writeStored(storage, 'a', { name: 'Ada' })).toBe(false);
  expect(storedKeys(storage, '')).toEqual([]);
});

test('keys are found by prefix', () => {
  const storage = new FakeStorage();
  for (const key of ['outbox.1', 'token', 'outbox.2']) storage.setItem(key, '1');
  expect(storedKeys(storage, 'outbox.')).toEqual(['outbox.1', 'outbox.2']);
});
