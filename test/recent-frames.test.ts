/** The ring of frames that a close record shows. */
import { expect, test } from 'vitest';
import { RecentFrames } from '../src/recent-frames.ts';

test('is empty before the first frame', () => {
  expect(new RecentFrames().list()).toEqual([]);
});

test('tells the header of each frame, and which way it went', () => {
  const frames = new RecentFrames();
  frames.addReceived(0xc1, true, 70_000);
  frames.addSent(0x00, false, 0);
  frames.addReceived(0x8a, true, 4);
  expect(frames.list()).toEqual([
    { direction: 'in', opcode: 0x1, fin: true, rsv1: true, payloadLength: 70_000 },
    { direction: 'out', opcode: 0x0, fin: false, rsv1: false, payloadLength: 0 },
    { direction: 'in', opcode: 0xa, fin: true, rsv1: false, payloadLength: 4 },
  ]);
});

test('keeps the last eight, the oldest first', () => {
  const frames = new RecentFrames();
  for (let length = 0; length < 8; length++) frames.addSent(0x82, false, length);
  expect(frames.list().map(({ payloadLength }) => payloadLength)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  for (let length = 8; length < 21; length++) frames.addReceived(0x82, true, length);
  expect(frames.list().map(({ payloadLength }) => payloadLength)).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
  expect(frames.list().every(({ direction }) => direction === 'in')).toBe(true);
});

test('tells a tracer of each frame while there is one', () => {
  const frames = new RecentFrames();
  const told: unknown[] = [];
  frames.addReceived(0x81, true, 1);
  frames.tracer = (...frame) => told.push(frame);
  frames.addReceived(0xc1, true, 2);
  frames.addReceived(0x81, false, 3);
  frames.addSent(0x8a, false, 4);
  frames.addSent(0x02, true, 5);
  frames.tracer = undefined;
  frames.addSent(0x81, false, 6);
  expect(told).toEqual([
    [false, 0xc1, true, 2],
    [false, 0x81, false, 3],
    [true, 0x8a, false, 4],
    [true, 0x02, true, 5],
  ]);
  expect(frames.list()).toHaveLength(6);
});
