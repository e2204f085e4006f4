/**
 * A window on one room's log, pure: the lines of the conversation between two places, each as it is after all edits,
 * deletions and reactions so far. It grows by live events at its end and by pages at either side, and sheds lines at
 * the far one. Every event names the one before it in its room, so one that was missed is noticed: the window is then
 * loaded anew, rather than shown wrong. conversations.ts holds one for each room that was opened of late.
 */
import { type Item, isItem, type Page, type RoomEvent } from '../../src/chat/events.ts';
import { type Change, changeMessage } from './changes.ts';

/** A message or a notice, and up to which offset its changes are in it. */
export interface Line {
  readonly item: Item;
  readonly asOf: number;
}

export interface Window {
  readonly room: string;
  readonly epoch: string;
  /** Oldest first. */
  readonly lines: readonly Line[];
  readonly hasOlder: boolean;
  /** It does not reach the newest line: what comes in live is not added. */
  readonly hasNewer: boolean;
  /** Up to there every event of the room has been taken in. */
  readonly applied: number;
  /** The newest line that is known of, shown or not. */
  readonly newest: number;
  /** The last changes, for pages that were made before them and arrive after them. */
  readonly changes: readonly Change[];
}

/**
 * The most lines of a window; so many more while new ones are still to be seen, as they may come in a burst; and so
 * many go at once at the old end, so that not every message costs it.
 */
export const maximumLines = 300;
export const unseenLines = 50;
const shedLines = 50;

/** How many changes are remembered. A page under way is overtaken by a few of them at the most. */
const keptChanges = 200;

/** The window that a page opens. */
export function openWindow(page: Page): Window {
  const lines = page.items.map((item) => ({ item, asOf: page.offset }));
  return {
    room: page.room,
    epoch: page.epoch,
    lines,
    hasOlder: page.hasOlder,
    hasNewer: page.hasNewer,
    applied: page.offset,
    newest: lines.at(-1)?.item.offset ?? 0,
    changes: [],
  };
}

/**
 * Takes in a live or recovered event of the room.
 * @param following whether the newest line was seen, or nobody looks: old lines may go to make room. Otherwise the
 *   window stops to grow, as its old lines may be what is being read.
 * @returns undefined when an event before this one was missed
 */
export function applyEvent(window: Window, event: RoomEvent, following: boolean): Window | undefined {
  if (event.offset <= window.applied) return window;
  if (event.previous > window.applied) return undefined;
  const next = { ...window, applied: event.offset };
  if (isItem(event)) return append(next, event, following);
  return {
    ...next,
    lines: changeLines(window.lines, event),
    changes: [...window.changes, event].slice(-keptChanges),
  };
}

function append(window: Window, item: Item, following: boolean): Window {
  const { lines, newest } = window;
  const next = { ...window, newest: Math.max(newest, item.offset) };
  // Already there: it came with a page that was newer than what had come in live.
  if (window.hasNewer || item.offset <= (lines.at(-1)?.item.offset ?? 0)) return next;
  if (lines.length >= maximumLines + unseenLines && !following) return { ...next, hasNewer: true };
  const grown = [...lines, { item, asOf: item.offset }];
  if (grown.length <= maximumLines || !following) return { ...next, lines: grown };
  return { ...next, lines: grown.slice(-(maximumLines - shedLines)), hasOlder: true };
}

/** Takes in a page that was asked for with `before`, the offset of the first line. One that fits no more changes nothing. */
export function addOlder(window: Window, page: Page, before: number): Window {
  if (page.epoch !== window.epoch || window.lines[0]?.item.offset !== before) return window;
  const older = pageLines(window, page).filter(({ item }) => item.offset < before);
  const lines = [...older, ...window.lines];
  const shed = lines.length > maximumLines;
  return {
    ...window,
    lines: lines.slice(0, maximumLines),
    hasOlder: page.hasOlder,
    hasNewer: window.hasNewer || shed,
  };
}

/** Takes in a page that was asked for with `after`, the offset of the last line. One that fits no more changes nothing. */
export function addNewer(window: Window, page: Page, after: number): Window {
  if (page.epoch !== window.epoch || window.lines.at(-1)?.item.offset !== after) return window;
  const newer = pageLines(window, page).filter(({ item }) => item.offset > after);
  const lines = [...window.lines, ...newer];
  const shed = lines.length > maximumLines;
  const last = lines.at(-1)?.item.offset ?? 0;
  return {
    ...window,
    lines: lines.slice(-maximumLines),
    hasOlder: window.hasOlder || shed,
    // What came in live after the page was made, while nothing was added, is still to be fetched.
    hasNewer: page.hasNewer || window.newest > Math.max(page.offset, last),
    newest: Math.max(window.newest, last),
  };
}

/** The window's middle: what to load around when it has to be loaded anew and its end is not what was looked at. */
export function middleOf(window: Window): number | undefined {
  return window.lines[Math.floor(window.lines.length / 2)]?.item.offset;
}

/** A page's lines, with the changes that overtook it. */
function pageLines(window: Window, page: Page): readonly Line[] {
  const lines: readonly Line[] = page.items.map((item) => ({ item, asOf: page.offset }));
  const overtaken = window.changes.filter(({ offset }) => offset > page.offset);
  return overtaken.reduce(changeLines, lines);
}

function changeLines(lines: readonly Line[], change: Change): readonly Line[] {
  const index = indexOf(lines, change.targetOffset);
  const line = lines[index];
  if (line === undefined || line.asOf >= change.offset || line.item.type !== 'message') return lines;
  if (line.item.id !== change.target) return lines;
  return lines.with(index, { item: changeMessage(line.item, change), asOf: change.offset });
}

/** Where the line of that offset is; -1 when it is not here. */
export function indexOf(lines: readonly Line[], offset: number): number {
  let low = 0;
  let high = lines.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = lines[middle]?.item.offset ?? 0;
    if (found === offset) return middle;
    if (found < offset) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
