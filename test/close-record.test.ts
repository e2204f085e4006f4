/** Every way in which a connection ends, in words (RFC 6455 §7.1.4-§7.1.7). */
import { describe, expect, test } from 'vitest';
import { encodeClosePayload } from '../src/close.ts';
import { type CloseRecord, explainClose, type TransportEnd } from '../src/close-record.ts';
import { Connection, type Role } from '../src/connection.ts';
import { encodeFrame, type Frame, Opcode } from '../src/frame.ts';
import { hex, utf8 } from './support/octets.ts';

const key = 0x37fa213d;

/** A connection on which `steps` happened, as the record of its end. */
function recordOf(role: Role, steps: readonly Step[], transport: Partial<TransportEnd> = {}): CloseRecord {
  const connection = new Connection(role, { maskingKey: () => key });
  for (const step of steps) step(connection, role);
  return explainClose(connection, {
    cause: undefined,
    error: undefined,
    duration: 0,
    idleTime: 0,
    ...transport,
  });
}

/** What the record says about who and why. */
type Verdict = Pick<CloseRecord, 'code' | 'reason' | 'wasClean' | 'initiator' | 'section' | 'explanation'>;
type Step = (connection: Connection, role: Role) => void;
const closes =
  (code?: number, reason?: string): Step =>
  (connection) =>
    connection.close(code, reason);
const receives =
  (frame: Frame, cutOff = 0): Step =>
  (connection, role) => {
    const bytes = encodeFrame(role === 'server' ? { ...frame, maskingKey: key } : frame);
    connection.receive(bytes.slice(0, bytes.length - cutOff), { message: () => {} });
  };
const receivesClose = (code?: number, reason?: string): Step =>
  receives({ opcode: Opcode.close, payload: encodeClosePayload(code, reason) });
const ends: Step = (connection) => connection.receiveEnd();

function lost(code: string): Error {
  return Object.assign(new Error(`read ${code}`), { code });
}

for (const role of ['server', 'client'] as const) {
  describe(`as a ${role}`, () => {
    const cases: readonly (readonly [string, readonly Step[], Partial<TransportEnd>, Verdict])[] = [
      [
        'the peer closed with a code and a reason',
        [receivesClose(1001, 'tab gone'), ends],
        {},
        {
          code: 1001,
          reason: 'tab gone',
          wasClean: true,
          initiator: 'peer',
          section: undefined,
          explanation: 'The peer closed with 1001 "tab gone".',
        },
      ],
      [
        'the peer closed with a code alone',
        [receivesClose(4000), ends],
        {},
        {
          code: 4000,
          reason: '',
          wasClean: true,
          initiator: 'peer',
          section: undefined,
          explanation: 'The peer closed with 4000.',
        },
      ],
      [
        'the peer closed without a code',
        [receivesClose(), ends],
        {},
        {
          code: 1005,
          reason: '',
          wasClean: true,
          initiator: 'peer',
          section: undefined,
          explanation: 'The peer closed with no code.',
        },
      ],
      [
        'we closed, and the peer answered with another code',
        [closes(1001, 'stopping'), receivesClose(1000), ends],
        {},
        {
          code: 1000,
          reason: '',
          wasClean: true,
          initiator: 'us',
          section: undefined,
          explanation: 'We closed with 1001 "stopping"; the peer answered with 1000.',
        },
      ],
      [
        'we closed, and the peer answered',
        [closes(1000, 'done'), receivesClose(1000, 'done'), ends],
        {},
        {
          code: 1000,
          reason: 'done',
          wasClean: true,
          initiator: 'us',
          section: undefined,
          explanation: 'We closed with 1000 "done".',
        },
      ],
      [
        'we closed for a cause that the shell knows, and the peer answered',
        [closes(1011, 'failed'), receivesClose(1011), ends],
        { cause: 'A handler threw.' },
        {
          code: 1011,
          reason: '',
          wasClean: true,
          initiator: 'us',
          section: undefined,
          explanation: 'A handler threw.',
        },
      ],
      [
        'the peer broke the protocol',
        [receives({ opcode: 0x3 }), ends],
        {},
        {
          code: 1002,
          reason: 'A frame has the reserved opcode 0x3.',
          wasClean: false,
          initiator: 'us',
          section: 'RFC 6455 §5.2',
          explanation: 'A frame has the reserved opcode 0x3.',
        },
      ],
      [
        'the peer broke the protocol after we had closed for another reason',
        [closes(1001, 'stopping'), receives({ opcode: 0x3 }), ends],
        {},
        {
          code: 1002,
          reason: '',
          wasClean: false,
          initiator: 'us',
          section: 'RFC 6455 §5.2',
          explanation: 'A frame has the reserved opcode 0x3.',
        },
      ],
      [
        'the peer broke the protocol, and then its TCP was lost',
        [receives({ opcode: Opcode.text, payload: hex('ff') })],
        { error: lost('ECONNRESET'), cause: 'The peer did not finish the closing handshake in time.' },
        {
          code: 1007,
          reason: 'A text message is not UTF-8.',
          wasClean: false,
          initiator: 'us',
          section: 'RFC 6455 §8.1',
          explanation: 'A text message is not UTF-8.',
        },
      ],
      [
        'the shell gave up',
        [closes(1013, 'too slow')],
        { cause: 'The peer reads too slowly.' },
        {
          code: 1006,
          reason: '',
          wasClean: false,
          initiator: 'us',
          section: undefined,
          explanation: 'The peer reads too slowly.',
        },
      ],
      [
        'we cut TCP',
        [],
        { cause: 'We cut the connection without a Close frame.' },
        {
          code: 1006,
          reason: '',
          wasClean: false,
          initiator: 'us',
          section: undefined,
          explanation: 'We cut the connection without a Close frame.',
        },
      ],
      [
        'we closed, and the peer ended TCP',
        [closes(1000, 'bye'), ends],
        {},
        {
          code: 1006,
          reason: '',
          wasClean: false,
          initiator: 'us',
          section: undefined,
          explanation: 'We closed with 1000 "bye"; the peer ended TCP without a Close frame.',
        },
      ],
      [
        'we closed without a code, and TCP was lost',
        [closes()],
        { error: lost('EPIPE') },
        {
          code: 1006,
          reason: '',
          wasClean: false,
          initiator: 'us',
          section: undefined,
          explanation: 'We closed with no code; the peer was lost (EPIPE) without a Close frame.',
        },
      ],
      [
        'the peer ended TCP between messages',
        [receives({ opcode: Opcode.text, payload: utf8('a') }), ends],
        {},
        {
          code: 1006,
          reason: '',
          wasClean: false,
          initiator: 'network',
          section: undefined,
          explanation: 'The peer ended TCP without a Close frame, between messages.',
        },
      ],
      [
        'the peer ended TCP inside a frame',
        [receives({ opcode: Opcode.text, payload: utf8('abc') }, 1), ends],
        {},
        {
          code: 1006,
          reason: '',
          wasClean: false,
          initiator: 'network',
          section: undefined,
          explanation: 'The peer ended TCP without a Close frame, in the middle of a message.',
        },
      ],
      [
        'TCP was lost between two fragments',
        [receives({ fin: false, opcode: Opcode.text, payload: utf8('abc') })],
        { error: lost('ECONNRESET') },
        {
          code: 1006,
          reason: '',
          wasClean: false,
          initiator: 'network',
          section: undefined,
          explanation: 'The peer was lost (ECONNRESET) without a Close frame, in the middle of a message.',
        },
      ],
      [
        'TCP was lost by an error without a code',
        [],
        { error: new Error('the cable burned') },
        {
          code: 1006,
          reason: '',
          wasClean: false,
          initiator: 'network',
          section: undefined,
          explanation: 'The peer was lost (the cable burned) without a Close frame, between messages.',
        },
      ],
    ];
    for (const [name, steps, transport, record] of cases) {
      test(name, () => expect(recordOf(role, steps, transport)).toMatchObject(record));
    }
  });
}

test('an error whose code is no string is told by its message', () => {
  const error = Object.assign(new Error('odd'), { code: 7 });
  expect(recordOf('server', [], { error }).explanation).toContain('was lost (odd)');
});

test('what passed is counted both ways, and the last eight frames are kept', () => {
  const steps: Step[] = [];
  for (let length = 0; length < 6; length++) {
    steps.push(receives({ opcode: Opcode.binary, payload: new Uint8Array(length) }));
    steps.push((connection) => void connection.send('x'.repeat(10 + length)));
  }
  steps.push((connection) => void connection.takeOutput(), receivesClose(1000), ends);
  const record = recordOf('server', steps, { duration: 5000, idleTime: 20 });
  const note = (direction: 'in' | 'out', opcode: number, payloadLength: number) => ({
    direction,
    opcode,
    fin: true,
    rsv1: false,
    payloadLength,
  });
  expect(record).toMatchObject({
    duration: 5000,
    idleTime: 20,
    // Six frames with a header of 6 and 0 to 5 octets, and a Close with 2.
    octetsReceived: 6 * 6 + 15 + 8,
    // The Close that answers was not taken.
    octetsSent: 6 * 2 + 75,
    messagesReceived: 6,
    messagesSent: 6,
    lastFrames: [
      note('in', Opcode.binary, 3),
      note('out', Opcode.text, 13),
      note('in', Opcode.binary, 4),
      note('out', Opcode.text, 14),
      note('in', Opcode.binary, 5),
      note('out', Opcode.text, 15),
      note('in', Opcode.close, 2),
      note('out', Opcode.close, 2),
    ],
  });
});
