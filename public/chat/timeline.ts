/**
 * The conversation as one list, pure: merges the entrance, older pages, live messages and notices, in the order of
 * their offsets, each message once. `newest` is the cursor: up to there nothing is missing since the last gap, and from
 * there the server is asked to go on after a reconnect. A gap is a line of its own until it has been filled.
 */
import type { Entrance, Member, Message, Page } from '../../src/chat/events.ts';
import type { TimelineItem } from './model.ts';

export interface Timeline {
  /** Undefined before the first entrance. */
  readonly epoch: string | undefined;
  readonly items: readonly TimelineItem[];
  /** 0 when there is no message yet. */
  readonly newest: number;
  /** Whether the log has something older than the first message. */
  readonly hasMore: boolean;
  /** How many gaps and notices were made, for their keys. */
  readonly made: number;
}

export const emptyTimeline: Timeline = { epoch: undefined, items: [], newest: 0, hasMore: false, made: 0 };

/** The most lines that are held. Past it, a tenth goes at once, so that not every message costs a trim. */
export const maximumLines = 2000;

/** When reading far back, so many of the newest messages stay. */
const keptNewest = 100;

/** The most joined and left lines in a row; of more, the newest stay. */
export const maximumNotices = 20;

/** Takes in what came on entry, or on coming back. */
export function enter(timeline: Timeline, entrance: Entrance, me: string, now: number): Timeline {
  const { epoch, messages, hasMore } = entrance;
  const first = messages[0];
  const last = messages.at(-1);
  // A log that ends before our cursor has lost its end (restored from a backup): what we have of it is not to be trusted.
  const shorter = !entrance.recovered && (last?.offset ?? 0) < timeline.newest;
  const sameLog = timeline.epoch === epoch && !shorter;
  const known = sameLog && timeline.items.some(isMessage);
  const joinsOn = entrance.recovered || (first !== undefined && first.offset <= timeline.newest + 1);
  if (sameLog && joinsOn) {
    const merged = messages.reduce((result, message) => insert(result, message, me), timeline);
    return trim(known ? merged : { ...merged, hasMore });
  }
  const fresh = messages.map((message) => messageItem(message, me));
  if (!known || first === undefined || last === undefined) {
    return { ...timeline, epoch, items: fresh, newest: last?.offset ?? 0, hasMore };
  }
  // What lies above the cursor is beyond the gap as well: filling the gap brings it back.
  const kept = timeline.items.filter((item) => !isMessage(item) || item.message.offset <= timeline.newest);
  const made = timeline.made + 1;
  const items = [...kept, gapItem(made, now), ...fresh];
  return trim({ ...timeline, items, newest: last.offset, made });
}

/**
 * Takes in one message. One that is there already is replaced, because the server's word counts; one from before the
 * cursor that is not there belongs into a gap or an older page, and comes with that.
 */
export function insert(timeline: Timeline, message: Message, me: string): Timeline {
  const { items } = timeline;
  const index = placeOf(items, message.offset);
  const there = items[index];
  if (there !== undefined && isMessage(there) && there.message.offset === message.offset) {
    return { ...timeline, items: items.with(index, messageItem(message, me)) };
  }
  if (message.offset <= timeline.newest) return timeline;
  const placed = items.toSpliced(index, 0, messageItem(message, me));
  return trim({ ...timeline, items: placed, newest: advanceCursor(placed, timeline.newest) });
}

/** Takes in a page that was asked for with the offset of the first message. */
export function prepend(timeline: Timeline, page: Page, me: string): Timeline {
  if (page.epoch !== timeline.epoch) return timeline;
  const first = timeline.items.find(isMessage)?.message.offset ?? Number.POSITIVE_INFINITY;
  const older = page.messages.filter(({ offset }) => offset < first);
  const items = [...older.map((message) => messageItem(message, me)), ...timeline.items];
  const newest = timeline.newest === 0 ? (older.at(-1)?.offset ?? 0) : timeline.newest;
  return shedMiddle({ ...timeline, items, newest, hasMore: page.hasMore });
}

/** The offset before which a gap wants a page; undefined when there is no such gap any more. */
export function edgeOfGap(timeline: Timeline, key: string): number | undefined {
  const index = timeline.items.findIndex((item) => item.key === key && item.kind === 'gap');
  return index < 0 ? undefined : timeline.items.slice(index).find(isMessage)?.message.offset;
}

/** Takes in a page that was asked for with `edgeOfGap`; the gap goes once nothing is missing there. */
export function fill(timeline: Timeline, key: string, page: Page, me: string): Timeline {
  const edge = edgeOfGap(timeline, key);
  if (edge === undefined || page.epoch !== timeline.epoch) return timeline;
  const index = timeline.items.findIndex((item) => item.key === key);
  const above = timeline.items.slice(0, index);
  const below = timeline.items.slice(index + 1);
  const upper = above.findLast(isMessage)?.message.offset ?? 0;
  const found = page.messages.filter(({ offset }) => offset > upper && offset < edge);
  const closed = !page.hasMore || (page.messages[0]?.offset ?? edge) <= upper + 1;
  const gap = timeline.items.slice(index, index + 1);
  const fresh = found.map((message) => messageItem(message, me));
  return trim({ ...timeline, items: [...above, ...(closed ? [] : gap), ...fresh, ...below] });
}

/** What is missing right after the cursor, though something newer is here: a page to ask for. */
export function findHole(
  timeline: Timeline,
): { readonly before: number; readonly limit: number } | undefined {
  const last = timeline.items.findLast(isMessage);
  if (last === undefined || last.message.offset <= timeline.newest) return undefined;
  const beyond = timeline.items.find((item) => isMessage(item) && item.message.offset > timeline.newest);
  if (beyond === undefined || !isMessage(beyond)) return undefined;
  const before = beyond.message.offset;
  return { before, limit: before - timeline.newest - 1 };
}

/** Takes in what was found of a hole; what is missing even so becomes a gap, and the cursor goes past it. */
export function closeHole(timeline: Timeline, page: Page, me: string, now: number): Timeline {
  if (page.epoch !== timeline.epoch) return timeline;
  const merged = page.messages.reduce((result, message) => insert(result, message, me), timeline);
  const hole = findHole(merged);
  if (hole === undefined) return merged;
  const at = merged.items.findIndex((item) => isMessage(item) && item.message.offset > merged.newest);
  const made = merged.made + 1;
  const from = merged.items[at];
  const newest = from !== undefined && isMessage(from) ? from.message.offset : merged.newest;
  const items = merged.items.toSpliced(at, 0, gapItem(made, now));
  return { ...merged, items, made, newest: advanceCursor(items, newest) };
}

/** Takes in that somebody came or went. Within one run of such lines only the newest of each member stays. */
export function notice(timeline: Timeline, kind: 'joined' | 'left', member: Member, time: number): Timeline {
  const made = timeline.made + 1;
  const start = timeline.items.findLastIndex((item) => item.kind !== 'joined' && item.kind !== 'left') + 1;
  const run = timeline.items
    .slice(start)
    .filter((item) => (item.kind === 'joined' || item.kind === 'left') && item.member.id !== member.id);
  const line = { kind, key: `notice-${made}`, member, time } as const;
  const items = [...timeline.items.slice(0, start), ...[...run, line].slice(-maximumNotices)];
  return trim({ ...timeline, items, made });
}

type MessageItem = Extract<TimelineItem, { kind: 'message' }>;

function isMessage(item: TimelineItem): item is MessageItem {
  return item.kind === 'message';
}

function messageItem(message: Message, me: string): MessageItem {
  return { kind: 'message', key: message.id, message, own: message.author.id === me };
}

function gapItem(made: number, time: number): TimelineItem {
  return { kind: 'gap', key: `gap-${made}`, time };
}

/** Where a message with that offset is or belongs: at the first message that is not older, else at the end. */
function placeOf(items: readonly TimelineItem[], offset: number): number {
  let place = items.length;
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item === undefined || !isMessage(item)) continue;
    if (item.message.offset < offset) break;
    place = index;
  }
  return place;
}

function advanceCursor(items: readonly TimelineItem[], newest: number): number {
  let cursor = newest;
  for (let index = placeOf(items, newest + 1); index < items.length; index += 1) {
    const item = items[index];
    if (item === undefined || !isMessage(item)) continue;
    if (item.message.offset !== cursor + 1) break;
    cursor = item.message.offset;
  }
  return cursor;
}

/** Lets the oldest lines go; they can be loaded again. */
function trim(timeline: Timeline): Timeline {
  if (timeline.items.length <= maximumLines) return timeline;
  const items = timeline.items.slice(timeline.items.length - Math.floor(maximumLines * 0.9));
  // A gap or a notice at the top would speak of lines that are no longer above it.
  const start = items.findIndex(isMessage);
  return { ...timeline, items: items.slice(Math.max(0, start)), hasMore: true };
}

/** For one who reads far back: lets go of the middle, so that what is being read and the newest both stay. */
function shedMiddle(timeline: Timeline): Timeline {
  const { items } = timeline;
  if (items.length <= maximumLines) return timeline;
  const made = timeline.made + 1;
  const upper = items.slice(0, Math.floor(maximumLines * 0.9) - keptNewest);
  const lower = items.slice(items.length - keptNewest);
  const gap = gapItem(made, timeOf(upper.at(-1)));
  return {
    ...timeline,
    items: [...upper, gap, ...lower.slice(Math.max(0, lower.findIndex(isMessage)))],
    made,
  };
}

function timeOf(item: TimelineItem | undefined): number {
  if (item === undefined) return 0;
  return isMessage(item) ? item.message.time : item.time;
}
