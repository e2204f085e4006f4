// Where programs that do not come from npm are on this machine. Called by prepare-tests.ts, the browser tests and the
// screenshot script, so that all of them agree on one Chromium, one Firefox and one WebKit; and by the tests with clients
// in other languages.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The full path of the first of these programs that PATH has, or undefined. */
export function findProgram(...names: string[]): string | undefined {
  const directories = (process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== '');
  return names
    .flatMap((name) => directories.map((directory) => join(directory, name)))
    .find((path) => isExecutable(path));
}

/** What the variable names if it is set (and then nothing else is tried), else the first known place. */
function findBrowser(
  chosen: string | undefined,
  names: readonly string[],
  places: readonly string[],
): string | undefined {
  if (chosen !== undefined && chosen !== '') return isExecutable(chosen) ? chosen : undefined;
  return findProgram(...names) ?? places.find(isExecutable);
}

/** The Chromium to drive: CHROME_PATH, or the first known place. */
export function findChromium(): string | undefined {
  return findBrowser(
    process.env.CHROME_PATH,
    ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    ],
  );
}

/** The Firefox to drive: FIREFOX_PATH, or the first known place. */
export function findFirefox(): string | undefined {
  return findBrowser(
    process.env.FIREFOX_PATH,
    ['firefox-esr', 'firefox'],
    ['/Applications/Firefox.app/Contents/MacOS/firefox', 'C:\\Program Files\\Mozilla Firefox\\firefox.exe'],
  );
}

/** WebKitGTK's own small browser, which its driver steers. It is in no PATH: it comes with the library. */
export function findMiniBrowser(): string | undefined {
  return ['/usr/lib', '/usr/libexec', '/usr/lib64']
    .filter((directory) => existsSync(directory))
    .flatMap((directory) => [
      directory,
      // One directory for each architecture.
      ...readdirSync(directory)
        .filter((name) => name.includes('-linux-'))
        .map((name) => join(directory, name)),
    ])
    .flatMap((directory) =>
      ['webkit2gtk-4.1', 'webkitgtk-6.0', 'webkit2gtk-4.0'].map((name) =>
        join(directory, name, 'MiniBrowser'),
      ),
    )
    .find(isExecutable);
}

export const findCurl = (): string | undefined => findProgram('curl');

/** Debian keeps servers where only root's PATH looks. */
const serverPlaces = (name: string): string[] =>
  ['/usr/sbin', '/usr/local/sbin'].map((place) => join(place, name));

export const findHaproxy = (): string | undefined =>
  findProgram('haproxy') ?? serverPlaces('haproxy').find(isExecutable);

export const findNginx = (): string | undefined =>
  findProgram('nginx') ?? serverPlaces('nginx').find(isExecutable);

/** Whether fontconfig knows a font with this code point (hexadecimal). Systems without fontconfig bring their own. */
export function hasFontFor(codePoint: string): boolean {
  if (process.platform !== 'linux') return true;
  const { stdout } = spawnSync('fc-list', [`:charset=${codePoint}`, 'family'], { encoding: 'utf8' });
  return (stdout ?? '').trim() !== '';
}

/** A Python that has the library `websockets`, the system's own first: on Debian the library comes for that one. */
export function findPythonWithWebSockets(): string | undefined {
  const hasLibrary = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("websockets") is None)';
  const candidates = ['/usr/bin/python3', findProgram('python3', 'python', 'python.exe')];
  return candidates.find(
    (program) =>
      program !== undefined && isExecutable(program) && spawnSync(program, ['-c', hasLibrary]).status === 0,
  );
}

/** Bun for this machine, as an npm package that has nothing but the program. */
export interface BunBuild {
  /** Name and version. */
  readonly package: string;
  /** Where prepare-tests.ts installs it. Not a dependency in package.json: it is 100 MB for one test. */
  readonly directory: string;
  readonly program: string;
}

const bunVersion = '1.4.5';

/** By platform and architecture. The baseline builds run without AVX2 too. */
const bunBuilds: ReadonlyMap<string, string> = new Map([
  ['linux x64', 'bun-linux-x64-baseline'],
  ['linux x64 musl', 'bun-linux-x64-musl-baseline'],
  ['linux arm64', 'bun-linux-aarch64'],
  ['linux arm64 musl', 'bun-linux-aarch64-musl'],
  ['darwin x64', 'bun-darwin-x64-baseline'],
  ['darwin arm64', 'bun-darwin-aarch64'],
  ['win32 x64', 'bun-windows-x64-baseline'],
]);

/** Undefined where Bun does not run. */
export function bunBuild(): BunBuild | undefined {
  const library = existsSync('/etc/alpine-release') ? ' musl' : '';
  const name = bunBuilds.get(`${process.platform} ${process.arch}${library}`);
  if (name === undefined) return undefined;
  const directory = fileURLToPath(
    new URL(`../node_modules/.cache/barewire-bun-${bunVersion}`, import.meta.url),
  );
  const file = process.platform === 'win32' ? 'bun.exe' : 'bun';
  const program = join(directory, 'node_modules', '@oven', name, 'bin', file);
  return { package: `@oven/${name}@${bunVersion}`, directory, program };
}
