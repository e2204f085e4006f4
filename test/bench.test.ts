/** `npm run bench`, small: it checks the answers before it times them, and reports all that a figure needs. */
import { describe, expect, it } from 'vitest';
import { Program } from './support/process.ts';

const command = ['--import', 'tsx', 'bench/run.ts'];

describe('bench/run.ts', () => {
  it('measures echo and fan-out, with spread and load', async () => {
    const { code, stdout, stderr } = await new Program([...command, '--rounds', '2', '--scale', '0.002'])
      .ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [machine, empty, ...lines] = stdout.trimEnd().split('\n');
    expect([machine, empty]).toEqual([expect.stringMatching(/^Node v\d+.*, \d+ cores, loopback/), '']);
    expect(lines).toHaveLength(6 * 3);
    for (let index = 0; index < lines.length; index += 3) {
      expect(lines[index]).toMatch(/^\/(echo|fanout) [\d,]+ octets, \d+ clients, \d+ under way each$/);
      expect(lines[index + 1]).toMatch(
        /^ {2}[\d,]+ messages\/s received \([\d,]+ to [\d,]+ over 2 rounds\), [\d,]+ MiB\/s$/,
      );
      expect(lines[index + 2]).toMatch(
        /^ {2}server (\d+ % of a core|unknown.*), clients \d+ %; saturated: \w+/,
      );
    }
    expect(lines.some((line) => line.startsWith('/fanout'))).toBe(true);
  });

  it.each([['--rounds', '0'], ['--scale', 'x'], ['--fast']])('refuses %s %s', async (...args) => {
    const { code, stdout } = await new Program([...command, ...args]).ended;
    expect([code === 0, stdout]).toEqual([false, '']);
  });
});
