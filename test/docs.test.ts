/**
 * The documents tell the truth: their links lead somewhere, each command is one that a test here runs or a script that
 * exists, the example runs, and the tables agree with the program, package.json and the import rules.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { floorOf, floors } from '../scripts/import-rules.ts';
import { Program, root } from './support/process.ts';

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const manifest: Manifest = JSON.parse(read('package.json'));
const readme = read('README.md');
const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** The fenced blocks in that language. */
function blocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, tag]) => tag === language)
    .map(([, , body]) => body ?? '');
}

/** The words of a heading as the fragment that leads to it. */
function fragmentOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function headings(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => fragmentOf(heading ?? ''));
}

describe.each(documents)('%s', (document) => {
  const markdown = read(document);
  const prose = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '');

  it('links to what is there', () => {
    const broken = [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target ?? '')
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [path = '', fragment] = target.split('#');
        const file =
          path === '' ? document : relative(root, join(root, dirname(document), decodeURIComponent(path)));
        if (!existsSync(join(root, file))) return true;
        return fragment !== undefined && !headings(read(file)).includes(fragment);
      });
    expect(broken).toEqual([]);
  });

  it('names files that are there', () => {
    const named = [...prose.matchAll(/`((?:src|public|test|bench|scripts|examples|docs)\/[\w./-]*)`/g)].map(
      ([, path]) => path ?? '',
    );
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('uses npm scripts that exist', () => {
    const used = [...markdown.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(
      ([, run, own]) => run ?? own ?? '',
    );
    expect(used.filter((script) => manifest.scripts[script] === undefined)).toEqual([]);
  });

  it('runs programs that are there', () => {
    const programs = [...markdown.matchAll(/\bnode (?:--import tsx )?((?!dist)[\w./-]+\.[jt]s)\b/g)].map(
      ([, path]) => path ?? '',
    );
    expect(programs.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('has no tabs, no trailing space and no line that is left open', () => {
    expect(markdown).not.toMatch(/\t| +$/m);
    expect((markdown.match(/^```/gm) ?? []).length % 2).toBe(0);
  });
});

describe('README.md', () => {
  /** Commands, and where each is run as it stands or with other arguments. */
  const shown: Readonly<Record<string, string>> = {
    'npm install && npm start': 'build.test.ts, in a fresh copy',
    'npm install && npm test': 'this run, and .ci/run from nothing',
    'npm start -- --port 9000 --host 0.0.0.0 --data /var/lib/barewire':
      'main.test.ts and build.test.ts, other arguments',
    'npm run build': 'build.test.ts',
    'node dist/main.js --port 9000': 'build.test.ts, another port',
    'npm run check': '.ci/run; its parts in imports.test.ts',
    'npm test': 'this run',
    'npm run coverage': 'coverage.test.ts, its judgement; by hand, whole',
    'npm run fuzz -- --seconds 60 --seed 1': 'fuzz.test.ts, fewer inputs',
    'npm run chaos': 'chaos.test.ts and kill.test.ts, fewer messages and fewer kills',
    'npm run attack': 'attack.test.ts',
    'npm run connect -- ws://127.0.0.1:8080/chat': 'connect.test.ts, another address',
    'npm run bench -- --quick': 'bench.test.ts, a share of the work',
    'npm run bench': 'bench.test.ts, a share of the work',
    'npm run bench:gate': 'ci.test.ts, and by CI itself',
    'npm run screenshots': 'by hand: it writes docs/images',
    'node --import tsx bench/server.ts --port 9001': 'bench-server.test.ts, another port',
    'node --import tsx bench/server.ts --port 9001 --deflate': 'bench-server.test.ts, another port',
  };

  it('shows no command that is not in the list above', () => {
    const commands = blocks(readme, 'sh')
      .flatMap((block) => block.trim().split('\n'))
      .map((line) => line.replace(/ *#.*$/, ''));
    expect(commands.filter((command) => shown[command] === undefined)).toEqual([]);
    expect(Object.keys(shown).filter((command) => !commands.includes(command))).toEqual([]);
  });

  it('has the two commands and the picture on its first screen', () => {
    const first = readme.split('\n').slice(0, 24).join('\n');
    for (const part of [
      'npm install && npm start',
      'npm install && npm test',
      'docs/images/room-desktop-light.png',
    ]) {
      expect(first).toContain(part);
    }
  });

  it('has the options and variables that the program has, with its defaults', async () => {
    const { stdout } = await new Program(['--import', 'tsx', 'src/main.ts', '--help']).ended;
    const options = [...stdout.matchAll(/^ {2}(--[a-z-]+(?: [A-Z=]+)?) {2}/gm)]
      .map(([, option]) => option)
      .filter((option) => option !== '--help' && option !== '--version');
    const rows = readme.split('\n').filter((line) => /^\| (`--| \|)|^\| \| `/.test(line));
    expect(rows.map((row) => /`(--[^`]+)`/.exec(row)?.[1]).filter((option) => option !== undefined)).toEqual(
      options,
    );
    const variables = [...stdout.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b|\b(?:PORT|HOST|DATA)\b/g)].map(
      ([name]) => name,
    );
    expect(variables.length).toBeGreaterThan(options.length);
    for (const variable of variables) {
      expect(rows.filter((row) => row.includes(`\`${variable}\``))).toHaveLength(1);
    }
    for (const [option, value] of [
      ['--port', '8080'],
      ['--host', '127.0.0.1'],
      ['--data', './data'],
    ] as const) {
      expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
        new RegExp(`${option} [^-]*default ${value.replaceAll('.', '\\.')}\\)`),
      );
      expect(rows.find((row) => row.includes(option))).toContain(`\`${value}\``);
    }
  });

  it('has an example that runs', async () => {
    const [example = ''] = blocks(readme, 'ts');
    const path = join(root, 'bench', `.readme-example-${process.pid}.ts`);
    writeFileSync(path, example.replace("'barewire'", "'../src/index.ts'"));
    try {
      const program = new Program(['--import', 'tsx', path]);
      const [, address = ''] = await program.output(/^(ws:\/\/127\.0\.0\.1:\d+)\n/);
      const socket = new WebSocket(`${address}/?name=ada`);
      const answer = new Promise((resolve, reject) => {
        socket.on('message', (data: Buffer) => resolve(data.toString()));
        socket.on('error', reject);
      });
      socket.on('open', () => socket.send('hello'));
      expect(await answer).toBe('ada: hello');
      socket.close(1000);
      expect((await program.output(/^ada .*\n/m))[0]).toBe('ada The peer closed with 1000.\n');
      await program.stop();
    } finally {
      rmSync(path);
    }
  });

  it('says how many conformance cases there are, and which version and license this is', async () => {
    const cases = await import('./conformance/all.ts');
    const [, claimed] = /more than (\d+) cases by section/.exec(readme) ?? [];
    expect(cases.all.length).toBeGreaterThan(Number(claimed));
    expect(readme).toContain(`Version ${manifest.version}.`);
    expect(readme).toContain(`${manifest.license}, see [LICENSE]`);
    expect(read('LICENSE')).toMatch(/^MIT License/);
  });

  it('names the files of each floor by its number', () => {
    for (const [, files = '', floor] of readme.matchAll(/^\| (`src\/.*?) \| floor (\d):/gm)) {
      const names = [...files.matchAll(/`(?:src\/)?([\w.-]+)`/g)].map(([, name]) => `src/${name}`);
      expect(names.map((name) => [name, floorOf(name)])).toEqual(names.map((name) => [name, Number(floor)]));
    }
  });
});

describe('docs/dependencies.md', () => {
  const [runtime = '', development = ''] = read('docs/dependencies.md').split('## For development');
  const listed = (part: string) =>
    [...part.matchAll(/^\| `([^`]+)` \| \S.+ \| \S.+ \|$/gm)].map(([, name]) => name);

  it('lists the dependencies of package.json, each with a line of its own', () => {
    expect(listed(runtime)).toEqual(Object.keys(manifest.dependencies).sort());
    expect(listed(development)).toEqual(Object.keys(manifest.devDependencies).sort());
  });
});

describe('docs/architecture.md', () => {
  it('has the floors that the import rules have', () => {
    const drawn = [...read('docs/architecture.md').matchAll(/^ floor (\d) (.*)$/gm)];
    expect(drawn).not.toHaveLength(0);
    for (const [, floor, line = ''] of drawn) {
      const names = [...line.matchAll(/\b((?:src|public)\/[\w./-]*)/g)].map(([, name]) => name ?? '');
      expect(names.map((name) => [name, floorOf(name)])).toEqual(names.map((name) => [name, Number(floor)]));
    }
    const all = drawn.map(([line]) => line).join('\n');
    const missing = floors
      .flatMap(([, names]) => names)
      .filter((name) => existsSync(join(root, name)) && !all.includes(name));
    expect(missing).toEqual([]);
  });
});
