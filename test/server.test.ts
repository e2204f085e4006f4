/** The shell around all connections: heads, refusals, limits, deadlines, node:http on the same port, topics, the end. */
import { describe, expect, test } from 'vitest';
import { encodeFrame, Opcode } from '../src/frame.ts';
import { createServer } from '../src/server.ts';
import { serve } from './support/serving.ts';
import { answer, TcpPeer, upgradeHead } from './support/tcp-peer.ts';

const text = (value: string) => new TextEncoder().encode(value);
const textFrame = (value: string) => Buffer.from(encodeFrame({ opcode: Opcode.text, payload: text(value) }));

describe('the opening handshake over TCP', () => {
  test('the head may come in any pieces', async () => {
    const { port } = await serve();
    const peer = await TcpPeer.connect(port);
    for (const octet of Buffer.from(upgradeHead(port))) peer.send(Uint8Array.of(octet));
    expect(await peer.head()).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
  });

  test('a refusal says what and why, and ends the connection', async () => {
    const { port } = await serve();
    const reply = await answer(port, upgradeHead(port).replace('Version: 13', 'Version: 12'));
    expect(reply).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(reply).toContain('\r\nSec-WebSocket-Version: 13\r\n');
    expect(reply).toContain('\r\nConnection: ');
    expect(reply.split('\r\n\r\n')[1]).toMatch(/^[A-Z].*\.\s*$/);
  });

  test('a foreign page is refused, the own one and listed ones are not', async () => {
    const { port } = await serve({}, { allowedOrigins: ['https://example.org'] });
    expect(await answer(port, upgradeHead(port, '/', ['Origin: https://evil.example']))).toMatch(
      /^HTTP\/1\.1 403 /,
    );
    await TcpPeer.open(port, '/', [`Origin: http://127.0.0.1:${port}`]);
    await TcpPeer.open(port, '/', ['Origin: https://example.org']);
  });

  test('the upgrade handler may choose a protocol, or refuse with any status', async () => {
    const { port, opened } = await serve({
      upgrade: ({ path, protocols }) =>
        path === '/chat'
          ? { data: path, protocol: protocols[1] }
          : { refuse: 404, explanation: 'There is no WebSocket at this path.' },
    });
    const peer = await TcpPeer.connect(port);
    peer.send(upgradeHead(port, '/chat', ['Sec-WebSocket-Protocol: a, b']));
    expect(await peer.head()).toContain('\r\nSec-WebSocket-Protocol: b\r\n');
    expect((await opened()).protocol).toBe('b');
    const reply = await answer(port, upgradeHead(port, '/other'));
    expect(reply).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(reply).toContain('There is no WebSocket at this path.');
  });

  test('an upgrade handler that throws, or chooses what was not offered, gives 500 and is reported', async () => {
    const { port, errors } = await serve({
      upgrade({ path }) {
        if (path === '/throws') throw new Error('bug');
        return { data: path, protocol: 'mine' };
      },
    });
    expect(await answer(port, upgradeHead(port, '/throws'))).toMatch(/^HTTP\/1\.1 500 /);
    expect(await answer(port, upgradeHead(port, '/protocol'))).toMatch(/^HTTP\/1\.1 500 /);
    expect(errors.map(String)).toEqual([
      'Error: bug',
      'TypeError: The upgrade handler chose the protocol mine, which the client did not offer.',
    ]);
  });

  test('an upgrade handler that answers with nothing, or a wrong status, lets nobody in', async () => {
    const decisions: Record<string, unknown> = {
      '/promise': Promise.resolve({ allow: true }),
      '/nothing': undefined,
      '/status': { refuse: 200, explanation: 'No.' },
      '/words': { refuse: 403 },
    };
    const { port, errors } = await serve({
      upgrade: ({ path }) => decisions[path] as { data: string },
    });
    for (const path of Object.keys(decisions)) {
      expect(await answer(port, upgradeHead(port, path))).toMatch(/^HTTP\/1\.1 500 /);
    }
    expect(errors.map(String)).toEqual([
      'TypeError: The upgrade handler must return { data } or { refuse, explanation }, or a promise of one.',
      'TypeError: The upgrade handler must return { data } or { refuse, explanation }, or a promise of one.',
      'TypeError: The upgrade handler refused with 200; it takes 300 to 599 and an explanation.',
      'TypeError: The upgrade handler refused with 403; it takes 300 to 599 and an explanation.',
    ]);
  });

  test('a head that is completed after its 408 opens nothing', async () => {
    const asked: string[] = [];
    const { port, clock, errors } = await serve({
      upgrade({ path }) {
        asked.push(path);
        return { data: path };
      },
    });
    const late = await TcpPeer.connect(port);
    const head = upgradeHead(port, '/late');
    late.send(head.slice(0, 20));
    await TcpPeer.open(port, '/other');
    clock.advance(10_000);
    expect((await late.rest()).toString()).toMatch(/^HTTP\/1\.1 408 /);
    late.send(head.slice(20));
    late.socket.end();
    await new Promise((resolve) => late.socket.on('close', resolve));
    // An answer to a later connection shows that the late octets have been read.
    await TcpPeer.open(port, '/after');
    expect([asked, errors]).toEqual([['/other', '/after'], []]);
  });

  test('a head that does not come in time gets 408; one that never ends gets 431 at the limit', async () => {
    const { port, clock } = await serve({}, { headTimeout: 10_000 });
    const slow = await TcpPeer.connect(port);
    slow.send('GET / HTTP/1.1\r\n');
    // Another connection's answer shows that the first one has been accepted.
    await TcpPeer.open(port);
    clock.advance(10_000);
    expect((await slow.rest()).toString()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    slow.socket.end();
    expect(await answer(port, `GET / HTTP/1.1\r\nA: ${'a'.repeat(20_000)}`)).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('a refused peer that does not go away is cut off', async () => {
    const { port, clock } = await serve({}, { closeTimeout: 2000 });
    const peer = await TcpPeer.connect(port);
    peer.send('nonsense\r\n\r\n');
    expect((await peer.rest()).toString()).toMatch(/^HTTP\/1\.1 400 /);
    const gone = new Promise((resolve) => peer.socket.on('close', resolve));
    clock.advance(3000);
    peer.socket.end('more');
    await gone;
  });

  test('a peer that leaves before its head is whole is nobody', async () => {
    const { port, server, errors } = await serve();
    const peer = await TcpPeer.connect(port);
    peer.send('GET / HT');
    peer.socket.end();
    await peer.ended;
    expect(server.sockets.size).toBe(0);
    expect(errors).toEqual([]);
  });
});

describe('limits', () => {
  test('connections in all, and from one address', async () => {
    for (const options of [{ maxConnections: 2 }, { maxConnectionsPerAddress: 2 }]) {
      const { port } = await serve({}, options);
      const first = await TcpPeer.open(port);
      await TcpPeer.open(port);
      expect(await answer(port, upgradeHead(port))).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
      first.sendFrame({ opcode: Opcode.close });
      await first.ended;
      first.socket.end();
      await new Promise((resolve) => first.socket.on('close', resolve));
      // The place is free as soon as the server has seen the end too.
      await expect
        .poll(() =>
          TcpPeer.open(port).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
    }
  });

  test('options out of range are errors that name them', () => {
    const make = (options: object) => () =>
      createServer({ upgrade: () => ({ data: 0 }), message() {} }, options);
    expect(make({ port: 65536 })).toThrow(/port is 65536; it takes a whole number from 0 to 65535/);
    expect(make({ maxBufferedAmount: 1000 })).toThrow(/maxBufferedAmount is 1000/);
    expect(make({ pingInterval: 0 })).toThrow(/pingInterval/);
    expect(make({ maxMessageLength: 1.5 })).toThrow(RangeError);
    expect(make({ host: '' })).toThrow(/host is empty/);
    expect(make({ host: undefined, port: undefined })).not.toThrow();
  });
});

describe('topics', () => {
  test('publish reaches every subscriber once, in order, but not the one excepted', async () => {
    const { port, opened, server } = await serve();
    const peers = [];
    const sockets = [];
    for (let index = 0; index < 3; index++) {
      peers.push(await TcpPeer.open(port));
      const socket = await opened();
      sockets.push(socket);
      socket.subscribe('news');
      socket.subscribe('news');
    }
    expect(server.publish('news', 'one')).toBe(3);
    const [first] = sockets;
    if (first === undefined) throw new Error('no socket');
    expect(server.publish('news', Uint8Array.of(2), { except: first })).toBe(2);
    first.unsubscribe('news');
    expect(server.publish('news', 'three')).toBe(2);
    expect(server.publish('nothing', 'x')).toBe(0);
    const rest = Buffer.concat([Buffer.from([0x82, 1, 2]), textFrame('three')]);
    expect(await peers[0]?.take(5)).toEqual(textFrame('one'));
    for (const peer of peers.slice(1))
      expect(await peer.take(5 + 10)).toEqual(Buffer.concat([textFrame('one'), rest]));
  });

  test('a socket that has gone is not published to, and cannot subscribe', async () => {
    const { port, opened, closed, server } = await serve();
    const peer = await TcpPeer.open(port);
    const socket = await opened();
    socket.subscribe('news');
    socket.close(1000);
    expect(server.publish('news', 'late')).toBe(0);
    peer.socket.resetAndDestroy();
    await closed();
    socket.subscribe('news');
    expect(server.publish('news', 'later')).toBe(0);
    expect(server.sockets.size).toBe(0);
  });

  test('several publishes of one tick are one write per subscriber', async () => {
    const { port, opened, server } = await serve();
    const peer = await TcpPeer.open(port);
    (await opened()).subscribe('news');
    const chunks: Buffer[] = [];
    peer.socket.on('data', (chunk) => chunks.push(chunk));
    for (let index = 0; index < 20; index++) server.publish('news', `${index}`);
    await peer.take(10 * 3 + 10 * 4);
    expect(chunks.length).toBe(1);
  });
});

describe('the end', () => {
  test('close says good-bye, waits for the answers, and refuses newcomers', async () => {
    const { port, server, closed } = await serve();
    const peer = await TcpPeer.open(port);
    const stopped = server.close({ code: 1012, reason: 'restarting' });
    expect((await peer.take(14)).subarray(2)).toEqual(Buffer.from([0x03, 0xf4, ...text('restarting')]));
    await expect(TcpPeer.connect(port)).rejects.toThrow(/ECONNREFUSED/);
    peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xf4) });
    peer.socket.end();
    expect(await closed()).toMatchObject({ code: 1012, wasClean: true, initiator: 'us' });
    await stopped;
    await server.close();
  });

  test('whoever does not finish in time is cut off', async () => {
    const { port, server, closed, clock } = await serve({}, { closeTimeout: 2000, http: () => {} });
    await TcpPeer.open(port);
    const halfway = await TcpPeer.connect(port);
    halfway.send('GET / HT');
    const waiting = await TcpPeer.connect(port);
    waiting.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    // Each is accepted before the next, so an open one behind them shows that both are.
    await TcpPeer.open(port);
    const stopped = server.close();
    clock.advance(2000);
    await stopped;
    expect(await closed()).toMatchObject({ code: 1006, initiator: 'us' });
  });

  test('every close handler has been called when close resolves', async () => {
    for (let round = 0; round < 20; round++) {
      const { port, server, records } = await serve();
      const peers = [await TcpPeer.open(port), await TcpPeer.open(port), await TcpPeer.open(port)];
      const stopped = server.close();
      for (const peer of peers) {
        peer.sendFrame({ opcode: Opcode.close });
        peer.socket.end();
      }
      await stopped;
      expect(records.length).toBe(3);
    }
  });

  test('a code that must not be sent is refused, and nothing has stopped', async () => {
    const { port, server } = await serve();
    await expect(server.close({ code: 1006 })).rejects.toThrow(RangeError);
    await TcpPeer.open(port);
    expect(server.sockets.size).toBe(1);
  });

  test('a server that is closed before it listens says so', async () => {
    const server = createServer({ upgrade: () => ({ data: 0 }), message() {} });
    const listening = server.listen();
    const failed = expect(listening).rejects.toThrow('The server was closed before it listened.');
    await server.close();
    await failed;
  });

  test('a port in use is an error from listen', async () => {
    const { port } = await serve();
    const second = createServer({ upgrade: () => ({ data: 0 }), message() {} }, { port });
    await expect(second.listen()).rejects.toThrow(/EADDRINUSE/);
  });
});
