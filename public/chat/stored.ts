/**
 * Reading and writing small JSON values in the browser's storage. What comes out went through a schema: a value
 * that is broken, from another version, or unreadable counts as not there and is removed. Nothing here throws, since
 * storage may be full, or forbidden by the browser's settings.
 */
import * as v from 'valibot';

/** What is used of the DOM's `Storage`. */
export interface KeyValueStore {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** The value under a key; undefined when there is none that the schema lets through. */
export function readStored<Schema extends v.GenericSchema>(
  storage: KeyValueStore,
  key: string,
  schema: Schema,
): v.InferOutput<Schema> | undefined {
  try {
    const text = storage.getItem(key);
    if (text === null) return undefined;
    const result = v.safeParse(schema, parseJson(text));
    if (result.success) return result.output;
    storage.removeItem(key);
  } catch {
    // Storage is forbidden: the page works on without memory.
  }
  return undefined;
}

/** Stores a value, or removes the key when the value is undefined. @returns whether it was kept */
export function writeStored(storage: KeyValueStore, key: string, value: unknown): boolean {
  try {
    if (value === undefined) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** All keys that begin with `prefix`. */
export function storedKeys(storage: KeyValueStore, prefix: string): string[] {
  const keys: string[] = [];
  try {
    for (let index = 0; index < storage.length; index += 1) {
      const key = storage.key(index);
      if (key?.startsWith(prefix)) keys.push(key);
    }
  } catch {
    return [];
  }
  return keys;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
