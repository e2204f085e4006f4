/** The page's database in memory, where the browser has none, and in tests: nothing outlives it. */
import { type PageDatabase, type Table, tables } from './platform.ts';

export function memoryDatabase(): PageDatabase {
  const kept = new Map<Table, Map<string, unknown>>(tables.map((table) => [table, new Map()]));
  const keys = (table: Table, prefix: string) =>
    [...(kept.get(table)?.keys() ?? [])].filter((key) => key.startsWith(prefix)).toSorted();
  return {
    all: async (table, prefix) => keys(table, prefix).map((key) => kept.get(table)?.get(key)),
    async put(table, key, value) {
      kept.get(table)?.set(key, value);
    },
    async remove(table, key) {
      kept.get(table)?.delete(key);
    },
    async removeAll(table, prefix) {
      for (const key of keys(table, prefix)) kept.get(table)?.delete(key);
    },
    close() {},
  };
}
