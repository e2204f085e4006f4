// The chat on its WebSocket: which messages are compressed and for whom, whose address counts, what the log says.
import { describe, expect, it } from 'vitest';
import { parseServerEvent, type RequestInput, type RequestName } from '../../src/chat/events.ts';
import { type ChatSocketData, chatHandlers, longReply } from '../../src/chat/websocket-channel.ts';
import { Opcode } from '../../src/frame.ts';
import { type CloseRecord, SendResult, type WebSocket } from '../../src/index.ts';
import { stageChat } from '../support/chat.ts';
import { type ChatServer, serveChat } from '../support/chat-server.ts';
import { TcpPeer } from '../support/tcp-peer.ts';

const offer = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits';

/** A member who sees the octets of each frame. */
class Reader {
  readonly #peer: TcpPeer;
  #lastId = 0;

  private constructor(peer: TcpPeer) {
    this.#peer = peer;
  }

  static async connect(server: ChatServer, ...fields: string[]): Promise<Reader> {
    const reader = new Reader(await TcpPeer.open(server.port, '/chat', fields));
    await reader.frame();
    return reader;
  }

  send<Name extends RequestName>(event: Name, data: RequestInput<Name>): void {
    const payload = Buffer.from(JSON.stringify({ event, id: ++this.#lastId, data }));
    this.#peer.sendFrame({ opcode: Opcode.text, payload });
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

  destroy(): void {
    this.#peer.destroy();
  }
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

describe('compression', () => {
  it('makes of a push the same octets for all who got the same before, half as many', async () => {
    const server = await serveChat();
    const readers: Reader[] = [];
    for (const name of ['Ada', 'Bob']) {
      const reader = await Reader.connect(server, offer);
      reader.send('session:enter', { name });
      const reply = await reader.frame();
      expect(isCompressed(reply)).toBe(false);
      // Those who were here before are told of the newcomer, who is not.
      await Promise.all(readers.map((other) => other.frame()));
      readers.push(reader);
    }
    const { client } = await server.enter('Cy');
    await Promise.all(readers.map((reader) => reader.frame()));
    const texts = Array.from({ length: 40 }, (_, number) => line(number));
    for (const [number, text] of texts.entries()) {
      await client.ok('message:send', { nonce: `nonce-of-${number}`, content: { type: 'text', text } });
    }
    const [ada = [], bob = []] = await Promise.all(readers.map((reader) => reader.frames(texts.length)));
    // As soon as the last 2 KiB that they were pushed are the same, one frame serves both.
    expect(bob.slice(10)).toEqual(ada.slice(10));
    expect(ada.filter(isCompressed)).toHaveLength(texts.length);

    // The same as another client saw it, which is not ours and inflates by itself.
    const pushes = client.events.filter(({ event }) => event === 'message:new');
    expect(pushes).toMatchObject(texts.map((text) => ({ data: { message: { content: { text } } } })));
    const plain = sum(pushes.map((push) => Buffer.byteLength(JSON.stringify(push))));
    expect(sum(ada.map((frame) => frame.length))).toBeLessThan(plain / 2);
  });

  it('is for long replies, and not for short ones', async () => {
    const server = await serveChat();
    const { client } = await server.enter('Cy');
    for (let number = 0; number < 40; number++) {
      const content = { type: 'text', text: line(number) } as const;
      await client.ok('message:send', { nonce: `nonce-of-${number}`, content });
    }
    const reader = await Reader.connect(server, offer);
    reader.send('session:enter', { name: 'Ada' });
    expect(isCompressed(await reader.frame())).toBe(true);
    reader.send('message:page', { before: 30, limit: 2 });
    const short = await reader.frame();
    expect(isCompressed(short)).toBe(false);
    reader.send('message:page', { before: 30, limit: 25 });
    const long = await reader.frame();
    expect(isCompressed(long)).toBe(true);
    expect(long.length).toBeLessThan(longReply / 1.5);
    reader.send('heartbeat:ping', {});
    expect(isCompressed(await reader.frame())).toBe(false);
  });

  it('is not for a client that does not offer it', async () => {
    const server = await serveChat();
    const reader = await Reader.connect(server);
    reader.send('session:enter', { name: 'Ada' });
    await reader.frame();
    reader.send('message:send', { nonce: '12345678', content: { type: 'text', text: 'x'.repeat(4000) } });
    const push = await reader.frame();
    expect(isCompressed(push)).toBe(false);
    expect(parseServerEvent(push.subarray(4).toString())).toMatchObject({ event: 'message:new' });
  });
});

describe('addresses', () => {
  it('are the clients’ own behind a trusted proxy, for the limit of sign-ins', async () => {
    const rates = { signIns: { burst: 1, perSecond: 0.001 } };
    const server = await serveChat({ rates }, { trustedProxies: ['loopback'] });
    const signIn = async (address: string, name: string): Promise<string | undefined> => {
      const reader = await Reader.connect(server, `X-Forwarded-For: ${address}`);
      reader.send('session:enter', { name });
      const reply = (await reader.frame()).subarray(4).toString();
      return /"code":"(.*?)"/.exec(reply)?.[1];
    };
    expect(await signIn('203.0.113.1', 'Ada')).toBeUndefined();
    expect(await signIn('203.0.113.1', 'Bob')).toBe('rate-limited');
    expect(await signIn('203.0.113.2', 'Cy')).toBeUndefined();
    // What the client itself put before it does not count.
    expect(await signIn('203.0.113.9, 203.0.113.2', 'Di')).toBe('rate-limited');
  });
});

describe('the log', () => {
  it('has one line for each connection that ended, of plain fields', async () => {
    const server = await serveChat();
    const reader = await Reader.connect(server);
    reader.send('heartbeat:ping', {});
    await reader.frame();
    reader.destroy();
    const { client } = await server.enter('Ada');
    client.socket.close(1000, 'enough');
    await client.closed;
    await server.stop();
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
        lastFrames: expect.stringMatching(/^out text \d+, in text 43, out text \d+$/),
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
    const stage = stageChat();
    const handlers = chatHandlers(stage.chat);
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
    expect(stage.logger.lines.map(({ level, text }) => `${level} ${text}`)).toEqual([
      'error a WebSocket handler failed',
      'warn connection closed',
      'info connection closed',
    ]);
    expect(stage.logger.lines[1]?.details).toMatchObject({ code: 1011, explanation: 'A handler threw.' });
  });
});

function fakeSocket(): WebSocket<ChatSocketData> {
  const nothing = (): void => {};
  return {
    data: { session: undefined, failed: false },
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
    subscribe: nothing,
    unsubscribe: nothing,
  };
}
