// `npm run screenshots`: starts the real server on an empty directory, lets bots talk, drives the real page in
// Chromium and writes docs/images/<view>-<desktop|phone>-<light|dark>.png. Only the times on the wire are rewritten on
// their way to the page, so that the pictures show the same day each time.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { Bot, type Line, me, people, today, yesterday } from './demo-people.ts';
import { drawPicture } from './demo-picture.ts';
import { findChromium } from './programs.ts';

const folder = fileURLToPath(new URL('../docs/images/', import.meta.url));
const largest = 200 * 1024;
/** The day of the pictures: a Thursday, 10:54, in UTC. */
const ten = Date.UTC(2026, 2, 12, 10);
const shift = ten + 54 * 60_000 - Date.now();
const lines = [...yesterday, ...today];

type Device = 'desktop' | 'phone';
type Scheme = 'light' | 'dark';

const devices = {
  desktop: { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 2 },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
} as const;

async function startServer(data: string): Promise<{ server: ChildProcess; base: string }> {
  const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const server = spawn(process.execPath, ['--import', 'tsx', program, '--port', '0', '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (server.stdout === null) throw new Error('The server has no output to read its address from.');
  for await (const line of createInterface({ input: server.stdout })) {
    const base = /http:\/\/\S+/.exec(line)?.[0];
    if (base !== undefined) return { server, base };
  }
  throw new Error('The server ended before it said its address.');
}

/** The times in a message of the server, moved to the day of the pictures; a line of the script has its own minute. */
function retime(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(retime);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, retime(inner)] as const);
  const result: Record<string, unknown> = Object.fromEntries(entries);
  if (typeof result.time === 'number') {
    const line = typeof result.offset === 'number' ? lines[result.offset - 1] : undefined;
    result.time = line === undefined ? result.time + shift : ten + line.minute * 60_000;
  }
  return result;
}

async function openContext(
  browser: Browser,
  device: Device,
  storage?: BrowserContext,
): Promise<BrowserContext> {
  const context = await browser.newContext({
    ...devices[device],
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...(storage === undefined ? {} : { storageState: await storage.storageState() }),
  });
  await context.addInitScript({
    content: `{ const Real = Date, shift = ${shift};
      globalThis.Date = class extends Real {
        constructor(...given) { if (given.length === 0) super(Real.now() + shift); else super(...given); }
        static now() { return Real.now() + shift; }
      }; }`,
  });
  await context.routeWebSocket(/\/chat$/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => {
      socket.send(typeof message === 'string' ? JSON.stringify(retime(JSON.parse(message))) : message);
    });
  });
  return context;
}

/** Takes the picture once fonts, faces and images are there and nothing moves. */
async function shoot(page: Page, view: string, device: Device, scheme: Scheme): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme });
  await page.evaluate(
    `Promise.all([document.fonts.ready, ...[...document.images].map((image) => image.decode().catch(() => undefined))])`,
  );
  await page.waitForTimeout(1100);
  const shot = await page.screenshot({ animations: 'disabled' });
  const path = join(folder, `${view}-${device}-${scheme}.png`);
  // Twice the pixels where that fits into the size that a repository can bear, else fewer colours, else fewer pixels.
  for (const [colours, width] of [
    [256, undefined],
    [128, undefined],
    [256, devices[device].viewport.width],
    [96, devices[device].viewport.width],
  ] as const) {
    const image = width === undefined ? sharp(shot) : sharp(shot).resize({ width });
    const small = await image.png({ palette: true, colours, effort: 10, dither: 0.6 }).toBuffer();
    writeFileSync(path, small);
    if (small.length <= largest) break;
  }
  console.log(`${path.slice(folder.length)}  ${Math.round(statSync(path).size / 1024)} KiB`);
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.fill('#name', name);
  await page.keyboard.press('Enter');
}

/** Milliseconds between lines: uneven, as people are. */
const pauses = [160, 1400, 90, 2800, 600, 120, 3900] as const;

async function play(script: readonly Line[], bots: ReadonlyMap<string, Bot>, page: Page): Promise<void> {
  let offset = 0;
  for (const { who, say } of script) {
    const bot = bots.get(who);
    if (bot === undefined) {
      await page.fill('textarea', say);
      await page.keyboard.press('Enter');
      // The offset decides the time that is shown: the next line must not overtake this one.
      await page.waitForSelector('.outgoing', { state: 'detached' });
      await page.getByText(say, { exact: true }).last().waitFor();
    } else if (say === 'picture') await bot.show(await drawPicture());
    else await bot.say(say);
    // The strip shows the time between messages as distance.
    offset += 1;
    await page.waitForTimeout(pauses[offset % pauses.length] ?? 0);
  }
}

async function signInViews(browser: Browser, base: string): Promise<void> {
  for (const [device, scheme] of [
    ['desktop', 'light'],
    ['phone', 'dark'],
  ] as const) {
    const context = await openContext(browser, device);
    const page = await context.newPage();
    await page.goto(base);
    await page.fill('#name', me);
    await shoot(page, 'sign-in', device, scheme);
    await context.close();
  }
}

async function roomViews(
  browser: Browser,
  base: string,
): Promise<{ desktop: Page; phone: Page; bots: Map<string, Bot> }> {
  const desktopContext = await openContext(browser, 'desktop');
  const desktop = await desktopContext.newPage();
  await desktop.goto(base);
  await signIn(desktop, me);
  await desktop.waitForSelector('.room');
  const phoneContext = await openContext(browser, 'phone', desktopContext);
  const phone = await phoneContext.newPage();
  await phone.goto(base);
  await phone.waitForSelector('.room');
  await shoot(desktop, 'empty', 'desktop', 'light');
  await shoot(phone, 'empty', 'phone', 'dark');

  const bots = new Map<string, Bot>();
  for (const name of people) bots.set(name, await Bot.enter(base, name));
  await play(yesterday, bots, desktop);
  await Promise.all([desktop.reload(), phone.reload()]);
  await Promise.all([desktop.waitForSelector('.line'), phone.waitForSelector('.line')]);
  bots.set('Priya', await Bot.enter(base, 'Priya'));
  await play(today, bots, desktop);
  for (const scheme of ['light', 'dark'] as const) {
    await shoot(desktop, 'room', 'desktop', scheme);
    await shoot(phone, 'room', 'phone', scheme);
  }
  return { desktop, phone, bots };
}

async function layerViews(desktop: Page, phone: Page): Promise<void> {
  const emoji = '.field button[aria-haspopup="dialog"]';
  await desktop.click(emoji);
  await desktop.locator('emoji-picker .emoji-menu button').first().waitFor();
  await shoot(desktop, 'emoji', 'desktop', 'light');
  await shoot(desktop, 'emoji', 'desktop', 'dark');
  await desktop.keyboard.press('Escape');
  await phone.click(emoji);
  await phone.locator('emoji-picker .emoji-menu button').first().waitFor();
  await shoot(phone, 'emoji', 'phone', 'light');
  await phone.click('.head h1', { force: true });

  for (const [page, device, scheme] of [
    [desktop, 'desktop', 'light'],
    [phone, 'phone', 'dark'],
  ] as const) {
    await page.click('button.picture');
    await page.waitForSelector('.viewer img.loaded');
    await shoot(page, 'image', device, scheme);
    await page.keyboard.press('Escape');
    await page.click('.strip');
    await shoot(page, 'connection', device, scheme);
    await page.keyboard.press('Escape');
  }
  await phone.click('.people-button');
  await shoot(phone, 'people', 'phone', 'light');
  await phone.keyboard.press('Escape');

  await desktop.click('.you-button');
  await shoot(desktop, 'menu', 'desktop', 'light');
  await desktop.getByText('中文').click();
  await desktop.keyboard.press('Escape');
  await desktop.focus('textarea');
  await desktop.evaluate(`document.querySelector('.scroller').scrollTop = 0`);
  await shoot(desktop, 'chinese', 'desktop', 'dark');
  await desktop.click('.you-button');
  await desktop.getByText('English').click();
  await desktop.keyboard.press('Escape');
  await desktop.focus('textarea');
}

async function unreadView(desktop: Page, bots: ReadonlyMap<string, Bot>): Promise<void> {
  await desktop.evaluate(`document.querySelector('.scroller').scrollTop = 60`);
  await desktop.waitForTimeout(200);
  const bot = bots.get('Priya');
  for (const text of ['Sorry I am late!', 'Reading back…', 'That lake 🤩']) await bot?.say(text);
  await desktop.waitForSelector('.pill.fresh');
  await shoot(desktop, 'unread', 'desktop', 'light');
  await desktop.click('.pill');
}

/** The recorded figures, and what the codec does in this browser. Without recorded results it shows how to get them. */
async function benchViews(browser: Browser, base: string): Promise<void> {
  for (const device of ['desktop', 'phone'] as const) {
    const context = await browser.newContext({ ...devices[device], locale: 'en-GB', timezoneId: 'UTC' });
    const page = await context.newPage();
    await page.goto(`${base}/lab/bench`);
    await page.waitForSelector('.score, .state strong');
    await shoot(page, 'bench', device, 'light');
    await shoot(page, 'bench', device, 'dark');
    const recorded = await page.isVisible('.score');
    for (const part of recorded ? ['goals', 'measures'] : []) {
      await page.evaluate(`document.getElementById('${part}').scrollIntoView()`);
      await shoot(page, `bench-${part}`, device, part === 'goals' ? 'light' : 'dark');
    }
    await page.getByRole('button', { name: 'Measure in this browser' }).click();
    await page.waitForSelector('.copy');
    await page.evaluate(`document.getElementById('browser').scrollIntoView()`);
    await shoot(page, 'bench-browser', device, device === 'desktop' ? 'light' : 'dark');
    await context.close();
  }
}

async function takenView(browser: Browser, base: string): Promise<void> {
  const context = await openContext(browser, 'desktop');
  const page = await context.newPage();
  await page.goto(base);
  await signIn(page, 'mei');
  await page.waitForSelector('.problem');
  await shoot(page, 'name-taken', 'desktop', 'light');
  await context.close();
}

async function brokenViews(desktop: Page, phone: Page, server: ChildProcess): Promise<void> {
  for (const [page, device, scheme] of [
    [desktop, 'desktop', 'light'],
    [phone, 'phone', 'dark'],
  ] as const) {
    await page.context().setOffline(true);
    await page.waitForSelector('.strip.offline');
    for (const text of ['I will be on the train until four,', 'so this may come late 🚆']) {
      await page.fill('textarea', text);
      await page.keyboard.press('Enter');
    }
    await shoot(page, 'offline', device, scheme);
    for (let discard = page.getByText('Discard').first(); await discard.isVisible(); ) await discard.click();
    await page.context().setOffline(false);
    await page.waitForSelector('.strip.open');
  }
  server.kill('SIGKILL');
  await once(server, 'exit');
  for (const [page, device, scheme] of [
    [desktop, 'desktop', 'dark'],
    [phone, 'phone', 'light'],
  ] as const) {
    await page.waitForSelector('.strip.waiting', { timeout: 60_000 });
    await shoot(page, 'reconnecting', device, scheme);
  }
}

const executablePath = findChromium();
if (executablePath === undefined) throw new Error('No Chromium: install one or set CHROME_PATH.');
mkdirSync(folder, { recursive: true });
const data = mkdtempSync(join(tmpdir(), 'barewire-screenshots-'));
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
const { server, base } = await startServer(data);
try {
  await signInViews(browser, base);
  const { desktop, phone, bots } = await roomViews(browser, base);
  await layerViews(desktop, phone);
  await takenView(browser, base);
  await unreadView(desktop, bots);
  await benchViews(browser, base);
  await brokenViews(desktop, phone, server);
} finally {
  await browser.close();
  server.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true });
}
process.exit(0);
