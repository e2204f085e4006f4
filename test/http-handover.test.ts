/** Plain HTTP on the server's port, and upgrades that come on a connection which served HTTP before. Real TCP. */
import { Agent, get, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { encodeFrame, Opcode } from '../src/frame.ts';
import { HttpHandover, inactivityTimeout } from '../src/http-handover.ts';
import { serve } from './support/serving.ts';
import { answer, TcpPeer, upgradeHead } from './support/tcp-peer.ts';

const text = (value: string) => new TextEncoder().encode(value);
const textFrame = (value: string) => Buffer.from(encodeFrame({ opcode: Opcode.text, payload: text(value) }));

describe('requests that are no upgrade', () => {
  const http = (request: IncomingMessage, response: ServerResponse): void => {
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    request.on('end', () => response.end(`${request.method} ${request.url} ${length}`));
  };

  const fetchText = async (url: string, init?: RequestInit): Promise<string> =>
    (await fetch(url, init)).text();

  test('go to node:http on the same port: keep-alive, bodies, pipelining', async () => {
    const { port } = await serve({}, { http });
    expect(await fetchText(`http://127.0.0.1:${port}/a?b`)).toBe('GET /a?b 0');
    const body = new Uint8Array(3_000_000);
    expect(await fetchText(`http://127.0.0.1:${port}/up`, { method: 'POST', body })).toBe('POST /up 3000000');
    const peer = await TcpPeer.connect(port);
    peer.send('GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const both = (await peer.rest()).toString();
    peer.socket.end();
    expect(both.indexOf('GET /1 0')).toBeGreaterThan(0);
    expect(both.indexOf('GET /2 0')).toBeGreaterThan(both.indexOf('GET /1 0'));
  });

  test('without an http handler they are told what this is', async () => {
    const { port } = await serve();
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect(await response.text()).toMatch(/^This server speaks WebSocket only/);
  });

  test('a connection that served a page may be upgraded afterwards, with the first frame right behind', async () => {
    const { port } = await serve({}, { http });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const first = await new Promise<Socket>((resolve, reject) => {
      get({ port, host: '127.0.0.1', path: '/page', agent }, (response) => {
        const { socket } = response;
        response.resume();
        response.on('end', () => setImmediate(() => resolve(socket)));
      }).on('error', reject);
    });
    const { socket, reused } = await new Promise<{ socket: Socket; reused: boolean }>((resolve, reject) => {
      const request = httpRequest({
        port,
        host: '127.0.0.1',
        path: '/chat',
        agent,
        headers: {
          Connection: 'Upgrade',
          Upgrade: 'websocket',
          'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
          'Sec-WebSocket-Version': '13',
        },
      });
      request.on('upgrade', (_, upgraded) =>
        resolve({ socket: upgraded as Socket, reused: request.reusedSocket }),
      );
      request.on('response', (response) => reject(new Error(`refused with ${response.statusCode}`)));
      request.on('error', reject);
      request.end();
    });
    expect(reused).toBe(true);
    expect(socket).toBe(first);
    const echoed = new Promise((resolve) => socket.once('data', resolve));
    socket.write(encodeFrame({ opcode: Opcode.text, payload: text('hi'), maskingKey: 7 }));
    expect(await echoed).toEqual(textFrame('hi'));
    socket.destroy();
  });

  test("another protocol's upgrade offer is declined by serving the request", async () => {
    const { port } = await serve({}, { http });
    const offer =
      'Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n';
    const peer = await TcpPeer.connect(port);
    peer.send(`POST /h2 HTTP/1.1\r\n${offer}Content-Length: 4\r\n\r\nbody`);
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 200 /);
    expect((await peer.take(10)).toString()).toBe('POST /h2 4');
    peer.destroy();
  });

  test('a handler that throws or rejects costs its request 500, or the rest of its answer', async () => {
    const { port, errors } = await serve(
      {},
      {
        http: async (request, response) => {
          if (request.url === '/half') response.write('half');
          throw new Error(`bug in ${request.url}`);
        },
      },
    );
    const sync = await serve(
      {},
      {
        http: () => {
          throw new Error('sync bug');
        },
      },
    );
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(500);
    await expect(
      fetch(`http://127.0.0.1:${port}/half`).then((response) => response.text()),
    ).rejects.toThrow();
    expect((await fetch(`http://127.0.0.1:${sync.port}/`)).status).toBe(500);
    expect(errors.map(String)).toEqual(['Error: bug in /', 'Error: bug in /half']);
    expect(sync.errors.map(String)).toEqual(['Error: sync bug']);
  });

  test('an upgrade behind a response that is still being written is not answered into it', async () => {
    let finish: (() => void) | undefined;
    const { port, server } = await serve(
      {},
      {
        http: (_, response) => {
          response.write('begun');
          finish = () => response.end();
        },
      },
    );
    const peer = await TcpPeer.connect(port);
    peer.send(`GET / HTTP/1.1\r\nHost: x\r\n\r\n${upgradeHead(port)}`);
    const answered = (await peer.rest()).toString();
    peer.socket.end();
    finish?.();
    expect(answered).not.toContain('101');
    expect(server.sockets.size).toBe(0);
  });

  test.each([
    ['400 for a missing Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['417 for an unknown Expect', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n', 417],
  ])("nothing is answered behind node:http's own %s", async (_, first, status) => {
    const { port, server } = await serve();
    for (const second of [upgradeHead(port), upgradeHead(port).replace('websocket', 'h2c')]) {
      const answered = await answer(port, first + second);
      expect(answered).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answered.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    }
    expect(server.sockets.size).toBe(0);
  });

  test('a client that breaks off in its body leaves nothing behind', async () => {
    const { port, server } = await serve({}, { http });
    const peer = await TcpPeer.connect(port);
    peer.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab');
    peer.destroy();
    await peer.ended;
    await server.close();
  });
});

describe('a connection on which nothing moves', () => {
  async function handedOver(first: string) {
    const upgraded: unknown[] = [];
    const handover = new HttpHandover((_, response) => void response.write(Buffer.alloc(32_000_000)), {
      upgrade: (tcp) => upgraded.push(tcp),
      refuse: (_, error) => upgraded.push(error),
      report: (error) => upgraded.push(error),
    });
    const listening = createServer({ allowHalfOpen: true });
    const accepted = new Promise<Socket>((resolve) => listening.once('connection', resolve));
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const address = listening.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const peer = await TcpPeer.connect(address.port);
    const tcp = await accepted;
    onTestFinished(() => {
      tcp.destroy();
      peer.destroy();
      listening.close();
      handover.stop();
    });
    peer.socket.pause();
    handover.take(tcp, Buffer.from(first));
    return { tcp, upgraded, peer };
  }

  test('is cut in time, though its client has a response to read', async () => {
    const { tcp } = await handedOver('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => tcp.writableLength).toBeGreaterThan(0);
    expect(tcp.timeout).toBe(inactivityTimeout);
    tcp.emit('timeout');
    expect(tcp.destroyed).toBe(true);
  });

  test('is cut in time when it asked for an upgrade in the middle of a response', async () => {
    const head = `GET / HTTP/1.1\r\nHost: x\r\n\r\n${upgradeHead(1)}`;
    const { tcp, upgraded } = await handedOver(head);
    await expect.poll(() => tcp.writableEnded).toBe(true);
    expect([upgraded, tcp.destroyed, tcp.timeout]).toEqual([[], false, inactivityTimeout]);
    tcp.emit('timeout');
    expect(tcp.destroyed).toBe(true);
  });

  test('loses that deadline when it is upgraded', async () => {
    const { tcp, upgraded } = await handedOver(upgradeHead(1));
    await expect.poll(() => upgraded.length).toBe(1);
    expect([tcp.timeout, tcp.listenerCount('timeout')]).toEqual([0, 0]);
    expect(upgraded).toEqual([tcp]);
  });
});
