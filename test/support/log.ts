// A log on a real database, for tests, and entries to put into it.
import { onTestFinished } from 'vitest';
import { Database } from '../../src/chat/database.ts';
import type { Item, RoomEvent } from '../../src/chat/events.ts';
import type { Appended, Entry } from '../../src/chat/log.ts';
import { SqliteLog } from '../../src/chat/sqlite-log.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export const ada = { id: 'a', name: 'Ada' };
export const bob = { id: 'b', name: 'Bob' };
let count = 0;

/** What every entry has, new. */
export function base(more: object = {}) {
  const number = ++count;
  return {
    room: 'general',
    id: `id-${number}`,
    author: ada,
    time: 1000 + number,
    nonce: `nonce-${number}`,
    ...more,
  };
}

/** A message that says that. */
export function entry(text: string, more: object = {}): Entry {
  return { ...base(), type: 'message', content: { type: 'text', text }, ...more } as Entry;
}

/** Closed after the test. */
function openDatabase(directory = temporaryDirectory()): Database {
  const database = new Database(directory);
  onTestFinished(() => database.close());
  return database;
}

/** A log, and short ways of writing to it. */
export function openLog(directory?: string) {
  const database = openDatabase(directory);
  const log = new SqliteLog(database);
  const stored = async (appended: Promise<Appended>): Promise<RoomEvent> => {
    const result = await appended;
    if (result.status !== 'stored') throw new Error(`It was not stored: ${result.status}`);
    return result.event;
  };
  const say = (text: string, more: object = {}) => stored(log.append(entry(text, more)));
  const change = (target: RoomEvent, more: object): Entry =>
    ({ ...base({ room: target.room }), target: target.id, targetOffset: target.offset, ...more }) as Entry;
  return {
    database,
    log,
    say,
    append: (given: Entry) => stored(log.append(given)),
    edit: (target: RoomEvent, text: string, more: object = {}) =>
      stored(log.append(change(target, { type: 'edit', text, ...more }))),
    remove: (target: RoomEvent, author = ada) =>
      stored(log.append(change(target, { type: 'delete', author }))),
    react: (target: RoomEvent, emoji: string, author = ada, on = true) =>
      stored(log.append(change(target, { type: 'reaction', emoji, on, author }))),
    change,
  };
}

/** Each as its offset, and what it says or is. */
export const texts = (events: readonly (RoomEvent | Item)[]) =>
  events.map((event) => {
    const said =
      event.type !== 'message' ? event.type : event.content.type === 'text' ? event.content.text : '?';
    return `${event.offset} ${said}`;
  });
