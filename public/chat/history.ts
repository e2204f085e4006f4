/**
 * What the page remembers of the last time, for a start without a connection: who the person is, the list of rooms,
 * and the newest lines of the rooms that were opened. Written a moment after it has changed; what is read goes through
 * a schema, as it may be from another version of the page.
 */
import * as v from 'valibot';
import { itemSchema, member, room, roomMember } from '../../src/chat/events.ts';
import type { Conversations } from './conversations.ts';
import type { Members } from './people.ts';
import type { Environment } from './platform.ts';
import type { StoreCell } from './state.ts';
import type { Window } from './timeline.ts';

/** Milliseconds from a change until it is written down. */
export const historyDelay = 2_000;

/** How many lines of a room are remembered. */
export const keptLines = 50;

const storedRooms = v.object({
  me: member,
  owner: v.boolean(),
  hasPassword: v.boolean(),
  rooms: v.array(room),
});
const storedWindow = v.object({
  room: room.entries.id,
  epoch: v.string(),
  items: v.array(itemSchema),
  members: v.array(roomMember),
  hasOlder: v.boolean(),
});

export interface History {
  /** Shows what is remembered of this member, unless they are in by then. @returns whether there was something */
  load(member: string): Promise<boolean>;
  /** Something may have changed. */
  touch(): void;
  flush(): Promise<void>;
  forget(member: string): void;
  dispose(): void;
}

/** @param isIn whether the server has said by now how things stand */
export function createHistory(
  environment: Environment,
  cell: StoreCell,
  conversations: Conversations,
  isIn: () => boolean,
): History {
  const { database } = environment;
  /** What was written last, by room: an unchanged window is not written again. */
  const written = new Map<string, Window>();
  let writtenRooms: unknown;
  let cancel: (() => void) | undefined;

  async function flush() {
    cancel?.();
    cancel = undefined;
    const { me, owner, hasPassword, rooms } = cell.get();
    if (me === undefined || !isIn()) return;
    const writes: Promise<void>[] = [];
    if (rooms !== writtenRooms) {
      writtenRooms = rooms;
      writes.push(
        database.put('rooms', me.id, { me, owner, hasPassword, rooms: rooms.filter(({ joined }) => joined) }),
      );
    }
    for (const { room: id, window, members, state } of conversations.open()) {
      if (window === undefined || state !== 'current' || window.hasNewer || written.get(id) === window)
        continue;
      written.set(id, window);
      const lines = window.lines.slice(-keptLines);
      writes.push(
        database.put('history', `${me.id}/${id}`, {
          room: id,
          epoch: window.epoch,
          items: lines.map(({ item }) => item),
          members,
          hasOlder: window.hasOlder || lines.length < window.lines.length,
        }),
      );
    }
    await Promise.all(writes);
  }

  return {
    async load(id) {
      const [kept, found] = await Promise.all([database.all('rooms', id), database.all('history', `${id}/`)]);
      const result = v.safeParse(storedRooms, kept[0]);
      if (!result.success || result.output.me.id !== id || isIn()) return false;
      const { me, owner, hasPassword, rooms } = result.output;
      const windows = found.flatMap((value): (readonly [Window, Members])[] => {
        const parsed = v.safeParse(storedWindow, value);
        return parsed.success ? [[restore(parsed.output), parsed.output.members]] : [];
      });
      cell.batch(() => {
        cell.update({ me, owner, hasPassword, phase: 'chatting' });
        conversations.remember(rooms, windows);
      });
      return true;
    },
    touch() {
      cancel ??= environment.after(historyDelay, () => void flush());
    },
    flush,
    forget(id) {
      written.clear();
      writtenRooms = undefined;
      void database.removeAll('rooms', id);
      void database.removeAll('history', `${id}/`);
    },
    dispose() {
      cancel?.();
      cancel = undefined;
    },
  };
}

function restore({ room: id, epoch, items, hasOlder }: v.InferOutput<typeof storedWindow>): Window {
  const newest = items.at(-1)?.offset ?? 0;
  return {
    room: id,
    epoch,
    lines: items.map((item) => ({ item, asOf: newest })),
    hasOlder,
    hasNewer: false,
    applied: newest,
    newest,
    changes: [],
  };
}
