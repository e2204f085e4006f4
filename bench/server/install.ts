/**
 * Peers that are no dependencies of this repository: installed on demand, in versions that are written here, without
 * their scripts, beside npm's own caches. A full run installs what is missing; without a network it goes on without
 * them, and the results say so. Called by server.bench.ts.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bunBuild } from '../../scripts/programs.ts';
import { root } from './build.ts';

/** Under node_modules/ so that cleaning up is npm's `ci`. */
const cache = join(root, 'node_modules', '.cache');

export interface Installed {
  /** As the subject is named. */
  readonly name: string;
  /** For npm, with the version. */
  readonly package: string;
  /** For npm's --prefix. */
  readonly prefix: string;
  /** What is there when it is installed. */
  readonly file: string;
}

function library(name: string, version: string): Installed {
  const prefix = join(cache, `barewire-${name}-${version}`);
  return {
    name,
    package: `${name}@${version}`,
    prefix,
    file: join(prefix, 'node_modules', name, 'package.json'),
  };
}

const denoVersion = '2.9.6';
const denoBuilds: ReadonlyMap<string, string> = new Map([
  ['linux x64', 'linux-x64-glibc'],
  ['linux arm64', 'linux-arm64-glibc'],
  ['darwin x64', 'darwin-x64'],
  ['darwin arm64', 'darwin-arm64'],
  ['win32 x64', 'win32-x64'],
]);

function deno(): Installed[] {
  const build = denoBuilds.get(`${process.platform} ${process.arch}`);
  // Its npm packages have no build for musl.
  if (build === undefined || existsSync('/etc/alpine-release')) return [];
  const prefix = join(cache, `barewire-deno-${denoVersion}`);
  const program = process.platform === 'win32' ? 'deno.exe' : 'deno';
  const file = join(prefix, 'node_modules', '@deno', build, program);
  return [{ name: 'deno', package: `@deno/${build}@${denoVersion}`, prefix, file }];
}

function bun(): Installed[] {
  const build = bunBuild();
  if (build === undefined) return [];
  return [{ name: 'bun', package: build.package, prefix: build.directory, file: build.program }];
}

export const installable: readonly Installed[] = [
  library('websocket', '1.0.35'),
  library('faye-websocket', '0.11.4'),
  library('socket.io', '4.8.4'),
  ...bun(),
  ...deno(),
];

export function isInstalled({ file }: Installed): boolean {
  return existsSync(file);
}

/** Undefined for one that has no build for this machine. */
export function findInstallable(name: string): Installed | undefined {
  return installable.find((one) => one.name === name);
}

/** By the npm that runs us where there is one. */
function npm(args: readonly string[]): boolean {
  const script = process.env.npm_execpath ?? '';
  const [program, first] = script.endsWith('npm-cli.js') ? [process.execPath, [script]] : ['npm', []];
  const { status } = spawnSync(program, [...first, ...args], { stdio: 'ignore', timeout: 180_000 });
  return status === 0;
}

/** Installs what is missing of these. @returns names of those that could not be */
export function install(wanted: readonly Installed[], progress: (what: string) => void): string[] {
  return wanted
    .filter((one) => !isInstalled(one))
    .filter((one) => {
      progress(`installing ${one.package}`);
      const quietly = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'];
      return !npm(['install', ...quietly, '--prefix', one.prefix, one.package]) || !isInstalled(one);
    })
    .map(({ name }) => name);
}
