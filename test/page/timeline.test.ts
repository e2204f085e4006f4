import { describe, expect, test } from 'vitest';
import {
  addNewer,
  addOlder,
  applyEvent,
  indexOf,
  maximumLines,
  middleOf,
  openWindow,
  unseenLines,
  type Window,
} from '../../public/chat/timeline.ts';
import type { Message, RoomEvent } from '../../src/chat/events.ts';
import { FakeLog } from './fake-log.ts';

const mei = { id: 'mei', name: 'Mei' };

/** A log with so many messages, and windows on it. */
class Room {
  readonly log = new FakeLog();
  #nonces = 0;

  constructor(count = 0) {
    for (let index = 1; index <= count; index += 1) this.say(`${index}`);
  }

  say(text: string): RoomEvent {
    return this.log.append({ ...this.#base(), type: 'message', content: { type: 'text', text } }, 1);
  }

  change(target: number, what: { text: string } | 'delete' | { emoji: string; on: boolean }): RoomEvent {
    const base = { ...this.#base(), target: `epoch-1:${target}`, targetOffset: target };
    if (what === 'delete') return this.log.append({ ...base, type: 'delete' }, 2);
    if ('text' in what) return this.log.append({ ...base, type: 'edit', text: what.text }, 2);
    return this.log.append({ ...base, type: 'reaction', ...what }, 2);
  }

  page(range: { before?: number; after?: number; around?: number } = {}, limit = 50) {
    return this.log.page('general', range, limit);
  }

  #base() {
    this.#nonces += 1;
    return { room: 'general', author: mei, nonce: `n-${this.#nonces}` };
  }
}

const offsets = ({ lines }: Window) => lines.map(({ item }) => item.offset);
const messageAt = (window: Window, offset: number): Message => {
  const item = window.lines[indexOf(window.lines, offset)]?.item;
  if (item?.type !== 'message') throw new Error(`there is no message at ${offset}`);
  return item;
};
function take(window: Window, event: RoomEvent, following = true): Window {
  const next = applyEvent(window, event, following);
  if (next === undefined) throw new Error('something was missed');
  return next;
}
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('live events', () => {
  test('come at the end, once', () => {
    const room = new Room(3);
    const window = openWindow(room.page());
    const event = room.say('4');
    const next = take(window, event);
    expect(offsets(next)).toEqual([1, 2, 3, 4]);
    expect(take(next, event)).toBe(next);
    // What was there stays the same object.
    expect(next.lines[0]).toBe(window.lines[0]);
  });

  test('that name a one before them which is not here are noticed', () => {
    const room = new Room(3);
    const window = openWindow(room.page());
    room.say('4');
    expect(applyEvent(window, room.say('5'), true)).toBeUndefined();
  });

  test('of other rooms lie between, and are not missed', () => {
    const room = new Room(3);
    const window = openWindow(room.page());
    room.log.append({ type: 'joined', room: 'dev', author: mei, nonce: 'x' }, 1);
    expect(offsets(take(window, room.say('5')))).toEqual([1, 2, 3, 5]);
  });

  test('change the message that they are about, as the server would', () => {
    const room = new Room(3);
    let window = openWindow(room.page());
    window = take(window, room.change(2, { text: 'two' }));
    window = take(window, room.change(2, { emoji: '👍', on: true }));
    expect(messageAt(window, 2)).toMatchObject({ edited: { count: 1 }, content: { text: 'two' } });
    window = take(window, room.change(2, { emoji: '👍', on: false }));
    expect(messageAt(window, 2).reactions).toBeUndefined();
    window = take(window, room.change(3, 'delete'));
    expect(window.lines.map(({ item }) => item)).toEqual(room.log.items('general'));
  });

  test('that a page has in it already change nothing twice', () => {
    const room = new Room(60);
    const window = openWindow(room.page({}, 10));
    const edit = room.change(20, { text: 'edited' });
    // The page was made after the edit, and comes before it.
    const paged = addOlder(window, room.page({ before: 51 }, 50), 51);
    expect(messageAt(paged, 20).edited).toMatchObject({ count: 1 });
    expect(messageAt(take(paged, edit), 20).edited).toMatchObject({ count: 1 });
  });

  test('that overtook a page are done to its messages', () => {
    const room = new Room(60);
    const window = openWindow(room.page({}, 10));
    const page = room.page({ before: 51 }, 50);
    const after = take(window, room.change(20, { text: 'edited' }));
    expect(messageAt(addOlder(after, page, 51), 20)).toMatchObject({ edited: { count: 1 } });
  });
});

describe('pages', () => {
  test('grow the window on either side', () => {
    const room = new Room(200);
    let window = openWindow(room.page({ around: 100 }, 20));
    expect(window).toMatchObject({ hasOlder: true, hasNewer: true });
    const [first = 0] = offsets(window);
    window = addOlder(window, room.page({ before: first }), first);
    const last = offsets(window).at(-1) ?? 0;
    window = addNewer(window, room.page({ after: last }), last);
    expect(offsets(window)).toEqual(range(first - 50, last + 50));
  });

  test('that fit no more, or are of another log, change nothing', () => {
    const room = new Room(100);
    const window = openWindow(room.page({}, 10));
    expect(addOlder(window, room.page({ before: 50 }), 50)).toBe(window);
    expect(addNewer(window, room.page({ after: 50 }), 50)).toBe(window);
    const other = { ...room.page({ before: 91 }), epoch: 'epoch-2' };
    expect(addOlder(window, other, 91)).toBe(window);
  });

  test('shed lines at the far end', () => {
    const room = new Room(1000);
    let window = openWindow(room.page());
    while (offsets(window)[0] !== 501) {
      const [first = 0] = offsets(window);
      window = addOlder(window, room.page({ before: first }), first);
      expect(offsets(window)[0]).toBe(first - 50);
    }
    expect(window.lines).toHaveLength(maximumLines);
    expect(window).toMatchObject({ hasOlder: true, hasNewer: true });
    expect(offsets(window)).toEqual(range(501, 800));
    window = addNewer(window, room.page({ after: 800 }), 800);
    expect(offsets(window)).toEqual(range(551, 850));
  });
});

describe('a window that does not reach the newest line', () => {
  test('is not added to, and gets there by pages', () => {
    const room = new Room(100);
    let window = openWindow(room.page({ before: 51 }, 50));
    expect(window.hasNewer).toBe(true);
    window = take(window, room.say('101'));
    expect(offsets(window).at(-1)).toBe(50);
    window = addNewer(window, room.page({ after: 50 }), 50);
    expect(window.hasNewer).toBe(true);
    window = addNewer(window, room.page({ after: 100 }), 100);
    expect(offsets(window).at(-1)).toBe(101);
    expect(window.hasNewer).toBe(false);
  });

  test('knows of a line that came in after the page was made', () => {
    const room = new Room(60);
    let window = openWindow(room.page({ before: 51 }, 50));
    const page = room.page({ after: 50 });
    window = take(window, room.say('61'));
    window = addNewer(window, page, 50);
    expect(offsets(window).at(-1)).toBe(60);
    expect(window.hasNewer).toBe(true);
    window = addNewer(window, room.page({ after: 60 }), 60);
    expect(window.hasNewer).toBe(false);
  });

  test('still changes the messages that it has', () => {
    const room = new Room(100);
    const window = openWindow(room.page({ before: 51 }, 50));
    expect(messageAt(take(window, room.change(7, 'delete')), 7).content.type).toBe('deleted');
  });
});

describe('a window that only grows', () => {
  test('sheds old lines while the new ones are seen', () => {
    const room = new Room();
    let window = openWindow(room.page());
    for (let index = 1; index <= 1000; index += 1) window = take(window, room.say(`${index}`), true);
    expect(window.lines.length).toBeLessThanOrEqual(maximumLines);
    expect(offsets(window).at(-1)).toBe(1000);
    expect(window).toMatchObject({ hasOlder: true, hasNewer: false });
  });

  test('stops, and keeps its old lines, while they are not', () => {
    const room = new Room();
    let window = openWindow(room.page());
    for (let index = 1; index <= 1000; index += 1) window = take(window, room.say(`${index}`), false);
    expect(offsets(window)).toEqual(range(1, maximumLines + unseenLines));
    expect(window).toMatchObject({ hasOlder: false, hasNewer: true, applied: 1000, newest: 1000 });
  });
});

test('the middle is a line of it', () => {
  const room = new Room(11);
  expect(middleOf(openWindow(room.page()))).toBe(6);
  expect(middleOf(openWindow(new Room().page()))).toBeUndefined();
});
