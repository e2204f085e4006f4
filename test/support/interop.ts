/**
 * What any foreign client must be able to do with our server, whatever language it is written in: the tests that all of
 * them pass, with permessage-deflate and without, and the server that they talk to. Used by test/interop*.test.ts,
 * which bring the clients.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CloseRecord } from '../../src/close-record.ts';
import type { DeflateOptions } from '../../src/deflate-negotiation.ts';
import { createServer, type Server } from '../../src/server.ts';
import type { WebSocket } from '../../src/socket.ts';
import { seededRandom } from './chopping.ts';

export const maxMessageLength = 4 * 1024 * 1024;

/** How a connection ended for the client. */
export interface ClientEnd {
  readonly code: number;
  readonly reason: string;
}

/** The part of all clients that the tests use. */
export interface Client {
  readonly protocol: string;
  /** What was agreed on, as the client tells it; '' for nothing. */
  readonly extensions: string;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  /** The next message: a string, or the octets of a binary one. */
  next(): Promise<string | Buffer>;
  readonly closed: Promise<ClientEnd>;
}

export interface ConnectOptions {
  readonly protocols?: readonly string[];
  /** Whether it offers permessage-deflate; one that always does may do so. Default false. */
  readonly deflate?: boolean;
}

/** Opens a WebSocket. Rejects when it is refused. */
export type Connect = (url: string, options?: ConnectOptions) => Promise<Client>;

/** Hands out what arrives in order, waiting when there is nothing. */
export class Inbox {
  readonly #messages: (string | Buffer)[] = [];
  readonly #waiting: ((message: string | Buffer) => void)[] = [];

  push(message: string | Buffer): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#messages.push(message);
    else waiting(message);
  }

  next(): Promise<string | Buffer> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** A server for one test, with what its side saw. */
export interface InteropServer {
  readonly server: Server<undefined>;
  readonly url: string;
  readonly records: CloseRecord[];
  readonly pings: string[];
  readonly pongs: string[];
  /** The record of the first connection that ends. */
  readonly closed: Promise<CloseRecord>;
}

/**
 * Starts a server that echoes. A text `close 4000 bye` closes from its side, `terminate` cuts TCP, `ping abc` pings;
 * the path /refused is refused.
 */
export async function serveInterop(deflate: boolean | DeflateOptions = false): Promise<InteropServer> {
  const records: CloseRecord[] = [];
  const pings: string[] = [];
  const pongs: string[] = [];
  let whenClosed: (record: CloseRecord) => void = () => {};
  const closed = new Promise<CloseRecord>((resolve) => {
    whenClosed = resolve;
  });
  const server = createServer<undefined>(
    {
      upgrade(request) {
        if (request.path === '/refused') return { refuse: 403, explanation: 'Not you.' };
        return { data: undefined };
      },
      message: echo,
      ping: (_socket, payload) => void pings.push(Buffer.from(payload).toString()),
      pong: (_socket, payload) => void pongs.push(Buffer.from(payload).toString()),
      close(_socket, record) {
        records.push(record);
        whenClosed(record);
      },
    },
    { maxMessageLength, protocols: ['superchat', 'chat'], deflate },
  );
  const { port } = await server.listen();
  return { server, url: `ws://127.0.0.1:${port}`, records, pings, pongs, closed };
}

function echo(socket: WebSocket<undefined>, data: string | Uint8Array): void {
  const [command, code, reason] = typeof data === 'string' ? data.split(' ') : [];
  if (command === 'close') socket.close(code === undefined ? undefined : Number(code), reason);
  else if (command === 'terminate') socket.terminate();
  else if (command === 'ping') socket.ping(Buffer.from(code ?? ''));
  else socket.send(data);
}

const period = Uint8Array.from({ length: 256 }, (_, index) => (index * 31) & 0xff);

/** Octets with a period of 256: deflate makes them small. */
export const octets = (length: number): Buffer => Buffer.alloc(length, period);

/** Whether what came is what was sent. Quick where `toEqual` looks at each octet by itself. */
export function isSame(received: string | Buffer, sent: string | Buffer): boolean {
  return typeof received === 'string' || typeof sent === 'string' ? received === sent : received.equals(sent);
}

/** JSON as applications send it: different each time, and alike enough for one to help the next. */
export function similarMessages(count: number, seed: number): string[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      type: 'message',
      id: index,
      author: `author ${Math.floor(random() * 5)}`,
      text: Array.from({ length: 30 }, () => Math.floor(random() * 1000).toString(36)).join(' '),
    }),
  );
}

export interface ClientTraits {
  /** Whether it compresses what it sends, or only reads compressed messages. */
  readonly compresses: boolean;
}

/** Declares the tests for one client. */
export function describeClient(name: string, connect: Connect, { compresses }: ClientTraits): void {
  describe.each([
    ['without extensions', false],
    ['with permessage-deflate', true],
  ])(`${name} %s`, (_title, deflate) => {
    let served: InteropServer;
    beforeEach(async () => {
      served = await serveInterop(deflate);
    });
    afterEach(() => served.server.close());
    const open = (options?: ConnectOptions): Promise<Client> => connect(served.url, { deflate, ...options });

    it('agrees on what both want', async () => {
      const client = await open();
      expect(client.extensions).toMatch(deflate ? /^permessage-deflate/ : /^$/);
      client.close();
      await client.closed;
    });

    it('text comes back, in any script, empty or not', async () => {
      const client = await open();
      for (const text of ['Hello', '', 'κόσμε 你好 👩🏽‍🚀', '\u0000\u007f\u0080\uffff\u{10ffff}']) {
        client.send(text);
        expect(await client.next()).toBe(text);
      }
      client.close();
      await client.closed;
    });

    it.each([0, 1, 125, 126, 127, 65_535, 65_536, 1_000_003, maxMessageLength])(
      'binary of %i octets comes back',
      async (length) => {
        const client = await open();
        client.send(octets(length));
        expect(isSame(await client.next(), octets(length))).toBe(true);
        client.close();
        await client.closed;
      },
    );

    it('text of the greatest length comes back', async () => {
      const client = await open();
      const text = '€'.repeat(Math.floor(maxMessageLength / 3));
      client.send(text);
      expect(isSame(await client.next(), text)).toBe(true);
      client.close();
      await client.closed;
    });

    it('a thousand messages keep their order', async () => {
      const client = await open();
      const messages = similarMessages(1000, 1);
      for (const message of messages) client.send(message);
      const received: (string | Buffer)[] = [];
      for (const _ of messages) received.push(await client.next());
      expect(received).toEqual(messages);
      client.close();
      await client.closed;
    });

    it('what repeats takes few octets, where compression was agreed on', async () => {
      const client = await open();
      const text = `${similarMessages(1, 2)} `.repeat(500);
      for (let count = 0; count < 3; count++) {
        client.send(text);
        expect(isSame(await client.next(), text)).toBe(true);
      }
      client.close();
      await client.closed;
      const { octetsReceived, octetsSent } = await served.closed;
      const whole = 3 * text.length;
      expect({ in: octetsReceived < whole / 10, out: octetsSent < whole / 10 }).toEqual({
        in: deflate && compresses,
        out: deflate,
      });
    });

    it('random octets come back, and what was sent before them is still pointed to right', async () => {
      const client = await open();
      const random = seededRandom(3);
      for (const length of [70_000, 300, 2048, 33_000]) {
        const noise = Buffer.from(Uint8Array.from({ length }, () => random() * 256));
        for (const data of [noise, octets(length), noise]) {
          client.send(data);
          expect(isSame(await client.next(), data)).toBe(true);
        }
      }
      client.close();
      await client.closed;
    });

    it('gets the first of its subprotocols that the server speaks, or none', async () => {
      const chosen = await open({ protocols: ['other', 'chat', 'superchat'] });
      expect(chosen.protocol).toBe('chat');
      chosen.close();
      await chosen.closed;
      const none = await open();
      expect(none.protocol).toBe('');
      none.close();
      await none.closed;
    });

    it.each([
      [1000, 'done'],
      [3000, ''],
      [4999, 'é€😀'],
    ])('closes with %i %j: both ends agree', async (code, reason) => {
      const client = await open();
      client.close(code, reason);
      expect(await client.closed).toEqual({ code, reason });
      await served.closed;
      expect(served.records).toMatchObject([
        { code, reason, wasClean: true, initiator: 'peer', section: undefined },
      ]);
    });

    it.each([1000, 1001, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 4000, 4999])(
      'is closed by the server with %i',
      async (code) => {
        const client = await open();
        client.send(`close ${code} because`);
        expect(await client.closed).toEqual({ code, reason: 'because' });
        await served.closed;
        expect(served.records).toMatchObject([{ code, wasClean: true, initiator: 'us' }]);
      },
    );

    it('is told 1009 for one octet over the limit', async () => {
      const client = await open();
      client.send(octets(maxMessageLength + 1));
      expect((await client.closed).code).toBe(1009);
      await served.closed;
      expect(served.records).toMatchObject([{ code: 1009, initiator: 'us', section: 'RFC 6455 §10.4' }]);
    });

    it('reads 1006 when TCP is cut', async () => {
      const client = await open();
      client.send('terminate');
      expect((await client.closed).code).toBe(1006);
      await served.closed;
      expect(served.records).toMatchObject([{ code: 1006, wasClean: false }]);
    });

    it('is refused by path', async () => {
      await expect(connect(`${served.url}/refused`, { deflate })).rejects.toThrow();
      expect(served.records).toEqual([]);
    });

    it('is closed with 1001 when the server stops', async () => {
      const client = await open();
      const stopped = served.server.close();
      expect((await client.closed).code).toBe(1001);
      await stopped;
    });

    it('answers the server’s Ping', async () => {
      const client = await open();
      client.send('ping abc');
      // The Pong comes before the echo of what is sent after the Ping has come.
      client.send('after');
      expect(await client.next()).toBe('after');
      client.send('later');
      expect(await client.next()).toBe('later');
      expect(served.pongs).toEqual(['abc']);
      client.close();
      await client.closed;
    });
  });
}
