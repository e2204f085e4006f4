/** The page's database in memory, for the page's tests: shared by the tabs of a browser, and slow as a disk is. */
import { memoryDatabase } from '../../public/chat/memory-database.ts';
import type { PageDatabase, Table } from '../../public/chat/platform.ts';
import type { FakeClock } from './fake-clock.ts';

export class FakeDatabase {
  readonly #kept = memoryDatabase();
  readonly #clock: FakeClock;
  /** Milliseconds that a read or a write takes. */
  latency = 2;
  /** How often each table was written to. */
  readonly writes = new Map<Table, number>();

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** One tab's door to it: what the tab has not finished when it crashes never happens. */
  open(isAlive: () => boolean): PageDatabase {
    const write = async (table: Table, run: () => Promise<void>) => {
      await this.#clock.wait(this.latency);
      if (!isAlive()) return new Promise<never>(() => {});
      this.writes.set(table, (this.writes.get(table) ?? 0) + 1);
      await run();
    };
    return {
      all: async (table, prefix) => {
        await this.#clock.wait(this.latency);
        return this.#kept.all(table, prefix);
      },
      put: (table, key, value) => write(table, () => this.#kept.put(table, key, value)),
      remove: (table, key) => write(table, () => this.#kept.remove(table, key)),
      removeAll: (table, prefix) => write(table, () => this.#kept.removeAll(table, prefix)),
      close() {},
    };
  }

  all(table: Table): Promise<readonly unknown[]> {
    return this.#kept.all(table, '');
  }
}
