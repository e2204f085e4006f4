/**
 * `bench/gate.ts`: what passes and what does not, without measuring. That the cases it names are there and right is
 * tested here and in bench-codec.test.ts; how fast they are is its own business, outside of the tests.
 */
import { describe, expect, it } from 'vitest';
import { cases } from '../bench/codec/cases.ts';
import { type Attempt, judge, limitOf, lineOf, normal, passes, ratioOf } from '../bench/gate.ts';
import { Program } from './support/process.ts';

const ids = Object.keys(normal);
const [first = '', second = ''] = ids;
const at = (id: string, share: number): Attempt => ({ id, ratio: (normal[id] ?? Number.NaN) * share });

describe('the limits', () => {
  it('are of cases that the codec bench has', () => {
    const known = cases.map(({ id }) => id);
    expect(known).toEqual(expect.arrayContaining(ids));
    expect(ids.length).toBeGreaterThanOrEqual(5);
  });

  it('leave a wide margin', () => {
    for (const ratio of Object.values(normal)) {
      expect(limitOf(ratio)).toBeLessThanOrEqual(0.55 * ratio);
      expect(limitOf(ratio)).toBeGreaterThanOrEqual(0.4 * ratio);
    }
  });
});

describe('ratioOf', () => {
  it('is how many times as fast, by the middle of the rounds', () => {
    expect(ratioOf([10, 10, 10], [20, 30, 90])).toBe(3);
  });

  it('takes rounds in pairs, so that what slows both slows neither', () => {
    expect(ratioOf([10, 1000, 20], [30, 3000, 60])).toBe(3);
  });
});

describe('passes', () => {
  it('lets the limit pass and nothing below it', () => {
    expect(passes({ id: first, ratio: limitOf(normal[first] ?? 0) })).toBe(true);
    expect(passes(at(first, 0.49))).toBe(false);
  });

  it('lets neither a case without a limit pass nor a ratio that is none', () => {
    expect(passes({ id: 'unknown', ratio: 1000 })).toBe(false);
    expect(passes({ id: first, ratio: Number.NaN })).toBe(false);
  });
});

describe('lineOf', () => {
  it('shows the ratio as a bar, with the limit in it', () => {
    expect(lineOf(at(first, 1))).toMatch(
      /^pass \S+ +#{10}\|#{9}\.{20} [\d.]+ x ws, limit [\d.]+, normal [\d.]+$/,
    );
    expect(lineOf(at(first, 0.25))).toMatch(/^SLOW \S+ +#{5}\.{5}\|\.{29} /);
    expect(lineOf(at(first, 100))).toMatch(/^pass \S+ +#{10}\|#{29} /);
  });
});

describe('judge', () => {
  const run = async (rounds: readonly (readonly Attempt[])[]) => {
    const asked: (readonly string[])[] = [];
    const printed: string[] = [];
    const slow = await judge(
      [first, second],
      2,
      async (left, attempt) => {
        asked.push(left);
        return rounds[attempt] ?? [];
      },
      (line) => printed.push(line),
    );
    return { asked, slow, printed };
  };

  it('is done when all pass', async () => {
    const { asked, slow, printed } = await run([[at(first, 1), at(second, 0.6)]]);
    expect({ asked, slow }).toEqual({ asked: [[first, second]], slow: [] });
    expect(printed).toEqual([lineOf(at(first, 1)), lineOf(at(second, 0.6))]);
  });

  it('tries again only what was slow', async () => {
    const { asked, slow } = await run([[at(first, 1), at(second, 0.3)], [at(second, 0.9)]]);
    expect({ asked, slow }).toEqual({ asked: [[first, second], [second]], slow: [] });
  });

  it('tells what was slow each time', async () => {
    const { asked, slow, printed } = await run([[at(first, 0.2), at(second, 1)], [at(first, 0.3)]]);
    expect({ asked, slow }).toEqual({ asked: [[first, second], [first]], slow: [first] });
    expect(printed.filter((line) => line.startsWith('SLOW'))).toHaveLength(2);
  });
});

it('refuses flags and words', async () => {
  for (const word of ['--quick', 'fast']) {
    const { code, stdout, stderr } = await new Program(['--import', 'tsx', 'bench/gate.ts', word]).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/\nUsage: node --import tsx bench\/gate\.ts\n$/);
  }
});
