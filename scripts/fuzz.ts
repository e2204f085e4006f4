// `npm run fuzz`: changed octets against the parsers, the connection and the server, for as long as one likes.
// `--seconds N` (60), `--seed S` (any; printed), `--target NAME` (all). Prints how it goes every ten seconds. What breaks
// a claim is made small and written to test/fuzz/findings/; then, or when memory grew, the exit status is 1.
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { writeFinding } from '../test/fuzz/findings.ts';
import { Fuzzer } from '../test/fuzz/fuzzer.ts';
import { targets } from '../test/fuzz/targets.ts';
import { startWatchdog } from '../test/fuzz/watchdog.ts';

/** Milliseconds that one target runs before the next one has its turn. */
const turn = 500;
const progressInterval = 10_000;

/** Octets that may be held more at the end than after a fifth of the time: full corpora, and no leak. */
const growthAllowed = 64 * 1024 * 1024;
/** A shorter run is over before memory is settled. */
const shortestMeasured = 60;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    target: { type: 'string', default: 'all' },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
const chosen = targets.filter(({ name }) => values.target === 'all' || values.target === name);
if (!(seconds > 0) || !Number.isInteger(seed) || chosen.length === 0) {
  const names = ['all', ...targets.map(({ name }) => name)].join(', ');
  console.error(`It takes --seconds above 0, --seed a whole number, and --target one of ${names}.`);
  process.exit(2);
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heldOctets(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const mebibytes = (octets: number): string => `${Math.round(octets / 2 ** 20)} MiB`;

const watchdog = startWatchdog();
const runs = chosen.map((target) => ({
  fuzzer: new Fuzzer(target, seed, watchdog.watch),
  /** Milliseconds that it has run. */
  time: 0,
  written: 0,
}));
for (const { fuzzer } of runs) await fuzzer.target.start?.();

function report(elapsed: number): void {
  console.log(
    `${Math.round(elapsed / 1000)} s, ${mebibytes(heldOctets())} held, ${mebibytes(process.memoryUsage.rss())} resident`,
  );
  for (const { fuzzer, time } of runs) {
    const { target, executions, corpusSize, classes, findings } = fuzzer;
    const rate = Math.round((executions * 1000) / Math.max(time, 1));
    console.log(
      `  ${target.name.padEnd(12)} ${String(executions).padStart(9)} runs ${String(rate).padStart(7)}/s ` +
        `${String(corpusSize).padStart(6)} in the corpus ${String(classes.size).padStart(6)} classes ` +
        `${String(findings.length).padStart(3)} findings`,
    );
  }
}

console.log(`Fuzzing ${chosen.map(({ name }) => name).join(', ')} for ${seconds} s with --seed ${seed}`);
const start = performance.now();
let reported = start;
let settled: number | undefined;
while (performance.now() - start < seconds * 1000) {
  for (const run of runs) {
    const from = performance.now();
    const until = Math.min(from + turn, start + seconds * 1000);
    while (performance.now() < until) await run.fuzzer.step();
    run.time += performance.now() - from;
    // What does no input or output never gives way by itself: let the watchdog and signals have their say.
    await new Promise((resolve) => setImmediate(resolve));
    for (const finding of run.fuzzer.findings.slice(run.written)) {
      console.log(`FOUND ${writeFinding(finding)}\n${finding.message}`);
      run.written++;
    }
  }
  const elapsed = performance.now() - start;
  if (settled === undefined && elapsed > seconds * 200) settled = heldOctets();
  if (performance.now() - reported < progressInterval) continue;
  reported = performance.now();
  report(elapsed);
}
for (const { fuzzer } of runs) await fuzzer.target.stop?.();
watchdog.stop();

report(performance.now() - start);
const findings = runs.reduce((sum, { fuzzer }) => sum + fuzzer.findings.length, 0);
const growth = heldOctets() - (settled ?? 0);
const leaks = seconds >= shortestMeasured && growth > growthAllowed;
if (leaks) console.log(`Memory grew by ${mebibytes(growth)} in the last four fifths of the time.`);
console.log(`${findings} findings with --seed ${seed}`);
process.exitCode = findings > 0 || leaks ? 1 : 0;
