// The colours of public/style/tokens.css against the grounds that they stand on, by WCAG 2.2: text 4.5:1, shapes 3:1.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('../../public/style/tokens.css', import.meta.url), 'utf8');
const colours = new Map(
  [...css.matchAll(/--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name = '', light = '', dark = '']) => [name, { light, dark }] as const,
  ),
);

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const text: readonly (readonly [string, readonly string[]])[] = [
  ['ink', ['paper', 'sunk', 'raised', 'tint']],
  ['quiet', ['paper', 'sunk', 'raised']],
  ['copper', ['paper', 'sunk', 'raised', 'tint']],
  ['on-copper', ['copper', 'copper-strong']],
  ['warning', ['paper', 'raised', 'warning-ground']],
  ['bad', ['paper', 'raised', 'sunk', 'bad-ground']],
  ['good', ['paper', 'raised']],
];
const shapes = ['text', 'binary', 'continuation', 'ping', 'pong', 'close', 'error'].map(
  (kind) => `opcode-${kind}`,
);

describe.each(['light', 'dark'] as const)('contrast, %s', (scheme) => {
  const of = (name: string): string => {
    const colour = colours.get(name)?.[scheme];
    if (colour === undefined) throw new Error(`tokens.css has no --${name} of two plain colours.`);
    return colour;
  };
  test.each(text.flatMap(([name, grounds]) => grounds.map((ground) => [name, ground] as const)))(
    '%s on %s is at least 4.5:1',
    (name, ground) => {
      expect(contrast(of(name), of(ground))).toBeGreaterThanOrEqual(4.5);
    },
  );
  test.each(
    [...shapes, 'field-line'].flatMap((name) => ['paper', 'raised'].map((ground) => [name, ground] as const)),
  )('%s on %s is at least 3:1', (name, ground) => {
    expect(contrast(of(name), of(ground))).toBeGreaterThanOrEqual(3);
  });
});
