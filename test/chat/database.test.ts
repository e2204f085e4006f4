import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Database, DataDirectoryError, numberOf } from '../../src/chat/database.ts';
import { SqliteLog } from '../../src/chat/sqlite-log.ts';
import { temporaryDirectory } from '../support/chat.ts';

function openDatabase(directory = temporaryDirectory()): Database {
  const database = new Database(directory);
  onTestFinished(() => database.close());
  return database;
}

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

const insert = (database: Database, key: string) => () => {
  database.run('INSERT INTO meta (key, value) VALUES (?, ?)', [key, 'x']);
  return key;
};

const has = (database: Database, key: string) =>
  database.get('SELECT value FROM meta WHERE key = ?', [key]) !== undefined;

describe('the data directory', () => {
  it('is made when it is not there', () => {
    const directory = join(temporaryDirectory(), 'a', 'b');
    openDatabase(directory);
    const error = errorOf(() => new Database(directory));
    expect(error).toBeInstanceOf(DataDirectoryError);
  });

  it('serves one process at a time, and the next one after that', () => {
    const directory = temporaryDirectory();
    const first = new Database(directory);
    expect(String(errorOf(() => new Database(directory)))).toContain(
      `Another process is running on the data directory ${directory}.`,
    );
    first.close();
    openDatabase(directory);
  });

  it('is named, with what to do, when it cannot be', () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const error = errorOf(() => new Database(join(file, 'data')));
    expect(error).toBeInstanceOf(DataDirectoryError);
    expect(String(error)).toMatch(
      /data directory .*file\/data cannot be written to \(ENOTDIR\)\. .*--data DIR/,
    );
  });

  it('is named when its file is no database of ours', () => {
    const directory = temporaryDirectory();
    writeFileSync(
      join(directory, 'chat.db'),
      'not a database, but long enough to be looked at as one. '.repeat(100),
    );
    const error = errorOf(() => new Database(directory));
    expect(error).toBeInstanceOf(DataDirectoryError);
    expect(String(error)).toContain(join(directory, 'chat.db'));
    const other = temporaryDirectory();
    mkdirSync(join(other, 'chat.db'));
    expect(errorOf(() => new Database(other))).toBeInstanceOf(DataDirectoryError);
  });

  it('is brought up from the first schema, with all that is in it', async () => {
    const directory = temporaryDirectory();
    new Database(directory).close();
    const libsql = new Libsql(join(directory, 'chat.db'));
    libsql.exec(`
      DROP INDEX message_image;
      ALTER TABLE image DROP COLUMN unsent_since;
      ALTER TABLE identity DROP COLUMN is_confirmed;
      INSERT INTO identity VALUES ('hash', 'member', 'Ada', 'ada', 1, 0);
      INSERT INTO image VALUES ('cat', 'image/png', 1, 2, 3, 4, 5);
      INSERT INTO message VALUES ('general', 1, 'id', 'member', 'Ada', 1, 'nonce', '{"type":"text","text":"hi"}');
      PRAGMA user_version = 1;
    `);
    libsql.close();
    const before = Date.now();
    const database = new Database(directory);
    onTestFinished(() => database.close());
    expect(database.all('SELECT name, is_confirmed FROM identity')).toEqual([
      { name: 'Ada', is_confirmed: 1 },
    ]);
    const since = numberOf(database.get('SELECT unsent_since FROM image'), 'unsent_since');
    // Whole seconds.
    expect(since).toBeGreaterThan(before - 1000);
    expect(since).toBeLessThanOrEqual(Date.now());
    expect(await new SqliteLog(database).newestOffset('general')).toBe(1);
  });

  it('is left alone when a newer version wrote it', () => {
    const directory = temporaryDirectory();
    new Database(directory).close();
    const libsql = new Libsql(join(directory, 'chat.db'));
    libsql.exec('PRAGMA user_version = 99');
    libsql.close();
    expect(String(errorOf(() => new Database(directory)))).toContain(
      'written by a newer barewire (schema 99',
    );
  });

  it('is durable: WAL, and every commit waits for the disk', () => {
    const database = openDatabase();
    expect(database.get('PRAGMA journal_mode')).toMatchObject({ journal_mode: 'wal' });
    expect(database.get('PRAGMA synchronous')).toMatchObject({ synchronous: 2 });
  });
});

describe('group commit', () => {
  it('writes what one tick queued in one transaction', async () => {
    const database = openDatabase();
    const seen: string[] = [];
    const first = database.write(
      () => seen.push('first works'),
      () => seen.push('first is committed'),
    );
    const second = database.write(
      () => seen.push('second works'),
      () => seen.push('second is committed'),
    );
    expect(seen).toEqual([]);
    await Promise.all([first, second]);
    expect(seen).toEqual(['first works', 'second works', 'first is committed', 'second is committed']);
  });

  it('is not spoilt by one that throws: that one fails, the others are done', async () => {
    const database = openDatabase();
    const results = await Promise.allSettled([
      database.write(insert(database, 'before')),
      database.write(() => {
        insert(database, 'half')();
        throw new Error('no');
      }),
      database.write(insert(database, 'after')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(['before', 'half', 'after'].map((key) => has(database, key))).toEqual([true, false, true]);
  });

  it('leaves nothing of a single one that throws, and goes on', async () => {
    const database = openDatabase();
    await expect(
      database.write(() => {
        insert(database, 'half')();
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(has(database, 'half')).toBe(false);
    await database.write(insert(database, 'next'));
    expect(has(database, 'next')).toBe(true);
  });

  it('refuses work after it is closed', async () => {
    const database = openDatabase();
    database.close();
    await expect(database.write(() => 1)).rejects.toThrow('The database is closed.');
  });
});
