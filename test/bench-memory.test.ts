/** `bench/memory.ts`, small: it measures each setting in a process of its own and prints one table. */
import { describe, expect, it } from 'vitest';
import { Program } from './support/process.ts';

const command = ['--import', 'tsx', 'bench/memory.ts'];

describe('bench/memory.ts', () => {
  it('prints what one idle connection costs, with compression and without', async () => {
    const { code, stdout, stderr } = await new Program([...command, '--connections', '20']).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [machine, empty, head, line, ...rows] = stdout.trimEnd().split('\n');
    expect(machine).toMatch(/^Node v\d+.*, \d+ cores, 20 connections$/);
    expect([empty, head, line]).toEqual([
      '',
      '| one idle connection | resident memory | of that heap | of that buffers |',
      '|---|---|---|---|',
    ]);
    expect(rows).toHaveLength(5);
    for (const row of rows) expect(row).toMatch(/^\| [\w ,()]+ \|( \d+\.\d KiB \|){3}$/);
  });

  it.each([['--connections', '0'], ['--connections', 'many'], ['--fast']])(
    'refuses %s %s',
    async (...args) => {
      const { code, stdout } = await new Program([...command, ...args]).ended;
      expect([code === 0, stdout]).toEqual([false, '']);
    },
  );
});
