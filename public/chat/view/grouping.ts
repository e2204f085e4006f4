/**
 * How a timeline becomes rows: days, runs of messages by one author, notices in a row, the line above what is new, and
 * what still waits to be sent. Pure.
 */
import type { Member, Message } from '../../../src/chat/events.ts';
import type { Outgoing, TimelineItem } from '../model.ts';

/** A pause after which the author is named again, in milliseconds. */
const longPause = 5 * 60_000;

type MessageItem = Extract<TimelineItem, { kind: 'message' }>;
export type Notice = Extract<TimelineItem, { kind: 'notice' }>['item'];

export type Entry = {
  readonly key: string;
  readonly time: number;
  /** The first of its minute, so its time is shown. */
  readonly showsTime: boolean;
} & ({ readonly item: MessageItem } | { readonly outgoing: Outgoing });

export interface Run {
  readonly kind: 'run';
  readonly key: string;
  readonly author: Member;
  readonly own: boolean;
  readonly time: number;
  readonly entries: readonly Entry[];
}

export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly time: number }
  | Run
  | { readonly kind: 'notices'; readonly key: string; readonly notices: readonly Notice[] }
  | { readonly kind: 'new'; readonly key: string; readonly count: number | undefined }
  /** An edit, deletion or reaction that was refused. */
  | { readonly kind: 'change'; readonly key: string; readonly outgoing: Outgoing };

/** An own message keeps the key that it had while it waited, so that it is not drawn anew when it is acknowledged. */
export function entryKey(item: MessageItem): string {
  return item.own && item.message.nonce !== '' ? `nonce-${item.message.nonce}` : item.key;
}

/** Where an item stands in the log. */
export function offsetOf(item: TimelineItem): number {
  return item.kind === 'message' ? item.message.offset : item.item.offset;
}

export interface GroupOptions {
  readonly timeline: readonly TimelineItem[];
  /** What the current room has in the outbox, oldest first. */
  readonly outbox: readonly Outgoing[];
  readonly me: Member | undefined;
  /** The line stands above the first message of others behind this offset. */
  readonly newFrom: number | undefined;
  /** Whether the timeline stops before the newest message: then what waits is not shown, it comes after that. */
  readonly hasNewer: boolean;
}

export function groupTimeline({ timeline, outbox, me, newFrom, hasNewer }: GroupOptions): Row[] {
  const rows: Row[] = [];
  let day = '';
  let run: (Run & { readonly entries: Entry[] }) | undefined;
  let notices: { kind: 'notices'; key: string; notices: Notice[] } | undefined;

  const startDay = (time: number): void => {
    const next = dayOf(time);
    if (next === day) return;
    day = next;
    run = undefined;
    notices = undefined;
    rows.push({ kind: 'day', key: `day-${next}`, time });
  };

  const addEntry = (author: Member, own: boolean, key: string, time: number, rest: EntryContent): void => {
    notices = undefined;
    const last = run?.entries.at(-1);
    const follows =
      run !== undefined &&
      last !== undefined &&
      // A bot may speak under many names.
      run.author.id === author.id &&
      run.author.name === author.name &&
      time - last.time < longPause;
    if (run === undefined || last === undefined || !follows) {
      run = { kind: 'run', key: `run-${key}`, author, own, time, entries: [] };
      rows.push(run);
      run.entries.push({ key, time, showsTime: true, ...rest });
    } else {
      run.entries.push({ key, time, showsTime: minuteOf(time) !== minuteOf(last.time), ...rest });
    }
  };

  const lineAbove = newLineOf(timeline, newFrom);
  const known = new Set<string>();
  for (const item of timeline) {
    const time = item.kind === 'message' ? item.message.time : item.item.time;
    startDay(time);
    if (item.key === lineAbove?.key) {
      run = undefined;
      notices = undefined;
      rows.push({ kind: 'new', key: 'new', count: hasNewer ? undefined : lineAbove.count });
    }
    if (item.kind === 'message') {
      const { message, own } = item;
      if (own) known.add(message.nonce);
      addEntry(message.author, own, entryKey(item), message.time, { item });
    } else {
      run = undefined;
      if (notices === undefined) {
        notices = { kind: 'notices', key: `notices-${item.key}`, notices: [] };
        rows.push(notices);
      }
      notices.notices.push(item.item);
    }
  }
  if (me === undefined || hasNewer) return rows;
  for (const outgoing of outbox) {
    // Acknowledged and in the timeline already.
    if (known.has(outgoing.nonce)) continue;
    if (outgoing.command.type === 'text' || outgoing.command.type === 'image') {
      startDay(outgoing.time);
      addEntry(me, true, `nonce-${outgoing.nonce}`, outgoing.time, { outgoing });
    } else if (outgoing.status === 'failed') {
      run = undefined;
      rows.push({ kind: 'change', key: `nonce-${outgoing.nonce}`, outgoing });
    }
  }
  return rows;
}

type EntryContent = { readonly item: MessageItem } | { readonly outgoing: Outgoing };

function newLineOf(
  timeline: readonly TimelineItem[],
  newFrom: number | undefined,
): { readonly key: string; readonly count: number } | undefined {
  if (newFrom === undefined) return undefined;
  const unread = timeline.filter((item) => isByOther(item) && offsetOf(item) > newFrom);
  const first = unread[0];
  return first === undefined ? undefined : { key: first.key, count: unread.length };
}

/** Whether it is a message of somebody else, and so may be new. */
export function isByOther(item: TimelineItem): boolean {
  return item.kind === 'message' && !item.own;
}

/** A sentence that notices in a row come to, before it has words. */
export type NoticeSentence =
  | { readonly type: 'joined' | 'left'; readonly key: string; readonly names: readonly string[] }
  | { readonly type: 'other'; readonly key: string; readonly notice: Notice };

/**
 * What notices in a row say, in their order. Those who came and left with nothing else between are told of in one
 * sentence each, as it ended: somebody who came and left again is named as gone, once.
 */
export function foldNotices(notices: readonly Notice[]): NoticeSentence[] {
  const sentences: NoticeSentence[] = [];
  const moves = new Map<string, { name: string; type: 'joined' | 'left' }>();
  const tell = (before: string): void => {
    for (const type of ['joined', 'left'] as const) {
      const names = [...moves.values()].filter((move) => move.type === type).map((move) => move.name);
      if (names.length > 0) sentences.push({ type, key: `${type}-${before}`, names });
    }
    moves.clear();
  };
  for (const notice of notices) {
    if (notice.type === 'joined' || notice.type === 'left') {
      moves.set(notice.author.id, { name: notice.author.name, type: notice.type });
    } else {
      tell(notice.id);
      sentences.push({ type: 'other', key: notice.id, notice });
    }
  }
  tell('end');
  return sentences;
}

/** The last own message that can still be edited: what the up arrow in an empty composer opens. */
export function lastEditable(timeline: readonly TimelineItem[]): Message | undefined {
  for (let index = timeline.length - 1; index >= 0; index -= 1) {
    const item = timeline[index];
    if (item?.kind === 'message' && item.own && item.message.content.type === 'text') return item.message;
  }
  return undefined;
}

function dayOf(time: number): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

function minuteOf(time: number): number {
  return Math.floor(time / 60_000);
}
