/**
 * The page's database in a browser: IndexedDB, through `idb`, with one object store per table and text for keys. Where
 * there is none (a private window of some browsers, forbidden storage) or it fails, a map in memory takes its place,
 * so that the page works on and only forgets more. environment.ts makes it.
 */
import { type IDBPDatabase, openDB } from 'idb';
import { memoryDatabase } from './memory-database.ts';
import { type PageDatabase, tables } from './platform.ts';

const databaseName = 'barewire';
const databaseVersion = 1;

/** Milliseconds after which a database that does not open is done without. */
const openPatience = 3_000;

/** Behind every text that begins with the prefix: U+FFFF is no character, and no key has it. */
const range = (prefix: string) => IDBKeyRange.bound(prefix, `${prefix}\uffff`);

/** Opens the database; what is asked of it meanwhile waits. */
export function browserDatabase(): PageDatabase {
  const memory = memoryDatabase();
  let opened: Promise<IDBPDatabase | undefined> = open();

  function open(): Promise<IDBPDatabase | undefined> {
    if (typeof indexedDB === 'undefined') return Promise.resolve(undefined);
    const opening = openDB(databaseName, databaseVersion, {
      upgrade(database) {
        for (const table of tables) {
          if (!database.objectStoreNames.contains(table)) database.createObjectStore(table);
        }
      },
      // Another tab has a newer version of the page: it goes first.
      blocking: (_current, _blocked, event) => {
        if (event.target instanceof IDBDatabase) event.target.close();
      },
      terminated() {
        opened = open();
      },
    }).catch(() => undefined);
    const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), openPatience));
    return Promise.race([opening, late]);
  }

  /** Does it in the browser's database, or else in memory. */
  async function attempt<Result>(
    run: (database: IDBPDatabase) => Promise<Result>,
    instead: () => Promise<Result>,
  ): Promise<Result> {
    try {
      const database = await opened;
      return database === undefined ? await instead() : await run(database);
    } catch {
      return instead();
    }
  }

  return {
    all: (table, prefix) =>
      attempt<readonly unknown[]>(
        async (database) => [
          ...(await database.getAll(table, range(prefix))),
          ...(await memory.all(table, prefix)),
        ],
        () => memory.all(table, prefix),
      ),
    put: (table, key, value) =>
      attempt(
        async (database) => {
          const change = database.transaction(table, 'readwrite', { durability: 'strict' });
          await change.store.put(value, key);
          await change.done;
        },
        () => memory.put(table, key, value),
      ),
    async remove(table, key) {
      await memory.remove(table, key);
      await attempt(
        (database) => database.delete(table, key),
        async () => {},
      );
    },
    async removeAll(table, prefix) {
      await memory.removeAll(table, prefix);
      await attempt(
        (database) => database.delete(table, range(prefix)),
        async () => {},
      );
    },
    close() {
      void opened.then((database) => database?.close());
    },
  };
}
