/**
 * Which core the server gets and which the generator, and how a command is told so, with as many file descriptors as it
 * may have. Without taskset or a second core nothing is pinned, and the results say so. Called by server.bench.ts.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Pinning {
  /** The core's number; undefined when nothing is pinned. */
  readonly server: number | undefined;
  readonly generator: number | undefined;
  readonly realtime: boolean;
  /** For the results. */
  readonly note: string;
}

/** The cores that this process may run on, from /proc; undefined without it. */
export function allowedCores(): number[] | undefined {
  try {
    const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '';
    return list.split(',').flatMap((range) => {
      const [first, last] = range.split('-').map(Number);
      if (first === undefined || Number.isNaN(first)) return [];
      return Array.from({ length: (last ?? first) - first + 1 }, (_, index) => first + index);
    });
  } catch {
    return undefined;
  }
}

/** Everything anywhere, as in tests, whose figures mean nothing: on a machine with other work that is sooner done. */
export const noPinning: Pinning = {
  server: undefined,
  generator: undefined,
  realtime: false,
  note: 'Nothing was pinned to a core, because so little was measured.',
};

/** @param realtime whether both run before everything else, as the scheduler's class for that has it; needs root */
export function choosePinning(realtime: boolean): Pinning {
  const none = { server: undefined, generator: undefined, realtime };
  const cores = allowedCores();
  if (cores === undefined || spawnSync('taskset', ['--version']).status !== 0) {
    return { ...none, note: 'Nothing was pinned to a core: taskset or /proc is missing here.' };
  }
  const [server, generator] = cores;
  if (server === undefined || generator === undefined) {
    return { ...none, note: 'Nothing was pinned to a core: there is only one, which both sides shared.' };
  }
  return {
    server,
    generator,
    realtime,
    note: `The server had core ${server} to itself, the generator core ${generator}; whatever else ran on the machine ran there too${realtime ? ', but not before them' : ''}.`,
  };
}

/** A command as it is to be spawned: on that core, with as many file descriptors as it may have. */
export function wrap(
  core: number | undefined,
  realtime: boolean,
  program: string,
  args: readonly string[],
): [string, string[]] {
  if (process.platform === 'win32') return [program, [...args]];
  // Before other work of the machine, where that is allowed; without a word where it is not.
  const limits =
    'ulimit -n 65536 2>/dev/null || ulimit -n $(ulimit -Hn) 2>/dev/null; renice -n -15 -p $$ >/dev/null 2>&1; exec "$@"';
  const pinned = core === undefined ? [] : ['taskset', '-c', String(core)];
  const first = realtime ? ['chrt', '--rr', '20'] : [];
  return ['sh', ['-c', limits, 'sh', ...first, ...pinned, program, ...args]];
}
