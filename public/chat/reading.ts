/**
 * Up to where this person has read in each room. The list of rooms says so at once; the server is told once a second at
 * the most, only forward, and only while somebody may be looking at the page.
 */
import * as v from 'valibot';
import { count, offset, type ReplyData, type RoomEvent, roomId } from '../../src/chat/events.ts';
import type { Link } from '../../src/chat-client/link.ts';
import { isMentioned } from './drawing.ts';
import type { Environment } from './platform.ts';
import { afterRead, findRoom, isUnread } from './rooms.ts';
import type { StoreCell } from './state.ts';
import type { Window } from './timeline.ts';

/** Milliseconds between two tellings of one room. */
export const readInterval = 1_000;

/** Where the tabs of a browser tell each other: over a connection that they share, the server does not. */
export const readingChannel = 'barewire-reading';

const newsSchema = v.object({ member: v.string(), room: roomId, offset, unread: count, mentions: count });

export interface Reading {
  /** The person has seen up to there. @param window what is loaded of the room, to count what is left */
  mark(room: string, offset: number, window: Window | undefined): void;
  /** A message was changed that may be among the unread ones: they are counted again, here or by the server. */
  recount(room: string, window: Window | undefined): void;
  connected(link: Link): void;
  lost(): void;
  clear(): void;
  dispose(): void;
}

export function createReading(environment: Environment, cell: StoreCell): Reading {
  /** What is still to be told, by room. */
  const untold = new Map<string, number>();
  let link: Link | undefined;
  let cancel: (() => void) | undefined;
  const channel = environment.openChannel?.(readingChannel, (message) => {
    const { rooms, me } = cell.get();
    const news = v.safeParse(newsSchema, message);
    if (!news.success || news.output.member !== me?.id) return;
    cell.update({ rooms: afterRead(rooms, news.output.room, news.output.offset, news.output) });
  });

  function take(room: string, upTo: number, counts: ReplyData<'room:read'>) {
    const { rooms, me } = cell.get();
    cell.update({ rooms: afterRead(rooms, room, upTo, counts) });
    const { unread, mentions } = counts;
    channel?.post({ member: me?.id, room, offset: upTo, unread, mentions });
  }

  function tell() {
    cancel = undefined;
    const current = link;
    if (current === undefined || untold.size === 0) return;
    for (const [room, offset] of untold) {
      current.request('room:read', { room, offset }, (outcome) => {
        // A later mark has a later answer.
        if (outcome.status === 'ok' && findRoom(cell.get().rooms, room)?.read === offset) {
          take(room, offset, outcome.data);
        }
        // What was lost on the way is told over the next connection, unless more was read by then.
        if (outcome.status === 'lost') untold.set(room, Math.max(offset, untold.get(room) ?? 0));
      });
    }
    untold.clear();
    cancel = environment.after(readInterval, tell);
  }

  function clear() {
    untold.clear();
    cancel?.();
    cancel = undefined;
  }

  return {
    mark(room, offset, window) {
      const { rooms, me } = cell.get();
      const summary = findRoom(rooms, room);
      if (summary === undefined || me === undefined || !summary.joined || !environment.visible()) return;
      if (offset <= summary.read) return;
      const counts = countUnread(window, offset, me.id) ?? summary;
      take(room, offset, counts);
      untold.set(room, offset);
      if (cancel === undefined) tell();
    },
    recount(room, window) {
      const { rooms, me } = cell.get();
      const summary = findRoom(rooms, room);
      if (summary === undefined || me === undefined || !summary.joined) return;
      const counts = countUnread(window, summary.read, me.id);
      if (counts !== undefined) return cell.update({ rooms: afterRead(rooms, room, summary.read, counts) });
      // Saying again what was said is how to ask.
      untold.set(room, Math.max(summary.read, untold.get(room) ?? 0));
      if (cancel === undefined) tell();
    },
    connected(next) {
      link = next;
      if (cancel === undefined) tell();
    },
    lost() {
      link = undefined;
      cancel?.();
      cancel = undefined;
    },
    clear,
    dispose() {
      clear();
      channel?.close();
    },
  };
}

/** How many messages are unread behind an offset; undefined when not all that came after it is loaded. */
function countUnread(
  window: Window | undefined,
  offset: number,
  me: string,
): ReplyData<'room:read'> | undefined {
  const first = window?.lines[0]?.item.offset;
  if (window === undefined || window.hasNewer) return undefined;
  if (window.hasOlder && (first === undefined || first > offset)) return undefined;
  const unread = window.lines.flatMap(({ item }) => (counts(item, offset, me) ? [item] : []));
  const mentions = unread.filter((item) => item.type === 'message' && isMentioned(item.mentions, me));
  return { unread: Math.min(1000, unread.length), mentions: Math.min(1000, mentions.length) };
}

function counts(item: RoomEvent, offset: number, me: string): boolean {
  return item.type === 'message' && item.deleted === undefined && isUnread(item, offset, me);
}
