/**
 * The codec bench: barewire's core beside ws's own Receiver and Sender, with bufferutil and without, on octets in
 * memory. Each subject is a process of its own, and they have their turns one after the other, A B C A B C, so that
 * what the machine does beside meets all alike. Results are checked before anything is timed. The figures are CPU time
 * of the whole process (user and system, the collector's and compiler's threads too), which a busy neighbour changes
 * less than time on the wall. Run by run.ts, or alone:
 * `node --import tsx bench/codec.bench.ts [--quick] [--only PART] [--json FILE]`.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleWorker } from './codec/bundle.ts';
import { type Case, cases, type Unit } from './codec/cases.ts';
import type { Answer, Order } from './codec/worker.ts';
import type { Measure, Results, Series, Subject } from './results.ts';
import { median, ratio, spread } from './statistics.ts';

export interface CodecOptions {
  /** Fewer cases, rounds and shorter ones, for a look: under 35 seconds. */
  readonly quick: boolean;
  /** Called when a case begins, and at the end with `done` equal to `total`. */
  readonly progress: (done: number, total: number, what: string) => void;
  /** Only cases with this in their id, group or set. */
  readonly only?: string | undefined;
}

const usage = 'Usage: node --import tsx bench/codec.bench.ts [--quick] [--only PART] [--json FILE]';

interface Plan {
  readonly rounds: number;
  /** CPU milliseconds of each step. */
  readonly warmUp: number;
  readonly round: number;
  readonly memory: number;
}

const plans = {
  full: { rounds: 9, warmUp: 150, round: 40, memory: 40 },
  quick: { rounds: 5, warmUp: 40, round: 8, memory: 8 },
} as const satisfies Record<string, Plan>;

const subjectNames = ['barewire', 'ws', 'ws+bufferutil'] as const;
type SubjectName = (typeof subjectNames)[number];

const require = createRequire(import.meta.url);

/** The version of a package as ws would find it; undefined when it is not there. */
function versionOf(name: string): string | undefined {
  try {
    const path = createRequire(require.resolve('ws')).resolve(`${name}/package.json`);
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) return String(parsed.version);
  } catch {}
  return undefined;
}

const isAnswer = (value: unknown): value is Answer =>
  typeof value === 'object' && value !== null && 'nanoseconds' in value && 'allocated' in value;

/** One subject in its process. */
class Worker {
  readonly name: SubjectName;
  readonly #child: ChildProcess;

  private constructor(name: SubjectName, child: ChildProcess) {
    this.name = name;
    this.#child = child;
  }

  static async start(name: SubjectName, program: string): Promise<Worker> {
    const { WS_NO_BUFFER_UTIL: _, ...environment } = process.env;
    const child = fork(program, [name], {
      execArgv: ['--expose-gc'],
      env: name === 'ws' ? { ...environment, WS_NO_BUFFER_UTIL: '1' } : environment,
    });
    const worker = new Worker(name, child);
    await worker.#next();
    return worker;
  }

  async #next(): Promise<unknown> {
    const abort = new AbortController();
    const ended = once(this.#child, 'exit', { signal: abort.signal }).then(() => {
      throw new Error(`The process of ${this.name} ended before it was asked to.`);
    });
    const [value]: unknown[] = await Promise.race([once(this.#child, 'message'), ended]);
    ended.catch(() => {});
    abort.abort();
    return value;
  }

  /** @throws Error when what the subject hands out is wrong */
  async ask(order: Order): Promise<Answer> {
    this.#child.send(order);
    const value = await this.#next();
    if (isAnswer(value)) return value;
    const error = typeof value === 'object' && value !== null && 'error' in value ? value.error : value;
    throw new Error(`${this.name}: ${error}`);
  }

  stop(): void {
    this.#child.kill();
  }
}

function inUnit(unit: Unit, nanoseconds: number, octets: number): number {
  if (unit === 'ns/frame') return nanoseconds;
  if (unit === 'µs/message') return nanoseconds / 1000;
  return (octets / nanoseconds) * (unit === 'MB/s' ? 1000 : 1);
}

/** One case, all subjects in turn. */
async function measureCase(each: Case, workers: readonly Worker[], plan: Plan): Promise<Measure> {
  const { id, title, group, unit, goals, masks } = each;
  // Where nothing is masked, ws is the same with bufferutil and without.
  const apart = workers.filter(({ name }) => masks || name !== 'ws+bufferutil');
  const all = apart.map((worker) => ({ worker, samples: [] as number[] }));
  await Promise.all(apart.map((worker) => worker.ask({ id, step: 'check', milliseconds: plan.warmUp })));
  for (let round = 0; round < plan.rounds; round++) {
    for (const { worker, samples } of all) {
      samples.push((await worker.ask({ id, step: 'time', milliseconds: plan.round })).nanoseconds);
    }
  }
  const series: Series[] = [];
  for (const { worker, samples } of all) {
    const memory = await worker.ask({ id, step: 'memory', milliseconds: plan.memory });
    const { octetsPerFrame } = memory;
    const nanoseconds = median(samples);
    series.push({
      subject: worker.name,
      samples: samples.map((sample) => inUnit(unit, sample, octetsPerFrame)),
      also: {
        ...memory.also,
        'M frames/s': 1000 / nanoseconds,
        'GB/s': octetsPerFrame / nanoseconds,
        'B/frame': memory.allocated,
        'GC ns/frame': memory.collecting,
      },
    });
  }
  return {
    id,
    title,
    group,
    unit,
    better: unit.endsWith('B/s') ? 'more' : 'less',
    goals: [...goals],
    series,
  };
}

/** Measures everything, or what `only` leaves of it. @throws Error when a subject hands out what is wrong */
export async function measureCodec({ quick, progress, only }: CodecOptions): Promise<Results> {
  const startedAt = new Date();
  const plan = quick ? plans.quick : plans.full;
  const wanted = cases.filter(
    (each) =>
      (each.quick || !quick) &&
      (only === undefined || [each.id, each.group, each.set].some((name) => name.includes(only))),
  );
  if (wanted.length === 0) throw new RangeError(`No case of the codec bench has ${only} in its name.`);
  const bufferutil = versionOf('bufferutil');
  const names = subjectNames.filter((name) => name !== 'ws+bufferutil' || bufferutil !== undefined);
  const measures: Measure[] = [];
  const bundle = await bundleWorker();
  try {
    for (const set of new Set(wanted.map((each) => each.set))) {
      const workers: Worker[] = [];
      try {
        workers.push(...(await Promise.all(names.map((name) => Worker.start(name, bundle.worker)))));
        for (const each of wanted.filter((one) => one.set === set)) {
          progress(measures.length, wanted.length, each.title);
          measures.push(await measureCase(each, workers, plan));
        }
      } finally {
        for (const worker of workers) worker.stop();
      }
    }
  } finally {
    bundle.remove();
  }
  progress(wanted.length, wanted.length, 'done');
  return {
    schema: 1,
    kind: 'codec',
    mode: quick ? 'quick' : 'full',
    startedAt: startedAt.toISOString(),
    duration: (Date.now() - startedAt.getTime()) / 1000,
    command: `node --import tsx bench/codec.bench.ts${quick ? ' --quick' : ''}${only === undefined ? '' : ` --only ${only}`}`,
    ...repository(),
    machine: machine(),
    subjects: names.map((name) => subjectOf(name, bufferutil)),
    measures,
    notes: [
      ...(bufferutil === undefined ? ['bufferutil is not installed, so `ws+bufferutil` was left out.'] : []),
    ],
  };
}

function subjectOf(name: SubjectName, bufferutil: string | undefined): Subject {
  const runtime = `Node ${process.version}`;
  if (name === 'barewire') return { name, version: ownVersion(), runtime, options: '' };
  const version = versionOf('ws') ?? 'unknown';
  if (name === 'ws') return { name, version, runtime, options: 'WS_NO_BUFFER_UTIL=1' };
  return { name, version: `${version} + ${bufferutil}`, runtime, options: '' };
}

function ownVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed
    ? String(parsed.version)
    : 'unknown';
}

function repository(): { commit: string; dirty: boolean } {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return { commit: git('rev-parse', 'HEAD'), dirty: git('status', '--porcelain') !== '' };
  } catch {
    return { commit: 'unknown', dirty: true };
  }
}

function machine(): Results['machine'] {
  let governor = 'unknown';
  try {
    governor = readFileSync('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor', 'utf8').trim();
  } catch {}
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    governor,
    node: process.version,
    v8: process.versions.v8,
    flags: process.execArgv,
  };
}

/** The table for a terminal: a line for each case. */
function table({ measures }: Results): string {
  const figure = (value: number): string => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
  const lines = measures.map(({ id, unit, better, goals, series }) => {
    const [own, ...others] = series;
    const cells = series.map(
      ({ samples, also }) =>
        `${figure(median(samples)).padStart(8)} ±${(spread(samples) * 100).toFixed(0).padStart(2)}% ${(also['B/frame'] ?? 0).toFixed(0).padStart(8)} B`,
    );
    const ratios = others.map(({ subject, samples }) => {
      const { low, middle, high } = ratio(own?.samples ?? [], samples, better);
      const goal = goals.find(({ against }) => against === subject)?.ratio;
      const met =
        goal === undefined ? '' : middle >= goal ? ` (goal ${goal}: met)` : ` (goal ${goal}: not met)`;
      return `${middle.toFixed(2)} x ${subject} [${low.toFixed(2)}, ${high.toFixed(2)}]${met}`;
    });
    return `${id.padEnd(40)} ${unit.padEnd(8)} ${cells.join(' |')}   ${ratios.join(', ')}`;
  });
  const head = `${'case'.padEnd(40)} ${'unit'.padEnd(8)} ${(measures[0]?.series ?? []).map(({ subject }) => subject.padEnd(24)).join(' |')}`;
  return [head, ...lines].join('\n');
}

function fail(sentence: string): never {
  console.error(`${sentence}\n${usage}`);
  process.exit(2);
}

async function main(): Promise<void> {
  let values: { quick: boolean; only?: string | undefined; json?: string | undefined };
  try {
    ({ values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        json: { type: 'string' },
      },
    }));
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
  const { quick, only, json } = values;
  let results: Results;
  try {
    results = await measureCodec({
      quick,
      only,
      progress: (done, total, what) => console.error(`${done}/${total} ${what}`),
    });
  } catch (error) {
    if (error instanceof RangeError) fail(error.message);
    throw error;
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(results)}\n`);
  console.log(table(results));
  for (const note of results.notes) console.log(note);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main();
}
