/**
 * The log of everything said: the interface that sqlite-log.ts and memory-log.ts keep, and whatever serves several
 * machines later. Each room's messages are numbered 1, 2, 3 … without gaps; the numbers belong to an epoch, which
 * changes only when a log is begun anew. Called by chat.ts and the handlers.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Message } from './events.ts';

/** A message that has no place yet. `id` is new; author id and nonce together are unique in the log. */
export type Entry = Omit<Message, 'offset'>;

export type Appended =
  /** It was stored, and is durable. */
  | { readonly status: 'stored'; readonly message: Message }
  /** The author sent the same under that nonce before: this is what was stored then. */
  | { readonly status: 'repeated'; readonly message: Message }
  /** The author used that nonce for something else. */
  | { readonly status: 'conflict' };

export interface Log {
  readonly epoch: string;
  /** Stores a message unless it is there. Resolves when it is durable. @throws when the storage fails */
  append(entry: Entry): Promise<Appended>;
  /** The oldest messages after an offset, oldest first, at most `limit`. */
  readAfter(room: string, offset: number, limit: number): Promise<Message[]>;
  /** The newest messages before an offset (by default: of all), oldest first, at most `limit`. */
  readBefore(room: string, offset: number | undefined, limit: number): Promise<Message[]>;
  /** Offset of the newest message, 0 when there is none. */
  newestOffset(room: string): Promise<number>;
  /**
   * Calls back for each stored message, in the order of the offsets, when it can be read and before `append` resolves.
   * @returns what ends the subscription
   */
  onStored(listener: (message: Message) => void): () => void;
}

/** Whether a repeated send asks for what is stored: same room, same content. */
export function isSameSend(stored: Message, entry: Entry): boolean {
  return stored.room === entry.room && isDeepStrictEqual(stored.content, entry.content);
}
