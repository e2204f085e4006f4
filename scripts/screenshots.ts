// `npm run screenshots`: starts the real server on an empty directory, lets bots talk, drives the real page in
// Chromium and writes docs/images/<view>-<desktop|phone>-<light|dark>.png. Only the times on the wire are rewritten on
// their way to the page, so that the pictures show the same day each time; and one refusal is made up.
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { drawPicture } from './demo-picture.ts';
import { finish, shoot } from './demo-shots.ts';
import { type Device, Stage } from './demo-stage.ts';
import { before, me, meanwhile, unread } from './demo-talk.ts';
import { findChromium } from './programs.ts';

const button = (page: Page, name: string | RegExp): Locator =>
  page.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name }).first();
const field = (page: Page): Locator => page.getByRole('textbox', { name: /^Message to / });
const message = (page: Page, text: string): Locator =>
  page.locator('article.message').filter({ hasText: text }).last();
const layer = (page: Page, device: Device): Locator =>
  device === 'desktop'
    ? page.getByRole('complementary', { name: 'Panel' })
    : page.getByRole('dialog', { name: 'Panel' });

/** Signs in on the page. */
async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Your name').fill(name);
  await button(page, 'Enter').click();
}

/** Chooses a room in the list, which a phone has to open first. */
async function openRoom(page: Page, device: Device, name: string): Promise<void> {
  if (device === 'phone') await button(page, /^Show rooms/).click();
  const rooms =
    device === 'phone' ? page.getByRole('dialog') : page.getByRole('navigation', { name: 'Rooms' });
  await rooms
    .getByRole('link')
    .filter({ has: page.getByText(name, { exact: true }) })
    .click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

/** The menu of a message: by the mouse, or by a finger that rests on it. */
async function openMenu(page: Page, device: Device, text: string): Promise<void> {
  const target = message(page, text);
  await target.scrollIntoViewIfNeeded();
  if (device === 'desktop') {
    await target.hover();
    await target.getByRole('button', { name: 'More actions' }).click();
  } else {
    const box = await target.locator('.bubble').boundingBox();
    if (box === null) throw new Error(`There is no place where “${text}” stands.`);
    const session = await page.context().newCDPSession(page);
    const touchPoints = [{ x: box.x + box.width / 2, y: box.y + 12 }];
    await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints });
    await page.getByRole('menu').waitFor();
    await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await page.waitForTimeout(100);
  }
  await page.getByRole('menu').waitFor();
}

/** The first look: signing in, and a room in which nothing has been said. */
async function firstViews(browser: Browser, stage: Stage, device: Device): Promise<Page> {
  const page = await (await stage.look(browser, device)).newPage();
  await page.goto(stage.base);
  await page.getByLabel('Your name').fill(me);
  await shoot(page, 'sign-in', device);
  await signIn(page, me);
  await page.getByText('Nothing has been said yet').waitFor();
  await shoot(page, 'empty', device);
  return page;
}

/** Names that are not free. */
async function refusedViews(browser: Browser, stage: Stage, device: Device): Promise<void> {
  const context = await stage.look(browser, device);
  const page = await context.newPage();
  await page.goto(stage.base);
  await signIn(page, 'mei');
  await page.getByText(/is already called/).waitFor();
  await shoot(page, 'name-taken', device);
  await signIn(page, 'Ada Lovelace');
  await page.getByLabel('Password of this name').waitFor();
  await shoot(page, 'password', device);
  await context.close();
}

/** The room that the README begins with, after a while in another. */
async function roomViews(page: Page, stage: Stage, device: Device, picture: Buffer): Promise<void> {
  // The strip shows the time between messages as distance.
  const pauses = [160, 900, 90, 1900, 400, 120, 2300];
  await stage.play(meanwhile, picture, (number) => pauses[number % pauses.length] ?? 0);
  await stage.read('general');
  await stage.play(unread, picture, () => 300);
  await stage.read('Mei');
  await stage.play([{ who: 'Mei', minute: 53, room: 'Mei', say: 'P. S. Björn drives.' }], picture, () => 300);
  await shoot(page, 'code', device);

  await openRoom(page, device, 'general');
  await message(page, 'second floor').waitFor();
  const stop = stage.bot('Mei').type('general');
  await page.getByText('Mei is typing…').first().waitFor();
  await shoot(page, 'room', device);
  stop();
}

async function messageViews(page: Page, device: Device): Promise<void> {
  const menuOf = device === 'desktop' ? 'section 5.5, please' : 'the Dampfschiff';
  await openMenu(page, device, menuOf);
  await shoot(page, 'actions', device);
  await page.getByRole('menuitem', { name: 'Add a reaction' }).click();
  await page.locator('emoji-picker .emoji-menu button').first().waitFor();
  await shoot(page, 'reaction', device);
  await page.keyboard.press('Escape');

  await openMenu(page, device, 'trimming it');
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await shoot(page, 'edit', device);
  await button(page, 'Do not edit').click();
  await message(page, 'trimming it')
    .getByRole('button', { name: /^Edited / })
    .click();
  await page.getByRole('dialog').getByText('triming').waitFor();
  await shoot(page, 'versions', device);
  await page.keyboard.press('Escape');

  await openMenu(page, device, 'second floor');
  await page.getByRole('menuitem', { name: 'Reply' }).click();
  await field(page).fill('Thank you! Which');
  await shoot(page, 'reply', device);
  await button(page, 'Do not reply').click();
  await field(page).fill('');

  await field(page).pressSequentially('What do you say, @m');
  await page.getByRole('listbox', { name: 'People' }).waitFor();
  await shoot(page, 'mention', device);
  await field(page).fill('');
  await field(page).pressSequentially('So good :mou');
  await page.getByRole('listbox', { name: 'Emoji' }).waitFor();
  await shoot(page, 'completion', device);
  await field(page).fill('');
  await button(page, 'Add emoji').click();
  await page.locator('emoji-picker .emoji-menu button').first().waitFor();
  await shoot(page, 'emoji', device);
  await page.keyboard.press('Escape');
}

async function panelViews(page: Page, device: Device): Promise<void> {
  const panel = layer(page, device);
  const close = async (): Promise<void> => {
    await panel.getByRole('button', { name: 'Close', exact: true }).click();
  };
  const people = button(page, /^People: /);
  if ((await people.getAttribute('aria-expanded')) !== 'true') await people.click();
  await panel.getByRole('listitem').filter({ hasText: 'Björn' }).getByRole('button').first().click();
  await shoot(page, 'people', device);
  await panel.getByRole('button', { name: 'Ban from the room…' }).click();
  await shoot(page, 'ban', device);
  await panel.getByRole('button', { name: 'Cancel' }).click();
  await close();

  await button(page, 'Search messages').click();
  await panel.getByRole('searchbox').fill('rfc');
  await panel.getByText('All my rooms').click();
  await panel.getByText(/\d messages?$/).waitFor();
  await shoot(page, 'search', device);
  await close();

  await button(page, 'About this room').click();
  await panel.getByRole('button', { name: 'Make a link' }).click();
  await panel.getByLabel('Invitation link').waitFor();
  await shoot(page, 'room-settings', device);
  await panel.getByRole('button', { name: 'Moderation' }).click();
  await panel.getByText('Advertising, three times').first().waitFor();
  await shoot(page, 'moderation', device);
  await close();

  for (const [view, name, text] of [
    ['browse', 'Find rooms', 'mountains'],
    ['create', 'New room', 'Who can come in'],
  ] as const) {
    if (device === 'phone') await button(page, /^Show rooms/).click();
    await page.getByRole('button', { name, exact: true }).last().click();
    await panel.getByText(text).first().waitFor();
    if (view === 'create') await panel.getByLabel('Name').fill('weekend plans');
    await shoot(page, view, device);
    await close();
  }
  if (device === 'phone') {
    await button(page, /^Show rooms/).click();
    await shoot(page, 'rooms', device);
    await page.keyboard.press('Escape');
  }
}

async function personalViews(page: Page, device: Device): Promise<void> {
  const panel = layer(page, device);
  const menu = async (): Promise<void> => {
    if (device === 'phone') await button(page, /^Show rooms/).click();
    await page
      .getByRole('button', { name: /: preferences and sign out$/ })
      .last()
      .click();
  };
  await menu();
  await shoot(page, 'menu', device);
  for (const [view, name, text] of [
    ['preferences', 'Preferences', 'Notifications'],
    ['devices', 'Devices', 'Safari on iPhone'],
    ['own-password', 'Password for your name', 'New password'],
  ] as const) {
    if (view !== 'preferences') await menu();
    await page.getByRole('button', { name, exact: true }).last().click();
    await panel.getByText(text).first().waitFor();
    await shoot(page, view, device);
    await panel.getByRole('button', { name: 'Close', exact: true }).click();
  }
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Jump to' }).fill(device === 'desktop' ? 'm' : '');
  await shoot(page, 'jump', device);
  await page.keyboard.press('Escape');
  await menu();
  await button(page, /^Keyboard shortcuts/).click();
  await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
  await shoot(page, 'keys', device);
  await page.keyboard.press('Escape');
  await button(page, /^Connection: /).click();
  await page.getByRole('heading', { name: 'Connection' }).waitFor();
  await shoot(page, 'connection', device);
  await page.keyboard.press('Escape');
  await page
    .getByRole('button', { name: /^Open the image from/ })
    .last()
    .click();
  await page.locator('.viewer img.loaded').waitFor();
  await shoot(page, 'image', device);
  await page.keyboard.press('Escape');
}

/** Reading further up while others go on. */
async function unreadView(page: Page, stage: Stage, device: Device, picture: Buffer): Promise<void> {
  await openRoom(page, device, 'general');
  await message(page, 'second floor').waitFor();
  // Until it stands at its end.
  await page.waitForTimeout(500);
  await page.evaluate(`document.querySelector('.scroller').scrollTop = 60`);
  await page.waitForTimeout(200);
  await stage.play(
    ['Sorry I am late!', 'Reading back…', 'That lake 🤩'].map((say) => ({ who: 'Priya', minute: 54, say })),
    picture,
    () => 100,
  );
  await button(page, /3 new/).waitFor();
  await shoot(page, 'unread', device);
  await button(page, /3 new/).click();
}

async function chineseViews(page: Page, device: Device): Promise<void> {
  await openRoom(page, device, '设计');
  await page.evaluate(`{
    const key = 'barewire.settings';
    localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage.getItem(key) ?? '{}'), language: 'zh' }));
  }`);
  await page.reload();
  await message(page, '好的').waitFor();
  await shoot(page, 'chinese', device);
  await page.evaluate(`localStorage.removeItem('barewire.settings')`);
  await page.reload();
  await message(page, '好的').waitFor();
}

async function brokenViews(page: Page, stage: Stage, device: Device): Promise<void> {
  await openRoom(page, device, 'general');
  await field(page).waitFor();
  stage.refusing = true;
  await field(page).fill('Is the lift working again?');
  await field(page).press('Enter');
  await page.getByText('Not sent.').waitFor();
  await shoot(page, 'failed', device);
  await button(page, 'Discard').click();
  stage.refusing = false;

  await page.context().setOffline(true);
  await page.getByText(/^Offline\./).waitFor();
  for (const text of ['I will be on the train until four,', 'so this may come late 🚆']) {
    await field(page).fill(text);
    await field(page).press('Enter');
  }
  await shoot(page, 'offline', device);
  await page.context().setOffline(false);
  await button(page, /^Connection: Connected/).waitFor();
  await page.locator('.outgoing').first().waitFor({ state: 'detached' });

  stage.kill();
  const trying = page.getByText(/Trying again in \d+ seconds?/);
  await trying.first().waitFor({ timeout: 60_000 });
  await shoot(page, 'reconnecting', device, () => trying.first().waitFor({ timeout: 60_000 }));
}

/** The recorded figures of the benchmark. Without recorded results it shows how to get them. */
async function benchView(browser: Browser, stage: Stage, device: Device): Promise<void> {
  const context = await stage.look(browser, device);
  const page = await context.newPage();
  await page.goto(`${stage.base}/lab/bench`);
  await page.locator('.score, .state strong').first().waitFor();
  await shoot(page, 'bench', device);
  await context.close();
}

const executablePath = findChromium();
if (executablePath === undefined) throw new Error('No Chromium: install one or set CHROME_PATH.');
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
const picture = await drawPicture();
try {
  // Each has a chat of its own: what is read on the one would be read on the other.
  for (const device of ['desktop', 'phone'] as const) {
    const stage = await Stage.open();
    try {
      const first = await firstViews(browser, stage, device);
      await stage.gather(first.context());
      await first.close();
      await stage.play(before, picture, () => 20);
      await refusedViews(browser, stage, device);
      await benchView(browser, stage, device);
      for (const room of ['dev', '设计', 'launch', 'Mei', 'general']) await stage.read(room);
      const context = await stage.look(browser, device, first.context());
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      await page.goto(`${stage.base}/#/${stage.room('dev')}`);
      await message(page, 'close frames').waitFor();
      await roomViews(page, stage, device, picture);
      await messageViews(page, device);
      await panelViews(page, device);
      await personalViews(page, device);
      await chineseViews(page, device);
      await unreadView(page, stage, device, picture);
      await brokenViews(page, stage, device);
      await Promise.all([context.close(), first.context().close()]);
    } finally {
      stage.close();
    }
  }
} finally {
  await browser.close();
  await finish();
}
process.exit(0);
