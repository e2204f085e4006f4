/**
 * Our server beside its peers over loopback: each a process of its own, measured in turn, A B C A B C, by the CPU time
 * that the server needs for each message; latencies; memory. `npm run bench` runs it with the other benches, and
 * `node --import tsx bench/server.bench.ts --quick --only echo-125` a part of it. What the figures say is told in
 * docs/benchmarks.md, how they came about in the notes of each results file.
 */
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machine, repository } from './environment.ts';
import { endOnSignals, fail, readBenchFlags } from './flags.ts';
import { Progress } from './progress.ts';
import { renderTable } from './report.ts';
import type { Measure, Results } from './results.ts';
import { build } from './server/build.ts';
import type { Plan } from './server/contenders.ts';
import { idleJob } from './server/idle-job.ts';
import { install, installable } from './server/install.ts';
import { type Job, latencyJob, loadJob } from './server/jobs.ts';
import { writeNotes } from './server/notes.ts';
import { choosePinning, noPinning } from './server/pinning.ts';
import { findCpuSource } from './server/processes.ts';
import { idleId, latencyId, latencyLoads, latencyPercentiles, quickIdle, rows } from './server/rows.ts';
import { barewire, findPeers, missingPeers, type Peer } from './server/subjects.ts';

export interface ServerOptions {
  /** Fewer rows, subjects and rounds, for a look: about a minute. Nothing is installed. */
  readonly quick: boolean;
  /** Called after each round of each subject. */
  readonly progress: (done: number, total: number, what: string) => void;
  /** Only measures with this in their id. */
  readonly only?: string | undefined;
  /** Only subjects of these names. Default: all, with `quick` the most important ones. */
  readonly subjects?: readonly string[] | undefined;
  /** Default 11, with `quick` 3. */
  readonly rounds?: number | undefined;
  /** A directory with another `src/`, which is measured too, as `other`. */
  readonly against?: string | undefined;
  /** Whether servers and generator run before everything else on the machine, for one with other work. Needs root. */
  readonly realtime?: boolean | undefined;
  /** Share of the usual work, for tests of the bench itself; its figures mean nothing. Default 1. */
  readonly scale?: number | undefined;
  /** What was typed, for the results. */
  readonly command?: string | undefined;
}

export const serverRowIds: readonly string[] = [
  ...rows.flatMap(({ id, octets }) => (octets === undefined ? [id] : [id, octets.id])),
  ...latencyLoads.flatMap((load) => latencyPercentiles.map((percentile) => latencyId(load, percentile))),
  idleId,
];

function makePlan(options: ServerOptions, directory: string): Plan {
  const { quick, scale = 1 } = options;
  return {
    quick,
    rounds: options.rounds ?? (quick ? 3 : 11),
    roundTime: Math.max(1, (quick ? 100 : 500) * scale),
    warmUp: Math.max(1, (quick ? 150 : 1000) * scale),
    scale,
    pinning: scale < 1 ? noPinning : choosePinning(options.realtime ?? false),
    source: findCpuSource(),
    generator: join(directory, 'bench/server/generator.js'),
  };
}

/** Who takes part, in the order in which they are measured. @throws RangeError for a name that is nobody's */
function choosePeers(options: ServerOptions, ours: string, other: string | undefined): Peer[] {
  const all = findPeers(ours);
  const version = all[0]?.subject.version ?? '';
  const again = barewire('barewire again', ours, version);
  const others = other === undefined ? [] : [barewire('other', other, `src/ of ${options.against}`)];
  const known = [...all, again];
  const { subjects } = options;
  if (subjects === undefined) {
    return [...known.slice(0, 1), ...others, ...known.slice(1)];
  }
  const unknown = subjects.filter((name) => !known.some(({ subject }) => subject.name === name));
  if (unknown.length > 0) {
    const names = known.map(({ subject }) => subject.name).join(', ');
    throw new RangeError(`Not here: ${unknown.join(', ')}. There are: ${names}.`);
  }
  const chosen = known.filter(({ subject }) => subjects.includes(subject.name));
  return [...chosen.slice(0, 1), ...others, ...chosen.slice(1)];
}

/** Not a build of ours, of which there may be several. */
function isPeer(name: string): boolean {
  return name !== 'barewire again' && name !== 'other';
}

function makeJobs(options: ServerOptions, peers: readonly Peer[], plan: Plan): Job[] {
  const { only = '' } = options;
  const wanted = (id: string): boolean => id.includes(only);
  const noise = ({ subject }: Peer): boolean => subject.name === 'barewire again';
  // Asked for by name, a subject is in every row.
  const asked = options.subjects !== undefined;
  const fitsQuick = ({ subject }: Peer, names: readonly string[]): boolean =>
    asked || !options.quick || names.length === 0 || names.includes(subject.name) || !isPeer(subject.name);
  const jobs: Job[] = rows
    .filter(({ id, octets }) => wanted(id) || (octets !== undefined && wanted(octets.id)))
    .filter((row) => row.quick.length > 0 || !options.quick || options.only !== undefined)
    .map((row) => {
      const fits = (peer: Peer): boolean =>
        fitsQuick(peer, row.quick) && (row.noise || !noise(peer) || asked);
      return loadJob(row, peers.filter(fits), plan);
    });
  const quiet = peers.filter((peer) => !noise(peer));
  const latency = latencyJob(quiet, plan, wanted);
  if (latency.steps > 0 && (!options.quick || options.only !== undefined)) jobs.push(latency);
  if (wanted(idleId))
    jobs.push(
      idleJob(
        quiet.filter((peer) => fitsQuick(peer, quickIdle)),
        plan,
      ),
    );
  return jobs;
}

/**
 * Milliseconds that a quick run may take. Rows have fewer rounds where the machine is slow, and those that have not begun
 * at one and a half times of it are left out.
 */
const quickBudget = 45_000;

async function runJobs(
  jobs: readonly Job[],
  progress: ServerOptions['progress'],
  budget: number,
): Promise<{ measures: Measure[]; leftOut: string[] }> {
  const start = performance.now();
  const total = jobs.reduce((sum, { steps }) => sum + steps, 0);
  const measures: Measure[] = [];
  const leftOut: string[] = [];
  let done = 0;
  for (const [index, job] of jobs.entries()) {
    if (performance.now() - start > 1.5 * budget) {
      leftOut.push(...job.ids);
      continue;
    }
    let steps = 0;
    progress(done, total, `${job.ids[0]}: starting`);
    const deadline = start + (budget * (index + 1)) / jobs.length;
    measures.push(...(await job.run((what) => progress(done + ++steps, total, what), deadline)));
    // One that dropped out has no more steps.
    done += job.steps;
  }
  progress(total, total, 'done');
  return { measures, leftOut };
}

/** @throws RangeError for subjects that are not here, Error when the sources do not compile */
export async function measureServer(options: ServerOptions): Promise<Results> {
  const startedAt = new Date();
  // A run so small that its figures mean nothing is a test, and tests fetch nothing.
  if (!options.quick && options.subjects === undefined && (options.scale ?? 1) === 1) {
    install(installable, (what) => options.progress(0, 1, what));
  }
  const ours = build();
  const other = options.against === undefined ? undefined : build(options.against);
  try {
    const plan = makePlan(options, ours.directory);
    const peers = choosePeers(options, ours.directory, other?.directory);
    const wanted = (id: string): boolean => id.includes(options.only ?? '');
    const jobs = makeJobs(options, peers, plan);
    if (jobs.length === 0)
      throw new RangeError(`No row of the server bench has "${options.only}" in its id.`);
    const hurried = options.quick && options.rounds === undefined;
    const budget = hurried ? quickBudget : Number.POSITIVE_INFINITY;
    const { measures: all, leftOut } = await runJobs(jobs, options.progress, budget);
    const measures = all.filter(({ id }) => wanted(id));
    const missing = options.subjects === undefined ? missingPeers() : [];
    const measured = (name: string): boolean =>
      measures.some(({ series }) => series.some(({ subject }) => subject === name));
    const plain = {
      name: 'uncompressed',
      version: '',
      runtime: 'none',
      options: 'arithmetic: a frame’s length',
    };
    return {
      schema: 1,
      kind: 'server',
      mode: options.quick ? 'quick' : 'full',
      startedAt: startedAt.toISOString(),
      duration: Math.round((Date.now() - startedAt.getTime()) / 1000),
      command: options.command ?? 'npm run bench',
      ...repository(),
      machine: machine([]),
      subjects: [...peers.map(({ subject }) => subject), plain].filter(({ name }) => measured(name)),
      measures,
      notes: writeNotes(measures, plan, { missing, leftOut: leftOut.filter(wanted) }),
    };
  } finally {
    ours.remove();
    other?.remove();
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  endOnSignals();
  const progress = new Progress();
  progress.begin('server');
  const command = ['node --import tsx bench/server.bench.ts', ...process.argv.slice(2)].join(' ');
  const flags = readBenchFlags();
  try {
    const results = await measureServer({ ...flags, progress: progress.step, command });
    progress.end();
    if (flags.out !== undefined) {
      mkdirSync(flags.out, { recursive: true });
      writeFileSync(join(flags.out, 'server.json'), `${JSON.stringify(results, undefined, 1)}\n`);
    }
    console.log(renderTable(results));
  } catch (error) {
    if (error instanceof RangeError) fail(error.message);
    throw error;
  }
}
