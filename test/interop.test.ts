/**
 * Clients that we did not write against our server: `ws`, and the WebSocket that Node brings (undici's). What both can
 * do is asked of both; pings and fragments, which the WHATWG interface does not show, are asked of `ws`.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket as WsWebSocket } from 'ws';
import type { CloseRecord } from '../src/close-record.ts';
import { chooseProtocol } from '../src/handshake.ts';
import { createServer, type Server } from '../src/server.ts';
import type { WebSocket as ServerWebSocket } from '../src/socket.ts';

const maxMessageLength = 4 * 1024 * 1024;

/** The two ends of one connection, with what either saw. */
interface Seen {
  readonly records: CloseRecord[];
  readonly pings: string[];
  readonly pongs: string[];
}

let server: Server<undefined>;
let url: string;
let seen: Seen;
let serverClosed: Promise<void>;

beforeEach(async () => {
  // The handlers keep their own, so that nothing of one test can be counted in the next.
  const here: Seen = { records: [], pings: [], pongs: [] };
  let whenClosed: () => void = () => {};
  serverClosed = new Promise((resolve) => {
    whenClosed = resolve;
  });
  seen = here;
  server = createServer<undefined>(
    {
      upgrade(request) {
        if (request.path === '/refused') return { refuse: 403, explanation: 'Not you.' };
        return { data: undefined, protocol: chooseProtocol(request.protocols, ['superchat', 'chat']) };
      },
      message: echo,
      ping: (_socket, payload) => void here.pings.push(Buffer.from(payload).toString()),
      pong: (_socket, payload) => void here.pongs.push(Buffer.from(payload).toString()),
      close(_socket, record) {
        here.records.push(record);
        whenClosed();
      },
    },
    { maxMessageLength },
  );
  const { port } = await server.listen();
  url = `ws://127.0.0.1:${port}`;
});
afterEach(() => server.close());

/** Echoes; a text `close 4000 bye` closes from this side, `terminate` cuts TCP. */
function echo(socket: ServerWebSocket<undefined>, data: string | Uint8Array): void {
  const [command, code, reason] = typeof data === 'string' ? data.split(' ') : [];
  if (command === 'close') socket.close(code === undefined ? undefined : Number(code), reason);
  else if (command === 'terminate') socket.terminate();
  else if (command === 'ping') socket.ping(Buffer.from(code ?? ''));
  else socket.send(data);
}

interface ClientEnd {
  readonly code: number;
  readonly reason: string;
}

/** The part of both clients that the tests use. */
interface Client {
  readonly protocol: string;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  /** The next message: a string, or the octets of a binary one. */
  next(): Promise<string | Buffer>;
  readonly closed: Promise<ClientEnd>;
}

type Connect = (url: string, protocols?: readonly string[]) => Promise<Client>;

/** Hands out what arrives in order, waiting when there is nothing. */
class Inbox {
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

function openWs(address: string, protocols: readonly string[] = []): Promise<WsWebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WsWebSocket(address, [...protocols]);
    socket.once('error', reject);
    socket.once('open', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

const connectWs: Connect = async (address, protocols) => {
  const socket = await openWs(address, protocols);
  const inbox = new Inbox();
  socket.on('message', (data: Buffer, isBinary: boolean) => inbox.push(isBinary ? data : data.toString()));
  const closed = new Promise<ClientEnd>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  // ws reports a close that it did not expect as an error too; the close tells it all.
  socket.on('error', () => {});
  return {
    protocol: socket.protocol,
    send: (data) => socket.send(data),
    close: (code, reason) => socket.close(code, reason),
    next: () => inbox.next(),
    closed,
  };
};

const connectNode: Connect = async (address, protocols = []) => {
  const socket = new WebSocket(address, [...protocols]);
  socket.binaryType = 'arraybuffer';
  const inbox = new Inbox();
  socket.addEventListener('message', ({ data }) => {
    inbox.push(data instanceof ArrayBuffer ? Buffer.from(data) : String(data));
  });
  const closed = new Promise<ClientEnd>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }));
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('It could not be opened.')));
  });
  return {
    protocol: socket.protocol,
    send: (data) => socket.send(data),
    close: (code, reason) => socket.close(code, reason),
    next: () => inbox.next(),
    closed,
  };
};

const octets = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31) & 0xff));

describe.each([
  ['ws', connectWs],
  ['Node’s WebSocket', connectNode],
] as const)('%s', (_name, connect) => {
  it('text comes back, in any script, empty or not', async () => {
    const client = await connect(url);
    for (const text of ['Hello', '', 'κόσμε 你好 👩🏽‍🚀', '\u0000\u007f\u0080\uffff\u{10ffff}']) {
      client.send(text);
      expect(await client.next()).toBe(text);
    }
    client.close();
    await client.closed;
  });

  it('a lone surrogate becomes U+FFFD on the way, and is good UTF-8', async () => {
    const client = await connect(url);
    client.send('a\ud800b');
    expect(await client.next()).toBe('a\ufffdb');
    client.close();
    await client.closed;
  });

  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 1_000_003, maxMessageLength])(
    'binary of %i octets comes back',
    async (length) => {
      const client = await connect(url);
      client.send(octets(length));
      const message = await client.next();
      expect(Buffer.isBuffer(message) && message.equals(octets(length))).toBe(true);
      client.close();
      await client.closed;
    },
  );

  it('text of the greatest length comes back', async () => {
    const client = await connect(url);
    const text = '€'.repeat(Math.floor(maxMessageLength / 3));
    client.send(text);
    expect((await client.next()) === text).toBe(true);
    client.close();
    await client.closed;
  });

  it('a thousand messages keep their order', async () => {
    const client = await connect(url);
    const messages = Array.from({ length: 1000 }, (_, index) => `message ${index}`);
    for (const message of messages) client.send(message);
    const received: (string | Buffer)[] = [];
    for (const _ of messages) received.push(await client.next());
    expect(received).toEqual(messages);
    client.close();
    await client.closed;
  });

  it('gets the first of its subprotocols that the server speaks, or none', async () => {
    const chosen = await connect(url, ['other', 'chat', 'superchat']);
    expect(chosen.protocol).toBe('chat');
    chosen.close();
    await chosen.closed;
    const none = await connect(url);
    expect(none.protocol).toBe('');
    none.close();
    await none.closed;
  });

  it.each([
    [1000, 'done'],
    [3000, ''],
    [4999, 'é€😀'],
  ])('closes with %i %j: both ends agree', async (code, reason) => {
    const client = await connect(url);
    client.close(code, reason);
    expect(await client.closed).toEqual({ code, reason });
    await serverClosed;
    expect(seen.records).toEqual([
      {
        code,
        reason,
        wasClean: true,
        initiator: 'peer',
        section: undefined,
        explanation: expect.any(String),
      },
    ]);
  });

  it('closes without a code: both ends read 1005', async () => {
    const client = await connect(url);
    client.close();
    expect(await client.closed).toEqual({ code: 1005, reason: '' });
    await serverClosed;
    expect(seen.records).toMatchObject([{ code: 1005, reason: '', wasClean: true, initiator: 'peer' }]);
  });

  it.each([1000, 1001, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 4000, 4999])(
    'is closed by the server with %i',
    async (code) => {
      const client = await connect(url);
      client.send(`close ${code} because`);
      expect(await client.closed).toEqual({ code, reason: 'because' });
      await serverClosed;
      expect(seen.records).toMatchObject([{ code, wasClean: true, initiator: 'us' }]);
    },
  );

  it('is closed by the server without a code', async () => {
    const client = await connect(url);
    client.send('close');
    expect(await client.closed).toEqual({ code: 1005, reason: '' });
    await serverClosed;
    expect(seen.records).toMatchObject([{ wasClean: true, initiator: 'us' }]);
  });

  it('is told 1009 for one octet over the limit', async () => {
    const client = await connect(url);
    client.send(octets(maxMessageLength + 1));
    expect((await client.closed).code).toBe(1009);
    await serverClosed;
    expect(seen.records).toMatchObject([{ code: 1009, initiator: 'us', section: 'RFC 6455 §10.4' }]);
  });

  it('reads 1006 when TCP is cut', async () => {
    const client = await connect(url);
    client.send('terminate');
    expect((await client.closed).code).toBe(1006);
    await serverClosed;
    expect(seen.records).toMatchObject([{ code: 1006, wasClean: false }]);
  });

  it('is refused by path', async () => {
    await expect(connect(`${url}/refused`)).rejects.toThrow();
    expect(seen.records).toEqual([]);
  });

  it('is closed with 1001 when the server stops', async () => {
    const client = await connect(url);
    const stopped = server.close();
    expect((await client.closed).code).toBe(1001);
    await stopped;
  });

  it('answers the server’s Ping', async () => {
    const client = await connect(url);
    client.send('ping abc');
    // The Pong comes before the echo of what is sent after the Ping has come.
    client.send('after');
    expect(await client.next()).toBe('after');
    client.send('later');
    expect(await client.next()).toBe('later');
    expect(seen.pongs).toEqual(['abc']);
    client.close();
    await client.closed;
  });
});

describe('ws alone', () => {
  // Node 20's own client drops a BOM at the start of what it receives, so it cannot be asked.
  it('has a BOM at the start of a text back', async () => {
    const client = await connectWs(url);
    client.send('\ufefftext');
    expect(await client.next()).toBe('\ufefftext');
    client.close();
    await client.closed;
  });

  it('gets a Pong with its payload for each Ping, in fragments too', async () => {
    const socket = await openWs(url);
    const pongs: string[] = [];
    socket.on('pong', (data) => pongs.push(data.toString()));
    const message = new Promise<string>((resolve) =>
      socket.on('message', (data: Buffer) => resolve(data.toString())),
    );
    socket.ping('one');
    socket.send('frag', { fin: false });
    socket.ping('two');
    socket.pong('nobody asked');
    socket.send('ment', { fin: true });
    expect(await message).toBe('fragment');
    expect(pongs).toEqual(['one', 'two']);
    expect(seen.pings).toEqual(['one', 'two']);
    expect(seen.pongs).toEqual(['nobody asked']);
    socket.close();
    await serverClosed;
  });

  it('sends text cut inside a character, and has it back whole', async () => {
    const socket = await openWs(url);
    const message = new Promise<string>((resolve) =>
      socket.on('message', (data: Buffer) => resolve(data.toString())),
    );
    const smiley = Buffer.from('😀');
    for (const [index, octet] of smiley.entries()) {
      socket.send(Uint8Array.of(octet), { fin: index === smiley.length - 1, binary: false });
    }
    expect(await message).toBe('😀');
    socket.close();
    await serverClosed;
  });

  it('offers compression, which is not taken, and works without', async () => {
    const socket = new WsWebSocket(url, { perMessageDeflate: true });
    const message = new Promise<string>((resolve) =>
      socket.on('message', (data: Buffer) => resolve(data.toString())),
    );
    socket.on('open', () => socket.send('a'.repeat(5000)));
    expect(await message).toBe('a'.repeat(5000));
    expect(socket.extensions).toBe('');
    socket.close();
    await serverClosed;
  });

  it('is told the status and the words of a refusal', async () => {
    const socket = new WsWebSocket(`${url}/refused`);
    const words = await new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('unexpected-response', (_request, response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve([response.statusCode, body]));
      });
    });
    expect(words).toEqual([403, 'Not you.\n']);
  });
});
