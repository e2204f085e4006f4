/**
 * The chat in the browsers that are not Chromium: one person comes in there, the other in Chromium. Short, because
 * what the page does in detail is tested in chat.test.ts; this is about what an engine could do otherwise.
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { enginesHere, openTab, type Tab } from '../browsers/engines.ts';
import { launchChromium, openPage, say, sent, signIn, startChat } from '../support/browser.ts';

let chromium: Browser;
beforeAll(async () => {
  chromium = await launchChromium();
});
afterAll(() => chromium.close());

/** What has been said and is acknowledged, as the tab shows it. */
const sentIn = (tab: Tab): Promise<unknown> =>
  tab.evaluate(`[...document.querySelectorAll('.said')]
    .filter((element) => element.closest('.outgoing') === null)
    .map((element) => element.textContent)`);

const has = (tab: Tab, selector: string): Promise<unknown> =>
  tab.evaluate(`document.querySelector(${JSON.stringify(selector)}) !== null`);

/** A machine under load takes its time. */
const patient = { timeout: 60_000 };

describe.each(enginesHere.filter((engine) => engine !== 'Chromium'))('%s', (engine) => {
  test('two people talk, the server is killed and comes back, and nothing is lost or doubled', async () => {
    const chat = await startChat();
    const ada = await openTab[engine]();
    onTestFinished(() => ada.close());
    await ada.goto(chat.url);
    await expect.poll(() => has(ada, '#name'), patient).toBe(true);
    await ada.type('#name', 'Ada\n');
    await expect.poll(() => has(ada, 'textarea'), patient).toBe(true);
    await ada.type('textarea', 'Good morning\n');

    const mei = await openPage(chromium, chat.url);
    await signIn(mei, 'Mei');
    await expect.poll(() => sent(mei), patient).toEqual(['Good morning']);
    await say(mei, '早上好 👋');
    await expect.poll(() => sentIn(ada), patient).toEqual(['Good morning', '早上好 👋']);

    await chat.kill();
    await expect
      .poll(() => ada.evaluate('document.body.innerText'), patient)
      .toMatch(/Connection lost|Reconnecting/);
    await ada.type('textarea', 'said while it was away\n');
    expect(await sentIn(ada)).toEqual(['Good morning', '早上好 👋']);
    await chat.start();
    const all = ['Good morning', '早上好 👋', 'said while it was away'];
    await expect.poll(() => sentIn(ada), patient).toEqual(all);
    await expect.poll(() => sent(mei), patient).toEqual(all);
  });
});
