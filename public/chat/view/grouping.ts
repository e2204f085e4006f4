/**
 * How a timeline becomes rows: days, runs of messages by one author, notices folded into one line, gaps, the line
 * above what is new, and what still waits to be sent. Pure.
 */
import type { Member, Message } from '../../../src/chat/events.ts';
import type { Outgoing, TimelineItem } from '../model.ts';

/** A pause after which the author is named again, in milliseconds. */
const longPause = 5 * 60_000;

export type Entry = {
  readonly key: string;
  /** The key of the timeline item, or undefined for something that is not sent yet. */
  readonly time: number;
  /** The first of its minute, so its time is shown. */
  readonly showsTime: boolean;
} & ({ readonly message: Message } | { readonly outgoing: Outgoing });

export interface Notice {
  readonly kind: 'joined' | 'left';
  readonly key: string;
  readonly member: Member;
}

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
  | { readonly kind: 'gap'; readonly key: string }
  | { readonly kind: 'new'; readonly key: string; readonly count: number };

export interface NewLine {
  /** Key of the timeline item that the line stands above. */
  readonly key: string;
  readonly count: number;
}

/** An own message keeps the key that it had while it waited, so that it is not drawn anew when it is acknowledged. */
export function entryKey(item: TimelineItem & { kind: 'message' }): string {
  return item.own ? `nonce-${item.message.nonce}` : item.key;
}

export function groupTimeline(
  timeline: readonly TimelineItem[],
  outbox: readonly Outgoing[],
  me: Member | undefined,
  newLine: NewLine | undefined,
): Row[] {
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
    if (
      run === undefined ||
      last === undefined ||
      run.author.id !== author.id ||
      time - last.time >= longPause
    ) {
      run = { kind: 'run', key: `run-${key}`, author, own, time, entries: [] };
      rows.push(run);
      run.entries.push({ key, time, showsTime: true, ...rest });
    } else {
      run.entries.push({ key, time, showsTime: minuteOf(time) !== minuteOf(last.time), ...rest });
    }
  };

  for (const item of timeline) {
    startDay(item.kind === 'message' ? item.message.time : item.time);
    if (newLine !== undefined && item.key === newLine.key) {
      run = undefined;
      notices = undefined;
      rows.push({ kind: 'new', key: 'new', count: newLine.count });
    }
    if (item.kind === 'message') {
      const { message, own } = item;
      addEntry(message.author, own, entryKey(item), message.time, { message });
    } else if (item.kind === 'gap') {
      run = undefined;
      notices = undefined;
      rows.push({ kind: 'gap', key: item.key });
    } else {
      run = undefined;
      if (notices === undefined) {
        notices = { kind: 'notices', key: `notices-${item.key}`, notices: [] };
        rows.push(notices);
      }
      notices.notices.push({ kind: item.kind, key: item.key, member: item.member });
    }
  }
  if (me !== undefined) {
    for (const outgoing of outbox) {
      startDay(outgoing.time);
      addEntry(me, true, `nonce-${outgoing.nonce}`, outgoing.time, { outgoing });
    }
  }
  return rows;
}

type EntryContent = { readonly message: Message } | { readonly outgoing: Outgoing };

/** Who came and who went, each once and as it ended: someone who came and went within the fold is not named. */
export function foldNotices(notices: readonly Notice[]): { joined: string[]; left: string[] } {
  const last = new Map<string, { name: string; first: Notice['kind']; last: Notice['kind'] }>();
  for (const { kind, member } of notices) {
    const known = last.get(member.id);
    last.set(member.id, { name: member.name, first: known?.first ?? kind, last: kind });
  }
  const joined: string[] = [];
  const left: string[] = [];
  for (const entry of last.values()) {
    if (entry.last === 'joined') joined.push(entry.name);
    else left.push(entry.name);
  }
  return { joined, left };
}

function dayOf(time: number): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

function minuteOf(time: number): number {
  return Math.floor(time / 60_000);
}
