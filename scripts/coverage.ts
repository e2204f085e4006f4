// `npm run coverage`: whether each file of floors 1 to 3 is covered whole, every statement, branch and function, by the
// test that bears its name, and by that one alone. What another test happens to run is not counted, because it would
// not fail when the code is wrong. Arguments name some files; without any, all are taken. One line for each; ends with 1
// when one is not covered. Two run at a time.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeShortfall, type FileCoverage, shortfalls } from './coverage-report.ts';
import { floors } from './import-rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const lastPureFloor = 3;
const atATime = 2;
/** Comments that would take code out of the count. */
const ignoreHint = /\b(?:v8|c8|istanbul|node:coverage) (?:ignore|disable)\b/;

function filesOfCore(): string[] {
  const core = floors.filter(([floor]) => floor <= lastPureFloor);
  return core.flatMap(([, names]) => names).filter((name) => existsSync(join(root, name)));
}

/** What is wrong with the file's coverage; empty when nothing is. */
async function faultsOf(file: string): Promise<readonly string[]> {
  const test = `test/${basename(file, '.ts')}.test.ts`;
  if (!existsSync(join(root, test))) return [`there is no ${test}`];
  const hint = ignoreHint.exec(readFileSync(join(root, file), 'utf8'));
  if (hint !== null) return [`it says "${hint[0]}", and nothing may be left out`];

  const directory = mkdtempSync(join(tmpdir(), 'barewire-coverage-'));
  try {
    const code = await runVitest([
      ...['run', test, '--project=node', '--coverage.enabled', '--coverage.provider=v8'],
      ...[`--coverage.include=${file}`, '--coverage.reporter=json', '--coverage.reportOnFailure'],
      `--coverage.reportsDirectory=${directory}`,
    ]);
    const failure = code === 0 ? [] : [`${test} fails (npx vitest run ${test} shows it)`];
    const coverage = readCoverage(join(directory, 'coverage-final.json'))[join(root, file)];
    if (coverage === undefined) return [...failure, 'it was not counted'];
    return [...failure, ...shortfalls(coverage).map(describeShortfall)];
  } finally {
    // Vitest may have removed it already, when a test could not be loaded.
    rmSync(directory, { recursive: true, force: true });
  }
}

function readCoverage(path: string): Readonly<Record<string, FileCoverage>> {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}

/** Runs it unseen, and resolves with its exit code. */
function runVitest(args: readonly string[]): Promise<number | null> {
  const program = join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [program, ...args], { cwd: root, stdio: 'ignore' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
}

async function checkEach(files: Iterator<string>): Promise<void> {
  for (let next = files.next(); next.done !== true; next = files.next()) {
    const faults = await faultsOf(next.value);
    console.log(faults.length === 0 ? `ok    ${next.value}` : `SHORT ${next.value}: ${faults.join('; ')}`);
    if (faults.length > 0) process.exitCode = 1;
  }
}

const core = filesOfCore();
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !core.includes(name));
if (unknown.length > 0) {
  console.error(`Not a file of floors 1 to ${lastPureFloor}: ${unknown.join(', ')}`);
  process.exit(1);
}
const queue = (chosen.length > 0 ? chosen : core).values();
await Promise.all(Array.from({ length: atATime }, () => checkEach(queue)));
