/** Each view of the chat, looked at by axe: what people who do not see it, or use no mouse, need to be there. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  act,
  chooseMine,
  composer,
  desktop,
  enter,
  launchChromium,
  openPage,
  openPerson,
  openRoomPanel,
  panel,
  phone,
  say,
  sent,
  signIn,
  startChat,
  visible,
} from '../support/browser.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

/** What axe finds in the page as it is now, as `rule: element`. */
async function violations(page: Page): Promise<string[]> {
  // The policy lets no script in; the debugger is above it.
  await page.evaluate(`if (!('axe' in window)) { ${axe} }`);
  return page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ': ' + node.html.slice(0, 160))))`,
  );
}

test.each([
  ['light', desktop],
  ['dark', desktop],
  ['light', phone],
] as const)('%s, %o', async (colorScheme, device) => {
  const { url } = await startChat();
  const page = await openPage(browser, url, { ...device, colorScheme });
  const found: Record<string, string[]> = {};
  const look = async (view: string): Promise<void> => {
    const list = await violations(page);
    if (list.length > 0) found[view] = list;
  };
  await page.getByLabel('Your name').waitFor();
  await look('sign-in');
  await signIn(page, 'Ada');
  await look('empty room');
  if (device === phone) {
    await page.getByRole('button', { name: 'Show rooms' }).click();
    await look('rooms');
    await page.keyboard.press('Escape');
    expect(found).toEqual({});
    return;
  }
  const mei = await enter(browser, url, 'Mei');
  await say(mei, 'Hello **Ada** `code` https://example.org');
  await visible(page, 'Hello');
  await act(page, 'Hello', 'Reply');
  await say(page, 'Hello yourself');
  await expect.poll(async () => (await sent(page)).length).toBe(2);
  await look('conversation');
  await page.locator('article.message').first().hover();
  await look('message actions');
  await act(page, 'yourself', 'More actions');
  await look('message menu');
  await page.keyboard.press('Escape');
  await openPerson(page, 'Mei');
  await look('people');
  await openRoomPanel(page);
  await look('room');
  await page.getByRole('button', { name: 'Search messages' }).click();
  await look('search');
  await page.getByRole('button', { name: 'Find rooms' }).click();
  await look('find rooms');
  await page.getByRole('button', { name: 'New room' }).first().click();
  await look('new room');
  for (const item of ['Preferences', 'Password for your name', 'Devices']) {
    await chooseMine(page, item);
    await panel(page).getByRole('heading', { level: 2 }).waitFor();
    await look(item);
  }
  await chooseMine(page, 'Keyboard shortcuts');
  await look('keys');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Connection: / }).click();
  await look('connection');
  await page.keyboard.press('Escape');
  await composer(page).focus();
  await page.keyboard.press('Control+k');
  await look('jump');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Add emoji' }).click();
  await page.getByRole('dialog', { name: 'Emoji' }).getByRole('combobox').waitFor();
  await page.keyboard.press('Escape');
  expect(found).toEqual({});
});
