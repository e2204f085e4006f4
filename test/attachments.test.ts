/** WebSockets on http servers that somebody else runs: node:http, node:https, and what frameworks make of them. */
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AttachableServer } from '../src/attachments.ts';
import { encodeFrame, Opcode } from '../src/frame.ts';
import { certificate } from './support/certificates.ts';
import { serve } from './support/serving.ts';
import { answer, TcpPeer, upgradeHead } from './support/tcp-peer.ts';

const text = (value: string) => new TextEncoder().encode(value);
const textFrame = (value: string) => Buffer.from(encodeFrame({ opcode: Opcode.text, payload: text(value) }));

type Listener = (request: IncomingMessage, response: ServerResponse) => void;
const page: Listener = (request, response) => void response.end(`page ${request.url}`);

/** Has it listen until the test ends. @returns its port */
async function listen(server: AttachableServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** A server of ours that does not listen itself. */
const attachable = (...parameters: Parameters<typeof serve>) =>
  serve(parameters[0], parameters[1], { listen: false });

async function echoes(peer: TcpPeer): Promise<boolean> {
  peer.sendFrame({ opcode: Opcode.text, payload: text('echo') });
  return (await peer.take(6)).equals(textFrame('echo'));
}

describe('a server of node:http', () => {
  test('serves its pages as before, and WebSockets besides', async () => {
    const http = createHttpServer(page);
    const port = await listen(http);
    const { server, opened } = await attachable();
    server.attach(http);
    const peer = await TcpPeer.open(port, '/room');
    const socket = await opened();
    expect([socket.data, socket.remoteAddress, socket.request.secure]).toEqual(['/room', '127.0.0.1', false]);
    expect(await echoes(peer)).toBe(true);
    expect(await (await fetch(`http://127.0.0.1:${port}/x`)).text()).toBe('page /x');
  });

  test('the first frame may come right behind the head, and an async decision is waited for', async () => {
    const http = createHttpServer(page);
    const port = await listen(http);
    const { server } = await attachable({
      upgrade: async ({ path }) => {
        await new Promise(setImmediate);
        return { data: path };
      },
    });
    server.attach(http);
    const peer = await TcpPeer.connect(port);
    const early = encodeFrame({ opcode: Opcode.text, payload: text('early'), maskingKey: 3 });
    peer.send(Buffer.concat([Buffer.from(upgradeHead(port)), early]));
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 101 /);
    expect(await peer.take(7)).toEqual(textFrame('early'));
  });

  test('a decision that comes as the client goes opens nothing', async () => {
    const opened: unknown[] = [];
    let decide: (decision: { data: string }) => void = () => {};
    const http = createHttpServer(page);
    const port = await listen(http);
    const { server } = await attachable({
      upgrade: () =>
        new Promise<{ data: string }>((resolve) => {
          decide = resolve;
        }),
      open: (socket) => void opened.push(socket),
    });
    server.attach(http);
    const gone = new Promise((resolve) => {
      http.on('upgrade', (_request, stream) => {
        // Between its end and its close.
        stream.on('end', () => decide({ data: 'late' }));
        stream.on('close', resolve);
        peer.socket.end();
      });
    });
    const peer = await TcpPeer.connect(port);
    peer.send(upgradeHead(port));
    await gone;
    expect(opened).toEqual([]);
    expect(server.sockets.size).toBe(0);
  });

  test('many small packets before the decision count with what they cost', async () => {
    const http = createHttpServer(page);
    const port = await listen(http);
    let decide: (decision: { data: string }) => void = () => {};
    const { server, closed } = await attachable({
      upgrade: () =>
        new Promise((resolve) => {
          decide = resolve;
        }),
    });
    server.attach(http);
    const accepted = new Promise<Socket>((resolve) => http.once('connection', resolve));
    const peer = await TcpPeer.connect(port);
    const stream = await accepted;
    peer.send(upgradeHead(port));
    const frame = encodeFrame({ opcode: Opcode.binary, payload: new Uint8Array(120), maskingKey: 3 });
    for (const octet of frame) {
      const before = stream.bytesRead;
      peer.send(Uint8Array.of(octet));
      await expect.poll(() => stream.bytesRead, { interval: 1 }).toBeGreaterThan(before);
    }
    // 126 octets, far from 16 KiB.
    expect(stream.isPaused()).toBe(true);
    decide({ data: '' });
    await peer.head();
    peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xe8) });
    await peer.ended;
    peer.socket.end();
    expect(await closed()).toMatchObject({ wasClean: true, messagesReceived: 1 });
  });

  test('takes as many WebSockets as there may be connections', async () => {
    const http = createHttpServer(page);
    const port = await listen(http);
    const { server } = await attachable({}, { maxConnections: 2 });
    server.attach(http);
    const [one] = [await TcpPeer.open(port), await TcpPeer.open(port)];
    expect(await answer(port, upgradeHead(port))).toMatch(
      /^HTTP\/1\.1 503 [\s\S]*as many connections as it takes/,
    );
    one.destroy();
    await expect.poll(() => server.sockets.size).toBe(1);
    await TcpPeer.open(port);
  });

  test('a request that is refused is refused in words, by our rules', async () => {
    const http = createHttpServer(page);
    const port = await listen(http);
    const { server, errors } = await attachable({
      upgrade: ({ path }) => (path === '/no' ? { refuse: 403, explanation: 'Not here.' } : { data: path }),
    });
    server.attach(http);
    expect(await answer(port, upgradeHead(port, '/no'))).toContain('Not here.');
    const old = upgradeHead(port).replace('Version: 13', 'Version: 8');
    expect(await answer(port, old)).toMatch(/^HTTP\/1\.1 426 /);
    const foreign = upgradeHead(port, '/', ['Origin: https://evil.example']);
    expect(await answer(port, foreign)).toMatch(/^HTTP\/1\.1 403 /);
    expect(errors).toEqual([]);
  });

  test('its slow clients have our deadlines once they are WebSockets', async () => {
    const http = createHttpServer(page);
    const port = await listen(http);
    const { server, clock } = await attachable({}, { pingInterval: 5000 });
    server.attach(http);
    const peer = await TcpPeer.open(port);
    clock.advance(5000);
    expect((await peer.take(6)).subarray(0, 2)).toEqual(Buffer.from([0x89, 4]));
  });

  test('connections are counted for their address when they are upgraded, and only then', async () => {
    const http = createHttpServer(page);
    const port = await listen(http);
    const { server } = await attachable({}, { maxConnectionsPerAddress: 1 });
    server.attach(http);
    const peer = await TcpPeer.open(port);
    expect(await answer(port, upgradeHead(port))).toMatch(/^HTTP\/1\.1 503 /);
    expect(await (await fetch(`http://127.0.0.1:${port}/x`)).text()).toBe('page /x');
    peer.socket.resetAndDestroy();
    await expect.poll(() => server.sockets.size).toBe(0);
    await TcpPeer.open(port);
  });

  test('an upgrade behind a response that is still being written is not answered into it', async () => {
    let finish: () => void = () => {};
    const http = createHttpServer((_, response) => {
      response.write('begun');
      finish = () => response.end();
    });
    const port = await listen(http);
    const { server } = await attachable();
    server.attach(http);
    const peer = await TcpPeer.connect(port);
    peer.send(`GET / HTTP/1.1\r\nHost: x\r\n\r\n${upgradeHead(port)}`);
    expect((await peer.rest()).toString()).not.toContain('101');
    finish();
    peer.socket.end();
    expect(server.sockets.size).toBe(0);
  });

  test.each([
    ['400 for a missing Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['417 for an unknown Expect', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n', 417],
  ])("nothing is answered behind node:http's own %s", async (_, first, status) => {
    const http = createHttpServer(page);
    const port = await listen(http);
    const { server } = await attachable();
    server.attach(http);
    for (const second of [upgradeHead(port), upgradeHead(port).replace('websocket', 'h2c')]) {
      const answered = await answer(port, first + second);
      expect(answered).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answered.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    }
    expect(server.sockets.size).toBe(0);
  });

  test('responses to requests that expect something count, whoever answers them', async () => {
    const http = createHttpServer(page);
    http.on('checkContinue', (_, response: ServerResponse) => void response.write('begun'));
    const port = await listen(http);
    const { server } = await attachable();
    server.attach(http);
    const post = 'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n';
    expect(await answer(port, post + upgradeHead(port))).not.toContain('101');
    expect(server.sockets.size).toBe(0);
  });

  test('a stream that is at its end is nobody’s to decide on', async () => {
    const http = createHttpServer(page);
    const port = await listen(http);
    const asked: string[] = [];
    const { server } = await attachable({
      upgrade: ({ path }) => {
        asked.push(path);
        return { data: path };
      },
    });
    http.on(
      'upgrade',
      (_, stream) => void stream.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'),
    );
    server.attach(http);
    expect(await answer(port, upgradeHead(port))).toMatch(/^HTTP\/1\.1 204 [\s\S]*\r\n\r\n$/);
    expect([asked, server.sockets.size]).toEqual([[], 0]);
  });

  test('a stream without TCP under it is let go', async () => {
    const http = createHttpServer(page);
    const { server } = await attachable();
    server.attach(http);
    const stream = new PassThrough();
    const request = {
      method: 'GET',
      url: '/',
      httpVersion: '1.1',
      rawHeaders: ['Host', 'x', 'Upgrade', 'websocket', 'Connection', 'Upgrade'],
    };
    http.emit('upgrade', request, stream, Buffer.alloc(0));
    expect(stream.destroyed).toBe(true);
  });
});

test('a server of node:https: the request is secure', async () => {
  const own = certificate('first');
  const https = createHttpsServer(own, page);
  const port = await listen(https);
  const { server, opened } = await attachable();
  server.attach(https, { path: '/chat' });
  const peer = await TcpPeer.secure(port, own.cert);
  await peer.upgrade(port, '/chat');
  expect((await opened()).request.secure).toBe(true);
  expect(await echoes(peer)).toBe(true);
  // The offer of another protocol is declined by serving the request, over TLS as well.
  const other = await TcpPeer.secure(port, own.cert);
  other.send('GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  expect(await other.head()).toMatch(/^HTTP\/1\.1 200 /);
  for (const each of [peer, other]) each.destroy();
});

describe('what frameworks do', () => {
  test('an application that is a function, given to node:http', async () => {
    // As Express is: a function with a chain of its own, which ends in 404.
    const chain: ((request: IncomingMessage, response: ServerResponse, next: () => void) => void)[] = [];
    const application: Listener = (request, response) => {
      const next = (index: number): void => {
        const step = chain[index];
        if (step !== undefined) step(request, response, () => next(index + 1));
        else response.writeHead(404).end('Cannot GET');
      };
      next(0);
    };
    chain.push((request, response, next) => (request.url === '/hello' ? response.end('hello') : next()));
    const http = createHttpServer(application);
    const port = await listen(http);
    const { server } = await attachable();
    server.attach(http, { path: '/socket' });
    expect(await (await fetch(`http://127.0.0.1:${port}/hello`)).text()).toBe('hello');
    expect((await fetch(`http://127.0.0.1:${port}/socket`)).status).toBe(404);
    expect(await echoes(await TcpPeer.open(port, '/socket'))).toBe(true);
  });

  test('a framework that makes its server itself, and routes later', async () => {
    // As Fastify does: the server is there at once, its listener waits until the application is ready.
    let ready: () => void = () => {};
    const whenReady = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const http = createHttpServer((request, response) => void whenReady.then(() => page(request, response)));
    const { server } = await attachable();
    server.attach(http, { path: '/socket' });
    const port = await listen(http);
    const peer = await TcpPeer.open(port, '/socket');
    ready();
    expect(await echoes(peer)).toBe(true);
    expect(await (await fetch(`http://127.0.0.1:${port}/x`)).text()).toBe('page /x');
  });
});

describe('paths', () => {
  const statusOf = async (port: number, path: string) =>
    Number((await answer(port, upgradeHead(port, path))).slice(9, 12));

  test('that do not match are refused with 404 when nobody else listens', async () => {
    const http = createHttpServer(page);
    const port = await listen(http);
    const { server, opened } = await attachable();
    server.attach(http, { path: '/chat' });
    expect(await answer(port, upgradeHead(port, '/other'))).toContain('There is no WebSocket at this path.');
    for (const path of ['/', '/chat/', '/chatter', '/CHAT']) expect(await statusOf(port, path)).toBe(404);
    await TcpPeer.open(port, '/chat?as=me');
    expect((await opened()).request.query.get('as')).toBe('me');
  });

  test('may be told by a function; one that throws is reported and matches nothing', async () => {
    const http = createHttpServer(page);
    const port = await listen(http);
    const { server, errors } = await attachable();
    server.attach(http, {
      path: (path) => {
        if (path === '/bug') throw new Error('bug');
        return path.startsWith('/rooms/');
      },
    });
    await TcpPeer.open(port, '/rooms/1');
    expect(await statusOf(port, '/room')).toBe(404);
    expect(await statusOf(port, '/bug')).toBe(404);
    expect(errors.map(String)).toEqual(['Error: bug']);
  });

  test('that do not match are left to whoever else listens', async () => {
    for (const first of ['ours', 'theirs'] as const) {
      const pages: unknown[] = [];
      const http = createHttpServer((request) => pages.push(request.url));
      const port = await listen(http);
      const { server } = await attachable();
      if (first === 'ours') server.attach(http, { path: '/ours' });
      http.on('upgrade', (request, stream) => {
        if (request.url === '/theirs') stream.end('HTTP/1.1 418 Mine\r\nConnection: close\r\n\r\n');
      });
      if (first === 'theirs') server.attach(http, { path: '/ours' });
      await TcpPeer.open(port, '/ours');
      expect(await statusOf(port, '/theirs')).toBe(418);
      const other = 'GET /theirs HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
      expect(await answer(port, other)).toMatch(/^HTTP\/1\.1 418 /);
      expect(pages).toEqual([]);
    }
  });

  test('may be shared among several of ours', async () => {
    const http = createHttpServer(page);
    const port = await listen(http);
    const [one, two] = [await attachable(), await attachable()];
    const detachOne = one.server.attach(http, { path: '/one' });
    two.server.attach(http, { path: '/two' });
    await TcpPeer.open(port, '/one');
    await TcpPeer.open(port, '/two');
    expect([(await one.opened()).data, (await two.opened()).data]).toEqual(['/one', '/two']);
    expect(await statusOf(port, '/three')).toBe(404);
    detachOne();
    expect(await statusOf(port, '/one')).toBe(404);
    await TcpPeer.open(port, '/two');
  });

  test('that are none are an error at once', async () => {
    const http = createHttpServer(page);
    const { server } = await attachable();
    const attach = (path: unknown) => () => server.attach(http, { path: path as string });
    expect(attach('chat')).toThrow('path is "chat"; it takes text that begins with a slash, or a function.');
    expect(attach(7)).toThrow(TypeError);
    expect(http.listenerCount('upgrade')).toBe(0);
  });
});

describe('the end', () => {
  const attached = async (http: HttpServer) => {
    const port = await listen(http);
    const serving = await attachable();
    const detach = serving.server.attach(http);
    return { ...serving, port, detach };
  };

  test('detaching takes no more, and keeps what is open', async () => {
    const http = createHttpServer(page);
    const { port, detach } = await attached(http);
    const peer = await TcpPeer.open(port);
    detach();
    detach();
    expect([http.listenerCount('upgrade'), http.listenerCount('request')]).toEqual([0, 1]);
    expect(await echoes(peer)).toBe(true);
    // Without an 'upgrade' listener node:http serves it as a page.
    expect(await answer(port, upgradeHead(port, '/', ['Connection: close']))).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('closing closes the WebSockets, and the http server goes on', async () => {
    const http = createHttpServer(page);
    const { port, server, records } = await attached(http);
    const peer = await TcpPeer.open(port);
    const stopped = server.close();
    expect((await peer.take(4)).subarray(2)).toEqual(Buffer.from([0x03, 0xe9]));
    peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xe9) });
    await peer.ended;
    peer.socket.end();
    await stopped;
    expect(records).toMatchObject([{ code: 1001, wasClean: true, initiator: 'us' }]);
    expect(await (await fetch(`http://127.0.0.1:${port}/x`)).text()).toBe('page /x');
    expect(http.listenerCount('upgrade')).toBe(0);
    expect(() => server.attach(http)).toThrow(/has been stopped/);
  });

  test('whoever does not finish in time is cut off', async () => {
    const http = createHttpServer(page);
    const { port, server, closed, clock } = await attached(http);
    await TcpPeer.open(port);
    const stopped = server.close();
    clock.advance(5000);
    await stopped;
    expect(await closed()).toMatchObject({ code: 1006, initiator: 'us' });
  });

  test('one who was refused and does not go away is waited for, no longer than the deadline', async () => {
    const http = createHttpServer(page);
    const port = await listen(http);
    const { server, clock } = await attachable({ upgrade: () => ({ refuse: 401, explanation: 'No.' }) });
    server.attach(http);
    const peer = await TcpPeer.connect(port);
    peer.send(upgradeHead(port));
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 401 /);
    let isStopped = false;
    const stopped = server.close().then(() => {
      isStopped = true;
    });
    await new Promise(setImmediate);
    expect(isStopped).toBe(false);
    clock.advance(6000);
    await stopped;
    const connections = await new Promise((resolve) =>
      http.getConnections((_error, count) => resolve(count)),
    );
    expect(connections).toBe(0);
  });
});
