/** From TCP to a head: limits by address, TLS with certificates that change, and whose connection it is behind proxies. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { constants, deflateRawSync } from 'node:zlib';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { encodeFrame, Opcode } from '../src/frame.ts';
import type { ServerOptions } from '../src/options.ts';
import { type Reader, type ReadTurns, readLength } from '../src/read-turns.ts';
import { certificate } from './support/certificates.ts';
import { manualClock } from './support/manual-clock.ts';
import { serve } from './support/serving.ts';
import { answer, TcpPeer, upgradeHead } from './support/tcp-peer.ts';

/** Whether the server finds what it needs to lend reads, and how often it has. */
const lent = vi.hoisted(() => ({ accepts: true, count: 0, turns: undefined as ReadTurns | undefined }));
vi.mock(import('../src/lent-socket.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return {
    ...original,
    acceptLent: (...parameters: Parameters<typeof original.acceptLent>) => {
      const accepts = lent.accepts && original.acceptLent(...parameters);
      lent.turns = parameters[1];
      if (accepts) lent.count++;
      return accepts;
    },
  };
});

const text = (value: string) => new TextEncoder().encode(value);
const textFrame = (value: string) => Buffer.from(encodeFrame({ opcode: Opcode.text, payload: text(value) }));
const first = certificate('first');
const second = certificate('second');

/** An echo server over TLS. */
const serveTls = (options: ServerOptions = {}) => serve({}, { tls: first, ...options });

async function openTls(port: number, ca = first.cert, path = '/'): Promise<TcpPeer> {
  const peer = await TcpPeer.secure(port, ca);
  await peer.upgrade(port, path);
  return peer;
}

async function echoes(peer: TcpPeer): Promise<boolean> {
  peer.sendFrame({ opcode: Opcode.text, payload: text('echo') });
  return (await peer.take(6)).equals(textFrame('echo'));
}

describe('TLS', () => {
  test('carries a WebSocket from the handshake to the closing, and the request says so', async () => {
    const { port, opened, closed } = await serveTls();
    const peer = await openTls(port, first.cert, '/room');
    const socket = await opened();
    expect([socket.data, socket.request.secure, socket.remoteAddress]).toEqual(['/room', true, '127.0.0.1']);
    expect(await echoes(peer)).toBe(true);
    peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xe8) });
    expect(await peer.rest()).toEqual(Buffer.from([0x88, 2, 0x03, 0xe8]));
    peer.socket.end();
    expect(await closed()).toMatchObject({ code: 1000, wasClean: true, initiator: 'peer' });
  });

  test('without it the request says that too', async () => {
    const { port, opened } = await serve();
    await TcpPeer.open(port);
    expect((await opened()).request.secure).toBe(false);
  });

  test('large messages go both ways whole', async () => {
    const { port } = await serveTls({ maxMessageLength: 4 * 1024 * 1024 });
    const peer = await openTls(port);
    const payload = new Uint8Array(3_000_000).map((_, index) => index * 7);
    peer.sendFrame({ opcode: Opcode.binary, payload });
    const echo = await peer.take(10 + payload.length);
    expect(echo.subarray(10).equals(payload)).toBe(true);
  });

  test('carries HTTP on the same port', async () => {
    const { port } = await serveTls({
      http: (request, response) => {
        response.end(`${request.url} ${'encrypted' in request.socket && request.socket.encrypted}`);
      },
    });
    const body = await new Promise<string>((resolve, reject) => {
      const request = httpsRequest({ port, host: '127.0.0.1', path: '/page', ca: first.cert }, (response) => {
        let received = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          received += part;
        });
        response.on('end', () => resolve(received));
      });
      request.on('error', reject).end();
    });
    expect(body).toBe('/page true');
  });

  test('a handshake that fails costs nobody else anything, and is counted', async () => {
    const { port, server, errors } = await serveTls();
    expect(server.failedTlsHandshakes).toBe(0);
    const plain = await TcpPeer.connect(port);
    plain.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await plain.ended;
    const leaving = await TcpPeer.connect(port);
    leaving.send(Uint8Array.of(0x16, 0x03, 0x01));
    leaving.socket.resetAndDestroy();
    const ending = await TcpPeer.connect(port);
    ending.send(Uint8Array.of(0x16, 0x03, 0x01));
    ending.socket.end();
    await ending.ended;
    await expect.poll(() => server.failedTlsHandshakes).toBe(3);
    expect(await echoes(await openTls(port))).toBe(true);
    expect(errors).toEqual([]);
  });

  test('a handshake that does not come to its end is cut off with the time for the head', async () => {
    const { port, clock, server } = await serveTls({ headTimeout: 10_000 });
    const silent = await TcpPeer.connect(port);
    const half = await TcpPeer.secure(port, first.cert);
    half.send('GET / HTTP/1.1\r\n');
    await openTls(port);
    clock.advance(9000);
    expect(silent.socket.destroyed).toBe(false);
    clock.advance(1000);
    await silent.ended;
    expect((await half.rest()).toString()).toMatch(/^HTTP\/1\.1 408 /);
    await expect.poll(() => server.failedTlsHandshakes).toBe(1);
    half.socket.end();
  });

  test('speaks HTTP/1.1 to whoever could speak HTTP/2 too, and nothing to whoever could only that', async () => {
    const { port } = await serveTls();
    const negotiate = (ALPNProtocols: string[]) =>
      new Promise<string | false | null>((resolve, reject) => {
        const socket = connectTls({ port, host: '127.0.0.1', ca: first.cert, ALPNProtocols }, () => {
          resolve(socket.alpnProtocol);
          socket.destroy();
        });
        socket.on('error', reject);
      });
    expect(await negotiate(['h2', 'http/1.1'])).toBe('http/1.1');
    await expect(negotiate(['h2'])).rejects.toThrow(/alert/);
  });

  test('a peer that ends its side gets all that waits for it', async () => {
    const { port, opened, closed } = await serveTls({ maxBufferedAmount: 32 * 1024 * 1024 });
    const peer = await openTls(port);
    const socket = await opened();
    peer.socket.pause();
    const part = new Uint8Array(1024 * 1024);
    for (let count = 0; count < 8; count++) socket.send(part);
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    // These wait behind a write that TCP has not taken.
    for (let count = 0; count < 8; count++) socket.send(part);
    peer.socket.end();
    await expect.poll(() => socket.readyState).toBe(3);
    peer.socket.resume();
    await peer.take(16 * (10 + part.length));
    expect(await peer.ended).toBe(true);
    expect(await closed()).toMatchObject({ code: 1006, initiator: 'network' });
  });

  test('a new certificate is for new connections; one that does not work leaves the old one', async () => {
    const { port, server } = await serveTls();
    const before = await openTls(port);
    server.setCertificate(second);
    await expect(TcpPeer.secure(port, first.cert)).rejects.toThrow();
    const after = await openTls(port, second.cert);
    expect(() => server.setCertificate({ key: first.key, cert: second.cert })).toThrow(/key values mismatch/);
    expect(() => server.setCertificate({ key: 'none', cert: 'none' })).toThrow();
    expect(() => server.setCertificate({ key: undefined, cert: undefined })).toThrow(/a key and a cert/);
    for (const peer of [before, after, await openTls(port, second.cert)])
      expect(await echoes(peer)).toBe(true);
  });

  test('a certificate that does not work is an error when the server is made', async () => {
    await expect(serve({}, { tls: { key: first.key, cert: second.cert } })).rejects.toThrow(/mismatch/);
  });

  test('a server without TLS has no certificate to change', async () => {
    const { server } = await serve();
    expect(() => server.setCertificate(first)).toThrow(/speaks no TLS/);
    expect(server.failedTlsHandshakes).toBe(0);
  });

  test('clients may have to have a certificate of their own', async () => {
    const { port } = await serveTls({ tls: { ...first, requestCert: true, ca: second.cert } });
    const open = (own: object) =>
      new Promise<TLSSocket>((resolve, reject) => {
        const socket = connectTls({ port, host: '127.0.0.1', ca: first.cert, ...own });
        // TLS 1.3 tells only afterwards that the certificate is missing.
        socket.once('error', reject);
        socket.once('close', () => reject(new Error('closed')));
        socket.write(upgradeHead(port));
        socket.once('data', () => resolve(socket));
      });
    await expect(open({})).rejects.toThrow();
    await expect(open({ ...first })).rejects.toThrow();
    (await open({ ...second })).destroy();
  });

  test('over a limit there is no answer that could be read', async () => {
    const { port } = await serveTls({ maxConnections: 1 });
    const peer = await openTls(port);
    const other = await TcpPeer.connect(port);
    expect((await other.rest()).length).toBe(0);
    expect(await echoes(peer)).toBe(true);
  });
});

describe('the client’s address behind trusted proxies', () => {
  const trustedProxies = ['127.0.0.1', '10.0.0.0/8'];
  const addresses = async (options: ServerOptions, fields: readonly string[]) => {
    const { port, opened } = await serve({}, options);
    const peer = await TcpPeer.open(port, '/', fields);
    const { remoteAddress, request } = await opened();
    peer.destroy();
    expect(request.remoteAddress).toBe(remoteAddress);
    return remoteAddress;
  };

  test('is what they say, up to the first one that is not trusted', async () => {
    const field = ['X-Forwarded-For: 198.51.100.9, 203.0.113.7, 10.1.1.1'];
    expect(await addresses({ trustedProxies }, field)).toBe('203.0.113.7');
    expect(await addresses({}, field)).toBe('127.0.0.1');
    const forwarded = ['Forwarded: for="[2001:db8::1]:443"'];
    expect(await addresses({ trustedProxies, forwardingField: 'forwarded' }, forwarded)).toBe('2001:db8::1');
    expect(await addresses({ trustedProxies }, forwarded)).toBe('127.0.0.1');
  });

  test('counts for the limit: a proxy may have any number, a client behind it not', async () => {
    const { port } = await serve({}, { trustedProxies, maxConnectionsPerAddress: 2 });
    const by = (address: string) => [`X-Forwarded-For: ${address}`];
    const open = [
      await TcpPeer.open(port, '/', by('192.0.2.1')),
      await TcpPeer.open(port, '/', by('192.0.2.1')),
      await TcpPeer.open(port, '/', by('192.0.2.2')),
      await TcpPeer.open(port, '/', by('192.0.2.3')),
    ];
    const refused = await answer(port, upgradeHead(port, '/', by('192.0.2.1')));
    expect(refused).toMatch(/^HTTP\/1\.1 503 /);
    expect(refused).toContain('Your address has as many connections as one may have.');
    open[0]?.socket.resetAndDestroy();
    await expect
      .poll(() =>
        TcpPeer.open(port, '/', by('192.0.2.1')).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });

  test('is known to the listener of plain requests', async () => {
    const { port, server } = await serve(
      {},
      { trustedProxies, http: (request, response) => void response.end(server.addressOf(request)) },
    );
    const headers = { 'X-Forwarded-For': '203.0.113.7' };
    expect(await (await fetch(`http://127.0.0.1:${port}/`, { headers })).text()).toBe('203.0.113.7');
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('127.0.0.1');
  });
});

describe('a PROXY header', () => {
  const options = { trustedProxies: ['127.0.0.1'], proxyProtocol: true } as const;
  const line = 'PROXY TCP4 203.0.113.7 192.0.2.1 51000 443\r\n';
  const version2 = Buffer.from('0d0a0d0a000d0a515549540a2111000ccb007107c0000201c73801bb', 'hex');

  test.each([
    ['version 1', Buffer.from(line)],
    ['version 2', version2],
  ])('of %s says whose connection it is, cut anywhere', async (_, header) => {
    const { port, opened } = await serve({}, options);
    for (const pieces of [[header], [...header].map((octet) => Uint8Array.of(octet))]) {
      const peer = await TcpPeer.connect(port);
      for (const piece of pieces) {
        peer.send(piece);
        await new Promise(setImmediate);
      }
      await peer.upgrade(port);
      expect((await opened()).remoteAddress).toBe('203.0.113.7');
      expect(await echoes(peer)).toBe(true);
    }
  });

  test('may come in one packet with the head and the first frame', async () => {
    const { port, opened } = await serve({}, options);
    const peer = await TcpPeer.connect(port);
    const early = encodeFrame({ opcode: Opcode.text, payload: text('early'), maskingKey: 5 });
    peer.send(Buffer.concat([Buffer.from(line), Buffer.from(upgradeHead(port)), early]));
    await peer.head();
    expect(await peer.take(7)).toEqual(textFrame('early'));
    expect((await opened()).remoteAddress).toBe('203.0.113.7');
  });

  test('comes before TLS, also in one packet with its first octets', async () => {
    const { port, opened } = await serve({}, { ...options, tls: first });
    for (const together of [false, true]) {
      const tcp = (await TcpPeer.connect(port)).socket;
      if (together) tcp.cork();
      tcp.write(line);
      if (together) setImmediate(() => tcp.uncork());
      const peer = await TcpPeer.securely(tcp, first.cert);
      await peer.upgrade(port);
      const socket = await opened();
      expect([socket.remoteAddress, socket.request.secure]).toEqual(['203.0.113.7', true]);
      expect(await echoes(peer)).toBe(true);
    }
  });

  test('serves plain requests as well, and the listener learns the address', async () => {
    const { port, server } = await serve(
      {},
      { ...options, http: (request, response) => void response.end(server.addressOf(request)) },
    );
    const peer = await TcpPeer.connect(port);
    peer.send(`${line}GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect((await peer.rest()).toString()).toMatch(/\r\n\r\n203\.0\.113\.7$/);
    peer.socket.end();
  });

  test('that names nobody leaves the proxy’s address', async () => {
    const { port, opened } = await serve({}, options);
    const peer = await TcpPeer.connect(port);
    peer.send('PROXY UNKNOWN\r\n');
    await peer.upgrade(port);
    expect((await opened()).remoteAddress).toBe('127.0.0.1');
  });

  test('counts the client, and not the proxy', async () => {
    const { port } = await serve({}, { ...options, maxConnectionsPerAddress: 1 });
    const connect = async (header: string) => {
      const peer = await TcpPeer.connect(port);
      peer.send(`${header}${upgradeHead(port)}`);
      return (await peer.head()).slice(9, 12);
    };
    const from = (address: string) => `PROXY TCP4 ${address} 192.0.2.1 51000 443\r\n`;
    expect(await connect(from('203.0.113.1'))).toBe('101');
    expect(await connect(from('203.0.113.2'))).toBe('101');
    expect(await connect(from('203.0.113.1'))).toBe('503');
  });

  test('must come from a trusted proxy, within the time for the head', async () => {
    const { port, clock } = await serve({}, options);
    expect(await answer(port, upgradeHead(port))).toMatch(/^HTTP\/1\.1 400 /);
    const silent = await TcpPeer.connect(port);
    const other = await TcpPeer.connect(port);
    other.send(line);
    await other.upgrade(port);
    clock.advance(10_000);
    expect((await silent.rest()).length).toBe(0);
    const leaving = await TcpPeer.connect(port);
    leaving.send('PROXY TCP4');
    leaving.socket.end();
    await leaving.ended;
  });

  test('over TLS a proxy without one is cut off', async () => {
    const { port } = await serve({}, { ...options, tls: first });
    await expect(TcpPeer.secure(port, first.cert)).rejects.toThrow();
  });

  test('is refused from anybody else', async () => {
    const other = { trustedProxies: ['192.0.2.1'], proxyProtocol: true } as const;
    const { port, opened, server } = await serve({}, other);
    for (const header of [Buffer.from(line), version2]) {
      const peer = await TcpPeer.connect(port);
      peer.send(Buffer.concat([header, Buffer.from(upgradeHead(port))]));
      expect((await peer.rest()).toString('latin1')).toMatch(/^HTTP\/1\.1 400 /);
      peer.socket.end();
    }
    expect(server.sockets.size).toBe(0);
    await TcpPeer.open(port);
    expect((await opened()).remoteAddress).toBe('127.0.0.1');
  });
});

/** Everything that comes over TCP, read into memory that all connections share, and as node:net reads by itself. */
test.each([
  [64 * 1024, 1],
  [16 * 1024 * 1024, 64],
])(
  'of maxReadRate, %i octets a second, a quarter of a second is free: %i reads',
  async (maxReadRate, free) => {
    await serve({}, { maxReadRate, clock: manualClock() });
    const reader: Reader = { inTurn: 0, account: undefined };
    let reads = 0;
    for (; reader.account?.held !== true; reads++) lent.turns?.after(reader, readLength);
    // What was begun within it is brought to its end: a turn of two.
    expect(reads).toBe(free + (free % 2 === 0 ? 2 : 1));
  },
);

describe.each([true, false])('connections whose reads are lent: %s', (lends) => {
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const turns = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) await turn();
  };
  const octetsOf = (length: number, first: number) =>
    Buffer.from(Uint8Array.from({ length }, (_, index) => first + index * 7));
  const hash = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex');
  const masked = (opcode: number, payload: Uint8Array, fin = true) =>
    Buffer.from(encodeFrame({ opcode, payload, fin, maskingKey: 0x37fa213d }));
  const unmasked = (opcode: number, payload: Uint8Array) => Buffer.from(encodeFrame({ opcode, payload }));

  beforeEach(() => {
    lent.accepts = lends;
    lent.count = 0;
    return () => {
      lent.accepts = true;
    };
  });

  async function listening(...parameters: Parameters<typeof serve>) {
    const serving = await serve(...parameters);
    expect(lent.count).toBe(lends ? 1 : 0);
    return serving;
  }

  test('messages and pings of many are theirs, also when they are kept', async () => {
    const kept = new Map<string, (string | Uint8Array)[]>();
    const pings = new Map<string, string[]>();
    const { port } = await listening(
      {
        open({ data }) {
          kept.set(data, []);
          pings.set(data, []);
        },
        message: ({ data }, message) => void kept.get(data)?.push(message),
        ping: ({ data }, payload) => void pings.get(data)?.push(Buffer.from(payload).toString('hex')),
      },
      { deflate: { threshold: 1 } },
    );
    const peers: TcpPeer[] = [];
    for (let index = 0; index < 30; index++) {
      const offer = index % 2 === 0 ? [] : ['Sec-WebSocket-Extensions: permessage-deflate'];
      peers.push(await TcpPeer.open(port, `/${index}`, offer));
    }
    const lengths = [0, 1, 20, 125, 126, 5000, 40_000, 65_520, 70_000];
    const sent = peers.map(() => ({ messages: [] as string[], pings: [] as string[] }));
    for (const [round, length] of lengths.entries()) {
      for (const [index, peer] of peers.entries()) {
        const payload = octetsOf(length, index + round);
        const ping = payload.subarray(0, 125);
        const due = sent[index];
        if (due === undefined) throw new RangeError('There are as many as peers.');
        due.messages.push(hash(payload));
        due.pings.push(ping.toString('hex'));
        if (index % 2 === 1) {
          const compressed = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
          const frame = masked(Opcode.binary, compressed);
          frame[0] = (frame[0] as number) | 0x40;
          peer.send(Buffer.concat([frame, masked(Opcode.ping, ping)]));
        } else {
          // In one frame, or in two with a Ping between them.
          const half = round % 2 === 0 ? length : length >>> 1;
          const frames = [
            masked(Opcode.binary, payload.subarray(0, half), half === length),
            masked(Opcode.ping, ping),
            ...(half === length ? [] : [masked(Opcode.continuation, payload.subarray(half))]),
          ];
          peer.send(Buffer.concat(frames));
        }
      }
    }
    for (const [index, peer] of peers.entries()) {
      const pongs = (sent[index]?.pings ?? []).map((ping) => unmasked(Opcode.pong, Buffer.from(ping, 'hex')));
      const expected = Buffer.concat(pongs);
      expect((await peer.take(expected.length)).equals(expected)).toBe(true);
    }
    await expect.poll(() => [...kept.values()].every((list) => list.length === lengths.length)).toBe(true);
    for (const [index, { messages, pings: due }] of sent.entries()) {
      const have = (kept.get(`/${index}`) ?? []).map((message) =>
        typeof message === 'string' ? message : hash(message),
      );
      expect(have).toEqual(messages);
      expect(pings.get(`/${index}`)).toEqual(due);
    }
  });

  test('a message that is changed by who got it changes nobody else’s', async () => {
    const kept: Uint8Array[] = [];
    const { port } = await listening({
      message(_socket, data) {
        if (typeof data === 'string') return;
        kept.push(data);
        data.fill(kept.length);
      },
    });
    const peer = await TcpPeer.open(port);
    const frames = Array.from({ length: 50 }, () => masked(Opcode.binary, new Uint8Array(1000).fill(0xee)));
    peer.send(Buffer.concat(frames));
    await expect.poll(() => kept.length).toBe(50);
    for (const [index, data] of kept.entries()) expect(new Set(data)).toEqual(new Set([index + 1]));
  });

  test('what waits for one that does not read stays as it is, whatever others are sent meanwhile', async () => {
    const { port, opened } = await listening({}, { maxBufferedAmount: 64 * 1024 * 1024 });
    const slow = await TcpPeer.open(port);
    const socket = await opened();
    const others = [await TcpPeer.open(port), await TcpPeer.open(port)];
    slow.socket.pause();
    const due: Buffer[] = [];
    let count = 0;
    const send = (length: number): void => {
      const payload = octetsOf(length, count++);
      due.push(unmasked(Opcode.binary, payload));
      socket.send(payload);
    };
    // Until octets stay with Node.
    while (socket.bufferedAmount === 0) {
      send(200_000);
      await turns(3);
    }
    const answerOthers = async (octet: number): Promise<void> => {
      const noise = new Uint8Array(1000).fill(octet);
      for (const other of others) {
        // In one write, so that the answers fill blocks as well.
        const frames = 40;
        other.send(Buffer.concat(Array(frames).fill(masked(Opcode.binary, noise))));
        const answers = Buffer.concat(Array(frames).fill(unmasked(Opcode.binary, noise)));
        expect((await other.take(answers.length)).equals(answers)).toBe(true);
      }
    };
    for (let round = 0; round < 20; round++) {
      // Before as well, so that there are blocks to be lent.
      await answerOthers(round);
      // Small ones that together are more than a block takes by reference, and every other size.
      for (let index = 0; index < 40; index++) send(round % 2 === 0 ? 1000 : 10);
      send([1, 8000, 16_383, 16_384, 30_000, 40_000][round % 6] as number);
      await turn();
    }
    await answerOthers(0xee);
    slow.socket.resume();
    const expected = Buffer.concat(due);
    expect((await slow.take(expected.length)).equals(expected)).toBe(true);
    await expect.poll(() => socket.bufferedAmount).toBe(0);
  });

  test('a Close comes behind many MiB that TCP takes piece by piece, and drain is told once', async () => {
    const drains: number[] = [];
    const { port, opened, closed, errors } = await listening(
      { drain: ({ bufferedAmount }) => void drains.push(bufferedAmount) },
      { maxBufferedAmount: 16 * 1024 * 1024 },
    );
    for (const closes of [false, true]) {
      const peer = await TcpPeer.open(port);
      const socket = await opened();
      peer.socket.pause();
      const payload = octetsOf(3 * 1024 * 1024, 1);
      const results = [1, 2, 3, 4].map(() => socket.send(payload));
      expect(results).toContain('buffered');
      if (closes) socket.close(1000);
      await turns(20);
      peer.socket.resume();
      for (let index = 0; index < 4; index++) {
        const frame = await peer.take(10 + payload.length);
        expect(frame.subarray(10).equals(payload)).toBe(true);
      }
      if (closes) {
        expect(await peer.take(4)).toEqual(Buffer.from([0x88, 2, 0x03, 0xe8]));
        peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xe8) });
        expect(await peer.ended).toBe(true);
        peer.socket.end();
        expect(await closed()).toMatchObject({ code: 1000, wasClean: true });
      } else {
        await expect.poll(() => drains.length).toBeGreaterThan(0);
        socket.send('x');
        await peer.take(3);
      }
    }
    await turns(3);
    expect([drains, errors]).toEqual([[0], []]);
  });

  test('octets behind the request come first, cut anywhere, while upgrade and open take their time', async () => {
    const early = [masked(Opcode.text, text('one')), masked(Opcode.text, text('two'))];
    let slow = false;
    const later = async <Value>(value: Value): Promise<Value> => {
      await turns(4);
      return value;
    };
    const { port } = await listening({
      upgrade: ({ path }) => (slow ? later({ data: path }) : { data: path }),
      open: () => (slow ? later(undefined) : undefined),
    });
    const octets = Buffer.concat([Buffer.from(upgradeHead(port)), ...early]);
    const expected = Buffer.concat([textFrame('one'), textFrame('two'), textFrame('three')]);
    for (slow of [false, true]) {
      // From the end of the head on.
      for (let cut = octets.length - early.length * 9 - 6; cut < octets.length; cut++) {
        const peer = await TcpPeer.connect(port);
        peer.send(octets.subarray(0, cut));
        await turns(3);
        peer.send(octets.subarray(cut));
        await peer.head();
        peer.send(masked(Opcode.text, text('three')));
        expect(await peer.take(expected.length)).toEqual(expected);
        peer.destroy();
      }
    }
  });

  test('many MiB that arrive while open takes its time wait, and come in order', async () => {
    let finish: () => void = () => {};
    const seen: string[] = [];
    const { port, server } = await listening({
      open: () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
      message: (_socket, data) => void seen.push(typeof data === 'string' ? data : hash(data)),
    });
    const peer = await TcpPeer.connect(port);
    const payloads = Array.from({ length: 12 }, (_, index) => octetsOf(1000_000, index));
    const first = payloads.map((payload) => masked(Opcode.binary, payload));
    peer.send(Buffer.concat([Buffer.from(upgradeHead(port)), masked(Opcode.text, text('early')), ...first]));
    await peer.head();
    await turns(50);
    expect(seen).toEqual([]);
    // Most of it is still the peer's.
    expect(server.heldAmount).toBeLessThan(1024 * 1024);
    expect(peer.socket.writableLength).toBeGreaterThan(0);
    finish();
    await expect.poll(() => seen.length).toBe(13);
    expect(seen).toEqual(['early', ...payloads.map(hash)]);
  });

  test('a PROXY header, a request and a frame: cut at each octet', async () => {
    const options = { trustedProxies: ['127.0.0.1'], proxyProtocol: true } as const;
    const { port, opened } = await listening({}, options);
    const headers = [
      Buffer.from('PROXY TCP4 203.0.113.7 192.0.2.1 51000 443\r\n'),
      Buffer.from('0d0a0d0a000d0a515549540a2111000ccb007107c0000201c73801bb', 'hex'),
    ];
    for (const header of headers) {
      const frame = masked(Opcode.text, text('early'));
      const octets = Buffer.concat([header, Buffer.from(upgradeHead(port)), frame]);
      for (let cut = 1; cut < octets.length; cut += cut < header.length + 4 ? 1 : 13) {
        const peer = await TcpPeer.connect(port);
        peer.send(octets.subarray(0, cut));
        await turns(2);
        peer.send(octets.subarray(cut));
        await peer.head();
        expect(await peer.take(7)).toEqual(textFrame('early'));
        expect((await opened()).remoteAddress).toBe('203.0.113.7');
        peer.destroy();
      }
    }
  });

  describe('plain HTTP', () => {
    /** Answers with the hash of what was uploaded, which it takes slowly. */
    const http: NonNullable<ServerOptions['http']> = (request, response) => {
      const sum = createHash('sha256');
      let length = 0;
      request.on('data', (chunk: Buffer) => {
        sum.update(chunk);
        length += chunk.length;
        request.pause();
        setImmediate(() => request.resume());
      });
      request.on('end', () =>
        response.end(`${request.method} ${request.url} ${length} ${sum.digest('hex')}`),
      );
    };
    const body = (reply: string) => reply.slice(reply.indexOf('\r\n\r\n') + 4);

    test('uploads of many MiB arrive whole, also when they are taken slowly', async () => {
      const { port } = await listening({}, { http });
      const upload = octetsOf(6_000_000, 3);
      const replies = await Promise.all(
        [1, 2, 3].map(async (index) => {
          const reply = await fetch(`http://127.0.0.1:${port}/${index}`, { method: 'POST', body: upload });
          return reply.text();
        }),
      );
      expect(replies).toEqual([1, 2, 3].map((index) => `POST /${index} ${upload.length} ${hash(upload)}`));
    });

    test('whoever uploads what nobody takes is held back', async () => {
      let taken: IncomingMessage | undefined;
      const { port } = await listening(
        {},
        {
          http(request, response) {
            taken = request;
            request.on('end', () => response.end('taken'));
          },
        },
      );
      const peer = await TcpPeer.connect(port);
      const upload = octetsOf(12_000_000, 3);
      peer.send(
        `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${upload.length}\r\n\r\n`,
      );
      peer.send(upload);
      await turns(100);
      expect(peer.socket.writableLength).toBeGreaterThan(0);
      const chunks: Buffer[] = [];
      taken?.on('data', (chunk: Buffer) => chunks.push(chunk));
      expect(body((await peer.rest()).toString())).toBe('taken');
      expect(Buffer.concat(chunks).equals(upload)).toBe(true);
      peer.socket.end();
    });

    test('requests one behind the other, HEAD among them, and then an upgrade on the same connection', async () => {
      const { port, opened } = await listening(
        {},
        { http: (request, response) => void response.end(`${request.method} ${request.url}`) },
      );
      const peer = await TcpPeer.connect(port);
      const request = (method: string, path: string) => `${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
      peer.send(request('GET', '/1') + request('HEAD', '/2') + request('GET', '/3'));
      for (const [method, path] of [
        ['GET', '/1'],
        ['HEAD', '/2'],
        ['GET', '/3'],
      ] as const) {
        const head = await peer.head();
        expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
        if (method === 'GET') expect(String(await peer.take(6))).toBe(`GET ${path}`);
      }
      // A request with a body, so that its parser has read from the connection itself.
      peer.send(`POST /4 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc`);
      await peer.head();
      expect(String(await peer.take(7))).toBe('POST /4');
      const early = masked(Opcode.text, text('early'));
      peer.send(Buffer.concat([Buffer.from(upgradeHead(port, '/ws')), early]));
      expect(await peer.head()).toMatch(/^HTTP\/1\.1 101 /);
      expect(await peer.take(7)).toEqual(textFrame('early'));
      expect((await opened()).data).toBe('/ws');
      const payload = octetsOf(1_000_000, 5);
      peer.send(masked(Opcode.binary, payload));
      expect((await peer.take(10 + payload.length)).subarray(10).equals(payload)).toBe(true);
      expect(await echoes(peer)).toBe(true);
    });
  });

  test('limits count, and places are free again', async () => {
    const { port, server, records } = await listening({}, { maxConnections: 3, maxConnectionsPerAddress: 2 });
    for (let round = 0; round < 5; round++) {
      const open = [await TcpPeer.open(port), await TcpPeer.open(port)];
      const refused = await answer(port, upgradeHead(port));
      expect(refused).toContain('Your address has as many connections as one may have.');
      for (const peer of open) peer.socket.resetAndDestroy();
      await expect.poll(() => server.sockets.size).toBe(0);
    }
    expect(records.length).toBe(10);
  });

  test('stopping waits for all who are there, however they came', async () => {
    const { port, server, records } = await listening(
      {},
      { http: (_request, response) => void response.end('x') },
    );
    const open = await TcpPeer.open(port);
    const idle = await TcpPeer.connect(port);
    const kept = await TcpPeer.connect(port);
    kept.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await kept.head();
    let stopped = false;
    const stop = server.close().then(() => {
      stopped = true;
    });
    const goingAway = unmasked(
      Opcode.close,
      Buffer.concat([Buffer.from([0x03, 0xe9]), text('The server is stopping.')]),
    );
    expect(await open.take(goingAway.length)).toEqual(goingAway);
    await Promise.all([idle.ended, kept.ended]);
    await turns(5);
    expect([stopped, records.length]).toEqual([false, 0]);
    open.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xe9) });
    await open.ended;
    open.socket.end();
    idle.socket.end();
    kept.socket.end();
    await stop;
    expect(records.length).toBe(1);
  });
});
