import { describe, expect, test } from 'vitest';
import type { TimelineItem } from '../../public/chat/model.ts';
import {
  closeHole,
  edgeOfGap,
  emptyTimeline,
  enter,
  fill,
  findHole,
  insert,
  maximumLines,
  maximumNotices,
  notice,
  prepend,
  type Timeline,
} from '../../public/chat/timeline.ts';
import type { Entrance, Message, Page } from '../../src/chat/events.ts';
import { seededRandom } from '../support/chopping.ts';

const mei = { id: 'mei', name: 'Mei' };
const ada = { id: 'ada', name: 'Ada' };

const message = (offset: number, author = mei, epoch = 'e'): Message => ({
  room: 'general',
  offset,
  id: `${epoch}${offset}`,
  author,
  time: 1000 + offset,
  nonce: `nonce-${offset}`,
  content: { type: 'text', text: `text ${offset}` },
});
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
const entrance = (messages: Message[], more: Partial<Entrance> = {}): Entrance => ({
  member: ada,
  room: 'general',
  epoch: 'e',
  members: [ada],
  messages,
  recovered: false,
  hasMore: (messages[0]?.offset ?? 1) > 1,
  time: 1,
  ...more,
});
const page = (from: number, to: number, hasMore = from > 1): Page => ({
  room: 'general',
  epoch: 'e',
  messages: to < from ? [] : range(from, to),
  hasMore,
});
const entered = (from: number, to: number) => enter(emptyTimeline, entrance(range(from, to)), 'ada', 1);
/** `7 8 gap 11 +mei -ada` */
const outline = ({ items }: Timeline) => items.map(word).join(' ');
const word = (item: TimelineItem) => {
  if (item.kind === 'message') return `${item.message.offset}`;
  return item.kind === 'gap' ? 'gap' : `${item.kind === 'joined' ? '+' : '-'}${item.member.id}`;
};

describe('enter', () => {
  test('shows what comes, knows own from others', () => {
    const timeline = enter(emptyTimeline, entrance([message(7), message(8, ada)]), 'ada', 1);
    expect(outline(timeline)).toBe('7 8');
    expect(timeline).toMatchObject({ newest: 8, hasMore: true, epoch: 'e' });
    expect(timeline.items.map((item) => item.kind === 'message' && item.own)).toEqual([false, true]);
  });

  test('an empty room has a cursor too', () => {
    const empty = enter(emptyTimeline, entrance([]), 'ada', 1);
    expect(empty).toMatchObject({ newest: 0, hasMore: false, epoch: 'e' });
    const later = enter(empty, entrance(range(1, 3), { recovered: true, hasMore: false }), 'ada', 1);
    expect(outline(later)).toBe('1 2 3');
    expect(later).toMatchObject({ newest: 3, hasMore: false });
  });

  test('a recovery is appended, and keeps what is known of older messages', () => {
    const before = entered(5, 8);
    const after = enter(before, entrance(range(9, 10), { recovered: true, hasMore: false }), 'ada', 1);
    expect(outline(after)).toBe('5 6 7 8 9 10');
    expect(after).toMatchObject({ newest: 10, hasMore: true });
    expect(after.items.slice(0, 4)).toEqual(before.items);
  });

  test('a recovery that repeats repeats nothing', () => {
    const after = enter(entered(5, 8), entrance(range(7, 9), { recovered: true }), 'ada', 1);
    expect(outline(after)).toBe('5 6 7 8 9');
  });

  test('a newest page that joins on or overlaps leaves no gap', () => {
    expect(outline(enter(entered(5, 8), entrance(range(9, 12)), 'ada', 1))).toBe('5 6 7 8 9 10 11 12');
    expect(outline(enter(entered(5, 8), entrance(range(7, 12)), 'ada', 1))).toBe('5 6 7 8 9 10 11 12');
  });

  test('a newest page that does not join on leaves a gap', () => {
    const timeline = enter(entered(5, 8), entrance(range(20, 22)), 'ada', 99);
    expect(outline(timeline)).toBe('5 6 7 8 gap 20 21 22');
    expect(timeline).toMatchObject({ newest: 22, hasMore: true });
    expect(timeline.items[4]).toMatchObject({ time: 99 });
  });

  test('what lay beyond the cursor is beyond the gap as well', () => {
    const ahead = insert(entered(5, 8), message(11), 'ada');
    expect(outline(enter(ahead, entrance(range(20, 21)), 'ada', 1))).toBe('5 6 7 8 gap 20 21');
  });

  test('another epoch is another log: everything is replaced', () => {
    const fresh = [message(1, mei, 'f'), message(2, mei, 'f')];
    const timeline = enter(entered(1, 8), entrance(fresh, { epoch: 'f' }), 'ada', 1);
    expect(timeline.items.map(({ key }) => key)).toEqual(['f1', 'f2']);
    expect(timeline).toMatchObject({ epoch: 'f', newest: 2, hasMore: false });
  });

  test('a log that has lost its end replaces everything too', () => {
    expect(outline(enter(entered(1, 8), entrance(range(1, 4)), 'ada', 1))).toBe('1 2 3 4');
    expect(outline(enter(entered(1, 8), entrance([]), 'ada', 1))).toBe('');
  });
});

describe('insert', () => {
  test('appends, once', () => {
    const once = insert(entered(5, 8), message(9), 'ada');
    expect(outline(insert(once, message(9), 'ada'))).toBe('5 6 7 8 9');
    expect(once.newest).toBe(9);
  });

  test('the word of the server replaces what a receipt made of it', () => {
    const own = insert(entered(5, 8), message(9, ada), 'ada');
    const better = { ...message(9, ada), content: { type: 'text', text: 'as stored' } } as const;
    const [last] = insert(own, better, 'ada').items.slice(-1);
    expect(last).toMatchObject({ own: true, message: { content: { text: 'as stored' } } });
  });

  test('any order gives the same conversation', () => {
    const random = seededRandom(3);
    for (let round = 0; round < 50; round += 1) {
      const shuffled = range(9, 30)
        .map((one) => ({ one, rank: random() }))
        .sort((a, b) => a.rank - b.rank);
      const timeline = shuffled.reduce((result, { one }) => insert(result, one, 'ada'), entered(8, 8));
      expect(outline(timeline)).toBe(
        range(8, 30)
          .map(({ offset }) => offset)
          .join(' '),
      );
      expect(timeline.newest).toBe(30);
      expect(findHole(timeline)).toBeUndefined();
    }
  });

  test('what belongs into a gap or an older page waits for that', () => {
    const timeline = enter(entered(5, 8), entrance(range(20, 22)), 'ada', 1);
    expect(insert(timeline, message(15), 'ada')).toBe(timeline);
    expect(insert(timeline, message(2), 'ada')).toBe(timeline);
  });
});

describe('a hole', () => {
  test('is found, and the cursor stays before it', () => {
    const timeline = insert(entered(5, 8), message(12), 'ada');
    expect(timeline.newest).toBe(8);
    expect(findHole(timeline)).toEqual({ before: 12, limit: 3 });
    const closed = closeHole(timeline, page(9, 11), 'ada', 1);
    expect(outline(closed)).toBe('5 6 7 8 9 10 11 12');
    expect(closed.newest).toBe(12);
  });

  test('that cannot be closed becomes a gap, and the cursor goes on', () => {
    const timeline = insert(insert(entered(5, 8), message(12), 'ada'), message(13), 'ada');
    const closed = closeHole(timeline, page(11, 11), 'ada', 1);
    expect(outline(closed)).toBe('5 6 7 8 gap 11 12 13');
    expect(closed.newest).toBe(13);
    expect(outline(closeHole(timeline, page(1, 0), 'ada', 1))).toBe('5 6 7 8 gap 12 13');
  });
});

describe('older pages', () => {
  test('go before the first line, once', () => {
    const timeline = prepend(entered(5, 8), page(1, 4), 'ada');
    expect(outline(timeline)).toBe('1 2 3 4 5 6 7 8');
    expect(timeline).toMatchObject({ hasMore: false, newest: 8 });
    expect(outline(prepend(timeline, page(1, 4), 'ada'))).toBe('1 2 3 4 5 6 7 8');
  });

  test('of another epoch are not taken', () => {
    const timeline = entered(5, 8);
    expect(prepend(timeline, { ...page(1, 4), epoch: 'f' }, 'ada')).toBe(timeline);
  });

  test('a gap is filled from below until it is gone', () => {
    const gappy = enter(entered(5, 8), entrance(range(20, 22)), 'ada', 1);
    const key = gappy.items[4]?.key ?? '';
    expect(edgeOfGap(gappy, key)).toBe(20);
    const smaller = fill(gappy, key, page(15, 19), 'ada');
    expect(outline(smaller)).toBe('5 6 7 8 gap 15 16 17 18 19 20 21 22');
    expect(edgeOfGap(smaller, key)).toBe(15);
    const closed = fill(smaller, key, page(7, 14), 'ada');
    expect(outline(closed)).toBe('5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22');
    expect(edgeOfGap(closed, key)).toBeUndefined();
    expect(fill(closed, key, page(7, 14), 'ada')).toBe(closed);
    // Nothing is there to fill it with: the gap would stay for ever.
    expect(outline(fill(gappy, key, page(1, 0, false), 'ada'))).toBe('5 6 7 8 20 21 22');
  });
});

describe('notices', () => {
  test('stand where they were heard', () => {
    const joined = notice(entered(5, 6), 'joined', mei, 50);
    expect(outline(insert(joined, message(7), 'ada'))).toBe('5 6 +mei 7');
  });

  test('within a run only the newest of each member stays; a message begins another run', () => {
    let timeline = entered(5, 6);
    timeline = notice(timeline, 'joined', mei, 1);
    timeline = notice(timeline, 'joined', ada, 2);
    timeline = notice(timeline, 'left', mei, 3);
    expect(outline(timeline)).toBe('5 6 +ada -mei');
    timeline = notice(insert(timeline, message(7), 'ada'), 'joined', mei, 4);
    expect(outline(timeline)).toBe('5 6 +ada -mei 7 +mei');
    expect(new Set(timeline.items.map(({ key }) => key)).size).toBe(timeline.items.length);
  });

  test('a long run keeps its end', () => {
    let timeline = entered(5, 5);
    for (let count = 0; count < 100; count += 1) {
      timeline = notice(timeline, 'joined', { id: `m${count}`, name: 'x' }, count);
    }
    expect(timeline.items).toHaveLength(1 + maximumNotices);
    expect(outline(timeline)).toMatch(/ \+m99$/);
  });
});

describe('memory is bounded', () => {
  test('by letting the oldest go as new ones come', () => {
    let timeline = entered(1, 50);
    for (let offset = 51; offset <= 10_000; offset += 1) {
      timeline = insert(timeline, message(offset), 'ada');
      expect(timeline.items.length).toBeLessThanOrEqual(maximumLines);
    }
    expect(timeline).toMatchObject({ newest: 10_000, hasMore: true });
    expect(timeline.items.length).toBeGreaterThan(maximumLines * 0.8);
    // And they can be had again.
    const first = timeline.items[0];
    if (first?.kind !== 'message') throw new Error('a message was expected');
    const again = prepend(timeline, page(first.message.offset - 50, first.message.offset - 1), 'ada');
    expect(again.items[0]).toMatchObject({ message: { offset: first.message.offset - 50 } });
  });

  test('by letting the middle go when reading far back, behind a gap that can be filled', () => {
    let timeline = entered(9951, 10_000);
    for (let first = 9951; first > 1; first -= 50) {
      timeline = prepend(timeline, page(first - 50, first - 1), 'ada');
      expect(timeline.items.length).toBeLessThanOrEqual(maximumLines);
      expect(timeline.items[0]).toMatchObject({ message: { offset: first - 50 } });
    }
    expect(timeline).toMatchObject({ newest: 10_000, hasMore: false });
    expect(timeline.items.at(-1)).toMatchObject({ message: { offset: 10_000 } });
    const gaps = timeline.items.filter(({ kind }) => kind === 'gap');
    expect(gaps.length).toBe(1);
    expect(edgeOfGap(timeline, gaps[0]?.key ?? '')).toBe(9901);
  });
});
