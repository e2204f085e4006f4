/**
 * The log in SQLite: durable before it is acknowledged, many events to one commit, and what follows from an event
 * (message-state.ts) in the same transaction. See log.ts for what it promises.
 */
import { type Database, numberOf, textOf, type Value } from './database.ts';
import { eventColumns, eventPlaces, eventValues, toEvent } from './event-rows.ts';
import { isItem, type Message, type RoomEvent } from './events.ts';
import { type Appended, type Entry, type Items, isSameSend, type Log } from './log.ts';
import { MessageStates } from './message-state.ts';
import { searchExpression, searchText, searchTextVersion } from './search-text.ts';

/** As in the definition of the partial index that this is answered from. */
const isItemSql = "type NOT IN ('edit', 'delete', 'reaction')";
/** The newest texts of one message that are told: somebody may edit theirs all day. */
const maximumVersions = 100;
/** Messages that are put into the search index at one time when it is made anew. */
const indexBatch = 1000;

interface Newest {
  readonly offset: number;
  readonly time: number;
}

export class SqliteLog implements Log {
  readonly #database: Database;
  readonly #states: MessageStates;
  readonly #listeners = new Set<(event: RoomEvent) => void>();
  /** What was asked for, kept up to date. */
  readonly #newestOf = new Map<string, Newest>();
  #newest: number;

  constructor(database: Database) {
    this.#database = database;
    this.#states = new MessageStates(database);
    this.#newest = this.#lastOffset();
    this.#indexAnew();
  }

  get epoch(): string {
    return this.#database.epoch;
  }

  get newest(): number {
    return this.#newest;
  }

  append(entry: Entry, alongside?: (event: RoomEvent) => void): Promise<Appended> {
    return this.#database.write(
      () => this.#append(entry, alongside),
      (appended) => {
        if (appended.status === 'stored') this.#tell(appended.event);
      },
    );
  }

  findSend(authorId: string, nonce: string): RoomEvent | undefined {
    const sql = `SELECT ${eventColumns} FROM event WHERE author_id = ? AND nonce = ?`;
    const row = this.#database.get(sql, [authorId, nonce]);
    return row === undefined ? undefined : toEvent(row);
  }

  readAfter(rooms: readonly string[], offset: number, limit: number): RoomEvent[] {
    const sql = `SELECT ${eventColumns} FROM event WHERE room = ? AND offset > ? AND offset <= ? ORDER BY offset LIMIT ?`;
    let rows: unknown[] = [];
    let last = Number.MAX_SAFE_INTEGER;
    // Room by room, for each of them is a short walk along an index, however much is said elsewhere; and none goes on
    // beyond what the rooms before it have filled the limit with.
    for (const room of rooms) {
      if (this.newestOf(room).offset <= offset) continue;
      rows.push(...this.#database.all(sql, [room, offset, last, limit]));
      if (rows.length < limit) continue;
      rows = inOrder(rows).slice(0, limit);
      last = numberOf(rows.at(-1), 'offset');
    }
    return inOrder(rows).map(toEvent);
  }

  itemsBefore(room: string, offset: number | undefined, limit: number): Items {
    const sql = `SELECT ${eventColumns} FROM event WHERE room = ? AND offset < ? AND ${isItemSql} ORDER BY offset DESC LIMIT ?`;
    const rows = this.#database.all(sql, [room, offset ?? Number.MAX_SAFE_INTEGER, limit + 1]);
    const items = this.#items(rows.slice(0, limit).reverse());
    const hasNewer = offset !== undefined && this.#hasItemFrom(room, offset);
    return { items, hasOlder: rows.length > limit, hasNewer };
  }

  itemsAfter(room: string, offset: number, limit: number): Items {
    const sql = `SELECT ${eventColumns} FROM event WHERE room = ? AND offset > ? AND ${isItemSql} ORDER BY offset LIMIT ?`;
    const rows = this.#database.all(sql, [room, offset, limit + 1]);
    const older = `SELECT offset FROM event WHERE room = ? AND offset <= ? AND ${isItemSql} LIMIT 1`;
    const hasOlder = this.#database.get(older, [room, offset]) !== undefined;
    return { items: this.#items(rows.slice(0, limit)), hasOlder, hasNewer: rows.length > limit };
  }

  findMessage(id: string): Message | undefined {
    const sql = `SELECT ${eventColumns} FROM event WHERE id = ? AND type = 'message'`;
    return this.#messages(this.#database.all(sql, [id]))[0];
  }

  versionsOf(id: string): { time: number; text: string }[] {
    const message = this.findMessage(id);
    if (message === undefined || message.content.type !== 'text') return [];
    const sql = `SELECT time, json_extract(data, '$.content.text') AS text, offset FROM event WHERE id = ?
      UNION ALL
      SELECT time, json_extract(data, '$.text') AS text, offset FROM event
        WHERE type = 'edit' AND json_extract(data, '$.target') = ?
      ORDER BY offset DESC LIMIT ?`;
    const rows = this.#database.all(sql, [id, id, maximumVersions]).reverse();
    return rows.map((row) => ({ time: numberOf(row, 'time'), text: textOf(row, 'text') }));
  }

  search(query: string, rooms: readonly string[], before: number | undefined, limit: number): Message[] {
    const expression = searchExpression(query);
    if (expression === undefined) return [];
    // The index comes in the order of the offsets, so the search ends with the last one that is wanted.
    const sql = `SELECT ${eventColumns} FROM message_text CROSS JOIN event ON event.offset = message_text.rowid
      WHERE message_text MATCH ? AND message_text.rowid < ? AND event.room IN (SELECT value FROM json_each(?))
      ORDER BY message_text.rowid DESC LIMIT ?`;
    const values = [expression, before ?? Number.MAX_SAFE_INTEGER, JSON.stringify(rooms), limit];
    return this.#messages(this.#database.all(sql, values));
  }

  newestOf(room: string): Newest {
    const known = this.#newestOf.get(room);
    if (known !== undefined) return known;
    const sql = 'SELECT coalesce(max(offset), 0) AS newest FROM event WHERE room = ?';
    const offset = numberOf(this.#database.get(sql, [room]), 'newest');
    const timeSql = "SELECT time FROM event WHERE room = ? AND type = 'message' ORDER BY offset DESC LIMIT 1";
    const row = this.#database.get(timeSql, [room]);
    const newest = { offset, time: row === undefined ? 0 : numberOf(row, 'time') };
    // A room that has nothing may be one that nobody made: those would fill the memory.
    if (offset > 0) this.#newestOf.set(room, newest);
    return newest;
  }

  countAfter(
    room: string,
    offset: number,
    memberId: string,
    limit: number,
  ): { unread: number; mentions: number } {
    if (this.newestOf(room).offset <= offset) return { unread: 0, mentions: 0 };
    const unread = `SELECT count(*) AS count FROM (SELECT 1 FROM event
      WHERE room = ? AND offset > ? AND type = 'message' AND author_id <> ? AND ${isThere('event.offset')} LIMIT ?)`;
    const mentions = `SELECT count(DISTINCT mention.offset) AS count FROM mention
      JOIN event ON event.offset = mention.offset AND event.author_id <> ?
      WHERE mention.room = ? AND mention.member_id IN (?, 'everyone') AND mention.offset > ?`;
    return {
      unread: this.#count(unread, [room, offset, memberId, limit]),
      mentions: Math.min(limit, this.#count(mentions, [memberId, room, memberId, offset])),
    };
  }

  trim(room: string, before: number): Promise<number> {
    return this.#database.write(() => {
      // The newest stays: the next offset is counted from it, and none may come twice.
      const sql = 'SELECT coalesce(max(offset), 0) AS newest FROM event WHERE room = ?';
      const end = Math.min(before, numberOf(this.#database.get(sql, [room]), 'newest'));
      const count = this.#count('SELECT count(*) AS count FROM event WHERE room = ? AND offset < ?', [
        room,
        end,
      ]);
      this.#states.trim(room, end);
      this.#database.run('DELETE FROM event WHERE room = ? AND offset < ?', [room, end]);
      return count;
    });
  }

  onStored(listener: (event: RoomEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether a message refers to that image. Messages whose `append` was called before are counted once they are written. */
  refersToImage(id: string): boolean {
    // The second condition is what lets the partial index be used.
    const path = "json_extract(data, '$.content.image.id')";
    const sql = `SELECT 1 AS found FROM event WHERE ${path} = ? AND ${path} IS NOT NULL LIMIT 1`;
    return this.#database.get(sql, [id]) !== undefined;
  }

  #append(entry: Entry, alongside: ((event: RoomEvent) => void) | undefined): Appended {
    const stored = this.findSend(entry.author.id, entry.nonce);
    if (stored !== undefined) {
      return isSameSend(stored, entry) ? { status: 'repeated', event: stored } : { status: 'conflict' };
    }
    const sql = 'SELECT coalesce(max(offset), 0) AS newest FROM event WHERE room = ?';
    const previous = numberOf(this.#database.get(sql, [entry.room]), 'newest');
    const event: RoomEvent = { offset: this.#lastOffset() + 1, previous, ...entry };
    this.#database.run(`INSERT INTO event (${eventColumns}) VALUES ${eventPlaces}`, eventValues(event));
    this.#states.write(event);
    alongside?.(event);
    return { status: 'stored', event };
  }

  #tell(event: RoomEvent): void {
    this.#newest = event.offset;
    const time = event.type === 'message' ? event.time : this.newestOf(event.room).time;
    this.#newestOf.set(event.room, { offset: event.offset, time });
    for (const listener of this.#listeners) listener(event);
  }

  #items(rows: readonly unknown[]): Items['items'] {
    const items = rows.map(toEvent).filter(isItem);
    const messages = this.#states.project(items.filter((item) => item.type === 'message'));
    const byOffset = new Map(messages.map((message) => [message.offset, message]));
    return items.map((item) => byOffset.get(item.offset) ?? item);
  }

  #messages(rows: readonly unknown[]): Message[] {
    return this.#states.project(rows.map(toEvent).filter((event) => event.type === 'message'));
  }

  #hasItemFrom(room: string, offset: number): boolean {
    const sql = `SELECT offset FROM event WHERE room = ? AND offset >= ? AND ${isItemSql} LIMIT 1`;
    return this.#database.get(sql, [room, offset]) !== undefined;
  }

  #lastOffset(): number {
    return this.#count('SELECT coalesce(max(offset), 0) AS count FROM event', []);
  }

  #count(sql: string, values: readonly Value[]): number {
    return numberOf(this.#database.get(sql, values), 'count');
  }

  /** Fills the search index when it is another version's, as after an upgrade. */
  #indexAnew(): void {
    const sql = "SELECT value FROM meta WHERE key = 'search-text'";
    const row = this.#database.get(sql);
    if (row !== undefined && textOf(row, 'value') === searchTextVersion) return;
    this.#database.writeNow(() => {
      this.#database.run('DELETE FROM message_text');
      let last = 0;
      for (;;) {
        const rows = this.#database.all(
          `SELECT event.offset AS offset, coalesce(message_state.text, json_extract(data, '$.content.text')) AS text
            FROM event LEFT JOIN message_state ON message_state.offset = event.offset
            WHERE type = 'message' AND json_extract(data, '$.content.type') = 'text' AND event.offset > ?
            ORDER BY event.offset LIMIT ?`,
          [last, indexBatch],
        );
        for (const row of rows) {
          last = numberOf(row, 'offset');
          const values = [last, searchText(textOf(row, 'text'))];
          this.#database.run('INSERT INTO message_text (rowid, text) VALUES (?, ?)', values);
        }
        if (rows.length < indexBatch) break;
      }
      const keep = "INSERT OR REPLACE INTO meta (key, value) VALUES ('search-text', ?)";
      this.#database.run(keep, [searchTextVersion]);
    });
  }
}

function inOrder(rows: readonly unknown[]): unknown[] {
  return rows.toSorted((one, other) => numberOf(one, 'offset') - numberOf(other, 'offset'));
}

/** SQL for: the message there was not deleted. */
function isThere(offset: string): string {
  return `NOT EXISTS (SELECT 1 FROM message_state WHERE message_state.offset = ${offset} AND deleted_at IS NOT NULL)`;
}
