/** Decisions on upgrade requests that take time: what waits meanwhile, who goes away, and what is too late. Real TCP. */
import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ConnectionCounts } from '../src/connection-counts.ts';
import { encodeFrame, Opcode } from '../src/frame.ts';
import type { UpgradeRequest } from '../src/handshake.ts';
import { parseRequestHead } from '../src/http-head.ts';
import { resolveOptions } from '../src/options.ts';
import { Pending } from '../src/pending.ts';
import type { UpgradeDecision } from '../src/upgrade-decision.ts';
import { Upgrades } from '../src/upgrades.ts';
import { serve } from './support/serving.ts';
import { TcpPeer, upgradeHead } from './support/tcp-peer.ts';

const text = (value: string) => new TextEncoder().encode(value);
const frame = (value: string, maskingKey = 0x1020304) =>
  Buffer.from(encodeFrame({ opcode: Opcode.text, payload: text(value), maskingKey }));

interface Asked {
  readonly request: UpgradeRequest;
  accept(): void;
  decide(decision: UpgradeDecision<string>): void;
  fail(error: unknown): void;
}

/** An `upgrade` handler that leaves every decision to the test, and what it was asked, in order. */
function undecided() {
  const asked: Asked[] = [];
  const takers: ((asked: Asked) => void)[] = [];
  return {
    asked,
    upgrade: (request: UpgradeRequest) =>
      new Promise<UpgradeDecision<string>>((decide, fail) => {
        const one = { request, decide, fail, accept: () => decide({ data: request.path }) };
        asked.push(one);
        takers.shift()?.(one);
      }),
    /** The next one that is asked from now on. */
    next: () => new Promise<Asked>((resolve) => takers.push(resolve)),
  };
}

/** Sends a head and waits until the server asks about it. */
async function ask(port: number, next: () => Promise<Asked>, path = '/', behind: Uint8Array = text('')) {
  const peer = await TcpPeer.connect(port);
  const asked = next();
  peer.send(Buffer.concat([Buffer.from(upgradeHead(port, path)), behind]));
  return { peer, asked: await asked };
}

const turn = () => new Promise(setImmediate);

describe('while a decision is awaited', () => {
  test('nothing is answered, and what comes is kept: all of it is handed out after open, in order', async () => {
    const { upgrade, next } = undecided();
    const seen: unknown[] = [];
    const { port, server } = await serve({
      upgrade,
      open: (socket) => void seen.push(`open ${socket.data}`),
      message: (socket, data) => {
        seen.push(data);
        socket.send(data);
      },
    });
    const { peer, asked } = await ask(port, next, '/room', frame('one').subarray(0, 5));
    const rest = Buffer.concat([frame('one').subarray(5), frame('two'), frame('three')]);
    for (const octet of rest) {
      peer.send(Uint8Array.of(octet));
      await turn();
    }
    expect(server.sockets.size).toBe(0);
    expect(seen).toEqual([]);
    asked.accept();
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 101 /);
    await peer.take(5 + 5 + 7);
    expect(seen).toEqual(['open /room', 'one', 'two', 'three']);
  });

  test('what came behind the head is kept as it was, though its memory was only lent', async () => {
    const lent = text('early');
    const opened = new Promise<Uint8Array>((resolve) => {
      const refuse = (_: Socket, error: unknown) => {
        throw error;
      };
      const upgrades = new Upgrades<undefined>({
        options: resolveOptions({}),
        pending: new Pending<Socket>(1),
        counts: new ConnectionCounts<Socket>(1),
        stopping: undefined,
        decide: async () => ({ data: undefined }),
        open: (_, rest) => resolve(rest),
        refuse,
        turnAway: refuse,
      });
      const head = parseRequestHead(Buffer.from(upgradeHead(80)));
      upgrades.receive({ stream: new Socket(), head, rest: lent, peerAddress: '192.0.2.1', counted: true });
    });
    lent.fill(0);
    expect(new TextDecoder().decode(await opened)).toBe('early');
  });

  test('a peer that sends more and more is not read from, and loses nothing', async () => {
    const { upgrade, next } = undecided();
    const lengths: number[] = [];
    const { port, closed } = await serve({
      upgrade,
      message: (_, data) => void lengths.push(data.length),
    });
    const { peer, asked } = await ask(port, next);
    const large = encodeFrame({
      opcode: Opcode.binary,
      payload: new Uint8Array(1024 * 1024),
      maskingKey: 7,
    });
    // Kernel buffers take some megabytes; then it stands still on the peer's side.
    let sent = 0;
    for (let quiet = 0; quiet < 50; ) {
      const before = peer.socket.writableLength;
      if (before < large.length) {
        peer.send(large);
        sent++;
      }
      await turn();
      quiet = peer.socket.writableLength === before ? quiet + 1 : 0;
    }
    expect(peer.socket.writableLength).toBeGreaterThan(0);
    expect(sent).toBeLessThan(64);
    asked.accept();
    peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xe8) });
    await peer.ended;
    peer.socket.end();
    expect(await closed()).toMatchObject({ code: 1000, wasClean: true, messagesReceived: sent });
    expect(lengths).toEqual(new Array(sent).fill(1024 * 1024));
  });

  test.each([
    ['resets the connection', (peer: TcpPeer) => peer.socket.resetAndDestroy()],
    ['ends its side', (peer: TcpPeer) => peer.socket.end()],
  ])('a peer that %s is nobody: no open, no close, and the result is dropped', async (_, leave) => {
    const { upgrade, next } = undecided();
    const seen: string[] = [];
    const { port, server, errors, records } = await serve(
      { upgrade, open: () => void seen.push('open') },
      { maxConnectionsPerAddress: 1 },
    );
    for (const end of ['accept', 'reject'] as const) {
      const { peer, asked } = await ask(port, next, '/', frame('early'));
      const aborted = new Promise((resolve) => asked.request.signal.addEventListener('abort', resolve));
      leave(peer);
      await aborted;
      if (end === 'accept') asked.accept();
      else asked.fail(new Error('too late to matter'));
      await turn();
      expect(asked.request.signal.aborted).toBe(true);
      peer.destroy();
      await turn();
    }
    // Its place is free again.
    const { asked, peer } = await ask(port, next);
    asked.accept();
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 101 /);
    expect([seen, errors, records, server.sockets.size]).toEqual([['open'], [], [], 1]);
  });

  test('it lasts as long as it may: then 503, the signal is aborted, and the result is dropped', async () => {
    const { upgrade, next } = undecided();
    const { port, clock, server, errors } = await serve({ upgrade }, { upgradeTimeout: 3000 });
    const { peer, asked } = await ask(port, next, '/', frame('early'));
    expect(asked.request.signal.aborted).toBe(false);
    clock.advance(2000);
    expect(asked.request.signal.aborted).toBe(false);
    clock.advance(1000);
    const reply = (await peer.rest()).toString();
    expect(reply).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
    expect(reply).toContain('The server did not decide on the request in time.');
    expect(asked.request.signal.aborted).toBe(true);
    asked.accept();
    await turn();
    peer.socket.end();
    expect([server.sockets.size, errors]).toEqual([0, []]);
  });

  test('the time for the head does not count for the decision', async () => {
    const { upgrade, next } = undecided();
    const { port, clock } = await serve({ upgrade }, { headTimeout: 2000, upgradeTimeout: 5000 });
    const peer = await TcpPeer.connect(port);
    const asking = next();
    peer.send(upgradeHead(port).slice(0, 20));
    await TcpPeer.connect(port);
    clock.advance(1000);
    peer.send(upgradeHead(port).slice(20));
    const asked = await asking;
    clock.advance(4000);
    asked.accept();
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 101 /);
  });

  test('a signal that is asked for afterwards says what has become of it', async () => {
    const { upgrade, next } = undecided();
    const { port, clock, opened } = await serve({ upgrade });
    const first = await ask(port, next);
    first.asked.accept();
    const socket = await opened();
    expect(socket.request.signal.aborted).toBe(false);
    const second = await ask(port, next);
    clock.advance(10_000);
    await second.peer.rest();
    expect(second.asked.request.signal.aborted).toBe(true);
    first.peer.destroy();
    await expect.poll(() => socket.readyState).toBe(3);
    expect(socket.request.signal.aborted).toBe(false);
  });
});

describe('a decision that is a promise', () => {
  test('may refuse with any status and more fields', async () => {
    const { upgrade, next } = undecided();
    const { port, errors } = await serve({ upgrade });
    const cases = [
      [401, { 'WWW-Authenticate': 'Bearer realm="chat"' }],
      [307, { Location: 'wss://other.example/' }],
      [429, { 'Retry-After': '30' }],
    ] as const;
    for (const [status, headers] of cases) {
      const { peer, asked } = await ask(port, next);
      asked.decide({ refuse: status, explanation: 'Not so.', headers });
      const reply = (await peer.rest()).toString();
      peer.socket.end();
      expect(reply).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      for (const [name, value] of Object.entries(headers))
        expect(reply).toContain(`\r\n${name}: ${value}\r\n`);
      expect(reply).toMatch(/\r\n\r\nNot so\.\n$/);
    }
    expect(errors).toEqual([]);
  });

  test('that rejects, is none, or cannot be sent gives 500 and is reported', async () => {
    const { upgrade, next } = undecided();
    const { port, errors } = await serve({ upgrade });
    const faults: [string, (asked: Asked) => void][] = [
      ['rejects', (asked) => asked.fail(new Error('no database'))],
      ['has no fields', (asked) => asked.decide({} as UpgradeDecision<string>)],
      ['chose', (asked) => asked.decide({ data: '', protocol: 'x' })],
      [
        'breaks the head',
        (asked) => asked.decide({ refuse: 403, explanation: 'No.', headers: { a: 'b\nc' } }),
      ],
    ];
    for (const [, decide] of faults) {
      const { peer, asked } = await ask(port, next);
      decide(asked);
      expect((await peer.rest()).toString()).toMatch(/^HTTP\/1\.1 500 /);
      peer.socket.end();
    }
    expect(errors.map(String)).toEqual([
      'Error: no database',
      'TypeError: The upgrade handler must return { data } or { refuse, explanation }, or a promise of one.',
      'TypeError: The upgrade handler chose the protocol x, which the client did not offer.',
      'TypeError: The value of the field a holds a control character or one outside Latin-1.',
    ]);
  });

  test('of whatever make is awaited', async () => {
    // biome-ignore lint/suspicious/noThenProperty: promises of other makes are what is tested
    const thenable = { then: (resolve: (decision: unknown) => void) => resolve({ data: 'mine' }) };
    const { port, opened } = await serve({ upgrade: () => thenable as PromiseLike<{ data: string }> });
    await TcpPeer.open(port);
    expect((await opened()).data).toBe('mine');
  });

  test('on a connection that served HTTP before is awaited too', async () => {
    const { upgrade, next } = undecided();
    const { port, opened } = await serve({ upgrade }, { http: (_, response) => void response.end('page') });
    const peer = await TcpPeer.connect(port);
    peer.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 200 /);
    expect((await peer.take(4)).toString()).toBe('page');
    const asking = next();
    peer.send(Buffer.concat([Buffer.from(upgradeHead(port, '/kept')), frame('early')]));
    (await asking).accept();
    expect((await opened()).data).toBe('/kept');
    peer.destroy();
  });
});

describe('unanswered connections have a bound', () => {
  const crowded = 'The server has as many unanswered requests as it takes. Try again.';

  test('one more sends the oldest away with 503, whether its head or its decision is awaited', async () => {
    const { upgrade, next } = undecided();
    const { port } = await serve({ upgrade }, { maxPendingUpgrades: 2 });
    const half = await TcpPeer.connect(port);
    half.send('GET / HTTP/1.1\r\n');
    const second = await ask(port, next);
    const third = await ask(port, next);
    const halfReply = (await half.rest()).toString();
    expect(halfReply).toMatch(/^HTTP\/1\.1 503 /);
    expect(halfReply).toContain('\r\nRetry-After: 1\r\n');
    expect(halfReply).toContain(crowded);
    expect(second.asked.request.signal.aborted).toBe(false);
    const fourth = await ask(port, next);
    expect((await second.peer.rest()).toString()).toContain(crowded);
    expect(second.asked.request.signal.aborted).toBe(true);
    for (const { peer, asked } of [third, fourth]) {
      asked.accept();
      expect(await peer.head()).toMatch(/^HTTP\/1\.1 101 /);
    }
  });

  test('a flood of half-open connections does not lock out who is quick', async () => {
    const { port, server } = await serve({}, { maxPendingUpgrades: 8 });
    const flood: TcpPeer[] = [];
    for (let index = 0; index < 100; index++) {
      const peer = await TcpPeer.connect(port);
      peer.send('GET /slow HTTP/1.1\r\nHost: x\r\n');
      flood.push(peer);
      if (index % 10 === 9) await TcpPeer.open(port);
    }
    expect(server.sockets.size).toBe(10);
    for (const peer of flood) peer.destroy();
  });

  test('who is answered no longer counts', async () => {
    let serving: () => void = () => {};
    const { port } = await serve({}, { maxPendingUpgrades: 1, http: () => serving() });
    const open = [await TcpPeer.open(port), await TcpPeer.open(port)];
    const page = await TcpPeer.connect(port);
    const served = new Promise<void>((resolve) => {
      serving = resolve;
    });
    page.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await served;
    open.push(await TcpPeer.open(port));
    for (const peer of open) {
      peer.sendFrame({ opcode: Opcode.ping });
      await peer.take(2);
    }
    expect(page.socket.readableEnded).toBe(false);
    page.destroy();
  });
});

describe('open that is a promise', () => {
  test('holds messages back until it is done; what open sends goes out at once', async () => {
    let finish: () => void = () => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const seen: unknown[] = [];
    const { port } = await serve({
      async open(socket) {
        socket.send('hello');
        await done;
        seen.push('opened');
      },
      message: (socket, data) => {
        seen.push(data);
        socket.send('answer');
      },
    });
    const peer = await TcpPeer.connect(port);
    peer.send(Buffer.concat([Buffer.from(upgradeHead(port)), frame('one')]));
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 101 /);
    expect((await peer.take(7)).toString('latin1', 2)).toBe('hello');
    peer.send(frame('two'));
    for (let round = 0; round < 10; round++) await turn();
    expect(seen).toEqual([]);
    finish();
    await peer.take(16);
    expect(seen).toEqual(['opened', 'one', 'two']);
  });

  test('that rejects costs the socket 1011, and no message is handed out', async () => {
    const seen: unknown[] = [];
    const { port, errors, closed } = await serve({
      open: () => Promise.reject(new Error('no room')),
      message: (_, data) => void seen.push(data),
    });
    const peer = await TcpPeer.connect(port);
    peer.send(Buffer.concat([Buffer.from(upgradeHead(port)), frame('one')]));
    await peer.head();
    expect((await peer.take(4)).subarray(0, 1)).toEqual(Buffer.from([0x88]));
    peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xf3) });
    await peer.ended;
    peer.socket.end();
    expect(await closed()).toMatchObject({ code: 1011, wasClean: true, initiator: 'us' });
    expect([seen, errors.map(String)]).toEqual([[], ['Error: no room']]);
  });
});
