/** What a results file says of where it was made: the machine, the commit, versions. Called by the benches. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import type { Results } from './results.ts';

/** @param flags node's own, of the processes that were measured */
export function machine(flags: readonly string[]): Results['machine'] {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    governor: governor(),
    node: process.version,
    v8: process.versions.v8,
    flags: [...flags],
  };
}

function governor(): string {
  try {
    return readFileSync('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}

/** The commit that is measured, and whether the tree differs from it. */
export function repository(): Pick<Results, 'commit' | 'dirty'> {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: new URL('..', import.meta.url),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return { commit: git('rev-parse', 'HEAD'), dirty: git('status', '--porcelain') !== '' };
  } catch {
    return { commit: 'unknown', dirty: true };
  }
}

/** barewire's own version. */
export function ownVersion(): string {
  return versionIn(new URL('../package.json', import.meta.url)) ?? 'unknown';
}

/** The version of a package, as `by` would find it when that is given; undefined when it is not there. */
export function versionOf(name: string, by?: string): string | undefined {
  try {
    const require = createRequire(import.meta.url);
    const finder = by === undefined ? require : createRequire(require.resolve(by));
    return versionIn(finder.resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

function versionIn(path: string | URL): string | undefined {
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed
    ? String(parsed.version)
    : undefined;
}
