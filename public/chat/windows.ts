/**
 * The rooms that were opened of late, each with its window on the log and its members: asked of the server, kept
 * current by the events of all rooms, and forgotten when others take their place. conversations.ts shows one of them.
 */
import {
  entryItemCount,
  type Failure,
  maximumPageLength,
  type PushData,
  type RoomEvent,
  type RoomSummary,
  type RoomView,
} from '../../src/chat/events.ts';
import type { Link } from '../../src/chat-client/link.ts';
import { createDrawing, type Draw } from './drawing.ts';
import { type Members, membersAfter, membersAfterPresence, sortMembers } from './people.ts';
import { addNewer, addOlder, applyEvent, middleOf, openWindow, type Window } from './timeline.ts';

/** How many rooms are kept current beside each other. */
export const maximumRooms = 8;

export interface OpenRoom {
  readonly room: string;
  readonly window: Window | undefined;
  readonly members: Members;
  /** `kept`: from the device's memory. `old`: the connection was lost since, and nothing says what was missed. */
  readonly state: 'kept' | 'old' | 'current';
  /** Why it could not be opened. */
  readonly failure: Failure | undefined;
  readonly loading: 'older' | 'newer' | undefined;
  readonly draw: Draw;
}

export interface WindowsDependencies {
  /** Something of that room is other than before. */
  changed(room: string): void;
  /** The server has said how a room is. */
  summary(summary: RoomSummary): void;
  /** These have come into a window. */
  shown(events: readonly Pick<RoomEvent, 'author' | 'nonce'>[]): void;
  /** All of that room up to there is in its window. */
  caughtUp(room: string, offset: number): void;
  /** Whether old lines may go when a new one comes in. */
  following(room: string): boolean;
  /** A page was refused. */
  failed(): void;
  pageLength(): number | undefined;
}

export interface Windows {
  get(room: string): OpenRoom | undefined;
  /** The window of a room, if nothing of it was missed. */
  whole(room: string): Window | undefined;
  all(): Iterable<OpenRoom>;
  /** Makes a room the one that was used last, and makes place for it. */
  use(room: string): OpenRoom;
  /** Takes in what the device remembers, where nothing better is known. */
  keep(room: string, window: Window, members: Members): void;
  /** Asks for the room, at its end or around a place; `loaded` is called once it is here. */
  load(room: string, around: number | undefined, loaded?: () => void): void;
  /** Asks who is in the room. */
  refreshMembers(room: string): void;
  loadOlder(room: string): void;
  loadNewer(room: string): void;
  apply(event: RoomEvent): void;
  /** Something of that room was missed: it is loaded anew. */
  mend(room: string): void;
  presence(change: PushData<'presence:changed'>): void;
  setMembers(room: string, change: (members: Members) => Members): void;
  drop(room: string): void;
  /** There is a connection, on which this person is in. */
  connected(link: Link): void;
  /** What is here may have holes by now. */
  outdate(): void;
  lost(): void;
  clear(): void;
}

export function createWindows(dependencies: WindowsDependencies): Windows {
  const rooms = new Map<string, OpenRoom>();
  /** Rooms that are being asked for, with the events that came meanwhile. */
  const opening = new Map<string, { readonly events: RoomEvent[] }>();
  let link: Link | undefined;

  function set(room: string, change: Partial<OpenRoom>) {
    const before = rooms.get(room);
    if (before === undefined) return;
    rooms.set(room, { ...before, ...change });
    dependencies.changed(room);
  }

  function use(room: string): OpenRoom {
    const found = rooms.get(room) ?? {
      room,
      window: undefined,
      members: [],
      state: 'current',
      failure: undefined,
      loading: undefined,
      draw: createDrawing(),
    };
    // The order of a Map is that of insertion: the one that was used least of late is first.
    rooms.delete(room);
    rooms.set(room, found);
    for (const oldest of [...rooms.keys()].slice(0, Math.max(0, rooms.size - maximumRooms))) {
      rooms.delete(oldest);
      opening.delete(oldest);
    }
    return found;
  }

  function load(room: string, around: number | undefined, loaded?: () => void) {
    const current = link;
    if (current === undefined || !rooms.has(room)) return;
    const request = { events: [] };
    opening.set(room, request);
    if (rooms.get(room)?.failure !== undefined) set(room, { failure: undefined });
    const place = around === undefined ? {} : { around };
    current.request('room:open', { room, ...place, limit: entryItemCount }, (outcome) => {
      // A newer request for the same room, or another connection, has taken its place.
      if (opening.get(room) !== request || link !== current) return;
      opening.delete(room);
      if (outcome.status === 'refused') return set(room, { failure: outcome.failure, loading: undefined });
      if (outcome.status !== 'ok') return;
      opened(outcome.data, request.events);
      loaded?.();
    });
  }

  function opened(view: RoomView, events: readonly RoomEvent[]) {
    const { room, summary, members, items } = view;
    dependencies.summary(summary);
    dependencies.shown(items);
    dependencies.caughtUp(room, view.offset);
    const next = { window: openWindow(view), members: sortMembers(members) };
    set(room, { ...next, state: 'current', failure: undefined, loading: undefined });
    for (const event of events) apply(event);
  }

  function apply(event: RoomEvent) {
    opening.get(event.room)?.events.push(event);
    const open = rooms.get(event.room);
    if (open?.window === undefined || open.state !== 'current') return;
    const window = applyEvent(open.window, event, dependencies.following(event.room));
    if (window === undefined) return mend(event.room);
    if (window === open.window) return;
    set(event.room, { window, members: membersAfter(open.members, event) });
  }

  function mend(room: string) {
    const window = rooms.get(room)?.window;
    set(room, { state: 'old' });
    if (opening.has(room)) return;
    load(room, window?.hasNewer === true ? middleOf(window) : undefined);
  }

  function page(room: string, direction: 'older' | 'newer') {
    const current = link;
    const open = rooms.get(room);
    const window = open?.window;
    if (current === undefined || open?.state !== 'current' || window === undefined) return;
    if (open.loading !== undefined || opening.has(room)) return;
    const edge = (direction === 'older' ? window.lines[0] : window.lines.at(-1))?.item.offset;
    if (edge === undefined || !(direction === 'older' ? window.hasOlder : window.hasNewer)) return;
    set(room, { loading: direction });
    const limit = Math.max(1, Math.min(entryItemCount, dependencies.pageLength() ?? maximumPageLength));
    const place = direction === 'older' ? { before: edge } : { after: edge };
    current.request('message:page', { room, ...place, limit }, (outcome) => {
      const now = rooms.get(room);
      if (link !== current || now?.loading !== direction || now.window === undefined) return;
      if (outcome.status !== 'ok') {
        set(room, { loading: undefined });
        return dependencies.failed();
      }
      const add = direction === 'older' ? addOlder : addNewer;
      dependencies.shown(outcome.data.items);
      set(room, { window: add(now.window, outcome.data, edge), loading: undefined });
    });
  }

  function lost() {
    link = undefined;
    opening.clear();
    for (const [room, open] of rooms) rooms.set(room, { ...open, loading: undefined });
  }

  return {
    get: (room) => rooms.get(room),
    whole(room) {
      const open = rooms.get(room);
      return open?.state === 'current' ? open.window : undefined;
    },
    all: () => rooms.values(),
    use,
    keep(room, window, members) {
      const open = rooms.get(room);
      if (open?.window !== undefined) return;
      use(room);
      set(room, { window, members, state: 'kept' });
    },
    load,
    refreshMembers(room) {
      const current = link;
      current?.request('room:open', { room, limit: 1 }, (outcome) => {
        if (link !== current || outcome.status !== 'ok') return;
        dependencies.summary(outcome.data.summary);
        set(room, { members: sortMembers(outcome.data.members) });
      });
    },
    loadOlder: (room) => page(room, 'older'),
    loadNewer: (room) => page(room, 'newer'),
    apply,
    mend,
    presence(change) {
      for (const { room, members } of [...rooms.values()]) {
        const next = membersAfterPresence(members, change);
        if (next !== members) set(room, { members: next });
      }
    },
    setMembers(room, change) {
      const open = rooms.get(room);
      if (open !== undefined) set(room, { members: change(open.members) });
    },
    drop(room) {
      rooms.delete(room);
      opening.delete(room);
    },
    connected(next) {
      if (link !== next) lost();
      link = next;
    },
    outdate() {
      for (const [room, open] of rooms)
        rooms.set(room, { ...open, state: open.state === 'kept' ? 'kept' : 'old' });
    },
    lost,
    clear() {
      link = undefined;
      rooms.clear();
      opening.clear();
    },
  };
}
