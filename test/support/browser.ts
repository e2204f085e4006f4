/**
 * The real chat in a real Chromium: the program itself in a process of its own on a port that it keeps over restarts,
 * and pages that fail the test when a script throws or the Content-Security-Policy has to stop something.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
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
 */
export async function startChat(flags: readonly string[] = []): Promise<ChatProgram> {
  const directory = mkdtempSync(join(tmpdir(), 'barewire-browser-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
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
  await page.goto(url);
  return page;
}

/** Signs in on the page and waits for the room. */
export async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Enter' }).click();
  await composer(page).waitFor();
}

export const composer = (page: Page) => page.getByRole('textbox', { name: 'Message to #general' });

/** Types a message and presses Enter. */
export async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
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
        .map((element) => element.textContent ?? ''),
    );
