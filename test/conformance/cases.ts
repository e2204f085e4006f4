/**
 * What a conformance case is: octets that a client sends, and what a server must make of them. The tables beside this
 * file hold the cases by section; run.ts runs each of them against the real server over TCP, sent whole and cut in
 * several ways, for test/conformance.test.ts and for `npm run conformance`.
 *
 * The servers under test echo each message, take at most `maxMessageLength` octets in one, allow the origin
 * https://allowed.example besides their own, and choose the first subprotocol offered of those in `protocols`.
 */
import type { DeflateOptions } from '../../src/deflate-negotiation.ts';
import { closeFrame, maskedFrame } from '../support/raw-client.ts';

export const maxMessageLength = 100_000;
export const protocols: readonly string[] = ['chat.v2', 'chat.v1'];

/** How the servers under test compress: what their option `deflate` is given. */
export const deflateServers = {
  plain: false,
  /** The defaults: windows of 2 KiB, nothing under 64 octets is compressed. */
  usual: true,
  /** Whatever the client likes; every message that becomes shorter is compressed. */
  generous: { serverMaxWindowBits: 15, clientMaxWindowBits: 15, threshold: 0 },
  /** Nothing is remembered. */
  frugal: {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 9,
    clientMaxWindowBits: 9,
    threshold: 0,
  },
} as const satisfies Record<string, boolean | DeflateOptions>;

export type ServerName = keyof typeof deflateServers;

/** A frame that must come back. */
export interface ExpectedFrame {
  readonly opcode: number;
  /** Inflated. */
  readonly payload: Buffer;
  /** Whether it has to be compressed or must not be. Default either way. */
  readonly compressed?: boolean;
}

export type ConformanceCase = FrameCase | HandshakeCase;

export interface FrameCase {
  readonly name: string;
  /** Where it is written, as in `RFC 6455 §5.2`. */
  readonly section: string;
  /** Default `plain`. */
  readonly server?: ServerName;
  /** What the handshake offers in Sec-WebSocket-Extensions. Default nothing. */
  readonly offer?: string;
  /** After the handshake, sent exactly so. */
  readonly octets: Uint8Array;
  /** The frames that come back, in order, before the outcome. */
  readonly frames: readonly ExpectedFrame[];
  /**
   * `open`: the connection goes on, which a Ping after it proves. A code: the server sends a Close with it, and the
   * reason if one is given here, and then ends TCP first. `reset` is not among them: every violation is answered.
   * `ended`: the client ends its half of TCP behind the octets; the server sends nothing more and ends its own.
   */
  readonly outcome: 'open' | 'ended' | { readonly close: number; readonly reason?: string };
}

export interface HandshakeCase {
  readonly name: string;
  readonly section: string;
  /** Default `plain`. */
  readonly server?: ServerName;
  /** The whole head, with the empty line that ends it unless the case is about its lack. */
  readonly head: string;
  /** The status of the answer; 101 is proved by an echo over the open WebSocket. */
  readonly status: number;
  /** Fields that the answer must have, by name in lower case; null for one that must not be there. */
  readonly fields?: Readonly<Record<string, string | null>>;
  /** The one extension in the answer, whatever the order of its parameters; null for none. Default not looked at. */
  readonly extension?: string | null;
  /** What the sentence in the body must speak of. */
  readonly says?: RegExp;
  /** Frames sent in the same write as the head, with what must come back. */
  readonly early?: { readonly octets: Uint8Array; readonly frames: readonly ExpectedFrame[] };
}

export const Opcode = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** Octets from hexadecimal digits; spaces are for the reader. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex');
}

export function textEcho(payload: string | Uint8Array): ExpectedFrame {
  return { opcode: Opcode.text, payload: Buffer.from(payload) };
}

export function binaryEcho(payload: Uint8Array): ExpectedFrame {
  return { opcode: Opcode.binary, payload: Buffer.from(payload) };
}

export function pong(payload: string | Uint8Array = ''): ExpectedFrame {
  return { opcode: Opcode.pong, payload: Buffer.from(payload) };
}

/** A message in fragments: the first with its opcode, then continuations, the last with FIN. */
export function fragments(opcode: number, ...payloads: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    payloads.map((payload, index) =>
      maskedFrame({
        opcode: index === 0 ? opcode : Opcode.continuation,
        fin: index === payloads.length - 1,
        payload,
      }),
    ),
  );
}

/** The first fragment of a message that goes on. */
export function begun(opcode: number, payload: string | Uint8Array): Buffer {
  return maskedFrame({ opcode, fin: false, payload });
}

export function text(payload: string | Uint8Array): Buffer {
  return maskedFrame({ opcode: Opcode.text, payload });
}

export function ping(payload: string | Uint8Array = ''): Buffer {
  return maskedFrame({ opcode: Opcode.ping, payload });
}

/** What a server must go on with. */
export function continues(
  name: string,
  section: string,
  octets: Uint8Array | readonly Uint8Array[],
  frames: readonly ExpectedFrame[],
): FrameCase {
  return { name, section: `RFC 6455 ${section}`, octets: joined(octets), frames, outcome: 'open' };
}

/** What a server must fail the connection for, with this code. */
export function fails(
  name: string,
  section: string,
  octets: Uint8Array | readonly Uint8Array[],
  close: number,
  frames: readonly ExpectedFrame[] = [],
): FrameCase {
  return { name, section: `RFC 6455 ${section}`, octets: joined(octets), frames, outcome: { close } };
}

/** What a server must not answer when the client ends TCP behind it, but by its own end. */
export function ends(
  name: string,
  section: string,
  octets: Uint8Array | readonly Uint8Array[],
  frames: readonly ExpectedFrame[] = [],
): FrameCase {
  return { name, section: `RFC 6455 ${section}`, octets: joined(octets), frames, outcome: 'ended' };
}

/** A Close with a payload of its own: code, if any, and reason. */
export function closeWith(payload: Uint8Array): Buffer {
  return maskedFrame({ opcode: Opcode.close, payload });
}

export { closeFrame, maskedFrame };

function joined(octets: Uint8Array | readonly Uint8Array[]): Buffer {
  return octets instanceof Uint8Array ? Buffer.from(octets) : Buffer.concat(octets);
}
