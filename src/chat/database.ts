/**
 * The SQLite file under the data directory, and the only place that opens it: schema, lock, and group commit. What is
 * queued in one round of the event loop is written in one transaction and told only after the commit, which with WAL
 * and `synchronous = FULL` is on the disk: an answer that went out survives a crash and a power cut. Called by
 * sqlite-log.ts, rooms.ts, identity.ts, images.ts and others, each of which has its own tables (schema.ts).
 *
 * The driver's native part ends the process when it is given a value that it does not know, so statements get arrays
 * of strings and numbers, nothing else.
 */
import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';
import { migrations } from './schema.ts';

export type Value = string | number;

/** The data directory cannot be used. The message says which, why, and what to do. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

interface Job {
  readonly work: () => unknown;
  readonly succeed: (result: unknown) => void;
  readonly fail: (error: unknown) => void;
}

/** Tells that it is committed. Who cannot bear that must not take down the others, nor the process. */
function settle(job: Job): void {
  try {
    job.succeed(undefined);
  } catch (error) {
    job.fail(error);
  }
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
   * @param committed called after the commit, before any of the promises of this transaction resolve, in order; when
   *   it throws, the promise rejects with that, although all is stored
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

  /**
   * Writes what is queued, then does this in a transaction of its own. For the start, when nobody waits.
   * @throws what the work throws: then nothing of it is stored
   */
  writeNow<Result>(work: () => Result): Result {
    this.flush();
    const results: Result[] = [];
    this.#transaction([{ work: () => results.push(work()) }]);
    const [result] = results;
    return result as Result;
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
        settle(job);
      }
      return;
    }
    for (const job of jobs) settle(job);
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

  #transaction(jobs: readonly Pick<Job, 'work'>[]): void {
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

/** A text column of a row that may be NULL. @throws TypeError when it is neither */
export function optionalTextOf(row: unknown, column: string): string | undefined {
  return columnOf(row, column) === null ? undefined : textOf(row, column);
}

/** A number column of a row that may be NULL. @throws TypeError when it is neither */
export function optionalNumberOf(row: unknown, column: string): number | undefined {
  return columnOf(row, column) === null ? undefined : numberOf(row, column);
}

/** A number column of a row. @throws TypeError when it is none */
export function numberOf(row: unknown, column: string): number {
  const value = columnOf(row, column);
  if (typeof value !== 'number') throw new TypeError(`chat.db: ${column} is not a number.`);
  return value;
}

function columnOf(row: unknown, column: string): unknown {
  if (typeof row !== 'object' || row === null) return undefined;
  return Object.getOwnPropertyDescriptor(row, column)?.value;
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
