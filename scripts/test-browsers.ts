// `npm run test:browsers`: runs the browser suite in all three engines, prints what is not as expected, and writes the
// matrix to docs/browsers.md. With names of engines (`npm run test:browsers -- Firefox`) it runs these and writes
// nothing. Ends with 1 when an outcome is not the one in test/browsers/expectations.ts.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Engine, engines, enginesHere } from '../test/browsers/engines.ts';
import { expectedOutcome } from '../test/browsers/expectations.ts';
import { checks } from '../test/browsers/page/all.ts';
import type { Outcome } from '../test/browsers/page/check.ts';
import { renderMatrix } from '../test/browsers/report.ts';
import { startRun } from '../test/browsers/run.ts';

const named = process.argv.slice(2);
const unknown = named.filter((name) => !engines.some((engine) => engine === name));
if (unknown.length > 0) {
  console.error(`There is no engine called ${unknown.join(', ')}; there are ${engines.join(', ')}.`);
  process.exit(1);
}
const chosen = enginesHere.filter((engine) => named.length === 0 || named.includes(engine));

// Browsers are ended when this process exits, which a signal alone would not let happen.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const versions: Record<Engine, string> = { Chromium: '', Firefox: '', WebKit: '' };
const outcomes = new Map<string, Outcome>();
let surprises = 0;
for (const engine of chosen) {
  const started = performance.now();
  const run = await startRun(engine);
  versions[engine] = run.version;
  let passed = 0;
  for (const { id } of checks) {
    const outcome = await run.outcomeOf(id);
    const expected = expectedOutcome(engine, id);
    outcomes.set(`${engine} ${id}`, outcome);
    if (outcome.passed) passed++;
    if (outcome.passed === expected.passed && outcome.note === expected.note) continue;
    surprises++;
    console.log(`${engine}, ${id}\n  expected ${words(expected)}\n  found    ${words(outcome)}`);
  }
  await run.stop();
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`${run.version}: ${passed} of ${checks.length} checks pass, in ${seconds} s`);
}

if (chosen.length === engines.length) {
  const outcomeOf = (engine: Engine, id: string): Outcome => {
    const outcome = outcomes.get(`${engine} ${id}`);
    if (outcome === undefined) throw new Error(`${id} was not run in ${engine}.`);
    return outcome;
  };
  writeFileSync(
    fileURLToPath(new URL('../docs/browsers.md', import.meta.url)),
    renderMatrix({ versions, outcomeOf }),
  );
  console.log('docs/browsers.md is written.');
}
if (surprises > 0) {
  console.log(`${surprises} outcomes are not as test/browsers/expectations.ts has them.`);
  process.exitCode = 1;
}

function words({ passed, note }: Outcome): string {
  return [passed ? 'to pass' : 'to fail', note].filter((part) => part !== '').join(': ');
}
