/**
 * The isolation bench: what 1,000 quiet connections notice while one peer sends messages of 64 MiB, or while a
 * broadcast goes out to 10,000 members. Server, probe and load are processes of their own; every round has each phase
 * once, the quiet one first, so that what the machine does beside meets all alike. Run by run.ts, or alone:
 * `node --import tsx bench/isolation.bench.ts [--quick] [--only PART] [--json FILE]`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bunBuild } from '../scripts/programs.ts';
import type { LoadKind, LoadOrder, LoadReport, ProbeOrder, ProbeReport } from './isolation/orders.ts';
import {
  describePlacement,
  nodeCommand,
  type Placement,
  placement,
  ServerProcess,
  Worker,
} from './isolation/processes.ts';
import type { Measure, Results, Series, Subject } from './results.ts';
import { median, spread } from './statistics.ts';

export interface IsolationOptions {
  /** Fewer and shorter rounds, for a look: about half a minute. */
  readonly quick: boolean;
  /** Called when a phase begins, and at the end with `done` equal to `total`. */
  readonly progress: (done: number, total: number, what: string) => void;
  /** Only phases with this in their id, or the subject of this name. The quiet phase is always there. */
  readonly only?: string | undefined;
  /** Fewer connections and shorter messages than the figures are about, for tests of the bench itself. Default 1. */
  readonly scale?: number | undefined;
}

const usage =
  'Usage: node --import tsx bench/isolation.bench.ts [--quick] [--only PART] [--scale X] [--json FILE]';

interface Plan {
  readonly rounds: number;
  /** Milliseconds of each phase in each round. */
  readonly phase: number;
}

const plans = {
  full: { rounds: 7, phase: 3000 },
  quick: { rounds: 2, phase: 1500 },
} as const satisfies Record<string, Plan>;

/** Under load for so long before it is looked at: buffers have grown, functions are compiled. Milliseconds. */
const settling = 300;
/**
 * A sample in which the bare echo's p99 was above this is about the machine, and is taken again, twice at most; the one
 * with the quickest bare echo counts. Milliseconds.
 */
const disturbed = 2;
const tries = 3;
const quietConnections = 1000;
/** Messages each second on all of them together. */
const rate = 2000;
const members = 10_000;
const messageLength = 64 * 1024 * 1024;
const broadcastLength = 512;

interface Phase {
  readonly id: string;
  readonly title: string;
  readonly kind: LoadKind;
  /** Whether it counts for the goal. The others are harder than that. */
  readonly counts: boolean;
}

const quiet: Phase = {
  id: 'isolation-quiet',
  title: '1,000 quiet connections, nothing else',
  kind: 'none',
  counts: false,
};
const phases: readonly Phase[] = [
  {
    id: 'isolation-64m-binary',
    title: 'While one peer sends 64 MiB binary messages',
    kind: 'binary',
    counts: true,
  },
  {
    id: 'isolation-64m-text',
    title: 'While one peer sends 64 MiB text messages',
    kind: 'text',
    counts: true,
  },
  {
    id: 'isolation-64m-echo',
    title: 'While one peer has 64 MiB binary messages echoed',
    kind: 'echo',
    counts: false,
  },
  {
    id: 'isolation-10000-broadcast',
    title: 'While a broadcast goes out to 10,000 members each second',
    kind: 'broadcast-each-second',
    counts: true,
  },
  {
    id: 'isolation-10000-broadcast-on',
    title: 'While broadcasts go out to 10,000 members without a break',
    kind: 'broadcast',
    counts: false,
  },
];

/** How many times its quiet p99 a subject's p99 may be. */
const goal = 2;

interface SubjectPlan extends Subject {
  readonly command: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

interface Sample {
  readonly probe: ProbeReport;
  readonly load: LoadReport;
  /** Shares of the server's time: running, and waiting for its core. */
  readonly ran: number;
  readonly waited: number;
}

function versionOf(directory: string, name: string): string | undefined {
  try {
    const path = name === '' ? directory : createRequire(directory).resolve(`${name}/package.json`);
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) return String(parsed.version);
  } catch {}
  return undefined;
}

function allSubjects(): SubjectPlan[] {
  const here = fileURLToPath(import.meta.url);
  const runtime = `Node ${process.version}`;
  const own = versionOf(fileURLToPath(new URL('../package.json', import.meta.url)), '') ?? 'unknown';
  const ws = versionOf(here, 'ws') ?? 'unknown';
  const subjects: SubjectPlan[] = [
    {
      name: 'barewire',
      version: own,
      runtime,
      options: '',
      command: nodeCommand('./server-barewire.ts'),
      environment: {},
    },
    {
      name: 'ws',
      version: ws,
      runtime,
      options: 'WS_NO_BUFFER_UTIL=1',
      command: nodeCommand('./server-ws.ts'),
      environment: { WS_NO_BUFFER_UTIL: '1' },
    },
  ];
  const bun = bunBuild();
  if (bun !== undefined && existsSync(bun.program)) {
    const version = bun.package.split('@').at(-1) ?? 'unknown';
    const server = fileURLToPath(new URL('isolation/server-bun.js', import.meta.url));
    subjects.push({
      name: 'bun',
      version,
      runtime: `Bun ${version}`,
      options: '',
      command: [bun.program, server],
      environment: {},
    });
  }
  return subjects;
}

const isReady = (value: unknown): value is 'ready' => value === 'ready';
const isProbeReport = (value: unknown): value is ProbeReport =>
  typeof value === 'object' && value !== null && 'trips' in value && 'floor' in value;
const isLoadReport = (value: unknown): value is LoadReport =>
  typeof value === 'object' && value !== null && 'amount' in value && 'spreading' in value;

/** One subject with its probe and its load, all connected. */
class Stage {
  readonly #server: ServerProcess;
  readonly #probe: Worker<ProbeOrder>;
  readonly #load: Worker<LoadOrder>;

  private constructor(server: ServerProcess, probe: Worker<ProbeOrder>, load: Worker<LoadOrder>) {
    this.#server = server;
    this.#probe = probe;
    this.#load = load;
  }

  static async open(subject: SubjectPlan, floorPort: number, scale: number, on: Placement): Promise<Stage> {
    const server = await ServerProcess.start(subject.command, 'next', on, subject.environment);
    const stage = new Stage(
      server,
      await Worker.start('probe', 'first', on),
      await Worker.start('load', 'usual', on),
    );
    const { port } = server;
    const scaled = (amount: number): number => Math.max(1, Math.round(amount * scale));
    await stage.#probe.ask(
      { step: 'connect', port, floorPort, connections: scaled(quietConnections) },
      isReady,
    );
    const load = { members: scaled(members), messageLength: scaled(messageLength), broadcastLength };
    await stage.#load.ask({ step: 'connect', port, ...load }, isReady);
    return stage;
  }

  /** Counts the samples that were thrown away. */
  discarded = 0;

  async sample(kind: LoadKind, milliseconds: number): Promise<Sample> {
    let best = await this.#sampleOnce(kind, milliseconds);
    for (let count = 1; count < tries && best.probe.floor.p99 > disturbed; count++) {
      const sample = await this.#sampleOnce(kind, milliseconds);
      this.discarded++;
      if (sample.probe.floor.p99 < best.probe.floor.p99) best = sample;
    }
    return best;
  }

  async #sampleOnce(kind: LoadKind, milliseconds: number): Promise<Sample> {
    await this.#load.ask({ step: 'start', kind }, isReady);
    await this.#probe.ask({ step: 'measure', milliseconds: settling, rate }, isProbeReport);
    const before = this.#server.times();
    const start = performance.now();
    const probe = await this.#probe.ask({ step: 'measure', milliseconds, rate }, isProbeReport);
    const after = this.#server.times();
    const elapsed = performance.now() - start;
    const load = await this.#load.ask({ step: 'stop' }, isLoadReport);
    const share = (part: 'ran' | 'waited'): number =>
      before === undefined || after === undefined ? Number.NaN : (after[part] - before[part]) / elapsed;
    // What the phase has left behind is not the next one's.
    await this.#probe.ask({ step: 'measure', milliseconds: settling, rate }, isProbeReport);
    return { probe, load, ran: share('ran'), waited: share('waited') };
  }

  close(): void {
    this.#probe.stop();
    this.#load.stop();
    this.#server.stop();
  }
}

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
}: IsolationOptions): Promise<Results> {
  const startedAt = new Date();
  const plan = quick ? plans.quick : plans.full;
  const everybody = allSubjects();
  const named = everybody.filter(({ name }) => name === only);
  const subjects = named.length > 0 ? named : everybody;
  const loads =
    only === undefined || named.length > 0 ? phases : phases.filter(({ id }) => id.includes(only));
  if (loads.length === 0) throw new RangeError(`No phase of the isolation bench has ${only} in its name.`);
  const wanted = [quiet, ...loads];
  const on = placement();
  const total = subjects.length * plan.rounds * wanted.length;
  const samples = new Map<string, Sample[]>();
  const key = (subject: string, id: string): string => `${subject} ${id}`;
  const floor = await ServerProcess.start(nodeCommand('./floor.ts'), 'first', on);
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
            samples.set(key(subject.name, id), [...known, await stage.sample(kind, plan.phase)]);
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
    command: `node --import tsx bench/isolation.bench.ts${quick ? ' --quick' : ''}${only === undefined ? '' : ` --only ${only}`}`,
    ...repository(),
    machine: machine(),
    subjects: subjects.map(({ name, version, runtime, options }) => ({ name, version, runtime, options })),
    measures,
    notes: [
      describePlacement(on),
      `${discarded} samples were thrown away because the bare echo's p99 was over ${disturbed} ms in them and another try was quieter or no worse.`,
      ...(scale === 1 ? [] : [`Everything was ${scale} times as large as the titles say.`]),
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
    const state = times <= goal ? 'met' : 'not met';
    const what = phase.counts ? `the goal of ${goal} is ${state}` : `harder than the goal asks, ${state}`;
    return [
      `${phase.title}: p99 is ${times.toFixed(2)} times the quiet one (worst round ${worst.toFixed(2)}): ${what}.`,
    ];
  });
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
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    governor: 'unknown',
    node: process.version,
    v8: process.versions.v8,
    flags: process.execArgv,
  };
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
  let options: { quick: boolean; only?: string | undefined; scale: string; json?: string | undefined };
  try {
    ({ values: options } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        scale: { type: 'string', default: '1' },
        json: { type: 'string' },
      },
    }));
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
  const { quick, only, json } = options;
  const scale = Number(options.scale);
  if (!(scale > 0 && scale <= 1)) fail('--scale takes more than 0 and at most 1.');
  let results: Results;
  try {
    results = await measureIsolation({
      quick,
      only,
      scale,
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
