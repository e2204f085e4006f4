/** Many tabs, many devices, no network: one socket for all tabs, one person on all devices, and a page that opens anyway. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  chooseMine,
  composer,
  enter,
  launchChromium,
  openPage,
  panel,
  say,
  sent,
  startChat,
  stored,
  visible,
  watch,
} from '../support/browser.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

/** How many connections the server has, over whatever transport. */
async function connections(url: string): Promise<number> {
  const health: { connections: number } = JSON.parse(await (await fetch(`${url}/healthz`)).text());
  return health.connections;
}

/** Another tab in the same browser. */
async function openTab(page: Page, url: string): Promise<Page> {
  const tab = await page.context().newPage();
  watch(tab);
  await tab.goto(url);
  return tab;
}

async function setPassword(page: Page, password: string): Promise<void> {
  await chooseMine(page, 'Password for your name');
  await panel(page).getByLabel('New password').fill(password);
  await panel(page).getByRole('button', { name: 'Set the password' }).click();
  await panel(page).getByText('The password is set.').waitFor();
}

test('twenty tabs share one connection, and another takes over when its tab is closed', async () => {
  const { url } = await startChat();
  const first = await enter(browser, url, 'Ada');
  const tabs: Page[] = [];
  for (let number = 1; number < 20; number++) tabs.push(await openTab(first, url));
  for (const tab of tabs) await composer(tab).waitFor();
  await expect.poll(() => connections(url)).toBe(1);
  await say(first, 'hello from the first');
  for (const tab of tabs) await expect.poll(() => sent(tab)).toEqual(['hello from the first']);
  await first.close();
  const [second, ...others] = tabs;
  if (second === undefined) throw new Error('There is no second tab.');
  await say(second, 'it goes on');
  for (const tab of [second, ...others])
    await expect.poll(() => sent(tab)).toEqual(['hello from the first', 'it goes on']);
  await expect.poll(() => connections(url)).toBe(1);
});

test('a name with a password is one person on two devices, and one signs the other out', async () => {
  const { url } = await startChat();
  const home = await enter(browser, url, 'Ada');
  await setPassword(home, 'correct horse');
  const away = await openPage(browser, url);
  await away.getByLabel('Your name').fill('ada');
  await away.getByRole('button', { name: 'Enter', exact: true }).click();
  await away.getByLabel('Password of this name').fill('wrong horse');
  await away.getByRole('button', { name: 'Enter', exact: true }).click();
  await visible(away, /That is not the password/);
  await away.getByLabel('Password of this name').fill('correct horse');
  await away.getByRole('button', { name: 'Enter', exact: true }).click();
  await composer(away).waitFor();
  await say(away, 'from the train');
  await expect.poll(() => sent(home)).toEqual(['from the train']);
  expect(await home.locator('.run.own .said').allInnerTexts()).toEqual(['from the train']);

  await chooseMine(home, 'Devices');
  await expect.poll(() => panel(home).getByRole('listitem').count()).toBe(2);
  await panel(home)
    .getByRole('button', { name: /^Sign out (?!everywhere)/ })
    .first()
    .click();
  await away.getByLabel('Your name').waitFor();
  await expect.poll(() => panel(home).getByRole('listitem').count()).toBe(1);
  await say(home, 'still here');
  await expect.poll(() => sent(home)).toEqual(['from the train', 'still here']);
});

test('without a network the page opens with what it remembers, and what is written goes out later, once', async () => {
  const chat = await startChat();
  const ada = await enter(browser, chat.url, 'Ada');
  const mei = await enter(browser, chat.url, 'Mei');
  await say(mei, 'before the tunnel');
  await visible(ada, 'before the tunnel');
  // Then the worker answers for the page.
  await ada.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await ada.reload();
  await visible(ada, 'before the tunnel');
  await expect.poll(() => stored(ada, 'history')).toContain('before the tunnel');
  await ada.context().setOffline(true);
  await ada.reload();
  await visible(ada, 'before the tunnel');
  await say(ada, 'in the tunnel');
  await expect.poll(() => stored(ada, 'outbox')).toContain('in the tunnel');
  await ada.reload();
  await visible(ada, 'in the tunnel');
  expect(await sent(ada)).toEqual(['before the tunnel']);
  await ada.context().setOffline(false);
  await expect.poll(() => sent(mei)).toEqual(['before the tunnel', 'in the tunnel']);
  await expect.poll(() => sent(ada)).toEqual(['before the tunnel', 'in the tunnel']);
});
