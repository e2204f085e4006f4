/**
 * Our server beside its peers over loopback: each a process of its own, measured in turn, A B C A B C, by the CPU time
 * that the server needs for each message. `node --import tsx bench/server.bench.ts --quick --only echo-125` runs a part
 * of it and prints a table; `npm run bench` runs it whole. What is measured, and how, is told in docs/benchmarks.md.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine, repository } from './environment.ts';
import { Progress } from './progress.ts';
import { renderTable } from './report.ts';
import type { Measure, Results, Series } from './results.ts';
import { build } from './server/build.ts';
import { choosePinning, type Pinning } from './server/pinning.ts';
import { type CpuSource, findCpuSource, GeneratorProcess, ServerProcess } from './server/processes.ts';
import { type Row, rows } from './server/rows.ts';
import { barewire, findPeers, type Peer } from './server/subjects.ts';
import { median } from './statistics.ts';

export interface MeasureOptions {
  readonly quick: boolean;
  readonly progress: (done: number, total: number, what: string) => void;
  /** Only measures whose id has this in it. */
  readonly only?: string | undefined;
}

export interface ServerOptions extends MeasureOptions {
  /** Names of subjects; all that are there without it. */
  readonly subjects?: readonly string[] | undefined;
  readonly rounds?: number | undefined;
  /** Milliseconds of one round. */
  readonly roundTime?: number | undefined;
  /** Another checkout, whose src/ is measured too, as `other`. */
  readonly against?: string | undefined;
  /** Whether servers and generator run before everything else on the machine, for one with other work. Needs root. */
  readonly realtime?: boolean | undefined;
  readonly command?: string | undefined;
}

interface Plan {
  readonly rounds: number;
  readonly roundTime: number;
  readonly warmUp: number;
  readonly pinning: Pinning;
  readonly source: CpuSource;
  readonly generator: string;
}

/** One subject in one row. */
class Contender {
  readonly peer: Peer;
  readonly samples: number[] = [];
  readonly also = new Map<string, number[]>();
  note: string | undefined;
  server: ServerProcess | undefined;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  add(name: string, value: number): void {
    const values = this.also.get(name) ?? [];
    this.also.set(name, values);
    values.push(value);
  }

  series(): Series {
    const also = Object.fromEntries([...this.also].map(([name, values]) => [name, median(values)]));
    const { name: subject } = this.peer.subject;
    return { subject, samples: this.samples, also, ...(this.note === undefined ? {} : { note: this.note }) };
  }

  /** Drops out, with what it had. */
  failed(error: unknown): void {
    this.note = error instanceof Error ? error.message : String(error);
    this.samples.length = 0;
    this.also.clear();
  }
}

async function each(
  contenders: readonly Contender[],
  step: (contender: Contender) => Promise<void>,
): Promise<void> {
  for (const contender of contenders) {
    if (contender.note !== undefined) continue;
    try {
      await step(contender);
    } catch (error) {
      contender.failed(error);
    }
  }
}

async function measureRow(
  row: Row,
  peers: readonly Peer[],
  plan: Plan,
  step: (what: string) => void,
): Promise<Series[]> {
  const contenders = peers.map((peer) => new Contender(peer));
  for (const contender of contenders) contender.note = contender.peer.cannot(row);
  const generator = new GeneratorProcess(plan.generator, plan.pinning);
  try {
    await each(contenders, async (contender) => {
      const { peer } = contender;
      contender.server = await ServerProcess.start(peer.command(row), plan.pinning, plan.source);
      const target = {
        name: peer.subject.name,
        port: contender.server.port,
        dialect: peer.dialect,
        check: peer.check,
      };
      await generator.ask({ do: 'open', target, workload: row.workload });
      await generator.ask({ do: 'check', name: peer.subject.name });
      await generator.ask({
        do: 'round',
        name: peer.subject.name,
        milliseconds: plan.warmUp,
        minimum: row.warmUp,
      });
    });
    for (let round = 0; round < plan.rounds; round++) {
      await each(contenders, async (contender) => {
        await measureRound(contender, generator, plan, row.minimum);
        step(`${row.id} ${contender.peer.subject.name}`);
      });
    }
    await each(contenders, async ({ peer }) => {
      await generator.ask({ do: 'check', name: peer.subject.name });
    });
  } finally {
    await generator.stop();
    await Promise.all(contenders.map(({ server }) => server?.stop()));
  }
  return contenders.map((contender) => contender.series());
}

async function measureRound(
  contender: Contender,
  generator: GeneratorProcess,
  plan: Plan,
  minimum: number,
): Promise<void> {
  const { server, peer } = contender;
  if (server === undefined) return;
  const before = await server.usage();
  const { figures } = await generator.ask({
    do: 'round',
    name: peer.subject.name,
    milliseconds: plan.roundTime,
    minimum,
  });
  const after = await server.usage();
  const { messages = 0, elapsed = 0, cpu = 0, octetsReceived = 0 } = figures;
  contender.samples.push((after.cpu - before.cpu) / messages);
  contender.add('messages/s', (messages / elapsed) * 1000);
  contender.add('server load', (after.cpu - before.cpu) / 1000 / elapsed);
  contender.add('generator load', cpu / elapsed);
  contender.add('B/message', octetsReceived / messages);
}

function choose(peers: readonly Peer[], options: ServerOptions): Peer[] {
  if (options.subjects !== undefined)
    return peers.filter(({ subject }) => options.subjects?.includes(subject.name));
  return peers.filter((peer) => peer.quick || !options.quick);
}

export async function measureServer(options: ServerOptions): Promise<Results> {
  const startedAt = new Date();
  const start = performance.now();
  const ours = build();
  const other = options.against === undefined ? undefined : build(options.against);
  try {
    const all = findPeers(ours.directory);
    if (other !== undefined) all.splice(1, 0, barewire('other', other.directory, 'as it is there'));
    const peers = choose(all, options);
    if (other !== undefined && !peers.some(({ subject }) => subject.name === 'other')) {
      peers.push(...all.filter(({ subject }) => subject.name === 'other'));
    }
    const again = barewire('barewire again', ours.directory, all[0]?.subject.version ?? '');
    const withNoise = options.subjects === undefined || options.subjects.includes(again.subject.name);
    const plan: Plan = {
      rounds: options.rounds ?? (options.quick ? 3 : 11),
      roundTime: options.roundTime ?? (options.quick ? 200 : 500),
      warmUp: options.roundTime ?? (options.quick ? 400 : 1000),
      pinning: choosePinning(options.realtime ?? false),
      source: findCpuSource(),
      generator: join(ours.directory, 'bench/server/generator.js'),
    };
    const chosen = rows.filter(
      ({ id, quick }) =>
        (quick || !options.quick || options.only !== undefined) && id.includes(options.only ?? ''),
    );
    const contendersOf = (row: Row): Peer[] => (row.noise && withNoise ? [...peers, again] : peers);
    const total = chosen.reduce((sum, row) => sum + contendersOf(row).length, 0) * plan.rounds;
    let done = 0;
    const measures: Measure[] = [];
    for (const row of chosen) {
      const { id, title, group, unit } = row;
      const before = done;
      const series = await measureRow(row, contendersOf(row), plan, (what) =>
        options.progress(++done, total, what),
      );
      done = before + contendersOf(row).length * plan.rounds;
      measures.push({ id, title, group, unit, better: 'less', goals: [...row.goals], series });
    }
    return {
      schema: 1,
      ...repository(),
      machine: machine([]),
      kind: 'server',
      mode: options.quick ? 'quick' : 'full',
      startedAt: startedAt.toISOString(),
      duration: Math.round((performance.now() - start) / 1000),
      command: options.command ?? 'npm run bench',
      subjects: [...all, again]
        .filter((peer) =>
          measures.some(({ series }) => series.some(({ subject }) => subject === peer.subject.name)),
        )
        .map(({ subject }) => subject),
      measures,
      notes: [plan.pinning.note],
    };
  } finally {
    ours.remove();
    other?.remove();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const flags = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      subjects: { type: 'string' },
      rounds: { type: 'string' },
      against: { type: 'string' },
      realtime: { type: 'boolean', default: false },
    },
  }).values;
  const progress = new Progress();
  progress.begin('server');
  const results = await measureServer({
    quick: flags.quick,
    only: flags.only,
    subjects: flags.subjects?.split(','),
    rounds: flags.rounds === undefined ? undefined : Number(flags.rounds),
    against: flags.against,
    realtime: flags.realtime,
    progress: progress.step,
    command: ['node --import tsx bench/server.bench.ts', ...process.argv.slice(2)].join(' '),
  });
  progress.end();
  console.log(renderTable(results));
}
