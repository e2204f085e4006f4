// The program in a process of its own: what it prints, what it refuses, how it starts and how it stops.
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import type { Message, Receipt } from '../src/chat/events.ts';
import { retryAfterOf } from '../src/index.ts';
import { usage } from '../src/settings.ts';
import { certificate, type TestCertificate } from './support/certificates.ts';
import { temporaryDirectory } from './support/chat.ts';
import { ChatClient } from './support/chat-server.ts';
import { picture } from './support/pictures.ts';
import { Program, root } from './support/process.ts';
import { TcpPeer } from './support/tcp-peer.ts';
import { openPolling, poll, StreamReader } from './support/transports.ts';

const unset = [
  'PORT',
  'HOST',
  'DATA',
  'LOG_LEVEL',
  'ALLOWED_ORIGINS',
  'TLS_CERT',
  'TLS_KEY',
  'TRUSTED_PROXIES',
  'SERVER_PASSWORD',
  'INVITATION_ONLY',
  'API_KEYS',
  'WEBHOOKS',
  'WEBHOOK_SECRET',
];
const clean = {
  ...process.env,
  ...Object.fromEntries([...unset, 'PROXY_PROTOCOL'].map((name) => [name, ''])),
};

function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}, directory = root): Program {
  const tsx = import.meta.resolve('tsx');
  const program = new Program(['--import', tsx, join(root, 'src', 'main.ts'), ...args], {
    environment: { ...clean, ...environment },
    directory,
  });
  onTestFinished(async () => {
    program.signal('SIGKILL');
    await program.ended;
  });
  return program;
}

async function start(
  args: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
  data = temporaryDirectory(),
) {
  const program = run(['--port', '0', '--data', data, ...args], environment);
  const [, url = '', port] = await program.output(/^barewire chat on (https?:\/\/.*:(\d+))\n/);
  return { program, url, port: Number(port), data };
}

/** What is on standard error of a program with which nothing is wrong, while nobody owns the server. */
const ownerLine =
  /^barewire: nobody owns this server yet\. Sign in and open (\S+)\/#\/claim\/([\w-]{24}) to be its owner\.\n$/;

describe('what is typed', () => {
  it('--help and --version answer and end', async () => {
    const help = await run(['--help']).ended;
    expect(help.code).toBe(0);
    expect(help.stdout).toBe(usage);
    const version = await run(['--version']).ended;
    expect([version.code, version.stdout]).toEqual([0, '0.1.0\n']);
  });

  it.each([
    [['--port', 'abc'], {}, '--port is "abc"; it takes a number from 0 to 65535.'],
    [[], { LOG_LEVEL: 'loud' }, 'LOG_LEVEL is "loud"; it takes one of fatal,'],
    [['--proxy-protocol'], {}, '--proxy-protocol needs --trust-proxy:'],
    [['--prot', '1'], {}, "Unknown option '--prot'. See --help."],
  ])('%j with %j is refused in one line, with exit code 2', async (args, environment, line) => {
    const ended = await run(args, environment).ended;
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^barewire: .*\n$/);
    expect(ended.stderr).toContain(line);
  });
});

describe('starting', () => {
  it('prints exactly one line, with the address that it has, and serves there', async () => {
    const { program, url, port } = await start();
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({ status: 'ok', version: '0.1.0' });
    await ChatClient.connect(port);
    const { code, stdout, stderr } = await program.stop();
    expect([code, stdout]).toEqual([0, `barewire chat on ${url}\n`]);
    expect(ownerLine.exec(stderr)?.[1]).toBe(url);
  });

  it('says how to own the server until somebody does', async () => {
    const first = await start(['--origin', 'https://chat.example']);
    const [, page, code = ''] = await first.program.output(new RegExp(ownerLine.source, 'm'), 'stderr');
    expect(page).toBe('https://chat.example');
    await first.program.stop();
    const second = await start([], {}, first.data);
    const [, , again] = await second.program.output(new RegExp(ownerLine.source, 'm'), 'stderr');
    expect(again).toBe(code);
    const client = await ChatClient.connect(second.port);
    await client.ok('session:enter', { name: 'Ada' });
    await client.ok('session:claim', { code });
    await second.program.stop();
    const third = await start([], {}, first.data);
    expect((await third.program.stop()).stderr).toBe('');
  });

  it('lets in who knows what it takes', async () => {
    const { port, url } = await start(['--invitation-only'], { SERVER_PASSWORD: 'open sesame' });
    const client = await ChatClient.connect(port);
    expect(client.events[0]).toMatchObject({
      event: 'server:hello',
      data: { entry: { serverPassword: true, invitation: true } },
    });
    const signIn = (more: object) =>
      fetch(`${url}/api/session`, {
        method: 'POST',
        body: JSON.stringify({ name: 'Ada', ...more }),
        headers: { 'content-type': 'application/json' },
      });
    expect((await signIn({})).status).toBeGreaterThanOrEqual(400);
    expect((await signIn({ serverPassword: 'open sesame' })).status).toBe(201);
  });

  it('lets backends in that have a key, and tells the host’s programs what happens', async () => {
    const received: string[] = [];
    const receiver = createHttpServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        received.push(body);
        response.end();
        receiver.emit('received');
      });
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    onTestFinished(() => void receiver.close());
    const address = receiver.address();
    const hook = typeof address === 'object' && address !== null ? address.port : 0;
    const key = 'a-key-of-at-least-twenty';
    const { url, program } = await start(
      ['--api-key', key, '--webhook', `general=http://127.0.0.1:${hook}/`],
      { WEBHOOK_SECRET: 'sixteen-letters!' },
    );
    const told = once(receiver, 'received');
    const response = await fetch(`${url}/api/rooms/general/events`, {
      method: 'POST',
      body: JSON.stringify({ type: 'message', text: 'deployed', author: { name: 'CI' } }),
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${key}`,
        'idempotency-key': 'deploy-12345',
      },
    });
    expect(response.status).toBe(201);
    await told;
    expect(received.join()).toContain('deployed');
    await program.stop();
  });

  it('takes the environment, and flags before it', async () => {
    const [wanted, unwanted] = [temporaryDirectory(), join(temporaryDirectory(), 'unwanted')];
    const program = run(['--data', wanted], { PORT: '0', HOST: 'localhost', DATA: unwanted });
    const [, url = ''] = await program.output(/^barewire chat on (http:\S+)\n/);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    // The directory is taken, so another process on it is refused, in words.
    const second = await run(['--port', '0'], { DATA: wanted }).ended;
    expect([second.code, second.stdout]).toEqual([1, '']);
    expect(second.stderr).toBe(
      `barewire: Another process is running on the data directory ${wanted}. Stop it, or name another with --data DIR.\n`,
    );
    await program.stop();
  });

  it('keeps its data in ./data when nobody says where', async () => {
    const directory = temporaryDirectory();
    const program = run(['--port', '0'], {}, directory);
    await program.output(/^barewire chat on /);
    const second = await run(['--port', '0', '--data', 'data'], {}, directory).ended;
    expect(second.stderr).toContain(join(directory, 'data'));
    await program.stop();
  });

  it('says which port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const ended = await run(['--port', String(port), '--data', temporaryDirectory()]).ended;
    expect(ended).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `barewire: Port ${port} on 127.0.0.1 is in use. Stop what has it, or take another with --port N.\n`,
    });
  });

  it('says which host is none', async () => {
    const ended = await run(['--port', '0', '--host', '192.0.2.1', '--data', temporaryDirectory()]).ended;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toBe(
      'barewire: 192.0.2.1 is no address of this machine. Name one with --host H, or 0.0.0.0 for all.\n',
    );
  });

  it('says what is wrong with the data directory', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const ended = await run(['--port', '0', '--data', join(file, 'data')]).ended;
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toBe(
      `barewire: The data directory ${file}/data cannot be written to (ENOTDIR). ` +
        'Give this user the right to write there, or name another with --data DIR.\n',
    );
    const blocked = temporaryDirectory();
    mkdirSync(join(blocked, 'chat.db'));
    expect((await run(['--port', '0', '--data', blocked]).ended).stderr).toMatch(
      /^barewire: .*chat\.db cannot be used/,
    );
  });
});

/** The fields of a handshake from a page of that origin, which calls that host. */
function upgrade(host: string, origin: string, ...more: string[]): string {
  const lines = [
    'GET /chat HTTP/1.1',
    `Host: ${host}`,
    `Origin: ${origin}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...more,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

describe('origins', () => {
  async function statusFor(port: number, host: string, origin: string): Promise<string> {
    const peer = await TcpPeer.connect(port);
    peer.send(upgrade(host, origin));
    const head = await peer.head();
    peer.destroy();
    return head.split(' ')[1] ?? '';
  }

  it('are the page’s own, by whatever name the machine is reached', async () => {
    const { port } = await start(['--host', '0.0.0.0']);
    expect(await statusFor(port, `chat.lan:${port}`, `http://chat.lan:${port}`)).toBe('101');
    expect(await statusFor(port, `127.0.0.1:${port}`, `http://127.0.0.1:${port}`)).toBe('101');
    expect(await statusFor(port, `127.0.0.1:${port}`, 'https://evil.example')).toBe('403');
  });

  it('are others too when they are named', async () => {
    const { port } = await start(['--origin', 'https://chat.example.org/', '--origin', 'https://b.example']);
    for (const origin of ['https://chat.example.org', 'https://b.example', `http://127.0.0.1:${port}`]) {
      expect(await statusFor(port, `127.0.0.1:${port}`, origin)).toBe('101');
    }
    expect(await statusFor(port, `127.0.0.1:${port}`, 'https://c.example')).toBe('403');
    const second = await start([], { ALLOWED_ORIGINS: 'https://a.example, https://b.example' });
    expect(await statusFor(second.port, 'x', 'https://b.example')).toBe('101');
  });
});

/** What the log says of the connection that ended first. */
async function firstClose(program: Program): Promise<Record<string, unknown>> {
  const [line] = await program.output(/^\{.*"msg":"connection closed".*\}$/m, 'stderr');
  return JSON.parse(line);
}

describe('a certificate', () => {
  const [first, second] = [certificate('first'), certificate('second')];

  function certificateFiles() {
    const directory = temporaryDirectory();
    const paths = { cert: join(directory, 'chat.crt'), key: join(directory, 'chat.key') };
    const put = ({ cert, key }: TestCertificate): void => {
      writeFileSync(paths.cert, cert);
      writeFileSync(paths.key, key);
    };
    put(first);
    return { ...paths, put, flags: ['--tls-cert', paths.cert, '--tls-key', paths.key] };
  }

  it('makes it https and wss on the same port', async () => {
    const { cert, key } = certificateFiles();
    const { url, port, program } = await start([], { TLS_CERT: cert, TLS_KEY: key });
    expect(url).toBe(`https://127.0.0.1:${port}`);
    const health = await TcpPeer.secure(port, first.cert);
    health.send('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect((await health.rest()).toString()).toMatch(/^HTTP\/1\.1 200 .*"status":"ok"/s);
    const peer = await TcpPeer.secure(port, first.cert);
    peer.send(upgrade(`localhost:${port}`, `https://localhost:${port}`));
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 101 /);
    peer.destroy();
    await program.stop();
  });

  it('that cannot be used is refused in one line, before anything is started', async () => {
    const { cert, key, flags } = certificateFiles();
    writeFileSync(key, second.key);
    const data = join(temporaryDirectory(), 'data');
    expect(await run(['--port', '0', '--data', data, ...flags]).ended).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `barewire: The key in ${key} is not that of the first certificate in ${cert}.\n`,
    });
    expect(existsSync(data)).toBe(false);
  });

  it('is read again at SIGHUP; one that cannot be used is logged, and the old one stays', async () => {
    const { put, cert, flags } = certificateFiles();
    const { program, port } = await start(flags, { LOG_LEVEL: 'info' });
    const old = await TcpPeer.secure(port, first.cert);
    await old.upgrade(port, '/chat');
    put(second);
    program.signal('SIGHUP');
    await program.output(/"the certificate was read again/, 'stderr');
    await expect(TcpPeer.secure(port, first.cert)).rejects.toThrow();
    (await TcpPeer.secure(port, second.cert)).destroy();

    writeFileSync(cert, 'no certificate');
    program.signal('SIGHUP');
    await program.output(/"level":50.*the old certificate stays: .*chat\.crt holds no certificate/, 'stderr');
    (await TcpPeer.secure(port, second.cert)).destroy();
    // Who was connected before did not notice.
    expect(old.socket.destroyed).toBe(false);
    old.destroy();
    await program.stop();
  });

  it('is read again when it changes', async () => {
    const { put, flags } = certificateFiles();
    const { program, port } = await start(flags, { LOG_LEVEL: 'info' });
    put(second);
    await program.output(/"the certificate was read again/, 'stderr');
    (await TcpPeer.secure(port, second.cert)).destroy();
    await program.stop();
  });
});

describe('behind proxies', () => {
  it('that are trusted, a client has the address that they say, and pages their own origin', async () => {
    const { program, port } = await start(['--trust-proxy', 'loopback'], { LOG_LEVEL: 'info' });
    const peer = await TcpPeer.connect(port);
    // As a proxy that ends TLS passes it on: Host as the browser sent it.
    peer.send(
      upgrade('chat.example.org', 'https://chat.example.org', 'X-Forwarded-For: 198.51.100.1, 203.0.113.9'),
    );
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 101 /);
    peer.destroy();
    expect(await firstClose(program)).toMatchObject({ remoteAddress: '203.0.113.9' });
    await program.stop();
  });

  it('that are not trusted, it has theirs', async () => {
    const { program, port } = await start(['--trust-proxy', '192.0.2.1'], { LOG_LEVEL: 'info' });
    const peer = await TcpPeer.open(port, '/chat', ['X-Forwarded-For: 203.0.113.9']);
    peer.destroy();
    expect(await firstClose(program)).toMatchObject({ remoteAddress: '127.0.0.1' });
    await program.stop();
  });

  it('with the PROXY protocol it has what the header says, before TLS too', async () => {
    const { cert, key } = certificate('first');
    const directory = temporaryDirectory();
    const [certFile, keyFile] = [join(directory, 'crt'), join(directory, 'key')];
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key);
    const trust = ['--proxy-protocol', '--trust-proxy', '127.0.0.1'];
    const plain = await start(trust, { LOG_LEVEL: 'info' });
    const peer = await TcpPeer.connect(plain.port);
    peer.send('PROXY TCP4 203.0.113.7 192.0.2.1 40000 80\r\n');
    await peer.upgrade(plain.port, '/chat');
    peer.destroy();
    expect(await firstClose(plain.program)).toMatchObject({ remoteAddress: '203.0.113.7' });
    await plain.program.stop();

    const secure = await start([...trust, '--tls-cert', certFile, '--tls-key', keyFile], {
      LOG_LEVEL: 'info',
    });
    const tcp = await TcpPeer.connect(secure.port);
    tcp.send('PROXY TCP6 2001:db8::17 2001:db8::1 40000 443\r\n');
    const peerOverTls = await TcpPeer.securely(tcp.socket, cert);
    await peerOverTls.upgrade(secure.port, '/chat');
    peerOverTls.destroy();
    expect(await firstClose(secure.program)).toMatchObject({ remoteAddress: '2001:db8::17' });
    await secure.program.stop();
  });
});

describe('stopping', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s says when to come back, closes with 1012 and ends with 0',
    async (signal) => {
      const { program, port, data } = await start();
      const client = await ChatClient.connect(port);
      const { token = '' } = await client.ok('session:enter', { name: 'Ada' });
      await client.ok('message:send', { nonce: 'nonce-01', content: { type: 'text', text: 'kept' } });
      program.signal(signal);
      const { code, reason } = await client.closed;
      expect([code, reason]).toEqual([
        1012,
        expect.stringMatching(/^The server restarts\. retry after \d+ ms$/),
      ]);
      expect(retryAfterOf(reason)).toBeLessThan(5000);
      expect(client.events.at(-1)).toEqual({ event: 'server:restart', data: { retryWithin: 5000 } });
      expect(await program.ended).toMatchObject({ code: 0, stderr: expect.stringMatching(ownerLine) });
      const again = await start([], {}, data);
      const back = await ChatClient.connect(again.port);
      const { cursor } = await back.ok('session:resume', { token });
      const { items } = await back.ok('message:page', { before: cursor.offset + 1 });
      expect(items.at(-1)).toMatchObject({ offset: cursor.offset, content: { text: 'kept' } });
      await again.program.stop();
    },
  );

  it('tells requests that still come when to come back, and carries uploads to their end', async () => {
    const { program, port } = await start();
    const client = await ChatClient.connect(port);
    const { token = '' } = await client.ok('session:enter', { name: 'Ada' });
    const body = await picture('image/png', 8, 8);
    const peer = await TcpPeer.connect(port);
    const lines = [
      'POST /api/images HTTP/1.1',
      'Host: localhost',
      `Authorization: Bearer ${token}`,
      `Content-Length: ${body.length}`,
      'Expect: 100-continue',
    ];
    peer.send(`${lines.join('\r\n')}\r\n\r\n`);
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 100 /);
    program.signal('SIGTERM');
    await client.closed;
    // In one write, so that the connection is never idle, which would end it.
    peer.send(Buffer.concat([body, Buffer.from('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')]));
    const answers = (await peer.rest()).toString();
    expect(answers.match(/^HTTP\/1\.1 \d{3}|^Retry-After: .*(?=\r$)/gm)).toEqual([
      'HTTP/1.1 201',
      'HTTP/1.1 503',
      'Retry-After: 5',
    ]);
    expect(await program.ended).toMatchObject({ code: 0, stderr: expect.stringMatching(ownerLine) });
  });

  it('carries out first what was asked before, in silence', async () => {
    const { program, port, data } = await start();
    const client = await ChatClient.connect(port);
    const { token = '' } = await client.ok('session:enter', { name: 'Ada' });
    for (let number = 0; number < 50; number++) {
      client.send('message:send', { nonce: `pipelined-${number}`, content: { type: 'text', text: 'x' } });
    }
    await client.seen((pushed) => pushed.event === 'room:event' && pushed.data.event.type === 'message');
    program.signal('SIGTERM');
    expect(await program.ended).toMatchObject({ code: 0, stderr: expect.stringMatching(ownerLine) });
    const again = await start([], {}, data);
    const back = await ChatClient.connect(again.port);
    await back.ok('session:resume', { token });
    const { items } = await back.ok('message:page', { limit: 100 });
    expect(items.filter(({ type }) => type === 'message').length).toBeGreaterThanOrEqual(
      client.events.filter(({ event }) => event === 'reply:ok').length - 1,
    );
    await again.program.stop();
  });

  it('tells streams and polls why, and when to come back', async () => {
    const { program, url } = await start();
    const reader = await StreamReader.open(`${url}/api/stream`);
    await reader.connection();
    const id = await openPolling({ url });
    const hello = await poll({ url }, id);
    const waiting = poll({ url }, id, `?after=${hello.last}&wait=25000`);
    // The server counts a long poll once it has one.
    for (let counts = ''; !counts.includes('"long-poll":1'); ) {
      counts = await (await fetch(`${url}/healthz`)).text();
    }
    program.signal('SIGTERM');
    const restart = { event: 'server:restart', data: { retryWithin: 5000 } };
    const closed = {
      event: 'connection:closed',
      data: { code: 1012, reason: expect.stringMatching(/^The server restarts\. retry after \d+ ms$/) },
    };
    await reader.ended();
    expect(reader.events.slice(1).map(({ data }) => data)).toEqual([restart, closed]);
    expect((await waiting).messages.map(([, message]) => message)).toEqual([restart, closed]);
    expect(await program.ended).toMatchObject({ code: 0 });
  });

  it('does not wait for ever for a peer that does not answer', async () => {
    const { program, port } = await start();
    const peer = await TcpPeer.open(port, '/chat');
    program.signal('SIGTERM');
    expect(await program.ended).toMatchObject({ code: 0 });
    peer.destroy();
  });

  it('on a second signal ends at once', async () => {
    const { program, port } = await start();
    const mute = await TcpPeer.open(port, '/chat');
    const client = await ChatClient.connect(port);
    program.signal('SIGTERM');
    await client.seen(({ event }) => event === 'server:restart');
    program.signal('SIGINT');
    expect(await program.ended).toMatchObject({ code: 130 });
    mute.destroy();
  });
});

describe('kill -9', () => {
  it.each([1, 2, 3])(
    'under sends loses nothing that was acknowledged, and repeats nothing (seed %i)',
    async (seed) => {
      const first = await start();
      const senders = await Promise.all(['Ada', 'Bob', 'Cy', 'Di'].map((name) => enter(first.port, name)));
      const acknowledged = new Map<string, Receipt>();
      const total = senders.length * 55;
      // A plain generator: the seed is in the test's name.
      const killAfter = 20 + ((seed * 7919 * 104_729) % (total - 60));
      let dead = false;
      // Five are under way for each sender, so some are on their way, unacknowledged, when the signal comes.
      await Promise.all(
        senders.flatMap(({ client, name }) =>
          [0, 1, 2, 3, 4].map(async (lane) => {
            for (let index = lane; index < 55 && !dead; index += 5) {
              const nonce = `${name}-nonce-${index}`;
              const receipt = await say(client, nonce).catch(() => undefined);
              if (receipt === undefined) return;
              acknowledged.set(nonce, receipt);
              if (acknowledged.size < killAfter || dead) continue;
              dead = true;
              first.program.signal('SIGKILL');
            }
          }),
        ),
      );
      expect((await first.program.ended).signal).toBe('SIGKILL');
      expect(acknowledged.size).toBeGreaterThanOrEqual(killAfter);
      expect(acknowledged.size).toBeLessThan(total);

      const second = await start([], {}, first.data);
      const back = await Promise.all(
        senders.map(async ({ name, token }) => {
          const client = await ChatClient.connect(second.port);
          await client.ok('session:resume', { token });
          return { name, client };
        }),
      );
      const reader = back[0]?.client;
      if (reader === undefined) throw new Error('nobody is back');
      const stored = new Map((await history(reader)).map((message) => [message.nonce, message]));
      for (const [nonce, { offset, id, time }] of acknowledged) {
        expect(stored.get(nonce)).toMatchObject({ offset, id, time });
      }
      // Everybody sends everything again: whatever was stored is not stored twice.
      await Promise.all(
        back.flatMap(({ client, name }) =>
          Array.from({ length: 55 }, async (_, index) => {
            const nonce = `${name}-nonce-${index}`;
            const receipt = await say(client, nonce);
            const before = acknowledged.get(nonce);
            if (before !== undefined) expect(receipt).toEqual(before);
          }),
        ),
      );
      const all = await history(reader);
      const offsets = all.map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.toSorted((one, other) => one - other));
      expect(all).toHaveLength(total);
      expect(new Set(all.map(({ nonce }) => nonce)).size).toBe(total);
      expect((await second.program.stop()).code).toBe(0);
    },
  );

  async function enter(port: number, name: string) {
    const client = await ChatClient.connect(port);
    const { token = '' } = await client.ok('session:enter', { name });
    return { name, client, token };
  }

  function say(client: ChatClient, nonce: string): Promise<Receipt> {
    if (client.socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error('not open'));
    return client.ok('message:send', { nonce, content: { type: 'text', text: nonce } });
  }

  async function history(client: ChatClient): Promise<Message[]> {
    const messages: Message[] = [];
    for (let before = 1_000_000, more = true; more; ) {
      const page = await client.ok('message:page', { before, limit: 100 });
      messages.unshift(...page.items.filter((item) => item.type === 'message'));
      more = page.hasOlder;
      before = page.items[0]?.offset ?? 1;
    }
    return messages;
  }
});
