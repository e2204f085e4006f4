/** Rooms in a real Chromium: made, found, joined, left; what is unread, on two devices; drafts, links and invitations. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  choose,
  chooseMine,
  composer,
  enter,
  launchChromium,
  makeRoom,
  message,
  openPage,
  openPerson,
  openRoomPanel,
  panel,
  roomLink,
  said,
  say,
  sent,
  startChat,
  stored,
  two,
  visible,
} from '../support/browser.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

async function join(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Find rooms' }).click();
  await panel(page)
    .getByRole('button', { name: `Join ${name}` })
    .click();
  await composer(page, `#${name}`).waitFor();
}

/** Keeps the name with a password and comes in with it on another device. */
async function secondDevice(page: Page, url: string, name: string): Promise<Page> {
  await chooseMine(page, 'Password for your name');
  await panel(page).getByLabel('New password').fill('correct horse');
  await panel(page).getByRole('button', { name: 'Set the password' }).click();
  await panel(page).getByText('The password is set.').waitFor();
  const other = await openPage(browser, url);
  await other.getByLabel('Your name').fill(name);
  await other.getByRole('button', { name: 'Enter', exact: true }).click();
  await other.getByLabel('Password of this name').fill('correct horse');
  await other.getByRole('button', { name: 'Enter', exact: true }).click();
  await composer(other).waitFor();
  return other;
}

describe('rooms', () => {
  test('are made, found, joined, renamed, given a topic and left', async () => {
    const { ada, mei } = await two(browser);
    await makeRoom(ada, 'garden');
    await say(ada, 'Tulips or roses?');
    await join(mei, 'garden');
    await visible(mei, 'Tulips or roses?');
    await visible(ada, /Mei joined/);

    await openRoomPanel(ada);
    await panel(ada).getByLabel('Topic').fill('What grows');
    await panel(ada).getByRole('button', { name: 'Save' }).click();
    await visible(mei, 'Ada set the topic: What grows');
    await panel(ada).getByLabel('Name').fill('backyard');
    await panel(ada).getByRole('button', { name: 'Save' }).click();
    await visible(mei, 'Ada renamed the room to #backyard');
    await mei.getByRole('heading', { name: 'backyard', level: 1 }).waitFor();

    await openRoomPanel(mei);
    await panel(mei).getByRole('button', { name: 'Leave the room' }).click();
    await panel(mei).getByRole('button', { name: 'Leave the room' }).click();
    await visible(ada, /Mei left/);
    await expect.poll(() => roomLink(mei, 'backyard').count()).toBe(0);
  });

  test('keep their talk apart, and count what is unread until it was seen', async () => {
    const { ada, mei } = await two(browser);
    await makeRoom(ada, 'garden');
    await join(mei, 'garden');
    await roomLink(mei, 'general').click();
    await composer(mei).waitFor();
    for (const text of ['one', 'two', 'and you, @Mei?']) await say(ada, text);
    await expect
      .poll(() => roomLink(mei, 'garden').innerText())
      .toMatch(/3 messages unread|1 mention of you/);
    expect(await said(mei)).toEqual([]);
    await roomLink(mei, 'garden').click();
    await visible(mei, 'and you, @Mei?');
    await mei
      .getByText(/^(?:3 new|New messages)$/)
      .first()
      .waitFor();
    await expect.poll(() => roomLink(mei, 'garden').innerText()).not.toMatch(/unread|mention/);
  });

  test('are read on all devices when they were read on one', async () => {
    const { url, ada, mei } = await two(browser);
    const phone = await secondDevice(mei, url, 'Mei');
    for (const page of [mei, phone]) {
      await makeOrOpen(page);
    }
    await say(ada, 'news for Mei');
    for (const page of [mei, phone])
      await expect.poll(() => roomLink(page, 'general').innerText()).toMatch(/1 message unread/);
    await roomLink(phone, 'general').click();
    await visible(phone, 'news for Mei');
    for (const page of [phone, mei])
      await expect.poll(() => roomLink(page, 'general').innerText()).not.toMatch(/unread/);

    /** Both look at another room, so that what comes stays unread. */
    async function makeOrOpen(page: Page): Promise<void> {
      if (page === mei) await makeRoom(page, 'elsewhere');
      else await roomLink(page, 'elsewhere').click();
      await composer(page, '#elsewhere').waitFor();
    }
  });

  test('keep what was being written, each its own, over a reload', async () => {
    const { url } = await startChat();
    const ada = await enter(browser, url, 'Ada');
    await composer(ada).fill('half a thought');
    await makeRoom(ada, 'garden');
    expect(await composer(ada, '#garden').inputValue()).toBe('');
    await composer(ada, '#garden').fill('another');
    await roomLink(ada, 'general').click();
    await expect.poll(() => composer(ada).inputValue()).toBe('half a thought');
    // A moment after the last key it is written down; until then nothing promises it.
    await expect.poll(() => stored(ada, 'drafts')).toMatch(/another.*half a thought|half a thought.*another/);
    await ada.reload();
    await expect.poll(() => composer(ada).inputValue()).toBe('half a thought');
    await roomLink(ada, 'garden').click();
    await expect.poll(() => composer(ada, '#garden').inputValue()).toBe('another');
  });

  test('have an address for each message, which leads there from far away', async () => {
    const { url } = await startChat();
    const ada = await enter(browser, url, 'Ada');
    await ada.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url });
    await say(ada, 'the very first');
    await expect.poll(() => sent(ada)).toEqual(['the very first']);
    await choose(ada, 'the very first', 'Copy link');
    const link = await ada.evaluate(() => navigator.clipboard.readText());
    expect(link).toMatch(new RegExp(`^${url}/#/general/\\d+$`));
    for (let number = 1; number <= 59; number++) await say(ada, `line ${number}`);
    await expect.poll(async () => (await sent(ada)).at(-1)).toBe('line 59');
    const mei = await enter(browser, url, 'Mei');
    await mei.goto(link);
    await mei.reload();
    await message(mei, 'the very first').waitFor();
    await expect
      .poll(() =>
        message(mei, 'the very first').evaluate((element) => {
          const box = element.getBoundingClientRect();
          return box.top >= 0 && box.bottom <= innerHeight;
        }),
      )
      .toBe(true);
  });
});

describe('people', () => {
  test('write to each other directly, and nobody else sees it', async () => {
    const { url, ada, mei } = await two(browser);
    const zoe = await enter(browser, url, 'Zoe');
    const person = await openPerson(ada, 'Mei');
    await person.getByRole('button', { name: 'Write directly' }).click();
    await composer(ada, 'Mei').waitFor();
    await say(ada, 'Between us');
    await expect.poll(() => roomLink(mei, 'Ada').innerText()).toMatch(/1 message unread/);
    await roomLink(mei, 'Ada').click();
    await visible(mei, 'Between us');
    await say(mei, 'Sure');
    await visible(ada, 'Sure');
    expect(await roomLink(zoe, 'Ada').count()).toBe(0);
    expect(await zoe.getByText('Between us').count()).toBe(0);
  });

  test('come into a private room by a link, also when they are new', async () => {
    const { url, ada, mei } = await two(browser);
    await makeRoom(ada, 'secret', 'Private');
    await say(ada, 'Nobody knows');
    await mei.getByRole('button', { name: 'Find rooms' }).click();
    await panel(mei).getByRole('button', { name: 'New room' }).waitFor();
    expect(await panel(mei).getByText('secret').count()).toBe(0);
    await openRoomPanel(ada);
    await panel(ada).getByRole('button', { name: 'Make a link' }).click();
    const link = await panel(ada).getByLabel('Invitation link').inputValue();
    await mei.goto(link);
    await visible(mei, 'Nobody knows');
    const zoe = await openPage(browser, link);
    await zoe.getByText('You are invited').waitFor();
    await zoe.getByLabel('Your name').fill('Zoe');
    await zoe.getByRole('button', { name: 'Enter', exact: true }).click();
    await visible(zoe, 'Nobody knows');
    await composer(zoe, '#secret').waitFor();
    expect(new URL(link).origin).toBe(url);
  });
});
