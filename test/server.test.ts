/** The shell around all connections: heads, refusals, limits, deadlines, node:http on the same port, topics, the end. */
import { describe, expect, test } from 'vitest';
import { retryAfterOf } from '../src/close.ts';
import { encodeFrame, Opcode } from '../src/frame.ts';
import { createServer, type Handlers } from '../src/server.ts';
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

  test('a HEAD request gets no body, whatever it would upgrade to', async () => {
    const { port } = await serve();
    const told = await answer(port, upgradeHead(port).replace('GET', 'HEAD'));
    expect(told).toMatch(/^HTTP\/1\.1 426 /);
    expect(told.endsWith('\r\n\r\n')).toBe(true);
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

  test('a refused peer is waited for by closeTimeout alone, and is not answered twice', async () => {
    const { port, clock } = await serve(
      {},
      { closeTimeout: 60_000, headTimeout: 5000, maxPendingUpgrades: 1 },
    );
    const peer = await TcpPeer.connect(port);
    peer.send('nonsense\r\n\r\n');
    expect((await peer.rest()).toString()).toMatch(/^HTTP\/1\.1 400 /);
    clock.advance(10_000);
    await TcpPeer.open(port);
    // Had it been cut, this would be answered with a reset, after which nothing more can be written.
    peer.send('more');
    const failed: unknown[] = [];
    peer.socket.on('error', (error) => failed.push(error));
    const other = await TcpPeer.open(port);
    other.sendFrame({ opcode: Opcode.ping });
    await other.take(2);
    peer.socket.end('again');
    await new Promise((resolve) => peer.socket.on('close', resolve));
    expect(failed).toEqual([]);
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

describe('handlers', () => {
  const make = (handlers: unknown) => () => createServer(handlers as Handlers<number>);
  const upgrade = () => ({ data: 0 });
  const message = () => {};

  test.each([undefined, null, 'on', () => {}])('that are %s are an error at the call', (handlers) => {
    expect(make(handlers)).toThrow(
      new TypeError('createServer takes an object of handlers, with upgrade and message at least.'),
    );
  });

  test('that are missing or no functions are an error that names them', () => {
    const error = (name: string, what: string) =>
      new TypeError(`The handler ${name} is ${what}; it takes a function.`);
    expect(make({ message })).toThrow(error('upgrade', 'undefined'));
    expect(make({ upgrade })).toThrow(error('message', 'undefined'));
    for (const name of ['upgrade', 'message', 'open', 'ping', 'pong', 'drain', 'close', 'error'])
      expect(make({ upgrade, message, [name]: 'yes' })).toThrow(error(name, 'a string'));
    expect(make({ upgrade, message, open: null })).toThrow(error('open', 'null'));
    expect(make({ upgrade, message, close: {} })).toThrow(error('close', 'an object'));
  });

  test('may be left out, be undefined, or come from a class', () => {
    class Own {
      upgrade = upgrade;
      message() {}
    }
    expect(make({ upgrade, message, open: undefined })).not.toThrow();
    expect(make(new Own())).not.toThrow();
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

  test('an upgrade handler that stops the server opens nothing any more', async () => {
    const opened: unknown[] = [];
    const { port, server } = await serve({
      upgrade: (request) => {
        void server.close();
        return { data: request.path };
      },
      open: (socket) => void opened.push(socket),
    });
    const peer = await TcpPeer.connect(port);
    peer.send(upgradeHead(port));
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 503 /);
    await server.close();
    expect(opened).toEqual([]);
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

  test('a server that has been stopped does not listen any more', async () => {
    const server = createServer({ upgrade: () => ({ data: 0 }), message() {} });
    await server.close();
    await expect(server.listen()).rejects.toThrow(new TypeError('The server has been stopped.'));
  });

  test('a port in use is an error from listen', async () => {
    const { port } = await serve();
    const second = createServer({ upgrade: () => ({ data: 0 }), message() {} }, { port });
    await expect(second.listen()).rejects.toThrow(/EADDRINUSE/);
  });
});

describe('draining', () => {
  const closeOf = async (peer: TcpPeer) => {
    const header = await peer.take(2);
    const payload = await peer.take(header.readUInt8(1));
    return { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) };
  };
  const finish = (peer: TcpPeer) => {
    peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xf4) });
    peer.socket.end();
  };

  test('tells everybody when to come back, spread over the window', async () => {
    const { port, server } = await serve();
    const peers: TcpPeer[] = [];
    for (let index = 0; index < 20; index++) peers.push(await TcpPeer.open(port));
    const drained = server.drain({ retryWindow: 10_000 });
    const hints: number[] = [];
    for (const peer of peers) {
      const { code, reason } = await closeOf(peer);
      expect(code).toBe(1012);
      hints.push(retryAfterOf(reason) ?? Number.NaN);
      finish(peer);
    }
    for (const [index, hint] of hints.entries()) {
      expect(hint).toBeGreaterThanOrEqual(index * 500);
      expect(hint).toBeLessThan((index + 1) * 500);
    }
    await drained;
    expect(server.sockets.size).toBe(0);
  });

  test('with a code and a reason of its own, and without a window no hint', async () => {
    const { port, server } = await serve();
    const peer = await TcpPeer.open(port);
    const drained = server.drain({ code: 4000, reason: 'Moving house.' });
    expect(await closeOf(peer)).toEqual({ code: 4000, reason: 'Moving house.' });
    finish(peer);
    await drained;
  });

  test('cuts whoever has not finished at the deadline, and says so in the record', async () => {
    const { port, server, clock, closed } = await serve({}, { closeTimeout: 60_000 });
    const peer = await TcpPeer.open(port);
    const drained = server.drain({ deadline: 3000 });
    await closeOf(peer);
    clock.advance(2000);
    expect(server.sockets.size).toBe(1);
    clock.advance(1000);
    await drained;
    expect(await closed()).toMatchObject({
      code: 1006,
      initiator: 'us',
      explanation: 'The server stopped, and the peer did not finish in time.',
    });
  });

  test('answers what is still under way with 503 and Retry-After', async () => {
    let finishPage: () => void = () => {};
    const requests: (string | undefined)[] = [];
    const { port, server } = await serve(
      { upgrade: () => new Promise(() => {}) },
      {
        http: (request, response) => {
          requests.push(request.url);
          finishPage = () => response.end('page');
        },
      },
    );
    const silent = await TcpPeer.connect(port);
    const half = await TcpPeer.connect(port);
    half.send('GET / HT');
    const undecided = await TcpPeer.connect(port);
    undecided.send(upgradeHead(port));
    const page = await TcpPeer.connect(port);
    // Both requests in one packet: the second one is looked at when the first has its answer.
    page.send('GET /1 HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => requests).toEqual(['/1']);
    const drained = server.drain({ retryWindow: 4500 });
    page.send('GET /2 HTTP/1.1\r\nHost: x\r\n\r\n');
    finishPage();
    for (const peer of [half, undecided]) {
      const reply = (await peer.rest()).toString();
      expect(reply).toMatch(/^HTTP\/1\.1 503 /);
      expect(reply).toContain('\r\nRetry-After: 5\r\n');
    }
    expect((await silent.rest()).length).toBe(0);
    const pages = (await page.rest()).toString();
    expect(pages).toMatch(/^HTTP\/1\.1 200 /);
    expect(pages).toContain('\r\n\r\npageHTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n');
    expect(pages).toMatch(/\r\n\r\nThe server is stopping\.\n$/);
    for (const peer of [silent, half, undecided, page]) peer.socket.end();
    await drained;
    expect(requests).toEqual(['/1']);
  });

  test('a second call, or close, waits for the same', async () => {
    const { port, server } = await serve();
    const peer = await TcpPeer.open(port);
    const done: string[] = [];
    const all = [
      server.drain({ reason: 'One.' }).then(() => done.push('drain')),
      server.drain({ code: 4001 }).then(() => done.push('again')),
      server.close().then(() => done.push('close')),
    ];
    expect(await closeOf(peer)).toEqual({ code: 1012, reason: 'One.' });
    expect(done).toEqual([]);
    finish(peer);
    await Promise.all(all);
    expect(done.toSorted()).toEqual(['again', 'close', 'drain']);
  });

  test('with options out of range is refused, and nothing has stopped', async () => {
    const { port, server } = await serve();
    await expect(server.drain({ deadline: -1 })).rejects.toThrow(/deadline is -1/);
    await expect(server.drain({ reason: 'x'.repeat(124) })).rejects.toThrow(RangeError);
    await TcpPeer.open(port);
  });
});

test('a peer that ends TCP and does not take what waits is cut off, and its memory is free', async () => {
  const { port, server, opened, closed, clock } = await serve();
  const peer = await TcpPeer.open(port);
  const socket = await opened();
  peer.socket.pause();
  // More than both kernels hold.
  while (socket.bufferedAmount < 64 * 1024) {
    socket.send(new Uint8Array(1024 * 1024));
    await new Promise(setImmediate);
  }
  peer.socket.end();
  await expect.poll(() => socket.readyState).toBe(3);
  clock.advance(6000);
  expect(await closed()).toMatchObject({ code: 1006, initiator: 'network' });
  expect(server.sockets.size).toBe(0);
  expect(server.heldAmount).toBe(0);
});

describe('the memory that all hold together', () => {
  const maxTotalHeldAmount = 4 * 1024 * 1024;
  const whole = (length: number) =>
    encodeFrame({ opcode: Opcode.binary, payload: new Uint8Array(length), maskingKey: 9 });
  /** Its last octet is missing, so that all of it is held, and no more. */
  const part = (length: number) => whole(length).subarray(0, -1);

  test('is counted as it comes and goes', async () => {
    const { port, server } = await serve();
    const peer = await TcpPeer.open(port);
    expect(server.heldAmount).toBe(0);
    peer.send(part(100_000));
    await expect.poll(() => server.heldAmount).toBe(100_000);
    peer.send(whole(100_000).subarray(-1));
    await peer.take(10 + 100_000);
    await expect.poll(() => server.heldAmount).toBe(0);
    peer.send(part(100_000));
    await expect.poll(() => server.heldAmount).toBe(100_000);
    peer.destroy();
    await expect.poll(() => server.sockets.size).toBe(0);
    expect(server.heldAmount).toBe(0);
  });

  test('when it is too much, the one that holds the most is closed with 1013, and the others stay', async () => {
    const { port, server, closed, records } = await serve({}, { maxTotalHeldAmount });
    const small: TcpPeer[] = [];
    for (let index = 0; index < 6; index++) {
      const peer = await TcpPeer.open(port);
      peer.send(part(600_000));
      small.push(peer);
    }
    await expect.poll(() => server.heldAmount).toBe(6 * 600_000);
    const large = await TcpPeer.open(port);
    large.send(part(1_000_000));
    const reason = `All peers together hold over ${maxTotalHeldAmount} octets of memory, this one among the most.`;
    const received = await large.rest();
    expect([...received.subarray(0, 4)]).toEqual([0x88, 2 + reason.length, 0x03, 0xf5]);
    expect(received.toString('utf8', 4)).toBe(reason);
    expect(await closed()).toMatchObject({ code: 1006, initiator: 'us', explanation: reason });
    expect(server.heldAmount).toBeLessThan(maxTotalHeldAmount);
    expect(records.length).toBe(1);
    for (const peer of small) {
      peer.send(whole(600_000).subarray(-1));
      expect((await peer.take(10 + 600_000)).subarray(0, 2)).toEqual(Buffer.from([0x82, 127]));
    }
  });

  test('peers that do not read are cut for it too, and their memory is free at once', async () => {
    const { port, server, opened, records } = await serve({}, { maxTotalHeldAmount });
    const peers: TcpPeer[] = [];
    const message = new Uint8Array(256 * 1024);
    for (let index = 0; index < 4; index++) {
      const peer = await TcpPeer.open(port);
      peer.socket.pause();
      peers.push(peer);
      (await opened()).subscribe('news');
    }
    let highest = 0;
    while (records.length === 0) {
      server.publish('news', message);
      await new Promise(setImmediate);
      highest = Math.max(highest, server.heldAmount);
    }
    expect(records[0]).toMatchObject({ code: 1006, initiator: 'us' });
    expect(records[0]?.explanation).toMatch(/^All peers together hold over/);
    // One tick's worth may come on top.
    expect(highest).toBeLessThan(maxTotalHeldAmount + 4 * 2 * message.length);
    await expect.poll(() => server.heldAmount).toBeLessThanOrEqual(maxTotalHeldAmount);
    for (const peer of peers) peer.destroy();
    await expect.poll(() => server.heldAmount).toBe(0);
  });
});
