/** What a tracer is told, by its names. */
import { expect, test } from 'vitest';
import { describeTracedFrame } from '../src/trace.ts';

test('a compressed text from a client', () => {
  expect(describeTracedFrame(false, 0xc1, true, 70_000, 12.5)).toEqual({
    direction: 'in',
    opcode: 0x1,
    fin: true,
    rsv1: true,
    masked: true,
    payloadLength: 70_000,
    time: 12.5,
  });
});

test('a fragment to a client', () => {
  expect(describeTracedFrame(true, 0x00, false, 0, 0)).toEqual({
    direction: 'out',
    opcode: 0x0,
    fin: false,
    rsv1: false,
    masked: false,
    payloadLength: 0,
    time: 0,
  });
});
