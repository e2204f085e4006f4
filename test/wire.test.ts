/** One WebSocket on real TCP or TLS, without a server around it: when octets go out, when they wait, and who is told. */
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { CloseRecord } from '../src/close-record.ts';
import { Connection } from '../src/connection.ts';
import { encodeFrame, Opcode } from '../src/frame.ts';
import { acceptLent } from '../src/lent-socket.ts';
import { ReadTurns } from '../src/read-turns.ts';
import { SendResult, Wire, type WireOptions } from '../src/wire.ts';
import { certificate } from './support/certificates.ts';
import { type ManualClock, manualClock } from './support/manual-clock.ts';
import { TcpPeer } from './support/tcp-peer.ts';

const text = (value: string) => new TextEncoder().encode(value);
const frame = (value: string, maskingKey?: number) =>
  Buffer.from(
    encodeFrame({
      opcode: Opcode.text,
      payload: text(value),
      ...(maskingKey === undefined ? {} : { maskingKey }),
    }),
  );
const turn = () => new Promise(setImmediate);
const total = (differences: readonly number[]) => differences.reduce((sum, each) => sum + each, 0);

interface Wired {
  readonly wire: Wire;
  /** The wire's own end. */
  readonly tcp: Socket;
  readonly peer: TcpPeer;
  readonly clock: ManualClock;
  /** What the wire reported, in order. */
  readonly seen: unknown[];
  /** Octets that it said it holds, as they change. */
  readonly held: number[];
  readonly closed: Promise<CloseRecord>;
}

/** Lent TCP is read through one buffer for all, and its writes have nobody who is called back unless they must wait. */
const ways = ['TCP', 'lent TCP', 'TLS'] as const;
type Over = (typeof ways)[number];

interface Setting {
  readonly over?: Over;
  readonly options?: Partial<WireOptions>;
  readonly head?: Uint8Array;
  readonly rest?: Uint8Array;
  readonly held?: boolean;
  readonly message?: (wire: Wire, data: string | Uint8Array) => void;
}

/** A server's wire and a bare peer, connected. */
async function wired(setting: Setting = {}): Promise<Wired> {
  const { over = 'TCP', options, head, rest = new Uint8Array(0), held: isHeld } = setting;
  const [tcp, peer] = over === 'TLS' ? await tlsPair() : await tcpPair(over === 'lent TCP');
  const clock = manualClock();
  const seen: unknown[] = [];
  const held: number[] = [];
  let close: (record: CloseRecord) => void = () => {};
  const closed = new Promise<CloseRecord>((resolve) => {
    close = resolve;
  });
  const connection = new Connection('server', {});
  const wire = new Wire(
    tcp,
    connection,
    {
      maxBufferedAmount: 256 * 1024,
      pingInterval: 25_000,
      pongTimeout: 20_000,
      closeTimeout: 5000,
      clock,
      ...options,
    },
    {
      message(data) {
        seen.push(data);
        setting.message?.(wire, data);
      },
      pingReceived: (payload) => seen.push(['ping', ...payload]),
      pongReceived: (payload) => seen.push(['pong', ...payload]),
      drained: () => seen.push(`drained at ${wire.bufferedAmount}`),
      failed: (error) => seen.push(error),
      closed: close,
      schedule: () => setImmediate(() => wire.flush()),
      held: (difference) => held.push(difference),
    },
    head,
  );
  wire.start(rest, isHeld);
  onTestFinished(() => {
    tcp.destroy();
    peer.destroy();
  });
  return { wire, tcp, peer, clock, seen, held, closed };
}

async function tcpPair(lent = false): Promise<[Socket, TcpPeer]> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  onTestFinished(() => void server.close());
  const port = await listen(server);
  const accepted = new Promise<Socket>((resolve) => {
    if (lent) expect(acceptLent(server, new ReadTurns(2 ** 40, () => 0), resolve, () => {})).toBe(true);
    else server.once('connection', resolve);
  });
  const peer = await TcpPeer.connect(port);
  return [await accepted, peer];
}

async function tlsPair(): Promise<[Socket, TcpPeer]> {
  const { key, cert } = certificate('first');
  const server = createTlsServer({ key, cert, allowHalfOpen: true, noDelay: true });
  onTestFinished(() => void server.close());
  const accepted = new Promise<Socket>((resolve) => server.once('secureConnection', resolve));
  const port = await listen(server);
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const peer = new TcpPeer(connectTls({ socket, host: '127.0.0.1', ca: cert }));
  return [await accepted, peer];
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Fills the buffers of both kernels, until octets stay with Node. @returns how many octets were sent */
async function stall({ wire, tcp, peer }: Wired): Promise<number> {
  peer.socket.pause();
  const block = new Uint8Array(32 * 1024);
  let sent = 0;
  for (let quiet = 0; quiet < 3; ) {
    wire.send(block);
    sent += 4 + block.length;
    // Over TLS every write waits a little: only one that waits for some turns waits for the peer.
    for (quiet = 0; quiet < 20 && wire.bufferedAmount > 0; quiet++) await turn();
    await turn();
    quiet = tcp.writableLength > 0 ? 3 : 0;
  }
  return sent;
}

describe.each(ways)('over %s', (over) => {
  test('the head and the first frames are one write; what came behind the head is the first message', async () => {
    const { peer, seen } = await wired({
      over,
      head: text('HEAD'),
      rest: frame('early', 1),
      message: (wire) => wire.send('answer'),
    });
    const chunks: Buffer[] = [];
    peer.socket.on('data', (chunk) => chunks.push(chunk));
    expect(await peer.take(4 + 8)).toEqual(Buffer.concat([text('HEAD'), frame('answer')]));
    expect(seen).toEqual(['early']);
    expect(chunks.length).toBe(1);
  });

  test('a peer that does not read gets no write for each tick: frames wait in blocks, and arrive in order', async () => {
    const it = await wired({ over });
    const { wire, tcp, peer } = it;
    const sent = await stall(it);
    const write = vi.spyOn(tcp, 'write');
    const before = [tcp.writableLength, wire.bufferedAmount];
    expect(before[0]).toBe(before[1]);
    const ticks = 500;
    for (let tick = 0; tick < ticks; tick++) {
      expect(wire.send(String(tick).padStart(8, '0'))).not.toBe(SendResult.closed);
      await turn();
    }
    expect(write.mock.calls.length).toBe(0);
    expect(tcp.writableLength).toBe(before[0]);
    expect(wire.bufferedAmount).toBe((before[1] ?? 0) + ticks * 10);
    peer.socket.resume();
    await peer.take(sent);
    const expected = Array.from({ length: ticks }, (_, tick) => frame(String(tick).padStart(8, '0')));
    expect((await peer.take(ticks * 10)).equals(Buffer.concat(expected))).toBe(true);
    // All of it in a few blocks: smaller first, then doubled.
    expect(write.mock.calls.length).toBeGreaterThan(0);
    expect(write.mock.calls.length).toBeLessThan(12);
    await expect.poll(() => wire.bufferedAmount).toBe(0);
  });

  test('drained comes once, when nothing waits in TCP nor here', async () => {
    const it = await wired({ over, options: { maxBufferedAmount: 8 * 1024 * 1024 } });
    const { wire, peer, seen } = it;
    await stall(it);
    let result: SendResult = SendResult.sent;
    let octets = 0;
    while (result !== SendResult.buffered) {
      result = wire.send(new Uint8Array(64 * 1024));
      octets += 10 + 64 * 1024;
      await turn();
    }
    expect(seen).toEqual([]);
    peer.socket.resume();
    await peer.take(octets);
    await expect.poll(() => wire.bufferedAmount).toBe(0);
    await expect.poll(() => seen).toEqual(['drained at 0']);
    wire.send('x');
    await turn();
    await turn();
    expect(seen).toEqual(['drained at 0']);
  });

  test('a peer that takes nothing is given up by the timer; its record says so', async () => {
    const it = await wired({ over, options: { pongTimeout: 150 } });
    await stall(it);
    await expect.poll(() => it.wire.readyState).toBe(2);
    it.clock.advance(5000);
    it.wire.sweep(it.clock.now());
    expect(await it.closed).toMatchObject({
      code: 1006,
      initiator: 'us',
      explanation: 'The peer took no octets for 150 ms.',
    });
  });

  test('closing while octets wait: the Close comes behind them', async () => {
    const it = await wired({ over });
    const sent = await stall(it);
    it.wire.send('last');
    it.wire.close(1000, 'done');
    await turn();
    it.peer.socket.resume();
    await it.peer.take(sent);
    expect(await it.peer.take(6 + 8)).toEqual(
      Buffer.concat([frame('last'), Buffer.from([0x88, 6, 0x03, 0xe8]), text('done')]),
    );
    it.peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xe8) });
    expect(await it.peer.ended).toBe(true);
    it.peer.socket.end();
    expect(await it.closed).toMatchObject({ code: 1000, wasClean: true });
  });

  test('a peer that sends Close while it does not read is waited for no longer than closeTimeout', async () => {
    const it = await wired({ over, options: { closeTimeout: 3000 } });
    await stall(it);
    it.peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xe8) });
    await expect.poll(() => it.wire.readyState).toBe(2);
    it.clock.advance(2999);
    it.wire.sweep(it.clock.now());
    expect(it.tcp.destroyed).toBe(false);
    it.clock.advance(1);
    it.wire.sweep(it.clock.now());
    expect(await it.closed).toMatchObject({ code: 1000, wasClean: true, initiator: 'peer' });
  });
});

describe.each(ways)('a peer that ends its side of %s while octets wait for it', (over) => {
  const record = {
    code: 1006,
    initiator: 'network',
    explanation: 'The peer ended TCP without a Close frame, between messages.',
  };

  test('gets them all, and then our end', async () => {
    const it = await wired({ over });
    const sent = await stall(it);
    it.peer.socket.end();
    await expect.poll(() => it.wire.readyState).toBe(3);
    it.peer.socket.resume();
    await it.peer.take(sent);
    expect(await it.peer.ended).toBe(true);
    expect(await it.closed).toMatchObject(record);
  });

  test('and takes none is waited for no longer than closeTimeout', async () => {
    const it = await wired({ over, options: { closeTimeout: 3000 } });
    await stall(it);
    it.peer.socket.end();
    await expect.poll(() => it.wire.readyState).toBe(3);
    it.clock.advance(2999);
    it.wire.sweep(it.clock.now());
    expect(it.tcp.destroyed).toBe(false);
    it.clock.advance(1);
    it.wire.sweep(it.clock.now());
    expect(await it.closed).toMatchObject(record);
  });
});

describe.each(ways)('expelled over %s', (over) => {
  test('the Close goes out when TCP takes it, and the connection is gone at once', async () => {
    const { wire, peer, tcp, closed } = await wired({ over });
    peer.sendFrame({ opcode: Opcode.binary, payload: new Uint8Array(1000), fin: false });
    await expect.poll(() => wire.heldAmount).toBeGreaterThanOrEqual(1000);
    wire.send('not any more');
    wire.expel(1013, 'Too much.');
    expect([wire.readyState, wire.heldAmount < 1000]).toEqual([3, true]);
    expect(await peer.rest()).toEqual(
      Buffer.concat([Buffer.from([0x88, 11, 0x03, 0xf5]), text('Too much.')]),
    );
    expect(await closed).toMatchObject({ code: 1006, initiator: 'us', explanation: 'Too much.' });
    expect(tcp.destroyed).toBe(true);
  });

  test('whoever does not read is cut, and what waited is free', async () => {
    const it = await wired({ over });
    await stall(it);
    it.wire.send(new Uint8Array(100_000));
    it.wire.expel(1013, 'Too much.');
    expect(it.tcp.destroyed).toBe(true);
    expect(await it.closed).toMatchObject({ code: 1006, explanation: 'Too much.' });
    expect(total(it.held)).toBe(0);
  });
});

describe('held at the start', () => {
  test('nothing is handed out before release, and then everything in order', async () => {
    const { wire, peer, seen } = await wired({ held: true, head: text('HEAD'), rest: frame('one', 1) });
    peer.send(frame('two', 2));
    expect((await peer.take(4)).toString()).toBe('HEAD');
    wire.send('not held');
    await peer.take(2 + 8);
    expect(seen).toEqual([]);
    wire.release();
    expect(seen).toEqual(['one']);
    await expect.poll(() => seen).toEqual(['one', 'two']);
    wire.release();
    expect(seen).toEqual(['one', 'two']);
  });

  test('no ping goes out, and the first one a whole interval after release', async () => {
    const { wire, clock, peer } = await wired({ held: true });
    clock.advance(100_000);
    wire.sweep(clock.now());
    wire.release();
    clock.advance(24_999);
    wire.sweep(clock.now());
    wire.send('x');
    clock.advance(1);
    wire.sweep(clock.now());
    expect(await peer.take(3 + 6)).toEqual(Buffer.from([0x81, 1, 0x78, 0x89, 4, 0, 0, 0, 1]));
  });

  test('closing lets the peer’s Close be heard, though no message any more', async () => {
    const { wire, peer, seen, closed } = await wired({ held: true, rest: frame('one', 1) });
    wire.close(1000);
    await peer.take(4);
    peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xe8) });
    await peer.ended;
    peer.socket.end();
    expect(await closed).toMatchObject({ wasClean: true });
    expect(seen).toEqual([]);
  });

  test('a peer that is gone meanwhile is recorded, and release does nothing', async () => {
    const { wire, peer, seen, closed } = await wired({ held: true, rest: frame('one', 1) });
    peer.socket.resetAndDestroy();
    expect(await closed).toMatchObject({ code: 1006, initiator: 'network' });
    wire.release();
    expect(seen).toEqual([]);
    expect(wire.readyState).toBe(3);
  });
});

describe('the record', () => {
  test('has how long it lasted and how long nothing had come', async () => {
    const { wire, peer, clock, seen, closed } = await wired();
    clock.advance(1000);
    peer.send(frame('x', 1));
    await expect.poll(() => seen).toEqual(['x']);
    clock.advance(500);
    wire.terminate('For a reason.');
    expect(await closed).toMatchObject({
      initiator: 'us',
      explanation: 'For a reason.',
      duration: 1500,
      idleTime: 500,
      messagesReceived: 1,
    });
  });

  test('has the first cause', async () => {
    const { wire, closed } = await wired();
    wire.giveUp(1013, 'One.');
    wire.explain('Two.');
    wire.terminate('Three.');
    expect(await closed).toMatchObject({ explanation: 'One.' });
    expect(wire.send('x')).toBe(SendResult.closed);
  });
});

test('held amount is what waits and what is not yet a message, and its owner is told of every change', async () => {
  const { wire, peer, held, closed } = await wired();
  expect(wire.heldAmount).toBe(0);
  wire.send('1234');
  // What a tick has gathered is told of at its end.
  expect([wire.heldAmount, total(held)]).toEqual([6, 0]);
  await peer.take(6);
  expect([wire.heldAmount, total(held)]).toEqual([0, 0]);
  peer.sendFrame({ opcode: Opcode.binary, payload: new Uint8Array(100), fin: false });
  await expect.poll(() => total(held)).toBeGreaterThanOrEqual(100);
  expect(total(held)).toBe(wire.heldAmount);
  peer.socket.resetAndDestroy();
  await closed;
  expect(total(held)).toBe(0);
});

test('who is expelled says at once that its memory is free, though TCP is not gone yet', async () => {
  const { wire, peer, held, closed } = await wired({ over: 'TLS' });
  peer.sendFrame({ opcode: Opcode.binary, payload: new Uint8Array(100_000), fin: false });
  await expect.poll(() => total(held)).toBeGreaterThanOrEqual(100_000);
  wire.expel(1013, 'Out.');
  expect(wire.finished).toBe(false);
  expect(total(held)).toBeLessThan(100);
  await closed;
  expect(total(held)).toBe(0);
});

describe('answers that wait for those of others', () => {
  /** A wire that is asked to flush by nobody. */
  async function unflushed(maxBufferedAmount: number, asked: string[]) {
    const [tcp, peer] = await tcpPair();
    const clock = manualClock();
    const wire = new Wire(
      tcp,
      new Connection('server'),
      { maxBufferedAmount, pingInterval: 25_000, pongTimeout: 20_000, closeTimeout: 5000, clock },
      {
        message: () => {},
        pingReceived: () => {},
        pongReceived: () => {},
        drained: () => {},
        failed: () => {},
        closed: () => {},
        schedule: () => asked.push('schedule'),
        answered: () => asked.push('answered'),
      },
    );
    wire.start(new Uint8Array(0));
    onTestFinished(() => {
      tcp.destroy();
      peer.destroy();
    });
    return { wire, tcp, peer };
  }
  const ping = encodeFrame({ opcode: Opcode.ping, payload: new Uint8Array(125), maskingKey: 0 });
  const pongLength = 127;

  test('are asked for once, and go out with the flush', async () => {
    const asked: string[] = [];
    const { wire, peer } = await unflushed(1024 * 1024, asked);
    for (let count = 1; count <= 3; count++) {
      peer.send(ping);
      await expect.poll(() => wire.bufferedAmount).toBe(count * pongLength);
    }
    expect(asked).toEqual(['answered']);
    wire.flush();
    await peer.take(3 * pongLength);
    peer.send(ping);
    await expect.poll(() => asked).toEqual(['answered', 'answered']);
  });

  for (const scheduled of [false, true]) {
    test(`do not wait when they are many, ${scheduled ? 'behind a message' : 'alone'}`, async () => {
      const asked: string[] = [];
      const maxBufferedAmount = 64 * 1024;
      const { wire, peer } = await unflushed(maxBufferedAmount, asked);
      // The flush that this asks for may be a long way off: behind a broadcast to thousands.
      if (scheduled) wire.send('x');
      const pings = 2000;
      peer.send(Buffer.concat(Array(pings).fill(ping)));
      const sent = pings * pongLength - maxBufferedAmount / 2;
      await peer.take(sent);
      expect(wire.bufferedAmount).toBeLessThanOrEqual(maxBufferedAmount / 2 + 3);
    });
  }
});
