import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Database, DataDirectoryError, numberOf } from '../../src/chat/database.ts';
import { Rooms } from '../../src/chat/rooms.ts';
import { migrations } from '../../src/chat/schema.ts';
import { SqliteLog } from '../../src/chat/sqlite-log.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

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

  it('is brought up from the schema of version 1, with all messages and images that are in it', async () => {
    const directory = temporaryDirectory();
    const libsql = new Libsql(join(directory, 'chat.db'));
    for (const migration of migrations.slice(0, 3)) libsql.exec(migration);
    const cat = { id: 'cat', type: 'image/png', length: 1, width: 2, height: 3, url: '/images/cat.png' };
    const image = { ...cat, thumbnail: { url: '/images/cat.thumbnail.webp', width: 4, height: 5 } };
    const contents = [
      { type: 'text', text: 'hi 今天你好' },
      { type: 'image', image },
      { type: 'text', text: 'nul \u0000 and "quotes"' },
    ];
    for (const [index, content] of contents.entries()) {
      const sql = 'INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
      const number = index + 1;
      const values = ['general', number, `id-${number}`, 'a', 'Ada', 1000 + number, `nonce-${number}`];
      libsql.prepare(sql).run([...values, JSON.stringify(content)]);
    }
    libsql.exec(`
      INSERT INTO meta VALUES ('epoch', 'as before');
      INSERT INTO identity VALUES ('hash', 'a', 'Ada', 'ada', 1, 0, 1);
      INSERT INTO image VALUES ('cat', 'image/png', 1, 2, 3, 4, 5, NULL);
      PRAGMA user_version = 3;
    `);
    libsql.close();
    const database = new Database(directory);
    onTestFinished(() => database.close());
    const log = new SqliteLog(database);
    expect(log.epoch).toBe('as before');
    expect(log.readAfter(['general'], 0, 9)).toEqual(
      contents.map((content, index) => ({
        room: 'general',
        offset: index + 1,
        previous: index,
        id: `id-${index + 1}`,
        type: 'message',
        author: { id: 'a', name: 'Ada' },
        time: 1001 + index,
        nonce: `nonce-${index + 1}`,
        content,
      })),
    );
    expect(log.search('你好', ['general'], undefined, 9).map(({ offset }) => offset)).toEqual([1]);
    expect(log.refersToImage('cat')).toBe(true);
    const rooms = new Rooms(database, log, () => false);
    expect(rooms.get('general')).toMatchObject({ kind: 'public', name: 'general' });
    // Whoever had a name signs in again: their tokens cannot be read any more.
    expect(database.all('SELECT * FROM identity')).toEqual([]);
    const appended = await log.append({
      room: 'general',
      id: 'next',
      type: 'joined',
      author: { id: 'b', name: 'Bob' },
      time: 2000,
      nonce: 'next',
    });
    expect(appended).toMatchObject({ status: 'stored', event: { offset: 4, previous: 3 } });
  });

  it('is brought up from the very first schema', () => {
    const directory = temporaryDirectory();
    const libsql = new Libsql(join(directory, 'chat.db'));
    libsql.exec(migrations[0]);
    libsql.exec(`
      INSERT INTO image VALUES ('cat', 'image/png', 1, 2, 3, 4, 5);
      INSERT INTO message VALUES ('general', 1, 'id', 'a', 'Ada', 1, 'nonce', '{"type":"text","text":"hi"}');
      PRAGMA user_version = 1;
    `);
    libsql.close();
    const before = Date.now();
    const database = new Database(directory);
    onTestFinished(() => database.close());
    const since = numberOf(database.get('SELECT unsent_since FROM image'), 'unsent_since');
    // Whole seconds.
    expect(since).toBeGreaterThan(before - 1000);
    expect(since).toBeLessThanOrEqual(Date.now());
    expect(new SqliteLog(database).newestOf('general').offset).toBe(1);
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

  it('goes on when somebody cannot bear what was committed: all is stored, and only they are told', async () => {
    const database = openDatabase();
    const insert = (key: string) => () => database.run('INSERT INTO meta (key, value) VALUES (?, 1)', [key]);
    const first = database.write(insert('first'), () => {
      throw new Error('cannot bear it');
    });
    const second = database.write(insert('second'));
    await expect(first).rejects.toThrow('cannot bear it');
    await second;
    const keys = "SELECT key FROM meta WHERE key IN ('first', 'second') ORDER BY key";
    expect(database.all(keys)).toEqual([{ key: 'first' }, { key: 'second' }]);
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

  it('does something at once when that is asked for, after what was queued before', async () => {
    const database = openDatabase();
    const done: string[] = [];
    const queued = database.write(() => done.push('queued'));
    expect(database.writeNow(() => done.push('now'))).toBe(2);
    await queued;
    expect(done).toEqual(['queued', 'now']);
    const spoilt = () =>
      database.writeNow(() => {
        database.run("INSERT INTO meta (key, value) VALUES ('half', 'done')");
        throw new Error('no');
      });
    expect(spoilt).toThrow('no');
    expect(database.get("SELECT value FROM meta WHERE key = 'half'")).toBeUndefined();
  });

  it('refuses work after it is closed', async () => {
    const database = openDatabase();
    database.close();
    await expect(database.write(() => 1)).rejects.toThrow('The database is closed.');
  });
});
