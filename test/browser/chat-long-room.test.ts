/** A room of 100,000 messages in a real Chromium: paged back without a jump, with as many lines on the page as before. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Database } from '../../src/chat/database.ts';
import { SqliteLog } from '../../src/chat/sqlite-log.ts';
import { enter, launchChromium, message, startChat, visible } from '../support/browser.ts';

const length = 100_000;
/** How far a reader goes up at a time, in CSS pixels, and how often. */
const stride = 500;
const strides = 150;

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

async function fill(directory: string): Promise<void> {
  const database = new Database(directory);
  const log = new SqliteLog(database);
  const author = { id: 'chronicler', name: 'Chronicler' };
  // Every tenth is a long one, so that lines differ in height.
  const text = (number: number): string =>
    `Number ${number}.${number % 10 === 0 ? ' It goes on for a while.'.repeat(20) : ''}`;
  const entries = Array.from({ length }, (_, index) => ({
    type: 'message' as const,
    room: 'general',
    id: `number-${index + 1}`,
    author,
    time: 1_767_225_600_000 + index * 60_000,
    nonce: `number-${index + 1}`,
    content: { type: 'text' as const, text: text(index + 1) },
  }));
  // All in one commit.
  await Promise.all(entries.map((entry) => log.append(entry)));
  database.close();
}

const scroller = (page: Page) => page.locator('.scroller');
const lineCount = (page: Page): Promise<number> => page.locator('.line').count();

/** Goes up by a stride when there is room for it. @returns by how many pixels a line that stays in view went down */
async function goUp(page: Page): Promise<number> {
  await expect
    .poll(() => scroller(page).evaluate((view) => view.scrollTop), { timeout: 20_000 })
    .toBeGreaterThan(stride);
  return scroller(page).evaluate(async (view, distance) => {
    const edge = view.getBoundingClientRect().top;
    const lines = [...view.querySelectorAll('.line[data-offset]')];
    const offset = lines
      .find((line) => line.getBoundingClientRect().top >= edge)
      ?.getAttribute('data-offset');
    // Looked for anew: what is loaded may draw the lines around it anew.
    const top = (): number =>
      view.querySelector(`.line[data-offset="${offset}"]`)?.getBoundingClientRect().top ?? Number.NaN;
    const before = top();
    view.scrollTop -= distance;
    // What is loaded because of that comes in within these, and is put right before each is painted.
    for (let frame = 0; frame < 4; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
    await new Promise((resolve) => setTimeout(resolve));
    return top() - before;
  }, stride);
}

test('is paged back without a jump and with a page that does not grow, and left for its end', async () => {
  const { url } = await startChat([], fill);
  const page = await enter(browser, url, 'Ada');
  await visible(page, `Number ${length - 1}.`);
  const counts: number[] = [];
  for (let count = 0; count < strides; count++) {
    expect(Math.abs((await goUp(page)) - stride), `stride ${count}`).toBeLessThan(2);
    counts.push(await lineCount(page));
  }
  // Over a thousand lines have been read by then.
  const first = await page.locator('.line[data-offset]').first().getAttribute('data-offset');
  expect(Number(first)).toBeLessThan(length - 700);
  expect(Math.max(...counts)).toBeLessThanOrEqual(400);

  await page.goto(`${url}/#/general/50000`);
  await message(page, 'Number 49999.').waitFor();
  expect(await lineCount(page)).toBeLessThanOrEqual(400);
  await page.getByRole('button', { name: /newest/i }).click();
  await message(page, `Number ${length - 1}.`).waitFor();
  expect(await lineCount(page)).toBeLessThanOrEqual(400);
});
