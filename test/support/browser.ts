/**
 * The real chat in a real Chromium: the program itself in a process of its own on a port that it keeps over restarts,
 * and pages that fail the test when a script throws or the Content-Security-Policy has to stop something.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { findChromium } from '../../scripts/programs.ts';
import { startChatProgram } from './chat-program.ts';

export const desktop = { viewport: { width: 1280, height: 800 }, locale: 'en-GB' } as const;
export const phone = {
  viewport: { width: 360, height: 740 },
  locale: 'en-GB',
  isMobile: true,
  hasTouch: true,
} as const;

/** Starts Chromium as a program without a window. The caller closes it. */
export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined)
    throw new Error('There is no Chromium: run `npm test`, which says what to do.');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface ChatProgram {
  readonly url: string;
  readonly port: number;
  /** Ends it as a crash does, without a word. */
  kill(): Promise<void>;
  /** Ends it as a restart does, in good order. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * The chat as `npm start` runs it, on an empty directory and a free port. Ended and removed when the test is over.
 * @param flags besides port and directory
 * @param prepare puts something into the directory before
 */
export async function startChat(
  flags: readonly string[] = [],
  prepare?: (directory: string) => Promise<void>,
): Promise<ChatProgram> {
  const directory = mkdtempSync(join(tmpdir(), 'barewire-browser-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  await prepare?.(directory);
  let running = await startChatProgram(directory, '0', flags);
  // It comes back where the pages look for it.
  const { port } = running;
  return {
    url: `${flags.includes('--tls-cert') ? 'https' : 'http'}://127.0.0.1:${port}`,
    port: Number(port),
    kill: async () => {
      running.program.signal('SIGKILL');
      await running.program.ended;
    },
    stop: async () => {
      await running.program.stop();
    },
    start: async () => {
      running = await startChatProgram(directory, port, flags);
    },
  };
}

/** A browser of one person's own (nothing is shared with other pages), closed when the test is over. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = desktop,
): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  watch(page);
  await page.goto(url);
  return page;
}

/** Fails the test when a script on that page throws, or the policy has to stop something. Its context is closed with the test. */
export function watch(page: Page): void {
  const context = page.context();
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('console', (message) => {
    // What a lost connection prints is no trouble; what the policy had to stop is.
    if (message.type() === 'error' && /content.security.policy|violates/i.test(message.text())) {
      troubles.push(message.text());
    }
  });
  onTestFinished(async () => {
    await context.close();
    expect(troubles).toEqual([]);
  });
}

/** Signs in on the page and waits for the room. */
export async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Enter', exact: true }).click();
  await composer(page).waitFor();
}

/** A person of their own, signed in, on the chat of that address. */
export async function enter(browser: Browser, url: string, name: string): Promise<Page> {
  const page = await openPage(browser, url);
  await signIn(page, name);
  return page;
}

/** Ada and Mei, each in a browser of their own, on a chat of their own. */
export async function two(browser: Browser): Promise<{ url: string; ada: Page; mei: Page }> {
  const { url } = await startChat();
  return { url, ada: await enter(browser, url, 'Ada'), mei: await enter(browser, url, 'Mei') };
}

/** The message field of a room: `#general`, or the name of the other one in a direct room. */
export const composer = (page: Page, room = '#general') =>
  page.getByRole('textbox', { name: `Message to ${room}`, exact: true });

/** Types a message and presses Enter, in the room that is shown. */
export async function say(page: Page, text: string): Promise<void> {
  const field = page.getByRole('textbox', { name: /^Message to / });
  await field.fill(text);
  await field.press('Enter');
}

/** What has been said, as the page shows it, sent or not. */
export const said = (page: Page): Promise<string[]> => page.locator('.said').allInnerTexts();

/** What has been said and is acknowledged. */
export const sent = (page: Page): Promise<string[]> =>
  page
    .locator('.said')
    .evaluateAll((elements) =>
      elements
        .filter((element) => element.closest('.outgoing') === null)
        .map((element) => ('innerText' in element ? element.innerText : '')),
    );

/** Something that can be read somewhere on the page. */
export const visible = (page: Page, text: string | RegExp): Promise<void> =>
  page.getByText(text).first().waitFor();

/** A message that was acknowledged, by what it says. */
export const message = (page: Page, text: string): Locator =>
  page.locator('article.message').filter({ hasText: text });

/** Presses one of the buttons that a message has while the mouse is over it. */
export async function act(page: Page, text: string, action: string): Promise<void> {
  await message(page, text).hover();
  await message(page, text).getByRole('button', { name: action, exact: true }).click();
}

/** Opens the menu of a message and chooses from it. */
export async function choose(page: Page, text: string, action: string): Promise<void> {
  await act(page, text, 'More actions');
  await page.getByRole('menuitem', { name: action }).click();
}

/** The column beside the conversation. */
export const panel = (page: Page): Locator => page.getByRole('complementary', { name: 'Panel' });

/** A room in the list of one's rooms. Its name goes on with what waits in it. */
export const roomLink = (page: Page, name: string): Locator =>
  page
    .getByRole('navigation', { name: 'Rooms' })
    .getByRole('link')
    .filter({ has: page.getByText(name, { exact: true }) });

/** Makes a room, which is then shown. */
export async function makeRoom(
  page: Page,
  name: string,
  kind: 'Public' | 'Private' = 'Public',
): Promise<void> {
  await page.getByRole('button', { name: 'New room' }).first().click();
  await panel(page).getByLabel('Name').fill(name);
  await panel(page).getByRole('radio', { name: kind }).check();
  await panel(page).getByRole('button', { name: 'Make the room' }).click();
  await composer(page, `#${name}`).waitFor();
}

/** Opens what can be done with a person in the room that is shown. */
export async function openPerson(page: Page, name: string): Promise<Locator> {
  const people = page.getByRole('button', { name: /^People: / });
  if ((await people.getAttribute('aria-expanded')) !== 'true') await people.click();
  const person = panel(page).getByRole('listitem').filter({ hasText: name });
  await person.getByRole('button', { name }).first().click();
  return person;
}

/** Opens the menu behind one's own name and chooses from it. */
export async function chooseMine(page: Page, item: string): Promise<void> {
  await page.getByRole('button', { name: /: preferences and sign out$/ }).click();
  await page.locator('#you-menu').getByRole('button', { name: item }).click();
}

/** Opens what is to be said and set about the room that is shown. */
export async function openRoomPanel(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'About this room' });
  if ((await button.getAttribute('aria-expanded')) !== 'true') await button.click();
}

/** What this browser would still have of that kind after a crash, as JSON. */
export function stored(page: Page, kind: 'drafts' | 'history' | 'outbox'): Promise<string> {
  return page.evaluate(`new Promise((resolve, reject) => {
    const opening = indexedDB.open('barewire');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const reading = database.transaction('${kind}').objectStore('${kind}').getAll();
      reading.onerror = () => reject(reading.error);
      reading.onsuccess = () => {
        database.close();
        resolve(JSON.stringify(reading.result));
      };
    };
  })`);
}
