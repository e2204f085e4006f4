/** The page at /lab/bench in a real Chromium, on made-up results, on none, and measuring in the browser itself. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Results } from '../../bench/results.ts';
import { sampleResults } from '../support/bench-results.ts';
import { desktop, launchChromium, openPage, phone, startChat } from '../support/browser.ts';

/** A hang ends; nothing is asserted about time. */
const patience = { timeout: 60_000 };

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

/** Opens the page with these results in place of the recorded ones. */
async function openBench(
  all: readonly Results[],
  { at = '/lab/bench', options = desktop }: { at?: string; options?: BrowserContextOptions } = {},
): Promise<Page> {
  const { url } = await startChat();
  const page = await openPage(browser, 'about:blank', options);
  await page.route('**/lab/bench/results/*', (route) => {
    const name = new URL(route.request().url()).pathname.split('/').at(-1);
    const names = all.map(({ kind }) => `${kind}.json`);
    return route.fulfill({ json: name === 'index.json' ? names : all[names.indexOf(name ?? '')] });
  });
  await page.goto(url + at);
  return page;
}

const figure = (page: Page, name: string | RegExp) => page.getByRole('figure', { name, exact: true });

describe('recorded results', () => {
  test('are there with and without a slash: score, wins and losses, goals, machine, raw files', async () => {
    for (const at of ['/lab/bench', '/lab/bench/']) {
      const page = await openBench(sampleResults(), { at });
      await page.getByRole('heading', { name: 'Benchmarks', level: 1 }).waitFor();
      const score = page.locator('.score');
      await expect.poll(() => score.innerText(), patience).toMatch(/goals met\s+12 of 18/);
      expect(await score.innerText()).toMatch(/behind a peer\s+11 of 17/);
      const lost = page.getByRole('region', { name: 'Where we lose' }).getByRole('listitem');
      expect(await lost.first().innerText()).toMatch(/Memory of an idle connection[\s\S]*0\.373 × bun/);
      const won = page.getByRole('region', { name: 'Where we win' }).getByRole('listitem');
      expect(await won.count()).toBeLessThan(await lost.count());
      const goals = page.getByRole('table', { name: 'Servers' });
      expect(await goals.getByRole('row', { name: /1.25 × ws 1.34 × 1.29 to 1.38/ }).innerText()).toContain(
        'met',
      );
      expect(await goals.getByText('missed: 2.65 of 3').count()).toBe(1);
      expect(await page.getByText('npm run bench', { exact: true }).count()).toBe(2);
      expect(await page.getByText('Imaginary 9000').count()).toBe(3);
    }
  });

  test('can be downloaded as they are', async () => {
    const page = await openBench(sampleResults());
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'codec.json' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('codec.json');
  });

  test('are drawn, and said in words, and stand in a table with every raw sample', async () => {
    const page = await openBench(sampleResults());
    const echo = figure(page, 'Echo 125 B text, 64 connections, one in flight');
    const chart = echo.getByRole('img', {
      name: /^Bar chart, best first: bun 4\.02 µs .*; barewire 4\.82 µs/,
    });
    await chart.waitFor();
    expect(await chart.locator('.bar-row:not(.bar-heads)').count()).toBe(9);
    expect(await chart.locator('.own .lane-dot').count()).toBe(10);
    // The bars are as long as their medians are to each other.
    const width = async (row: number): Promise<number> =>
      (await chart.locator('.lane-bar').nth(row).boundingBox())?.width ?? 0;
    expect((await width(0)) / (await width(1))).toBeCloseTo(4.02 / 4.82, 1);

    await echo.getByText('Table and raw samples').click();
    const table = echo.getByRole('table');
    const row = table.getByRole('row', { name: /^ws / });
    expect(await row.getByRole('cell').first().innerText()).toBe('6.47');
    expect((await row.getByRole('cell').nth(4).innerText()).split(' · ')).toHaveLength(10);
  });

  test('are found by group and by address, with the keyboard too', async () => {
    const page = await openBench(sampleResults(), { at: '/lab/bench#codec-mask' });
    await figure(page, 'Mask 64 KiB in place').waitFor();
    const groups = page.getByRole('navigation', { name: 'Groups of measures' });
    expect(await groups.locator('[aria-current]').innerText()).toMatch(/^Masking/);
    await groups.getByRole('link', { name: /^Echo/ }).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await figure(page, 'Fan-out of 64 B to 1,000, 16 in flight, per delivery').waitFor();
    expect(await figure(page, 'Mask 64 KiB in place').count()).toBe(0);
    // From a loss to its chart, and back.
    await page.getByRole('region', { name: 'Where we lose' }).getByRole('link', { name: /^Mask/ }).click();
    await figure(page, 'Mask 64 KiB in place').waitFor();
    await expect.poll(() => figure(page, 'Mask 64 KiB in place').evaluate(inView), patience).toBe(true);
    await page.goBack();
    await figure(page, 'Fan-out of 64 B to 1,000, 16 in flight, per delivery').waitFor();
  });

  test('have latency as lines, with each percentile in words and in a table', async () => {
    const page = await openBench(sampleResults(), { at: '/lab/bench#server-latency' });
    const lines = figure(page, 'Echo 125 B text, 64 connections, due at 80 % of its highest rate');
    const name =
      /^Latency by percentile, ms: barewire p50 0\.0\d+, p90 0\.0\d+, p99 0\.1\d+, p99\.9 0\.3\d+; ws /;
    await lines.getByRole('img', { name }).waitFor();
    await lines.getByText('Table').click();
    expect(await lines.getByRole('row').count()).toBe(4);
    await page.goto(`${page.url().split('#')[0]}#isolation-64m`);
    const quiet = figure(page, 'While one peer sends 64 MiB messages: p99');
    await quiet.getByRole('img', { name: /^Latency by percentile, ms: barewire p50 .*; ws p50 / }).waitFor();
  });

  test('fit a phone, in the dark as well, and every control there is large enough', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await openBench(sampleResults(), { options: { ...phone, colorScheme } });
      await figure(page, 'Echo 125 B text, 64 connections, one in flight').waitFor();
      const widths = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate(widths)).toBe(0);
      for (const link of await page
        .locator('.groups a, .top-links a, .controls button, .controls select')
        .all()) {
        expect((await link.boundingBox())?.height).toBeGreaterThanOrEqual(44);
      }
    }
  });

  test('that cannot be loaded say so, and are asked for again', async () => {
    const page = await openBench([]);
    let broken = true;
    await page.route('**/lab/bench/results/index.json', (route) =>
      broken ? route.fulfill({ status: 500, body: 'no' }) : route.fallback(),
    );
    await page.reload();
    await page.getByRole('alert').getByText('The results could not be loaded.').waitFor();
    broken = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('No results were recorded with this build.').waitFor();
  });
});

test('the build itself has its list of results beside the page', async () => {
  const { url } = await startChat();
  const response = await fetch(`${url}/lab/bench/results/index.json`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
  for (const name of v.parse(v.array(v.string()), await response.json())) {
    const file = await fetch(`${url}/lab/bench/results/${name}`);
    expect(await file.json()).toMatchObject({ schema: 1 });
  }
  const page = await openPage(browser, `${url}/lab/bench`);
  await page.locator('.score, .state strong').first().waitFor();
});

describe('without results', () => {
  test('the page says so, with the command, and can still measure here', async () => {
    const page = await openBench([]);
    await page.getByText('No results were recorded with this build.').waitFor();
    expect(await page.locator('.command').innerText()).toBe('npm run bench');
    expect(
      await page.getByRole('navigation', { name: 'On this page' }).getByRole('link').allInnerTexts(),
    ).toEqual(['Browser']);
    await page.getByRole('button', { name: 'Measure in this browser' }).waitFor();
  });
});

describe('in this browser', () => {
  test('the codec is measured, drawn, and can be copied', async () => {
    const page = await openBench([], {
      options: { ...desktop, permissions: ['clipboard-read', 'clipboard-write'] },
    });
    await page.getByRole('combobox').selectOption('3');
    await page.getByRole('button', { name: 'Measure in this browser' }).press('Enter');
    await page.getByRole('progressbar', { name: 'Measuring' }).waitFor();
    await page.getByText(/^Measured in Chromium \d+, 15 tasks, 3 rounds each\.$/).waitFor();
    const decode = figure(page, /^Decode text, masked, Chromium \d+$/);
    const name = /^Bar chart: 16 B: [\d.,]+ [MG]B\/s, .* for each frame; 125 B: /;
    expect(await decode.getByRole('img', { name }).locator('.lane-dot, .lane-beyond').count()).toBe(15);
    await page.getByRole('button', { name: 'Copy as JSON' }).click();
    await page.getByText('Copied.').waitFor();
    const copied = JSON.parse(String(await page.evaluate('navigator.clipboard.readText()')));
    expect(copied.results).toHaveLength(15);
    expect(copied.results[0]).toMatchObject({
      id: 'decode-16',
      samples: [1, 1, 1].map(() => expect.any(Number)),
    });
    expect(copied.browser).toMatch(/^Chromium \d+$/);
  });

  test('it can be stopped, and started again', async () => {
    const page = await openBench([]);
    await page.getByRole('combobox').selectOption('21');
    await page.getByRole('button', { name: 'Measure in this browser' }).click();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped. Nothing was kept.').waitFor();
    await expect.poll(() => page.workers().length, patience).toBe(0);
    await page.getByRole('button', { name: 'Measure in this browser' }).click();
    await page.getByRole('button', { name: 'Stop' }).click();
  });

  test('the figures are shown where they may not be copied', async () => {
    const page = await openBench([]);
    await page.addInitScript({
      content: `Object.defineProperty(navigator, 'clipboard', { value: undefined });`,
    });
    await page.reload();
    await page.getByRole('combobox').selectOption('3');
    await page.getByRole('button', { name: 'Measure in this browser' }).click();
    await page.getByRole('button', { name: 'Copy as JSON' }).click();
    expect(await page.getByRole('textbox', { name: 'The figures as JSON' }).inputValue()).toContain(
      '"decode-16"',
    );
  });
});

/** Runs in the page. */
function inView(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}
