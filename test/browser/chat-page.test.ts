// What stands around the conversation, in a real Chromium: nothing that axe finds fault with, and a page that opens
// without a server.
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  chooseMine,
  desktop,
  enter,
  launchChromium,
  makeRoom,
  openPage,
  openPerson,
  panel,
  phone,
  say,
  signIn,
  startChat,
  visible,
} from '../support/browser.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const axe = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Waits until nothing moves: what still comes in is half transparent, and not yet in its place. */
async function still(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document.getAnimations().every(({ playState }) => playState !== 'running'),
  );
}

const hasFocus = (element: Element): boolean => element === document.activeElement;

/** What this device remembers of the rooms, as JSON. */
function remembered(): Promise<string> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('barewire');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const reading = opening.result.transaction('history').objectStore('history').getAll();
      reading.onerror = () => reject(reading.error);
      reading.onsuccess = () => {
        opening.result.close();
        resolve(JSON.stringify(reading.result));
      };
    };
  });
}

/** What axe has against the page as it stands: rule and place of each fault. */
async function faults(page: Page): Promise<unknown> {
  await still(page);
  await page.evaluate(axe);
  return page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(standards)} }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ': ' + target.join(' '))))`,
  );
}

describe.each(['light', 'dark'] as const)('axe, %s', (colorScheme) => {
  test('finds no fault with the way in', async () => {
    const { url } = await startChat(['--server-password', 'a long server password']);
    const page = await openPage(browser, url, { ...desktop, colorScheme });
    await page.getByLabel('Your name').fill('Ada');
    expect(await faults(page)).toEqual([]);
  });

  test('finds no fault with the panels and what lies over the page', async () => {
    const { url } = await startChat();
    const page = await openPage(browser, url, { ...desktop, colorScheme });
    await signIn(page, 'Ada');
    const mei = await enter(browser, url, 'Mei');
    await say(mei, 'A word about handshakes');
    await visible(page, 'A word about handshakes');
    await makeRoom(page, 'dev');
    expect(await faults(page), 'the room').toEqual([]);
    await page.getByRole('link', { name: 'general' }).click();
    await openPerson(page, 'Mei');
    expect(await faults(page), 'people').toEqual([]);
    for (const command of ['Search the messages', 'Find a room', 'New room']) {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill(command);
      expect(await faults(page), 'the jump dialog').toEqual([]);
      await page.keyboard.press('Enter');
      await panel(page).getByRole('heading', { level: 2 }).waitFor();
      expect(await faults(page), command).toEqual([]);
    }
    for (const item of ['Preferences', 'Password for your name', 'Devices']) {
      await chooseMine(page, item);
      await panel(page).getByRole('heading', { level: 2 }).waitFor();
      expect(await faults(page), item).toEqual([]);
    }
    await page.getByRole('button', { name: /^Connection: / }).click();
    expect(await faults(page), 'the connection').toEqual([]);
    await page.keyboard.press('Escape');
  });
});

test('a panel takes the focus, Esc closes it, and the focus goes back', async () => {
  const { url } = await startChat();
  const page = await enter(browser, url, 'Ada');
  const button = page.getByRole('button', { name: 'Search messages' });
  await button.focus();
  await page.keyboard.press('Enter');
  const field = panel(page).getByRole('searchbox');
  await expect.poll(() => field.evaluate(hasFocus)).toBe(true);
  await page.keyboard.press('Escape');
  await panel(page).waitFor({ state: 'detached' });
  expect(await button.evaluate(hasFocus)).toBe(true);
});

test('on a phone a panel is as large as the screen', async () => {
  const { url } = await startChat();
  const page = await openPage(browser, url, phone);
  await signIn(page, 'Ada');
  await page.getByRole('button', { name: /^People: / }).tap();
  const sheet = page.getByRole('dialog', { name: 'Panel' });
  await still(page);
  expect(await sheet.boundingBox()).toMatchObject({ x: 0, y: 0, ...phone.viewport });
  expect(await faults(page)).toEqual([]);
});

test('the page opens without a server, with what was said', async () => {
  const chat = await startChat();
  const page = await enter(browser, chat.url, 'Ada');
  await say(page, 'said before the night');
  await visible(page, 'said before the night');
  await page.waitForFunction(() =>
    navigator.serviceWorker.ready.then(({ active }) => active?.state === 'activated'),
  );
  // The page writes down what it shows a moment after it has changed.
  await expect.poll(() => page.evaluate(remembered), { timeout: 30_000 }).toContain('said before the night');
  await chat.kill();
  await page.reload();
  await visible(page, 'said before the night');
  await chat.start();
  await page.getByRole('button', { name: /^Connection: Connected/ }).waitFor();
});
