/**
 * The generator of the server bench finds every wrong answer: right ones pass, and each way of being wrong is told. The
 * servers are ws with a fault put in, so that nothing of ours is on both sides.
 */
import { createServer, type Server as TcpServer } from 'node:net';
import { deflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { asciiPayload, jsonPayload, maskedFrame, serverFrame } from '../bench/server/frames.ts';
import { HandshakeSession } from '../bench/server/handshake-session.ts';
import { LatencySession } from '../bench/server/latency-session.ts';
import { DeflateReader, ExactReader, LengthReader } from '../bench/server/readers.ts';
import { EchoSession, FanoutSession, IdleSession, type Session } from '../bench/server/sessions.ts';
import type { Target, Workload } from '../bench/server/workload.ts';

const gate = { milliseconds: 0, minimum: 0, full: true };

const echo: Workload = {
  kind: 'echo',
  payload: 'text',
  payloadLength: 125,
  connections: 3,
  depth: 4,
  deflate: false,
};

type Answer = (socket: WebSocket, data: RawData, isBinary: boolean, all: ReadonlySet<WebSocket>) => void;

const right: Answer = (socket, data, isBinary) => socket.send(data, { binary: isBinary });

let running: (() => void)[] = [];
afterEach(() => {
  for (const stop of running) stop();
  running = [];
});

function portOf(server: Pick<TcpServer, 'address'>): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('It does not listen.');
  return address.port;
}

/** A server by ws. @returns how to reach it */
async function serve(answer: Answer, deflate = false): Promise<Target> {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    perMessageDeflate: deflate ? { threshold: 0 } : false,
  });
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => answer(socket, data, isBinary, server.clients));
  });
  running.push(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('It does not listen.');
  return { name: 'ws', port: address.port, dialect: 'websocket', check: 'content' };
}

async function open(session: Session): Promise<Session> {
  running.push(() => session.close());
  await session.open();
  return session;
}

/** Changes the last octet of every message of that number of the batch. */
function damaged(number: number): Answer {
  let count = 0;
  return (socket, data, isBinary) => {
    if (!Buffer.isBuffer(data)) throw new TypeError('ws gave something else than a Buffer.');
    const copy = Buffer.from(data);
    if (count++ === number) copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
    socket.send(copy, { binary: isBinary });
  };
}

describe('echo', () => {
  it.each([
    ['text', 1],
    ['text', 125],
    ['binary', 126],
    ['binary', 65_535],
    ['text', 65_536],
    ['json', 1024],
  ] as const)('takes right answers, %s of %i octets', async (payload, payloadLength) => {
    const session = await open(new EchoSession(await serve(right), { ...echo, payload, payloadLength }));
    expect(await session.round(gate)).toMatchObject({ messages: 12 });
    const { messages = 0, octetsReceived } = await session.round({
      milliseconds: 1,
      minimum: 40,
      full: false,
    });
    expect(messages).toBeGreaterThanOrEqual(40);
    expect(octetsReceived).toBe(messages * serverFrame(1, Buffer.alloc(payloadLength)).length);
  });

  it.each([0, 5, 11])('finds one wrong octet, in message %i of 12', async (number) => {
    const session = await open(new EchoSession(await serve(damaged(number)), echo));
    await expect(session.round(gate)).rejects.toThrow(/answers wrongly/);
  });

  it('finds a message that is answered twice', async () => {
    const twice: Answer = (socket, data, isBinary) => {
      socket.send(data, { binary: isBinary });
      socket.send(data, { binary: isBinary });
    };
    const session = await open(new EchoSession(await serve(twice), { ...echo, connections: 1, depth: 1 }));
    await expect(session.round({ ...gate, minimum: 2 })).rejects.toThrow(/answers wrongly/);
    const other = await open(new EchoSession(await serve(twice), echo));
    await expect(other.round(gate)).rejects.toThrow(/answers wrongly/);
  });

  it('finds answers in the wrong order, of the wrong kind, and for somebody else', async () => {
    const waiting: RawData[] = [];
    const swapped: Answer = (socket, data) => {
      waiting.push(data);
      if (waiting.length < 2) return;
      for (const one of waiting.splice(0).reverse()) socket.send(one, { binary: false });
    };
    const binary: Answer = (socket, data) => socket.send(data, { binary: true });
    const elsewhere: Answer = (_, data, isBinary, all) => [...all][0]?.send(data, { binary: isBinary });
    for (const [answer, connections] of [
      [swapped, 1],
      [binary, 1],
      [elsewhere, 2],
    ] as const) {
      const session = await open(new EchoSession(await serve(answer), { ...echo, connections }));
      await expect(session.round(gate)).rejects.toThrow(/wrongly/);
    }
  });

  it('finds a connection that is cut', async () => {
    const session = await open(new EchoSession(await serve((socket) => socket.terminate()), echo));
    await expect(session.round(gate)).rejects.toThrow(/ended a connection|TCP/);
  });
});

describe('echo with deflate', () => {
  const deflate: Workload = { ...echo, payload: 'json', payloadLength: 1024, depth: 1, deflate: true };

  it('sends what can be inflated and takes right answers, round after round', async () => {
    const session = await open(new EchoSession(await serve(right, true), deflate));
    expect(await session.round(gate)).toMatchObject({ messages: 3 });
    for (let round = 0; round < 3; round++) {
      const { messages } = await session.round({ milliseconds: 1, minimum: 250, full: false });
      expect(messages).toBeGreaterThanOrEqual(250);
    }
  });

  it.each([1, 100])('finds one wrong octet within message %i', async (number) => {
    const session = await open(new EchoSession(await serve(damaged(number), true), deflate));
    await expect(session.round({ milliseconds: 1, minimum: 200, full: false })).rejects.toThrow(/wrongly/);
  });

  it('wants the extension when it offers it, and none when it does not', async () => {
    const session = new EchoSession(await serve(right), deflate);
    await expect(session.open()).rejects.toThrow(/did not agree/);
  });
});

describe('fan-out', () => {
  const fanout: Workload = { ...echo, kind: 'fanout', connections: 20, depth: 2 };
  const toAll: Answer = (_, data, isBinary, all) => {
    for (const member of all) member.send(data, { binary: isBinary });
  };

  it('counts deliveries', async () => {
    const session = await open(new FanoutSession(await serve(toAll), fanout));
    expect(await session.round(gate)).toMatchObject({ messages: 40 });
  });

  it('finds one who gets it twice, and one who gets something else', async () => {
    const twice: Answer = (socket, data, isBinary, all) => {
      toAll(socket, data, isBinary, all);
      [...all].at(-1)?.send(data, { binary: isBinary });
    };
    for (const depth of [1, 2]) {
      const session = await open(new FanoutSession(await serve(twice), { ...fanout, depth }));
      await expect(session.round({ ...gate, minimum: 1000 })).rejects.toThrow(/twice|wrongly/);
    }
    const other: Answer = (_, data, isBinary, all) => {
      for (const [index, member] of [...all].entries()) {
        member.send(index === 7 ? 'something else' : data, { binary: isBinary });
      }
    };
    const session = await open(new FanoutSession(await serve(other), fanout));
    await expect(session.round(gate)).rejects.toThrow(/wrongly/);
  });

  it('inflates what all got at the gates, also after rounds in which only some were looked at', async () => {
    const compressed: Workload = {
      ...fanout,
      payload: 'json',
      payloadLength: 1024,
      connections: 30,
      deflate: true,
    };
    let spoil = false;
    const answer: Answer = (_, data, isBinary, all) => {
      for (const [index, member] of [...all].entries()) {
        member.send(spoil && index === 25 ? jsonPayload(1024, 99).toString() : data, { binary: isBinary });
      }
    };
    const session = await open(new FanoutSession(await serve(answer, true), compressed));
    expect(await session.round(gate)).toMatchObject({ messages: 60 });
    await session.round({ milliseconds: 1, minimum: 2500, full: false });
    expect(await session.round(gate)).toMatchObject({ messages: 60 });
    spoil = true;
    await expect(session.round(gate)).rejects.toThrow(/wrongly/);
  });
});

describe('handshakes', () => {
  const handshake: Workload = { ...echo, kind: 'handshake', connections: 4 };

  it('counts those that were closed by both', async () => {
    const session = new HandshakeSession(await serve(right), handshake);
    const { messages } = await session.round({ milliseconds: 1, minimum: 10, full: false });
    expect(messages).toBeGreaterThanOrEqual(10);
  });

  it.each([
    ['HTTP/1.1 400 Bad Request\r\n\r\n', /refused the handshake/],
    ['HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: AAAA\r\n\r\n', /refused the handshake/],
    [
      'HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x88\x02\x03\xe9',
      /behind its answer/,
    ],
  ])('finds a wrong answer %#', async (head, sentence) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write(Buffer.from(head, 'latin1')));
    });
    running.push(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const target: Target = { name: 'x', port: portOf(server), dialect: 'websocket', check: 'content' };
    await expect(new HandshakeSession(target, handshake).round(gate)).rejects.toThrow(sentence);
  });

  it('finds a wrong Close', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.once('data', () => socket.end(Buffer.from([0x88, 2, 3, 0xe9])));
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
        );
      });
    });
    running.push(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const target: Target = { name: 'x', port: portOf(server), dialect: 'websocket', check: 'content' };
    await expect(new HandshakeSession(target, handshake).round(gate)).rejects.toThrow(/answers a Close with/);
  });
});

describe('latency', () => {
  it('has a time for each answer, in a closed loop and in an open one', async () => {
    const session = await open(
      new LatencySession(await serve(right), { ...echo, kind: 'latency', depth: 1 }),
    );
    const closed = await session.round({ milliseconds: 1, minimum: 30, full: false });
    expect(closed.messages).toBeGreaterThanOrEqual(30);
    const open1 = await session.round({ milliseconds: 1, minimum: 50, full: false, rate: 5000 });
    expect(open1.messages).toBe(50);
    for (const { p50 = 0, p90 = 0, p99 = 0, p999 = 0 } of [closed, open1]) {
      expect([p50, p90, p99, p999].every((time) => time > 0)).toBe(true);
      expect([p50, p90, p99, p999]).toEqual([p50, p90, p99, p999].sort((a, b) => a - b));
    }
  });
});

describe('idle connections', () => {
  it('are opened and do nothing', async () => {
    const session = await open(
      new IdleSession(await serve(right), { ...echo, kind: 'idle', connections: 70 }),
    );
    expect(await session.round(gate)).toMatchObject({ messages: 0 });
  });
});

describe('readers', () => {
  const texts = Array.from({ length: 8 }, (_, index) => jsonPayload(400, index));
  const frame = (payload: Buffer, compressed: boolean): Buffer =>
    serverFrame(compressed ? 0x41 : 0x1, payload);
  const ended = (text: Buffer): Buffer => Buffer.concat([deflateRawSync(text), Buffer.from([0])]);

  it('take streams that end with each message, and uncompressed messages among them, cut anywhere', () => {
    for (const cut of [1, 7, 100_000]) {
      const reader = new DeflateReader(texts, 2);
      reader.keep(true);
      const octets = Buffer.concat(
        texts.map((text, index) => (index % 3 === 1 ? frame(text, false) : frame(ended(text), true))),
      );
      let batches = 0;
      for (let at = 0; at < octets.length; at += cut) {
        const piece = octets.subarray(at, at + cut);
        batches += reader.take(piece, piece.length);
      }
      expect(batches).toBe(4);
      reader.verify();
    }
  });

  it('refuse frames that are no whole text', () => {
    for (const first of [0x01, 0x82, 0x91, 0xe1]) {
      const reader = new DeflateReader(texts, 1);
      expect(() => reader.take(Buffer.from([first, 1, 0]), 3)).toThrow(/begins with 0x/);
    }
  });

  it('find garbage, and a message in the place of another', () => {
    for (const payload of [Buffer.from('no deflate at all'), ended(jsonPayload(400, 5))]) {
      const reader = new DeflateReader(texts, 1);
      reader.keep(true);
      const octets = frame(payload, true);
      reader.take(octets, octets.length);
      expect(() => reader.verify()).toThrow(/messages 0 to 0/);
    }
  });

  it('count whole answers over any cut', () => {
    const length = new LengthReader(10);
    expect([3, 3, 3, 1, 25].map((count) => length.take(Buffer.alloc(count), count))).toEqual([0, 0, 0, 1, 2]);
    const exact = new ExactReader([Buffer.from('abcd'), Buffer.from('efg')]);
    expect([exact.take(Buffer.from('ab'), 2), exact.take(Buffer.from('cdefgabcdef'), 11)]).toEqual([0, 3]);
    expect(() => exact.take(Buffer.from('x'), 1)).toThrow(/octets 2 to 3/);
  });
});

describe('payloads', () => {
  it.each([300, 1024, 1025, 5000])('of JSON have exactly %i octets, and differ', (length) => {
    const made = Array.from({ length: 20 }, (_, seed) => jsonPayload(length, seed).toString());
    expect(made.every((text) => text.length === length && typeof JSON.parse(text) === 'object')).toBe(true);
    expect(new Set(made).size).toBe(20);
  });

  it('of text need no escape in JSON, and are the same for the same seed', () => {
    const text = asciiPayload(5000, 3).toString();
    expect(JSON.stringify(text)).toBe(`"${text}"`);
    expect(asciiPayload(5000, 3).toString()).toBe(text);
    expect(asciiPayload(5000, 4).toString()).not.toBe(text);
  });

  it('are masked as the RFC has it', () => {
    // §5.7: a single-frame masked text message that contains "Hello".
    const frame = maskedFrame(0x1, Buffer.from('Hello'), Buffer.from('37fa213d', 'hex'));
    expect(frame.toString('hex')).toBe('818537fa213d7f9f4d5158');
  });
});
