// The chat's WebSocket: what a channel is told, which messages are compressed and for whom, whose address counts, what
// the log says. No chat: the user is a fake.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { Opcode } from '../../src/frame.ts';
import { type CloseRecord, SendResult, type WebSocket as ServerSocket } from '../../src/index.ts';
import type { Push } from '../../src/transports/channel.ts';
import { Connections } from '../../src/transports/connections.ts';
import {
  longReply,
  type SocketData,
  webSocketHandlers,
  webSocketOptions,
} from '../../src/transports/websocket.ts';
import { recordingLogger } from '../support/logger.ts';
import { TcpPeer } from '../support/tcp-peer.ts';
import { FakeUser, type ServingTransports, serveTransports } from '../support/transports.ts';

const offer = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits';

/** A client that sees the octets of each frame. */
class Reader {
  readonly #peer: TcpPeer;
  readonly user: FakeUser;

  private constructor(peer: TcpPeer, user: FakeUser) {
    this.#peer = peer;
    this.user = user;
  }

  /** Connects, and takes the hello. */
  static async connect(server: ServingTransports, ...fields: string[]): Promise<Reader> {
    const peer = await TcpPeer.open(server.port, '/chat', fields);
    const user = server.users.at(-1);
    if (user === undefined) throw new Error('Nobody was accepted.');
    const reader = new Reader(peer, user);
    await reader.frame();
    return reader;
  }

  send(text: string): void {
    this.#peer.sendFrame({ opcode: Opcode.text, payload: new TextEncoder().encode(text) });
  }

  /** The next frame, whole. */
  async frame(): Promise<Buffer> {
    const start = await this.#peer.take(2);
    const short = start.readUInt8(1);
    const extended = await this.#peer.take(short < 126 ? 0 : short === 126 ? 2 : 8);
    const length =
      short < 126 ? short : short === 126 ? extended.readUInt16BE() : Number(extended.readBigUInt64BE());
    return Buffer.concat([start, extended, await this.#peer.take(length)]);
  }

  async frames(count: number): Promise<Buffer[]> {
    const frames: Buffer[] = [];
    while (frames.length < count) frames.push(await this.frame());
    return frames;
  }

  pause(): void {
    this.#peer.socket.pause();
  }

  resume(): void {
    this.#peer.socket.resume();
  }

  destroy(): void {
    this.#peer.destroy();
  }
}

function push(data: string): Push {
  return {
    event: 'room:event',
    text: JSON.stringify({ event: 'room:event', data }),
    cursor: 'e:1',
    coalesce: undefined,
  };
}

const isCompressed = (frame: Buffer | undefined) => ((frame?.[0] ?? 0) & 0x40) !== 0;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** What people might say: words of this and that, no line twice. */
function line(number: number): string {
  const words = 'anybody seen the release notes for tomorrow there is coffee in the kitchen and bread'.split(
    ' ',
  );
  const said = Array.from(
    { length: 5 + (number % 9) },
    (_, index) => words[(number * 7 + index * 5) % words.length],
  );
  return `${said.join(' ')} ${number}`;
}

describe('a channel', () => {
  it('knows who connects, and carries messages both ways until either closes', async () => {
    const server = await serveTransports();
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/chat`, {
      headers: { cookie: 'a=b; token=ada', 'user-agent': 'probe/1' },
    });
    const [hello] = await once(socket, 'message');
    const [user] = server.users;
    if (user === undefined) throw new Error('Nobody was accepted.');
    expect(user.channel).toMatchObject({
      id: expect.stringMatching(/^[A-Za-z0-9_-]{24}$/),
      transport: 'websocket',
      remoteAddress: '127.0.0.1',
      userAgent: 'probe/1',
      credential: 'ada',
      bufferedAmount: 0,
    });
    expect(JSON.parse(String(hello))).toMatchObject({ data: { connection: user.channel.id } });
    expect(server.transports.counts.websocket).toBe(1);
    socket.send('text');
    socket.send(Uint8Array.of(1, 2));
    await user.until(() => user.received.length === 2);
    expect(user.received).toEqual(['text', Uint8Array.of(1, 2)]);
    const texts: string[] = [];
    socket.on('message', (data) => texts.push(String(data)));
    user.channel.push(push('a'));
    user.say('b');
    user.channel.close(1008, 'enough');
    const [code, reason] = await once(socket, 'close');
    expect([code, String(reason)]).toEqual([1008, 'enough']);
    expect(texts).toEqual([push('a').text, '{"event":"say","data":"b"}']);
    await user.until(() => user.closes === 1);
    expect(server.transports.counts.websocket).toBe(0);
    user.say('nobody hears this');
  });

  it('tells when little waits again, long before the socket would', async () => {
    const server = await serveTransports();
    const reader = await Reader.connect(server);
    const { user } = reader;
    user.say('x'.repeat(32 * 1024));
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(user.drains).toBe(0);
    // Waits for the end of the tick only.
    user.say('x'.repeat(100 * 1024));
    expect(user.channel.bufferedAmount).toBeGreaterThan(100 * 1024);
    await user.until(() => user.drains === 1);
    await reader.frames(2);
    reader.destroy();
  });

  it('tells so of a reader that took its time, at a look', async () => {
    const server = await serveTransports();
    const reader = await Reader.connect(server);
    const { user } = reader;
    reader.pause();
    // The kernel takes the first megabytes, whoever reads.
    let sent = 0;
    while (user.channel.bufferedAmount < 1024 * 1024) {
      user.say('x'.repeat(512 * 1024));
      sent++;
      await new Promise(setImmediate);
    }
    const { drains } = user;
    server.clock.advance(1000);
    expect(user.drains).toBe(drains);
    reader.resume();
    await reader.frames(sent);
    while (user.channel.bufferedAmount > 0) await new Promise(setImmediate);
    server.clock.advance(1000);
    expect(user.drains).toBe(drains + 1);
    reader.destroy();
  });

  it('tells what waits, and when that was taken', async () => {
    const server = await serveTransports();
    const reader = await Reader.connect(server);
    const { user } = reader;
    const large = 'x'.repeat(512 * 1024);
    for (let count = 0; count < 5; count++) user.say(large);
    expect(user.channel.bufferedAmount).toBeGreaterThan(2 * 1024 * 1024);
    await reader.frames(5);
    await user.until(() => user.drains === 1);
    expect(user.channel.bufferedAmount).toBe(0);
    reader.destroy();
  });

  it('is nowhere else, and no poll or POST reaches it', async () => {
    const server = await serveTransports();
    const peer = await TcpPeer.connect(server.port);
    peer.send(
      'GET /nowhere HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    expect((await peer.rest()).toString()).toMatch(/^HTTP\/1\.1 404 [\s\S]*the chat's is at \/chat/);
    const reader = await Reader.connect(server);
    for (const method of ['GET', 'POST', 'DELETE']) {
      const response = await fetch(`${server.url}/api/connections/${reader.user.channel.id}`, { method });
      expect(response.status).toBe(404);
    }
    reader.destroy();
  });
});

describe('compression', () => {
  it('makes of a push the same octets for all who got the same before, half as many', async () => {
    const server = await serveTransports({}, webSocketOptions);
    const [ada, bob] = [await Reader.connect(server, offer), await Reader.connect(server, offer)];
    const pushes = Array.from({ length: 40 }, (_, number) => push(line(number)));
    // Bob came later, and Ada has heard something else before.
    ada.user.channel.push(
      push('only for Ada, long enough to be worth its compression, as a line of a chat is'),
    );
    const [first] = await ada.frames(1);
    expect(isCompressed(first)).toBe(true);
    for (const each of pushes) for (const { user } of [ada, bob]) user.channel.push(each);
    const [toAda, toBob] = [await ada.frames(pushes.length), await bob.frames(pushes.length)];
    // As soon as the last 2 KiB that they were pushed are the same, one frame serves both.
    expect(toBob.slice(30)).toEqual(toAda.slice(30));
    expect(toAda.slice(10).filter(isCompressed)).toHaveLength(pushes.length - 10);
    const plain = sum(pushes.map(({ text }) => text.length));
    expect(sum(toAda.map((frame) => frame.length))).toBeLessThan(plain);
  });

  it('is for long replies, and not for short ones', async () => {
    const server = await serveTransports({}, webSocketOptions);
    const reader = await Reader.connect(server, offer);
    const { user } = reader;
    user.say('x'.repeat(longReply - 40));
    expect(isCompressed(await reader.frame())).toBe(false);
    user.say('x'.repeat(longReply));
    const long = await reader.frame();
    expect(isCompressed(long)).toBe(true);
    expect(long.length).toBeLessThan(longReply / 1.5);
    user.say('short');
    expect(isCompressed(await reader.frame())).toBe(false);
  });

  it('is not for a client that does not offer it', async () => {
    const server = await serveTransports({}, webSocketOptions);
    const reader = await Reader.connect(server);
    reader.user.channel.push(push('x'.repeat(4000)));
    const frame = await reader.frame();
    expect(isCompressed(frame)).toBe(false);
    expect(frame.subarray(4).toString()).toBe(push('x'.repeat(4000)).text);
  });
});

describe('addresses', () => {
  it('are the clients’ own behind a trusted proxy, over each transport', async () => {
    const server = await serveTransports({}, { trustedProxies: ['loopback'] });
    // What the client itself put before it does not count.
    const forwarded = { 'x-forwarded-for': '203.0.113.9, 203.0.113.2' };
    await Reader.connect(server, 'X-Forwarded-For: 203.0.113.1');
    await fetch(`${server.url}/api/connections`, { method: 'POST', headers: forwarded });
    expect(server.users.map(({ channel }) => channel.remoteAddress)).toEqual(['203.0.113.1', '203.0.113.2']);
  });
});

describe('the log', () => {
  it('has one line for each connection that ended, of plain fields', async () => {
    const server = await serveTransports();
    const reader = await Reader.connect(server);
    reader.user.onReceive = () => reader.user.say('answer');
    reader.send('question');
    await reader.frame();
    reader.destroy();
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/chat`);
    await once(socket, 'message');
    socket.close(1000, 'enough');
    await once(socket, 'close');
    for (const user of server.users) await user.until(() => user.closes === 1);
    const closes = server.lines.filter(({ text }) => text === 'connection closed');
    expect(closes).toHaveLength(2);
    for (const { level, details } of closes) {
      expect(level).toBe('info');
      expect(Object.values(details).map((value) => typeof value)).not.toContain('object');
    }
    const details = closes.map((close) => close.details);
    expect(details).toContainEqual(
      expect.objectContaining({
        remoteAddress: '127.0.0.1',
        code: 1006,
        initiator: 'network',
        wasClean: false,
        messagesReceived: 1,
        messagesSent: 2,
        lastFrames: expect.stringMatching(/^out text \d+, in text 8, out text \d+$/),
      }),
    );
    expect(details).toContainEqual(
      expect.objectContaining({
        code: 1000,
        reason: 'enough',
        initiator: 'peer',
        wasClean: true,
        explanation: 'The peer closed with 1000 "enough".',
        duration: expect.any(Number),
        idleTime: expect.any(Number),
        octetsReceived: expect.any(Number),
        octetsSent: expect.any(Number),
        lastFrames: expect.stringMatching(/in close 8, out close 8$/),
      }),
    );
  });

  it('warns of a connection that a failing handler closed', () => {
    const logger = recordingLogger();
    const handlers = webSocketHandlers({
      accept: (channel) => new FakeUser(channel),
      connections: new Connections(),
      credentialOf: () => undefined,
      logger,
      onEnd: () => {},
    });
    const socket = fakeSocket();
    const record: CloseRecord = {
      code: 1011,
      reason: 'The server failed on this message.',
      wasClean: true,
      initiator: 'us',
      section: undefined,
      explanation: 'A handler threw.',
      duration: 10,
      idleTime: 1,
      octetsReceived: 1,
      octetsSent: 1,
      messagesReceived: 1,
      messagesSent: 1,
      lastFrames: [],
    };
    handlers.error?.(new Error('as a test wants it'), socket);
    handlers.close?.(socket, record);
    handlers.close?.(fakeSocket(), record);
    expect(logger.lines.map(({ level, text }) => `${level} ${text}`)).toEqual([
      'error a WebSocket handler failed',
      'warn connection closed',
      'info connection closed',
    ]);
    expect(logger.lines[1]?.details).toMatchObject({ code: 1011, explanation: 'A handler threw.' });
  });
});

function fakeSocket(): ServerSocket<SocketData> {
  const nothing = (): void => {};
  return {
    data: {
      client: { id: 'nobody', remoteAddress: '192.0.2.1', userAgent: '', credential: undefined },
      user: undefined,
      failed: false,
    },
    readyState: 3,
    bufferedAmount: 0,
    protocol: '',
    extensions: '',
    get request(): never {
      throw new Error('There is no request.');
    },
    remoteAddress: '192.0.2.1',
    roundTripTime: undefined,
    send: () => SendResult.closed,
    ping: nothing,
    close: nothing,
    terminate: nothing,
    trace: () => nothing,
    subscribe: nothing,
    unsubscribe: nothing,
  };
}
