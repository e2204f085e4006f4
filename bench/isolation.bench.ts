/**
 * The isolation bench: what 1,000 quiet connections notice while one peer sends messages of 64 MiB, or while a
 * broadcast goes out to 10,000 members. Server, probe and load are processes of their own; every round has each phase
 * once, the quiet one first, so that what the machine does beside meets all alike. Run by run.ts, or alone:
 * `node --import tsx bench/isolation.bench.ts [--quick] [--only PART] [--json FILE]`.
 */
import { realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine, repository } from './environment.ts';
import type { LoadKind } from './isolation/orders.ts';
import {
  describePlacement,
  nodeCommand,
  placement,
  quietFlags,
  ServerProcess,
} from './isolation/processes.ts';
import { disturbance, disturbing, planFor, type Sample, Stage } from './isolation/stage.ts';
import { allSubjects } from './isolation/subjects.ts';
import type { Measure, Results, Series } from './results.ts';
import { median, spread } from './statistics.ts';

export interface IsolationOptions {
  /** One round of the phases that a quick look has: about a minute. */
  readonly quick: boolean;
  /** Called when a phase begins, and at the end with `done` equal to `total`. */
  readonly progress: (done: number, total: number, what: string) => void;
  /** Only phases with this in their id, or the subject of this name. The quiet phase is always there. */
  readonly only?: string | undefined;
  /** Fewer connections and shorter messages than the figures are about, for tests of the bench itself. Default 1. */
  readonly scale?: number | undefined;
  /** Whether the server runs before everything else on the machine, for a machine that others use. Needs root. */
  readonly realtime?: boolean | undefined;
}

const usage =
  'Usage: node --import tsx bench/isolation.bench.ts [--quick] [--only PART] [--scale X] [--realtime] [--json FILE]';

interface Phase {
  readonly id: string;
  readonly title: string;
  readonly kind: LoadKind;
  /** Whether it counts for the goal. The others are harder than that. */
  readonly counts: boolean;
  /** Whether a quick look has it. */
  readonly quick: boolean;
}

const quiet: Phase = {
  id: 'isolation-quiet',
  title: '1,000 quiet connections, nothing else',
  kind: 'none',
  counts: false,
  quick: true,
};
const phases: readonly Phase[] = [
  {
    id: 'isolation-64m-binary',
    title: 'While one peer sends 64 MiB binary messages',
    kind: 'binary',
    counts: true,
    quick: true,
  },
  {
    id: 'isolation-64m-text',
    title: 'While one peer sends 64 MiB text messages',
    kind: 'text',
    counts: true,
    quick: false,
  },
  {
    id: 'isolation-64m-echo',
    title: 'While one peer has 64 MiB binary messages echoed',
    kind: 'echo',
    counts: false,
    quick: false,
  },
  {
    id: 'isolation-10000-broadcast',
    title: 'While a broadcast goes out to 10,000 members each second',
    kind: 'broadcast-each-second',
    counts: true,
    quick: true,
  },
  {
    id: 'isolation-10000-broadcast-on',
    title: 'While broadcasts go out to 10,000 members without a break',
    kind: 'broadcast',
    counts: false,
    quick: false,
  },
];

/** How many times its quiet p99 a subject's p99 may be. */
const goal = 2;

function seriesOf(
  subject: string,
  samples: readonly Sample[],
  base: readonly Sample[],
  kind: LoadKind,
): Series {
  const of = (pick: (sample: Sample) => number): number => median(samples.map(pick));
  const p99 = samples.map(({ probe }) => probe.trips.p99);
  const ratios = p99.map((value, round) => value / (base[round]?.probe.trips.p99 ?? Number.NaN));
  const isBroadcast = kind.startsWith('broadcast');
  const also: Record<string, number> = {
    'p50 ms': of(({ probe }) => probe.trips.p50),
    'p90 ms': of(({ probe }) => probe.trips.p90),
    'p99.9 ms': of(({ probe }) => probe.trips.p999),
    'maximum ms': of(({ probe }) => probe.trips.max),
    'bare echo p50 ms': of(({ probe }) => probe.floor.p50),
    'bare echo p99 ms': of(({ probe }) => probe.floor.p99),
    'send lateness p99 ms': of(({ probe }) => probe.lateness.p99),
    'server load': of(({ ran }) => ran),
    'server waits for its core': of(({ waited }) => waited),
    // Over 1: the figures are about the machine.
    disturbance: median(samples.map(disturbance)),
  };
  if (kind !== 'none') {
    also['times quiet p99'] = median(ratios);
    also['times quiet p99, worst round'] = Math.max(...ratios);
    const each = of(({ load }) => (load.amount / load.milliseconds) * 1000);
    also[isBroadcast ? 'deliveries/s' : 'MiB/s'] = isBroadcast ? each : each / 2 ** 20;
  }
  if (isBroadcast) also['until the last member ms'] = of(({ load }) => load.spreading);
  for (const [name, value] of Object.entries(also)) if (!Number.isFinite(value)) delete also[name];
  return { subject, samples: p99, also };
}

/** Measures everything, or what `only` leaves of it. @throws RangeError when that is nothing */
export async function measureIsolation({
  quick,
  progress,
  only,
  scale = 1,
  realtime = false,
}: IsolationOptions): Promise<Results> {
  const startedAt = new Date();
  const plan = planFor(quick, scale);
  const everybody = allSubjects();
  const named = everybody.filter(({ name }) => name === only);
  const subjects = named.length > 0 ? named : everybody;
  const loads =
    only === undefined || named.length > 0
      ? phases.filter((phase) => phase.quick || !quick)
      : phases.filter(({ id }) => id.includes(only));
  if (loads.length === 0) throw new RangeError(`No phase of the isolation bench has ${only} in its name.`);
  const wanted = [quiet, ...loads];
  const on = placement(realtime);
  const total = subjects.length * plan.rounds * wanted.length;
  const samples = new Map<string, Sample[]>();
  const key = (subject: string, id: string): string => `${subject} ${id}`;
  const floor = await ServerProcess.start(nodeCommand('./floor.ts', ...quietFlags), 'first', on);
  let done = 0;
  let discarded = 0;
  try {
    for (const subject of subjects) {
      const stage = await Stage.open(subject, floor.port, scale, on);
      try {
        for (let round = 0; round < plan.rounds; round++) {
          for (const { id, kind, title } of wanted) {
            progress(done++, total, `${subject.name}: ${title}`);
            const known = samples.get(key(subject.name, id)) ?? [];
            samples.set(key(subject.name, id), [...known, await stage.sample(kind, plan)]);
          }
        }
      } finally {
        discarded += stage.discarded;
        stage.close();
      }
    }
  } finally {
    floor.stop();
  }
  progress(total, total, 'done');
  const measures = wanted.map(
    ({ id, title, kind }): Measure => ({
      id,
      title: `${title}: p99`,
      group: 'isolation',
      unit: 'ms',
      better: 'less',
      goals: [],
      series: subjects.map(({ name }) =>
        seriesOf(name, samples.get(key(name, id)) ?? [], samples.get(key(name, quiet.id)) ?? [], kind),
      ),
    }),
  );
  return {
    schema: 1,
    kind: 'isolation',
    mode: quick ? 'quick' : 'full',
    startedAt: startedAt.toISOString(),
    duration: (Date.now() - startedAt.getTime()) / 1000,
    command: `node --import tsx bench/isolation.bench.ts${quick ? ' --quick' : ''}${realtime ? ' --realtime' : ''}${only === undefined ? '' : ` --only ${only}`}`,
    ...repository(),
    machine: machine([]),
    subjects: subjects.map(({ name, version, runtime, options }) => ({ name, version, runtime, options })),
    measures,
    notes: [
      describePlacement(on),
      `${discarded} samples were taken again because the machine was disturbed: the bare echo's p99 was over ${disturbing.floor} ms, or the server was kept from its core for over ${disturbing.waiting * 100} % of the time.`,
      ...(scale === 1
        ? []
        : [`Everything was ${scale} times as large as the titles say, and for a moment only.`]),
      ...verdict(measures),
    ],
  };
}

/** Where the goal stands, a sentence for each phase that counts and one for each that is harder. */
function verdict(measures: readonly Measure[]): string[] {
  return measures.flatMap(({ id, series }) => {
    const phase = phases.find((one) => one.id === id);
    const own = series.find(({ subject }) => subject === 'barewire');
    const times = own?.also['times quiet p99'];
    if (phase === undefined || own === undefined || times === undefined) return [];
    const worst = own.also['times quiet p99, worst round'] ?? times;
    const quietSeries = measures[0]?.series.find(({ subject }) => subject === 'barewire');
    const calm = [own, quietSeries].every((one) => (one?.also.disturbance ?? 0) <= 1);
    const state = !calm ? 'no verdict, the machine was disturbed' : times <= goal ? 'met' : 'not met';
    const what = phase.counts
      ? `goal of ${goal}: ${state}`
      : `harder than the goal of ${goal} asks: ${state}`;
    return [
      `${phase.title}: p99 is ${times.toFixed(2)} times the quiet one (worst round ${worst.toFixed(2)}): ${what}.`,
    ];
  });
}

/** The table for a terminal: a line for each phase and subject. */
function table({ measures }: Results): string {
  const figure = (value: number | undefined): string => (value ?? Number.NaN).toFixed(2).padStart(8);
  const lines = measures.flatMap(({ id, series }) =>
    series.map(({ subject, samples, also }) => {
      const cells = [also['p50 ms'], median(samples), also['p99.9 ms'], also['bare echo p99 ms']].map(figure);
      const rest = ['times quiet p99', 'MiB/s', 'deliveries/s', 'until the last member ms', 'server load']
        .flatMap((name) => (also[name] === undefined ? [] : [`${also[name].toFixed(2)} ${name}`]))
        .join(', ');
      return `${id.padEnd(30)} ${subject.padEnd(9)} ${cells.join('')} ±${(spread(samples) * 100).toFixed(0)}%  ${rest}`;
    }),
  );
  const head = `${'phase, round trips in ms'.padEnd(41)}${['p50', 'p99', 'p99.9', 'floor p99'].map((name) => name.padStart(8)).join('')}`;
  return [head, ...lines].join('\n');
}

function fail(sentence: string): never {
  console.error(`${sentence}\n${usage}`);
  process.exit(2);
}

async function main(): Promise<void> {
  let options: {
    quick: boolean;
    realtime: boolean;
    only?: string | undefined;
    scale: string;
    json?: string | undefined;
  };
  try {
    ({ values: options } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        realtime: { type: 'boolean', default: false },
        scale: { type: 'string', default: '1' },
        json: { type: 'string' },
      },
    }));
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
  const { quick, only, realtime, json } = options;
  const scale = Number(options.scale);
  if (!(scale > 0 && scale <= 1)) fail('--scale takes more than 0 and at most 1.');
  let results: Results;
  try {
    results = await measureIsolation({
      quick,
      only,
      scale,
      realtime,
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
