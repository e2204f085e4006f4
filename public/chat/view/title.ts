/**
 * The document's title and icon: the room that is shown, and how much waits to be read in all rooms that are not muted.
 */
import { useEffect } from 'preact/hooks';
import type { RoomSummary } from '../../../src/chat/events.ts';
import { usePage } from './page.ts';

/** What the count stops at: more is not read in a tab's title. */
const mostCounted = 99;

/** How much waits: mentions and direct messages each, else all that is unread. Pure. */
export function waitingToBeRead(rooms: readonly RoomSummary[]): {
  readonly unread: number;
  readonly mentions: number;
} {
  let unread = 0;
  let mentions = 0;
  for (const room of rooms) {
    if (room.muted) continue;
    unread += room.unread;
    mentions += room.kind === 'direct' ? room.unread : room.mentions;
  }
  return { unread, mentions };
}

/** Keeps title and icon as they should be. @param name of the room, as it stands in a sentence */
export function useTitle(name: string, rooms: readonly RoomSummary[]): void {
  const { texts } = usePage();
  const { unread, mentions } = waitingToBeRead(rooms);
  const count = Math.min(mostCounted, mentions > 0 ? mentions : unread);
  useEffect(() => {
    document.title = texts.app.title(name, count);
  }, [texts, name, count]);
  useEffect(() => {
    setIcon(mentions > 0 ? 'mention' : unread > 0 ? 'unread' : 'plain');
  }, [mentions > 0, unread > 0]);
  useEffect(() => () => setIcon('plain'), []);
}

const icons = {
  plain: '/icons/favicon.svg',
  unread: '/icons/favicon-unread.svg',
  mention: '/icons/favicon-mention.svg',
} as const;

function setIcon(look: keyof typeof icons): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link !== null && link.getAttribute('href') !== icons[look]) link.setAttribute('href', icons[look]);
}
