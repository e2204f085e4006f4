/** The chat as people use it: the real page, in a real Chromium, against the real program. */
import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import {
  choose,
  chooseMine,
  composer,
  desktop,
  launchChromium,
  message,
  openPage,
  panel,
  phone,
  said,
  say,
  sent,
  signIn,
  startChat,
  visible,
} from '../support/browser.ts';
import { root } from '../support/process.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const pngFile = async (name: string, width: number, height: number, background = '#a8501f') => ({
  name,
  mimeType: 'image/png',
  buffer: await sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer(),
});
/** The button that says how many are here. */
const people = (page: Page, here: string) => page.getByRole('button', { name: `People: ${here}` });
/** The hidden input behind the "Add images" button. */
const filePicker = (page: Page) => page.locator('input[type=file]');

/** Says many things quickly, as another client. */
async function talk(port: number, name: string, lines: readonly string[]): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  let id = 0;
  const request = (event: string, data: object): Promise<{ event: string; data: { retryAfter?: number } }> =>
    new Promise((resolve) => {
      const mine = ++id;
      const listen = (message: Buffer): void => {
        const reply = JSON.parse(message.toString());
        if (reply.id !== mine) return;
        socket.off('message', listen);
        resolve(reply);
      };
      socket.on('message', listen);
      socket.send(JSON.stringify({ event, id: mine, data }));
    });
  await request('session:enter', { name });
  for (const [index, text] of lines.entries()) {
    const data = { nonce: `${name}-line-${index}`, content: { type: 'text', text } };
    for (;;) {
      const reply = await request('message:send', data);
      if (reply.event === 'reply:ok') break;
      // The chat says how long; this is its rate limit, not a guess at its speed.
      await new Promise((resolve) => setTimeout(resolve, reply.data.retryAfter ?? 0));
    }
  }
  socket.close();
}

describe('two people', () => {
  test('come in, see each other, and talk', async () => {
    const { url } = await startChat();
    const ada = await openPage(browser, url);
    await signIn(ada, 'Ada');
    const mei = await openPage(browser, url);
    await signIn(mei, 'Mei');
    await visible(ada, /Mei joined/);
    await people(ada, '2 here').waitFor();
    expect(await panel(ada).getByRole('listitem').allInnerTexts()).toEqual([
      expect.stringContaining('Ada'),
      expect.stringContaining('Mei'),
    ]);

    await say(ada, 'Good morning 👋');
    await visible(mei, 'Good morning 👋');
    await say(mei, '早上好');
    await visible(ada, '早上好');
    await expect.poll(() => sent(ada)).toEqual(['Good morning 👋', '早上好']);
    await expect.poll(() => sent(mei)).toEqual(['Good morning 👋', '早上好']);
    // Own and others' messages are set apart, and only the others' carry a name.
    expect(await ada.locator('.run.own .said').allInnerTexts()).toEqual(['Good morning 👋']);
    expect(await ada.locator('.run:not(.own) .author').allInnerTexts()).toEqual([
      expect.stringMatching(/Mei\s+\d\d:\d\d/),
    ]);

    await chooseMine(mei, 'Sign out');
    await people(ada, '1 here').waitFor();
    await mei.getByLabel('Your name').waitFor();
  });

  test('one name is one person, whatever its case; and a free one is offered', async () => {
    const { url } = await startChat();
    const ada = await openPage(browser, url);
    await signIn(ada, 'Ada');
    const other = await openPage(browser, url);
    await other.getByLabel('Your name').fill('  ＡＤＡ ');
    await other.getByRole('button', { name: 'Enter', exact: true }).click();
    await visible(other, /is already called/);
    await other.getByRole('button', { name: /Use “ADA 2”/ }).click();
    await composer(other).waitFor();
    await visible(ada, /ADA 2 joined/);
  });

  test('a reload asks nothing and makes no noise; a new browser is a stranger', async () => {
    const { url } = await startChat();
    const ada = await openPage(browser, url);
    const mei = await openPage(browser, url);
    await signIn(ada, 'Ada');
    await signIn(mei, 'Mei');
    await say(mei, 'before');
    await mei.reload();
    await visible(mei, 'before');
    await say(mei, 'after');
    await visible(ada, 'after');
    expect(await ada.getByText(/Mei left/).count()).toBe(0);
    expect(await ada.getByText(/Mei joined/).count()).toBe(1);
    await people(ada, '2 here').waitFor();
    const stranger = await openPage(browser, url);
    await stranger.getByLabel('Your name').waitFor();
    expect(await said(stranger)).toEqual([]);
  });

  test('nothing that anybody types is markup', async () => {
    const { url } = await startChat();
    const ada = await openPage(browser, url);
    await signIn(ada, '<b>Ada</b>');
    const mei = await openPage(browser, url);
    await signIn(mei, 'Mei');
    const attacks = [
      '<img src=x onerror="document.title=1">',
      '<script>document.title=1</script>',
      '&lt;b&gt; "\'`',
    ];
    for (const attack of attacks) {
      await say(ada, attack);
      await visible(mei, attack);
    }
    await say(ada, 'javascript:alert(1) https://example.org/?q=<i>');
    await visible(mei, 'javascript:alert(1)');
    expect(
      await mei.locator('.said a').evaluateAll((links) => links.map((link) => link.getAttribute('href'))),
    ).toEqual(['https://example.org/?q=']);
    expect(await mei.locator('.said img, .said script, .said b').count()).toBe(0);
    await visible(mei, '<b>Ada</b>');
    expect(await mei.title()).not.toBe('1');
  });
});

describe('the message field', () => {
  test('emoji: search, pick at the caret, focus comes back; Esc and a click outside close the picker', async () => {
    const { url } = await startChat();
    const page = await openPage(browser, url);
    await signIn(page, 'Ada');
    const button = page.getByRole('button', { name: 'Add emoji' });
    const picker = page.getByRole('dialog', { name: 'Emoji' });

    await composer(page).fill('ab');
    await composer(page).press('ArrowLeft');
    await button.click();
    await picker.getByRole('combobox').fill('fox');
    await picker
      .getByRole('option', { name: /🦊|fox/ })
      .first()
      .click();
    await expect.poll(() => composer(page).inputValue()).toBe('a🦊b');
    await picker.waitFor({ state: 'detached' });
    await composer(page).press('x');
    expect(await composer(page).inputValue()).toBe('a🦊xb');

    await button.click();
    await picker.getByRole('combobox').waitFor();
    await page.keyboard.press('Escape');
    await picker.waitFor({ state: 'detached' });
    expect(await composer(page).evaluate((element) => element === document.activeElement)).toBe(true);

    await button.click();
    await picker.getByRole('combobox').waitFor();
    await page.getByRole('heading', { name: 'general' }).click();
    await picker.waitFor({ state: 'detached' });
  });

  test('Shift and Enter make a line, Enter sends, blank text does not go out', async () => {
    const { url } = await startChat();
    const page = await openPage(browser, url);
    await signIn(page, 'Ada');
    await say(page, '   ');
    await composer(page).fill('one');
    await composer(page).press('Shift+Enter');
    await composer(page).pressSequentially('two');
    await composer(page).press('Enter');
    await expect.poll(() => sent(page)).toEqual(['one\ntwo']);
    expect(await composer(page).inputValue()).toBe('');
  });
});

describe('a text that was said', () => {
  test('can be copied with the mouse and without one', async () => {
    const { url } = await startChat();
    const page = await openPage(browser, url);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url });
    await signIn(page, 'Ada');
    await say(page, 'first');
    await say(page, 'second 👋');
    await expect.poll(() => sent(page)).toEqual(['first', 'second 👋']);
    const copied = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

    await choose(page, 'first', 'Copy text');
    await expect.poll(copied).toBe('first');

    await composer(page).focus();
    await message(page, 'second').focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowDown');
    await message(page, 'second').getByRole('button', { name: 'More actions' }).press('Enter');
    await page.getByRole('menuitem', { name: 'Copy text' }).press('Enter');
    await expect.poll(copied).toBe('second 👋');
  });
});

describe('images', () => {
  test('several at once arrive by reference, in a place of their size, and open in full', async () => {
    const { url } = await startChat();
    const ada = await openPage(browser, url);
    await signIn(ada, 'Ada');
    const mei = await openPage(browser, url);
    await signIn(mei, 'Mei');
    const wide = await pngFile('wide.png', 1200, 300);
    await filePicker(ada).setInputFiles([wide, await pngFile('tall.png', 90, 180, '#224466')]);
    const pictures = mei.getByRole('button', { name: 'Open the image from Ada in full size' });
    await expect.poll(() => pictures.count()).toBe(2);
    const boxes = await pictures.evaluateAll((elements) =>
      elements.map((element) => Math.round((10 * element.clientWidth) / element.clientHeight)),
    );
    expect(boxes).toEqual([40, 5]);
    // The same file again is a message again.
    await filePicker(ada).setInputFiles([wide]);
    await expect.poll(() => pictures.count()).toBe(3);

    await pictures.first().click();
    const viewer = mei.getByRole('dialog');
    await expect
      .poll(() => viewer.locator('img').evaluate((image: HTMLImageElement) => image.naturalWidth))
      .toBe(1200);
    await mei.keyboard.press('Escape');
    await viewer.waitFor({ state: 'detached' });
    expect(await pictures.first().evaluate((element) => element === document.activeElement)).toBe(true);
  });

  test('pasted and dropped images go out; what is no image, or too large, is refused in words', async () => {
    const { url } = await startChat();
    const page = await openPage(browser, url);
    await signIn(page, 'Ada');
    const { buffer } = await pngFile('p.png', 40, 40);
    const own = page.locator('.run.own .picture');
    for (const [index, kind] of ['paste', 'drop'].entries()) {
      const transfer = await page.evaluateHandle((base64) => {
        const octets = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([octets], 'p.png', { type: 'image/png' }));
        return data;
      }, buffer.toString('base64'));
      if (kind === 'paste') {
        await composer(page).evaluate(
          (element, data) =>
            element.dispatchEvent(
              new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
            ),
          transfer,
        );
      } else {
        await page.locator('main').dispatchEvent('dragenter', { dataTransfer: transfer });
        await page.getByText('Drop images here to send them').waitFor();
        await page
          .getByText('Drop images here to send them')
          .dispatchEvent('drop', { dataTransfer: transfer });
      }
      await expect.poll(() => own.count()).toBe(index + 1);
    }
    await filePicker(page).setInputFiles([
      { name: 'page.png', mimeType: 'image/png', buffer: Buffer.from('<svg/>') },
    ]);
    await visible(page, /page\.png/);
    await filePicker(page).setInputFiles([
      {
        name: 'huge.png',
        mimeType: 'image/png',
        buffer: Buffer.concat([buffer, Buffer.alloc(8 * 1024 * 1024)]),
      },
    ]);
    await visible(page, /huge\.png.*8/);
    expect(await own.count()).toBe(2);
  });
});

describe('a bad network', () => {
  test('the server is killed and comes back: nothing is lost, nothing is doubled', async () => {
    const chat = await startChat();
    const ada = await openPage(browser, chat.url);
    await signIn(ada, 'Ada');
    const mei = await openPage(browser, chat.url);
    await signIn(mei, 'Mei');
    await say(ada, 'one');
    await visible(mei, 'one');
    await chat.kill();
    await visible(ada, /Connection lost|Reconnecting/);
    await say(ada, 'two');
    await say(ada, 'three');
    await say(mei, 'four');
    expect(await sent(ada)).toEqual(['one']);
    await chat.start();
    for (const page of [ada, mei]) {
      const tryNow = page.getByRole('button', { name: 'Try now' });
      if (await tryNow.isVisible()) await tryNow.click({ timeout: 1000 }).catch(() => undefined);
    }
    for (const page of [ada, mei]) {
      await expect
        .poll(async () => (await sent(page)).sort(), { timeout: 60_000 })
        .toEqual(['four', 'one', 'three', 'two']);
    }
    const order = (await sent(ada)).filter((text) => text !== 'four');
    expect(order).toEqual(['one', 'two', 'three']);
    expect(await sent(mei)).toEqual(await sent(ada));
    expect(await ada.getByText(/Mei left/).count()).toBe(0);
    await people(ada, '2 here').waitFor();
  });

  test('over TLS; and a restart says when it is over, which the page tells and keeps to', async () => {
    const file = (ending: string) => join(root, 'test/support/certificates', `first.${ending}`);
    const chat = await startChat(['--tls-cert', file('crt'), '--tls-key', file('key')]);
    const ada = await openPage(browser, chat.url, { ...desktop, ignoreHTTPSErrors: true });
    await signIn(ada, 'Ada');
    await say(ada, 'before');
    await ada.getByRole('button', { name: /^Connection: / }).click();
    const details = ada.getByRole('dialog', { name: 'Connection' });
    await details.getByText('WebSocket').first().waitFor();
    await chat.stop();
    await details.getByText(/^1012 “The server restarts\. retry after \d+ ms” at /).waitFor();
    await chat.start();
    await details.getByText('Connected', { exact: true }).waitFor();
    await ada.keyboard.press('Escape');
    await say(ada, 'after');
    await expect.poll(() => sent(ada)).toEqual(['before', 'after']);
  });

  test('offline: the page says so, keeps what is typed, and sends it once', async () => {
    const { url } = await startChat();
    const ada = await openPage(browser, url);
    await signIn(ada, 'Ada');
    const mei = await openPage(browser, url);
    await signIn(mei, 'Mei');
    await ada.context().setOffline(true);
    await visible(ada, /^Offline/);
    await say(ada, 'later');
    await visible(ada, 'Offline. 1 message will go out when you are back.');
    await ada.context().setOffline(false);
    await visible(mei, 'later');
    await expect.poll(() => sent(ada)).toEqual(['later']);
    await say(ada, 'now');
    await expect.poll(() => sent(mei)).toEqual(['later', 'now']);
  });
});

describe('history', () => {
  test('the newest on entry, older ones by scrolling up without a jump, a pill for what is new', async () => {
    const { url, port } = await startChat();
    await talk(
      port,
      'Bot',
      [...Array(110).keys()].map((index) => `line ${index + 1}`),
    );
    const page = await openPage(browser, url);
    await signIn(page, 'Ada');
    await visible(page, 'line 110');
    expect(await page.getByText('line 1', { exact: true }).count()).toBe(0);

    const scroller = page.getByRole('log', { name: 'Conversation in #general' });
    const toEnd = () =>
      scroller.evaluate((box) => Math.round(box.scrollHeight - box.clientHeight - box.scrollTop));
    await expect.poll(toEnd).toBeLessThan(8);

    // Scrolls to the oldest line there is until the very first has come. What is being read never moves by itself.
    const first = page.getByText('line 1', { exact: true });
    for (
      let known = (await said(page)).length;
      (await first.count()) === 0;
      known = (await said(page)).length
    ) {
      const moved = await scroller.evaluate(async (box, count) => {
        const rows = () => [...box.querySelectorAll('.said')];
        const text = rows()[6]?.textContent;
        // Found by its text each time: what it is drawn with may be made anew.
        const top = () => {
          const line = rows().find((element) => element.textContent === text);
          if (line === undefined) throw new Error('The line that is being read has gone.');
          return line.getBoundingClientRect().top - box.getBoundingClientRect().top;
        };
        box.scrollTop += top() - 100;
        const before = top();
        while (rows().length <= count) await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        return Math.abs(top() - before);
      }, known);
      expect(moved).toBeLessThanOrEqual(1);
    }
    const lines = await said(page);
    expect(lines).toEqual([...Array(110).keys()].map((index) => `line ${index + 1}`));
    await page.getByText('This is where #general begins.').waitFor();

    await first.scrollIntoViewIfNeeded();
    const placeOfFirst = () => first.evaluate((element) => Math.round(element.getBoundingClientRect().top));
    const before = await placeOfFirst();
    await talk(port, 'Other', ['fresh 1', 'fresh 2', 'fresh 3']);
    const pill = page.getByRole('button', { name: /3 new/ });
    await pill.waitFor();
    expect(await placeOfFirst()).toBe(before);
    await pill.click();
    await expect.poll(toEnd).toBeLessThan(8);
    await pill.waitFor({ state: 'detached' });
    await visible(page, 'fresh 3');
  });
});

describe('everybody', () => {
  test('a phone of 360 pixels: one column, drawers, no sideways scrolling, targets of 44 pixels', async () => {
    const { url } = await startChat();
    const page = await openPage(browser, url, phone);
    await signIn(page, 'A name as long as names may be !');
    await say(page, `A${'a'.repeat(300)} https://example.org/${'b'.repeat(200)}`);
    await filePicker(page).setInputFiles([await pngFile('wide.png', 1600, 200)]);
    await page.locator('.run.own .picture').waitFor();
    const overflow = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(await overflow()).toBe(0);
    for (const name of ['Show rooms', /^People: /, 'Search messages', 'Add images', 'Add emoji', 'Send']) {
      const box = await page.getByRole('button', { name }).first().boundingBox();
      expect([name, (box?.width ?? 0) >= 44, (box?.height ?? 0) >= 44]).toEqual([name, true, true]);
    }
    await people(page, '1 here').click();
    await page.getByRole('dialog', { name: 'Panel' }).getByText('1 here').waitFor();
    expect(await overflow()).toBe(0);
  });

  test('the page speaks the language of the browser, and says which', async () => {
    const { url } = await startChat();
    const page = await openPage(browser, url, { viewport: { width: 1280, height: 800 }, locale: 'zh-CN' });
    await page.locator('html[lang^="zh"]').waitFor();
    expect(await page.locator('body').textContent()).toMatch(/[\u4e00-\u9fff]/);
    expect(await page.getByText('Come on in').count()).toBe(0);
  });

  test('without a mouse: sign in, talk, open and leave every layer', async () => {
    const { url } = await startChat();
    const page = await openPage(browser, url);
    await page.getByLabel('Your name').waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('name');
    await page.keyboard.type('Ada');
    await page.keyboard.press('Enter');
    await composer(page).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA');
    await page.keyboard.type('hello');
    await page.keyboard.press('Enter');
    await expect.poll(() => sent(page)).toEqual(['hello']);
    // Everything that takes the focus looks different for it, itself or what it lies in.
    const showsFocus = (): Promise<boolean> =>
      page.evaluate(async () => {
        const element = document.activeElement;
        if (!(element instanceof HTMLElement)) return false;
        const look = async (): Promise<string> => {
          await Promise.all(
            document.getAnimations().map((animation) => animation.finished.catch(() => undefined)),
          );
          const parts: string[] = [];
          for (
            let part: Element | null = element;
            part !== null && parts.length < 4;
            part = part.parentElement
          ) {
            const { outline, boxShadow, borderColor, backgroundColor } = getComputedStyle(part);
            parts.push([outline, boxShadow, borderColor, backgroundColor].join());
          }
          return parts.join('|');
        };
        const focused = await look();
        element.blur();
        const blurred = await look();
        element.focus();
        return focused !== blurred;
      });
    for (let step = 0; step < 12; step++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(() => document.activeElement === document.body)) continue;
      const { tagName, className } = await page.evaluate(() => {
        const element = document.activeElement ?? document.body;
        return { tagName: element.tagName, className: element.className };
      });
      expect([tagName, className, await showsFocus()]).toEqual([tagName, className, true]);
    }
  });
});
