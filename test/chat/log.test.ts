// Both logs are held to the same promises; what only SQLite can do is at the end.
import { describe, expect, it, onTestFinished } from 'vitest';
import { Database } from '../../src/chat/database.ts';
import type { Message } from '../../src/chat/events.ts';
import type { Entry, Log } from '../../src/chat/log.ts';
import { MemoryLog } from '../../src/chat/memory-log.ts';
import { SqliteLog } from '../../src/chat/sqlite-log.ts';
import { temporaryDirectory } from '../support/chat.ts';

let count = 0;

function entry(text: string, more: Partial<Entry> = {}): Entry {
  const number = ++count;
  return {
    room: 'general',
    id: `id-${number}`,
    author: { id: 'a', name: 'Ada' },
    time: 1000 + number,
    nonce: `nonce-${number}`,
    content: { type: 'text', text },
    ...more,
  };
}

function openDatabase(directory = temporaryDirectory()): Database {
  const database = new Database(directory);
  onTestFinished(() => database.close());
  return database;
}

const texts = (messages: readonly Message[]) =>
  messages.map(({ offset, content }) => `${offset} ${content.type === 'text' ? content.text : '?'}`);

describe.each<[string, () => Log]>([
  ['MemoryLog', () => new MemoryLog()],
  ['SqliteLog', () => new SqliteLog(openDatabase())],
])('%s', (_name, open) => {
  it('numbers each room by itself, from 1, without gaps, in the order of the calls', async () => {
    const log = open();
    const entries = [entry('a'), entry('b'), entry('x', { room: 'other' }), entry('c')];
    const appended = await Promise.all(entries.map((each) => log.append(each)));
    expect(appended.map((each) => each.status === 'stored' && each.message.offset)).toEqual([1, 2, 1, 3]);
    expect(await log.newestOffset('general')).toBe(3);
    expect(await log.newestOffset('nowhere')).toBe(0);
  });

  it('gives back what it was given', async () => {
    const log = open();
    const text = 'nul \u0000, “quotes”, 𝒜, 👩‍👩‍👧‍👦, \\u0000, <b>, ١٢٣, a\nb';
    const given = entry(text, { author: { id: 'z', name: 'Zoë 👩🏽‍🚀' } });
    await log.append(given);
    expect(await log.readAfter('general', 0, 10)).toEqual([{ ...given, offset: 1 }]);
  });

  it('reads after and before an offset, oldest first, as many as asked', async () => {
    const log = open();
    for (const text of ['a', 'b', 'c', 'd', 'e']) await log.append(entry(text));
    expect(texts(await log.readAfter('general', 2, 2))).toEqual(['3 c', '4 d']);
    expect(texts(await log.readAfter('general', 5, 2))).toEqual([]);
    expect(texts(await log.readBefore('general', 4, 2))).toEqual(['2 b', '3 c']);
    expect(texts(await log.readBefore('general', undefined, 2))).toEqual(['4 d', '5 e']);
    expect(texts(await log.readBefore('general', 99, 9))).toHaveLength(5);
    expect(await log.readBefore('general', 1, 9)).toEqual([]);
    expect(await log.readBefore('nowhere', undefined, 9)).toEqual([]);
  });

  it('stores a send once, however often it is retried, also at the same time', async () => {
    const log = open();
    const first = entry('once');
    const retry = { ...first, id: 'another', time: 9999 };
    const both = await Promise.all([log.append(first), log.append(retry)]);
    expect(both.map(({ status }) => status)).toEqual(['stored', 'repeated']);
    const later = await log.append({ ...retry, content: { type: 'text', text: 'once' } });
    expect(later).toEqual({ status: 'repeated', message: { ...first, offset: 1 } });
    expect(await log.newestOffset('general')).toBe(1);
  });

  it('refuses a nonce for another content or room, and lets two authors have the same', async () => {
    const log = open();
    const first = entry('one');
    await log.append(first);
    const { nonce } = first;
    expect(await log.append(entry('two', { nonce }))).toEqual({ status: 'conflict' });
    expect(await log.append(entry('one', { nonce, room: 'other' }))).toEqual({ status: 'conflict' });
    const other = await log.append(entry('two', { nonce, author: { id: 'b', name: 'Bob' } }));
    expect(other.status).toBe('stored');
  });

  it('calls back for each stored message, in order, before the promise; not for a repeated one', async () => {
    const log = open();
    const seen: string[] = [];
    const stop = log.onStored(({ offset }) => seen.push(`heard ${offset}`));
    const first = entry('a');
    const note = (name: string) => () => {
      seen.push(name);
    };
    await Promise.all([
      log.append(first).then(note('a')),
      log.append({ ...first }).then(note('a again')),
      log.append(entry('b')).then(note('b')),
    ]);
    expect(seen.filter((each) => each.startsWith('heard'))).toEqual(['heard 1', 'heard 2']);
    expect(seen.indexOf('heard 1')).toBeLessThan(seen.indexOf('a'));
    stop();
    await log.append(entry('c'));
    expect(seen.filter((each) => each.startsWith('heard'))).toHaveLength(2);
  });
});

describe('SqliteLog on disk', () => {
  it('has the same epoch and messages when it is opened again, and a new epoch when begun anew', async () => {
    const directory = temporaryDirectory();
    const first = new Database(directory);
    const log = new SqliteLog(first);
    await log.append(entry('kept'));
    first.close();
    const again = new SqliteLog(openDatabase(directory));
    expect(again.epoch).toBe(log.epoch);
    expect(texts(await again.readAfter('general', 0, 9))).toEqual(['1 kept']);
    expect(new SqliteLog(openDatabase()).epoch).not.toBe(log.epoch);
  });

  it('writes what is queued when it is closed', async () => {
    const directory = temporaryDirectory();
    const database = new Database(directory);
    const appended = new SqliteLog(database).append(entry('last'));
    database.close();
    expect((await appended).status).toBe('stored');
    expect(await new SqliteLog(openDatabase(directory)).newestOffset('general')).toBe(1);
  });
});
