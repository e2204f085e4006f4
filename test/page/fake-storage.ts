/** A browser's storage in memory, for the page's tests: `localStorage` when shared, `sessionStorage` when not. */
import type { KeyValueStore } from '../../public/chat/stored.ts';

export class FakeStorage implements KeyValueStore {
  readonly values = new Map<string, string>();
  /** When set, every access throws, as it does where storage is forbidden. */
  forbidden = false;

  get length(): number {
    this.#check();
    return this.values.size;
  }

  key(index: number): string | null {
    this.#check();
    return [...this.values.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    this.#check();
    return this.values.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.#check();
    this.values.set(key, value);
  }

  removeItem(key: string): void {
    this.#check();
    this.values.delete(key);
  }

  #check() {
    if (this.forbidden) throw new Error('SecurityError: storage is forbidden');
  }
}
