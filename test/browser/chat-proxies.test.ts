/** The page behind real proxies that let through more or less: it finds what works, says what it is, and chats on. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enter, launchChromium, say, sent, startChat } from '../support/browser.ts';
import { fronts } from '../support/front-proxies.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const shown = { websocket: 'WebSocket', stream: 'Event stream', 'long-poll': 'Long polling' } as const;

test.each(fronts)('behind $name: $transport', async ({ start, transport }) => {
  const chat = await startChat();
  const front = await start(chat.port);
  const ada = await enter(browser, front, 'Ada');
  const mei = await enter(browser, chat.url, 'Mei');
  await ada.getByRole('button', { name: new RegExp(`^Connection: .*${shown[transport]}`) }).waitFor();
  await say(ada, 'from behind');
  await expect.poll(() => sent(mei)).toEqual(['from behind']);
  await say(mei, 'from outside');
  await say(ada, 'and on');
  const all = ['from behind', 'from outside', 'and on'];
  await expect.poll(async () => (await sent(ada)).toSorted()).toEqual(all.toSorted());
  await expect.poll(() => sent(mei)).toEqual(await sent(ada));
});
