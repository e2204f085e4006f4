// The numbers that .ci/run ends with: what counts as passed, and that nothing which did not run looks green.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

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
