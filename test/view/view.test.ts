// What the chat page decides while drawing: rows from a timeline, what is unseen, what hinders, where a menu stands.
import { describe, expect, test } from 'vitest';
import type { ChatState, Command, Outgoing, TimelineItem } from '../../public/chat/model.ts';
import { reactionSign } from '../../public/chat/view/emoji-sign.ts';
import {
  foldNotices,
  groupTimeline,
  lastEditable,
  type Notice,
  type Row,
} from '../../public/chat/view/grouping.ts';
import { hindranceOf } from '../../public/chat/view/hindrance.ts';
import { placeBeside } from '../../public/chat/view/placing.ts';
import { withShortName } from '../../public/chat/view/short-name.ts';
import { countUnseen } from '../../public/chat/view/unseen.ts';
import type { Member, Message, RoomSummary } from '../../src/chat/events.ts';

const mei: Member = { id: 'm', name: 'Mei' };
const ada: Member = { id: 'a', name: 'Ada' };
const me: Member = { id: 'me', name: 'Robin' };
const start = new Date(2026, 2, 12, 10, 40).getTime();
const minute = 60_000;

let count = 0;
function entries(author: Member, time: number, key: string) {
  count += 1;
  return {
    room: 'general',
    offset: count,
    previous: count - 1,
    id: key,
    author,
    time: start + time,
    nonce: `nonce-${key}`,
  };
}

type MessageItem = Extract<TimelineItem, { kind: 'message' }>;

function said(author: Member, time: number, key = `k${time}`, more: Partial<Message> = {}): MessageItem {
  const message: Message = {
    ...entries(author, time, key),
    type: 'message',
    content: { type: 'text', text: 'hi' },
    ...more,
  };
  return { kind: 'message', key, message, own: author.id === me.id, mentioned: false, pending: false };
}

function notice(type: 'joined' | 'left', author: Member, time: number): TimelineItem {
  const key = `${type}-${time}`;
  return { kind: 'notice', key, item: { ...entries(author, time, key), type } };
}

function waits(nonce: string, time: number, change: Partial<Outgoing> = {}): Outgoing {
  return {
    nonce,
    room: 'general',
    time: start + time,
    command: { type: 'text', text: 'hi', replyTo: undefined },
    status: 'sending',
    progress: undefined,
    failure: undefined,
    ...change,
  };
}

function group(timeline: readonly TimelineItem[], more: Partial<Parameters<typeof groupTimeline>[0]> = {}) {
  return groupTimeline({ timeline, outbox: [], me, newFrom: undefined, hasNewer: false, ...more });
}

const shape = (rows: readonly Row[]): string[] =>
  rows.map((row) => {
    if (row.kind === 'run')
      return `${row.author.name}: ${row.entries.map((entry) => (entry.showsTime ? 'T' : '-')).join('')}`;
    if (row.kind === 'new') return `new ${row.count ?? 'some'}`;
    return row.kind === 'notices' ? `notices ${row.notices.length}` : row.kind;
  });

describe('groupTimeline', () => {
  test('one author in a row is one run, with the time once a minute', () => {
    const rows = group([said(mei, 0), said(mei, 10_000), said(mei, minute), said(ada, minute)]);
    expect(shape(rows)).toEqual(['day', 'Mei: T-T', 'Ada: T']);
  });

  test('a long pause and a notice each begin a new run', () => {
    const rows = group([
      said(mei, 0),
      said(mei, 5 * minute),
      notice('joined', ada, 6 * minute),
      notice('left', ada, 6 * minute),
      said(mei, 6 * minute),
    ]);
    expect(shape(rows)).toEqual(['day', 'Mei: T', 'Mei: T', 'notices 2', 'Mei: T']);
  });

  test('a bot that speaks under another name begins a new run', () => {
    const rows = group([said({ id: 'b', name: 'one' }, 0), said({ id: 'b', name: 'two' }, 1)]);
    expect(shape(rows)).toEqual(['day', 'one: T', 'two: T']);
  });

  test('each day begins with its line', () => {
    const rows = group([said(mei, 0), said(mei, 24 * 60 * minute)]);
    expect(shape(rows)).toEqual(['day', 'Mei: T', 'day', 'Mei: T']);
  });

  test('the line above what is new stands above the first message of others behind the place, and cuts a run', () => {
    const items = [said(mei, 0), said(me, 500), said(mei, 1000), said(mei, 1500)];
    const newFrom = items[0]?.message.offset;
    expect(shape(group(items, { newFrom }))).toEqual(['day', 'Mei: T', 'Robin: T', 'new 2', 'Mei: T-']);
    expect(shape(group(items, { newFrom, hasNewer: true }))).toContain('new some');
  });

  test('there is no line when nothing of others is new', () => {
    const items = [said(mei, 0), said(me, 500)];
    const newFrom = items[0]?.message.offset;
    expect(shape(group(items, { newFrom }))).toEqual(['day', 'Mei: T', 'Robin: T']);
  });

  test('what waits joins the own run and keeps its key when it is acknowledged', () => {
    const keyOfLast = (rows: readonly Row[]): string | undefined => {
      const last = rows.at(-1);
      return last?.kind === 'run' ? last.entries.at(-1)?.key : undefined;
    };
    const before = group([said(me, 0)], { outbox: [waits('nonce-x', 2000)] });
    const after = group([said(me, 0), said(me, 2000, 'x')]);
    expect(shape(before)).toEqual(['day', 'Robin: T-']);
    expect(keyOfLast(before)).toBeDefined();
    expect(keyOfLast(before)).toBe(keyOfLast(after));
  });

  test('what is in the timeline already is not shown a second time', () => {
    const rows = group([said(me, 2000, 'x')], { outbox: [waits('nonce-x', 2000, { status: 'sent' })] });
    expect(shape(rows)).toEqual(['day', 'Robin: T']);
  });

  test('what waits stands at the newest, so not in a window that ends before', () => {
    const outbox = [waits('nonce-x', 2000)];
    expect(shape(group([said(mei, 0)], { outbox, hasNewer: true }))).toEqual(['day', 'Mei: T']);
  });

  test('a change is shown when it failed, and is in the timeline already when not', () => {
    const command: Command = { type: 'edit', target: said(me, 0).message, text: 'ho' };
    const timeline = [said(me, 0)];
    expect(shape(group(timeline, { outbox: [waits('n', 1, { command })] }))).toEqual(['day', 'Robin: T']);
    expect(shape(group(timeline, { outbox: [waits('n', 1, { command, status: 'failed' })] }))).toEqual([
      'day',
      'Robin: T',
      'change',
    ]);
  });
});

test('notices fold to what each member did last until something else happened', () => {
  const notices: Notice[] = [
    { ...entries(ada, 0, '0'), type: 'created', name: 'dev' },
    { ...entries(mei, 0, '1'), type: 'joined' },
    { ...entries(ada, 0, '2'), type: 'renamed', name: 'dev' },
    { ...entries(ada, 0, '3'), type: 'joined' },
    { ...entries(me, 0, '4'), type: 'joined' },
    { ...entries(me, 0, '5'), type: 'left' },
    { ...entries(ada, 0, '6'), type: 'topic', topic: '' },
  ];
  expect(
    foldNotices(notices).map((sentence) =>
      sentence.type === 'other' ? sentence.notice.type : [sentence.type, ...sentence.names],
    ),
  ).toEqual(['created', ['joined', 'Mei'], 'renamed', ['joined', 'Ada'], ['left', 'Robin'], 'topic']);
});

test('the last own text can be edited, not what was deleted since', () => {
  const wanted = said(me, 1);
  const gone = said(me, 2, 'gone', { content: { type: 'deleted' } });
  expect(lastEditable([said(me, 0), wanted, gone, said(mei, 3)])).toBe(wanted.message);
  expect(lastEditable([said(mei, 0)])).toBeUndefined();
});

test('unseen is what others said below the view, and what the server counts beyond the window', () => {
  const items = [said(mei, 0), said(mei, 1), said(me, 2), said(ada, 3)];
  const seen = items[0]?.message.offset ?? 0;
  expect(countUnseen(items, seen, undefined)).toBe(2);
  expect(countUnseen(items, seen, 40)).toBe(40);
  expect(countUnseen(items, items[3]?.message.offset ?? 0, undefined)).toBe(0);
});

describe('hindranceOf', () => {
  const room: RoomSummary = {
    id: 'general',
    kind: 'public',
    name: 'general',
    topic: '',
    memberCount: 2,
    joined: true,
    role: 'member',
    newest: 0,
    lastTime: 0,
    read: 0,
    unread: 0,
    mentions: 0,
    muted: false,
    slowMode: 30,
  };
  const stateWith = (timeline: readonly TimelineItem[], outbox: Outgoing[] = []) =>
    ({
      me,
      owner: false,
      outbox,
      conversation: {
        timeline,
        members: [{ ...me, role: 'member', here: true }],
      },
    }) as unknown as ChatState;

  test('who is muted waits until then, and not longer', () => {
    const muted = { ...room, mutedUntil: start + 1 };
    expect(hindranceOf(stateWith([]), muted, start)).toEqual({ type: 'muted', until: start + 1 });
    expect(hindranceOf(stateWith([]), muted, start + 1)).toEqual({ type: 'slow', seconds: 30 });
  });

  test('slow mode counts from the last own message, sent or waiting, and never longer than the rule', () => {
    const one = [said(me, 0)];
    expect(hindranceOf(stateWith(one), room, start + 10_000)).toEqual({ type: 'wait', milliseconds: 20_000 });
    expect(hindranceOf(stateWith(one), room, start - minute)).toEqual({ type: 'wait', milliseconds: 30_000 });
    expect(hindranceOf(stateWith(one), room, start + 30_000)).toEqual({ type: 'slow', seconds: 30 });
    const waiting = stateWith(one, [waits('n', 20_000)]);
    expect(hindranceOf(waiting, room, start + 30_000)).toEqual({ type: 'wait', milliseconds: 20_000 });
  });

  test('who moderates does not wait', () => {
    expect(hindranceOf(stateWith([said(me, 0)]), { ...room, role: 'moderator' }, start)).toBeUndefined();
    expect(hindranceOf(stateWith([said(me, 0)]), { ...room, slowMode: 0 }, start)).toBeUndefined();
  });
});

describe('placeBeside', () => {
  const view = { width: 1000, height: 600 };
  const anchor = { left: 400, right: 430, top: 100, bottom: 120 };

  test('stands below where there is room, above where there is more, and in line with an edge', () => {
    expect(placeBeside(anchor, { width: 200, height: 300 }, 'start', view)).toEqual({ left: 400, top: 126 });
    const low = { ...anchor, top: 500, bottom: 520 };
    expect(placeBeside(low, { width: 200, height: 300 }, 'end', view)).toEqual({ left: 230, top: 194 });
  });

  test('never leaves the window', () => {
    for (const left of [-50, 0, 500, 990]) {
      for (const top of [-50, 0, 300, 590]) {
        const place = placeBeside(
          { left, right: left + 20, top, bottom: top + 20 },
          { width: 300, height: 580 },
          'end',
          view,
        );
        expect(place.left).toBeGreaterThanOrEqual(8);
        expect(place.left + 300).toBeLessThanOrEqual(view.width);
        expect(place.top).toBeGreaterThanOrEqual(8);
        expect(place.top + 580).toBeLessThanOrEqual(view.height);
      }
    }
  });
});

test.each([
  ['👍️', '👍'],
  ['❤', '❤️'],
  ['❤️', '❤️'],
  ['🏳️‍🌈', '🏳️‍🌈'],
  ['no', undefined],
  ['👍👍', undefined],
])('%s reacts as %s', (emoji, expected) => {
  expect(reactionSign(emoji)).toBe(expected);
});

describe('withShortName', () => {
  const named = (file: string) => withShortName({ id: 'image-type', file });

  test('keeps a name that fits, to the last sign', () => {
    const file = `${'😀'.repeat(36)}.png`;
    expect(named(file)).toEqual({ id: 'image-type', file });
  });

  test('keeps the beginning and the type of a longer one', () => {
    expect(named(`${'a'.repeat(100)}-holiday.png`)).toEqual({
      id: 'image-type',
      file: `${'a'.repeat(24)}…-holiday.png`,
    });
  });

  test('leaves a text without a file alone', () => {
    expect(withShortName({ id: 'rate-limited', retryAfter: 4000 })).toEqual({
      id: 'rate-limited',
      retryAfter: 4000,
    });
  });
});
