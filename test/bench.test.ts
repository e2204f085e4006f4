/**
 * `npm run bench`, so small that its figures mean nothing: it measures, prints, writes and compares; and it refuses what
 * it does not understand in one sentence.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readResults } from '../bench/results.ts';
import { Program } from './support/process.ts';

const command = ['--import', 'tsx', 'bench/run.ts'];
const small = ['--quick', '--scale', '0.001', '--rounds', '2', '--subjects', 'barewire,ws'];

const directory = mkdtempSync(join(tmpdir(), 'barewire-bench-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('bench/run.ts', () => {
  it('measures, shows how far it is, prints a table, and writes results that others can read', async () => {
    const args = [...small, '--only', 'echo-125-1x32', '--out', directory];
    const { code, stdout, stderr } = await new Program([...command, ...args]).ended;
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/^server 0 % {2}echo-125-1x32: starting$/m);
    expect(stderr).toMatch(/^server 100 %/m);
    expect(stdout).toMatch(/^Echo 125 B text, 1 connection, 32 in flight {2}\(µs, less is better\)$/m);
    expect(stdout).toMatch(/^ {2}barewire .*\n {2}ws /m);
    expect(stdout).toMatch(/^A quick run: /m);
    const results = readResults(join(directory, 'server.json'));
    expect(results).toMatchObject({ kind: 'server', mode: 'quick' });
    expect(results.command).toBe(`npm run bench -- ${args.join(' ')}`);
    expect(results.subjects.map(({ name }) => name)).toEqual(['barewire', 'ws']);
    const [measure, ...others] = results.measures;
    expect([measure?.id, others]).toEqual(['echo-125-1x32', []]);
    expect(measure?.series.map(({ subject, samples }) => [subject, samples.length])).toEqual([
      ['barewire', 2],
      ['ws', 2],
    ]);
  });

  it('compares with an earlier run, a file or a directory of them, and says when nothing can be', async () => {
    const file = join(directory, 'server.json');
    for (const earlier of [file, directory]) {
      const args = [...small, '--only', 'echo-125-1x32', '--compare', earlier];
      const { code, stdout } = await new Program([...command, ...args]).ended;
      expect(code).toBe(0);
      expect(stdout).toMatch(/^before: server bench, quick/m);
      expect(stdout).toMatch(/^ {2}ws .* → .* ×/m);
    }
    const other = await new Program([...command, ...small, '--only', 'handshake', '--compare', file]).ended;
    expect(other.code).toBe(0);
    expect(other.stdout).toMatch(/The two have no measure in common\./);
  });

  it('does not record what was not run whole', async () => {
    const before = readFileSync(new URL('../docs/benchmarks.md', import.meta.url), 'utf8');
    const { stdout } = await new Program([...command, ...small, '--only', 'handshake']).ended;
    expect(stdout).not.toMatch(/^Written: /m);
    expect(readFileSync(new URL('../docs/benchmarks.md', import.meta.url), 'utf8')).toBe(before);
  });

  it.each([
    [['--rounds', '0'], /--rounds is "0"; it takes a whole number from 1 to 1000\./],
    [['--rounds', '1.5'], /--rounds is "1\.5"/],
    [['--rounds', ''], /--rounds is ""/],
    [['--scale', 'x'], /--scale is "x"; it takes a number above 0 and at most 1\./],
    [['--fast'], /Unknown option '--fast'/],
    [['extra'], /Unexpected argument 'extra'/],
    [['--only', ''], /--only is empty/],
    [['--only', 'nothing-has-this'], /"nothing-has-this"/],
    [['--subjects', 'barewire,nobody'], /Not here: nobody\. There are: barewire, /],
    [['--compare', 'no-such-file.json'], /--compare: .*no-such-file\.json/],
    [['--compare', 'package.json'], /package\.json is no results file/],
    [['--compare', 'src'], /there is no results file in src/],
  ])('refuses %j and says why', async (args, sentence) => {
    const { code, stdout, stderr } = await new Program([...command, ...args]).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr).toMatch(/^Usage: npm run bench/m);
  });

  it('names a results file that is none', async () => {
    const file = join(directory, 'broken.json');
    writeFileSync(file, '{"schema":2}');
    const { code, stderr } = await new Program([...command, '--compare', file]).ended;
    expect([code, stderr.split('\n')[0]]).toEqual([
      2,
      expect.stringMatching(/broken\.json is no results file/),
    ]);
  });
});

describe('Ctrl-C', () => {
  it('ends everything that was started, and leaves nothing behind', async () => {
    const cache = new URL('../node_modules/.cache/barewire-bench/', import.meta.url);
    const run = new Program([...command, '--subjects', 'barewire,ws', '--only', 'echo-125-1x32']);
    await run.output(/server 0 %/, 'stderr');
    const mine = readdirSync(cache).filter((name) => name.startsWith(`build-${run.pid}-`));
    expect(mine).toHaveLength(1);
    run.signal('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect(readdirSync(cache).filter((name) => mine.includes(name))).toEqual([]);
  });
});
