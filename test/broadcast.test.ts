/**
 * Broadcasts to many at once, compressed for those who agreed to it (RFC 7692 §7.2.3.2): everybody decodes, with zlib's
 * own streams or with a stock client, what it was to get, in order and nothing else, whoever comes and goes meanwhile;
 * and one message costs as many compressions as there are different windows, not as there are members.
 */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket as StockWebSocket } from 'ws';
import * as deflateModule from '../src/deflate.ts';
import { PreparedMessage } from '../src/prepared-message.ts';
import { createServer } from '../src/server.ts';
import type { SendOptions, SendResult, WebSocket } from '../src/socket.ts';
import { readFrames } from './fuzz/loose-frames.ts';
import { below, pick, type Random } from './fuzz/mutator.ts';
import { seededRandom } from './support/chopping.ts';
import { MessageInflater } from './support/message-inflater.ts';
import { maskedFrame, upgradeHead } from './support/raw-client.ts';
import { type Serving, serve } from './support/serving.ts';
import { TcpPeer } from './support/tcp-peer.ts';

vi.mock(import('../src/deflate.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return { ...original, deflate: vi.fn(original.deflate) };
});

const seed = Number(process.env.BAREWIRE_SEED ?? 7692);

type Message = string | Uint8Array;

/** A message as the lists below have it. */
function noted(message: Message): string {
  return typeof message === 'string'
    ? `text ${message}`
    : `octets ${Buffer.from(message).toString('base64')}`;
}

// Those who listen --------------------------------------------------------------------------------------------------

/** One who listens, and what it is to hear. */
interface Member {
  /** What was sent to it, in order. */
  readonly due: string[];
  /** Stops reading, as a page in the background might, or goes on. */
  pause(): void;
  resume(): void;
  /** Begins the closing handshake. */
  close(): void;
  /** Sees to it that the server's Close is answered. */
  answer(): void;
  /** Cuts TCP. */
  cut(): void;
  /** What it has heard, once the connection is over. */
  heard(): Promise<string[]>;
}

const offers = {
  context: ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'],
  'no context': ['Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover'],
  'large window': ['Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9'],
  none: [],
} as const;
type Kind = keyof typeof offers | 'stock';
const kinds: readonly Kind[] = ['context', 'context', 'no context', 'none', 'stock'];

/** The kinds one after the other. */
function inTurn<Of extends Kind>(index: number, of: readonly Of[]): Of {
  const kind = of[index % of.length];
  if (kind === undefined) throw new RangeError('There are no kinds.');
  return kind;
}

/** Reads frames and inflates them with nothing from src/. */
class PlainMember implements Member {
  readonly due: string[] = [];
  readonly #tcp: Socket;
  readonly #chunks: Buffer[] = [];
  readonly #ended: Promise<void>;

  private constructor(tcp: Socket) {
    this.#tcp = tcp;
    tcp.on('data', (chunk) => this.#chunks.push(chunk));
    tcp.on('error', () => {});
    tcp.on('end', () => tcp.end());
    this.#ended = new Promise((resolve) => tcp.on('close', () => resolve()));
  }

  static async open(port: number, path: string, kind: keyof typeof offers): Promise<PlainMember> {
    const tcp = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    await once(tcp, 'connect');
    const member = new PlainMember(tcp);
    tcp.write(upgradeHead(path, offers[kind]));
    await once(tcp, 'data');
    return member;
  }

  pause(): void {
    this.#tcp.pause();
  }

  resume(): void {
    this.#tcp.resume();
  }

  close(): void {
    this.resume();
    this.#tcp.write(maskedFrame({ opcode: 0x8, payload: Uint8Array.of(3, 232) }));
  }

  answer(): void {
    // Crossing it will do: until TCP ends all that comes is kept.
    this.close();
  }

  cut(): void {
    this.#tcp.resetAndDestroy();
  }

  async heard(): Promise<string[]> {
    this.resume();
    await this.#ended;
    const octets = Buffer.concat(this.#chunks);
    const start = octets.indexOf('\r\n\r\n') + 4;
    const extensions = /Sec-WebSocket-Extensions: (.*)\r\n/.exec(octets.toString('latin1', 0, start))?.[1];
    const windowBits = Number(/server_max_window_bits=(\d+)/.exec(extensions ?? '')?.[1] ?? 15);
    const takeover = extensions?.includes('server_no_context_takeover') !== true;
    const inflater = extensions === undefined ? undefined : new MessageInflater(windowBits, takeover);
    const list: string[] = [];
    for (const { first, payload } of readFrames(octets.subarray(start)).frames) {
      const opcode = first & 0x0f;
      if (opcode > 2) continue;
      if ((first & 0x40) !== 0) expect(inflater).toBeDefined();
      const message = (first & 0x40) === 0 ? payload : ((await inflater?.inflate(payload)) ?? payload);
      list.push(noted(opcode === 1 ? Buffer.from(message).toString() : message));
    }
    return list;
  }
}

/** The client that everybody uses. */
class StockMember implements Member {
  readonly due: string[] = [];
  readonly #socket: StockWebSocket;
  readonly #list: string[] = [];
  readonly #ended: Promise<void>;

  private constructor(socket: StockWebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary) => {
      this.#list.push(noted(isBinary ? data : data.toString()));
    });
    socket.on('error', () => {});
    this.#ended = new Promise((resolve) => socket.on('close', () => resolve()));
  }

  static async open(port: number, path: string): Promise<StockMember> {
    const member = new StockMember(new StockWebSocket(`ws://127.0.0.1:${port}${path}`));
    await once(member.#socket, 'open');
    expect(member.#socket.extensions).toContain('permessage-deflate');
    return member;
  }

  pause(): void {
    if (this.#socket.readyState === StockWebSocket.OPEN) this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.resume();
    this.#socket.close(1000);
  }

  answer(): void {
    this.resume();
  }

  cut(): void {
    this.#socket.terminate();
  }

  async heard(): Promise<string[]> {
    this.resume();
    await this.#ended;
    return this.#list;
  }
}

/** A server with a room full of members, and what it did for each of them. */
class Hall {
  readonly serving: Serving;
  /** The servers' ends, by path; those whose close has been told are gone. */
  readonly sockets: Map<string, WebSocket<string>>;
  readonly members = new Map<string, Member>();
  readonly topics = new Map<string, Set<string>>();
  readonly #gone = new Map<string, () => void>();
  #count = 0;

  private constructor(
    serving: Serving,
    sockets: Map<string, WebSocket<string>>,
    gone: Map<string, () => void>,
  ) {
    this.serving = serving;
    this.sockets = sockets;
    this.#gone = gone;
  }

  static async open(): Promise<Hall> {
    const sockets = new Map<string, WebSocket<string>>();
    const gone = new Map<string, () => void>();
    const serving = await serve(
      {
        open: (socket) => void sockets.set(socket.data, socket),
        close: (socket) => {
          sockets.delete(socket.data);
          gone.get(socket.data)?.();
        },
      },
      { deflate: true },
    );
    return new Hall(serving, sockets, gone);
  }

  async join(kind: Kind): Promise<string> {
    const path = `/${this.#count++}`;
    const { port } = this.serving;
    const member = await (kind === 'stock'
      ? StockMember.open(port, path)
      : PlainMember.open(port, path, kind));
    this.members.set(path, member);
    return path;
  }

  async joinAll(count: number, kindOf: (index: number) => Kind): Promise<string[]> {
    return Promise.all(Array.from({ length: count }, (_, index) => this.join(kindOf(index))));
  }

  socket(path: string): WebSocket<string> {
    const socket = this.sockets.get(path);
    if (socket === undefined) throw new Error(`${path} is not there.`);
    return socket;
  }

  subscribe(path: string, topic: string): void {
    this.socket(path).subscribe(topic);
    const members = this.topics.get(topic) ?? new Set();
    this.topics.set(topic, members.add(path));
  }

  unsubscribe(path: string, topic: string): void {
    this.socket(path).unsubscribe(topic);
    this.topics.get(topic)?.delete(path);
  }

  publish(topic: string, message: Message, except?: string, compress?: boolean): void {
    const to = [...(this.topics.get(topic) ?? [])].filter((path) => path !== except);
    for (const path of to) this.#due(path, message);
    const exceptSocket = except === undefined ? undefined : this.socket(except);
    expect(this.serving.server.publish(topic, message, { except: exceptSocket, compress })).toBe(to.length);
  }

  send(
    path: string,
    message: Message | PreparedMessage,
    said: Message,
    options: SendOptions = {},
  ): SendResult {
    this.#due(path, said);
    return this.socket(path).send(message, options);
  }

  #due(path: string, message: Message): void {
    this.members.get(path)?.due.push(noted(message));
  }

  /** Takes one out, and holds what it has heard against what it was to hear. */
  async leave(path: string, how: 'closes' | 'is closed' | 'is cut off'): Promise<void> {
    const member = this.members.get(path);
    if (member === undefined) throw new Error(`${path} is not there.`);
    this.members.delete(path);
    const gone = new Promise<void>((resolve) => this.#gone.set(path, resolve));
    if (how === 'closes') member.close();
    if (how === 'is closed') {
      this.socket(path).close(4000);
      member.answer();
    }
    if (how === 'is cut off') member.cut();
    member.resume();
    await gone;
    for (const members of this.topics.values()) members.delete(path);
    const heard = await member.heard();
    expect(heard, path).toEqual(how === 'is cut off' ? member.due.slice(0, heard.length) : member.due);
  }

  /** Everybody has heard everything. */
  async end(): Promise<void> {
    for (const [path, member] of this.members) {
      this.socket(path).close(1000);
      member.answer();
    }
    for (const [path, member] of this.members) expect(await member.heard(), path).toEqual(member.due);
    expect(this.serving.errors).toEqual([]);
  }
}

// What is said ------------------------------------------------------------------------------------------------------

const names = ['Mei', 'Ada Lovelace', '张伟', 'Björn', 'Maximiliane von Hohenzollern'];
const lines = [
  'good morning 👋',
  'did anyone find out why the handshake test failed last night?',
  'It is on. First item is RFC 6455, section 5.5; it is short, please read it before.',
  '早上好！我昨晚也遇到了同样的问题，更新之后就好了。',
  'Deal. Bring coffee ☕',
];

/** A line of chat as it goes over the wire. */
function chat(offset: number, random: Random): string {
  return JSON.stringify({
    event: 'message:posted',
    epoch: 'b7f1c2',
    offset,
    by: { id: `u_${below(random, 50)}`, name: pick(random, names) },
    at: 1_760_000_000_000 + offset * 1713,
    content: { type: 'text', text: pick(random, lines) },
  });
}

/** Mostly chat; sometimes too short to be compressed, binary, long, or nothing. */
function anything(offset: number, random: Random): Message {
  const choice = random();
  if (choice < 0.75) return chat(offset, random);
  if (choice < 0.85) return `typing ${offset}`;
  if (choice < 0.92) return Uint8Array.from({ length: below(random, 400) }, () => below(random, 7));
  if (choice < 0.97) return chat(offset, random).repeat(1 + below(random, 40));
  return '';
}

describe('200 members of three kinds, who come and go', () => {
  it('each hear what they are to hear, in order, and nothing else', async () => {
    const random = seededRandom(seed);
    const hall = await Hall.open();
    const rooms = ['lobby', 'kitchen', 'garden', 'all'];
    const enter = (path: string): void => {
      hall.subscribe(path, 'all');
      for (const room of rooms) if (random() < 0.4) hall.subscribe(path, room);
    };
    for (const path of await hall.joinAll(180, (index) => inTurn(index, kinds))) enter(path);
    const anyone = (): string => pick(random, [...hall.members.keys()]);
    const paused = new Set<string>();
    let offset = 0;

    for (let round = 0; round < 150; round++) {
      const message = anything(offset++, random);
      const path = anyone();
      switch (below(random, 12)) {
        case 0:
          if (hall.members.size < 200) enter(await hall.join(pick(random, kinds)));
          break;
        case 1:
          paused.delete(path);
          await hall.leave(path, pick(random, ['closes', 'is closed', 'is cut off']));
          break;
        case 2:
          hall.subscribe(path, pick(random, rooms));
          hall.unsubscribe(anyone(), pick(random, rooms));
          break;
        case 3:
          hall.send(path, message, message, pick(random, [{}, { compress: true }, { compress: false }]));
          break;
        case 4: {
          const prepared = new PreparedMessage(message);
          for (const to of new Set([path, anyone(), anyone()])) hall.send(to, prepared, message);
          break;
        }
        case 5:
          hall.members.get(path)?.pause();
          paused.add(path);
          break;
        case 6:
          for (const slow of paused) hall.members.get(slow)?.resume();
          paused.clear();
          break;
        case 7:
          hall.publish(pick(random, rooms), message, undefined, false);
          break;
        case 8:
          hall.publish(pick(random, rooms), message, path);
          break;
        default:
          // Several in one tick become one write for each.
          for (let count = 1 + below(random, 4); count > 0; count--) {
            hall.publish(pick(random, rooms), anything(offset++, random));
          }
      }
      if (random() < 0.5) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(offset).toBeGreaterThan(150);
    await hall.end();
  });

  it('also when some of them do not read and are given up', async () => {
    const random = seededRandom(seed);
    const hall = await Hall.open();
    const paths = await hall.joinAll(12, (index) => inTurn(index, kinds));
    for (const path of paths) hall.subscribe(path, 'all');
    const slow = paths.slice(0, 3);
    for (const path of slow) hall.members.get(path)?.pause();
    // What does not compress fills what TCP holds soonest; one more line each time keeps windows in use.
    const bulk = (): string =>
      Buffer.from(Uint8Array.from({ length: 60_000 }, () => below(random, 256))).toString('base64');
    const { server } = hall.serving;
    let published = 0;
    while (slow.some((path) => hall.sockets.get(path)?.readyState === 1)) {
      const big = bulk();
      for (const message of [chat(published, random), big]) {
        const open = paths.filter((path) => hall.sockets.get(path)?.readyState === 1);
        const count = server.publish('all', message);
        // One that is given up in this very publication does not get it.
        expect(count).toBeLessThanOrEqual(open.length);
        expect(count).toBeGreaterThanOrEqual(open.length - slow.length);
        const took = open.filter((path) => hall.sockets.get(path)?.readyState === 1);
        for (const path of took) hall.members.get(path)?.due.push(noted(message));
      }
      expect(published++).toBeLessThan(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const path of slow) {
      const member = hall.members.get(path);
      hall.members.delete(path);
      hall.topics.get('all')?.delete(path);
      member?.answer();
      const heard = await member?.heard();
      // What it had not been offered yet is dropped; what it gets is whole, in order, and decodes.
      expect(heard).toEqual(member?.due.slice(0, heard?.length));
      expect(heard?.length).toBeGreaterThan(0);
    }
    hall.publish('all', 'after them');
    expect(hall.serving.records.map(({ explanation }) => explanation)).toEqual(
      slow.map(() => expect.stringMatching(/^The peer reads too slowly: /)),
    );
    await hall.end();
  });
});

// What it costs -----------------------------------------------------------------------------------------------------

/** Counts compressions from now on: how many since it was asked before. */
function countDeflates(): () => number {
  const { calls } = vi.mocked(deflateModule.deflate).mock;
  let before = calls.length;
  return () => {
    const count = calls.length - before;
    before += count;
    return count;
  };
}

describe('one publication', () => {
  it('is compressed once for all who have the same window, whatever else each of them is told', async () => {
    const random = seededRandom(seed);
    const hall = await Hall.open();
    const paths = await hall.joinAll(60, (index) => inTurn(index, ['context', 'stock', 'none']));
    for (const path of paths) hall.subscribe(path, 'all');
    const deflates = countDeflates();
    for (let offset = 0; offset < 40; offset++) {
      hall.publish('all', chat(offset, random));
      expect(deflates()).toBe(1);
      // Told to one alone: uncompressed, so that it stays with the others.
      const personal = chat(offset, random);
      hall.send(pick(random, paths), personal, personal);
      expect(deflates()).toBe(0);
    }
    await hall.end();
  });

  it('is compressed once more for each other agreement', async () => {
    const random = seededRandom(seed);
    const hall = await Hall.open();
    const all = ['context', 'no context', 'large window', 'none'] as const;
    for (const path of await hall.joinAll(40, (index) => inTurn(index, all))) hall.subscribe(path, 'all');
    const deflates = countDeflates();
    for (let offset = 0; offset < 10; offset++) {
      hall.publish('all', chat(offset, random));
      expect(deflates()).toBe(3);
    }
    hall.publish('all', chat(99, random), undefined, false);
    hall.publish('all', 'short');
    expect(deflates()).toBe(0);
    await hall.end();
  });

  it('is compressed once more for who has just come, until both have heard the same long enough', async () => {
    const random = seededRandom(seed);
    const hall = await Hall.open();
    for (const path of await hall.joinAll(20, () => 'context')) hall.subscribe(path, 'all');
    for (let offset = 0; offset < 30; offset++) hall.publish('all', chat(offset, random));
    const deflates = countDeflates();
    hall.subscribe(await hall.join('context'), 'all');
    let octets = 0;
    for (let offset = 30; octets < 2048; offset++) {
      const message = chat(offset, random);
      octets += Buffer.byteLength(message);
      hall.publish('all', message);
      expect(deflates()).toBe(2);
    }
    for (let offset = 60; offset < 70; offset++) {
      hall.publish('all', chat(offset, random));
      expect(deflates()).toBe(1);
    }
    await hall.end();
  });

  it('is compressed five times at most, however different the windows, and soon once', async () => {
    const random = seededRandom(seed);
    const hall = await Hall.open();
    const paths = await hall.joinAll(30, () => 'context');
    for (const [index, path] of paths.entries()) {
      hall.subscribe(path, 'all');
      // Asked for: from now on each has a window of its own.
      const personal = chat(index, random);
      hall.send(path, personal, personal, { compress: true });
    }
    const deflates = countDeflates();
    hall.publish('all', chat(100, random));
    expect(deflates()).toBe(5);
    // The first four grow alike; then the others, who began anew with each message, are few enough to keep up.
    let octets = 0;
    for (let offset = 101; octets < 2 * 2048; offset++) {
      const message = chat(offset, random);
      octets += Buffer.byteLength(message);
      hall.publish('all', message);
      expect(deflates()).toBeLessThanOrEqual(5);
    }
    hall.publish('all', chat(200, random));
    expect(deflates()).toBe(1);
    await hall.end();
  });

  it('takes less than a third of the octets with context, and less than without', async () => {
    const random = seededRandom(seed);
    const hall = await Hall.open();
    const of = ['context', 'no context', 'none'] as const;
    const paths = await hall.joinAll(3, (index) => inTurn(index, of));
    for (const path of paths) hall.subscribe(path, 'all');
    for (let offset = 0; offset < 300; offset++) hall.publish('all', chat(offset, random));
    const octets = new Map<string, number>();
    for (const path of paths) {
      await hall.leave(path, 'is closed');
      octets.set(path, hall.serving.records.at(-1)?.octetsSent ?? 0);
    }
    const [context = 0, alone = 0, plain = 0] = paths.map((path) => octets.get(path));
    expect(plain).toBeGreaterThan(300 * 150);
    expect(context).toBeLessThan(plain / 3);
    expect(alone).toBeLessThan(plain);
    expect(context).toBeLessThan(alone / 2);
  });
});

describe('many sockets, written to a few at a time', () => {
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  /** So many in one turn. */
  const flushedAtOnce = 16;
  const isWaiting = (socket: WebSocket<string>): boolean => socket.bufferedAmount > 0;

  it('each hear everything once and in order, whatever is sent, closed and cut in between', async () => {
    const random = seededRandom(seed);
    const sockets = new Map<string, WebSocket<string>>();
    /** What each is to hear. */
    const due = new Map<string, string[]>();
    let count = 0;
    const send = (socket: WebSocket<string>, message: string): void => {
      if (socket.send(message) !== 'closed') due.get(socket.data)?.push(message);
    };
    const someone = (): WebSocket<string> => pick(random, [...sockets.values()]);
    const { server, port } = await serve({
      open(socket) {
        sockets.set(socket.data, socket);
        due.set(socket.data, []);
        socket.subscribe('all');
      },
      message(socket, data) {
        // In the middle of receiving, between two slices or during one.
        const answer = `answer ${count++} to ${String(data)}`;
        send(socket, answer);
        send(someone(), answer);
        if (random() < 0.3) publish();
      },
      close: (socket) => sockets.delete(socket.data),
    });
    function publish(): void {
      const message = `all ${count++} ${'x'.repeat(below(random, 200))}`;
      for (const socket of sockets.values()) if (socket.readyState === 1) due.get(socket.data)?.push(message);
      server.publish('all', message);
    }
    const peers = new Map<string, TcpPeer>();
    for (let index = 0; index < 200; index++) {
      const path = `/${index}`;
      peers.set(path, await TcpPeer.open(port, path));
    }
    const cut = new Set<string>();
    for (let round = 0; round < 12; round++) {
      const before = [...sockets.values()].filter((socket) => socket.readyState === 1).length;
      for (let messages = 1 + below(random, 3); messages > 0; messages--) publish();
      let waiting = [...sockets.values()].filter(isWaiting).length;
      expect(waiting).toBe(before);
      let turns = 0;
      for (; waiting > 0; turns++) {
        await turn();
        const left = [...sockets.values()].filter(isWaiting).length;
        expect(waiting - left).toBeLessThanOrEqual(flushedAtOnce + 6);
        switch (below(random, turns < 10 ? 6 : 1)) {
          case 1:
            publish();
            break;
          case 2:
            for (let times = 0; times < 5; times++) send(someone(), `mine ${count++}`);
            break;
          case 3:
            someone().close(1000);
            break;
          case 4: {
            const socket = someone();
            cut.add(socket.data);
            socket.terminate();
            break;
          }
          case 5:
            for (const path of [someone().data, someone().data]) {
              peers.get(path)?.sendFrame({ opcode: 1, payload: Buffer.from(`question ${count++}`) });
            }
        }
        waiting = [...sockets.values()].filter(isWaiting).length;
      }
      expect(turns).toBeGreaterThanOrEqual(Math.ceil(before / flushedAtOnce));
    }
    expect(cut.size).toBeGreaterThan(0);
    for (const socket of sockets.values()) socket.close(1000);
    for (const [path, peer] of peers) {
      const heard = cut.has(path) ? await peer.rest() : await upToClose(peer);
      const { frames } = readFrames(heard);
      const texts = frames.filter(({ first }) => first === 0x81).map(({ payload }) => String(payload));
      const expected = due.get(path) ?? [];
      if (cut.has(path)) expect(texts).toEqual(expected.slice(0, texts.length));
      else expect(texts).toEqual(expected);
      peer.destroy();
    }
  });

  /** Everything up to the server's Close. */
  async function upToClose(peer: TcpPeer): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (;;) {
      const head = await peer.take(2);
      const short = (head[1] as number) & 0x7f;
      const extended = short === 126 ? await peer.take(2) : Buffer.alloc(0);
      const payload = await peer.take(short === 126 ? extended.readUInt16BE(0) : short);
      parts.push(head, extended, payload);
      if (head[0] === 0x88) return Buffer.concat(parts);
    }
  }

  /** A function of its own, for a variable would keep it alive. */
  function firstOf<T>(sockets: ReadonlySet<WebSocket<T>>): WeakRef<WebSocket<T>> {
    const [first] = sockets;
    if (first === undefined) throw new RangeError('Nobody has come.');
    return new WeakRef(first);
  }

  it('those that are gone are let go of, also while the others never come to an end', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const sockets = new Set<WebSocket<undefined>>();
    const server = createServer<undefined>({
      upgrade: () => ({ data: undefined }),
      open: (socket) => void sockets.add(socket),
      message() {},
      close: (socket) => void sockets.delete(socket),
    });
    const { port } = await server.listen();
    const peers: TcpPeer[] = [];
    for (let index = 0; index < 3 * flushedAtOnce; index++) peers.push(await TcpPeer.open(port));
    const gone = firstOf(sockets);
    const sendAll = (): void => {
      for (const socket of sockets) socket.send('x');
    };
    // Never before has everything been written when there is more to write.
    const some = async (turns: number): Promise<void> => {
      for (let index = 0; index < turns; index++) {
        sendAll();
        await turn();
        expect([...sockets].some((socket) => socket.bufferedAmount > 0)).toBe(true);
      }
    };
    await some(10);
    peers[0]?.destroy();
    while (sockets.size === peers.length) await some(1);
    // Long enough for all that was scheduled before.
    for (let attempts = 0; attempts < 20 && gone.deref() !== undefined; attempts++) {
      await some(10);
      collectGarbage();
    }
    expect(gone.deref() === undefined).toBe(true);
    for (const peer of peers) peer.destroy();
    await server.close();
  });
});
