/**
 * The log: every event of every room, in one order, each once, for ever. What it promises: an event that was
 * acknowledged is on the disk; offsets only grow, and belong to an epoch, which changes only when a log is begun anew;
 * each event names the one before it in its room, so that a reader sees a hole. What a deleted message said is gone
 * from it. sqlite-log.ts is the one that is used. Called by chat.ts, rooms.ts, the handlers and the API.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Content, Item, Message, RoomEvent } from './events.ts';

/** What is decided with the place in the log. */
type Placed = 'offset' | 'previous';
/** An event that has no place yet. `id` is new; author id and nonce together are unique in the log. */
export type Entry = RoomEvent extends infer Event
  ? Event extends RoomEvent
    ? Omit<Event, Placed | 'edited' | 'deleted' | 'reactions'>
    : never
  : never;

export type Appended =
  /** It was stored, and is durable. */
  | { readonly status: 'stored'; readonly event: RoomEvent }
  /** The author sent the same under that nonce before: this is what was stored then. */
  | { readonly status: 'repeated'; readonly event: RoomEvent }
  /** The author used that nonce for something else. */
  | { readonly status: 'conflict' };

export interface Items {
  readonly items: Item[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

export interface Log {
  readonly epoch: string;
  /** Offset of the newest event in any room, 0 when there is none. */
  readonly newest: number;
  /**
   * Stores an event unless it is there. Resolves when it is durable.
   * @param alongside further changes to the same database, in the same transaction, only when it is stored; may be
   *   called twice, as a transaction that failed for somebody else is done again
   * @throws Refusal `message-unknown` for a change of a message that was deleted in the meantime
   * @throws when the storage fails, or what `alongside` throws: then nothing is stored
   */
  append(entry: Entry, alongside?: (event: RoomEvent) => void): Promise<Appended>;
  /** What that author stored under that nonce, or undefined. */
  findSend(authorId: string, nonce: string): RoomEvent | undefined;
  /** The events of these rooms after an offset, as they were stored, oldest first, at most `limit`. */
  readAfter(rooms: readonly string[], offset: number, limit: number): RoomEvent[];
  /** Messages and notices of a room before an offset (by default: the newest), each message as it is now. */
  itemsBefore(room: string, offset: number | undefined, limit: number): Items;
  /** The same after an offset. */
  itemsAfter(room: string, offset: number, limit: number): Items;
  /** The message of that id as it is now, or undefined. */
  findMessage(id: string): Message | undefined;
  /** Earlier texts of a message, oldest first, the present one last; the newest hundred of them. */
  versionsOf(id: string): { readonly time: number; readonly text: string }[];
  /** Messages of these rooms that have all the words, newest first, before an offset if one is given. */
  search(query: string, rooms: readonly string[], before: number | undefined, limit: number): Message[];
  /** Offset of a room's newest event and time of its newest message; 0 when there is none. */
  newestOf(room: string): { readonly offset: number; readonly time: number };
  /** Messages in a room after an offset by others than that member, and those that mention them; neither above `limit`. */
  countAfter(
    room: string,
    offset: number,
    memberId: string,
    limit: number,
  ): { unread: number; mentions: number };
  /** Forgets a room's events before an offset, and all that belongs to them. Resolves with how many there were. */
  trim(room: string, before: number): Promise<number>;
  /**
   * Calls back for each stored event, in the order of the offsets, when it can be read and before `append` resolves.
   * @returns what ends the subscription
   */
  onStored(listener: (event: RoomEvent) => void): () => void;
}

/**
 * Whether a repeated send asks for what is stored. What was worked out for the first one is left out: place, id, time,
 * who was mentioned, what the quote said, where the image lay; all that may be other by now. What a deleted message
 * said cannot be compared any more.
 */
export function isSameSend(stored: RoomEvent, entry: Entry): boolean {
  return isDeepStrictEqual(essence(stored, isScrubbed(stored)), essence(entry, isScrubbed(stored)));
}

function isScrubbed(event: RoomEvent): boolean {
  return event.type === 'message'
    ? event.content.type === 'deleted'
    : event.type === 'edit' && event.text === '';
}

function essence(event: RoomEvent | Entry, isScrubbed: boolean): object {
  const { room, nonce, type } = event;
  const who = { room, nonce, type, author: event.author.id };
  switch (event.type) {
    case 'message':
      return isScrubbed ? who : { ...who, content: said(event.content), replyTo: event.replyTo?.id };
    case 'edit':
      return { ...who, target: event.target, ...(isScrubbed ? {} : { text: event.text }) };
    case 'delete':
      return { ...who, target: event.target };
    case 'reaction':
      return { ...who, target: event.target, emoji: event.emoji, on: event.on };
    case 'created':
    case 'renamed':
      return { ...who, name: event.name };
    case 'topic':
      return { ...who, topic: event.topic };
    case 'kicked':
      return { ...who, member: event.member.id, reason: event.reason, banned: event.banned };
    case 'role':
      return { ...who, member: event.member.id, role: event.role };
    case 'slow':
      return { ...who, seconds: event.seconds };
    case 'joined':
    case 'left':
      return who;
  }
}

function said(content: Content): object {
  return content.type === 'image' ? { image: content.image.id } : content;
}
