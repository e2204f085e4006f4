/**
 * Our client against servers that we did not write (`ws`, with every setting of permessage-deflate) and against our own,
 * over TCP and TLS. What both servers can do is asked of both.
 */
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type PerMessageDeflateOptions, WebSocketServer, type WebSocket as WsSocket } from 'ws';
import { connect, type WebSocketClient } from '../src/client.ts';
import type { ConnectOptions } from '../src/client-options.ts';
import type { DeflateOptions } from '../src/deflate-negotiation.ts';
import { createServer } from '../src/server.ts';
import { certificate } from './support/certificates.ts';
import { seededRandom } from './support/chopping.ts';

const maxMessageLength = 4 * 1024 * 1024;
const protocols = ['superchat', 'chat'];

/** A server that echoes; a text `close 4000 bye` closes from its side, `terminate` cuts TCP, `ping abc` pings. */
interface EchoServer {
  readonly url: string;
  /** What its side sees of the next close. */
  closed(): Promise<CodeAndReason>;
  readonly pongs: string[];
}

interface CodeAndReason {
  readonly code: number;
  readonly reason: string;
}

/** Hands values out in order, waiting where there is none. */
class Queue<Value> {
  readonly #values: Value[] = [];
  readonly #waiting: ((value: Value) => void)[] = [];

  push(value: Value): void {
    const take = this.#waiting.shift();
    if (take === undefined) this.#values.push(value);
    else take(value);
  }

  /** The next one that nobody has asked for. */
  next(): Promise<Value> {
    for (const value of this.#values.splice(0, 1)) return Promise.resolve(value);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

interface EchoOptions {
  readonly secure?: boolean;
}

async function serveWs(
  perMessageDeflate: boolean | PerMessageDeflateOptions,
  { secure = false }: EchoOptions = {},
  command: (socket: WsSocket, text: string) => boolean = () => false,
): Promise<EchoServer> {
  const http = secure ? createHttpsServer(certificate('first')) : createHttpServer();
  const handleProtocols = (offered: Set<string>) =>
    protocols.find((protocol) => offered.has(protocol)) ?? false;
  const server = new WebSocketServer({
    server: http,
    perMessageDeflate,
    maxPayload: maxMessageLength,
    handleProtocols,
  });
  const closes = new Queue<CodeAndReason>();
  const pongs: string[] = [];
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer, isBinary) => {
      const [verb, word, reason] = isBinary ? [] : data.toString().split(' ');
      if (verb === 'close') socket.close(word === undefined ? undefined : Number(word), reason);
      else if (verb === 'terminate') socket.terminate();
      else if (verb === 'ping') socket.ping(word);
      else if (isBinary || !command(socket, data.toString())) socket.send(data, { binary: isBinary });
    });
    socket.on('pong', (data) => pongs.push(data.toString()));
    socket.on('close', (code, reason) => closes.push({ code, reason: reason.toString() }));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of server.clients) socket.terminate();
    server.close();
    await new Promise((resolve) => http.close(resolve));
  });
  const address = http.address();
  if (address === null || typeof address === 'string') throw new TypeError('The server has no TCP address.');
  return { url: `${secure ? 'wss' : 'ws'}://127.0.0.1:${address.port}/`, closed: () => closes.next(), pongs };
}

async function serveOurs(
  deflate: boolean | DeflateOptions,
  { secure = false }: EchoOptions = {},
): Promise<EchoServer> {
  const closes = new Queue<CodeAndReason>();
  const pongs: string[] = [];
  const server = createServer<undefined>(
    {
      upgrade: () => ({ data: undefined }),
      message(socket, data) {
        const [verb, word, reason] = typeof data === 'string' ? data.split(' ') : [];
        if (verb === 'close') socket.close(word === undefined ? undefined : Number(word), reason);
        else if (verb === 'terminate') socket.terminate();
        else if (verb === 'ping') socket.ping(Buffer.from(word ?? ''));
        else socket.send(data);
      },
      pong: (_socket, payload) => void pongs.push(Buffer.from(payload).toString()),
      close: (_socket, { code, reason }) => void closes.push({ code, reason }),
    },
    {
      deflate,
      protocols,
      maxMessageLength,
      maxBufferedAmount: 64 * 1024 * 1024,
      ...(secure ? { tls: certificate('first') } : {}),
    },
  );
  onTestFinished(() => server.close());
  const { port } = await server.listen();
  return { url: `${secure ? 'wss' : 'ws'}://127.0.0.1:${port}/`, closed: () => closes.next(), pongs };
}

type Message = string | Uint8Array;

/** A client that hands its messages out one by one. */
interface Talking {
  readonly client: WebSocketClient<'uint8array'>;
  next(): Promise<Message>;
}

async function talk(url: string, options: ConnectOptions = {}): Promise<Talking> {
  const client = connect(url, {
    maxMessageLength,
    maxBufferedAmount: 64 * 1024 * 1024,
    tls: { ca: certificate('first').cert },
    ...options,
    binaryType: 'uint8array',
  });
  const received = new Queue<Message>();
  client.onmessage = ({ data }) => received.push(data);
  await client.opened;
  return {
    client,
    next: () => received.next(),
  };
}

const randomOctets = (length: number, seed: number): Uint8Array => {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => random() * 256);
};

const spoken = (id: number) =>
  JSON.stringify({ type: 'message', room: 'harbour', name: 'ada', id, text: 'ships in the fog' });

/** Messages that compress well, badly and through what came before; lengths around each form. */
const shortMessages: readonly Message[] = [
  'Hello',
  '',
  new Uint8Array(0),
  'κόσμε 你好 👩🏽‍🚀',
  '\ufeffa BOM at the start',
  ...[1, 2, 3].map(spoken),
  ...[125, 126, 127, 4096].map((length) => randomOctets(length, length)),
  'ships in the fog. '.repeat(3000),
  spoken(4),
];

const longMessages: readonly Message[] = [
  ...[65_535, 65_536, 1024 * 1024].map((length) => randomOctets(length, length)),
  'ships in the fog. '.repeat(60_000),
  '€'.repeat(Math.floor(maxMessageLength / 3)),
  'the end',
];

/** Sends the messages at once, so that they lie one behind the other, and holds the echoes against them. */
async function exchange({ client, next }: Talking, messages: readonly Message[]): Promise<void> {
  for (const message of messages) expect(client.send(message)).not.toBe('closed');
  for (const message of messages) {
    const echo = await next();
    if (typeof message === 'string') expect(echo === message).toBe(true);
    else expect(typeof echo !== 'string' && Buffer.compare(echo, message) === 0).toBe(true);
  }
}

/** A server's setting, what the client asks for, and what they have to agree on. */
type Setting<ServerDeflate> = readonly [name: string, ServerDeflate, ConnectOptions['deflate'], string];

const everywhere = { threshold: 0 };

const wsSettings: Setting<boolean | PerMessageDeflateOptions>[] = [
  ['no compression', false, true, ''],
  ['compression that the client does not offer', true, false, ''],
  ['its defaults', true, true, 'permessage-deflate'],
  ['everything compressed', everywhere, { threshold: 0, level: 9 }, 'permessage-deflate'],
  [
    'no context of the server’s',
    { ...everywhere, serverNoContextTakeover: true },
    everywhere,
    'permessage-deflate; server_no_context_takeover',
  ],
  [
    'no context of the client’s',
    { ...everywhere, clientNoContextTakeover: true },
    everywhere,
    'permessage-deflate; client_no_context_takeover',
  ],
  [
    'no context at all',
    { ...everywhere, serverNoContextTakeover: true, clientNoContextTakeover: true },
    everywhere,
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  ],
  [
    'what the client asks for: no context at all',
    everywhere,
    { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  ],
  ...[8, 9, 10, 11, 12, 13, 14, 15].flatMap((bits): Setting<PerMessageDeflateOptions>[] => [
    [
      `a server’s window of ${bits} bits`,
      { ...everywhere, serverMaxWindowBits: bits },
      everywhere,
      `permessage-deflate; server_max_window_bits=${bits}`,
    ],
    [
      `a client’s window of ${bits} bits`,
      { ...everywhere, clientMaxWindowBits: bits },
      everywhere,
      `permessage-deflate; client_max_window_bits=${bits}`,
    ],
  ]),
  ...[9, 11, 14].flatMap((bits): Setting<PerMessageDeflateOptions>[] => [
    [
      `what the client asks for: windows of ${bits} bits`,
      everywhere,
      { threshold: 0, serverMaxWindowBits: bits, clientMaxWindowBits: bits },
      `permessage-deflate; server_max_window_bits=${bits}; client_max_window_bits=${bits}`,
    ],
  ]),
];

const ourSettings: Setting<boolean | DeflateOptions>[] = [
  ['no compression', false, true, ''],
  ['compression that the client does not offer', true, false, ''],
  ['its defaults', true, true, 'permessage-deflate; server_max_window_bits=11; client_max_window_bits=11'],
  [
    'the greatest windows, everything compressed',
    { ...everywhere, serverMaxWindowBits: 15, clientMaxWindowBits: 15 },
    { threshold: 0, level: 9 },
    'permessage-deflate',
  ],
  [
    'no context at all',
    { ...everywhere, serverNoContextTakeover: true, clientNoContextTakeover: true },
    everywhere,
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits=11',
  ],
  [
    'what the client asks for',
    everywhere,
    { threshold: 0, serverNoContextTakeover: true, serverMaxWindowBits: 9, clientMaxWindowBits: 10 },
    'permessage-deflate; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10',
  ],
];

describe.each([
  ['ws', wsSettings.map((setting) => ({ setting, serve: () => serveWs(setting[1]) }))],
  ['our server', ourSettings.map((setting) => ({ setting, serve: () => serveOurs(setting[1]) }))],
] as const)('permessage-deflate with %s', (_name, cases) => {
  it.each(cases.map(({ setting, serve }) => [setting[0], setting, serve] as const))(
    '%s',
    async (_what, [, , deflate, agreed], serve) => {
      const { url, closed } = await serve();
      const talking = await talk(url, { deflate });
      expect(talking.client.extensions).toBe(agreed);
      await exchange(talking, shortMessages);
      await exchange(talking, shortMessages);
      talking.client.close(1000, 'done');
      expect(await talking.client.closed).toMatchObject({ code: 1000, reason: 'done', wasClean: true });
      expect(await closed()).toEqual({ code: 1000, reason: 'done' });
    },
  );
});

describe.each([
  ['ws', serveWs],
  ['our server', serveOurs],
] as const)('%s', (_name, serve) => {
  it.each([false, true])('exchanges messages of up to 4 MiB, deflate %s', async (deflate) => {
    const { url } = await serve(deflate);
    const talking = await talk(url);
    await exchange(talking, longMessages);
    talking.client.close();
    expect(await talking.client.closed).toMatchObject({ wasClean: true });
  });

  it('gets octets compressed with what it sent before, and sends such', async () => {
    const { url } = await serve({ threshold: 0, serverMaxWindowBits: 15, clientMaxWindowBits: 15 });
    const { client, next } = await talk(url, { deflate: { threshold: 0 } });
    // In hexadecimal, so that it goes out compressed: only then is it in the window (RFC 7692 §7.2.3.2).
    const octets = Buffer.from(Buffer.from(randomOctets(5000, 7)).toString('hex'));
    client.send(octets);
    await next();
    client.send(octets);
    await next();
    client.close();
    const { lastFrames } = await client.closed;
    // The second time the message is little more than a reference to the first.
    const lengths = lastFrames.filter(({ opcode }) => opcode === 2).map(({ payloadLength }) => payloadLength);
    expect(lengths).toHaveLength(4);
    expect(Math.min(...lengths.slice(0, 2))).toBeGreaterThan(5000);
    expect(Math.max(...lengths.slice(2))).toBeLessThan(300);
  });

  it('talks over TLS', async () => {
    const { url, closed } = await serve(true, { secure: true });
    const talking = await talk(url);
    await exchange(talking, [...shortMessages, ...longMessages]);
    talking.client.close(4000, 'é€😀');
    expect(await talking.client.closed).toMatchObject({ code: 4000, reason: 'é€😀', wasClean: true });
    expect(await closed()).toEqual({ code: 4000, reason: 'é€😀' });
  });

  it('chooses a subprotocol, or none', async () => {
    const { url } = await serve(false);
    const { client } = await talk(url, { protocols: ['other', 'chat'] });
    expect(client.protocol).toBe('chat');
    client.close();
    await client.closed;
    const { client: none } = await talk(url);
    expect(none.protocol).toBe('');
    none.close();
    await none.closed;
  });

  it('is closed without a code: both ends read 1005', async () => {
    const { url, closed } = await serve(false);
    const { client } = await talk(url);
    client.close();
    expect(await client.closed).toMatchObject({ code: 1005, wasClean: true, initiator: 'us' });
    expect(await closed()).toEqual({ code: 1005, reason: '' });
  });

  it.each([1000, 1001, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 4999])(
    'closes with %i',
    async (code) => {
      const { url, closed } = await serve(false);
      const { client } = await talk(url);
      client.send(`close ${code} because`);
      const record = await client.closed;
      expect(record).toMatchObject({ code, reason: 'because', wasClean: true, initiator: 'peer' });
      expect(await closed()).toEqual({ code, reason: 'because' });
    },
  );

  it('cuts TCP: 1006', async () => {
    const { url } = await serve(false);
    const { client } = await talk(url);
    client.send('terminate');
    expect(await client.closed).toMatchObject({ code: 1006, wasClean: false, initiator: 'network' });
  });

  it('is cut: it reads 1006', async () => {
    const { url, closed } = await serve(false);
    const { client, next } = await talk(url);
    client.send('there');
    await next();
    client.terminate();
    await client.closed;
    expect(await closed()).toEqual({ code: 1006, reason: '' });
  });

  it('pings and is pinged', async () => {
    const { url, pongs } = await serve(true);
    const { client, next } = await talk(url);
    const pong = new Promise<string>((resolve) => {
      client.addEventListener('pong', ({ data }) => resolve(Buffer.from(data).toString()));
    });
    client.ping(Buffer.from('of ours'));
    expect(await pong).toBe('of ours');
    client.send('ping of-theirs');
    // The Pong goes out before the echo of what is sent after the Ping has come.
    client.send('after');
    await next();
    client.send('later');
    await next();
    expect(pongs).toEqual(['of-theirs']);
    client.close();
    await client.closed;
  });

  it('is told that a message is too long: 1009', async () => {
    const { url, closed } = await serve(true);
    const { client } = await talk(url);
    client.send(new Uint8Array(maxMessageLength + 1));
    expect((await client.closed).code).toBe(1009);
    await closed();
  });

  it('sends a message that is too long for us, compressed to little: 1009', async () => {
    const { url, closed } = await serve({ threshold: 0, serverMaxWindowBits: 15, clientMaxWindowBits: 15 });
    const { client } = await talk(url, { maxMessageLength: 1000, deflate: { threshold: 0 } });
    client.send('a'.repeat(1001));
    expect(await client.closed).toMatchObject({ code: 1009, initiator: 'us', wasClean: false });
    expect((await closed()).code).toBe(1009);
  });
});

describe('ws alone', () => {
  it.each([false, { threshold: 0 }])(
    'sends fragments, with a ping between them, deflate %j',
    async (deflate) => {
      const { url } = await serveWs(deflate, {}, (socket, text) => {
        if (text !== 'fragments') return false;
        const compress = deflate !== false;
        socket.send('one 😀'.slice(0, 4), { fin: false, compress });
        socket.ping('between');
        socket.send(Buffer.from('😀').subarray(0, 2), { fin: false, binary: false, compress });
        socket.send(Buffer.from('😀').subarray(2), { fin: false, binary: false, compress });
        socket.send('', { fin: true, compress });
        return true;
      });
      const { client, next } = await talk(url);
      const pings: string[] = [];
      client.addEventListener('ping', ({ data }) => pings.push(Buffer.from(data).toString()));
      client.send('fragments');
      expect(await next()).toBe('one 😀');
      expect(pings).toEqual(['between']);
      client.close();
      await client.closed;
    },
  );

  it('refuses a path', async () => {
    const http = createHttpServer();
    const server = new WebSocketServer({ server: http, path: '/chat' });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      server.close();
      await new Promise((resolve) => http.close(resolve));
    });
    const address = http.address();
    if (address === null || typeof address === 'string')
      throw new TypeError('The server has no TCP address.');
    const client = connect(`ws://127.0.0.1:${address.port}/other`);
    await expect(client.opened).rejects.toMatchObject({ response: { status: 400 } });
  });
});

describe('our server alone', () => {
  it('refuses in words', async () => {
    const server = createServer<undefined>({
      upgrade: () => ({ refuse: 403, explanation: 'Not you.' }),
      message: () => {},
    });
    onTestFinished(() => server.close());
    const { port } = await server.listen();
    const client = connect(`ws://127.0.0.1:${port}/`);
    await expect(client.opened).rejects.toThrow('The server answered 403 Forbidden: Not you.');
  });

  it('stops: 1001', async () => {
    const server = createServer<undefined>({ upgrade: () => ({ data: undefined }), message: () => {} });
    const { port } = await server.listen();
    const client = connect(`ws://127.0.0.1:${port}/`);
    await client.opened;
    const stopped = server.close();
    expect(await client.closed).toMatchObject({ code: 1001, wasClean: true, initiator: 'peer' });
    await stopped;
  });
});
