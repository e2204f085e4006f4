/**
 * The list of rooms, pure: kept up to date by what the server says of a room and by the events of all rooms, so that
 * unread counts are right without asking. A summary names the newest event that it knows; an event up to there is in
 * its counts already. conversations.ts keeps the list in the state.
 */
import {
  defaultRoom,
  type Message,
  type ReplyData,
  type RoomEvent,
  type RoomSummary,
} from '../../src/chat/events.ts';
import { isMentioned } from './drawing.ts';

export type Rooms = readonly RoomSummary[];

/** Where the server stops counting. */
const maximumCount = 1000;

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** General first, then rooms by name, then direct ones by their newest message. */
export function sortRooms(rooms: Rooms): Rooms {
  return rooms.toSorted(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.kind === 'direct' ? b.lastTime - a.lastTime : 0) ||
      collator.compare(a.name, b.name) ||
      (a.id < b.id ? -1 : 1),
  );
}

function rank({ id, kind }: RoomSummary): number {
  if (id === defaultRoom) return 0;
  return kind === 'direct' ? 2 : 1;
}

export function findRoom(rooms: Rooms, id: string): RoomSummary | undefined {
  return rooms.find((room) => room.id === id);
}

/** The list after an event of one of its rooms. */
export function afterEvent(rooms: Rooms, event: RoomEvent, me: string): Rooms {
  const room = findRoom(rooms, event.room);
  if (room === undefined || event.offset <= room.newest) return rooms;
  const memberCount = Math.max(0, room.memberCount + (changeOfCount[event.type] ?? 0));
  const next = { ...room, newest: event.offset, memberCount };
  if (event.type !== 'message') return replace(rooms, next);
  const counts = isUnread(event, room.read, me);
  return replace(rooms, {
    ...next,
    lastTime: event.time,
    unread: Math.min(maximumCount, room.unread + (counts ? 1 : 0)),
    mentions: Math.min(maximumCount, room.mentions + (counts && isMentioned(event.mentions, me) ? 1 : 0)),
  });
}

const changeOfCount: Partial<Record<RoomEvent['type'], number>> = { joined: 1, left: -1, kicked: -1 };

export function isUnread(message: Message, read: number, me: string): boolean {
  return message.offset > read && message.author.id !== me;
}

/** The list after the server has said how a room is now. What this page knows better stays: later events, and what was read since. */
export function afterChanged(rooms: Rooms, summary: RoomSummary): Rooms {
  const known = findRoom(rooms, summary.id);
  if (known === undefined) return sortRooms([...rooms, summary]);
  const ahead = known.newest > summary.newest || known.read > summary.read;
  const { newest, lastTime, read, unread, mentions } = known;
  const kept = ahead && known.joined === summary.joined ? { newest, lastTime, read, unread, mentions } : {};
  return replace(rooms, { ...summary, ...kept });
}

export function withoutRoom(rooms: Rooms, id: string): Rooms {
  return findRoom(rooms, id) === undefined ? rooms : rooms.filter((room) => room.id !== id);
}

/** The list after this person has read up to there. It never goes back. */
export function afterRead(rooms: Rooms, id: string, offset: number, counts: ReplyData<'room:read'>): Rooms {
  const room = findRoom(rooms, id);
  if (room === undefined || offset < room.read) return rooms;
  const { unread, mentions } = counts;
  if (offset === room.read && unread === room.unread && mentions === room.mentions) return rooms;
  return replace(rooms, { ...room, read: offset, unread, mentions });
}

function replace(rooms: Rooms, next: RoomSummary): Rooms {
  const changed = rooms.map((room) => (room.id === next.id ? next : room));
  return sortRooms(changed);
}
