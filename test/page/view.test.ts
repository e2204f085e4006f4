// What the chat page decides while drawing: rows from a timeline, links from a text.
import { describe, expect, test } from 'vitest';
import type { Outgoing, TimelineItem } from '../../public/chat/model.ts';
import { foldNotices, groupTimeline, type Row } from '../../public/chat/view/grouping.ts';
import { cutLinks, isEmojiOnly } from '../../public/chat/view/links.ts';
import { withShortName } from '../../public/chat/view/short-name.ts';
import type { Member } from '../../src/chat/events.ts';

const mei: Member = { id: 'm', name: 'Mei' };
const ada: Member = { id: 'a', name: 'Ada' };
const me: Member = { id: 'me', name: 'Robin' };
const start = new Date(2026, 2, 12, 10, 40).getTime();
const minute = 60_000;

function said(author: Member, time: number, key = `k${time}`): TimelineItem {
  const message = {
    room: 'general',
    offset: 1,
    id: key,
    author,
    time: start + time,
    nonce: `nonce-${key}`,
    content: { type: 'text', text: 'hi' } as const,
  };
  return { kind: 'message', key, message, own: author.id === me.id };
}

const notice = (kind: 'joined' | 'left', member: Member, time: number): TimelineItem => ({
  kind,
  key: `${kind}-${time}`,
  member,
  time: start + time,
});

const shape = (rows: readonly Row[]): string[] =>
  rows.map((row) => {
    if (row.kind === 'run')
      return `${row.author.name}: ${row.entries.map((entry) => (entry.showsTime ? 'T' : '-')).join('')}`;
    return row.kind === 'notices' ? `notices ${row.notices.length}` : row.kind;
  });

describe('groupTimeline', () => {
  test('one author in a row is one run, with the time once a minute', () => {
    const rows = groupTimeline(
      [said(mei, 0), said(mei, 10_000), said(mei, minute), said(ada, minute)],
      [],
      me,
      undefined,
    );
    expect(shape(rows)).toEqual(['day', 'Mei: T-T', 'Ada: T']);
  });

  test('a long pause, a notice and a gap each begin a new run', () => {
    const gap: TimelineItem = { kind: 'gap', key: 'g', time: start };
    const rows = groupTimeline(
      [
        said(mei, 0),
        said(mei, 5 * minute),
        notice('joined', ada, 6 * minute),
        said(mei, 6 * minute),
        gap,
        said(mei, 7 * minute),
      ],
      [],
      me,
      undefined,
    );
    expect(shape(rows)).toEqual(['day', 'Mei: T', 'Mei: T', 'notices 1', 'Mei: T', 'gap', 'Mei: T']);
  });

  test('each day begins with its line', () => {
    const rows = groupTimeline([said(mei, 0), said(mei, 24 * 60 * minute)], [], me, undefined);
    expect(shape(rows)).toEqual(['day', 'Mei: T', 'day', 'Mei: T']);
  });

  test('the line above what is new cuts a run', () => {
    const rows = groupTimeline([said(mei, 0), said(mei, 1000, 'new')], [], me, { key: 'new', count: 1 });
    expect(shape(rows)).toEqual(['day', 'Mei: T', 'new', 'Mei: T']);
  });

  test('what waits joins the own run and keeps its key when it is acknowledged', () => {
    const outgoing: Outgoing = {
      nonce: 'nonce-x',
      time: start + 2000,
      content: { type: 'text', text: 'hi' },
      status: 'sending',
      progress: undefined,
      failure: undefined,
    };
    const keyOfLast = (rows: readonly Row[]): string | undefined => {
      const last = rows.at(-1);
      return last?.kind === 'run' ? last.entries.at(-1)?.key : undefined;
    };
    const before = groupTimeline([said(me, 0)], [outgoing], me, undefined);
    const after = groupTimeline([said(me, 0), said(me, 2000, 'x')], [], me, undefined);
    expect(shape(before)).toEqual(['day', 'Robin: T-']);
    expect(keyOfLast(before)).toBe(keyOfLast(after));
  });
});

test('notices fold to what each member did last', () => {
  const notices = [
    { kind: 'joined', key: '1', member: mei },
    { kind: 'joined', key: '2', member: ada },
    { kind: 'left', key: '3', member: mei },
  ] as const;
  expect(foldNotices(notices)).toEqual({ joined: ['Ada'], left: ['Mei'] });
});

describe('cutLinks', () => {
  const links = (text: string): string[] =>
    cutLinks(text).flatMap((piece) => ('href' in piece ? [piece.href] : []));

  test.each([
    ['see https://example.org/a.', ['https://example.org/a']],
    ['(https://example.org/a_(b))', ['https://example.org/a_(b)']],
    ['看 https://example.org/中文，好吗', ['https://example.org/%E4%B8%AD%E6%96%87']],
    ['http://a.example http://b.example', ['http://a.example/', 'http://b.example/']],
    ['javascript:alert(1) data:text/html,x ftp://a.example', []],
    ['https:// https://[', []],
    ['<a href="https://example.org/">x</a>', ['https://example.org/']],
  ])('%s', (text, expected) => {
    expect(links(text)).toEqual(expected);
  });

  test.each(['', 'plain', 'a https://example.org/x, b', 'https://example.org'])(
    'loses nothing of %j',
    (text) => {
      expect(
        cutLinks(text)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text);
    },
  );
});

test.each([
  ['👋', true],
  ['😍🏔️', true],
  ['👨‍👩‍👧‍👦 🇩🇪', true],
  ['☕', true],
  ['hi 👋', false],
  ['123', false],
  ['', false],
  ['😀😀😀😀😀😀😀', false],
])('%s is emoji only: %s', (text, expected) => {
  expect(isEmojiOnly(text)).toBe(expected);
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
