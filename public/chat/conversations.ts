/**
 * What is shown of the rooms: the list, and the room that is open with its window, its members and who types. Takes in
 * all that comes over the link about them, and asks for what is missing. A command of our own leaves the outbox in the
 * very change that brings its event into the timeline, so it is never seen twice nor not at all.
 */
import {
  type Cursor,
  defaultRoom,
  type Entrance,
  entryItemCount,
  type Receipt,
  type RoomEvent,
  type RoomSummary,
} from '../../src/chat/events.ts';
import type { Link, Push } from '../../src/chat-client/link.ts';
import { isMentioned } from './drawing.ts';
import type { Arrival, Conversation } from './model.ts';
import { advance, withoutStored } from './outbox.ts';
import { createTyping, type Members } from './people.ts';
import type { Environment } from './platform.ts';
import { createReading } from './reading.ts';
import { afterChanged, afterEvent, afterRead, findRoom, sortRooms, withoutRoom } from './rooms.ts';
import { emptyConversation, type StoreCell, type Toaster } from './state.ts';
import { indexOf, middleOf, type Window } from './timeline.ts';
import { createWindows, type OpenRoom } from './windows.ts';

/** How many nonces of events are remembered. */
const keptNonces = 500;

export interface Conversations {
  /** Where the server is to go on; undefined before the first entrance. */
  since(): Cursor | undefined;
  /** The person is in over this link. */
  entered(entrance: Entrance, link: Link): void;
  push(push: Push): void;
  /** The server says how a room is, in answer to a request. */
  summary(summary: RoomSummary): void;
  /** The link is gone: requests under way came to nothing. */
  lost(): void;
  /** Forgets everything, for somebody else to enter. */
  clear(): void;
  show(room: string, around?: number): void;
  jumpTo(offset: number): void;
  jumpToNewest(): void;
  loadOlder(): void;
  loadNewer(): void;
  markRead(offset: number): void;
  /** Whether the event of that receipt is still to come into a window. */
  awaits(place: Pick<Receipt, 'room' | 'offset'>): boolean;
  /** Whether an event of this person under that nonce was seen of late. */
  isStored(nonce: string): boolean;
  /** An event of that room did not come. */
  missed(room: string): void;
  /** Rooms and windows out of the device's memory, for as long as nothing better is known. */
  remember(rooms: readonly RoomSummary[], windows: readonly (readonly [Window, Members])[]): void;
  /** What is worth remembering of the rooms that were opened. */
  open(): Iterable<OpenRoom>;
  setMembers(room: string, change: (members: Members) => Members): void;
  dispose(): void;
}

export interface ConversationsDependencies {
  readonly environment: Environment;
  readonly cell: StoreCell;
  readonly toaster: Toaster;
  arrived(arrival: Arrival): void;
  /** The room that was shown is no more, and another is shown instead. */
  moved(room: string): void;
  /** The room is gone for this person. */
  gone(room: string): void;
}

export function createConversations(dependencies: ConversationsDependencies): Conversations {
  const { environment, cell, toaster } = dependencies;
  const reading = createReading(environment, cell);
  const typing = createTyping(environment.after, publishOf);
  const windows = createWindows({
    changed: publishOf,
    summary,
    shown: settle,
    caughtUp: (room, offset) =>
      cell.update({ outbox: advance(cell.get().outbox, { type: 'caught-up', room, offset }) }),
    following: (room) => room !== shown || (findRoom(cell.get().rooms, room)?.unread ?? 0) === 0,
    failed: () => toaster.show({ id: 'history-failed' }),
    pageLength: () => cell.get().limits?.pageLength,
  });
  /** Nonces of this person's events, as another tab's news of them may come later than the event. */
  const stored = new Set<string>();
  let cursor: Cursor | undefined;
  let link: Link | undefined;
  /** Milliseconds that the server's clock is ahead of this one's. */
  let ahead = 0;
  let shown: string = defaultRoom;
  let newFrom: number | undefined;
  let target: Conversation['target'];
  let jumps = 0;
  /** The place to show as soon as there is a connection. */
  let awaited: number | undefined;

  function publishOf(room: string) {
    if (room === shown) publish();
  }

  /** Puts the open room into the state, when it is other than before. */
  function publish() {
    const { conversation: before, me, outbox } = cell.get();
    const open = windows.get(shown);
    const window = open?.window;
    const next: Conversation = {
      ...emptyConversation(shown),
      status: statusOf(open),
      failure: open?.failure,
      timeline: window === undefined || me === undefined ? [] : (open?.draw(window.lines, deeds(), me) ?? []),
      hasOlder: window?.hasOlder ?? false,
      hasNewer: window?.hasNewer ?? false,
      loading: open?.loading,
      members: open?.members ?? [],
      typing: typing.in(shown),
      newFrom,
      target,
    };
    const keys = Object.keys(next) as (keyof Conversation)[];
    const same = (key: keyof Conversation) =>
      next[key] === before[key] || (isEmpty(next[key]) && isEmpty(before[key]));
    if (!keys.every(same)) cell.update({ conversation: next });

    function deeds() {
      return outbox.filter(({ room }) => room === shown);
    }
  }

  function summary(next: RoomSummary) {
    const { rooms } = cell.get();
    const before = findRoom(rooms, next.id);
    // A room that one is not in is listed while it is looked at.
    if (!next.joined && next.id !== shown) return cell.update({ rooms: withoutRoom(rooms, next.id) });
    cell.update({ rooms: afterChanged(rooms, next) });
    // Its events did not come until now.
    if (before?.joined === false && next.joined && next.id === shown) windows.load(next.id, undefined);
  }

  function settle(events: readonly Pick<RoomEvent, 'author' | 'nonce'>[]) {
    const { outbox, me } = cell.get();
    if (me === undefined) return;
    for (const { author, nonce } of events) if (author.id === me.id) stored.add(nonce);
    for (const oldest of [...stored].slice(0, Math.max(0, stored.size - keptNonces))) stored.delete(oldest);
    cell.update({ outbox: withoutStored(outbox, events, me.id) });
  }

  /** Takes in one event, live or recovered. */
  function take(event: RoomEvent) {
    const { rooms, me } = cell.get();
    if (me === undefined) return;
    if (cursor !== undefined && event.offset > cursor.offset) cursor = { ...cursor, offset: event.offset };
    settle([event]);
    if (event.room === shown && event.type === 'message') moveLine(event, me.id);
    typing.stopped(event.room, event.author.id);
    windows.apply(event);
    cell.update({ rooms: afterEvent(rooms, event, me.id) });
    const { read, newest } = findRoom(rooms, event.room) ?? { read: event.offset, newest: event.offset };
    const changes = event.type === 'edit' || event.type === 'delete';
    if (event.previous > newest) reading.recount(event.room, undefined);
    else if (changes && event.targetOffset > read) reading.recount(event.room, windows.whole(event.room));
  }

  /** Where new messages begin: where this person wrote, nowhere; where nobody looks, with the first of them. */
  function moveLine(event: RoomEvent, me: string) {
    const room = findRoom(cell.get().rooms, event.room);
    if (event.author.id === me) newFrom = undefined;
    else if (!environment.visible() && room?.unread === 0) newFrom = event.previous;
  }

  function show(room: string, around?: number) {
    const before = shown;
    shown = room;
    const listed = findRoom(cell.get().rooms, room);
    // Lines from the middle of what is new would be shown first, and what is before them taken for read.
    if (link !== undefined && around === undefined && beginsBehind(room, firstNew(listed)))
      windows.drop(room);
    const known = windows.get(room);
    windows.use(room);
    newFrom = firstNew(listed);
    target = undefined;
    awaited = link === undefined ? around : undefined;
    cell.batch(() => {
      const { rooms } = cell.get();
      const left = findRoom(rooms, before);
      if (before !== room && left?.joined === false) cell.update({ rooms: withoutRoom(rooms, before) });
      publish();
      const fits = known?.state === 'current' && known.window !== undefined && listed?.joined === true;
      if (around !== undefined && !(fits && isLoaded(room, around))) {
        return windows.load(room, around, () => aim(room, around));
      }
      if (around !== undefined) aim(room, around);
      else if (!fits || known.window?.hasNewer !== false) windows.load(room, farBack(listed));
    });
  }

  /** Whether the room's window begins behind that place, and there is more before it. */
  function beginsBehind(room: string, place: number | undefined): boolean {
    const window = windows.get(room)?.window;
    return place !== undefined && window?.hasOlder === true && (window.lines[0]?.item.offset ?? 0) > place;
  }

  function isLoaded(room: string, offset: number): boolean {
    const { lines = [] } = windows.get(room)?.window ?? {};
    return indexOf(lines, offset) >= 0;
  }

  /** Points at the line of that place, or at the one before it. */
  function aim(room: string, offset: number) {
    if (room !== shown) return;
    const lines = windows.get(room)?.window?.lines ?? [];
    const line = lines.findLast(({ item }) => item.offset <= offset) ?? lines[0];
    if (line === undefined) return;
    jumps += 1;
    target = { id: line.item.id, jump: jumps };
    publish();
  }

  function gone({ room, why, reason }: Extract<Push, { event: 'room:gone' }>['data']) {
    const { rooms } = cell.get();
    const known = findRoom(rooms, room);
    const name = known?.kind === 'direct' ? known.name : `#${known?.name ?? room}`;
    windows.drop(room);
    cell.update({ rooms: withoutRoom(rooms, room) });
    dependencies.gone(room);
    if (why !== 'left') toaster.show({ id: 'room-gone', name, why, reason });
    if (room !== shown) return;
    show(defaultRoom);
    dependencies.moved(defaultRoom);
  }

  function arrive(event: RoomEvent) {
    const { rooms, me } = cell.get();
    const room = findRoom(rooms, event.room);
    if (event.type !== 'message' || room === undefined || room.muted || event.author.id === me?.id) return;
    const mentioned = me !== undefined && isMentioned(event.mentions, me.id);
    dependencies.arrived({ room, message: event, mentioned });
  }

  // A command that was added, refused or taken back changes what the timeline shows.
  let drawn = cell.get().outbox;
  const endWatch = cell.subscribe(() => {
    const { outbox } = cell.get();
    if (outbox === drawn) return;
    drawn = outbox;
    publish();
  });

  return {
    since: () => cursor,
    entered(entrance, next) {
      const again = cursor !== undefined;
      const sameLog = cursor?.epoch === entrance.cursor.epoch;
      link = next;
      ahead = entrance.time - environment.now();
      cell.batch(() => {
        windows.connected(next);
        if (again && !sameLog) windows.clear();
        else if (!entrance.recovered) windows.outdate();
        windows.connected(next);
        cursor = entrance.cursor;
        const { rooms: before } = cell.get();
        for (const event of entrance.events) take(event);
        cell.update({ rooms: sortRooms(entrance.rooms.map((room) => keepRead(room, before))) });
        reading.connected(next);
        const open = windows.use(shown);
        const [room, place] = [shown, awaited];
        const listed = findRoom(cell.get().rooms, shown);
        awaited = undefined;
        // The room was shown before anything was known of it.
        if (!again) newFrom = firstNew(listed);
        if (place !== undefined) windows.load(room, place, () => aim(room, place));
        else if (open.state === 'current' && open.window !== undefined) windows.refreshMembers(shown);
        else if (again && open.window?.hasNewer === true) windows.load(shown, middleOf(open.window));
        else windows.load(shown, again ? undefined : farBack(listed));
        publish();
      });
    },
    push(push) {
      if (link === undefined || cell.get().me === undefined) return;
      cell.batch(() => {
        switch (push.event) {
          case 'room:event': {
            const { event } = push.data;
            const isNew = event.offset > (cursor?.offset ?? 0);
            take(event);
            if (isNew) arrive(event);
            return;
          }
          case 'room:changed':
            return summary(push.data.room);
          case 'room:gone':
            return gone(push.data);
          case 'room:read':
            return cell.update({
              rooms: afterRead(cell.get().rooms, push.data.room, push.data.offset, push.data),
            });
          case 'presence:changed':
            return windows.presence(push.data);
          case 'room:typing': {
            const { room, member, until } = push.data;
            if (member.id === cell.get().me?.id) return;
            return typing.heard(room, member, until - (environment.now() + ahead));
          }
          default:
            return;
        }
      });
    },
    summary,
    lost() {
      link = undefined;
      windows.lost();
      reading.lost();
      typing.clear();
      publish();
    },
    clear() {
      link = undefined;
      cursor = undefined;
      windows.clear();
      reading.clear();
      typing.clear();
      newFrom = undefined;
      target = undefined;
      cell.update({ rooms: [] });
      publish();
    },
    show,
    jumpTo(offset) {
      if (isLoaded(shown, offset)) return aim(shown, offset);
      const room = shown;
      windows.load(room, offset, () => aim(room, offset));
    },
    jumpToNewest() {
      target = undefined;
      if (windows.get(shown)?.window?.hasNewer) windows.load(shown, undefined);
      publish();
    },
    loadOlder: () => windows.loadOlder(shown),
    loadNewer: () => windows.loadNewer(shown),
    markRead: (offset) => reading.mark(shown, offset, windows.whole(shown)),
    awaits({ room, offset }) {
      const window = windows.get(room)?.window;
      return window !== undefined && offset > window.applied;
    },
    isStored: (nonce) => stored.has(nonce),
    missed: windows.mend,
    remember(rooms, kept) {
      cell.batch(() => {
        if (cell.get().rooms.length === 0) cell.update({ rooms: sortRooms(rooms) });
        for (const [window, members] of kept) windows.keep(window.room, window, members);
        windows.use(shown);
        publish();
      });
    },
    open: windows.all,
    setMembers: windows.setMembers,
    dispose() {
      endWatch();
      reading.dispose();
      typing.clear();
    },
  };
}

function statusOf(open: OpenRoom | undefined): Conversation['status'] {
  if (open?.window === undefined) return open?.failure === undefined ? 'loading' : 'failed';
  return open.state === 'kept' ? 'stale' : 'ready';
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** A room as the server has it, with what was read here and not told yet. */
function keepRead(room: RoomSummary, before: readonly RoomSummary[]): RoomSummary {
  const known = findRoom(before, room.id);
  if (known === undefined || known.read <= room.read) return room;
  return known.unread === 0 && known.newest >= room.newest
    ? { ...room, read: known.read, unread: 0, mentions: 0 }
    : { ...room, read: known.read };
}

/** Behind which offset a room's new messages begin; undefined when there are none. */
function firstNew(room: RoomSummary | undefined): number | undefined {
  return room?.joined === true && room.unread > 0 ? room.read : undefined;
}

/** The same, when the page at the room's end would not reach back to it. */
function farBack(room: RoomSummary | undefined): number | undefined {
  return (room?.unread ?? 0) >= entryItemCount ? firstNew(room) : undefined;
}
