/**
 * `npm run bench`: the codec bench, the server bench and the isolation bench one after the other, with a line that tells
 * how far they are; then the tables, and after a full run bench/results/*.json and docs/benchmarks.md. `--quick` is done
 * in two minutes and records nothing; `--compare FILE` shows what changed since an earlier run. Flags: bench/flags.ts.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureCodec } from './codec.bench.ts';
import { type BenchFlags, endOnSignals, fail, readBenchFlags } from './flags.ts';
import { measureIsolation } from './isolation.bench.ts';
import { Progress } from './progress.ts';
import { renderComparison, renderTable, writeReport } from './report.ts';
import { type Results, readResults } from './results.ts';
import { measureServer } from './server.bench.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Bench {
  readonly kind: Results['kind'];
  /** @throws RangeError when `--only` leaves nothing of it */
  measure(progress: Progress['step']): Promise<Results>;
}

/** What was typed, so that it can be typed again. */
const command = ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(
  ' ',
);

function benchesOf(flags: BenchFlags): Bench[] {
  const { quick, only, scale } = flags;
  const server: Bench = {
    kind: 'server',
    measure: (progress) => measureServer({ ...flags, progress, command }),
  };
  // Flags that are the server bench's own say that it is what is wanted.
  if (flags.subjects !== undefined || flags.against !== undefined) return [server];
  return [
    { kind: 'codec', measure: (progress) => measureCodec({ quick, only, progress }) },
    server,
    { kind: 'isolation', measure: (progress) => measureIsolation({ quick, only, scale, progress }) },
  ];
}

/** Runs them, with what `--only` leaves of each. */
async function measure(flags: BenchFlags): Promise<Results[]> {
  const all: Results[] = [];
  const refusals: string[] = [];
  for (const bench of benchesOf(flags)) {
    const progress = new Progress();
    progress.begin(bench.kind);
    try {
      all.push({ ...(await bench.measure(progress.step)), command });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      refusals.push(error.message);
    } finally {
      progress.end();
    }
  }
  if (all.length === 0) fail(refusals.join(' '));
  return all;
}

/** An earlier run's file, or the files of its directory. */
function readEarlier(path: string): Results[] {
  try {
    if (path.endsWith('.json')) return [readResults(path)];
    const files = readdirSync(path).filter((name) => name.endsWith('.json'));
    if (files.length === 0) fail(`--compare: there is no results file in ${path}.`);
    return files.map((name) => readResults(join(path, name)));
  } catch (error) {
    return fail(`--compare: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Where the results go: where it says; a full and whole run is recorded; everything else is only shown. */
function directoryFor(flags: BenchFlags): string | undefined {
  if (flags.out !== undefined) return flags.out;
  const whole =
    !flags.quick &&
    flags.scale === 1 &&
    flags.only === undefined &&
    flags.subjects === undefined &&
    flags.against === undefined;
  return whole ? join(root, 'bench', 'results') : undefined;
}

/** Ours without a figure is a run that failed: it did not start, or answered wrongly. */
function failuresOf(results: readonly Results[]): string[] {
  return results.flatMap(({ measures }) =>
    measures.flatMap(({ id, series }) =>
      series
        .filter(({ subject, samples }) => subject.startsWith('barewire') && samples.length === 0)
        .map(({ subject, note }) => `${id}: ${subject} has no figure. ${note ?? ''}`.trim()),
    ),
  );
}

endOnSignals();
const flags = readBenchFlags();
const earlier = flags.compare === undefined ? undefined : readEarlier(flags.compare);
const all = await measure(flags);
for (const results of all) console.log(renderTable(results));
for (const results of all) {
  const before = earlier?.find(({ kind }) => kind === results.kind);
  if (before !== undefined) console.log(renderComparison(before, results));
}
const directory = directoryFor(flags);
if (directory !== undefined) {
  mkdirSync(directory, { recursive: true });
  for (const results of all) {
    const file = join(directory, `${results.kind}.json`);
    writeFileSync(file, `${JSON.stringify(results, undefined, 1)}\n`);
    console.log(`Written: ${file}`);
  }
  if (flags.out === undefined) console.log(`Written: ${writeReport()}`);
}
const failures = failuresOf(all);
for (const failure of failures) console.error(failure);
if (failures.length > 0) process.exitCode = 1;
