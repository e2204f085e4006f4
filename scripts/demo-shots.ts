// Takes the pictures: waits until nothing moves, then writes docs/images/<view>-<device>-<scheme>.png in a size that a
// repository can bear.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { type Device, devices } from './demo-stage.ts';

const folder = process.env.SCREENSHOTS ?? fileURLToPath(new URL('../docs/images/', import.meta.url));
const largest = 200 * 1024;
mkdirSync(folder, { recursive: true });

export const schemes = ['light', 'dark'] as const;
type Scheme = (typeof schemes)[number];

const writing: Promise<void>[] = [];

/** Takes a view in both themes. @param before done in each, once the theme is there */
export async function shoot(
  page: Page,
  view: string,
  device: Device,
  before: () => Promise<unknown> = async () => {},
): Promise<void> {
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme });
    await before();
    await page.evaluate(
      `Promise.all([document.fonts.ready, ...[...document.images].map((image) => image.decode().catch(() => undefined))])`,
    );
    await page.waitForTimeout(450);
    const shot = await page.screenshot({ animations: 'disabled' });
    writing.push(write(shot, view, device, scheme));
  }
}

/** Waits until everything that was taken is on the disk. */
export async function finish(): Promise<void> {
  await Promise.all(writing.splice(0));
}

/** Each device pixel for the view of the README; elsewhere those of CSS on a desktop, or there would be megabytes. */
async function write(shot: Buffer, view: string, device: Device, scheme: Scheme): Promise<void> {
  const small = devices[device].viewport.width;
  const widths = view === 'room' || device === 'phone' ? [small * 2, small] : [small];
  const name = `${view}-${device}-${scheme}.png`;
  for (const width of widths) {
    for (const colours of [256, 128]) {
      const image = sharp(shot).resize({ width });
      const octets = await image.png({ palette: true, colours, effort: 8, dither: 0.6 }).toBuffer();
      if (octets.length > largest && !(width === small && colours === 128)) continue;
      writeFileSync(join(folder, name), octets);
      console.log(`${name}  ${Math.round(octets.length / 1024)} KiB`);
      return;
    }
  }
}
