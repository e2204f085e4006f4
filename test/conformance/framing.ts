/** RFC 6455 §5.1-§5.3, §5.6: lengths, masks, reserved bits and opcodes. */
import {
  begun,
  binaryEcho,
  continues,
  type FrameCase,
  fails,
  fragments,
  hex,
  maskedFrame,
  maxMessageLength,
  Opcode,
  text,
  textEcho,
} from './cases.ts';

const lengths = [0, 1, 2, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537, maxMessageLength];

function letters(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => 97 + (index % 26)));
}

function anyOctets(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
}

const everyLength: FrameCase[] = lengths.flatMap((length) => [
  continues(`text of ${length} octets comes back`, '§5.2', text(letters(length)), [
    textEcho(letters(length)),
  ]),
  continues(
    `binary of ${length} octets comes back`,
    '§5.2',
    maskedFrame({ opcode: Opcode.binary, payload: anyOctets(length) }),
    [binaryEcho(anyOctets(length))],
  ),
]);

const reservedOpcodes: FrameCase[] = [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf].flatMap((opcode) => {
  const name = `0x${opcode.toString(16).toUpperCase()}`;
  return [
    fails(`opcode ${name}, empty`, '§5.2', maskedFrame({ opcode }), 1002),
    fails(
      `opcode ${name} with payload, after a good message`,
      '§5.2',
      [text('hi'), maskedFrame({ opcode, payload: 'x' })],
      1002,
      [textEcho('hi')],
    ),
  ];
});

const reservedBits: FrameCase[] = (
  [
    ['RSV1', 0x40],
    ['RSV2', 0x20],
    ['RSV3', 0x10],
    ['RSV1 and RSV2', 0x60],
    ['all reserved bits', 0x70],
  ] as const
).flatMap(([name, reserved]) => [
  fails(`${name} on text`, '§5.2', maskedFrame({ opcode: Opcode.text, reserved, payload: 'x' }), 1002),
  fails(`${name} on binary`, '§5.2', maskedFrame({ opcode: Opcode.binary, reserved }), 1002),
  fails(`${name} on Ping`, '§5.2', maskedFrame({ opcode: Opcode.ping, reserved }), 1002),
  fails(
    `${name} on Close`,
    '§5.2',
    maskedFrame({ opcode: Opcode.close, reserved, payload: hex('03e8') }),
    1002,
  ),
  fails(
    `${name} on a continuation`,
    '§5.2',
    [begun(Opcode.text, 'a'), maskedFrame({ opcode: Opcode.continuation, reserved, payload: 'b' })],
    1002,
  ),
]);

const notShortest: FrameCase[] = (
  [
    [16, 0],
    [16, 1],
    [16, 125],
    [64, 0],
    [64, 125],
    [64, 126],
    [64, 65_535],
  ] as const
).map(([lengthBits, length]) =>
  fails(
    `a length of ${length} written with ${lengthBits} bits`,
    '§5.2',
    maskedFrame({ opcode: Opcode.binary, lengthBits, payload: anyOctets(length) }),
    1002,
  ),
);

const impossibleLengths: FrameCase[] = [
  fails('top bit of the 64-bit length', '§5.2', hex('82ff 8000000000000000 37fa213d'), 1002),
  fails('all bits of the 64-bit length', '§5.2', hex('82ff ffffffffffffffff 37fa213d'), 1002),
  fails('top bit and a small length', '§5.2', hex('81ff 8000000000000005 37fa213d 7f9f4d5158'), 1002),
  fails(
    '2^63 - 1 octets announced: refused before one has come',
    '§10.4',
    hex('82ff 7fffffffffffffff 37fa213d'),
    1009,
  ),
  fails('2^63 - 1024 octets announced', '§10.4', hex('82ff 7ffffffffffffc00 37fa213d'), 1009),
  fails('2^53 octets announced', '§10.4', hex('82ff 0020000000000000 37fa213d'), 1009),
  fails('2^32 octets announced', '§10.4', hex('82ff 0000000100000000 37fa213d'), 1009),
  fails(
    'one octet over the limit, announced only',
    '§10.4',
    maskedFrame({ opcode: Opcode.text, announced: BigInt(maxMessageLength + 1) }),
    1009,
  ),
  fails(
    'one octet over the limit in fragments: refused at the header that goes over',
    '§10.4',
    [
      begun(Opcode.binary, anyOctets(maxMessageLength)),
      maskedFrame({ opcode: Opcode.continuation, announced: 1n }),
    ],
    1009,
  ),
  continues(
    'the limit itself in two fragments',
    '§10.4',
    fragments(Opcode.binary, anyOctets(maxMessageLength - 1), anyOctets(1)),
    [binaryEcho(Buffer.concat([anyOctets(maxMessageLength - 1), anyOctets(1)]))],
  ),
  fails(
    'empty fragments without end: their headers count',
    '§10.4',
    [
      begun(Opcode.binary, ''),
      ...Array.from({ length: 17_000 }, () => maskedFrame({ opcode: 0, fin: false })),
    ],
    1009,
  ),
];

const masking: FrameCase[] = [
  continues('the masked "Hello" of the RFC', '§5.7', hex('8185 37fa213d 7f9f4d5158'), [textEcho('Hello')]),
  continues(
    'a mask of zeros',
    '§5.3',
    maskedFrame({ opcode: Opcode.text, payload: 'zeros', mask: [0, 0, 0, 0] }),
    [textEcho('zeros')],
  ),
  continues(
    'a mask of ones',
    '§5.3',
    maskedFrame({ opcode: Opcode.text, payload: 'ones', mask: [255, 255, 255, 255] }),
    [textEcho('ones')],
  ),
  continues(
    'each frame has a mask of its own',
    '§5.3',
    [
      maskedFrame({ opcode: Opcode.text, fin: false, payload: 'abc', mask: [1, 2, 3, 4] }),
      maskedFrame({ opcode: Opcode.continuation, fin: false, payload: 'de', mask: [250, 0, 128, 7] }),
      maskedFrame({ opcode: Opcode.continuation, payload: 'fghi', mask: [9, 9, 9, 1] }),
    ],
    [textEcho('abcdefghi')],
  ),
  continues(
    'masked octets that look like a Close',
    '§5.3',
    maskedFrame({ opcode: Opcode.binary, payload: hex('8880 8880 8802 03e8'), mask: [0, 0, 0, 0] }),
    [binaryEcho(hex('8880 8880 8802 03e8'))],
  ),
  fails('text without a mask', '§5.1', hex('8105 48656c6c6f'), 1002),
  fails('empty text without a mask', '§5.1', hex('8100'), 1002),
  fails(
    'binary without a mask',
    '§5.1',
    maskedFrame({ opcode: Opcode.binary, payload: 'x', mask: null }),
    1002,
  ),
  fails('Ping without a mask', '§5.1', hex('8900'), 1002),
  fails('Pong without a mask', '§5.1', hex('8a00'), 1002),
  fails('Close without a mask', '§5.1', hex('8802 03e8'), 1002),
  fails('16-bit length without a mask', '§5.1', hex('827e 0100'), 1002),
  fails('64-bit length without a mask', '§5.1', hex('827f 0000000000010000'), 1002),
  fails(
    'a continuation without a mask',
    '§5.1',
    [begun(Opcode.text, 'a'), maskedFrame({ opcode: Opcode.continuation, payload: 'b', mask: null })],
    1002,
  ),
];

const sequences: FrameCase[] = [
  continues(
    'two messages in one write',
    '§5.1',
    [text('one'), text('two')],
    [textEcho('one'), textEcho('two')],
  ),
  continues(
    'a hundred messages in one write keep their order',
    '§5.1',
    Array.from({ length: 100 }, (_, index) => text(`message ${index}`)),
    Array.from({ length: 100 }, (_, index) => textEcho(`message ${index}`)),
  ),
  continues(
    'text and binary in turn keep their kind',
    '§5.6',
    [text('a'), maskedFrame({ opcode: Opcode.binary, payload: hex('00ff') }), text('')],
    [textEcho('a'), binaryEcho(hex('00ff')), textEcho('')],
  ),
  continues(
    'every octet value in binary',
    '§5.6',
    maskedFrame({ opcode: Opcode.binary, payload: Uint8Array.from({ length: 256 }, (_, index) => index) }),
    [binaryEcho(Uint8Array.from({ length: 256 }, (_, index) => index))],
  ),
];

export const framing: readonly FrameCase[] = [
  ...everyLength,
  ...reservedOpcodes,
  ...reservedBits,
  ...notShortest,
  ...impossibleLengths,
  ...masking,
  ...sequences,
];
