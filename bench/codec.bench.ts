/**
 * The codec bench: barewire's core beside ws's own Receiver and Sender, with bufferutil and without, on octets in
 * memory. Each subject is a process of its own, and they have their turns one after the other, A B C A B C, so that
 * what the machine does beside meets all alike. Results are checked before anything is timed. The figures are CPU time
 * of the whole process (user and system, the collector's and compiler's threads too), which a busy neighbour changes
 * less than time on the wall. Run by run.ts, or alone:
 * `node --import tsx bench/codec.bench.ts [--quick] [--only PART] [--json FILE]`.
 */
import { realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleWorker } from './codec/bundle.ts';
import { type Case, cases, type Unit } from './codec/cases.ts';
import { flags, type SubjectName, SubjectProcess, subjectNames } from './codec/process.ts';
import { machine, ownVersion, repository, versionOf } from './environment.ts';
import type { Measure, Results, Series, Subject } from './results.ts';
import { median, ratio, spread } from './statistics.ts';

export interface CodecOptions {
  /** Fewer cases, and fewer and shorter rounds, for a look: under 35 seconds. */
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
  full: { rounds: 9, warmUp: 100, round: 30, memory: 30 },
  quick: { rounds: 5, warmUp: 40, round: 8, memory: 8 },
} as const satisfies Record<string, Plan>;

const notes = [
  'Times are CPU time of the whole process: user and system, with the threads of the collector and the compiler.',
  'Each subject is a process of its own, in plain JavaScript; those that share a set of cases take turns, A B C A B C.',
  'What each hands out is compared with what it should be, message by message, before it is timed.',
  'Octets to decode are put back between two runs, untimed, into the same memory, for all subjects alike. what ' +
    'is masked is lent to barewire, as by its server, so it copies what it hands out as octets; ws may hand out views.',
  'Text becomes a string for everybody. What ws sends as a string is turned into octets, as its socket would do.',
  'With frames of 16 KiB and more the young generation is collected before each run, untimed: else the figure tells ' +
    'how often malloc got its pages back. What collecting costs is given apart.',
  'deflate of ws is asynchronous and uses the thread pool; its CPU time is counted, the waiting is not. Both use ' +
    'windows of 2 KiB and level 6. Where nothing is masked, bufferutil changes nothing and is left out.',
];

/** Measures everything, or what `only` leaves of it. @throws Error when a subject hands out what it should not */
export async function measureCodec({ quick, progress, only }: CodecOptions): Promise<Results> {
  const startedAt = new Date();
  const wanted = chosenCases(quick, only);
  const bufferutil = versionOf('bufferutil', 'ws');
  const names = subjectNames.filter((name) => name !== 'ws+bufferutil' || bufferutil !== undefined);
  const measures: Measure[] = [];
  // What is measured is what the sources are now, whoever changes them meanwhile.
  const measured = repository();
  const bundle = await bundleWorker();
  try {
    for (const set of new Set(wanted.map((each) => each.set))) {
      const processes = await Promise.all(names.map((name) => SubjectProcess.start(name, bundle.worker)));
      try {
        for (const each of wanted.filter((one) => one.set === set)) {
          progress(measures.length, wanted.length, each.title);
          measures.push(await measureCase(each, processes, quick ? plans.quick : plans.full));
        }
      } finally {
        for (const each of processes) each.stop();
      }
    }
  } finally {
    bundle.remove();
  }
  progress(wanted.length, wanted.length, 'done');
  const flagsGiven = `${quick ? ' --quick' : ''}${only === undefined ? '' : ` --only ${only}`}`;
  return {
    schema: 1,
    kind: 'codec',
    mode: quick ? 'quick' : 'full',
    startedAt: startedAt.toISOString(),
    duration: (Date.now() - startedAt.getTime()) / 1000,
    command: `node --import tsx bench/codec.bench.ts${flagsGiven}`,
    ...measured,
    machine: machine(flags),
    subjects: names.map((name) => subjectOf(name, bufferutil)),
    measures,
    notes: [
      ...notes,
      ...(bufferutil === undefined ? ['bufferutil is not installed, so `ws+bufferutil` was left out.'] : []),
    ],
  };
}

function chosenCases(quick: boolean, only: string | undefined): Case[] {
  const chosen = cases.filter(
    ({ id, group, set, quick: isQuick }) =>
      (isQuick || !quick) && (only === undefined || [id, group, set].some((name) => name.includes(only))),
  );
  if (chosen.length > 0) return chosen;
  throw new RangeError(`No ${quick ? 'quick ' : ''}case of the codec bench has "${only}" in its name.`);
}

/** One case, all subjects in turn. */
async function measureCase(each: Case, processes: readonly SubjectProcess[], plan: Plan): Promise<Measure> {
  const { id, title, group, unit, goals, masks } = each;
  // Where nothing is masked, ws is the same with bufferutil and without.
  const apart = processes.filter(({ name }) => masks || name !== 'ws+bufferutil');
  await Promise.all(apart.map((one) => one.ask({ id, step: 'check', milliseconds: plan.warmUp })));
  const samples = apart.map((): number[] => []);
  for (let round = 0; round < plan.rounds; round++) {
    for (const [at, one] of apart.entries()) {
      const { nanoseconds } = await one.ask({ id, step: 'time', milliseconds: plan.round });
      samples[at]?.push(nanoseconds);
    }
  }
  const series: Series[] = [];
  for (const [at, one] of apart.entries()) {
    const memory = await one.ask({ id, step: 'memory', milliseconds: plan.memory });
    const { octetsPerFrame } = memory;
    const times = samples[at] ?? [];
    series.push({
      subject: one.name,
      samples: times.map((nanoseconds) => inUnit(unit, nanoseconds, octetsPerFrame)),
      also: {
        ...memory.also,
        'M frames/s': 1000 / median(times),
        'GB/s': octetsPerFrame / median(times),
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

function inUnit(unit: Unit, nanoseconds: number, octets: number): number {
  if (unit === 'ns/frame') return nanoseconds;
  if (unit === 'µs/message') return nanoseconds / 1000;
  return (octets / nanoseconds) * (unit === 'MB/s' ? 1000 : 1);
}

function subjectOf(name: SubjectName, bufferutil: string | undefined): Subject {
  const runtime = `Node ${process.version}`;
  if (name === 'barewire') return { name, version: ownVersion(), runtime, options: '' };
  const version = versionOf('ws') ?? 'unknown';
  if (name === 'ws') return { name, version, runtime, options: 'WS_NO_BUFFER_UTIL=1' };
  return { name, version: `${version} + ${bufferutil}`, runtime, options: '' };
}

const figure = (value: number): string => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);

/** For a terminal: a line for each case, with the interval that holds the ratio in 95 of 100 runs. */
function table({ measures }: Results): string {
  const head = ['case', 'unit', ...subjectNames.map((name) => `${name}: median, spread, B/frame`)].join(
    ' | ',
  );
  const lines = measures.map(({ id, unit, better, goals, series }) => {
    const cells = series.map(({ samples, also }) => {
      const octets = (also['B/frame'] ?? 0).toFixed(0);
      return `${figure(median(samples)).padStart(6)} ±${(spread(samples) * 100).toFixed(0).padStart(2)} % ${octets.padStart(7)} B`;
    });
    const [own, ...others] = series;
    const ratios = others.map(({ subject, samples }) => {
      const { low, middle, high } = ratio(own?.samples ?? [], samples, better);
      const goal = goals.find(({ against }) => against === subject)?.ratio;
      const met = goal === undefined ? '' : ` (goal ${goal}: ${middle >= goal ? 'met' : 'not met'})`;
      return `${figure(middle)} x ${subject} [${figure(low)}, ${figure(high)}]${met}`;
    });
    return `${id.padEnd(38)} ${unit.padEnd(10)} ${cells.join(' | ')}   ${ratios.join(', ')}`;
  });
  return [head, ...lines].join('\n');
}

function fail(sentence: string): never {
  console.error(`${sentence}\n${usage}`);
  process.exit(2);
}

function readFlags(): { quick: boolean; only?: string | undefined; json?: string | undefined } {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        json: { type: 'string' },
      },
    });
    chosenCases(values.quick, values.only);
    return values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { json, ...options } = readFlags();
  const progress = (done: number, total: number, what: string): void =>
    console.error(`${done}/${total} ${what}`);
  const results = await measureCodec({ quick: options.quick, only: options.only, progress });
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(results)}\n`);
  console.log(table(results));
  for (const note of results.notes) console.log(note);
}
