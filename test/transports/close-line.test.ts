import { expect, it } from 'vitest';
import type { CloseRecord } from '../../src/index.ts';
import { closeLine } from '../../src/transports/close-line.ts';

const record: CloseRecord = {
  code: 1002,
  reason: 'RSV2 is set.',
  wasClean: true,
  initiator: 'us',
  section: 'RFC 6455 §5.2',
  explanation: 'A frame has RSV2 set.',
  duration: 1234.567,
  idleTime: 0.4,
  octetsReceived: 300,
  octetsSent: 200,
  messagesReceived: 3,
  messagesSent: 2,
  lastFrames: [
    { direction: 'in', opcode: 0x1, fin: true, rsv1: false, payloadLength: 120 },
    { direction: 'out', opcode: 0xa, fin: true, rsv1: false, payloadLength: 4 },
    { direction: 'out', opcode: 0x1, fin: true, rsv1: true, payloadLength: 60 },
    { direction: 'in', opcode: 0x2, fin: false, rsv1: true, payloadLength: 1000 },
    { direction: 'in', opcode: 0x0, fin: true, rsv1: false, payloadLength: 0 },
    { direction: 'in', opcode: 0x9, fin: true, rsv1: false, payloadLength: 2 },
    { direction: 'in', opcode: 0xb, fin: true, rsv1: false, payloadLength: 1 },
    { direction: 'out', opcode: 0x8, fin: true, rsv1: false, payloadLength: 14 },
  ],
};

it('has the whole record, in plain fields', () => {
  const { lastFrames, ...rest } = closeLine(record);
  expect(rest).toEqual({
    code: 1002,
    reason: 'RSV2 is set.',
    wasClean: true,
    initiator: 'us',
    section: 'RFC 6455 §5.2',
    explanation: 'A frame has RSV2 set.',
    duration: 1235,
    idleTime: 0,
    octetsReceived: 300,
    octetsSent: 200,
    messagesReceived: 3,
    messagesSent: 2,
  });
  expect(lastFrames.split(', ')).toEqual([
    'in text 120',
    'out pong 4',
    'out compressed text 60',
    'in unfinished compressed binary 1000',
    'in continuation 0',
    'in ping 2',
    'in opcode 11 1',
    'out close 14',
  ]);
});

it('has no frames to tell of when none passed', () => {
  expect(closeLine({ ...record, lastFrames: [] }).lastFrames).toBe('');
});
