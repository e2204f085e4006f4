/**
 * A server made by hand on node:net for what the library's API does not send: fragments, frames in one segment with
 * the 101, bad frames and bad responses. It reads the page's frames with a few lines of its own, and tells what came
 * as an account. Started by endpoints.ts.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { acceptOffer, resolveDeflateOptions } from '../../src/deflate-negotiation.ts';
import { encodeExtensions } from '../../src/extensions.ts';
import { decodeFrameHeader, encodeFrame, type Frame } from '../../src/frame.ts';
import { acceptValue, checkUpgradeRequest } from '../../src/handshake.ts';
import { HeadReader, parseRequestHead } from '../../src/http-head.ts';
import { applyMask } from '../../src/mask.ts';
import type { FrameNote } from '../../src/recent-frames.ts';
import type { Account } from './account.ts';
import {
  type BadReply,
  badCompressedFrames,
  badFrames,
  badReplies,
  compressedFrames,
  goodFrames,
  opcodes,
  type Sent,
} from './scenarios.ts';

/** What is done with one connection. */
interface Behaviour {
  /** What differs from a good response. Default nothing. */
  readonly reply?: Pick<BadReply, 'status' | 'fields'>;
  /** Whether permessage-deflate is agreed on. Default false. */
  readonly deflate?: boolean;
  /** Sent behind the response, in the same write. Default nothing. */
  readonly early?: Sent;
  /** Sent when the page's first message has come. Default nothing. */
  readonly asked?: Sent;
  /** Whether every octet is a write of its own. Default false. */
  readonly octets?: boolean;
  /** Whether TCP is cut after `asked`. Default false. */
  readonly cut?: boolean;
}

const text = (payload: string): Frame => ({ opcode: opcodes.text, payload: Buffer.from(payload) });
const greeting = [text('first'), text('second')];

const behaviours = new Map<string, Behaviour>([
  ['/good', {}],
  ['/early', { early: greeting }],
  ['/octets', { early: greeting, octets: true }],
  [
    '/early-close',
    {
      early: [
        { opcode: opcodes.close, payload: Buffer.concat([Uint8Array.of(0x0f, 0xa0), Buffer.from('early')]) },
      ],
    },
  ],
  ['/cut-in-frame', { asked: [[0x81, 20, 0x48, 0x65, 0x6c]], cut: true }],
  [
    '/cookie',
    { reply: { fields: { 'Set-Cookie': 'upgraded=1; Path=/; SameSite=Lax' } }, early: [text('there it is')] },
  ],
  ...goodFrames.map(({ id, frames }) => [`/frames/${id}`, { asked: frames }] as const),
  ...badFrames.map(({ id, frames }) => [`/bad/${id}`, { asked: frames }] as const),
  ...compressedFrames.map(({ id, frames }) => [`/deflate/${id}`, { asked: frames, deflate: true }] as const),
  ...badCompressedFrames.map(
    ({ id, frames }) => [`/bad-deflate/${id}`, { asked: frames, deflate: true }] as const,
  ),
  ...badReplies.map((reply) => [`/replies/${reply.id}`, { reply }] as const),
]);

/** Starts nothing: the caller listens. `tell` gets the account of each connection when it is over. */
export function createRawEndpoint(tell: (account: string, seen: Account) => void): Server {
  return createServer({ noDelay: true }, (tcp) => {
    const reader = new HeadReader();
    // What matters of an error comes with 'close'.
    tcp.on('error', () => {});
    const readHead = (chunk: Buffer): void => {
      const read = reader.receive(chunk);
      if (read === undefined) return;
      tcp.off('data', readHead);
      answer(tcp, read.bytes, read.rest, tell);
    };
    tcp.on('data', readHead);
  });
}

function answer(
  tcp: Socket,
  head: Uint8Array,
  rest: Uint8Array,
  tell: (account: string, seen: Account) => void,
): void {
  const { key, request, extensions } = checkUpgradeRequest(parseRequestHead(head), { allowedOrigins: 'any' });
  const behaviour = behaviours.get(request.path);
  if (behaviour === undefined) throw new Error(`The raw endpoint has no ${request.path}.`);
  const { reply = {}, deflate = false, early = [], asked = [], octets = false, cut = false } = behaviour;
  const fields: Record<string, string | undefined> = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': acceptValue(key),
  };
  if (deflate) {
    const accepted = acceptOffer(extensions, resolveDeflateOptions('server', { serverMaxWindowBits: 15 }));
    if (accepted !== undefined) fields['Sec-WebSocket-Extensions'] = encodeExtensions([accepted.response]);
  }
  const lines = Object.entries({ ...fields, ...reply.fields })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}`);
  const responseHead = `HTTP/1.1 ${[reply.status ?? '101 Switching Protocols', ...lines].join('\r\n')}\r\n\r\n`;
  const response = Buffer.concat([Buffer.from(responseHead, 'latin1'), encode(early)]);
  if (octets) writeOctets(tcp, response, 0);
  else tcp.write(response);
  if (reply.status !== undefined) tcp.end();

  const closed = [...early, ...asked].some((frame) => 'opcode' in frame && frame.opcode === opcodes.close);
  const page = new PageEnd(tcp, closed, () => {
    const frames = encode(asked);
    if (cut) tcp.write(frames, () => tcp.destroy());
    else tcp.write(frames);
  });
  tcp.on('data', (chunk: Buffer) => page.receive(chunk));
  tcp.on('end', () => tcp.end());
  const agreed = fields['Sec-WebSocket-Extensions'] ?? '';
  tcp.on('close', () => tell(request.query.get('account') ?? '', { ...page.seen(), extensions: agreed }));
  if (rest.length > 0) page.receive(Buffer.from(rest));
}

function encode(frames: Sent): Buffer {
  return Buffer.concat(
    frames.map((frame) => ('opcode' in frame ? encodeFrame(frame) : Uint8Array.from(frame))),
  );
}

/** Each octet waits until the system has taken the one before. */
function writeOctets(tcp: Socket, octets: Uint8Array, index: number): void {
  if (index === octets.length || tcp.destroyed) return;
  tcp.write(octets.subarray(index, index + 1), () => setImmediate(() => writeOctets(tcp, octets, index + 1)));
}

/** What the page sends: read, noted, and its Close answered. */
class PageEnd {
  readonly #tcp: Socket;
  /** Whether the endpoint's own Close comes first. */
  readonly #closed: boolean;
  readonly #asked: () => void;
  #unread = Buffer.alloc(0);
  #messages = 0;
  #close: { readonly code: number; readonly reason: string } | undefined;
  readonly #pongs: string[] = [];
  readonly #frames: FrameNote[] = [];

  constructor(tcp: Socket, closed: boolean, asked: () => void) {
    this.#tcp = tcp;
    this.#closed = closed;
    this.#asked = asked;
  }

  receive(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    for (;;) {
      const header = decodeFrameHeader(this.#unread);
      if (header === undefined) return;
      const { headerLength, payloadLength, fin, rsv1, opcode, maskingKey } = header;
      const end = headerLength + payloadLength;
      if (this.#unread.length < end) return;
      const payload = this.#unread.subarray(headerLength, end);
      this.#unread = this.#unread.subarray(end);
      applyMask(payload, 0, payload.length, maskingKey);
      this.#frames.push({ direction: 'in', opcode, fin, rsv1, payloadLength });
      if (opcode === opcodes.pong) this.#pongs.push(payload.toString('latin1'));
      else if (opcode === opcodes.close) this.#receiveClose(payload);
      else if (fin && ++this.#messages === 1) this.#asked();
    }
  }

  #receiveClose(payload: Buffer): void {
    this.#close =
      payload.length < 2
        ? { code: 1005, reason: '' }
        : { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) };
    // Whoever sent the first Close ends TCP when the other's has come.
    if (this.#closed) this.#tcp.end();
    else this.#tcp.end(encodeFrame({ opcode: opcodes.close, payload }));
  }

  seen(): Omit<Account, 'extensions'> {
    return {
      code: this.#close?.code ?? 1006,
      reason: this.#close?.reason ?? '',
      messagesReceived: this.#messages,
      pongs: this.#pongs,
      frames: this.#frames,
    };
  }
}
