/**
 * `bench/codec.bench.ts`: what it feeds is right by the RFC's own examples, its checks find whatever is wrong with what a
 * subject hands out, and a small run writes results that the report can read.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { subject as barewire } from '../bench/codec/barewire.ts';
import { cases, type Work } from '../bench/codec/cases.ts';
import {
  checkMessages,
  decodeReference,
  encodeReference,
  kinds,
  message,
  octetsOf,
  seeded,
} from '../bench/codec/frames.ts';
import type { Encoder, Subject, Transform } from '../bench/codec/subject.ts';
import { buildTask } from '../bench/codec/tasks.ts';
import { subject as ws } from '../bench/codec/ws.ts';
import { measureCodec } from '../bench/codec.bench.ts';
import { readResults } from '../bench/results.ts';
import { Program } from './support/process.ts';

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

describe('encodeReference', () => {
  it('makes the frames of RFC 6455 §5.7', () => {
    expect(hex(encodeReference('Hello'))).toBe('810548656c6c6f');
    expect(hex(encodeReference('Hello', [0x37, 0xfa, 0x21, 0x3d]))).toBe('818537fa213d7f9f4d5158');
    expect(hex(encodeReference(new Uint8Array(256)).subarray(0, 5))).toBe('827e010000');
    expect(hex(encodeReference(new Uint8Array(65_536)).subarray(0, 11))).toBe('827f000000000001000000');
  });
});

describe('decodeReference', () => {
  const key = [0x37, 0xfa, 0x21, 0x3d];
  const messages = ['', 'Hello', new Uint8Array(126).fill(7), 'é'.repeat(40_000)];

  it('gives back what was encoded, masked and not', () => {
    for (const masked of [true, false]) {
      const octets = Buffer.concat(messages.map((data) => encodeReference(data, masked ? key : undefined)));
      checkMessages(decodeReference(octets, masked), messages, 'all');
    }
  });

  it.each([
    ['a fragment', '010548656c6c6f'],
    ['octets that are missing', '810548656c6c'],
    ['a length in too long a form', '817e000548656c6c6f'],
    ['a mask that was not asked for', '818537fa213d7f9f4d5158'],
  ])('refuses %s', (_, frame) => {
    expect(() => decodeReference(Buffer.from(frame, 'hex'), false)).toThrow('begins no frame');
  });
});

it('makes messages of exactly the octets that were asked for', () => {
  for (const kind of kinds) {
    for (const length of [0, 1, 16, 125, 126, 1024, 65_537]) {
      expect(octetsOf(message(kind, length, seeded(1)))).toHaveLength(length);
    }
  }
});

describe('checkMessages', () => {
  const sent = ['a', Uint8Array.of(1, 2)];

  it('lets equal messages pass', () => {
    expect(() => checkMessages(['a', Buffer.from([1, 2])], sent, 'it')).not.toThrow();
  });

  it.each([
    ['one too few', ['a']],
    ['one too many', ['a', Uint8Array.of(1, 2), '']],
    ['other text', ['b', Uint8Array.of(1, 2)]],
    ['other octets', ['a', Uint8Array.of(1, 3)]],
    ['octets for text', [Buffer.from('a'), Uint8Array.of(1, 2)]],
  ])('refuses %s', (_, got) => {
    expect(() => checkMessages(got, sent, 'it')).toThrow(/^it: /);
  });
});

describe('the cases', () => {
  it('have ids of their own', () => {
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
  });

  it('have the rows that a goal was set for, each against ws in both forms', () => {
    const goals = cases.filter(({ goals }) => goals.length > 0);
    expect(Object.fromEntries(goals.map(({ id, goals }) => [id, goals.map(({ ratio }) => ratio)]))).toEqual({
      'decode-16-text-masked': [3, 3],
      'decode-125-text-masked': [3, 3],
      'decode-1k-text-masked': [2, 2],
      'decode-64k-text-masked': [1.5, 1.5],
      'decode-64k-binary-masked': [1.5, 1.5],
    });
  });

  it.each(cases.filter(({ quick }) => quick).map(({ id }) => id))('%s: both subjects pass', async (id) => {
    const each = cases.find((one) => one.id === id);
    if (each === undefined) throw new Error(id);
    for (const subject of [barewire, ws]) {
      const task = buildTask(each, subject);
      await task.check();
      task.prepare();
      await task.run();
      expect(task.frames).toBeGreaterThan(0);
      expect(task.octets).toBe(task.frames * each.work.length);
    }
  });
});

describe('a subject that is wrong', () => {
  const broken: Subject = {
    ...barewire,
    decoder: (masked, receive) => {
      let count = 0;
      return barewire.decoder(masked, (data) => {
        if (count++ !== 3) receive(data);
      });
    },
    encoder: (masked, wire): Encoder => {
      const encoder = barewire.encoder(masked, wire);
      return { ...encoder, send: (data) => encoder.send(`${data} `) };
    },
    unmask: (octets, key) => barewire.unmask(octets.subarray(0, -1), key),
    mask: (source, key, target, offset) => barewire.mask(source.subarray(0, -1), key, target, offset),
    decodeText: (octets) => octets.toString('latin1'),
    compressor: (): Transform => (octets) => octets,
    inflater: (setting): Transform => {
      const inflate = barewire.inflater(setting);
      return async (octets) => (await inflate(octets)).subarray(1);
    },
  };
  const works: readonly Work[] = [
    { type: 'decode', kind: 'binary', length: 20, masked: true, shape: '1-per-read' },
    { type: 'encode', kind: 'text', length: 20, masked: false, batch: 4 },
    { type: 'unmask', length: 20 },
    { type: 'mask', length: 20 },
    { type: 'utf-8', kind: 'cjk', length: 30 },
    { type: 'deflate', length: 160, takeover: true },
    { type: 'inflate', length: 160, takeover: false },
  ];
  const [any] = cases;

  it.each(works.map((work) => [work.type, work] as const))('is found out by %s', async (type, work) => {
    if (any === undefined) throw new Error('There is no case.');
    const right = buildTask({ ...any, id: type, work }, barewire);
    await expect((async () => right.check())()).resolves.toBeUndefined();
    const wrong = buildTask({ ...any, id: type, work }, broken);
    await expect((async () => wrong.check())()).rejects.toThrow();
  });

  it('is found out while it is timed when messages are missing or octets too many', async () => {
    for (const work of works.slice(0, 2)) {
      if (any === undefined) throw new Error('There is no case.');
      const task = buildTask({ ...any, work }, broken);
      task.prepare();
      await expect((async () => task.run())()).rejects.toThrow(/of \d+/);
    }
  });
});

describe('bench/codec.bench.ts', () => {
  const command = ['--import', 'tsx', 'bench/codec.bench.ts'];
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'barewire-codec-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('prints a table, and writes results with each sample', async () => {
    const file = join(directory, 'codec.json');
    const args = ['--quick', '--only', 'unmask-20', '--json', file];
    const { code, stdout, stderr } = await new Program([...command, ...args]).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '0/1 Masking of 20 B, in place\n1/1 done\n' });
    expect(stdout).toMatch(/^unmask-20 +GB\/s .* x ws \[/m);
    const { kind, mode, machine, subjects, measures, notes } = readResults(file);
    expect({ kind, mode, flags: machine.flags }).toEqual({
      kind: 'codec',
      mode: 'quick',
      flags: ['--expose-gc'],
    });
    const names = subjects.map(({ name }) => name);
    expect(['barewire', 'ws', 'ws+bufferutil']).toEqual(expect.arrayContaining(names));
    const [measure, ...others] = measures;
    expect(others).toEqual([]);
    expect(measure).toMatchObject({ id: 'unmask-20', group: 'mask', unit: 'GB/s', better: 'more' });
    expect(measure?.series.map(({ subject }) => subject)).toEqual(names);
    for (const { samples, also } of measure?.series ?? []) {
      expect(samples).toHaveLength(5);
      for (const value of [...samples, ...Object.values(also)]) expect(value).toBeGreaterThanOrEqual(0);
    }
    expect(notes.length).toBeGreaterThan(0);
  });

  it.each([['--fast'], ['--only', 'nothing that there is'], ['more']])('refuses %s %s', async (...args) => {
    const { code, stdout, stderr } = await new Program([...command, ...args]).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/\nUsage: .*codec\.bench\.ts/);
  });

  it('tells its caller that no case was chosen', async () => {
    const measured = measureCodec({ quick: true, progress: () => {}, only: 'nothing that there is' });
    await expect(measured).rejects.toThrow(RangeError);
  });
});
