// `npm test` runs this first: makes sure of what the tests need beyond npm's dependencies: three browsers, fonts for emoji
// and Chinese, a WebSocket client in Python, Bun, curl, and two proxies to stand before the chat. On Debian as root it
// installs what is missing, Bun anywhere; elsewhere it names each missing thing and how to get it, and stops.
// When all is there it takes some milliseconds and prints nothing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  bunBuild,
  findChromium,
  findCurl,
  findFirefox,
  findHaproxy,
  findMiniBrowser,
  findNginx,
  findProgram,
  findPythonWithWebSockets,
  hasFontFor,
} from './programs.ts';

interface Need {
  readonly what: string;
  /** Debian's; none when it is not from there. */
  readonly packages: readonly string[];
  readonly advice: string;
  isPresent(): boolean;
}

for (const [variable, find] of [
  ['CHROME_PATH', findChromium],
  ['FIREFOX_PATH', findFirefox],
] as const) {
  const chosen = process.env[variable] ?? '';
  if (chosen !== '' && find() === undefined) {
    console.error(`${variable} is ${chosen}, which is no program that can be run. Correct it, or unset it.`);
    process.exit(1);
  }
}

/** WebKitGTK is for Linux only; elsewhere the tests do without it. */
const webKitNeeds: readonly Need[] = [
  {
    what: 'WebKitGTK with its driver (the browser suite runs in it)',
    packages: ['webkit2gtk-driver'],
    advice: 'install WebKitGTK’s WebKitWebDriver and MiniBrowser',
    isPresent: () => findProgram('WebKitWebDriver') !== undefined && findMiniBrowser() !== undefined,
  },
  {
    what: 'Xvfb (WebKitGTK wants a screen)',
    packages: ['xvfb'],
    advice: 'install Xvfb',
    isPresent: () => findProgram('Xvfb') !== undefined,
  },
];

const bun = bunBuild();
const bunNeeds: readonly Need[] =
  bun === undefined
    ? []
    : [
        {
          what: 'Bun (its WebSocket client meets the server)',
          packages: [],
          advice: `npm install --no-save --prefix ${bun.directory} ${bun.package}`,
          isPresent: () => existsSync(bun.program),
        },
      ];

const needs: readonly Need[] = [
  {
    what: 'Chromium (the browser tests drive it)',
    packages: ['chromium'],
    advice: 'install Chromium or Chrome, or set CHROME_PATH to the program',
    isPresent: () => findChromium() !== undefined,
  },
  {
    what: 'Firefox (the browser suite runs in it)',
    packages: ['firefox-esr'],
    advice: 'install Firefox, or set FIREFOX_PATH to the program',
    isPresent: () => findFirefox() !== undefined,
  },
  ...(process.platform === 'linux' ? webKitNeeds : []),
  {
    what: 'a colour emoji font',
    packages: ['fontconfig', 'fonts-noto-color-emoji'],
    advice: 'install Noto Color Emoji',
    isPresent: () => hasFontFor('1f600'),
  },
  {
    what: 'a font with Chinese characters',
    packages: ['fontconfig', 'fonts-noto-cjk'],
    advice: 'install Noto Sans CJK',
    isPresent: () => hasFontFor('4e2d'),
  },
  {
    what: 'Python with websockets (its client meets the server)',
    packages: ['python3-websockets'],
    advice: 'install Python 3 and its library websockets',
    isPresent: () => findPythonWithWebSockets() !== undefined,
  },
  {
    what: 'curl (every command in docs/chat-protocol.md is run)',
    packages: ['curl'],
    advice: 'install curl',
    isPresent: () => findCurl() !== undefined,
  },
  {
    what: 'HAProxy (a proxy that blocks upgrades stands before the chat)',
    packages: ['haproxy'],
    advice: 'install HAProxy',
    isPresent: () => findHaproxy() !== undefined,
  },
  {
    what: 'nginx (a proxy that collects streams stands before the chat)',
    packages: ['nginx'],
    advice: 'install nginx',
    isPresent: () => findNginx() !== undefined,
  },
  ...bunNeeds,
];

function run(program: string, ...args: string[]): boolean {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'], env: environment }).status === 0;
}

/** npm, by the npm that runs us where there is one. */
function npm(...args: string[]): boolean {
  const script = process.env.npm_execpath ?? '';
  return script.endsWith('npm-cli.js') ? run(process.execPath, script, ...args) : run('npm', ...args);
}

if (bun !== undefined && !existsSync(bun.program)) {
  console.log(`Installing what the tests need: ${bun.package}`);
  const quietly = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'];
  npm('install', ...quietly, '--prefix', bun.directory, bun.package);
}

let missing = needs.filter((need) => !need.isPresent());
const canInstall = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
const packages = [...new Set(missing.flatMap((need) => need.packages))];
if (packages.length > 0 && canInstall) {
  console.log(`Installing what the tests need: ${packages.join(' ')}`);
  if (run('apt-get', 'update', '-qq')) {
    run('apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages);
  }
  missing = needs.filter((need) => !need.isPresent());
}
if (missing.length > 0) {
  console.error('The tests need something that is not on this machine:');
  for (const need of missing) {
    const onDebian =
      need.packages.length === 0 ? '' : ` (Debian: apt-get install ${need.packages.join(' ')})`;
    console.error(`- ${need.what}: ${need.advice}${onDebian}`);
  }
  process.exit(1);
}
