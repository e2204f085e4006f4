/**
 * A foreign client for tests of whole servers: it sends octets as they are given, whole or cut, and reads frames with
 * a decoder of its own, compressed ones too. Nothing here comes from src/, so a mistake made in both directions there
 * cannot hide itself. It waits for events, never for time.
 */
import { connect, type Socket } from 'node:net';
import { MessageInflater } from './message-inflater.ts';
import { decodeClose, RawStream, takeLength } from './raw-stream.ts';

/** A frame as a server must send it: not masked, and RSV1 only where compression was agreed on. */
export interface ReceivedFrame {
  readonly fin: boolean;
  readonly opcode: number;
  /** Whether it came compressed. */
  readonly compressed: boolean;
  /** Inflated. */
  readonly payload: Buffer;
}

export interface ReceivedResponse {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Empty for 101. */
  readonly body: string;
}

export interface MaskedFrame {
  /** Default true. */
  readonly fin?: boolean;
  /** RSV1-RSV3 as the bits 0x40, 0x20, 0x10. Default 0. */
  readonly reserved?: number;
  readonly opcode: number;
  readonly payload?: string | Uint8Array;
  /** Four octets; `null` leaves the frame unmasked. Default 0x37 0xFA 0x21 0x3D, the RFC's own. */
  readonly mask?: readonly number[] | null;
  /** The form of the length, in bits. Default the shortest. */
  readonly lengthBits?: 7 | 16 | 64;
  /** The length that the header tells, when it is not the payload's. */
  readonly announced?: bigint;
}

/** The octets of a frame, right or wrong as the test wants it. */
export function maskedFrame(frame: MaskedFrame): Buffer {
  const payload = Buffer.from(frame.payload ?? '');
  const mask = frame.mask === undefined ? [0x37, 0xfa, 0x21, 0x3d] : frame.mask;
  const length = frame.announced ?? BigInt(payload.length);
  const bits = frame.lengthBits ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64);
  const head = Buffer.alloc(bits === 7 ? 2 : bits === 16 ? 4 : 10);
  head[0] = (frame.fin === false ? 0 : 0x80) | (frame.reserved ?? 0) | frame.opcode;
  head[1] = (mask === null ? 0 : 0x80) | (bits === 7 ? Number(length) : bits === 16 ? 126 : 127);
  if (bits === 16) head.writeUInt16BE(Number(length), 2);
  if (bits === 64) head.writeBigUInt64BE(length, 2);
  if (mask === null) return Buffer.concat([head, payload]);
  const masked = payload.map((octet, index) => octet ^ (mask[index % 4] ?? 0));
  return Buffer.concat([head, Uint8Array.from(mask), masked]);
}

/** The Close frame of a client. */
export function closeFrame(code: number, reason: string | Uint8Array = ''): Buffer {
  const payload = Buffer.concat([Uint8Array.of(code >> 8, code & 0xff), Buffer.from(reason)]);
  return maskedFrame({ opcode: 0x8, payload });
}

/** The head of a good upgrade request; `fields` are added, whole lines. */
export function upgradeHead(target = '/', fields: readonly string[] = []): string {
  const lines = [
    `GET ${target} HTTP/1.1`,
    'Host: example.com',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    ...fields,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

export class RawClient {
  readonly #tcp: Socket;
  readonly #stream: RawStream;
  #inflater: MessageInflater | undefined;

  private constructor(tcp: Socket) {
    this.#tcp = tcp;
    this.#stream = new RawStream(tcp);
  }

  /** Connects TCP. Our half stays open when the server ends its own. */
  static connect(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const tcp = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
      tcp.once('error', reject);
      tcp.once('connect', () => {
        tcp.off('error', reject);
        resolve(new RawClient(tcp));
      });
    });
  }

  /** Connects and opens the WebSocket; what the fields offer may be agreed on. @throws Error with the server's words when it refuses */
  static async open(port: number, target = '/', fields: readonly string[] = []): Promise<RawClient> {
    const client = await RawClient.connect(port);
    client.send(upgradeHead(target, fields));
    const { status, headers, body } = await client.response();
    if (status !== 101) throw new Error(`The upgrade was refused with ${status}: ${body}`);
    const extensions = headers.get('sec-websocket-extensions');
    if (extensions !== undefined) client.#inflater = inflaterFor(extensions);
    return client;
  }

  send(octets: string | Uint8Array): void {
    this.#tcp.write(octets);
  }

  /** Sends the chunks as separate writes, each in its own turn of the event loop, so that most arrive as they are cut. */
  async sendInPieces(chunks: Iterable<Uint8Array>): Promise<void> {
    for (const chunk of chunks) {
      if (this.#tcp.destroyed) return;
      if (!this.#tcp.write(chunk)) {
        await new Promise<void>((resolve) => {
          this.#tcp.once('drain', resolve);
          this.#tcp.once('close', resolve);
        });
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Ends our half of TCP. */
  end(): void {
    this.#tcp.end();
  }

  /** Cuts TCP with a reset, as a machine that lost its power would after coming back. */
  reset(): void {
    this.#tcp.resetAndDestroy();
  }

  destroy(): void {
    this.#tcp.destroy();
  }

  /** Reads a response's head, and its body when it has one. */
  async response(): Promise<ReceivedResponse> {
    const head = (await this.#stream.takeThrough('\r\n\r\n')).toString('latin1');
    const [statusLine = '', ...lines] = head.slice(0, -4).split('\r\n');
    const match = /^HTTP\/1\.1 (\d{3}) /.exec(statusLine);
    if (match === null) throw new Error(`Not a status line: ${statusLine}`);
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(': ');
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 2));
    }
    const chunked = headers.get('transfer-encoding') === 'chunked';
    const body = chunked
      ? await this.#takeChunks()
      : await this.#stream.take(Number(headers.get('content-length') ?? 0));
    return { status: Number(match[1]), headers, body: body.toString('utf8') };
  }

  /** The next frame. @throws StreamEnded when there is none, Error for one that no server may send */
  async frame(): Promise<ReceivedFrame> {
    const start = await this.#stream.take(2);
    const first = start.readUInt8(0);
    const second = start.readUInt8(1);
    const compressed = (first & 0x40) !== 0;
    if ((first & 0x30) !== 0 || (compressed && this.#inflater === undefined)) {
      throw new Error('The server set a reserved bit.');
    }
    if (compressed && first !== 0xc1 && first !== 0xc2) {
      throw new Error('The server compressed something else than a whole message.');
    }
    if ((second & 0x80) !== 0) throw new Error('The server masked a frame.');
    const length = await takeLength(this.#stream, second, 'server');
    const sent = await this.#stream.take(length);
    const payload = compressed ? ((await this.#inflater?.inflate(sent)) ?? sent) : sent;
    return { fin: (first & 0x80) !== 0, opcode: first & 0x0f, compressed, payload };
  }

  /** The code and reason of a Close frame, which has to be the next one. The code is 1005 when it has none. */
  async close(): Promise<{ code: number; reason: string }> {
    const { opcode, payload } = await this.frame();
    if (opcode !== 0x8) throw new Error(`Opcode 0x${opcode.toString(16)} came where a Close was due.`);
    return decodeClose(payload);
  }

  /** Waits for the server's end of the stream. @returns the octets that came before it and were not taken */
  rest(): Promise<Buffer> {
    return this.#stream.rest();
  }

  /** Every frame up to the end of the stream. */
  async frames(): Promise<ReceivedFrame[]> {
    const frames: ReceivedFrame[] = [];
    while (await this.#stream.hasMore()) frames.push(await this.frame());
    return frames;
  }

  /** A body in chunks (RFC 9112 §7.1), without trailers. */
  async #takeChunks(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for (;;) {
      const length = Number.parseInt((await this.#stream.takeThrough('\r\n')).toString('latin1'), 16);
      chunks.push(await this.#stream.take(length));
      await this.#stream.take(2);
      if (length === 0) return Buffer.concat(chunks);
    }
  }
}

/** For a server's messages, by its answer to the offer. */
function inflaterFor(agreed: string): MessageInflater {
  const windowBits = Number(/server_max_window_bits="?(\d+)/.exec(agreed)?.[1] ?? 15);
  return new MessageInflater(windowBits, !agreed.includes('server_no_context_takeover'));
}
