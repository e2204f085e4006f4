/** RFC 6455 §5.2, §7, §10.4: every first octet that a frame can have, floods, and clients that leave at odd moments. */
import {
  begun,
  binaryEcho,
  closeFrame,
  continues,
  ends,
  type FrameCase,
  fails,
  fragments,
  hex,
  maskedFrame,
  maxMessageLength,
  Opcode,
  ping,
  pong,
  text,
  textEcho,
} from './cases.ts';

/** An empty masked frame with this first octet, at the start of a connection. */
function firstOctet(first: number): FrameCase {
  const name = `first octet 0x${first.toString(16).padStart(2, '0').toUpperCase()}`;
  const octets = Uint8Array.of(first, 0x80, 0x37, 0xfa, 0x21, 0x3d);
  const opcode = first & 0x0f;
  const isFinal = first >= 0x80;
  if ((first & 0x70) !== 0) return fails(`${name}: a reserved bit`, '§5.2', octets, 1002);
  if (opcode === Opcode.continuation) return fails(`${name}: nothing to continue`, '§5.4', octets, 1002);
  if (opcode === Opcode.text || opcode === Opcode.binary) {
    const echo = isFinal ? [{ opcode, payload: Buffer.alloc(0) }] : [];
    return continues(`${name}: ${isFinal ? 'a message' : 'the first of several'}`, '§5.4', octets, echo);
  }
  if (opcode < Opcode.close || opcode > Opcode.pong)
    return fails(`${name}: a reserved opcode`, '§5.2', octets, 1002);
  if (!isFinal) return fails(`${name}: a control frame without FIN`, '§5.5', octets, 1002);
  if (opcode === Opcode.close)
    return { ...fails(`${name}: Close`, '§5.5.1', octets, 1005), outcome: { close: 1005, reason: '' } };
  return continues(
    `${name}: ${opcode === Opcode.ping ? 'Ping' : 'Pong'}`,
    '§5.5',
    octets,
    opcode === Opcode.ping ? [pong()] : [],
  );
}

const times = <Value>(count: number, make: (index: number) => Value): Value[] =>
  Array.from({ length: count }, (_, index) => make(index));

const floods: readonly FrameCase[] = [
  continues(
    'a thousand empty texts in one write',
    '§5.1',
    times(1000, () => text('')),
    times(1000, () => textEcho('')),
  ),
  continues(
    'a thousand Pings in one write',
    '§5.5.2',
    times(1000, (index) => ping(`${index}`)),
    times(1000, (index) => pong(`${index}`)),
  ),
  continues(
    'five thousand Pongs that nobody asked for',
    '§5.5.3',
    times(5000, () => maskedFrame({ opcode: Opcode.pong, payload: 'x' })),
    [],
  ),
  continues(
    'a Ping behind each of 300 fragments',
    '§5.4',
    times(300, (index) => [
      maskedFrame({
        opcode: index === 0 ? Opcode.text : Opcode.continuation,
        fin: index === 299,
        payload: 'f',
      }),
      ping(`${index}`),
    ]).flat(),
    [...times(299, (index) => pong(`${index}`)), textEcho('f'.repeat(300)), pong('299')],
  ),
  continues(
    'a message of the greatest length, ten times',
    '§10.4',
    times(10, (index) =>
      maskedFrame({ opcode: Opcode.binary, payload: Buffer.alloc(maxMessageLength, index) }),
    ),
    times(10, (index) => binaryEcho(Buffer.alloc(maxMessageLength, index))),
  ),
  continues(
    'a thousand fragments of each length from 0 to 9',
    '§5.4',
    fragments(Opcode.binary, ...times(1000, (index) => Buffer.alloc(index % 10, index))),
    [binaryEcho(Buffer.concat(times(1000, (index) => Buffer.alloc(index % 10, index))))],
  ),
  fails(
    'good messages up to one that is too long',
    '§10.4',
    [
      ...times(50, (index) => text(`${index}`)),
      maskedFrame({ opcode: Opcode.binary, announced: BigInt(maxMessageLength) * 2n }),
    ],
    1009,
    times(50, (index) => textEcho(`${index}`)),
  ),
];

const masks: readonly FrameCase[] = times(8, (length) =>
  continues(
    `masks of four different octets on fragments of ${length} octets`,
    '§5.3',
    times(9, (index) =>
      maskedFrame({
        opcode: index === 0 ? Opcode.binary : Opcode.continuation,
        fin: index === 8,
        payload: Uint8Array.from(times(length, (at) => index * 16 + at)),
        mask: [index, 255 - index, 0x55, index * 31],
      }),
    ),
    [binaryEcho(Buffer.from(times(9, (index) => times(length, (at) => index * 16 + at)).flat()))],
  ),
);

/** Where a client may leave without a Close: nothing is said to it, and the server's end follows its own. */
const departures: readonly FrameCase[] = [
  ends('gone at once', '§7.1.5', hex('')),
  ends('gone after a message', '§7.1.5', text('last'), [textEcho('last')]),
  ends('gone after a Ping', '§7.1.5', ping('p'), [pong('p')]),
  ends('gone after the first octet of a frame', '§7.1.5', hex('81')),
  ends('gone inside a 16-bit length', '§7.1.5', hex('81fe01')),
  ends('gone inside a 64-bit length', '§7.1.5', hex('81ff00000000')),
  ends('gone inside the mask', '§7.1.5', hex('818537fa')),
  ends('gone inside a payload', '§7.1.5', hex('818537fa213d7f9f4d')),
  ends('gone inside the payload of a Ping', '§7.1.5', hex('898537fa213d7f9f')),
  ends('gone inside a Close', '§7.1.5', hex('888237fa213d34')),
  ends('gone between fragments', '§7.1.5', begun(Opcode.text, 'never ended')),
  ends('gone between fragments, inside a character', '§7.1.5', begun(Opcode.text, hex('e282'))),
  ends(
    'gone with a message half announced behind a good one',
    '§7.1.5',
    [text('a'), hex('82fe0010')],
    [textEcho('a')],
  ),
];

/** What stands behind a Close means nothing, whatever it is (§5.5.1). */
const afterClose: readonly FrameCase[] = (
  [
    ['a long message', text('x'.repeat(70_000))],
    ['a message over the limit', maskedFrame({ opcode: Opcode.binary, announced: 2n ** 40n })],
    ['text that is no UTF-8', text(hex('ff'))],
    ['a hundred Pings', Buffer.concat(times(100, () => ping('late')))],
    ['half a frame', hex('81fe')],
    ['a reserved opcode', maskedFrame({ opcode: 0xf })],
    ['a request', Buffer.from('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n')],
  ] as const
).map(([name, octets]) => ({
  ...fails(`behind a Close: ${name}`, '§5.5.1', [closeFrame(1000, 'done'), octets], 1000),
  outcome: { close: 1000, reason: 'done' },
}));

/** Octets of other protocols where frames should stand: the first two of each already tell. */
const otherProtocols: readonly FrameCase[] = (
  [
    ['a request in HTTP', 'GET / HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['a TLS ClientHello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['SMTP', 'EHLO example.com\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an old WebSocket frame', '\x00hello\xff'],
    ['JSON', '{"event":"hello"}'],
  ] as const
).map(([name, string]) => fails(`${name} in place of a frame`, '§10.7', Buffer.from(string, 'latin1'), 1002));

export const robustness: readonly FrameCase[] = [
  ...times(256, firstOctet),
  ...floods,
  ...masks,
  ...departures,
  ...afterClose,
  ...otherProtocols,
];
