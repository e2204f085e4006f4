/** What else a person meets in a real Chromium: passwords and invitations at the door, `:emoji:`, mute, notifications, the wire. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  composer,
  enter,
  launchChromium,
  makeRoom,
  openPage,
  openRoomPanel,
  panel,
  roomLink,
  said,
  say,
  signIn,
  startChat,
  two,
  visible,
} from '../support/browser.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

test('a server with a password asks for it, and says when it is wrong', async () => {
  const { url } = await startChat(['--server-password', 'open sesame']);
  const page = await openPage(browser, url);
  await page.getByLabel('Your name').fill('Ada');
  const password = page.getByLabel('Password of this server');
  await password.fill('open barley');
  await page.getByRole('button', { name: 'Enter', exact: true }).click();
  await visible(page, /That is not the password of this server/);
  await password.fill('open sesame');
  await page.getByRole('button', { name: 'Enter', exact: true }).click();
  await composer(page).waitFor();
});

test('a server for those who are invited says so to others', async () => {
  const { url } = await startChat(['--invitation-only']);
  const page = await openPage(browser, url);
  await page.getByLabel('Your name').fill('Ada');
  await page.getByRole('button', { name: 'Enter', exact: true }).click();
  await visible(page, /invit/i);
  expect(await composer(page).count()).toBe(0);
});

test('an emoji is found by its name between colons, and picked with the keyboard', async () => {
  const { url } = await startChat();
  const page = await enter(browser, url, 'Ada');
  await composer(page).pressSequentially('well done :tada');
  await page.locator('.completion .option').first().waitFor();
  await page.keyboard.press('Enter');
  await expect.poll(() => composer(page).inputValue()).toMatch(/^well done \u{1f389}\s?$/u);
  await page.keyboard.press('Enter');
  await expect
    .poll(async () => (await said(page)).map((text) => text.trim()))
    .toEqual(['well done \u{1f389}']);
});

test('who looks elsewhere is notified of a mention, but not from a room that is muted', async () => {
  const { ada, mei } = await two(browser);
  await ada.evaluate(() => {
    const shown: string[] = [];
    Object.assign(globalThis, { shown });
    class Shown extends EventTarget {
      static readonly permission = 'granted';
      static requestPermission = async () => 'granted' as const;
      constructor(title: string, { body }: NotificationOptions = {}) {
        super();
        shown.push(`${title}: ${body}`);
      }
      close(): void {}
    }
    Object.assign(globalThis, { Notification: Shown });
    Document.prototype.hasFocus = () => false;
  });
  const shown = () => ada.evaluate('shown');
  await say(mei, 'nobody in particular');
  await visible(ada, 'nobody in particular');
  await say(mei, '@Ada look at this');
  await expect.poll(shown).toEqual([expect.stringContaining('@Ada look at this')]);
  await openRoomPanel(ada);
  await panel(ada).getByText('Mute this room').click();
  await expect.poll(() => roomLink(ada, 'general').getAttribute('class')).toMatch(/muted/);
  await say(mei, '@Ada and at that');
  await visible(ada, '@Ada and at that');
  expect(await shown()).toHaveLength(1);
});

test('rooms, people and commands are reached by one field', async () => {
  const { ada, mei } = await two(browser);
  await makeRoom(ada, 'harbour');
  await ada.keyboard.press('Control+k');
  const field = ada.getByRole('dialog').getByRole('combobox');
  await field.fill('gener');
  await ada.keyboard.press('Enter');
  await composer(ada).waitFor();
  await ada.keyboard.press('Control+k');
  await field.fill('@Mei');
  await ada.keyboard.press('Enter');
  await composer(ada, 'Mei').waitFor();
  await say(ada, 'only for you');
  await roomLink(mei, 'Ada').click();
  await visible(mei, 'only for you');
});

test('the connection tells of itself, and the wire shows the frames that the server saw', async () => {
  const { url } = await startChat();
  const page = await openPage(browser, url);
  const frames = page.waitForResponse((response) =>
    /\/api\/connections\/[^/]+\/frames$/.test(response.url()),
  );
  await signIn(page, 'Ada');
  expect((await frames).headers()['content-type']).toMatch(/^text\/event-stream/);
  await page.getByRole('button', { name: /^Connection: Connected/ }).click();
  const details = page.getByRole('dialog', { name: 'Connection' });
  await details
    .getByText(/^WebSocket/)
    .first()
    .waitFor();
  await details.getByText('None on this page').waitFor();
  await details.getByText('Never').waitFor();
  await page.keyboard.press('Escape');
  await details.waitFor({ state: 'detached' });
});
