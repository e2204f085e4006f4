/**
 * RFC 7692: what is negotiated about permessage-deflate, and compressed messages. What is compressed here is compressed
 * by zlib as Node has it, or stands as octets; nothing comes from src/.
 */
import { constants, deflateRawSync, type ZlibOptions } from 'node:zlib';
import {
  binaryEcho,
  type ConformanceCase,
  closeFrame,
  type ExpectedFrame,
  type FrameCase,
  type HandshakeCase,
  hex,
  maskedFrame,
  maxMessageLength,
  Opcode,
  ping,
  pong,
  type ServerName,
  text,
  textEcho,
} from './cases.ts';

const rsv1 = 0x40;

// Negotiation ---------------------------------------------------------------------------------------------------------

/** What comes of an offer; `extension` null for a handshake that succeeds without it. */
function negotiates(
  server: ServerName,
  section: string,
  offer: string | readonly string[],
  extension: string | null,
  name?: string,
): HandshakeCase {
  const offers = typeof offer === 'string' ? [offer] : offer;
  return {
    name:
      name ?? `${server === 'generous' ? '' : `${server} server: `}${offers.join(' and then ') || 'nothing'}`,
    section: `RFC 7692 ${section}`,
    server,
    head: head(offers),
    status: 101,
    extension,
  };
}

function refuses(section: string, offer: string): HandshakeCase {
  return {
    name: `breaks the grammar: ${offer}`,
    section,
    server: 'generous',
    head: head([offer]),
    status: 400,
    says: /Extensions/,
  };
}

function head(offers: readonly string[]): string {
  return [
    'GET / HTTP/1.1',
    'Host: example.com',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    ...offers.map((offer) => `Sec-WebSocket-Extensions: ${offer}`),
    '',
    '',
  ].join('\r\n');
}

const name = 'permessage-deflate';
const allBits = [8, 9, 10, 11, 12, 13, 14, 15];

const accepted: readonly HandshakeCase[] = [
  negotiates('generous', '§7.1.3', name, name),
  negotiates('generous', '§7.1.2.2', `${name}; client_max_window_bits`, name),
  negotiates(
    'generous',
    '§7.1.1.1',
    `${name}; server_no_context_takeover`,
    `${name}; server_no_context_takeover`,
  ),
  negotiates(
    'generous',
    '§7.1.1.2',
    `${name}; client_no_context_takeover`,
    `${name}; client_no_context_takeover`,
  ),
  negotiates(
    'generous',
    '§7.1.1',
    `${name}; server_no_context_takeover; client_no_context_takeover`,
    `${name}; server_no_context_takeover; client_no_context_takeover`,
  ),
  ...allBits.map((bits) =>
    negotiates(
      'generous',
      '§7.1.2.1',
      `${name}; server_max_window_bits=${bits}`,
      `${name}; server_max_window_bits=${bits}`,
    ),
  ),
  ...allBits.map((bits) =>
    negotiates(
      'generous',
      '§7.1.2.2',
      `${name}; client_max_window_bits=${bits}`,
      bits === 15 ? name : `${name}; client_max_window_bits=${bits}`,
    ),
  ),
  negotiates(
    'generous',
    '§5.2',
    `${name}; server_max_window_bits="10"`,
    `${name}; server_max_window_bits=10`,
  ),
  negotiates(
    'generous',
    '§5.2',
    `${name};client_max_window_bits = "\\9"`,
    `${name}; client_max_window_bits=9`,
  ),
  negotiates(
    'generous',
    '§7.1',
    `${name}; client_max_window_bits=12; server_max_window_bits=13; client_no_context_takeover; server_no_context_takeover`,
    `${name}; client_max_window_bits=12; server_max_window_bits=13; client_no_context_takeover; server_no_context_takeover`,
  ),
  negotiates(
    'generous',
    '§7.1.3',
    `${name}; client_max_window_bits; server_max_window_bits=10`,
    `${name}; server_max_window_bits=10`,
  ),
  negotiates(
    'generous',
    '§7.1.3',
    `${name}; client_max_window_bits; server_max_window_bits=10, ${name}; client_max_window_bits`,
    `${name}; server_max_window_bits=10`,
  ),
  negotiates(
    'generous',
    '§5',
    `${name}; server_max_window_bits=9, ${name}; server_max_window_bits=12, ${name}`,
    `${name}; server_max_window_bits=9`,
  ),
  negotiates(
    'generous',
    '§5',
    [`${name}; server_max_window_bits=14`, name],
    `${name}; server_max_window_bits=14`,
  ),
  negotiates('generous', '§5', `x-webkit-deflate-frame, permessage-bzip2; level=9, ${name}`, name),
  negotiates(
    'usual',
    '§7.1.2.2',
    `${name}; client_max_window_bits`,
    `${name}; server_max_window_bits=11; client_max_window_bits=11`,
  ),
  negotiates(
    'usual',
    '§7.1.2.2',
    `${name}; client_max_window_bits=9`,
    `${name}; server_max_window_bits=11; client_max_window_bits=9`,
  ),
  negotiates(
    'usual',
    '§7.1.2.2',
    `${name}; client_max_window_bits=15`,
    `${name}; server_max_window_bits=11; client_max_window_bits=11`,
  ),
  negotiates('usual', '§7.1.2.2', name, `${name}; client_no_context_takeover; server_max_window_bits=11`),
  negotiates(
    'usual',
    '§7.1.2.1',
    `${name}; server_max_window_bits=15; client_max_window_bits`,
    `${name}; server_max_window_bits=11; client_max_window_bits=11`,
  ),
  negotiates(
    'usual',
    '§7.1.2.1',
    `${name}; server_max_window_bits=9; client_max_window_bits`,
    `${name}; server_max_window_bits=9; client_max_window_bits=11`,
  ),
  negotiates(
    'frugal',
    '§7.1.1',
    `${name}; client_max_window_bits`,
    `${name}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=9`,
  ),
  negotiates(
    'frugal',
    '§7.1.2.2',
    name,
    `${name}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9`,
  ),
];

/** Each offer that must be declined, alone and with one behind it that need not be. */
const badOffers: readonly (readonly [section: string, parameters: string])[] = [
  ['§7.1.1.1', 'server_no_context_takeover=1'],
  ['§7.1.1.1', 'server_no_context_takeover="true"'],
  ['§7.1.1.2', 'client_no_context_takeover=0'],
  ['§7.1.1.2', 'client_no_context_takeover=server_no_context_takeover'],
  ['§7.1.2.1', 'server_max_window_bits'],
  ...['7', '16', '0', '1', '08', '015', '100', '1e1', '-9', '+9', '9.0', '0x9', 'ten', '32768'].map(
    (value) => ['§7.1.2.1', `server_max_window_bits=${value}`] as const,
  ),
  ...['7', '16', '0', '08', '010', '99', '-15', '15.', 'all'].map(
    (value) => ['§7.1.2.2', `client_max_window_bits=${value}`] as const,
  ),
  ['§7', 'server_no_context_takeover; server_no_context_takeover'],
  ['§7', 'client_no_context_takeover; client_no_context_takeover'],
  ['§7', 'server_max_window_bits=10; server_max_window_bits=10'],
  ['§7', 'server_max_window_bits=10; server_max_window_bits=12'],
  ['§7', 'client_max_window_bits; client_max_window_bits'],
  ['§7', 'client_max_window_bits; client_max_window_bits=12'],
  ['§7', 'foo'],
  ['§7', 'server_max_window_bits=10; foo=bar'],
  ['§7', 'max_window_bits=10'],
  ['§7', 'level=6'],
];

const declined: readonly HandshakeCase[] = [
  ...badOffers.flatMap(([section, parameters]) => [
    negotiates('generous', section, `${name}; ${parameters}`, null, `declined: ${parameters}`),
    negotiates(
      'generous',
      section,
      `${name}; ${parameters}, ${name}; server_max_window_bits=12`,
      `${name}; server_max_window_bits=12`,
      `passed over for a good one: ${parameters}`,
    ),
  ]),
  negotiates('generous', '§5', 'permessage-bzip2', null),
  negotiates('generous', '§5', 'x-webkit-deflate-frame, deflate-frame', null),
  negotiates('generous', '§5', [], null),
  negotiates('plain', '§5', name, null),
  negotiates('plain', '§5', `${name}; client_max_window_bits, ${name}`, null),
];

const ungrammatical: readonly HandshakeCase[] = [
  `${name};`,
  `${name}; server_max_window_bits=`,
  `${name}; server_max_window_bits="1 0"`,
  `${name}; server_max_window_bits="10`,
  `${name}; =10`,
  `${name} client_max_window_bits`,
  `${name}; client_max_window_bits=10=10`,
  `${name}/1`,
].map((offer) => refuses('RFC 6455 §9.1', offer));

// Messages ------------------------------------------------------------------------------------------------------------

interface Connected {
  readonly server?: ServerName;
  readonly offer?: string;
}

/** What a server must go on with; by default one that agrees to everything, and large windows each way. */
function continues(
  title: string,
  section: string,
  octets: readonly Uint8Array[],
  frames: readonly ExpectedFrame[],
  { server = 'generous', offer = name }: Connected = {},
): FrameCase {
  return { name: title, section, server, offer, octets: Buffer.concat(octets), frames, outcome: 'open' };
}

function fails(
  title: string,
  section: string,
  octets: readonly Uint8Array[],
  close: number,
  frames: readonly ExpectedFrame[] = [],
  connected: Connected = {},
): FrameCase {
  return { ...continues(title, section, octets, frames, connected), outcome: { close } };
}

/** A message of one frame with RSV1. */
function compressed(payload: Uint8Array, opcode: number = Opcode.text): Buffer {
  return maskedFrame({ opcode, reserved: rsv1, payload });
}

/** The same in fragments: RSV1 stands on the first alone. */
function compressedFragments(opcode: number, ...payloads: readonly Uint8Array[]): Buffer[] {
  return payloads.map((payload, index) =>
    maskedFrame({
      opcode: index === 0 ? opcode : Opcode.continuation,
      reserved: index === 0 ? rsv1 : 0,
      fin: index === payloads.length - 1,
      payload,
    }),
  );
}

/** §7.2.1, by zlib. `before` is what the window holds. */
function deflated(
  message: string | Uint8Array,
  options: ZlibOptions = {},
  before: string | Uint8Array = '',
): Buffer {
  const dictionary = before.length === 0 ? {} : { dictionary: Buffer.from(before) };
  const data = deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH, ...dictionary, ...options });
  if (data.subarray(-4).toString('hex') !== '0000ffff') throw new Error('No empty block ends the message.');
  return data.subarray(0, -4);
}

/** Octets that do not become shorter, the same in every run. */
function noise(length: number, seed = 1): Buffer {
  let state = seed;
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 24;
    }),
  );
}

const hello = hex('f248cdc9c90700');
const helloAgain = hex('f200110000');
const prose = 'Many messages of a chat are alike: {"event":"message","author":"ada","text":"'.repeat(3);
const long = Buffer.from(prose.repeat(40));

const examples: readonly FrameCase[] = [
  continues(
    'one compressed block',
    'RFC 7692 §7.2.3.1',
    [hex('c187 00000000 f248cdc9c90700')],
    [textEcho('Hello')],
  ),
  continues(
    'one compressed block in fragments of 3 and 4 octets',
    'RFC 7692 §7.2.3.1',
    [hex('4183 00000000 f248cd'), hex('8084 00000000 c9c90700')],
    [textEcho('Hello')],
  ),
  continues(
    'the window is shared by two messages',
    'RFC 7692 §7.2.3.2',
    [compressed(hello), compressed(helloAgain)],
    [textEcho('Hello'), textEcho('Hello')],
  ),
  continues(
    'the same octets twice do as well',
    'RFC 7692 §7.2.3.2',
    [compressed(hello), compressed(hello)],
    [textEcho('Hello'), textEcho('Hello')],
  ),
  continues(
    'messages that are not compressed do not touch the window',
    'RFC 7692 §7.2.3.2',
    [compressed(hello), text('some'), text('others'), compressed(helloAgain)],
    [textEcho('Hello'), textEcho('some'), textEcho('others'), textEcho('Hello')],
  ),
  continues(
    'a block without compression',
    'RFC 7692 §7.2.3.3',
    [compressed(hex('000500faff48656c6c6f00'))],
    [textEcho('Hello')],
  ),
  continues(
    'a block with BFINAL',
    'RFC 7692 §7.2.3.4',
    [compressed(hex('f348cdc9c9070000'))],
    [textEcho('Hello')],
  ),
  continues(
    'two blocks in one message',
    'RFC 7692 §7.2.3.5',
    [compressed(hex('f248050000 00ffffcac9c90700'))],
    [textEcho('Hello')],
  ),
  continues('an empty message', 'RFC 7692 §7.2.3.6', [compressed(hex('00'))], [textEcho('')]),
  continues(
    'an empty last fragment',
    'RFC 7692 §7.2.3.6',
    compressedFragments(Opcode.text, hex('f248cdc9c907000000ffff'), hex('00')),
    [textEcho('Hello')],
  ),
];

const blocks: readonly FrameCase[] = [
  continues('an empty block of fixed codes', 'RFC 7692 §7.2.3.6', [compressed(hex('0200'))], [textEcho('')]),
  continues(
    'an empty binary message',
    'RFC 7692 §7.2.3.6',
    [compressed(hex('00'), Opcode.binary)],
    [binaryEcho(hex(''))],
  ),
  continues(
    'two blocks with BFINAL in one message',
    'RFC 7692 §7.2.1',
    [compressed(hex('f348cdc9c90700 f348cdc9c90700 00'))],
    [textEcho('HelloHello')],
  ),
  continues(
    'a block with BFINAL, then one without',
    'RFC 7692 §7.2.1',
    [compressed(hex('f348cdc9c90700 f248cdc9c90700'))],
    [textEcho('HelloHello')],
  ),
  continues(
    'a final block without compression',
    'RFC 7692 §7.2.1',
    [compressed(hex('010500faff48656c6c6f 00'))],
    [textEcho('Hello')],
  ),
  continues(
    'the window outlives a block with BFINAL',
    'RFC 7692 §7.2.1',
    [compressed(hex('f348cdc9c9070000')), compressed(helloAgain)],
    [textEcho('Hello'), textEcho('Hello')],
  ),
  continues(
    'a block points back into the block before, over BFINAL',
    'RFC 7692 §7.2.1',
    [compressed(Buffer.concat([hex('f348cdc9c90700'), helloAgain]))],
    [textEcho('HelloHello')],
  ),
  continues(
    'a hundred empty blocks around a message',
    'RFC 7692 §7.2.1',
    [compressed(Buffer.concat([...Array.from({ length: 100 }, () => hex('000000ffff')), hello]))],
    [textEcho('Hello')],
  ),
  continues(
    'each fragment flushed by itself, none shortened but the last',
    'RFC 7692 §7.2.1',
    compressedFragments(
      Opcode.text,
      Buffer.concat([deflated('Hello, '), hex('0000ffff')]),
      Buffer.concat([deflated('dear '), hex('0000ffff')]),
      deflated('world'),
    ),
    [textEcho('Hello, dear world')],
  ),
  ...[0, 1, 3, 6, 9].map((level) =>
    continues(
      `zlib at level ${level}`,
      'RFC 7692 §7.2.1',
      [compressed(deflated(long, { level }))],
      [{ ...textEcho(long), compressed: true }],
    ),
  ),
  ...(
    [
      ['filtered', constants.Z_FILTERED],
      ['Huffman codes alone', constants.Z_HUFFMAN_ONLY],
      ['run lengths', constants.Z_RLE],
      ['fixed codes', constants.Z_FIXED],
    ] as const
  ).map(([strategy, value]) =>
    continues(
      `zlib with ${strategy}`,
      'RFC 7692 §7.2.1',
      [compressed(deflated(long, { strategy: value }))],
      [{ ...textEcho(long), compressed: true }],
    ),
  ),
  ...[9, 10, 11, 12, 13, 14, 15].map((windowBits) =>
    continues(
      `zlib with a window of ${windowBits} bits`,
      'RFC 7692 §7.2.1',
      [compressed(deflated(long, { windowBits, memLevel: 1 }))],
      [{ ...textEcho(long), compressed: true }],
    ),
  ),
];

const lengths: readonly FrameCase[] = [0, 1, 63, 64, 125, 126, 127, 65_535, 65_536, maxMessageLength].flatMap(
  (length) => {
    const letters = Buffer.alloc(length, 'abcde');
    const anything = noise(length);
    // A short first message goes out compressed in any case: it makes those behind it shorter.
    const fills = length > 0 && length < 256;
    return [
      continues(
        `${length} letters`,
        'RFC 7692 §7.2.2',
        [compressed(deflated(letters))],
        [{ ...textEcho(letters), compressed: length > 0 }],
      ),
      continues(
        `${length} octets that do not become shorter, and come back ${fills ? 'compressed' : 'as they are'}`,
        'RFC 7692 §6.1',
        [compressed(deflated(anything), Opcode.binary)],
        [{ ...binaryEcho(anything), compressed: fills }],
      ),
    ];
  },
);

const fragmentation: readonly FrameCase[] = [
  continues(
    'a fragment for each octet',
    'RFC 7692 §6.2',
    compressedFragments(Opcode.text, ...Array.from(hello, (octet) => Uint8Array.of(octet))),
    [textEcho('Hello')],
  ),
  continues(
    'empty fragments between',
    'RFC 7692 §6.2',
    compressedFragments(Opcode.text, hex(''), hello.subarray(0, 2), hex(''), hello.subarray(2), hex('')),
    [textEcho('Hello')],
  ),
  continues(
    'Ping and Pong between fragments',
    'RFC 7692 §6.1',
    [
      ...compressedFragments(
        Opcode.text,
        hello.subarray(0, 3),
        hello.subarray(3, 5),
        hello.subarray(5),
      ).flatMap((frame, index) => [frame, ping(`${index}`), maskedFrame({ opcode: Opcode.pong })]),
    ],
    [pong('0'), pong('1'), textEcho('Hello'), pong('2')],
  ),
  continues(
    'a compressed and a plain message in fragments, one after the other',
    'RFC 7692 §6.2',
    [
      ...compressedFragments(Opcode.text, hello.subarray(0, 3), hello.subarray(3)),
      maskedFrame({ opcode: Opcode.text, fin: false, payload: 'pla' }),
      maskedFrame({ opcode: Opcode.continuation, payload: 'in' }),
      compressed(helloAgain),
    ],
    [textEcho('Hello'), textEcho('plain'), textEcho('Hello')],
  ),
  continues(
    'a character cut by blocks and fragments',
    'RFC 7692 §6.1',
    compressedFragments(
      Opcode.text,
      Buffer.concat([deflated(hex('f09f')), hex('0000ffff')]),
      deflated(hex('9880')),
    ),
    [textEcho('😀')],
  ),
  {
    ...fails(
      'a Close between fragments',
      'RFC 7692 §6.1',
      [
        compressedFragments(Opcode.text, hello.subarray(0, 3), hex(''))[0] ?? hello,
        closeFrame(1001, 'enough'),
      ],
      1001,
    ),
    outcome: { close: 1001, reason: 'enough' },
  },
];

/** What the server sends is inflated by a client that has one live stream, with a window of the size agreed on. */
const context: readonly FrameCase[] = [
  continues(
    'twenty messages alike, each way with context',
    'RFC 7692 §7.2.2',
    Array.from({ length: 20 }, (_, index) =>
      compressed(
        deflated(
          `${prose}${index}`,
          {},
          Array.from({ length: index }, (_empty, before) => `${prose}${before}`).join(''),
        ),
      ),
    ),
    Array.from({ length: 20 }, (_, index) => ({ ...textEcho(`${prose}${index}`), compressed: true })),
  ),
  continues(
    'twenty messages alike, each way without',
    'RFC 7692 §7.2.2',
    Array.from({ length: 20 }, (_, index) => compressed(deflated(`${prose}${index}`))),
    Array.from({ length: 20 }, (_, index) => ({ ...textEcho(`${prose}${index}`), compressed: true })),
    { offer: `${name}; server_no_context_takeover; client_no_context_takeover` },
  ),
  continues(
    'a hint that no context will be used, not taken up by what follows it',
    'RFC 7692 §7.2.1',
    [compressed(hello), compressed(hello)],
    [textEcho('Hello'), textEcho('Hello')],
    { offer: `${name}; client_no_context_takeover` },
  ),
  fails(
    'pointing back over a window that was agreed to be dropped',
    'RFC 7692 §7.2.2',
    [compressed(hello), compressed(helloAgain)],
    1007,
    [textEcho('Hello')],
    { offer: `${name}; client_no_context_takeover` },
  ),
  continues(
    'text and binary share one window',
    'RFC 7692 §7.2.2',
    [compressed(hello, Opcode.binary), compressed(helloAgain)],
    [binaryEcho(Buffer.from('Hello')), textEcho('Hello')],
  ),
  continues(
    'a message points back 32,768 octets',
    'RFC 7692 §7.2.2',
    [
      compressed(deflated(noise(32_768)), Opcode.binary),
      // One match of 258 octets at the distance 32,768: fixed codes, symbol 285, distance code 29 with all extra bits.
      compressed(farMatch(), Opcode.binary),
    ],
    [binaryEcho(noise(32_768)), binaryEcho(noise(32_768).subarray(0, 258))],
  ),
  ...[8, 9, 11, 13, 15].map((bits) => {
    // What comes twice lies further apart than small windows reach: the answer must not point back over that.
    const once = noise(3000, bits).toString('base64').slice(0, 3000);
    return continues(
      `the server keeps to ${bits} bits`,
      'RFC 7692 §7.1.2.1',
      [text(`${once}${once}`), text(once), text(once)],
      [textEcho(`${once}${once}`), textEcho(once), textEcho(once)],
      { offer: `${name}; server_max_window_bits=${bits}` },
    );
  }),
  fails(
    'pointing back over messages further than the agreed window',
    'RFC 7692 §7.2.2',
    [compressed(deflated(noise(1000)), Opcode.binary), compressed(deflated(noise(1000), {}, noise(1000)))],
    1007,
    [binaryEcho(noise(1000))],
    { offer: `${name}; client_max_window_bits=9` },
  ),
  continues(
    'after a window of 9 bits was agreed on, one of 9 bits does',
    'RFC 7692 §7.2.1',
    [
      compressed(deflated(long, { windowBits: 9, memLevel: 1 })),
      compressed(deflated(long, { windowBits: 9, memLevel: 1 })),
    ],
    [textEcho(long), textEcho(long)],
    { offer: `${name}; client_max_window_bits=9` },
  ),
  continues(
    'under 64 octets the usual server does not compress, from 64 on it does',
    'RFC 7692 §6.1',
    [text('a'.repeat(63)), text('a'.repeat(64)), text('a'.repeat(63))],
    [
      { ...textEcho('a'.repeat(63)), compressed: false },
      { ...textEcho('a'.repeat(64)), compressed: true },
      { ...textEcho('a'.repeat(63)), compressed: false },
    ],
    { server: 'usual', offer: `${name}; client_max_window_bits` },
  ),
  continues(
    'the usual server, with context each way',
    'RFC 7692 §7.2.2',
    Array.from({ length: 10 }, (_, index) =>
      compressed(deflated(prose, { windowBits: 11 }, prose.repeat(index).slice(-2048))),
    ),
    Array.from({ length: 10 }, () => ({ ...textEcho(prose), compressed: true })),
    { server: 'usual', offer: `${name}; client_max_window_bits` },
  ),
  continues(
    'the frugal server, which remembers nothing',
    'RFC 7692 §7.2.2',
    Array.from({ length: 5 }, () => compressed(deflated(prose, { windowBits: 9 }))),
    Array.from({ length: 5 }, () => ({ ...textEcho(prose), compressed: true })),
    { server: 'frugal', offer: `${name}; client_max_window_bits` },
  ),
];

function farMatch(): Buffer {
  const bits: number[] = [0, 1, 0]; // BFINAL 0, BTYPE 01, least significant bit first.
  const huffman = (code: number, length: number): void => {
    for (let at = length - 1; at >= 0; at--) bits.push((code >> at) & 1);
  };
  const extra = (value: number, length: number): void => {
    for (let at = 0; at < length; at++) bits.push((value >> at) & 1);
  };
  huffman(0b1100_0000 + 285 - 280, 8);
  huffman(29, 5);
  extra(32_768 - 24_577, 13);
  huffman(0, 7); // The end of the block; then the three bits that begin an empty stored one.
  bits.push(0, 0, 0);
  while (bits.length % 8 !== 0) bits.push(0);
  return Buffer.from(
    Array.from({ length: bits.length / 8 }, (_, octet) =>
      bits.slice(octet * 8, octet * 8 + 8).reduce((sum, bit, at) => sum | (bit << at), 0),
    ),
  );
}

const framing: readonly FrameCase[] = [
  fails(
    'RSV1 on a continuation of a compressed message',
    'RFC 7692 §6.1',
    [
      maskedFrame({ opcode: Opcode.text, reserved: rsv1, fin: false, payload: hello.subarray(0, 3) }),
      maskedFrame({ opcode: Opcode.continuation, reserved: rsv1, payload: hello.subarray(3) }),
    ],
    1002,
  ),
  fails(
    'RSV1 on a continuation of a plain message',
    'RFC 7692 §6.1',
    [
      maskedFrame({ opcode: Opcode.text, fin: false, payload: 'a' }),
      maskedFrame({ opcode: Opcode.continuation, reserved: rsv1, payload: 'b' }),
    ],
    1002,
  ),
  ...(
    [
      ['Ping', Opcode.ping],
      ['Pong', Opcode.pong],
      ['Close', Opcode.close],
    ] as const
  ).flatMap(([control, opcode]) => [
    fails(`RSV1 on a ${control}`, 'RFC 7692 §6.1', [maskedFrame({ opcode, reserved: rsv1 })], 1002),
    fails(
      `RSV1 on a ${control} between compressed fragments`,
      'RFC 7692 §6.1',
      [
        maskedFrame({ opcode: Opcode.text, reserved: rsv1, fin: false, payload: hello.subarray(0, 3) }),
        maskedFrame({ opcode, reserved: rsv1 }),
      ],
      1002,
    ),
  ]),
  fails('RSV1 on a reserved opcode', 'RFC 6455 §5.2', [maskedFrame({ opcode: 0x3, reserved: rsv1 })], 1002),
  ...(
    [
      ['RSV2', 0x20],
      ['RSV3', 0x10],
      ['RSV1 and RSV2', 0x60],
      ['RSV1 and RSV3', 0x50],
      ['all three', 0x70],
    ] as const
  ).map(([bits, reserved]) =>
    fails(
      `with compression agreed on, ${bits}`,
      'RFC 6455 §5.2',
      [maskedFrame({ opcode: Opcode.text, reserved, payload: hello })],
      1002,
    ),
  ),
  fails('RSV1 where the offer was declined', 'RFC 6455 §5.2', [compressed(hello)], 1002, [], {
    offer: `${name}; server_max_window_bits=7`,
  }),
  fails('RSV1 where the server does not compress', 'RFC 6455 §5.2', [compressed(hello)], 1002, [], {
    server: 'plain',
  }),
  fails(
    'a new compressed message inside one',
    'RFC 6455 §5.4',
    [
      maskedFrame({ opcode: Opcode.text, reserved: rsv1, fin: false, payload: hello.subarray(0, 3) }),
      compressed(hello),
    ],
    1002,
  ),
  fails('a compressed message without a mask', 'RFC 6455 §5.1', [hex('c107f248cdc9c90700')], 1002),
  continues(
    'plain messages need no compression',
    'RFC 7692 §6.1',
    [text('as it is')],
    [textEcho('as it is')],
  ),
];

const zeros = (length: number): Buffer => deflated(Buffer.alloc(length), { level: 9 });

const badData: readonly FrameCase[] = [
  fails('a block of the reserved type', 'RFC 7692 §7.2.2', [compressed(hex('0600'))], 1007),
  fails('octets that are no DEFLATE', 'RFC 7692 §7.2.2', [compressed(hex('ffffffffffff'))], 1007),
  fails('binary that is no DEFLATE', 'RFC 7692 §7.2.2', [compressed(noise(300), Opcode.binary)], 1007),
  fails(
    'a stored block whose lengths do not agree',
    'RFC 7692 §7.2.2',
    [compressed(hex('0005000500 48656c6c6f 00'))],
    1007,
  ),
  fails('a compressed block that is cut', 'RFC 7692 §7.2.2', [compressed(hex('f248cd'))], 1007),
  fails('a stored block that is cut', 'RFC 7692 §7.2.2', [compressed(hex('00ff0000ff48656c'))], 1007),
  fails('pointing back before the first message', 'RFC 7692 §7.2.2', [compressed(helloAgain)], 1007),
  fails('no octets at all', 'RFC 7692 §7.2.2', [compressed(hex(''))], 1007),
  fails(
    'in fragments, bad in the last',
    'RFC 7692 §7.2.2',
    compressedFragments(Opcode.text, hello.subarray(0, 3), hex('ffffff')),
    1007,
  ),
  fails(
    'good messages, then a bad one, then a good one that is not heard',
    'RFC 7692 §7.2.2',
    [compressed(hello), text('plain'), compressed(hex('0600')), compressed(hello)],
    1007,
    [textEcho('Hello'), textEcho('plain')],
  ),
  ...(
    [
      ['0xFF', 'ff'],
      ['a lone continuation', '80'],
      ['an overlong form', 'c0af'],
      ['a surrogate', 'eda080'],
      ['U+110000', 'f4908080'],
      ['a character cut at the end', 'e282'],
    ] as const
  ).map(([what, octets]) =>
    fails(
      `compressed text with ${what}`,
      'RFC 6455 §8.1',
      [compressed(deflated(Buffer.concat([Buffer.from('text '), hex(octets)])))],
      1007,
    ),
  ),
  continues(
    'compressed binary is no text',
    'RFC 6455 §5.6',
    [compressed(deflated(hex('ff80c0af')), Opcode.binary)],
    [binaryEcho(hex('ff80c0af'))],
  ),
  continues(
    'compressed octets are not looked at as text',
    'RFC 7692 §6.1',
    [compressed(deflated('é€😀'))],
    [textEcho('é€😀')],
  ),
  fails('plain text with 0xFF where compression was agreed on', 'RFC 6455 §8.1', [text(hex('ff'))], 1007),
  continues(
    'zeros up to the limit',
    'RFC 6455 §10.4',
    [compressed(zeros(maxMessageLength), Opcode.binary)],
    [{ ...binaryEcho(Buffer.alloc(maxMessageLength)), compressed: true }],
  ),
  fails(
    'one zero over the limit',
    'RFC 6455 §10.4',
    [compressed(zeros(maxMessageLength + 1), Opcode.binary)],
    1009,
  ),
  fails(
    'one letter over the limit',
    'RFC 6455 §10.4',
    [compressed(deflated('x'.repeat(maxMessageLength + 1)))],
    1009,
  ),
  fails('10 MiB in 10 KiB', 'RFC 6455 §10.4', [compressed(zeros(10 * 1024 * 1024), Opcode.binary)], 1009),
  fails(
    '10 MiB in 10 KiB, in fragments',
    'RFC 6455 §10.4',
    compressedFragments(
      Opcode.binary,
      ...[0, 1, 2, 3, 4].map((part) =>
        zeros(10 * 1024 * 1024).subarray(part * 2500, part === 4 ? undefined : part * 2500 + 2500),
      ),
    ),
    1009,
  ),
  fails(
    'a compressed message that is announced far over the limit',
    'RFC 6455 §10.4',
    [maskedFrame({ opcode: Opcode.binary, reserved: rsv1, announced: 2n ** 40n })],
    1009,
  ),
];

export const deflate: readonly ConformanceCase[] = [
  ...accepted,
  ...declined,
  ...ungrammatical,
  ...examples,
  ...blocks,
  ...lengths,
  ...fragmentation,
  ...context,
  ...framing,
  ...badData,
];
