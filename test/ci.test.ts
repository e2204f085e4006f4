// What .ci/run stands on: a lock file that `npm ci` takes anywhere, and the numbers that it ends with.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'barewire-ci-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function count(testResults: unknown): string {
  const path = join(directory, 'tests.json');
  writeFileSync(path, JSON.stringify({ testResults }));
  const { stdout } = spawnSync(process.execPath, ['scripts/count-results.js', path], { encoding: 'utf8' });
  return stdout.trim();
}

const tests = (...statuses: string[]) => statuses.map((status) => ({ status }));

it('counts passed and failed tests over all files', () => {
  const files = [
    { status: 'passed', assertionResults: tests('passed', 'passed') },
    { status: 'failed', assertionResults: tests('passed', 'failed') },
  ];
  expect(count(files)).toBe('3 1');
});

it('counts a skipped or unfinished test as failed', () => {
  expect(count([{ status: 'passed', assertionResults: tests('skipped', 'pending', 'todo', 'passed') }])).toBe(
    '1 3',
  );
});

it('counts a file that failed outside its tests', () => {
  expect(count([{ status: 'failed', assertionResults: [] }])).toBe('0 1');
  expect(count([{ status: 'failed', assertionResults: tests('passed') }])).toBe('1 1');
});

it('runs the gate against slowness as a step of its own, after the tests', () => {
  const script = readFileSync('.ci/run', 'utf8');
  const [before = '', after = ''] = script.split(
    /\n(?=step '.*' timeout \d+ node --import tsx bench\/gate\.ts\n)/,
  );
  expect(before).toContain('npm test -- ');
  expect(after.split('\n').slice(1)).toEqual(['finish', '']);
});

interface LockFile {
  readonly packages: Readonly<
    Record<
      string,
      { readonly resolved?: string; readonly optionalDependencies?: Readonly<Record<string, string>> }
    >
  >;
}

describe('package-lock.json', () => {
  const { packages }: LockFile = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const names = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)));

  it('has the binaries of every system, without which npm 11 refuses it everywhere', () => {
    const missing = Object.values(packages)
      .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
      .filter((name) => !names.has(name));
    expect(missing).toEqual([]);
  });

  it('names no registry', () => {
    expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
  });
});
