/** What can be done with messages, in a real Chromium: answer, edit, delete, react, mention, find, and look at pictures. */
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  act,
  choose,
  composer,
  launchChromium,
  message,
  panel,
  say,
  sent,
  two,
  visible,
} from '../support/browser.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

describe('a message', () => {
  test('is answered: the answer shows what it answers, and leads there', async () => {
    const { ada, mei } = await two(browser);
    await say(ada, 'Where do we meet?');
    await act(mei, 'Where do we meet?', 'Reply');
    await mei.getByText('Reply to Ada').waitFor();
    await say(mei, 'At the station');
    const answer = message(ada, 'At the station');
    await answer.locator('.quoted').waitFor();
    expect(await answer.innerText()).toContain('Where do we meet?');
    await expect.poll(() => mei.getByText('Reply to Ada').count()).toBe(0);
  });

  test('is edited, by a button and by the up arrow, and keeps its earlier versions', async () => {
    const { ada, mei } = await two(browser);
    await say(ada, 'teh first');
    await act(ada, 'teh first', 'Edit');
    await expect.poll(() => composer(ada).inputValue()).toBe('teh first');
    await say(ada, 'the first');
    await expect.poll(() => sent(mei)).toEqual(['the first']);
    await composer(ada).press('ArrowUp');
    await expect.poll(() => composer(ada).inputValue()).toBe('the first');
    await say(ada, 'the very first');
    await expect.poll(() => sent(mei)).toEqual(['the very first']);
    await message(mei, 'the very first')
      .getByRole('button', { name: /^Edited / })
      .click();
    const versions = mei.getByRole('dialog');
    for (const text of ['teh first', 'the first', 'the very first'])
      await versions.getByText(text, { exact: true }).waitFor();
  });

  test('is deleted for everybody, after a question', async () => {
    const { ada, mei } = await two(browser);
    await say(ada, 'Forget this');
    await say(ada, 'Keep this');
    await visible(mei, 'Keep this');
    await choose(ada, 'Forget this', 'Delete…');
    await ada.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    expect(await sent(mei)).toEqual(['Forget this', 'Keep this']);
    await choose(ada, 'Forget this', 'Delete…');
    await ada.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await expect.poll(() => sent(mei)).toEqual(['This message was deleted.', 'Keep this']);
    await mei.reload();
    await visible(mei, 'Keep this');
    expect(await mei.getByText('Forget this').count()).toBe(0);
  });

  test('is reacted to: counted, taken back, and the same after a reload', async () => {
    const { ada, mei } = await two(browser);
    await say(ada, 'Cake in the kitchen');
    await visible(mei, 'Cake in the kitchen');
    await choose(mei, 'Cake in the kitchen', '👍');
    const thumb = (page: Page) =>
      message(page, 'Cake in the kitchen').getByRole('button', { name: /reacted with 👍/ });
    await thumb(ada).waitFor();
    await thumb(ada).click();
    await expect.poll(() => thumb(mei).innerText()).toMatch(/👍\s*2/);
    expect(await thumb(mei).getAttribute('aria-pressed')).toBe('true');
    await thumb(mei).click();
    await expect.poll(() => thumb(ada).innerText()).toMatch(/👍\s*1/);
    await mei.reload();
    await thumb(mei).waitFor();
    expect(await thumb(mei).getAttribute('aria-pressed')).toBe('false');
  });

  test('mentions who is chosen from the list, and stands out for them', async () => {
    const { ada, mei } = await two(browser);
    await composer(ada).pressSequentially('Look, @me');
    await ada.getByRole('listbox', { name: 'People' }).getByRole('option', { name: /Mei/ }).waitFor();
    await composer(ada).press('Enter');
    expect(await composer(ada).inputValue()).toMatch(/^Look, @Mei\s?$/);
    await composer(ada).press('Enter');
    await expect.poll(() => mei.locator('article.message.mentioned').count()).toBe(1);
    expect(await ada.locator('article.message.mentioned').count()).toBe(0);
  });

  test('shows that somebody is writing it', async () => {
    const { ada, mei } = await two(browser);
    await composer(ada).pressSequentially('Hm');
    await visible(mei, 'Ada is typing…');
    await composer(ada).press('Enter');
    await expect.poll(() => mei.getByText('Ada is typing…').count()).toBe(0);
  });

  test('is drawn with what was written in it, and code can be copied', async () => {
    const { ada, mei } = await two(browser);
    await say(ada, '**bold** _slanted_ `inline`');
    await composer(ada).fill('```js\nconst answer = 42;\n```');
    await composer(ada).press('Enter');
    await visible(mei, 'answer');
    await message(mei, 'bold').locator('strong').getByText('bold').waitFor();
    await message(mei, 'answer').getByText('const').first().waitFor();
    await message(mei, 'answer').hover();
    await message(mei, 'answer').getByRole('button', { name: 'Copy code' }).waitFor();
  });
});

describe('search', () => {
  test('finds English and Chinese, and shows the place', async () => {
    const { ada, mei } = await two(browser);
    for (const text of ['The quick brown fox', 'a lazy dog', '今天天气很好', '明天去北京'])
      await say(ada, text);
    await visible(mei, '明天去北京');
    await mei.getByRole('button', { name: 'Search messages' }).click();
    const field = panel(mei).getByRole('searchbox').or(panel(mei).getByLabel('Search the messages')).first();
    for (const [query, found] of [
      ['brown', 'The quick brown fox'],
      ['天气', '今天天气很好'],
      ['LAZY', 'a lazy dog'],
    ] as const) {
      await field.fill(query);
      await field.press('Enter');
      const result = panel(mei).getByRole('listitem');
      await expect
        .poll(async () => (await result.allInnerTexts()).map((text) => text.replaceAll('\n', '')))
        .toEqual([expect.stringContaining(found)]);
    }
    await field.fill('nothing of that kind');
    await field.press('Enter');
    await panel(mei)
      .getByText(/No message has/)
      .waitFor();
    await field.fill('fox');
    await field.press('Enter');
    await panel(mei).getByRole('listitem').getByRole('button').first().click();
    await message(mei, 'The quick brown fox').waitFor();
    expect(await message(mei, 'The quick brown fox').isVisible()).toBe(true);
  });
});

describe('pictures', () => {
  test('are looked at with keys alone: the next, the one before, larger, and away', async () => {
    const { ada, mei } = await two(browser);
    const picture = async (name: string, background: string) => ({
      name,
      mimeType: 'image/png',
      buffer: await sharp({ create: { width: 300, height: 200, channels: 3, background } })
        .png()
        .toBuffer(),
    });
    await ada
      .locator('input[type=file]')
      .setInputFiles([await picture('red.png', '#a00'), await picture('blue.png', '#00a')]);
    const pictures = mei.getByRole('button', { name: 'Open the image from Ada in full size' });
    await expect.poll(() => pictures.count()).toBe(2);
    await pictures.first().focus();
    await mei.keyboard.press('Enter');
    const viewer = mei.getByRole('dialog', { name: /^Image from Ada/ });
    await viewer.getByText('1 of 2').waitFor();
    await mei.keyboard.press('ArrowRight');
    await viewer.getByText('2 of 2').waitFor();
    await mei.keyboard.press('ArrowLeft');
    await viewer.getByText('1 of 2').waitFor();
    await mei.keyboard.press('+');
    await viewer
      .getByText(/\d+\s?%/)
      .first()
      .waitFor();
    await mei.keyboard.press('Escape');
    await viewer.waitFor({ state: 'detached' });
  });
});
