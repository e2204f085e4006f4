/** Who looks at a connection's frames: each hears all from then on, and nothing is looked at when nobody does. */
import { expect, test, vi } from 'vitest';
import { Connection } from '../src/connection.ts';
import { Opcode } from '../src/frame.ts';
import { FrameTrace } from '../src/frame-trace.ts';
import type { TracedFrame } from '../src/trace.ts';
import { manualClock } from './support/manual-clock.ts';

function traced() {
  const connection = new Connection('server');
  const clock = manualClock();
  const failures: unknown[] = [];
  const trace = new FrameTrace(connection, clock, (error) => failures.push(error));
  const heard: TracedFrame[] = [];
  return { connection, clock, failures, trace, heard };
}

test('a listener hears each frame with its time, until it stops', () => {
  const { connection, clock, trace, heard } = traced();
  const asked = vi.spyOn(clock, 'now');
  const stop = trace.listen((frame) => heard.push(frame));
  connection.ping();
  clock.advance(7);
  connection.send('hello');
  const [first, second] = heard;
  expect([first?.opcode, second?.opcode]).toEqual([Opcode.ping, Opcode.text]);
  expect(second).toMatchObject({ direction: 'out', fin: true, rsv1: false, masked: false, payloadLength: 5 });
  expect((second?.time ?? 0) - (first?.time ?? 0)).toBe(7);
  expect(asked).toHaveBeenCalledTimes(2);
  stop();
  connection.ping();
  expect(heard).toHaveLength(2);
  // Not even the time is looked at any more.
  expect(asked).toHaveBeenCalledTimes(2);
});

test('one function that listens twice hears twice, and each stop ends its own', () => {
  const { connection, trace, heard } = traced();
  const listener = (frame: TracedFrame) => heard.push(frame);
  const stops = [trace.listen(listener), trace.listen(listener)];
  connection.ping();
  expect(heard).toHaveLength(2);
  stops[0]?.();
  stops[0]?.();
  connection.ping();
  expect(heard).toHaveLength(3);
});

test('a listener that throws is told of later and heard no more; the others hear on', async () => {
  const { connection, trace, heard, failures } = traced();
  const error = new Error('mine');
  trace.listen(() => {
    throw error;
  });
  trace.listen((frame) => heard.push(frame));
  connection.ping();
  expect(failures).toEqual([]);
  connection.ping();
  await Promise.resolve();
  expect(failures).toEqual([error]);
  expect(heard).toHaveLength(2);
});
