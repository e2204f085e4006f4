/**
 * Real proxies in front of the chat, as people have them: HAProxy and nginx, each in a process of its own with a
 * configuration in a temporary directory, ended with the test. What each lets through is said in `fronts`.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { findHaproxy, findNginx } from '../../scripts/programs.ts';
import { temporaryDirectory } from './chat.ts';
import { Program } from './process.ts';

export interface Front {
  readonly name: string;
  /** What gets through it best, by how the client has its streams: by fetch, or by EventSource as in a browser. */
  readonly transport: 'websocket' | 'stream' | 'long-poll';
  /** Starts it before that port. @returns where it is */
  start(target: number): Promise<string>;
}

export const fronts: readonly Front[] = [
  {
    name: 'HAProxy, which lets everything through',
    transport: 'websocket',
    start: (target) => startHaproxy(target, ''),
  },
  {
    name: 'HAProxy that refuses upgrades',
    transport: 'stream',
    start: (target) => startHaproxy(target, 'http-request deny if { hdr(upgrade) -m found }'),
  },
  {
    name: 'HAProxy that refuses upgrades and streams',
    transport: 'long-poll',
    start: (target) =>
      startHaproxy(
        target,
        'http-request deny if { hdr(upgrade) -m found }\n  http-request deny if { path /api/stream }',
      ),
  },
  {
    name: 'nginx as it comes, which passes no upgrade on',
    transport: 'stream',
    start: (target) => startNginx(target, ''),
  },
  {
    name: 'nginx that collects every response, whatever it says',
    transport: 'long-poll',
    start: (target) => startNginx(target, 'proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;'),
  },
  {
    name: 'nginx as docs/hosting.md has it',
    transport: 'websocket',
    start: (target) =>
      startNginx(
        target,
        'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
      ),
  },
];

/** @param rules lines of the frontend */
async function startHaproxy(target: number, rules: string): Promise<string> {
  const port = await freePort();
  const file = join(temporaryDirectory(), 'haproxy.cfg');
  writeFileSync(
    file,
    `defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
frontend front
  bind 127.0.0.1:${port}
  ${rules}
  default_backend chat
backend chat
  server chat 127.0.0.1:${target}
`,
  );
  return run(new Program(['-db', '-f', file], { program: required(findHaproxy(), 'HAProxy') }), port);
}

/** @param rules directives of the location */
async function startNginx(target: number, rules: string): Promise<string> {
  const port = await freePort();
  const directory = temporaryDirectory();
  // Its workers may be another user's.
  chmodSync(directory, 0o777);
  const file = join(directory, 'nginx.conf');
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(directory, name)};`,
  );
  writeFileSync(
    file,
    `daemon off;
pid ${join(directory, 'pid')};
error_log stderr;
events {}
http {
  access_log off;
  ${places.join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 10m;
    location / {
      proxy_pass http://127.0.0.1:${target};
      proxy_set_header Host $http_host;
      ${rules}
    }
  }
}
`,
  );
  return run(new Program(['-p', directory, '-c', file], { program: required(findNginx(), 'nginx') }), port);
}

function required(program: string | undefined, what: string): string {
  if (program === undefined) throw new Error(`There is no ${what}: run \`npm test\`, which says what to do.`);
  return program;
}

/** Resolves when it takes connections. @throws Error with what it printed when it ends before */
async function run(program: Program, port: number): Promise<string> {
  onTestFinished(async () => {
    program.signal('SIGTERM');
    await program.ended;
  });
  let ended = false;
  void program.ended.then(() => {
    ended = true;
  });
  while (!(await accepts(port))) {
    if (ended) throw new Error(`It ended without taking a connection:\n${(await program.ended).stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return `http://127.0.0.1:${port}`;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A port that nobody has at the moment: these programs must be told one. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
