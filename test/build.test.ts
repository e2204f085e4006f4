/**
 * A fresh copy of the repository does what the README says: `npm run build` and plain `node dist/main.js` with nothing
 * but the runtime dependencies, and `npm start`, which builds the pages by itself. The copy has no dist/ and no data/;
 * its node_modules are links to ours.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program, root } from './support/process.ts';

const leftOut = new Set(['node_modules', 'dist', 'data', '.git', 'coverage']);

let parent: string;
let copy: string;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'barewire-copy-'));
  copy = join(parent, 'barewire');
  cpSync(root, copy, {
    recursive: true,
    filter: (path) => !(leftOut.has(basename(path)) && dirname(path) === root.replace(/\/$/, '')),
  });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir');
});
const started: Program[] = [];
afterAll(() => {
  // Nothing outlives a test that failed half-way.
  for (const program of started) program.signal('SIGKILL');
  rmSync(parent, { recursive: true });
});

function npm(...args: string[]): Program {
  const program = new Program(args, { directory: copy, program: 'npm', group: true });
  started.push(program);
  return program;
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
}

/** What `npm ci --omit=dev` would install, as links. */
function linkRuntimeDependencies(into: string): void {
  const { packages }: LockFile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    const nested = path.lastIndexOf('node_modules/') > 0;
    if (path === '' || nested || dev === true || devOptional === true || !existsSync(join(root, path)))
      continue;
    mkdirSync(dirname(join(into, path)), { recursive: true });
    symlinkSync(join(root, path), join(into, path), 'dir');
  }
}

/** The page, all that it names, and the chat's WebSocket are there. */
async function expectServing(address: string): Promise<void> {
  const page = await fetch(`${address}/`);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  const html = await page.text();
  const assets = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path ?? '');
  expect(assets.filter((path) => path.endsWith('.js'))).not.toHaveLength(0);
  expect(assets.filter((path) => path.endsWith('.css'))).not.toHaveLength(0);
  for (const path of assets) expect([path, (await fetch(address + path)).status]).toEqual([path, 200]);
  expect((await fetch(`${address}/healthz`)).status).toBe(200);

  const socket = new WebSocket(`${address.replace('http', 'ws')}/chat`);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('/chat does not open.')));
  });
  const closed = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve()));
  socket.close(1000);
  await closed;
}

/** All that is on standard error while nobody owns the server. */
const ownerLine = /^barewire: nobody owns this server yet\. .*\/#\/claim\/[\w-]{24} .*\n$/;
const addressLine = /^barewire chat on (http:\/\/127\.0\.0\.1:\d+)\n/m;

describe('npm start', () => {
  it('builds the pages, prints one line and serves; the second time without a build', async () => {
    for (const data of ['first', 'second']) {
      const program = npm('start', '--silent', '--', '--port', '0', '--data', join(parent, data));
      const [printed, address = ''] = await program.output(addressLine);
      await expectServing(address);
      const stamp = readFileSync(join(copy, 'dist', 'public.sha256'), 'utf8');
      expect(stamp).toMatch(/^[0-9a-f]{64}$/);
      // Ctrl-C in a terminal: npm, its shell and the server all get it.
      program.signal('SIGINT');
      const { stdout, stderr } = await program.ended;
      expect({ stdout, stderr }).toEqual({ stdout: printed, stderr: expect.stringMatching(ownerLine) });
    }
  });
});

describe('npm run build', () => {
  it('makes a dist/ that plain node runs with the runtime dependencies alone', async () => {
    const { code, stdout, stderr } = await npm('run', '--silent', 'build').ended;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });

    const bare = join(parent, 'bare');
    mkdirSync(bare);
    for (const name of ['dist', 'package.json'])
      cpSync(join(copy, name), join(bare, name), { recursive: true });
    linkRuntimeDependencies(bare);
    expect(existsSync(join(bare, 'node_modules', 'vite'))).toBe(false);

    const program = new Program(['dist/main.js', '--port', '0', '--data', join(parent, 'built')], {
      directory: bare,
    });
    started.push(program);
    const [, address = ''] = await program.output(addressLine);
    await expectServing(address);
    const ended = await program.stop();
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(ownerLine),
    });
  });

  it('gives the package its exports, with types', async () => {
    const { exports, bin } = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'));
    expect(bin).toBeUndefined();
    const paths = Object.values<Record<string, string>>(exports).flatMap((types) => Object.values(types));
    expect(paths).toHaveLength(4);
    for (const path of paths) expect([path, existsSync(join(copy, path))]).toEqual([path, true]);
    const names = await new Program(
      ['-e', 'import("barewire").then((m) => console.log(Object.keys(m).sort().join(" ")))'],
      {
        directory: copy,
      },
    ).ended;
    expect(names.stdout.split(/\s/)).toEqual(expect.arrayContaining(['CloseCode', 'createServer']));
    const client = await new Program(
      ['-e', 'import("barewire/chat-client").then((m) => console.log(typeof m.connectChat))'],
      { directory: copy },
    ).ended;
    expect(client.stdout).toBe('function\n');
  });
});

describe('without the dependencies', () => {
  it.each(['start', 'test', 'build'])('npm run %s says what to do', async (script) => {
    const empty = join(parent, `empty-${script}`);
    mkdirSync(join(empty, 'scripts'), { recursive: true });
    for (const name of ['package.json', 'scripts/check-machine.js'])
      cpSync(join(copy, name), join(empty, name));
    const { code, stderr } = await new Program(['run', '--silent', script], {
      directory: empty,
      program: 'npm',
    }).ended;
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/Dependencies are not installed .*Run "npm install" in .*empty-/);
  });
});
