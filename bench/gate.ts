/**
 * The gate that slowness does not pass: a handful of codec cases beside ws in one run, judged by the ratio alone and
 * with a wide margin, so that neither a slow machine nor a busy one closes it. A ratio has to reach half of what is
 * normal, and has two attempts to do so, the second in new processes. Run by .ci/run after the tests:
 * `node --import tsx bench/gate.ts`. It ends with 1 when a case is too slow.
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleWorker } from './codec/bundle.ts';
import { SubjectProcess } from './codec/process.ts';
import { median } from './statistics.ts';

const usage = 'Usage: node --import tsx bench/gate.ts';

/**
 * How many times as fast as ws, without bufferutil, each case is, rounded down from bench/codec.bench.ts. A change that
 * makes a case faster may raise its figure.
 */
export const normal: Readonly<Record<string, number>> = {
  'decode-16-text-masked': 4.4,
  'decode-125-text-masked': 5.5,
  'decode-1k-text-masked': 10,
  'encode-125-text-unmasked': 1.7,
  'unmask-16k': 11,
};

/** The share of what is normal that has to be reached. */
const margin = 0.5;
/** CPU milliseconds before the first round, so that the JIT is done, and in each round. */
const warmUp = 150;
const round = 25;
const roundsOf = [7, 11];

/** The least ratio that passes. */
export function limitOf(normalRatio: number): number {
  return normalRatio * margin;
}

/** How many times as fast: the median of the rounds' ratios, each round of both under the same conditions. */
export function ratioOf(own: readonly number[], others: readonly number[]): number {
  return median(own.map((nanoseconds, at) => (others[at] ?? Number.NaN) / nanoseconds));
}

export interface Attempt {
  readonly id: string;
  readonly ratio: number;
}

/** Whether it reached its limit. What has no ratio did not. */
export function passes({ id, ratio }: Attempt): boolean {
  return ratio >= limitOf(normal[id] ?? Number.POSITIVE_INFINITY);
}

/** One line of what is printed: how far the ratio is on the way to twice what is normal, and where the limit stands. */
export function lineOf(attempt: Attempt): string {
  const { id, ratio } = attempt;
  const usual = normal[id] ?? Number.NaN;
  const width = 40;
  const place = (value: number): number => Math.min(width, Math.round((value / usual / 2) * width));
  const bar = Array.from({ length: width }, (_, at): string => (at < place(ratio) ? '#' : '.'));
  bar[place(limitOf(usual))] = '|';
  const figures = `${ratio.toFixed(2)} x ws, limit ${limitOf(usual).toFixed(2)}, normal ${usual.toFixed(2)}`;
  return `${passes(attempt) ? 'pass' : 'SLOW'} ${id.padEnd(28)} ${bar.join('')} ${figures}`;
}

/**
 * Tries all cases, then again those that were too slow, as often as there are attempts.
 * @param measure gives the ratio of each
 * @returns those that never passed
 */
export async function judge(
  ids: readonly string[],
  attempts: number,
  measure: (ids: readonly string[], attempt: number) => Promise<readonly Attempt[]>,
  print: (line: string) => void,
): Promise<readonly string[]> {
  let left = ids;
  for (let attempt = 0; attempt < attempts && left.length > 0; attempt++) {
    if (attempt > 0) print('Again, in new processes:');
    const tried = await measure(left, attempt);
    for (const each of tried) print(lineOf(each));
    left = tried.filter((each) => !passes(each)).map(({ id }) => id);
  }
  return left;
}

/** Both sides of each case in turn, A B A B, after their results were checked. */
async function measureAll(ids: readonly string[], attempt: number, worker: string): Promise<Attempt[]> {
  const names = ['barewire', 'ws'] as const;
  const [own, other] = await Promise.all(names.map((name) => SubjectProcess.start(name, worker)));
  if (own === undefined || other === undefined) throw new Error('A process did not start.');
  const attempts: Attempt[] = [];
  try {
    for (const id of ids) {
      const samples: [number[], number[]] = [[], []];
      for (const each of [own, other]) await each.ask({ id, step: 'check', milliseconds: warmUp });
      for (let at = 0; at < (roundsOf[attempt] ?? 0); at++) {
        const order = { id, step: 'time', milliseconds: round } as const;
        samples[0].push((await own.ask(order)).nanoseconds);
        samples[1].push((await other.ask(order)).nanoseconds);
      }
      attempts.push({ id, ratio: ratioOf(...samples) });
    }
  } finally {
    own.stop();
    other.stop();
  }
  return attempts;
}

async function main(): Promise<void> {
  try {
    parseArgs({ options: {} });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
    process.exitCode = 2;
    return;
  }
  const bundle = await bundleWorker();
  try {
    const slow = await judge(
      Object.keys(normal),
      roundsOf.length,
      (ids, attempt) => measureAll(ids, attempt, bundle.worker),
      console.log,
    );
    if (slow.length === 0) return;
    console.error(`Too slow beside ws: ${slow.join(', ')}.`);
    process.exitCode = 1;
  } finally {
    bundle.remove();
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main();
}
