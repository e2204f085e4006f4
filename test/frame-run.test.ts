/** Frames that many connections are sent: joined once, the same octets for all who were sent the same (RFC 6455 §5.6). */
import { describe, expect, test } from 'vitest';
import { Connection } from '../src/connection.ts';
import { encodeFrame, Opcode } from '../src/frame.ts';
import { FrameRun, longestRun } from '../src/frame-run.ts';
import { PreparedMessage } from '../src/prepared-message.ts';
import { concat, countedOctets, utf8 } from './support/octets.ts';

const frame = (text: string) => encodeFrame({ opcode: Opcode.text, payload: utf8(text) });
/** So many others are remembered. */
const mostRecent = 4;
const forget = (): void => {
  for (let count = 0; count < mostRecent; count++) FrameRun.of(undefined, frame('another'));
};

describe('a run', () => {
  test('has the octets of its frames, in order; of one frame they are the frame', () => {
    const frames = ['one', 'two', '', 'four'].map(frame);
    let run: FrameRun | undefined;
    const before: FrameRun[] = [];
    for (const [index, each] of frames.entries()) {
      run = FrameRun.of(run, each);
      before.push(run);
      expect(run.length).toBe(concat(...frames.slice(0, index + 1)).length);
    }
    expect(run?.octets).toEqual(concat(...frames));
    // Asked in any order, also when a longer one has been joined.
    for (const [index, each] of before.entries()) {
      expect(each.octets).toEqual(concat(...frames.slice(0, index + 1)));
    }
    expect(before[0]?.octets).toBe(frames[0]);
  });

  test('is joined once', () => {
    const run = FrameRun.of(FrameRun.of(undefined, frame('a')), frame('b'));
    expect(run.octets).toBe(run.octets);
  });

  test('is the same for all who ask the same in turn', () => {
    const [a, b] = [frame('a'), frame('b')];
    const first = FrameRun.of(undefined, a);
    for (let member = 0; member < 10; member++) expect(FrameRun.of(undefined, a)).toBe(first);
    const both = FrameRun.of(first, b);
    for (let member = 0; member < 10; member++) expect(FrameRun.of(first, b)).toBe(both);
  });

  test('is another one for another frame, for the same octets elsewhere, and behind another run', () => {
    const a = frame('a');
    const alone = FrameRun.of(undefined, a);
    expect(FrameRun.of(undefined, frame('a'))).not.toBe(alone);
    const twice = FrameRun.of(alone, a);
    expect(twice).not.toBe(alone);
    expect(FrameRun.of(twice, a)).not.toBe(twice);
    expect(FrameRun.of(undefined, a)).toBe(alone);
  });

  test('is remembered while no more than three others are made', () => {
    const a = frame('a');
    const run = FrameRun.of(undefined, a);
    for (let count = 1; count < mostRecent; count++) FrameRun.of(undefined, frame('another'));
    expect(FrameRun.of(undefined, a)).toBe(run);
    FrameRun.of(undefined, frame('another'));
    // Forgotten: a new one, equal to it.
    const again = FrameRun.of(undefined, a);
    expect(again).not.toBe(run);
    expect(again.octets).toEqual(run.octets);
  });
});

describe('connections that are sent the same', () => {
  const connections = (count: number) => Array.from({ length: count }, () => new Connection('server'));
  const payload = (length: number) => new PreparedMessage(countedOctets(length));
  const taken = (connection: Connection) => connection.takeOutput().chunks;

  test('hand out the same octets, by identity, joined', () => {
    const messages = ['one', 'two', 'three'].map((text) => new PreparedMessage(text));
    const members = connections(3);
    for (const message of messages) for (const member of members) member.send(message);
    const chunks = members.map(taken);
    expect(chunks.map((list) => list.length)).toEqual([1, 1, 1]);
    expect(new Set(chunks.map(([only]) => only)).size).toBe(1);
    expect(chunks[0]?.[0]).toEqual(concat(...messages.map((message) => message.frame)));
  });

  test('each have their own frames in order, around and between those of all', () => {
    const messages = ['one', 'two'].map((text) => new PreparedMessage(text));
    const [before, between, behind, alone] = connections(4) as [
      Connection,
      Connection,
      Connection,
      Connection,
    ];
    before.send('mine');
    for (const message of messages) {
      for (const member of [before, between, behind, alone]) member.send(message);
      between.send('mine');
    }
    behind.ping(utf8('p'));
    const mine = frame('mine');
    const all = messages.map((message) => message.frame);
    const [one, two] = all as [Uint8Array, Uint8Array];
    expect(concat(...taken(before))).toEqual(concat(mine, ...all));
    expect(concat(...taken(between))).toEqual(concat(one, mine, two, mine));
    const ping = encodeFrame({ opcode: Opcode.ping, payload: utf8('p') });
    expect(concat(...taken(behind))).toEqual(concat(...all, ping));
    expect(concat(...taken(alone))).toEqual(concat(...all));
  });

  test('a run ends at 16 KiB; what follows comes behind it', () => {
    const [connection] = connections(1) as [Connection];
    const whole = payload(longestRun - 4);
    expect(whole.frame.length).toBe(longestRun);
    connection.send(whole);
    expect(taken(connection)).toEqual([whole.frame]);

    const half = payload(longestRun / 2 - 4);
    const small = new PreparedMessage('x');
    for (const message of [half, half, small, half]) connection.send(message);
    expect(connection.pendingAmount).toBe(3 * half.frame.length + small.frame.length);
    const chunks = taken(connection);
    expect(chunks[0]).toEqual(concat(half.frame, half.frame));
    expect(concat(...chunks)).toEqual(concat(half.frame, half.frame, small.frame, half.frame));
  });

  test('a frame over 16 KiB is no part of a run', () => {
    const [connection, other] = connections(2) as [Connection, Connection];
    forget();
    const small = new PreparedMessage('x');
    const long = payload(longestRun - 3);
    for (const member of [connection, other])
      for (const message of [small, long, small]) member.send(message);
    const [chunks, others] = [taken(connection), taken(other)];
    expect(concat(...chunks)).toEqual(concat(small.frame, long.frame, small.frame));
    expect(chunks[0]).toBe(small.frame);
    expect(concat(...others)).toEqual(concat(...chunks));
  });

  test('what is dropped is not in the next run', () => {
    const [connection] = connections(1) as [Connection];
    connection.send(new PreparedMessage('dropped'));
    connection.discardOutput();
    expect(connection.pendingAmount).toBe(0);
    connection.send(new PreparedMessage('kept'));
    expect(concat(...taken(connection))).toEqual(frame('kept'));
  });
});
