/**
 * What the page promises of every message: it ends in the log exactly once, in the order in which it was written, and
 * is in every state of the page shown exactly once, as unsent or as said. Here the network is cut at random moments
 * (so that requests, receipts and pushes are lost on their way), the server restarts, the browser goes offline and
 * the page is reloaded or crashes, by a seed that a failure names.
 */
import { expect, test } from 'vitest';
import type { ChatState } from '../../public/chat/model.ts';
import type { Message } from '../../src/chat/events.ts';
import { seededRandom } from '../support/chopping.ts';
import { FakeBrowser } from './fake-browser.ts';

import { outline, type Page, World } from './fake-page.ts';

const sends = 500;

function checkState(state: ChatState, written: readonly string[], log: readonly Message[], where: string) {
  const said = outline(state).filter((text) => /^\d+$/.test(text));
  const waiting = state.outbox.map(({ content }) => (content.type === 'text' ? content.text : '[image]'));
  const shown = new Set([...said, ...waiting]);
  if (shown.size < said.length + waiting.length)
    throw new Error(`${where}: shown twice in ${said} | ${waiting}`);
  const offsets = state.timeline.flatMap((item) => (item.kind === 'message' ? [item.message.offset] : []));
  if (offsets.some((offset, index) => index > 0 && offset <= (offsets[index - 1] ?? 0))) {
    throw new Error(`${where}: out of order: ${offsets}`);
  }
  if (state.phase !== 'chatting') return;
  // After a reload, what is older than the first line is in the log and comes by scrolling up.
  const first = offsets[0] ?? Number.POSITIVE_INFINITY;
  const unloaded = new Set(
    log.flatMap(({ offset, content }) => (offset < first && content.type === 'text' ? [content.text] : [])),
  );
  const missing = written.filter((text) => !shown.has(text) && !unloaded.has(text));
  if (missing.length > 0) throw new Error(`${where}: not shown: ${missing}`);
}

function run(seed: number) {
  const random = seededRandom(seed);
  const world = new World();
  // However long somebody was away: gaps are another test's matter.
  world.chat.recoveryLimit = Number.POSITIVE_INFINITY;
  const mei = { id: 'mei', name: 'Mei' };
  let page: Page = world.enter();
  page.tab.random = random;
  const other = world.enter('Bo', new FakeBrowser(world.clock));
  const written: string[] = [];
  let cuts = 0;
  let spokenByMei = 0;
  const watch = () =>
    page.store.subscribe(() => checkState(page.state(), written, world.chat.log, `seed ${seed}`));
  watch();

  const reload = (how: 'politely' | 'crashed') => {
    page.close(how);
    // A browser that crashed is started again after the leases are over: until then the copy might be alive.
    if (how === 'crashed') world.clock.advance(200_000);
    page = world.open(page);
    page.tab.random = random;
    world.clock.advanceUntil(() => page.state().phase === 'chatting');
    watch();
  };

  while (written.length < sends) {
    world.clock.advance(Math.floor(random() * 40));
    const dice = random();
    if (dice < 0.7) {
      written.push(`${written.length}`);
      page.actions.sendText(written.at(-1) ?? '');
    } else if (dice < 0.8) {
      spokenByMei += 1;
      world.chat.say(mei, `mei ${spokenByMei}`);
    } else if (dice < 0.94) {
      cuts += 1;
      world.chat.endAll(random() < 0.8 ? 1006 : 1011);
      if (random() < 0.7) page.actions.reconnectNow();
    } else if (dice < 0.96) {
      cuts += 1;
      world.chat.up = false;
      world.chat.broadcast('server:restart', { retryWithin: 2000 });
      world.clock.advance(Math.floor(random() * 10));
      world.chat.endAll(1012, 'restarting');
      world.clock.after(Math.floor(random() * 3000), () => {
        world.chat.up = true;
      });
    } else if (dice < 0.98) {
      cuts += 1;
      page.tab.signal('offline');
      world.chat.endAll(1006);
      world.clock.advance(Math.floor(random() * 2000));
      page.tab.signal('online');
    } else if (dice < 0.99) {
      world.chat.latency = Math.floor(random() * 60);
    } else {
      reload(random() < 0.7 ? 'politely' : 'crashed');
    }
  }
  const done = () => page.state().outbox.length === 0 && page.state().connection.status === 'open';
  world.clock.advanceUntil(done, 3_600_000);
  world.clock.advanceUntil(() => other.state().connection.status === 'open', 3_600_000);
  world.clock.advance(5000);

  const log = world.chat.log.map(({ content }) => (content.type === 'text' ? content.text : '[image]'));
  expect(
    log.filter((text) => !text.startsWith('mei')),
    `seed ${seed}`,
  ).toEqual(written);
  expect(log.filter((text) => text.startsWith('mei'))).toHaveLength(spokenByMei);
  // Both people see the log as it is (what a reload has not loaded again is the only difference).
  const seen = outline(page.state()).filter((line) => !/^[+-]/.test(line));
  expect(seen, `seed ${seed}`).toEqual(log.slice(log.length - seen.length));
  expect(
    outline(other.state()).filter((line) => !/^[+-]/.test(line)),
    `seed ${seed}`,
  ).toEqual(log);
  return cuts;
}

test.each([1, 2, 3, 4, 5])(`${sends} sends over a connection that breaks at random, seed %i`, (seed) => {
  expect(run(seed)).toBeGreaterThan(50);
});
