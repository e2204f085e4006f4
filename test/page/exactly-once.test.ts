/**
 * What the page promises of all that a person says and does: it ends in the log exactly once, in the order in which it
 * was written, and each message is in every state of the page shown exactly once, as unsent or as said. Here the
 * network is cut at random moments (so that requests, receipts and pushes are lost on their way), the server restarts,
 * the browser goes offline, and tabs are reloaded, closed or crash, by a seed that a failure names.
 */
import { expect, test } from 'vitest';
import type { ChatState } from '../../public/chat/model.ts';
import type { Message } from '../../src/chat/events.ts';
import { seededRandom } from '../support/chopping.ts';
import { FakeBrowser } from './fake-browser.ts';
import type { FakeChat } from './fake-chat.ts';
import { type Page, said, World } from './fake-page.ts';

const sends = 200;

function loggedTexts(chat: FakeChat): string[] {
  return chat.log
    .items('general')
    .flatMap((item) => (item.type === 'message' && item.content.type === 'text' ? [item.content.text] : []));
}

/** Nothing is shown twice at any moment, and nothing that was written here is nowhere. */
function checkState(state: ChatState, written: readonly string[], chat: FakeChat, where: string) {
  if (state.phase !== 'chatting' || state.conversation.status !== 'ready') return;
  const lines = said(state);
  const waiting = state.outbox.flatMap(({ command }) => (command.type === 'text' ? [command.text] : []));
  const shown = new Set([...lines, ...waiting]);
  if (shown.size < lines.length + waiting.length) {
    throw new Error(`${where}: shown twice in ${lines} | ${waiting}`);
  }
  // What is older than the first line is in the log, and comes by scrolling up.
  const first = state.conversation.timeline[0];
  const start = first?.kind === 'message' ? first.message.offset : (first?.item.offset ?? 0);
  const unloaded = new Set(
    chat.log
      .items('general')
      .filter((item): item is Message => item.type === 'message' && item.offset < start)
      .map(({ content }) => (content.type === 'text' ? content.text : '')),
  );
  const missing = written.filter((text) => !shown.has(text) && !unloaded.has(text));
  // A reader who stays far back is told of new lines, and not shown them.
  if (missing.length > 0 && !state.conversation.hasNewer) throw new Error(`${where}: not shown: ${missing}`);
}

async function run(seed: number, sharing: boolean, tabs: number) {
  const random = seededRandom(seed);
  const world = new World(sharing);
  const { chat, clock } = world;
  chat.recoveryLimit = Number.POSITIVE_INFINITY;
  const mei = chat.person('Mei');
  const where = `seed ${seed}`;
  /** What each tab wrote since it was opened: what it must show. */
  const written = new Map<Page, string[]>();
  const all: string[] = [];
  let cuts = 0;
  let spokenByMei = 0;

  const watch = (page: Page) => {
    page.tab.random = random;
    written.set(page, []);
    page.store.subscribe(() => checkState(page.state(), written.get(page) ?? [], chat, where));
    read(page);
  };
  /** Has read what is shown, as somebody does who looks at the end of the conversation. */
  const read = (page: Page) =>
    page.store.subscribe(() => {
      const last = page.state().conversation.timeline.at(-1);
      if (last?.kind === 'message') page.actions.markRead(last.message.offset);
    });
  const pages: Page[] = [await world.enter()];
  while (pages.length < tabs) {
    const page = world.open();
    await world.ready(page);
    pages.push(page);
  }
  for (const page of pages) watch(page);
  const other = await world.enter('Bo', new FakeBrowser(clock));
  read(other);

  const reload = async (index: number, how: 'politely' | 'crashed') => {
    const before = pages[index];
    if (before === undefined) return;
    // What was said a moment ago is on the disk by then.
    await clock.advance(20);
    before.close(how);
    const page = world.open(before);
    pages[index] = page;
    watch(page);
    await clock.advanceUntil(() => page.state().phase === 'chatting');
  };

  while (all.length < sends) {
    await clock.advance(Math.floor(random() * 40));
    const dice = random();
    const index = Math.floor(random() * pages.length);
    const page = pages[index];
    if (page === undefined) throw new Error('no page');
    if (dice < 0.7) {
      const text = `${all.length}`;
      all.push(text);
      page.say(text);
      written.get(page)?.push(text);
    } else if (dice < 0.8) {
      spokenByMei += 1;
      chat.say(mei, `mei ${spokenByMei}`);
    } else if (dice < 0.92) {
      cuts += 1;
      chat.endAll(random() < 0.8 ? 1006 : 1011);
      if (random() < 0.7) page.actions.reconnectNow();
    } else if (dice < 0.94) {
      cuts += 1;
      chat.up = false;
      clock.after(Math.floor(random() * 3000), () => {
        chat.up = true;
      });
      chat.endAll(1012, 'restarting');
    } else if (dice < 0.96) {
      cuts += 1;
      for (const each of pages) each.tab.signal('offline');
      chat.endAll(1006);
      await clock.advance(Math.floor(random() * 2000));
      for (const each of pages) each.tab.signal('online');
    } else if (dice < 0.98) {
      chat.latency = Math.floor(random() * 60);
      chat.receiptFirst = random() < 0.5;
    } else {
      await reload(index, random() < 0.6 ? 'politely' : 'crashed');
    }
  }
  await clock.advanceUntil(
    () =>
      pages.every((page) => page.state().outbox.length === 0 && page.state().connection.status === 'open'),
    3_600_000,
  );
  await clock.advanceUntil(() => other.state().connection.status === 'open', 3_600_000);
  for (const page of [...pages, other]) page.actions.jumpToNewest();
  await clock.advance(15_000);

  const log = loggedTexts(chat);
  const own = log.filter((text) => !text.startsWith('mei'));
  expect(
    own.toSorted((a, b) => Number(a) - Number(b)),
    where,
  ).toEqual(all);
  if (tabs === 1) expect(own, where).toEqual(all);
  expect(log.filter((text) => text.startsWith('mei'))).toHaveLength(spokenByMei);
  // Everybody sees the log as it is: its newest part, or all of it.
  for (const page of [...pages, other]) {
    const seen = said(page.state());
    expect(seen, where).toEqual(log.slice(log.length - seen.length));
    expect(page.state().outbox, where).toEqual([]);
  }
  expect(await world.browser.database.all('outbox'), where).toEqual([]);
  return cuts;
}

test.each([1, 2, 3])(`${sends} sends over a connection that breaks at random, seed %i`, async (seed) => {
  expect(await run(seed, false, 1)).toBeGreaterThan(20);
});

test.each([4, 5])(`${sends} sends from three tabs that share a connection, seed %i`, async (seed) => {
  expect(await run(seed, true, 3)).toBeGreaterThan(20);
});

test.each([6, 7])(`${sends} sends from two tabs with a connection each, seed %i`, async (seed) => {
  expect(await run(seed, false, 2)).toBeGreaterThan(20);
});
