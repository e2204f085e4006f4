/** RFC 6455 §5.5: Ping and Pong, and what makes a control frame one. */
import {
  begun,
  continues,
  type FrameCase,
  fails,
  fragments,
  hex,
  maskedFrame,
  Opcode,
  ping,
  pong,
  text,
  textEcho,
} from './cases.ts';

const full = Buffer.alloc(125, 0xfe);
const names = [
  ['Close', Opcode.close],
  ['Ping', Opcode.ping],
  ['Pong', Opcode.pong],
] as const;

const shape: FrameCase[] = names.flatMap(([name, opcode]) => [
  fails(`${name} of 126 octets`, '§5.5', maskedFrame({ opcode, payload: Buffer.alloc(126, 0x61) }), 1002),
  fails(`${name} of 127 octets`, '§5.5', maskedFrame({ opcode, payload: Buffer.alloc(127, 0x61) }), 1002),
  fails(
    `${name} of 65536 octets`,
    '§5.5',
    maskedFrame({ opcode, payload: Buffer.alloc(65_536, 0x61) }),
    1002,
  ),
  fails(`${name} whose 126 octets have not come`, '§5.5', maskedFrame({ opcode, announced: 126n }), 1002),
  fails(
    `${name} of 5 octets written with 16 bits`,
    '§5.5',
    maskedFrame({ opcode, payload: 'abcde', lengthBits: 16 }),
    1002,
  ),
  fails(
    `${name} of 5 octets written with 64 bits`,
    '§5.5',
    maskedFrame({ opcode, payload: 'abcde', lengthBits: 64 }),
    1002,
  ),
  fails(`${name} without FIN`, '§5.5', maskedFrame({ opcode, fin: false }), 1002),
  fails(
    `${name} without FIN inside a message`,
    '§5.5',
    [begun(Opcode.text, 'a'), maskedFrame({ opcode, fin: false })],
    1002,
  ),
]);

const pings: FrameCase[] = [
  continues('an empty Ping', '§5.5.2', ping(), [pong()]),
  continues('the Ping of the RFC', '§5.7', hex('8985 37fa213d 7f9f4d5158'), [pong('Hello')]),
  continues('a Ping of 125 octets that are no text', '§5.5.2', ping(full), [pong(full)]),
  continues('a Ping of 1 octet', '§5.5.2', ping(hex('00')), [pong(hex('00'))]),
  continues(
    'ten Pings get ten Pongs in order',
    '§5.5.2',
    Array.from({ length: 10 }, (_, index) => ping(`${index}`)),
    [...Array.from({ length: 10 }, (_, index) => pong(`${index}`))],
  ),
  continues(
    'a Ping between messages keeps its place',
    '§5.5.2',
    [text('a'), ping('p'), text('b')],
    [textEcho('a'), pong('p'), textEcho('b')],
  ),
  continues(
    'a Ping between fragments is answered at once',
    '§5.4',
    [begun(Opcode.text, 'frag'), ping('now'), maskedFrame({ opcode: Opcode.continuation, payload: 'ment' })],
    [pong('now'), textEcho('fragment')],
  ),
  continues(
    'a Ping is answered while its message is still unfinished',
    '§5.4',
    [
      begun(Opcode.text, 'a'),
      ping('1'),
      maskedFrame({ opcode: Opcode.continuation, fin: false, payload: 'b' }),
      ping('2'),
      ping('3'),
      maskedFrame({ opcode: Opcode.continuation, payload: 'c' }),
    ],
    [pong('1'), pong('2'), pong('3'), textEcho('abc')],
  ),
  continues(
    'a Ping with half a character between the halves of one',
    '§5.4',
    [
      begun(Opcode.text, hex('e2 82')),
      ping(hex('ff')),
      maskedFrame({ opcode: Opcode.continuation, payload: hex('ac') }),
    ],
    [pong(hex('ff')), textEcho('€')],
  ),
];

const pongs: FrameCase[] = [
  continues('an unsolicited Pong is ignored', '§5.5.3', maskedFrame({ opcode: Opcode.pong }), []),
  continues(
    'an unsolicited Pong with payload is ignored',
    '§5.5.3',
    maskedFrame({ opcode: Opcode.pong, payload: full }),
    [],
  ),
  continues(
    'a Pong between fragments changes nothing',
    '§5.4',
    [
      begun(Opcode.text, 'a'),
      maskedFrame({ opcode: Opcode.pong, payload: 'x' }),
      maskedFrame({ opcode: Opcode.continuation, payload: 'b' }),
    ],
    [textEcho('ab')],
  ),
  continues(
    'a Pong, then a Ping, then a message',
    '§5.5.3',
    [maskedFrame({ opcode: Opcode.pong }), ping('p'), fragments(Opcode.text, 'a', 'b')],
    [pong('p'), textEcho('ab')],
  ),
];

export const controlFrames: readonly FrameCase[] = [...shape, ...pings, ...pongs];
