// What is worth a notification, what one says, and what the title counts.
import { describe, expect, test } from 'vitest';
import type { Arrival } from '../../public/chat/model.ts';
import { texts } from '../../public/chat/texts.ts';
import { fileNameOf, fitted, swipeOf, zoomBy } from '../../public/chat/view/image-zoom.ts';
import { isWorthy, notificationOf } from '../../public/chat/view/notifications.ts';
import { rememberWire } from '../../public/chat/view/page.ts';
import { waitingToBeRead } from '../../public/chat/view/title.ts';
import type { Message, RoomSummary } from '../../src/chat/events.ts';

function arrival(change: Partial<RoomSummary>, mentioned: boolean, content?: Message['content']): Arrival {
  return {
    room: {
      id: 'dev',
      kind: 'public',
      name: 'dev',
      topic: '',
      memberCount: 2,
      joined: true,
      role: 'member',
      newest: 1,
      lastTime: 1,
      read: 0,
      unread: 1,
      mentions: 0,
      muted: false,
      slowMode: 0,
      ...change,
    },
    message: {
      type: 'message',
      room: 'dev',
      offset: 1,
      previous: 0,
      id: 'id-1',
      author: { id: 'm', name: 'Mei' },
      time: 1,
      nonce: 'nonce-01',
      content: content ?? { type: 'text', text: 'hi' },
    },
    mentioned,
  };
}

describe('isWorthy', () => {
  test.each([
    ['all', {}, false, true],
    ['mentions', {}, false, false],
    ['mentions', {}, true, true],
    ['mentions', { kind: 'direct' as const }, false, true],
    ['all', { muted: true }, true, false],
    ['off', {}, true, false],
  ] as const)('%s, %j, mentioned %s: %s', (choice, room, mentioned, expected) => {
    expect(isWorthy(arrival(room, mentioned), choice)).toBe(expected);
  });
});

describe('notificationOf', () => {
  test('says who, where and what, in the language of the page', () => {
    expect(notificationOf(texts.en, arrival({}, true))).toEqual({ title: 'Mei in #dev', body: 'hi' });
    expect(notificationOf(texts.en, arrival({ kind: 'direct', name: 'Mei' }, false)).title).toBe('Mei');
    expect(notificationOf(texts.zh, arrival({}, true)).title).toBe('Mei，在 #dev');
  });

  test('is one line of two hundred signs at most, none of them cut in half', () => {
    const { body } = notificationOf(
      texts.en,
      arrival({}, true, { type: 'text', text: `a\n\n${'😀'.repeat(300)}` }),
    );
    expect(body.startsWith('a 😀')).toBe(true);
    expect([...body]).toHaveLength(200);
    expect(body.isWellFormed()).toBe(true);
  });
});

test('the title counts rooms that are not muted; direct messages call like mentions', () => {
  const rooms = [
    arrival({ unread: 3, mentions: 1 }, false),
    arrival({ unread: 40, muted: true, mentions: 2 }, false),
    arrival({ kind: 'direct', unread: 2 }, false),
  ].map(({ room }) => room);
  expect(waitingToBeRead(rooms)).toEqual({ unread: 5, mentions: 3 });
});

describe('the image viewer', () => {
  test('zooms in steps and stops at both ends', () => {
    expect([1, 1.5, 8].map((zoom) => zoomBy(zoom, 1))).toEqual([1.5, 2, 8]);
    expect([1, 1.5, 8].map((zoom) => zoomBy(zoom, -1))).toEqual([1, 1, 6]);
  });

  test('fits what is too large, and never enlarges', () => {
    expect(fitted({ width: 1600, height: 1000 }, { width: 800, height: 900 })).toEqual({
      width: 800,
      height: 500,
    });
    expect(fitted({ width: 24, height: 24 }, { width: 800, height: 900 })).toEqual({ width: 24, height: 24 });
  });

  test.each([
    [-80, 10, 1],
    [80, 10, -1],
    [-40, 0, 0],
    [-80, 70, 0],
  ])('a finger that moved %i across and %i down goes %i', (across, down, expected) => {
    expect(swipeOf(across, down)).toBe(expected);
  });

  test('names a file by the time of its message', () => {
    const time = new Date(2026, 2, 5, 9, 7, 3).getTime();
    expect(fileNameOf({ type: 'image/jpeg' }, time)).toBe('barewire-2026-03-05-090703.jpg');
  });
});

test('the wire is heard only while somebody listens, and its past is told to who comes later', () => {
  const sources = new Set<(tick: never) => void>();
  const onWire = rememberWire((listener) => {
    sources.add(listener);
    return () => sources.delete(listener);
  });
  expect(sources.size).toBe(0);
  const first: unknown[] = [];
  const second: unknown[] = [];
  const stop = onWire((tick) => first.push(tick));
  for (const source of sources) source('a tick' as never);
  const stopSecond = onWire((tick) => second.push(tick));
  expect(sources.size).toBe(1);
  expect([first, second]).toEqual([['a tick'], ['a tick']]);
  stop();
  expect(sources.size).toBe(1);
  stopSecond();
  expect(sources.size).toBe(0);
});
