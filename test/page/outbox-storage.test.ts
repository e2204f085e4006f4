import { expect, test } from 'vitest';
import type { OutboxItem } from '../../public/chat/outbox.ts';
import {
  createOutboxStorage,
  keptTime,
  leaseTime,
  outboxPrefix,
  releasedTime,
  renewInterval,
} from '../../public/chat/outbox-storage.ts';
import { FakeBrowser, FakeTab } from './fake-browser.ts';
import { FakeChat, sampleImage } from './fake-chat.ts';
import { FakeClock } from './fake-clock.ts';

const ada = { id: 'ada', name: 'Ada' };
const file = { name: 'a.png', length: 1000, url: 'blob:a', width: 640, height: 480 };

const item = (nonce: string, more: Partial<OutboxItem> = {}): OutboxItem => ({
  nonce,
  time: 1,
  content: { type: 'text', text: `text of ${nonce}` },
  status: 'pending',
  progress: undefined,
  failure: undefined,
  tried: false,
  ...more,
});

function setUp() {
  const clock = new FakeClock();
  const chat = new FakeChat(clock);
  const browser = new FakeBrowser(clock);
  const open = (reloaded?: FakeTab) => {
    const tab = new FakeTab(browser, (handlers) => chat.connect(handlers), reloaded);
    return { tab, shelf: createOutboxStorage(tab) };
  };
  const records = () => [...browser.storage.values.keys()].filter((key) => key.startsWith(outboxPrefix));
  return { clock, browser, open, records };
}

test('a reload brings it back in order; what was on its way waits again, what failed still does', () => {
  const { open } = setUp();
  const before = open();
  const failure = { code: 'signed-out', message: 'why' } as const;
  before.shelf.save(
    [
      item('a', { status: 'sending', tried: true }),
      item('b', { status: 'failed', failure }),
      item('c', { content: { type: 'image', file, image: sampleImage } }),
      item('d', { content: { type: 'image', file, image: undefined }, status: 'uploading', progress: 0.5 }),
    ],
    ada,
  );
  before.shelf.release();
  expect(open(before.tab).shelf.claim()).toEqual({
    author: ada,
    items: [
      item('a', { tried: true }),
      item('b', { status: 'failed', failure }),
      item('c', {
        content: {
          type: 'image',
          file: { name: 'a.png', length: 1000, url: sampleImage.thumbnail.url, width: 640, height: 480 },
          image: sampleImage,
        },
      }),
    ],
  });
});

test('an empty outbox leaves nothing behind', () => {
  const { open, records } = setUp();
  const { shelf } = open();
  shelf.save([item('a')], ada);
  expect(records()).toHaveLength(1);
  shelf.save([], ada);
  expect(records()).toEqual([]);
  shelf.release();
  expect(records()).toEqual([]);
});

test('nothing is written while nothing has changed, until the lease wants it', () => {
  const { clock, browser, open, records } = setUp();
  const { shelf } = open();
  shelf.save([item('a')], ada);
  const read = () => browser.storage.getItem(records()[0] ?? '');
  const first = read();
  clock.advance(renewInterval - 1);
  shelf.save([item('a', { progress: 0.5 })], ada);
  expect(read()).toBe(first);
  clock.advance(1);
  shelf.save([item('a')], ada);
  expect(read()).not.toBe(first);
});

test('a copied tab does not take what its original holds, and writes beside it', () => {
  const { open, records } = setUp();
  const original = open();
  original.shelf.save([item('a')], ada);
  const copy = open(original.tab);
  expect(copy.shelf.claim()).toBeUndefined();
  copy.shelf.save([item('b')], ada);
  original.shelf.save([item('a'), item('c')], ada);
  expect(records()).toHaveLength(2);
});

test('tabs that were copied while empty find out when they write', () => {
  const { open, records } = setUp();
  const original = open();
  const copy = open(original.tab);
  original.shelf.save([item('a')], ada);
  copy.shelf.save([item('b')], ada);
  expect(records()).toHaveLength(2);
  copy.shelf.save([], ada);
  expect(records()).toHaveLength(1);
});

test('what a closed tab has left is taken over, once, by the same person only, oldest first', () => {
  const { clock, open, records } = setUp();
  const [first, second] = [open(), open()];
  first.shelf.save([item('b', { time: 2 })], ada);
  second.shelf.save([item('a', { time: 1 })], ada);
  first.shelf.release();
  second.shelf.release();
  const { shelf } = open();
  clock.advance(releasedTime - 1);
  expect(shelf.adopt(ada)).toEqual([]);
  clock.advance(1);
  expect(shelf.adopt({ id: 'other', name: 'Ada' })).toEqual([]);
  expect(shelf.adopt(ada).map(({ nonce }) => nonce)).toEqual(['a', 'b']);
  expect(shelf.adopt(ada)).toEqual([]);
  expect(records()).toEqual([]);
});

test('a tab that is alive keeps its own; one that crashed does so only until its lease is over', () => {
  const { clock, open } = setUp();
  const alive = open();
  const { shelf } = open();
  alive.shelf.save([item('a')], ada);
  for (let passed = 0; passed < 2 * leaseTime; passed += renewInterval) {
    clock.advance(renewInterval);
    alive.shelf.save([item('a')], ada);
    expect(shelf.adopt(ada)).toEqual([]);
  }
  clock.advance(leaseTime);
  expect(shelf.adopt(ada)).toHaveLength(1);
});

test('a tab that was put aside and comes back goes on', () => {
  const { clock, open } = setUp();
  const { tab, shelf } = open();
  shelf.save([item('a')], ada);
  shelf.release();
  // What the page still writes while it goes does not take the release back.
  shelf.save([item('a', { tried: true })], ada);
  shelf.hold();
  clock.advance(releasedTime);
  expect(open().shelf.adopt(ada)).toEqual([]);
  shelf.release();
  expect(open(tab).shelf.claim()?.items).toHaveLength(1);
});

test('after a day nobody comes back for it', () => {
  const { clock, open, records } = setUp();
  const left = open();
  left.shelf.save([item('a')], { id: 'gone', name: 'Gone' });
  left.shelf.release();
  clock.advance(keptTime);
  open().shelf.adopt(ada);
  expect(records()).toEqual([]);
});

test('a log-out forgets what closed tabs have left, and leaves living ones alone', () => {
  const { clock, open, records } = setUp();
  const [gone, alive, here] = [open(), open(), open()];
  gone.shelf.save([item('a')], ada);
  clock.advance(leaseTime);
  alive.shelf.save([item('b')], ada);
  here.shelf.forget(ada);
  expect(records()).toHaveLength(1);
});

test.each(['{', '[]', '{"holder":"x","items":[{"nonce":7}]}'])('a broken record (%s) is dropped', (text) => {
  const { browser, open, records } = setUp();
  const { tab, shelf } = open();
  shelf.save([item('a')], ada);
  const [key = ''] = records();
  browser.storage.setItem(key, text);
  browser.storage.setItem(`${outboxPrefix}other`, text);
  const again = open(tab).shelf;
  expect(again.claim()).toBeUndefined();
  expect(again.adopt(ada)).toEqual([]);
  expect(records()).toEqual([]);
});

test('storage that is full or forbidden throws nothing', () => {
  const { browser, open } = setUp();
  const { shelf } = open();
  browser.storage.forbidden = true;
  shelf.save([item('a')], ada);
  shelf.release();
  expect(shelf.claim()).toBeUndefined();
  expect(shelf.adopt(ada)).toEqual([]);
  shelf.forget(ada);
});
