/** The log of the fake chat server, and what it says of messages and counts. Written plainly, to be compared with. */
import {
  type Content,
  type Cursor,
  type Item,
  isItem,
  type Member,
  type Message,
  type Page,
  type RoomEvent,
} from '../../src/chat/events.ts';

/** An event before it has a place. */
export type Said = RoomEvent extends infer Event
  ? Event extends RoomEvent
    ? Omit<Event, 'offset' | 'previous' | 'id' | 'time'>
    : never
  : never;

export class FakeLog {
  epoch = 'epoch-1';
  events: RoomEvent[] = [];

  get cursor(): Cursor {
    return { epoch: this.epoch, offset: this.events.at(-1)?.offset ?? 0 };
  }

  append(said: Said, time: number): RoomEvent {
    const offset = this.cursor.offset + 1;
    const previous = this.events.findLast(({ room }) => room === said.room)?.offset ?? 0;
    const event: RoomEvent = { ...said, offset, previous, id: `${this.epoch}:${offset}`, time };
    this.events.push(event);
    return event;
  }

  of(room: string): RoomEvent[] {
    return this.events.filter((event) => event.room === room);
  }

  find(id: string): RoomEvent | undefined {
    return this.events.find((event) => event.id === id);
  }

  /** All lines of a room as they are now. */
  items(room: string): Item[] {
    const events = this.of(room);
    const changes = new Map<string, Change[]>();
    for (const event of events) {
      if (isChange(event)) changes.set(event.target, [...(changes.get(event.target) ?? []), event]);
    }
    return events
      .filter(isItem)
      .map((item) => (item.type === 'message' ? project(item, changes.get(item.id) ?? []) : item));
  }

  page(
    room: string,
    range: { before?: number | undefined; after?: number | undefined; around?: number | undefined },
    limit: number,
  ): Page {
    const items = this.items(room);
    let from = Math.max(0, items.length - limit);
    if (range.before !== undefined) {
      const { before } = range;
      from = Math.max(0, items.filter(({ offset }) => offset < before).length - limit);
    } else if (range.after !== undefined) {
      const { after } = range;
      from = items.filter(({ offset }) => offset <= after).length;
    } else if (range.around !== undefined) {
      const { around } = range;
      from = Math.max(0, items.filter(({ offset }) => offset <= around).length - Math.ceil(limit / 2));
    }
    const before = range.before ?? Number.POSITIVE_INFINITY;
    const picked = items.slice(from, from + limit).filter(({ offset }) => offset < before);
    return {
      room,
      epoch: this.epoch,
      items: picked,
      hasOlder: from > 0,
      hasNewer: from + picked.length < items.length,
      offset: this.cursor.offset,
    };
  }

  counts(room: string, read: number, member: string): { unread: number; mentions: number } {
    const unread = this.items(room).filter(
      (item): item is Message =>
        item.type === 'message' &&
        item.offset > read &&
        item.author.id !== member &&
        item.content.type !== 'deleted',
    );
    const mentions = unread.filter(
      ({ mentions: named = [] }) => named.includes(member) || named.includes('everyone'),
    );
    return { unread: Math.min(1000, unread.length), mentions: Math.min(1000, mentions.length) };
  }
}

type Change = Extract<RoomEvent, { type: 'edit' | 'delete' | 'reaction' }>;

function isChange(event: RoomEvent): event is Change {
  return !isItem(event);
}

/** A message after all that was done to it. */
function project(message: Message, changes: readonly Change[]): Message {
  let content: Content = message.content;
  let mentions = message.mentions;
  let edited: Message['edited'];
  let deleted: Message['deleted'];
  const reactions = new Map<string, Member[]>();
  for (const event of changes) {
    if (deleted !== undefined) continue;
    if (event.type === 'edit') {
      content = { type: 'text', text: event.text };
      mentions = event.mentions;
      edited = { time: event.time, count: (edited?.count ?? 0) + 1 };
    } else if (event.type === 'delete') {
      deleted = { time: event.time, by: event.author };
    } else {
      const members = (reactions.get(event.emoji) ?? []).filter(({ id }) => id !== event.author.id);
      const had = members.length < (reactions.get(event.emoji)?.length ?? 0);
      if (event.on && had) continue;
      if (event.on) members.push(event.author);
      if (members.length === 0) reactions.delete(event.emoji);
      else reactions.set(event.emoji, members);
    }
  }
  const { room, offset, previous, id, author, time, nonce, type, replyTo } = message;
  const base = { room, offset, previous, id, author, time, nonce, type };
  if (deleted !== undefined) return { ...base, content: { type: 'deleted' }, deleted };
  return {
    ...base,
    content,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(mentions === undefined || mentions.length === 0 ? {} : { mentions }),
    ...(edited === undefined ? {} : { edited }),
    ...(reactions.size === 0
      ? {}
      : { reactions: [...reactions].map(([emoji, members]) => ({ emoji, members })) }),
  };
}
