/**
 * A foreign server for tests of the client: it answers with octets as they are given, right or wrong, and reads frames
 * with a decoder of its own. Nothing here comes from src/, so a mistake made in both directions there cannot hide
 * itself. It waits for events, never for time. Stopped when the test ends.
 */
import { createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { TestCertificate } from './certificates.ts';
import { decodeClose, RawStream, takeLength } from './raw-stream.ts';

export interface ReceivedRequest {
  /** The request line, without its end. */
  readonly line: string;
  /** Values by name in lower case, in the order of arrival. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** The whole head as it came. */
  readonly head: string;
}

/** A frame as a client must send it: masked, with a key that was noted. */
export interface ReceivedClientFrame {
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly opcode: number;
  /** Unmasked. */
  readonly payload: Buffer;
  readonly maskingKey: number;
}

export class RawServer {
  readonly port: number;
  readonly #server: Server;
  readonly #peers: RawPeer[] = [];
  readonly #waiting: ((peer: RawPeer) => void)[] = [];
  readonly #tcp = new Set<Socket>();
  #whenIdle: (() => void) | undefined;
  #octetsReceived = 0;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Listens on 127.0.0.1, with TLS when it is given a certificate. */
  static async listen(certificate?: TestCertificate): Promise<RawServer> {
    let accept: (tcp: Socket) => void = () => {};
    const accepted = (tcp: Socket): void => accept(tcp);
    const server =
      certificate === undefined
        ? createServer({ allowHalfOpen: true, noDelay: true }, accepted)
        : // Node does not notice the end of TCP within a TLS handshake when it allows half-open connections.
          createTlsServer({ ...certificate }, accepted);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string')
      throw new TypeError('The server has no TCP address.');
    const raw = new RawServer(server, address.port);
    accept = (tcp) => raw.#accept(tcp);
    // Below TLS too: a connection whose handshake fails is no peer, but it must be gone in the end.
    server.on('connection', (tcp: Socket) => {
      raw.#tcp.add(tcp);
      tcp.on('close', () => {
        raw.#tcp.delete(tcp);
        if (raw.#tcp.size === 0) raw.#whenIdle?.();
      });
    });
    onTestFinished(() => raw.stop());
    return raw;
  }

  /** Cuts every connection and gives the port back. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const tcp of this.#tcp) tcp.destroy();
    await closed;
  }

  /** The next connection, or the first one nobody has asked for. */
  next(): Promise<RawPeer> {
    const peer = this.#peers.shift();
    if (peer !== undefined) return Promise.resolve(peer);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Octets that came from all peers, below the frames and above TLS. */
  get octetsReceived(): number {
    return this.#octetsReceived;
  }

  /** Waits until every connection is gone. */
  async idle(): Promise<void> {
    if (this.#tcp.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  #accept(tcp: Socket): void {
    const peer = new RawPeer(tcp);
    tcp.on('data', (chunk) => {
      this.#octetsReceived += chunk.length;
    });
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#peers.push(peer);
    else waiting(peer);
  }
}

/** The server's end of one connection. */
export class RawPeer {
  readonly #tcp: Socket;
  readonly #stream: RawStream;

  constructor(tcp: Socket) {
    this.#tcp = tcp;
    this.#stream = new RawStream(tcp);
  }

  send(...octets: readonly (string | Uint8Array)[]): void {
    // Latin-1, so that a test can send any octet in a head.
    this.#tcp.write(
      Buffer.concat(octets.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))),
    );
  }

  /** What the client called the server in TLS; undefined without TLS or a name. */
  get serverName(): string | undefined {
    const name = this.#tcp instanceof TLSSocket && this.#tcp.servername;
    return typeof name === 'string' ? name : undefined;
  }

  /** Ends our half of TCP. */
  end(): void {
    this.#tcp.end();
  }

  /** Cuts TCP with a reset. */
  reset(): void {
    this.#tcp.resetAndDestroy();
  }

  /** Cuts TCP. */
  destroy(): void {
    this.#tcp.destroy();
  }

  /** Stops reading, as a server that hangs. */
  pause(): void {
    this.#tcp.pause();
  }

  resume(): void {
    this.#tcp.resume();
  }

  /** The request's head, whole. */
  async request(): Promise<ReceivedRequest> {
    const head = (await this.#stream.takeThrough('\r\n\r\n')).toString('latin1');
    const [line = '', ...lines] = head.slice(0, -4).split('\r\n');
    const fields = new Map<string, string[]>();
    for (const text of lines) {
      const colon = text.indexOf(': ');
      const name = text.slice(0, colon).toLowerCase();
      fields.set(name, [...(fields.get(name) ?? []), text.slice(colon + 2)]);
    }
    return { line, fields, head };
  }

  /** Reads the request and answers 101; `fields` are whole lines, `behind` are octets of the same write. */
  async accept(fields: readonly string[] = [], ...behind: readonly Uint8Array[]): Promise<ReceivedRequest> {
    const request = await this.request();
    this.send(switchingHead(acceptFor(request), fields), ...behind);
    return request;
  }

  /** The next frame. @throws Error for one that is not masked, and when the stream ends */
  async frame(): Promise<ReceivedClientFrame> {
    const start = await this.#stream.take(2);
    const first = start.readUInt8(0);
    const second = start.readUInt8(1);
    if ((first & 0x30) !== 0) throw new Error('The client set a reserved bit.');
    if ((second & 0x80) === 0) throw new Error('The client did not mask a frame.');
    const length = await takeLength(this.#stream, second, 'client');
    const mask = await this.#stream.take(4);
    const masked = await this.#stream.take(length);
    const payload = masked.map((octet, index) => octet ^ (mask[index % 4] ?? 0));
    return {
      fin: (first & 0x80) !== 0,
      rsv1: (first & 0x40) !== 0,
      opcode: first & 0x0f,
      payload: Buffer.from(payload),
      maskingKey: mask.readUInt32BE(),
    };
  }

  /** The code and reason of a Close frame, which has to be the next one. The code is 1005 when it has none. */
  async close(): Promise<{ code: number; reason: string }> {
    const { opcode, payload } = await this.frame();
    if (opcode !== 0x8) throw new Error(`Opcode 0x${opcode.toString(16)} came where a Close was due.`);
    return decodeClose(payload);
  }

  /** Waits for the client's end of the stream. @returns the octets that came before it and were not taken */
  rest(): Promise<Buffer> {
    return this.#stream.rest();
  }
}

/** What Sec-WebSocket-Accept must say to this request (RFC 6455 §4.2.2). */
export function acceptFor({ fields }: ReceivedRequest): string {
  const [key = ''] = fields.get('sec-websocket-key') ?? [];
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** A good 101; `fields` are added, whole lines. */
export function switchingHead(accept: string, fields: readonly string[] = []): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    ...fields,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}
