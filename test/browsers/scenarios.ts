/**
 * What the raw endpoint sends, right and wrong, as data that both ends read: the page for the titles and for what has
 * to arrive, raw-endpoint.ts for the octets. Only types are imported, so that it runs in a page.
 */
import type { Frame } from '../../src/frame.ts';

/** Frames, or octets as they are where no encoder would write them. */
export type Sent = readonly (Frame | readonly number[])[];

interface Titled {
  /** The path of the endpoint, and part of the check's id. */
  readonly id: string;
  readonly title: string;
  readonly section: string;
}

/** Frames after which the browser has to have got these messages. */
export interface GoodFrames extends Titled {
  readonly frames: Sent;
  /** Strings, or octets of binary messages. */
  readonly messages: readonly (string | readonly number[])[];
  /** The Pongs that the endpoint has to get, with one character an octet. Default none. */
  readonly pongs?: readonly string[];
}

/** Frames that the browser has to fail the connection for (RFC 6455 §7.1.7). */
export interface BadFrames extends Titled {
  readonly frames: Sent;
}

/** A response to the upgrade request that the browser must not take for a WebSocket. */
export interface BadReply extends Titled {
  /** Default `101 Switching Protocols`. */
  readonly status?: string;
  /** Fields that differ from those of a good response; undefined takes one out. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
  /** What the page offers. Default nothing. */
  readonly protocols?: readonly string[];
}

/** As src/frame.ts has them, which a page need not load. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (payload: string): Frame => ({ opcode: opcodes.text, payload: utf8(payload) });

export const goodFrames: readonly GoodFrames[] = [
  {
    id: 'fragments',
    title: 'a text in three fragments is one message',
    section: 'RFC 6455 §5.4',
    frames: [
      { ...text('Hel'), fin: false },
      { opcode: opcodes.continuation, fin: false, payload: utf8('lo ') },
      { opcode: opcodes.continuation, payload: utf8('you') },
    ],
    messages: ['Hello you'],
  },
  {
    id: 'ping-between-fragments',
    title: 'a Ping between fragments is answered, and the message is whole',
    section: 'RFC 6455 §5.4, §5.5.2',
    frames: [
      { ...text('Hel'), fin: false },
      { opcode: opcodes.ping, payload: utf8('between') },
      { opcode: opcodes.continuation, payload: utf8('lo') },
    ],
    messages: ['Hello'],
    pongs: ['between'],
  },
  {
    id: 'character-between-fragments',
    title: 'a character may be cut between fragments',
    section: 'RFC 6455 §5.6, §8.1',
    frames: [...utf8('é€😀')].map((octet, index, all) => ({
      opcode: index === 0 ? opcodes.text : opcodes.continuation,
      fin: index === all.length - 1,
      payload: octets(octet),
    })),
    messages: ['é€😀'],
  },
  {
    id: 'empty-fragments',
    title: 'fragments may be empty, all of them',
    section: 'RFC 6455 §5.4',
    frames: [
      { opcode: opcodes.binary, fin: false },
      { opcode: opcodes.continuation, fin: false },
      { opcode: opcodes.continuation },
      { opcode: opcodes.binary, fin: false },
      { opcode: opcodes.continuation, fin: false, payload: octets(1, 2) },
      { opcode: opcodes.continuation },
    ],
    messages: [[], [1, 2]],
  },
  {
    id: 'a-thousand-fragments',
    title: 'a thousand fragments of one octet are one message',
    section: 'RFC 6455 §5.4',
    frames: Array.from({ length: 1000 }, (_, index) => ({
      opcode: index === 0 ? opcodes.binary : opcodes.continuation,
      fin: index === 999,
      payload: octets(index & 0xff),
    })),
    messages: [Array.from({ length: 1000 }, (_, index) => index & 0xff)],
  },
  {
    id: 'pings',
    title: 'Pings with 0, 1 and 125 octets come back as they were',
    section: 'RFC 6455 §5.5.2, §5.5.3',
    frames: [
      { opcode: opcodes.ping },
      { opcode: opcodes.ping, payload: octets(0xff) },
      { opcode: opcodes.ping, payload: octets(...Array(125).keys()) },
      text('after'),
    ],
    messages: ['after'],
    pongs: ['', '\u00ff', String.fromCharCode(...Array(125).keys())],
  },
  {
    id: 'pong-unasked',
    title: 'a Pong that nobody asked for is nothing',
    section: 'RFC 6455 §5.5.3',
    frames: [{ opcode: opcodes.pong, payload: utf8('unasked') }, text('after')],
    messages: ['after'],
  },
  {
    id: 'many-in-one-read',
    title: 'many frames in one segment are many messages, in order',
    section: 'RFC 6455 §5.2',
    frames: Array.from({ length: 100 }, (_, index) => text(`message ${index}`)),
    messages: Array.from({ length: 100 }, (_, index) => `message ${index}`),
  },
];

/** Compressed messages as RFC 7692 prints them, and what else an encoder may write. */
export const compressedFrames: readonly GoodFrames[] = [
  {
    id: 'hello',
    title: 'one block with fixed codes',
    section: 'RFC 7692 §7.2.3.1',
    frames: [compressed([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00])],
    messages: ['Hello'],
  },
  {
    id: 'hello-in-fragments',
    title: 'a compressed message in fragments, RSV1 on the first alone',
    section: 'RFC 7692 §6.1, §7.2.3.1',
    frames: [
      { ...compressed([0xf2, 0x48, 0xcd]), fin: false },
      { opcode: opcodes.continuation, payload: octets(0xc9, 0xc9, 0x07, 0x00) },
    ],
    messages: ['Hello'],
  },
  {
    id: 'shared-window',
    title: 'the second message points back into the first',
    section: 'RFC 7692 §7.2.3.2',
    frames: [
      compressed([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
      compressed([0xf2, 0x00, 0x11, 0x00, 0x00]),
    ],
    messages: ['Hello', 'Hello'],
  },
  {
    id: 'stored',
    title: 'a block without compression',
    section: 'RFC 7692 §7.2.3.3',
    frames: [compressed([0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00])],
    messages: ['Hello'],
  },
  {
    id: 'final-block',
    title: 'a block with BFINAL set, and a message after it',
    section: 'RFC 7692 §7.2.3.4',
    frames: [
      compressed([0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
      compressed([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
    ],
    messages: ['Hello', 'Hello'],
  },
  {
    id: 'two-blocks',
    title: 'two blocks in one message',
    section: 'RFC 7692 §7.2.3.5',
    frames: [compressed([0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00])],
    messages: ['Hello'],
  },
  {
    id: 'empty',
    title: 'an empty message, and one after it',
    section: 'RFC 7692 §7.2.3.6',
    frames: [compressed([0x00]), compressed([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00])],
    messages: ['', 'Hello'],
  },
  {
    id: 'mixed',
    title: 'compressed and plain messages in turn',
    section: 'RFC 7692 §6',
    frames: [
      compressed([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
      text('plain'),
      // Points back at the first message: the plain one has not entered the window.
      compressed([0xf2, 0x00, 0x11, 0x00, 0x00]),
    ],
    messages: ['Hello', 'plain', 'Hello'],
  },
];

export const badCompressedFrames: readonly BadFrames[] = [
  {
    id: 'not-deflate',
    title: 'data that is not DEFLATE',
    section: 'RFC 7692 §7.2.2',
    frames: [compressed([0xff, 0xff, 0xff, 0xff])],
  },
  {
    id: 'not-utf8-inside',
    title: 'compressed text that is not UTF-8',
    section: 'RFC 7692 §7.2.2, RFC 6455 §8.1',
    // One stored block with the octet 0xFF.
    frames: [compressed([0x00, 0x01, 0x00, 0xfe, 0xff, 0xff, 0x00])],
  },
  {
    id: 'rsv1-on-continuation',
    title: 'RSV1 on a continuation',
    section: 'RFC 7692 §6.1',
    frames: [
      { ...compressed([0xf2, 0x48, 0xcd]), fin: false },
      { opcode: opcodes.continuation, rsv1: true, payload: octets(0xc9, 0xc9, 0x07, 0x00) },
    ],
  },
  {
    id: 'rsv1-on-ping',
    title: 'RSV1 on a Ping',
    section: 'RFC 7692 §6.1',
    frames: [{ opcode: opcodes.ping, rsv1: true }],
  },
];

export const badFrames: readonly BadFrames[] = [
  {
    id: 'masked',
    title: 'a masked frame',
    section: 'RFC 6455 §5.1',
    frames: [{ ...text('Hello'), maskingKey: 0x37fa213d }],
  },
  ...([1, 2, 3] as const).map((bit) => ({
    id: `rsv${bit}`,
    title: `RSV${bit}, which nothing was agreed on for`,
    section: 'RFC 6455 §5.2',
    frames: [{ ...text('Hello'), [`rsv${bit}`]: true }],
  })),
  {
    id: 'opcode-3',
    title: 'the reserved opcode 0x3',
    section: 'RFC 6455 §5.2',
    frames: [{ opcode: 3 }],
  },
  {
    id: 'opcode-b',
    title: 'the reserved opcode 0xB',
    section: 'RFC 6455 §5.2',
    frames: [{ opcode: 11 }],
  },
  {
    id: 'long-length-16',
    title: 'a length of 5 in 16 bits',
    section: 'RFC 6455 §5.2',
    frames: [[0x81, 126, 0, 5, ...utf8('Hello')]],
  },
  {
    id: 'long-length-64',
    title: 'a length of 5 in 64 bits',
    section: 'RFC 6455 §5.2',
    frames: [[0x81, 127, 0, 0, 0, 0, 0, 0, 0, 5, ...utf8('Hello')]],
  },
  {
    id: 'length-over-63-bits',
    title: 'a length of 2^63',
    section: 'RFC 6455 §5.2',
    frames: [[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0, ...utf8('Hello')]],
  },
  {
    id: 'long-ping',
    title: 'a Ping of 126 octets',
    section: 'RFC 6455 §5.5',
    frames: [{ opcode: opcodes.ping, payload: octets(...Array(126).keys()) }],
  },
  {
    id: 'fragmented-ping',
    title: 'a Ping without FIN',
    section: 'RFC 6455 §5.5',
    frames: [{ opcode: opcodes.ping, fin: false }],
  },
  {
    id: 'continuation-of-nothing',
    title: 'a continuation of nothing',
    section: 'RFC 6455 §5.4',
    frames: [{ opcode: opcodes.continuation, payload: utf8('Hello') }],
  },
  {
    id: 'message-in-message',
    title: 'a message that begins inside another',
    section: 'RFC 6455 §5.4',
    frames: [{ ...text('Hel'), fin: false }, text('lo')],
  },
  {
    id: 'not-utf8',
    title: 'text that is not UTF-8',
    section: 'RFC 6455 §8.1',
    frames: [{ opcode: opcodes.text, payload: octets(0x48, 0xff) }],
  },
  {
    id: 'surrogate',
    title: 'a surrogate in UTF-8',
    section: 'RFC 6455 §8.1, RFC 3629 §3',
    frames: [{ opcode: opcodes.text, payload: octets(0xed, 0xa0, 0x80) }],
  },
  {
    id: 'cut-character',
    title: 'text that ends inside a character',
    section: 'RFC 6455 §8.1',
    frames: [{ opcode: opcodes.text, payload: octets(0xe2, 0x82) }],
  },
  {
    id: 'close-of-one-octet',
    title: 'a Close of one octet',
    section: 'RFC 6455 §5.5.1',
    frames: [{ opcode: opcodes.close, payload: octets(0x03) }],
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000].map((code) => ({
    id: `close-${code}`,
    title: `a Close with the code ${code}`,
    section: 'RFC 6455 §7.4',
    frames: [{ opcode: opcodes.close, payload: octets(code >> 8, code & 0xff) }],
  })),
  {
    id: 'close-reason-not-utf8',
    title: 'a Close whose reason is not UTF-8',
    section: 'RFC 6455 §5.5.1, §8.1',
    frames: [{ opcode: opcodes.close, payload: octets(0x03, 0xe8, 0xff) }],
  },
];

const reply = 'RFC 6455 §4.1 response';

export const badReplies: readonly BadReply[] = [
  { id: 'status-200', title: '200', section: `${reply} item 1`, status: '200 OK' },
  {
    id: 'redirect',
    title: '302 to another WebSocket, which is not followed',
    section: 'WHATWG WebSockets §2',
    status: '302 Found',
    fields: { Location: '/good', 'Content-Length': '0' },
  },
  { id: 'unauthorized', title: '401', section: `${reply} item 1`, status: '401 Unauthorized' },
  { id: 'no-upgrade', title: 'no Upgrade', section: `${reply} item 2`, fields: { Upgrade: undefined } },
  {
    id: 'other-upgrade',
    title: 'an Upgrade to something else',
    section: `${reply} item 2`,
    fields: { Upgrade: 'websockets' },
  },
  {
    id: 'no-connection',
    title: 'no Connection',
    section: `${reply} item 3`,
    fields: { Connection: undefined },
  },
  {
    id: 'other-connection',
    title: 'a Connection without Upgrade',
    section: `${reply} item 3`,
    fields: { Connection: 'keep-alive' },
  },
  {
    id: 'no-accept',
    title: 'no Sec-WebSocket-Accept',
    section: `${reply} item 4`,
    fields: { 'Sec-WebSocket-Accept': undefined },
  },
  {
    id: 'wrong-accept',
    title: 'the Sec-WebSocket-Accept of another key',
    section: `${reply} item 4`,
    fields: { 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' },
  },
  {
    id: 'unknown-extension',
    title: 'an extension that was not offered',
    section: `${reply} item 5`,
    fields: { 'Sec-WebSocket-Extensions': 'x-unknown' },
  },
  {
    id: 'unknown-deflate-parameter',
    title: 'permessage-deflate with a parameter that there is not',
    section: 'RFC 7692 §7.1',
    fields: { 'Sec-WebSocket-Extensions': 'permessage-deflate; unknown' },
  },
  {
    id: 'deflate-window-16',
    title: 'permessage-deflate with a window of 16 bits',
    section: 'RFC 7692 §7.1.2.1',
    fields: { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=16' },
  },
  {
    id: 'deflate-twice',
    title: 'permessage-deflate twice',
    section: 'RFC 7692 §5.1',
    fields: { 'Sec-WebSocket-Extensions': 'permessage-deflate, permessage-deflate' },
  },
  {
    id: 'unoffered-protocol',
    title: 'a subprotocol that was not offered',
    section: `${reply} item 6`,
    fields: { 'Sec-WebSocket-Protocol': 'other' },
    protocols: ['chat'],
  },
  {
    id: 'protocol-unasked',
    title: 'a subprotocol when none was offered',
    section: `${reply} item 6`,
    fields: { 'Sec-WebSocket-Protocol': 'chat' },
  },
  {
    id: 'no-protocol',
    title: 'no subprotocol when some were offered',
    section: 'WHATWG WebSockets §2',
    protocols: ['chat'],
  },
];

function compressed(payload: readonly number[]): Frame {
  return { opcode: opcodes.text, rsv1: true, payload: octets(...payload) };
}
