/** Keeping order in a room, in a real Chromium: taking out, banning, muting, slowing down, and what is written of it. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  choose,
  composer,
  enter,
  launchChromium,
  makeRoom,
  openPerson,
  openRoomPanel,
  panel,
  roomLink,
  say,
  sent,
  startChat,
  visible,
} from '../support/browser.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

/** Ada's room, with Mei in it; both look at it. */
async function room(): Promise<{ ada: Page; mei: Page }> {
  const { url } = await startChat();
  const ada = await enter(browser, url, 'Ada');
  const mei = await enter(browser, url, 'Mei');
  await makeRoom(ada, 'garden');
  await join(mei);
  await visible(ada, /Mei joined/);
  return { ada, mei };
}

async function join(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Find rooms' }).click();
  await panel(page).getByRole('button', { name: 'Join garden' }).click();
  await composer(page, '#garden').waitFor();
}

async function ask(page: Page, name: string, action: string, reason: string): Promise<void> {
  const person = await openPerson(page, name);
  await person.getByRole('button', { name: `${action}…` }).click();
  await person.getByLabel('Reason').fill(reason);
  await person.getByRole('button', { name: action, exact: true }).click();
}

test('who is taken out hears why, and may come back', async () => {
  const { ada, mei } = await room();
  await ask(ada, 'Mei', 'Take out of the room', 'Too loud');
  await visible(mei, /You were taken out of #?garden\. Reason: “Too loud”/);
  await visible(ada, 'Ada took Mei out of the room: “Too loud”');
  await expect.poll(() => roomLink(mei, 'garden').count()).toBe(0);
  await join(mei);
  await say(mei, 'Sorry');
  await visible(ada, 'Sorry');
});

test('who is banned stays out until the ban is lifted', async () => {
  const { ada, mei } = await room();
  await ask(ada, 'Mei', 'Ban from the room', 'Again');
  await visible(mei, /You were banned from #?garden\. Reason: “Again”/);
  await mei.getByRole('button', { name: 'Find rooms' }).click();
  await panel(mei).getByRole('button', { name: 'Join garden' }).click();
  await visible(mei, /You are banned here/);
  await openRoomPanel(ada);
  await panel(ada).getByRole('button', { name: 'Moderation' }).click();
  await panel(ada)
    .getByRole('button', { name: /Lift the ban/ })
    .click();
  await panel(ada).getByText('Nobody is banned from this room.').waitFor();
  await panel(mei).getByRole('button', { name: 'Join garden' }).click();
  await composer(mei, '#garden').waitFor();
});

test('who is muted reads on and cannot write', async () => {
  const { ada, mei } = await room();
  await ask(ada, 'Mei', 'Mute', 'Calm down');
  await panel(ada)
    .getByText(/Muted until/)
    .waitFor();
  await mei.getByText(/You cannot write here until/).waitFor();
  await mei.locator('#message-field').fill('But');
  await mei.keyboard.press('Enter');
  expect(await mei.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
  await say(ada, 'Still with us?');
  await visible(mei, 'Still with us?');
  const person = await openPersonAnew(ada);
  await person.getByRole('button', { name: 'Let write again' }).click();
  await expect
    .poll(() =>
      panel(ada)
        .getByText(/Muted until/)
        .count(),
    )
    .toBe(0);
  await mei.getByText(/You cannot write here until/).waitFor({ state: 'hidden' });
  await mei.locator('#message-field').press('Enter');
  await expect.poll(() => sent(ada)).toEqual(['Still with us?', 'But']);

  /** It may stand open still from before. */
  async function openPersonAnew(page: Page) {
    const item = panel(page).getByRole('listitem').filter({ hasText: 'Mei' });
    if (await item.getByRole('button', { name: 'Let write again' }).isVisible()) return item;
    return openPerson(page, 'Mei');
  }
});

test('slow mode makes members wait, and not who moderates', async () => {
  const { ada, mei } = await room();
  await openRoomPanel(ada);
  await panel(ada)
    .getByLabel('Slow mode')
    .selectOption({ label: '1 min' })
    .catch(async () => {
      await panel(ada).getByLabel('Slow mode').selectOption({ index: 4 });
    });
  await visible(mei, /Ada slowed the room down/);
  await say(mei, 'one');
  await visible(mei, /Slow mode: you can send the next message in/);
  await say(mei, 'two');
  await say(ada, 'three');
  await say(ada, 'four');
  await expect.poll(() => sent(mei)).toEqual(['one', 'three', 'four']);
});

test('a moderator removes what somebody else said, and it is written down', async () => {
  const { ada, mei } = await room();
  await say(mei, 'Something rude');
  await visible(ada, 'Something rude');
  await choose(ada, 'Something rude', 'Delete…');
  await ada.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await visible(mei, 'This message was deleted by Ada.');
  await openRoomPanel(ada);
  await panel(ada).getByRole('button', { name: 'Moderation' }).click();
  await panel(ada)
    .getByText(/Ada deleted a message of Mei/)
    .waitFor();
});
