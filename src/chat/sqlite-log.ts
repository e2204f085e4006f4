/** The log in SQLite: durable before it is acknowledged, many messages to one commit. See log.ts for what it promises. */
import * as v from 'valibot';
import { type Database, numberOf, textOf } from './database.ts';
import { contentSchema, type Message } from './events.ts';
import { type Appended, type Entry, isSameSend, type Log } from './log.ts';

const columns = 'room, number, id, author_id, author_name, time, nonce, content';

export class SqliteLog implements Log {
  readonly #database: Database;
  readonly #listeners = new Set<(message: Message) => void>();

  constructor(database: Database) {
    this.#database = database;
  }

  get epoch(): string {
    return this.#database.epoch;
  }

  append(entry: Entry): Promise<Appended> {
    return this.#database.write(
      () => this.#append(entry),
      (appended) => {
        if (appended.status !== 'stored') return;
        for (const listener of this.#listeners) listener(appended.message);
      },
    );
  }

  async readAfter(room: string, offset: number, limit: number): Promise<Message[]> {
    return this.#database
      .all(`SELECT ${columns} FROM message WHERE room = ? AND number > ? ORDER BY number LIMIT ?`, [
        room,
        offset,
        limit,
      ])
      .map(toMessage);
  }

  async readBefore(
    room: string,
    offset: number = Number.MAX_SAFE_INTEGER,
    limit: number,
  ): Promise<Message[]> {
    return this.#database
      .all(`SELECT ${columns} FROM message WHERE room = ? AND number < ? ORDER BY number DESC LIMIT ?`, [
        room,
        offset,
        limit,
      ])
      .map(toMessage)
      .reverse();
  }

  async newestOffset(room: string): Promise<number> {
    return this.#newestOffset(room);
  }

  onStored(listener: (message: Message) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether a message refers to that image. Messages whose `append` was called before are counted once they are written. */
  refersToImage(id: string): boolean {
    // The second condition is what lets the partial index be used.
    const sql =
      "SELECT 1 AS found FROM message WHERE json_extract(content, '$.image.id') = ? AND json_extract(content, '$.image.id') IS NOT NULL LIMIT 1";
    return this.#database.get(sql, [id]) !== undefined;
  }

  #append(entry: Entry): Appended {
    const { room, id, author, time, nonce, content } = entry;
    const sql = `SELECT ${columns} FROM message WHERE author_id = ? AND nonce = ?`;
    const row = this.#database.get(sql, [author.id, nonce]);
    if (row !== undefined) {
      const stored = toMessage(row);
      return isSameSend(stored, entry) ? { status: 'repeated', message: stored } : { status: 'conflict' };
    }
    const offset = this.#newestOffset(room) + 1;
    this.#database.run(`INSERT INTO message (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, [
      room,
      offset,
      id,
      author.id,
      author.name,
      time,
      nonce,
      JSON.stringify(content),
    ]);
    return { status: 'stored', message: { room, offset, id, author, time, nonce, content } };
  }

  #newestOffset(room: string): number {
    const sql = 'SELECT coalesce(max(number), 0) AS newest FROM message WHERE room = ?';
    return numberOf(this.#database.get(sql, [room]), 'newest');
  }
}

function toMessage(row: unknown): Message {
  return {
    room: textOf(row, 'room'),
    offset: numberOf(row, 'number'),
    id: textOf(row, 'id'),
    author: { id: textOf(row, 'author_id'), name: textOf(row, 'author_name') },
    time: numberOf(row, 'time'),
    nonce: textOf(row, 'nonce'),
    content: v.parse(contentSchema, JSON.parse(textOf(row, 'content'))),
  };
}
