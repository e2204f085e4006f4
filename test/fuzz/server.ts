/**
 * Fuzz target: whole sessions over TCP, from the first octet of a head, or of a PROXY header, to the end, against real
 * servers of several settings in this process. Many at once, in pieces, some cut off with a reset. Whatever comes is
 * answered in good HTTP and good frames or not at all; everybody who ends is ended; each socket has one close record;
 * no handler error that was not asked for, no memory held and no socket left when all have gone; and whoever was there
 * before is still served. The servers' order of events is TCP's, so a seed repeats the inputs but not every outcome.
 */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { CloseRecord } from '../../src/close-record.ts';
import type { ServerOptions } from '../../src/options.ts';
import { createServer, type Handlers, type Server } from '../../src/server.ts';
import type { WebSocket } from '../../src/socket.ts';
import { handshake as handshakeCases } from '../conformance/handshake.ts';
import { manualClock } from '../support/manual-clock.ts';
import { concat, hex, utf8 } from '../support/octets.ts';
import { maskedFrame, upgradeHead } from '../support/raw-client.ts';
import { cutAtRandom, magnitude, numberAt, sameOctets } from './claims.ts';
import type { Target } from './fuzzer.ts';
import { changeFrames } from './loose-frames.ts';
import { afterOptions, changeLines, insertWord, type Mutation, pick, plainMutations } from './mutator.ts';
import { inflateAll, readOutput, type SendingDeflate } from './output.ts';
import { clientStreams } from './streams.ts';

/** Which server; how it ends; where it is cut. */
const optionsLength = 6;

/** Thrown by handlers that are asked to throw. */
class Asked extends Error {
  override readonly name = 'Asked';
}

/** What a socket's `data` is: how often its end was told. */
interface Visit {
  readonly topic: string;
  closed: number;
}

/** One server of ours, listening, with a client that stays. */
class Subject {
  readonly server: Server<Visit>;
  readonly errors: unknown[] = [];
  readonly records: CloseRecord[] = [];
  /** PROXY headers come first. */
  readonly proxied: boolean;
  /** Set for a server that is attached to one of node:http. */
  readonly #http: HttpServer | undefined;
  #port = 0;
  #visits = 0;
  #resident: Peer | undefined;
  #closed: (() => void) | undefined;

  constructor(options: ServerOptions & { readonly isLate?: boolean; readonly isAttached?: boolean }) {
    const { isLate = false, isAttached = false, ...serverOptions } = options;
    this.proxied = serverOptions.proxyProtocol === true;
    this.server = createServer(this.#handlers(isLate), { clock: manualClock(), ...serverOptions });
    if (!isAttached) return;
    this.#http = createHttpServer((_, response) => response.end('plain'));
    this.server.attach(this.#http);
  }

  get port(): number {
    return this.#port;
  }

  #handlers(isLate: boolean): Handlers<Visit> {
    const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    return {
      upgrade: ({ path }) => {
        if (path === '/throw') throw new Asked('upgrade');
        if (path === '/refuse') return { refuse: 403, explanation: 'Not today.' };
        const accepted = { data: { topic: `visit ${this.#visits++}`, closed: 0 } };
        return isLate ? later().then(() => accepted) : accepted;
      },
      open: (socket) => {
        socket.subscribe(socket.data.topic);
        return isLate ? later() : undefined;
      },
      message: (socket, data) => this.#answer(socket, data),
      close: (socket, record) => {
        socket.data.closed++;
        if (socket.data.closed > 1) this.errors.push(new Error('A socket was closed twice.'));
        this.records.push(record);
        this.#closed?.();
      },
      error: (error) => {
        if (!(error instanceof Asked)) this.errors.push(error);
      },
    };
  }

  /** Does as it is told, else sends the message back: by itself, compressed or not, or as a publication. */
  #answer(socket: WebSocket<Visit>, data: string | Uint8Array): unknown {
    switch (data) {
      case 'throw':
        throw new Asked('message');
      case 'reject':
        return Promise.reject(new Asked('message, later'));
      case 'close':
        return socket.close(4001, 'as asked');
      case 'terminate':
        return socket.terminate();
      case 'ping':
        return socket.ping(utf8('ours'));
      case 'leave':
        return socket.unsubscribe(socket.data.topic);
    }
    if (data.length % 3 === 0) return this.server.publish(socket.data.topic, data);
    return data.length % 3 === 1 ? socket.send(data) : socket.send(data, { compress: true });
  }

  async start(): Promise<void> {
    if (this.#http === undefined) {
      this.#port = (await this.server.listen()).port;
    } else {
      const http = this.#http;
      await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
      this.#port = portOf(http.address());
    }
    this.#resident = await this.#open();
  }

  async #open(): Promise<Peer> {
    const peer = await Peer.connect(this.#port);
    peer.send(`${this.proxied ? 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n' : ''}${upgradeHead('/')}`);
    const head = await peer.until('\r\n\r\n');
    assert(head.startsWith('HTTP/1.1 101 '), `a good client is refused: ${head}`);
    return peer;
  }

  /** Nobody is left but the one who stays, who is served, as is one who comes now. */
  async check(): Promise<void> {
    const { server } = this;
    while (server.sockets.size > 1) {
      await new Promise<void>((resolve) => {
        this.#closed = resolve;
      });
    }
    assert(this.#resident !== undefined);
    await echo(this.#resident);
    assert.equal(server.sockets.size, 1, 'the one who was there is gone');
    assert.equal(server.heldAmount, 0, 'memory is held for nobody');
    const [error] = this.errors.splice(0);
    if (error !== undefined) throw error;
    for (const record of this.records.splice(0)) checkRecord(record);
  }

  async checkNewcomer(): Promise<void> {
    const peer = await this.#open();
    await echo(peer);
    peer.end();
    await peer.closed;
  }

  async stop(): Promise<void> {
    this.#resident?.end();
    await this.server.close();
    const http = this.#http;
    if (http !== undefined) await new Promise((resolve) => http.close(resolve));
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('The server has no TCP address.');
  return address.port;
}

function checkRecord({ code, explanation, section, initiator }: CloseRecord): void {
  assert(code >= 1000 && code <= 4999, `the code ${code}`);
  assert.match(explanation, /^[A-Z].*\.$/s);
  assert(section === undefined || initiator === 'us');
}

/** The other end of TCP: sends what it is told and keeps what comes. */
class Peer {
  readonly #tcp: Socket;
  #received: Buffer[] = [];
  #wake: (() => void) | undefined;
  readonly closed: Promise<void>;

  private constructor(tcp: Socket) {
    this.#tcp = tcp;
    tcp.on('data', (chunk) => {
      this.#received.push(chunk);
      this.#wake?.();
    });
    // A reset is an end as well.
    tcp.on('error', () => {});
    this.closed = new Promise((resolve) => tcp.on('close', () => resolve()));
  }

  static connect(port: number): Promise<Peer> {
    return new Promise((resolve, reject) => {
      const tcp = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
      tcp.once('error', reject);
      tcp.once('connect', () => resolve(new Peer(tcp)));
      // Our half has to be ended by us, which `end` does.
      tcp.on('end', () => tcp.end());
    });
  }

  get received(): Buffer {
    const all = Buffer.concat(this.#received);
    this.#received = [all];
    return all;
  }

  get gone(): boolean {
    return this.#tcp.destroyed;
  }

  send(octets: string | Uint8Array): void {
    this.#tcp.write(octets);
  }

  end(): void {
    this.#tcp.end();
  }

  reset(): void {
    this.#tcp.resetAndDestroy();
  }

  /** Takes what came, up to a mark in it. */
  async until(mark: string | Uint8Array): Promise<string> {
    for (;;) {
      const all = this.received;
      const index = all.indexOf(mark);
      if (index >= 0) {
        const end = index + mark.length;
        this.#received = [all.subarray(end)];
        return all.subarray(0, end).toString('latin1');
      }
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        void this.closed.then(() => reject(new Error('The server ended a good client.')));
      });
    }
  }
}

async function echo(peer: Peer): Promise<void> {
  peer.send(maskedFrame({ opcode: 0x1, payload: 'still here' }));
  await peer.until(concat(hex('81 0a'), utf8('still here')));
}

const subjects: Subject[] = [];
const settings: readonly ConstructorParameters<typeof Subject>[0][] = [
  {},
  { deflate: true, maxMessageLength: 4096, protocols: ['chat', 'superchat'], allowedOrigins: 'any' },
  {
    deflate: { serverMaxWindowBits: 9, clientNoContextTakeover: true, threshold: 0 },
    isLate: true,
    allowedOrigins: 'any',
    http: (_, response) => response.end('plain'),
  },
  {
    proxyProtocol: true,
    trustedProxies: ['loopback'],
    deflate: { serverNoContextTakeover: true, threshold: 1 },
  },
  { isAttached: true, deflate: true, allowedOrigins: ['https://allowed.example'] },
];

/** One answer of HTTP, and what stands behind it. */
interface Answer {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
  readonly rest: Buffer;
}

/** The answer at the beginning; undefined when it is not whole. */
function readAnswer(octets: Buffer): Answer | undefined {
  const end = octets.indexOf('\r\n\r\n');
  assert(end >= 0, `the answer is no HTTP: ${octets.toString('latin1').slice(0, 100)}`);
  const [line = '', ...lines] = octets.toString('latin1', 0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1]);
  assert(status >= 100 && status <= 599, `the answer is no HTTP: ${line}`);
  const fields = new Map(
    lines.map((field) => {
      const colon = field.indexOf(': ');
      assert(colon > 0, `the answer is no HTTP: ${field}`);
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 2)];
    }),
  );
  const body = octets.subarray(end + 4);
  const length = fields.get('content-length');
  if (length !== undefined) return { status, fields, rest: body.subarray(Number(length)) };
  if (status < 200) return { status, fields, rest: body };
  // Without a length the body goes on to the end of TCP (RFC 9112 §6.3).
  if (fields.get('transfer-encoding') !== 'chunked') return { status, fields, rest: Buffer.alloc(0) };
  const last = body.indexOf('0\r\n\r\n');
  return last < 0 ? undefined : { status, fields, rest: body.subarray(last + 5) };
}

/** What the reply says that the server may do. */
function agreedDeflate(extensions: string | undefined): SendingDeflate | undefined {
  if (extensions === undefined) return undefined;
  assert.match(extensions, /^permessage-deflate(?:; [a-z_]+(?:=\d+)?)*$/);
  const bits = /server_max_window_bits=(\d+)/.exec(extensions)?.[1];
  return { bits: Number(bits ?? 15), takeover: !extensions.includes('server_no_context_takeover') };
}

/** Everything that came back, from the first answer to the last frame. */
function checkReceived(received: Buffer): string {
  const statuses: number[] = [];
  for (let octets = received; octets.length > 0; ) {
    const answer = readAnswer(octets);
    if (answer === undefined) break;
    statuses.push(answer.status);
    if (answer.status === 101) return `${statuses.join(' ')} ${checkFrames(answer)}`;
    octets = answer.rest;
    // A refusal is the last that is said.
    if (answer.fields.get('connection')?.startsWith('close') === true)
      sameOctets(octets, Buffer.alloc(0), 'what follows');
  }
  return statuses.slice(0, 3).join(' ');
}

function checkFrames({ fields, rest }: Answer): string {
  const deflate = agreedDeflate(fields.get('sec-websocket-extensions'));
  const frames = readOutput(rest, { role: 'server', deflate });
  const kinds = new Set<string>();
  let end = 'open';
  for (const { first, payload } of frames) {
    const opcode = first & 0x0f;
    kinds.add((first & 0x4f).toString(16));
    // A Pong is still due after our Close, as long as the peer's has not come.
    assert(end === 'open' || opcode === 0xa, 'a frame after the Close');
    if (first === 0x81) new TextDecoder('utf-8', { fatal: true }).decode(payload);
    if (opcode === 0x8) end = `close ${payload.length < 2 ? 1005 : Buffer.from(payload).readUInt16BE(0)}`;
  }
  const inflated = inflateAll(frames, deflate).length;
  return [...[...kinds].sort(), magnitude(frames.length), magnitude(inflated), deflate?.takeover, end].join(
    ' ',
  );
}

async function run(input: Uint8Array): Promise<string> {
  const flags = numberAt(input, 0);
  const subject = subjects[(flags & 0x0f) % subjects.length];
  assert(subject !== undefined);
  const isReset = (flags & 0x30) === 0x30;
  const peer = await Peer.connect(subject.port);
  const pieces = cutAtRandom(input.subarray(optionsLength), numberAt(input, 2, 4), 1 + numberAt(input, 1));
  for (const piece of pieces) {
    if (peer.gone) break;
    peer.send(piece);
    // So that most arrive as they are cut.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (isReset) peer.reset();
  else peer.end();
  await peer.closed;
  if (isReset) return 'reset';
  return `${subjects.indexOf(subject)} ${checkReceived(peer.received)}`;
}

const deflateOffer = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits';
const message = (payload: string | Uint8Array): Uint8Array =>
  maskedFrame({ opcode: 0x1, payload, mask: [0, 0, 0, 0] });
const chat = JSON.stringify({ event: 'message:posted', name: 'Mei', text: 'good morning, good morning' });
const hello = hex('c1 87 00 00 00 00 f2 48 cd c9 c9 07 00');

const sessions: readonly Uint8Array[] = [
  ...[[], [deflateOffer], ['Sec-WebSocket-Protocol: chat, superchat', deflateOffer], ['Origin: null']].map(
    (fields) =>
      concat(
        utf8(upgradeHead('/', fields)),
        message(chat),
        message(`${chat} `),
        message(`${chat}  `),
        hello,
        maskedFrame({ opcode: 0x9, payload: 'ping' }),
        maskedFrame({ opcode: 0x8, payload: hex('03 e8') }),
      ),
  ),
  ...['throw', 'reject', 'close', 'terminate', 'ping', 'leave'].map((word) =>
    concat(utf8(upgradeHead('/', [deflateOffer])), message(word), message(chat), message(chat)),
  ),
  concat(utf8(upgradeHead('/throw')), message('early')),
  concat(utf8(upgradeHead('/refuse')), message('early')),
  utf8('GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
  concat(utf8('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), utf8(upgradeHead('/')), message('after')),
  utf8('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello'),
  utf8('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'),
];

const proxyHeaders = [
  utf8('PROXY TCP4 203.0.113.7 192.0.2.1 5 6\r\n'),
  utf8('PROXY UNKNOWN\r\n'),
  hex('0d0a0d0a000d0a515549540a 21 11 000c c0000201 c6336401 dc04 01bb'),
];

const words = [
  '\r\n\r\n',
  deflateOffer,
  'Connection: close\r\n',
  'Expect: 100-continue\r\n',
  'X-Forwarded-For: 1.2.3.4\r\n',
].map((word) => utf8(word));

/** Changes what stands behind the head, which stays: else most sessions end there. */
function behindHead(mutation: Mutation): Mutation {
  const endOfHead = (octets: Uint8Array): number => {
    const end = Buffer.from(octets).indexOf('\r\n\r\n');
    return end < 0 ? octets.length : end + 4;
  };
  return (input, random, other) => {
    const start = endOfHead(input);
    const behind = mutation(input.subarray(start), random, other.subarray(endOfHead(other)));
    return concat(input.subarray(0, start), behind);
  };
}

const changePlainly: Mutation = (input, random, other) => pick(random, plainMutations)(input, random, other);

function seedOf(number: number, index: number, session: Uint8Array): Uint8Array {
  const subject = number % settings.length;
  const isProxied = settings[subject]?.proxyProtocol === true;
  const header = isProxied ? proxyHeaders[index % proxyHeaders.length] : undefined;
  const options = Uint8Array.of(subject + (index % 7 === 0 ? 0x30 : 0), index % 12, 0, 0, subject, index);
  return concat(options, header ?? new Uint8Array(0), session);
}

let crash: unknown;
const crashed = (error: unknown): void => {
  crash ??= error;
};
let batches = 0;

export const serverTarget: Target = {
  name: 'server',
  seeds: [
    ...sessions.flatMap((session, index) => settings.map((_, number) => seedOf(number, index, session))),
    // Enough of each for one of the servers.
    ...[...new Set(handshakeCases.map(({ head }) => head))]
      .filter((head) => head.length < 1000)
      .map((head, index) => seedOf(index, index, Buffer.from(head, 'latin1'))),
    ...clientStreams.map((octets, index) =>
      seedOf(index, index, concat(utf8(upgradeHead('/', index % 3 === 0 ? [] : [deflateOffer])), octets)),
    ),
  ],
  mutations: [
    behindHead(changeFrames),
    behindHead(changeFrames),
    behindHead(changePlainly),
    changeLines,
    insertWord(words),
  ].map((mutation) => afterOptions(optionsLength, mutation)),
  together: 24,
  async start() {
    process.on('uncaughtException', crashed);
    process.on('unhandledRejection', crashed);
    subjects.push(...settings.map((options) => new Subject(options)));
    for (const subject of subjects) await subject.start();
  },
  async stop() {
    for (const subject of subjects.splice(0)) await subject.stop();
    process.off('uncaughtException', crashed);
    process.off('unhandledRejection', crashed);
  },
  run,
  async afterBatch() {
    for (const subject of subjects) {
      await subject.check();
      if (batches % 32 === 0) await subject.checkNewcomer();
    }
    batches++;
    if (crash !== undefined) throw crash;
  },
};
