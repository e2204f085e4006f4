/**
 * The SQLite file under the data directory, and the only place that opens it: schema, lock, and group commit. What is
 * queued in one round of the event loop is written in one transaction and told only after the commit, which with WAL
 * and `synchronous = FULL` is on the disk: an answer that went out survives a crash and a power cut. Called by
 * sqlite-log.ts, identity.ts and images.ts, each of which has its own tables.
 *
 * The driver's native part ends the process when it is given a value that it does not know, so statements get arrays
 * of strings and numbers, nothing else.
 */
import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';

export type Value = string | number;

/** The data directory cannot be used. The message says which, why, and what to do. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/** Steps from each version of the schema to the next. Never changed once released; only added to. */
const migrations = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE message (
    room TEXT NOT NULL,
    number INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    author_id TEXT NOT NULL,
    author_name TEXT NOT NULL,
    time INTEGER NOT NULL,
    nonce TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (room, number),
    UNIQUE (author_id, nonce)
  ) STRICT;
  CREATE TABLE identity (
    token_hash TEXT PRIMARY KEY,
    member_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    last_here INTEGER NOT NULL,
    is_here INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE image (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    length INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    thumbnail_width INTEGER NOT NULL,
    thumbnail_height INTEGER NOT NULL
  ) STRICT;
  `,
  // Whoever has a token from before has shown it, or will lose nothing by not having to.
  'ALTER TABLE identity ADD COLUMN is_confirmed INTEGER NOT NULL DEFAULT 1;',
  // NULL once a message refers to it. Images from before are given a full time from now.
  `
  ALTER TABLE image ADD COLUMN unsent_since INTEGER;
  UPDATE image SET unsent_since = unixepoch() * 1000;
  CREATE INDEX message_image ON message (json_extract(content, '$.image.id'))
    WHERE json_extract(content, '$.image.id') IS NOT NULL;
  `,
  // Rooms; one log for all of them; what has become of each message; names with devices and passwords; moderation.
  // Tokens from before cannot be read any more: everybody signs in again.
  `
  CREATE TABLE event (
    offset INTEGER PRIMARY KEY,
    room TEXT NOT NULL,
    previous INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    author_id TEXT NOT NULL,
    author_name TEXT NOT NULL,
    author_bot INTEGER NOT NULL DEFAULT 0,
    time INTEGER NOT NULL,
    nonce TEXT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (author_id, nonce)
  ) STRICT;
  CREATE INDEX event_room ON event (room, offset);
  CREATE INDEX event_item ON event (room, offset) WHERE type NOT IN ('edit', 'delete', 'reaction');
  CREATE INDEX event_message ON event (room, offset) WHERE type = 'message';
  CREATE INDEX event_edit ON event (json_extract(data, '$.target')) WHERE type = 'edit';
  CREATE TABLE message_state (
    offset INTEGER PRIMARY KEY,
    text TEXT,
    mentions TEXT,
    edit_count INTEGER NOT NULL DEFAULT 0,
    edited_at INTEGER,
    deleted_at INTEGER,
    deleted_by_id TEXT,
    deleted_by_name TEXT
  ) STRICT;
  CREATE TABLE reaction (
    message INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    member_id TEXT NOT NULL,
    member_name TEXT NOT NULL,
    offset INTEGER NOT NULL,
    PRIMARY KEY (message, emoji, member_id)
  ) STRICT, WITHOUT ROWID;
  CREATE VIRTUAL TABLE message_text USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2');
  CREATE TABLE room (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT,
    topic TEXT NOT NULL DEFAULT '',
    slow_mode INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX room_name ON room (name_key) WHERE name_key IS NOT NULL;
  CREATE TABLE membership (
    room TEXT NOT NULL,
    member_id TEXT NOT NULL,
    member_name TEXT NOT NULL,
    role TEXT NOT NULL DEFAULT 'member',
    joined_at INTEGER NOT NULL,
    read_offset INTEGER NOT NULL DEFAULT 0,
    muted INTEGER NOT NULL DEFAULT 0,
    muted_until INTEGER,
    PRIMARY KEY (room, member_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX membership_member ON membership (member_id);
  CREATE TABLE invitation (
    code TEXT PRIMARY KEY,
    room TEXT,
    by_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires INTEGER,
    uses_left INTEGER
  ) STRICT, WITHOUT ROWID;
  DROP TABLE identity;
  CREATE TABLE identity (
    member_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    password TEXT,
    is_owner INTEGER NOT NULL DEFAULT 0,
    last_here INTEGER NOT NULL,
    is_here INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE device (
    id TEXT PRIMARY KEY,
    member_id TEXT NOT NULL,
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    is_confirmed INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX device_member ON device (member_id);
  CREATE TABLE ban (
    room TEXT NOT NULL,
    member_id TEXT NOT NULL,
    member_name TEXT NOT NULL,
    address TEXT,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    time INTEGER NOT NULL,
    until INTEGER,
    reason TEXT NOT NULL,
    PRIMARY KEY (room, member_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    action TEXT NOT NULL,
    room TEXT,
    member_id TEXT,
    member_name TEXT,
    details TEXT NOT NULL
  ) STRICT;
  CREATE TABLE webhook (
    room TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    position INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    retry_at INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  INSERT INTO room (id, kind, name, name_key, created_at, created_by)
    VALUES ('general', 'public', 'general', 'general', unixepoch() * 1000, '');
  INSERT INTO event (offset, room, previous, id, type, author_id, author_name, time, nonce, data)
    SELECT number, room, number - 1, id, 'message', author_id, author_name, time, nonce, json_object('content', json(content))
    FROM message WHERE room = 'general';
  INSERT INTO message_text (rowid, text)
    SELECT number, json_extract(content, '$.text') FROM message
    WHERE room = 'general' AND json_extract(content, '$.type') = 'text';
  CREATE INDEX event_image ON event (json_extract(data, '$.content.image.id'))
    WHERE json_extract(data, '$.content.image.id') IS NOT NULL;
  DROP TABLE message;
  `,
] as const;

interface Job {
  readonly work: () => unknown;
  readonly succeed: (result: unknown) => void;
  readonly fail: (error: unknown) => void;
}

export class Database {
  /** Random, made with the file: it tells one history from another. */
  readonly epoch: string;
  /** Random and never shown: it keeps image ids from being guessed. */
  readonly imageSecret: string;
  /** Random and never shown: it signs tokens. */
  readonly tokenSecret: string;
  readonly #libsql: Libsql.Database;
  readonly #lock: Libsql.Database;
  #jobs: Job[] = [];
  #closed = false;

  /**
   * Opens or creates `chat.db` in that directory, creating the directory too.
   * @throws DataDirectoryError when it cannot be written to, another process has it, or the file is not ours
   */
  constructor(directory: string) {
    makeWritable(directory);
    this.#lock = takeLock(directory);
    try {
      this.#libsql = open(directory);
    } catch (error) {
      this.#lock.close();
      throw error;
    }
    this.epoch = this.#meta('epoch', () => randomBytes(12).toString('base64url'));
    this.imageSecret = this.#meta('image-secret', () => randomBytes(32).toString('base64url'));
    this.tokenSecret = this.#meta('token-secret', () => randomBytes(32).toString('base64url'));
  }

  /** The rows that a query finds, as the driver gives them: one object each. */
  all(sql: string, values: readonly Value[] = []): unknown[] {
    return this.#statement(sql).all([...values]);
  }

  /** The first row that a query finds. */
  get(sql: string, values: readonly Value[] = []): unknown {
    return this.all(sql, values)[0];
  }

  /** Changes something; only from inside the work of `write`. */
  run(sql: string, values: readonly Value[] = []): void {
    this.#statement(sql).run([...values]);
  }

  /**
   * Queues work for the next transaction. It runs synchronously, sees what was queued before it as done, and may run
   * twice: when one piece of work in a transaction throws, all are done again, each in its own.
   * @param committed called after the commit, before any of the promises of this transaction resolve, in order
   * @returns what the work returned, once it is durable
   */
  write<Result>(work: () => Result, committed?: (result: Result) => void): Promise<Result> {
    if (this.#closed) return Promise.reject(new Error('The database is closed.'));
    return new Promise<Result>((resolve, reject) => {
      let result: Result;
      const job: Job = {
        work: () => {
          result = work();
        },
        succeed: () => {
          committed?.(result);
          resolve(result);
        },
        fail: reject,
      };
      // The check phase follows the poll phase: all that this round of I/O asks for shares one commit.
      if (this.#jobs.push(job) === 1) setImmediate(() => this.flush());
    });
  }

  /** Writes what is queued, now. */
  flush(): void {
    const jobs = this.#jobs;
    this.#jobs = [];
    if (jobs.length === 0) return;
    try {
      this.#transaction(jobs);
    } catch (error) {
      if (jobs.length === 1) {
        jobs[0]?.fail(error);
        return;
      }
      for (const job of jobs) {
        try {
          this.#transaction([job]);
        } catch (ownError) {
          job.fail(ownError);
          continue;
        }
        job.succeed(undefined);
      }
      return;
    }
    for (const job of jobs) job.succeed(undefined);
  }

  /** Writes what is queued and lets go of the files. */
  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#statements.clear();
    this.#libsql.pragma('wal_checkpoint(TRUNCATE)');
    this.#libsql.close();
    this.#lock.exec('ROLLBACK');
    this.#lock.close();
  }

  #transaction(jobs: readonly Job[]): void {
    this.#libsql.exec('BEGIN IMMEDIATE');
    try {
      for (const { work } of jobs) work();
      this.#libsql.exec('COMMIT');
    } catch (error) {
      // Some errors, as a full disk, have rolled it back already.
      if (this.#libsql.inTransaction) this.#libsql.exec('ROLLBACK');
      throw error;
    }
  }

  readonly #statements = new Map<string, Libsql.Statement<unknown[]>>();

  #statement(sql: string): Libsql.Statement<unknown[]> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#libsql.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #meta(key: string, make: () => string): string {
    const row = this.get('SELECT value FROM meta WHERE key = ?', [key]);
    if (row !== undefined) return textOf(row, 'value');
    const value = make();
    this.run('INSERT INTO meta (key, value) VALUES (?, ?)', [key, value]);
    return value;
  }
}

/** A text column of a row. @throws TypeError when it is none: the file was changed by somebody else */
export function textOf(row: unknown, column: string): string {
  const value = columnOf(row, column);
  if (typeof value !== 'string') throw new TypeError(`chat.db: ${column} is not text.`);
  return value;
}

/** A number column of a row. @throws TypeError when it is none */
export function numberOf(row: unknown, column: string): number {
  const value = columnOf(row, column);
  if (typeof value !== 'number') throw new TypeError(`chat.db: ${column} is not a number.`);
  return value;
}

function columnOf(row: unknown, column: string): unknown {
  if (typeof row !== 'object' || row === null) return undefined;
  return Object.entries(row).find(([name]) => name === column)?.[1];
}

function makeWritable(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new DataDirectoryError(
      `The data directory ${directory} cannot be written to (${codeOf(error)}). ` +
        'Give this user the right to write there, or name another with --data DIR.',
    );
  }
}

/**
 * Takes the directory for this process: an exclusive transaction on a file of its own, which the operating system
 * ends with the process, however that ends. chat.db itself stays readable for other tools, as for a backup.
 */
function takeLock(directory: string): Libsql.Database {
  let lock: Libsql.Database | undefined;
  try {
    lock = new Libsql(join(directory, 'lock.db'));
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (codeOf(error) === 'SQLITE_BUSY') {
      throw new DataDirectoryError(
        `Another process is running on the data directory ${directory}. Stop it, or name another with --data DIR.`,
      );
    }
    throw unusable(join(directory, 'lock.db'), error);
  }
}

function open(directory: string): Libsql.Database {
  let libsql: Libsql.Database | undefined;
  try {
    libsql = new Libsql(join(directory, 'chat.db'));
    libsql.pragma('journal_mode = WAL');
    libsql.pragma('synchronous = FULL');
    migrate(libsql, directory);
    return libsql;
  } catch (error) {
    libsql?.close();
    if (error instanceof DataDirectoryError) throw error;
    throw unusable(join(directory, 'chat.db'), error);
  }
}

function migrate(libsql: Libsql.Database, directory: string): void {
  const version = numberOf(libsql.prepare('PRAGMA user_version').all([])[0], 'user_version');
  if (version > migrations.length) {
    throw new DataDirectoryError(
      `${join(directory, 'chat.db')} was written by a newer barewire (schema ${version}; this one knows ${migrations.length}). ` +
        'Run that version, or name another directory with --data DIR.',
    );
  }
  for (const [index, migration] of migrations.entries()) {
    if (index < version) continue;
    libsql.exec(`BEGIN IMMEDIATE; ${migration} PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}

/** What to tell of something in the data directory that stands in the way. */
export function unusable(path: string, error: unknown): DataDirectoryError {
  const why = error instanceof Error ? error.message : String(error);
  return new DataDirectoryError(
    `${path} cannot be used (${why}). Repair or remove it, or name another directory with --data DIR.`,
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
