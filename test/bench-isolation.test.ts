/** `bench/isolation.bench.ts`, small: every phase runs, its samples are whole, and what it says agrees with them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Results, readResults } from '../bench/results.ts';
import { Program } from './support/process.ts';

const command = ['--import', 'tsx', 'bench/isolation.bench.ts'];
const phases = [
  'isolation-quiet',
  'isolation-64m-binary',
  'isolation-64m-text',
  'isolation-64m-echo',
  'isolation-10000-broadcast',
  'isolation-10000-broadcast-on',
];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'barewire-isolation-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('bench/isolation.bench.ts', () => {
  async function run(...args: string[]): Promise<{ results: Results; stdout: string; stderr: string }> {
    const file = join(directory, `${args.at(-1)}.json`);
    const flags = ['--scale', '0.01', '--json', file, '--only', ...args];
    const { code, stdout, stderr } = await new Program([...command, ...flags]).ended;
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return { results: readResults(file), stdout, stderr };
  }

  it('measures each phase of one subject, against its own quiet one', async () => {
    const { results, stdout, stderr } = await run('barewire');
    expect(results).toMatchObject({ kind: 'isolation', mode: 'full' });
    expect(results.subjects.map(({ name }) => name)).toEqual(['barewire']);
    expect(results.measures.map(({ id }) => id)).toEqual(phases);
    for (const { id, unit, better, series } of results.measures) {
      expect([unit, better, series.map(({ subject }) => subject)]).toEqual(['ms', 'less', ['barewire']]);
      const samples = series[0]?.samples ?? [];
      const also = series[0]?.also ?? {};
      expect(samples).toHaveLength(3);
      for (const sample of samples) expect(sample).toBeGreaterThan(0);
      expect(also['p50 ms']).toBeLessThanOrEqual(also['p99.9 ms'] ?? 0);
      expect(also['bare echo p99 ms']).toBeGreaterThan(0);
      expect('times quiet p99' in also).toBe(id !== 'isolation-quiet');
      expect('MiB/s' in also).toBe(id.startsWith('isolation-64m'));
      expect('deliveries/s' in also).toBe(id.includes('broadcast'));
      // Somebody was there to make load.
      if (id !== 'isolation-quiet') expect(also['MiB/s'] ?? also['deliveries/s']).toBeGreaterThan(0);
      expect(stdout).toContain(`${id} `);
    }
    const verdicts = results.notes.filter((note) => note.includes('times the quiet one'));
    expect(verdicts).toHaveLength(phases.length - 1);
    expect(verdicts.filter((note) => note.includes('): goal of 2: '))).toHaveLength(3);
    for (const note of results.notes) expect(stdout).toContain(note);
    expect(stderr.trimEnd().split('\n')).toHaveLength(3 * phases.length + 1);
    expect(stderr).toMatch(/^0\/18 barewire: .*\n(.*\n)+18\/18 done\n$/);
  });

  it('measures one phase of every subject, beside the quiet one', async () => {
    const { results } = await run('echo');
    expect(results.measures.map(({ id }) => id)).toEqual(['isolation-quiet', 'isolation-64m-echo']);
    const names = results.subjects.map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(['barewire', 'ws']);
    for (const { series } of results.measures) expect(series.map(({ subject }) => subject)).toEqual(names);
  });

  it.each([['--only', 'nothing'], ['--scale', '0'], ['--scale', 'much'], ['--fast']])(
    'refuses %s %s',
    async (...args) => {
      const { code, stdout, stderr } = await new Program([...command, ...args]).ended;
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain('Usage: node --import tsx bench/isolation.bench.ts');
    },
  );

  it('leaves no process behind when it is cut off', async () => {
    const program = new Program([...command, '--quick', '--scale', '0.01', '--only', 'barewire']);
    // A quick look has three phases, in one round.
    await program.output(/^1\/3 /m, 'stderr');
    program.signal('SIGKILL');
    // All its processes have its standard error, so it is over when they are.
    expect((await program.ended).signal).toBe('SIGKILL');
  });
});
