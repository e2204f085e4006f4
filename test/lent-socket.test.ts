/** Connections that are read through one shared buffer: what arrives, when it may be kept, and what happens without it. */
import { Buffer } from 'node:buffer';
import { connect, createServer, type Server, Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { acceptLent, type LentSocket, own, type StreamOwner } from '../src/lent-socket.ts';
import { heldReadLength, ReadTurns, readLength } from '../src/read-turns.ts';
import { below, type Random } from './fuzz/mutator.ts';
import { seededRandom } from './support/chopping.ts';
import { countedOctets } from './support/octets.ts';

const seed = Number(process.env.BAREWIRE_SEED ?? 0x1e47);
/** So many full reads of one connection in one turn; libuv by itself reads 32 times. */
const readsInTurn = 2;
/** And so many when it is alone: when no other has been heard for so many turns. */
const readsAlone = 16;
const shortTurns = 256;
/** Fast enough for nobody to have to wait, unless told otherwise. */
const quickTurns = () => new ReadTurns(2 ** 40, () => performance.now());
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Turns in which the kernel, and a stream that is not paused, take as much as they do. */
async function someTurns(): Promise<void> {
  for (let index = 0; index < 50; index++) await turn();
}

/** Pauses the one end, and lets the other send so much that reads come full afterwards. */
async function fillWhilePaused(socket: Socket, peer: Socket, octets: Buffer): Promise<void> {
  socket.pause();
  peer.write(octets);
  await someTurns();
}

/** A server whose connections are lent sockets, and what it accepted. */
async function lending(turns = quickTurns()) {
  const accepted: LentSocket[] = [];
  const gone: LentSocket[] = [];
  const server = createServer(() => {
    throw new Error('node:net accepted by itself.');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const lends = acceptLent(
    server,
    turns,
    (socket) => accepted.push(socket),
    (socket) => gone.push(socket),
  );
  expect(lends).toBe(true);
  const peers: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of [...accepted, ...peers]) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  /** Both ends of a new connection. */
  const pair = async (): Promise<[LentSocket, Socket]> => {
    const index = accepted.length;
    const peer = connect({ port: portOf(server), host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    peer.on('error', () => {});
    peers.push(peer);
    await vi.waitUntil(() => accepted.length > index && !peer.connecting, { interval: 1 });
    return [accepted[index] as LentSocket, peer];
  };
  return { server, pair, gone };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('There is no port.');
  return address.port;
}

/** An owner that notes what it is told, and copies what is lent. */
class Recorder implements StreamOwner {
  readonly seen: string[] = [];
  readonly chunks: Buffer[] = [];
  length = 0;
  onReceive: ((chunk: Buffer, lent: boolean) => void) | undefined;

  receive(chunk: Buffer, lent: boolean): void {
    this.chunks.push(Buffer.from(chunk));
    this.length += chunk.length;
    this.onReceive?.(chunk, lent);
  }

  receiveEnd(): void {
    this.seen.push('end');
  }

  failed(error: Error): void {
    this.seen.push(`failed: ${'code' in error ? String(error.code) : error.message}`);
  }

  closed(): void {
    this.seen.push('closed');
  }

  get octets(): Buffer {
    return Buffer.concat(this.chunks);
  }

  until(length: number): Promise<void> {
    return untilTrue(() => this.length >= length);
  }
}

/** Waits turn by turn. */
async function untilTrue(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

/** Octets without a pattern that a lost, doubled or moved piece could fit into. */
function numbered(length: number): Buffer {
  const octets = Buffer.alloc(length);
  for (let index = 0; index + 4 <= length; index += 4) octets.writeUInt32BE(index >>> 2, index);
  return octets;
}

describe('a stream with an owner', () => {
  test('hands over octets as they come, lent; the next read writes over them, whoever it is for', async () => {
    const { pair } = await lending();
    const [first, firstPeer] = await pair();
    const [second, secondPeer] = await pair();
    const owner = new Recorder();
    const other = new Recorder();
    let kept: Buffer | undefined;
    const lents: boolean[] = [];
    owner.onReceive = (chunk, lent) => {
      kept ??= chunk;
      lents.push(lent);
    };
    own(first, owner);
    own(second, other);
    firstPeer.write('mine');
    await owner.until(4);
    expect([String(kept), lents]).toEqual(['mine', [true]]);
    secondPeer.write('his.');
    await other.until(4);
    expect(String(kept)).toBe('his.');
    expect([String(owner.octets), String(other.octets)]).toEqual(['mine', 'his.']);
  });

  test('has what waited in it first, and then what comes', async () => {
    const { pair, gone } = await lending();
    const [socket, peer] = await pair();
    socket.pause();
    peer.write('waits ');
    for (let index = 0; index < 10; index++) await turn();
    const owner = new Recorder();
    const lents: boolean[] = [];
    owner.onReceive = (_chunk, lent) => lents.push(lent);
    socket.unshift(Buffer.from('put back '));
    own(socket, owner);
    expect(owner.length).toBe(0);
    socket.resume();
    await owner.until(15);
    peer.end('last');
    await untilTrue(() => owner.seen.length > 0);
    expect(String(owner.octets)).toBe('put back waits last');
    expect(lents[0]).toBe(false);
    expect(lents.at(-1)).toBe(true);
    expect(owner.seen).toEqual(['end']);
    socket.end();
    await untilTrue(() => gone.length > 0);
    expect(gone).toEqual([socket]);
    expect(owner.seen).toEqual(['end', 'closed']);
  });

  test('that is paused keeps what comes, in order, and nothing is lost of many MiB', async () => {
    const { pair } = await lending();
    const [socket, peer] = await pair();
    const octets = numbered(12 * 1024 * 1024);
    const random = seededRandom(seed);
    const owner = new Recorder();
    let pauses = 0;
    owner.onReceive = () => {
      if (below(random, 4) > 0) return;
      pauses++;
      socket.pause();
      // Some turns later, or in this one.
      void later(below(random, 4), () => socket.resume());
    };
    own(socket, owner);
    socket.resume();
    peer.end(octets);
    await untilTrue(() => owner.seen.includes('end'));
    expect(owner.length).toBe(octets.length);
    expect(owner.octets.equals(octets)).toBe(true);
    expect(pauses).toBeGreaterThan(10);
  });

  test('that is paused for long leaves the rest with the peer', async () => {
    const { pair } = await lending();
    const [socket, peer] = await pair();
    const owner = new Recorder();
    own(socket, owner);
    const octets = numbered(12 * 1024 * 1024);
    await fillWhilePaused(socket, peer, octets);
    expect(owner.length).toBe(0);
    expect(socket.readableLength).toBeLessThanOrEqual(2 * readLength);
    expect(peer.writableLength).toBeGreaterThan(0);
    socket.resume();
    await owner.until(octets.length);
    expect(owner.octets.equals(octets)).toBe(true);
  });

  test('that is resumed and paused again at once gets nothing, though node:net reads a little', async () => {
    const { pair } = await lending();
    const [socket, peer] = await pair();
    const octets = numbered(12 * 1024 * 1024);
    peer.write(octets);
    // Until the stream has as much as it takes.
    await someTurns();
    const { readableLength } = socket;
    expect(readableLength).toBeGreaterThan(0);
    const owner = new Recorder();
    socket.pause();
    own(socket, owner);
    await turn();
    socket.resume();
    socket.pause();
    await someTurns();
    expect(owner.length).toBe(0);
    // That is what makes it worth a test: what has been read must wait, and come behind what waits already.
    expect(socket.readableLength).toBeGreaterThan(readableLength);
    expect(peer.writableLength).toBeGreaterThan(0);
    socket.resume();
    await owner.until(octets.length);
    expect(owner.octets.equals(octets)).toBe(true);
  });

  test('is told of an error, and then that it is over', async () => {
    const { pair, gone } = await lending();
    const [socket, peer] = await pair();
    const owner = new Recorder();
    own(socket, owner);
    peer.resetAndDestroy();
    await untilTrue(() => gone.length > 0);
    expect(owner.seen).toEqual(['failed: ECONNRESET', 'closed']);
  });

  test('gets nothing any more once it is destroyed, in the middle of a long read too', async () => {
    const { pair, gone } = await lending();
    const [socket, peer] = await pair();
    const owner = new Recorder();
    let after = 0;
    owner.onReceive = () => {
      if (socket.destroyed) after++;
      socket.destroy();
    };
    own(socket, owner);
    peer.write(numbered(4 * 1024 * 1024));
    await untilTrue(() => gone.length > 0);
    for (let index = 0; index < 10; index++) await turn();
    expect([after, owner.chunks.length]).toEqual([0, 1]);
    expect(owner.seen).toEqual(['closed']);
  });
});

describe('whoever sends without a pause', () => {
  test('is interrupted after a few full reads, and read on in the next turn', async () => {
    const { pair } = await lending();
    const [socket, peer] = await pair();
    const owner = new Recorder();
    const turns: number[][] = [];
    owner.onReceive = (chunk) => turns.at(-1)?.push(chunk.length);
    own(socket, owner);
    const octets = numbered(8 * 1024 * 1024);
    await fillWhilePaused(socket, peer, octets);
    socket.resume();
    while (owner.length < octets.length) {
      turns.push([]);
      await turn();
    }
    expect(owner.octets.equals(octets)).toBe(true);
    const fullReads = turns.map((lengths) => lengths.filter((length) => length === readLength).length);
    expect(Math.max(...fullReads)).toBe(readsInTurn);
  });

  test('is read for longer at a time when nobody else has been heard for long', async () => {
    const { pair } = await lending();
    const [socket, peer] = await pair();
    const owner = new Recorder();
    const turns: number[] = [];
    owner.onReceive = (chunk) => {
      if (chunk.length === readLength) turns[turns.length - 1] = (turns.at(-1) ?? 0) + 1;
    };
    own(socket, owner);
    const octets = numbered(shortTurns * readsInTurn * readLength + 32 * 1024 * 1024);
    peer.write(octets);
    while (owner.length < octets.length) {
      turns.push(0);
      await turn();
    }
    const short = turns.slice(0, shortTurns);
    const long = turns.slice(shortTurns);
    expect(Math.max(...short)).toBe(readsInTurn);
    expect(Math.max(...long)).toBeGreaterThan(readsInTurn);
    expect(Math.max(...long)).toBeLessThanOrEqual(readsAlone);
  });

  test('does not keep others waiting for more than that', async () => {
    const { pair } = await lending();
    const [loud, loudPeer] = await pair();
    const [quiet, quietPeer] = await pair();
    const order: string[] = [];
    const loudOwner = new Recorder();
    const quietOwner = new Recorder();
    loudOwner.onReceive = (chunk) => {
      // Asked for in the middle of the flood, so that it arrives during it.
      if (order.length === 0) quietPeer.write('?');
      order.push(`loud ${chunk.length}`);
    };
    quietOwner.onReceive = () => order.push('quiet');
    own(loud, loudOwner);
    own(quiet, quietOwner);
    const octets = numbered(8 * 1024 * 1024);
    await fillWhilePaused(loud, loudPeer, octets);
    loud.resume();
    await loudOwner.until(octets.length);
    await quietOwner.until(1);
    const at = order.indexOf('quiet');
    // The turn in which it was sent, and the one in which it is read.
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThanOrEqual(3 * readsInTurn);
  });

  test('and brings more than its share is read later and by less, while others are heard, and whole', async () => {
    // Time stands still, so a burst is all that is free.
    const rate = 4 * 1024 * 1024;
    const { pair } = await lending(new ReadTurns(rate, () => 0));
    const [loud, loudPeer] = await pair();
    const [quiet, quietPeer] = await pair();
    const loudOwner = new Recorder();
    const quietOwner = new Recorder();
    own(loud, loudOwner);
    own(quiet, quietOwner);
    const wait = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => wait.mockRestore());
    const waits = () => wait.mock.calls.filter(([, , waiting]: unknown[]) => waiting === loud);
    const lengths: number[] = [];
    loudOwner.onReceive = ({ length }) => {
      if (waits().length > 0) lengths.push(length);
    };
    const octets = numbered(8 * 1024 * 1024);
    // Somebody else has to be there before it is read whole.
    quietPeer.write('?');
    await quietOwner.until(1);
    // Reads that do not come full count for nothing.
    await fillWhilePaused(loud, loudPeer, octets);
    loud.resume();
    while (loudOwner.length < octets.length) {
      quietPeer.write('?');
      await turn();
    }
    expect(loudOwner.octets.equals(octets)).toBe(true);
    for (const [, milliseconds] of waits()) expect(milliseconds).toBeGreaterThan(0);
    // All that came behind the burst came so, but for a few reads that were not full.
    expect(waits().length).toBeGreaterThan((octets.length - rate / 4) / heldReadLength / 2);
    expect(Math.max(...lengths)).toBe(heldReadLength);
  });

  test('and is paused and resumed by its owner while it waits, has no second next turn', async () => {
    const { pair } = await lending(new ReadTurns(64 * 1024, () => 0));
    const [loud, loudPeer] = await pair();
    const [quiet, quietPeer] = await pair();
    const owner = new Recorder();
    own(loud, owner);
    own(quiet, new Recorder());
    let waiting = 0;
    const { setTimeout } = globalThis;
    const stayWaiting = (
      then: (...values: unknown[]) => void,
      milliseconds?: number,
      ...values: unknown[]
    ) => {
      if (values[0] !== loud) return setTimeout(then, milliseconds, ...values);
      waiting++;
      return setTimeout(() => {}, 0);
    };
    const wait = vi.spyOn(globalThis, 'setTimeout').mockImplementation(stayWaiting as typeof setTimeout);
    onTestFinished(() => wait.mockRestore());
    loudPeer.write(numbered(8 * 1024 * 1024));
    for (let index = 0; index < 20; index++) {
      quietPeer.write('?');
      await untilTrue(() => index > 0 || waiting > 0);
      const { length } = owner;
      loud.pause();
      loud.resume();
      // What it reads in between is more than it has for a turn, so it would wait once more.
      await untilTrue(() => owner.length > length);
    }
    expect(waiting).toBe(1);
  });

  test('and is paused, or gone, when its next turn comes, is not read on', async () => {
    const { pair } = await lending();
    for (const then of ['pause', 'destroy'] as const) {
      const [socket, peer] = await pair();
      const owner = new Recorder();
      own(socket, owner);
      const octets = numbered(8 * 1024 * 1024);
      await fillWhilePaused(socket, peer, octets);
      const resume = vi.spyOn(socket, 'resume');
      owner.onReceive = (chunk, lent) => {
        // Behind the read that ends its turn, and before the next one.
        queueMicrotask(() => {
          if (lent && chunk.length === readLength && socket.inTurn === 0) socket[then]();
        });
      };
      socket.resume();
      await untilTrue(() => socket.isPaused() || socket.destroyed);
      const { length } = owner;
      for (let index = 0; index < 20; index++) await turn();
      expect(resume.mock.calls.length).toBe(1);
      expect(owner.length).toBe(length);
      if (then === 'destroy') continue;
      owner.onReceive = undefined;
      socket.resume();
      await owner.until(octets.length);
      expect(owner.octets.equals(octets)).toBe(true);
    }
  });
});

describe('a stream without an owner', () => {
  test('is one like any other: paused at random, put back in part, and nothing lost or doubled', async () => {
    const { pair } = await lending();
    const [socket, peer] = await pair();
    const random: Random = seededRandom(seed);
    const octets = numbered(8 * 1024 * 1024);
    const chunks: Buffer[] = [];
    let ended = false;
    let putBack = 0;
    socket.on('data', (chunk: Buffer) => {
      const taken = below(random, 3) > 0 ? chunk.length : below(random, chunk.length) + 1;
      // A view is enough: without an owner nothing is lent.
      chunks.push(chunk.subarray(0, taken));
      if (taken < chunk.length) {
        putBack++;
        socket.pause();
        socket.unshift(chunk.subarray(taken));
        void later(below(random, 3), () => socket.resume());
      } else if (below(random, 4) === 0) {
        socket.pause();
        void later(below(random, 3), () => socket.resume());
      }
    });
    socket.on('end', () => {
      ended = true;
    });
    peer.end(octets);
    await untilTrue(() => ended);
    expect(Buffer.concat(chunks).equals(octets)).toBe(true);
    expect(putBack).toBeGreaterThan(10);
  });

  test('can be read from when it is readable, and by iteration', async () => {
    const { pair } = await lending();
    const octets = numbered(3 * 1024 * 1024);
    const [readable, readablePeer] = await pair();
    const read: Buffer[] = [];
    const ended = new Promise((resolve) => readable.on('end', resolve));
    readable.on('readable', () => {
      for (let chunk = readable.read(); chunk !== null; chunk = readable.read()) read.push(chunk);
    });
    readablePeer.end(octets);
    await ended;
    expect(Buffer.concat(read).equals(octets)).toBe(true);

    const [iterated, iteratedPeer] = await pair();
    iteratedPeer.end(octets);
    const parts: Buffer[] = [];
    for await (const part of iterated) parts.push(part);
    expect(Buffer.concat(parts).equals(octets)).toBe(true);
  });

  test('holds back a peer whose octets nobody takes', async () => {
    const { pair } = await lending();
    const [socket, peer] = await pair();
    const octets = numbered(12 * 1024 * 1024);
    peer.write(octets);
    await someTurns();
    expect(socket.readableLength).toBeLessThanOrEqual(2 * readLength);
    expect(peer.writableLength).toBeGreaterThan(0);
  });

  test('is told to nobody when it fails or ends', async () => {
    const { pair, gone } = await lending();
    const [socket, peer] = await pair();
    socket.resume();
    peer.resetAndDestroy();
    await untilTrue(() => gone.length > 0);
    const [ending, endingPeer] = await pair();
    ending.resume();
    endingPeer.end();
    await untilTrue(() => ending.readableEnded);
    expect(ending.writable).toBe(true);
    ending.end();
    await untilTrue(() => gone.length > 1);
    expect(gone).toEqual([socket, ending]);
  });

  test('changes hands in the middle', async () => {
    const { pair } = await lending();
    for (const paused of [false, true]) {
      const [socket, peer] = await pair();
      const octets = numbered(4 * 1024 * 1024);
      const owner = new Recorder();
      const before: Buffer[] = [];
      socket.on('data', function first(chunk: Buffer) {
        before.push(chunk);
        if (before.length < 3) return;
        socket.off('data', first);
        if (paused) socket.pause();
        own(socket, owner);
        if (paused) void later(3, () => socket.resume());
      });
      peer.end(octets);
      await untilTrue(() => owner.seen.includes('end'));
      expect(Buffer.concat([...before, ...owner.chunks]).equals(octets)).toBe(true);
    }
  });
});

async function later(turns: number, then: () => void): Promise<void> {
  for (let index = 0; index < turns; index++) await turn();
  then();
}

describe('a stream that node:net reads', () => {
  test('is owned as well, and lends nothing', async () => {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    for (const kind of ['ends', 'fails'] as const) {
      const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
      const peer = connect(portOf(server), '127.0.0.1');
      peer.on('error', () => {});
      const stream = await connected;
      const owner = new Recorder();
      const lents: boolean[] = [];
      owner.onReceive = (_chunk, lent) => lents.push(lent);
      own(stream, owner);
      peer.write(countedOctets(1000));
      await owner.until(1000);
      expect(owner.octets.equals(countedOctets(1000))).toBe(true);
      expect(new Set(lents)).toEqual(new Set([false]));
      if (kind === 'ends') {
        peer.end();
        await untilTrue(() => owner.seen.length > 0);
        stream.end();
      } else {
        peer.resetAndDestroy();
      }
      await untilTrue(() => owner.seen.includes('closed'));
      expect(owner.seen).toEqual(kind === 'ends' ? ['end', 'closed'] : ['failed: ECONNRESET', 'closed']);
    }
  });
});

describe('accepting', () => {
  /** A server that looks as node:net's does inside, as far as that is used. */
  const fake = (inside: unknown) => Object.assign(createServer(), { _handle: inside });
  const nobody = () => {
    throw new Error('Nobody was to come.');
  };

  test.each([
    ['nothing', undefined],
    ['null, as before it listens', null],
    ['a number', 7],
    ['an object that accepts in another way', {}],
    ['one whose onconnection is no function', { onconnection: 'yes' }],
  ])('is left as it is where there is %s inside', (_name, inside) => {
    const before = structuredClone(inside);
    expect(acceptLent(fake(inside), quickTurns(), nobody, nobody)).toBe(false);
    expect(inside).toEqual(before);
  });

  test('is left as it is where it cannot be changed', () => {
    const onconnection = vi.fn();
    const inside = Object.freeze({ onconnection });
    expect(acceptLent(fake(inside), quickTurns(), nobody, nobody)).toBe(false);
    expect(inside.onconnection).toBe(onconnection);
  });

  test('goes the old way for what cannot be told what to read into', () => {
    const calls: unknown[][] = [];
    const inside = {
      onconnection(this: unknown, ...parameters: unknown[]): void {
        calls.push([this === inside, ...parameters]);
      },
    };
    expect(acceptLent(fake(inside), quickTurns(), nobody, nobody)).toBe(true);
    const connection = { readStart() {} };
    inside.onconnection(0, connection);
    inside.onconnection(0, null);
    inside.onconnection(0, 'connection');
    inside.onconnection(-24, undefined);
    expect(calls).toEqual([
      [true, 0, connection],
      [true, 0, null],
      [true, 0, 'connection'],
      [true, -24, undefined],
    ]);
  });

  test('fails as before: the server reports it and goes on', async () => {
    const { server, pair } = await lending();
    const errors: unknown[] = [];
    server.on('error', (error) => errors.push(error));
    const inside: unknown = Reflect.get(server, '_handle');
    if (typeof inside !== 'object' || inside === null) throw new TypeError('There is nothing inside.');
    const onconnection: unknown = Reflect.get(inside, 'onconnection');
    if (typeof onconnection !== 'function') throw new TypeError('It does not accept.');
    // What node:net is told when the process has no file descriptor left.
    Reflect.apply(onconnection, inside, [-24, undefined]);
    expect(errors).toMatchObject([{ code: 'EMFILE', syscall: 'accept' }]);
    const [socket, peer] = await pair();
    peer.write('x');
    const owner = new Recorder();
    own(socket, owner);
    await owner.until(1);
  });

  test('a lent socket is what node:net makes otherwise', async () => {
    const { server, pair } = await lending();
    const [socket, peer] = await pair();
    expect(socket).toBeInstanceOf(Socket);
    expect([socket.remoteAddress, socket.remotePort, socket.localPort, socket.allowHalfOpen]).toEqual([
      '127.0.0.1',
      peer.localPort,
      portOf(server),
      true,
    ]);
    expect([socket.readableHighWaterMark, socket.writableHighWaterMark]).toEqual([
      peer.readableHighWaterMark,
      peer.writableHighWaterMark,
    ]);
    const octets = numbered(4 * 1024 * 1024);
    const echo: Buffer[] = [];
    peer.on('data', (chunk) => echo.push(chunk));
    const ended = new Promise((resolve) => peer.on('end', resolve));
    socket.end(octets);
    await ended;
    expect(Buffer.concat(echo).equals(octets)).toBe(true);
  });
});
