/** A log that is gone with the process, for tests and for trying things out. See log.ts for what it promises. */
import { randomBytes } from 'node:crypto';
import type { Message } from './events.ts';
import { type Appended, type Entry, isSameSend, type Log } from './log.ts';

export class MemoryLog implements Log {
  readonly epoch = randomBytes(9).toString('base64url');
  readonly #rooms = new Map<string, Message[]>();
  readonly #sends = new Map<string, Message>();
  readonly #listeners = new Set<(message: Message) => void>();

  async append(entry: Entry): Promise<Appended> {
    const send = JSON.stringify([entry.author.id, entry.nonce]);
    const stored = this.#sends.get(send);
    if (stored !== undefined) {
      return isSameSend(stored, entry) ? { status: 'repeated', message: stored } : { status: 'conflict' };
    }
    const messages = this.#messages(entry.room);
    const message = { ...entry, offset: messages.length + 1 };
    messages.push(message);
    this.#rooms.set(entry.room, messages);
    this.#sends.set(send, message);
    for (const listener of this.#listeners) listener(message);
    return { status: 'stored', message };
  }

  async readAfter(room: string, offset: number, limit: number): Promise<Message[]> {
    return this.#messages(room).slice(offset, offset + limit);
  }

  async readBefore(room: string, offset: number | undefined, limit: number): Promise<Message[]> {
    const messages = this.#messages(room);
    const end = offset === undefined ? messages.length : Math.min(messages.length, offset - 1);
    return messages.slice(Math.max(0, end - limit), end);
  }

  async newestOffset(room: string): Promise<number> {
    return this.#messages(room).length;
  }

  onStored(listener: (message: Message) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #messages(room: string): Message[] {
    return this.#rooms.get(room) ?? [];
  }
}
