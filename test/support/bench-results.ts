/**
 * Made-up results for the tests of the report and of its page: the shape and the order of size of real ones, the figures
 * drawn from seeded random numbers. Nothing here was measured.
 */
import type { Goal, Measure, Results, Series } from '../../bench/results.ts';

/** Numbers around `middle`, the same each time for the same seed. @param spread half of the width, as a share */
export function samplesAround(middle: number, seed: number, spread = 0.02, rounds = 10): number[] {
  let state = seed * 7919 + 17;
  return Array.from({ length: rounds }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return middle * (1 + spread * (2 * (state / 0x7fffffff) - 1));
  });
}

export function series(
  subject: string,
  samples: readonly number[],
  more: Partial<Omit<Series, 'subject' | 'samples'>> = {},
): Series {
  return { subject, samples: [...samples], also: {}, ...more };
}

export function measure(id: string, all: readonly Series[], more: Partial<Measure> = {}): Measure {
  return { id, title: id, group: 'echo', unit: 'µs', better: 'less', goals: [], series: [...all], ...more };
}

export function results(measures: readonly Measure[], more: Partial<Results> = {}): Results {
  const names = [...new Set(measures.flatMap((one) => one.series.map(({ subject }) => subject)))];
  return {
    schema: 1,
    kind: 'server',
    mode: 'full',
    startedAt: '2026-01-02T03:04:05.678Z',
    duration: 754.2,
    command: 'npm run bench',
    commit: '0123456789abcdef0123456789abcdef01234567',
    dirty: false,
    machine: {
      cpu: 'Imaginary 9000 @ 3.10GHz',
      cores: 2,
      memoryGiB: 8,
      kernel: '6.1.0',
      governor: 'unknown',
      node: 'v20.20.2',
      v8: '11.3.244.8',
      flags: [],
    },
    subjects: names.map((name) => ({
      name,
      version: name === 'node:net' || name === 'bun' ? '' : '1.2.3',
      runtime: name === 'bun' ? 'Bun 1.4.5' : 'Node v20.20.2',
      options: name === 'ws' ? 'WS_NO_BUFFER_UTIL=1' : '',
    })),
    measures: [...measures],
    notes: [],
    ...more,
  };
}

let seed = 0;
function row(
  id: string,
  title: string,
  unit: string,
  medians: Readonly<Record<string, number>>,
  goals: readonly Goal[] = [],
  more: Partial<Measure> = {},
): Measure {
  const all = Object.entries(medians).map(([subject, middle]) => {
    const load = subject === 'bun' ? 0.93 : 0.99;
    return series(subject, samplesAround(middle, ++seed, 0.04), {
      also: { 'messages/s': 1e6 / middle, 'server load': load },
    });
  });
  return measure(id, all, { title, unit, goals: [...goals], ...more });
}

/** One load's percentiles, each a measure of its own, as server.bench.ts writes them. */
function latency(load: string, title: string): Measure[] {
  const shape = { p50: 0.048, p90: 0.071, p99: 0.14, 'p99.9': 0.39 };
  return Object.entries(shape).map(([name, value]) =>
    row(
      `${load}-${name.replace('.', '')}`,
      `${name} of ${title}`,
      'ms',
      { barewire: value, ws: value * 1.6, bun: value * 0.8 },
      [],
      { group: 'latency' },
    ),
  );
}

/** As isolation.bench.ts writes it: the samples are p99, the other percentiles stand beside. */
function quietTrips(subject: string, p99: number): Series {
  const also = { 'p50 ms': p99 / 4, 'p90 ms': p99 / 2, 'p99.9 ms': p99 * 1.5, 'bare echo p50 ms': 0.1 };
  return series(subject, samplesAround(p99, ++seed, 0.1, 7), { also });
}

/** Server, codec and isolation, with goals met, missed and open, wins, losses and ties. */
export function sampleResults(): Results[] {
  seed = 0;
  const echo = [
    row(
      'echo-125-text-64x1',
      'Echo 125 B text, 64 connections, one in flight',
      'µs',
      {
        barewire: 4.9,
        'barewire again': 4.93,
        ws: 6.5,
        'ws+bufferutil': 6.31,
        websocket: 11.2,
        'faye-websocket': 14.9,
        'socket.io': 19.4,
        bun: 4.02,
        'node:net': 5.4,
      },
      [{ against: 'ws', ratio: 1.25 }],
    ),
    row(
      'echo-125-text-1x32',
      'Echo 125 B text, 1 connection, 32 in flight',
      'µs',
      {
        barewire: 0.44,
        ws: 4.81,
        'ws+bufferutil': 4.72,
        websocket: 9.4,
        'faye-websocket': 12.1,
        'socket.io': 16.2,
        bun: 0.42,
        'node:net': 0.34,
      },
      [
        { against: 'ws', ratio: 10 },
        { against: 'bun', ratio: 0.9 },
      ],
    ),
    row(
      'echo-16k-binary-64x1',
      'Echo 16 KiB binary, 64 connections, one in flight',
      'µs',
      { barewire: 11.9, ws: 31, 'ws+bufferutil': 13.4, websocket: 58, bun: 10.1, 'node:net': 9.6 },
      [
        { against: 'ws', ratio: 3 },
        { against: 'ws+bufferutil', ratio: 1.3 },
        { against: 'bun', ratio: 0.9 },
      ],
    ),
    row(
      'echo-1m-binary-1x32',
      'Echo 1 MiB binary, 1 connection, 32 in flight',
      'µs',
      { barewire: 688, ws: 1855, 'ws+bufferutil': 637, bun: 689, 'node:net': 457 },
      [
        { against: 'ws+bufferutil', ratio: 1 },
        { against: 'bun', ratio: 1 },
      ],
    ),
  ];
  const server = results(
    [
      ...echo,
      row(
        'fan-out-64-1000x16',
        'Fan-out of 64 B to 1,000, 16 in flight, per delivery',
        'µs',
        { barewire: 0.2, ws: 3.5, 'ws+bufferutil': 3.6, bun: 0.18, 'node:net': 0.21 },
        [{ against: 'ws', ratio: 16 }],
        { group: 'fan-out' },
      ),
      row(
        'handshake-close',
        'Handshake and closing handshake',
        'µs',
        { barewire: 35, ws: 74, 'ws+bufferutil': 74.2, bun: 20, 'node:net': 39 },
        [{ against: 'ws', ratio: 1.8 }],
        { group: 'handshake' },
      ),
      measure(
        'idle-10000',
        [
          series('barewire', [5100]),
          series('ws', [6500]),
          series('bun', [1900]),
          series('deno', [], { note: 'Deno is not installed.' }),
        ],
        {
          title: 'Memory of an idle connection, 10,000 connections',
          group: 'idle',
          unit: 'B/connection',
          goals: [
            { against: 'ws', ratio: 1.25 },
            { against: 'deno', ratio: 1 },
          ],
        },
      ),
      ...latency('latency-open-80', 'echo 125 B text, 64 connections, due at 80 % of its highest rate'),
    ],
    { notes: ['The generator’s ceiling was 410,000 messages/s; no server came within 80 % of it.'] },
  );
  const codecSubjects = (barewire: number, ws: number, bufferutil: number) => ({
    barewire,
    ws,
    'ws+bufferutil': bufferutil,
  });
  const twice = (ratio: number): Goal[] => [
    { against: 'ws', ratio },
    { against: 'ws+bufferutil', ratio },
  ];
  const decode = { group: 'decode' };
  const codec = results(
    [
      row(
        'decode-16-text-masked',
        'Decode 16 B ASCII text, masked, 64 KiB reads',
        'ns/frame',
        codecSubjects(78, 285, 277),
        twice(3),
        decode,
      ),
      row(
        'decode-1k-text-masked',
        'Decode 1 KiB ASCII text, masked, 64 KiB reads',
        'ns/frame',
        codecSubjects(221, 1587, 444),
        twice(2),
        decode,
      ),
      row(
        'decode-64k-text-masked',
        'Decode 64 KiB ASCII text, masked, 64 KiB reads',
        'GB/s',
        codecSubjects(9.6, 0.72, 6.5),
        twice(1.5),
        {
          ...decode,
          better: 'more',
        },
      ),
      row(
        'encode-0-binary-unmasked',
        'Encode an empty message, unmasked',
        'ns/frame',
        codecSubjects(41, 40.6, 41.3),
        [],
        {
          group: 'encode',
        },
      ),
      row('mask-64k', 'Mask 64 KiB in place', 'GB/s', codecSubjects(19.2, 0.84, 48), [], {
        group: 'mask',
        better: 'more',
      }),
    ],
    { kind: 'codec', command: 'node --import tsx bench/codec.bench.ts', duration: 96 },
  );
  const isolation = results(
    [
      measure('isolation-64m', [quietTrips('barewire', 1.9), quietTrips('ws', 410)], {
        title: 'While one peer sends 64 MiB messages: p99',
        group: 'isolation',
        unit: 'ms',
      }),
    ],
    { kind: 'isolation' },
  );
  return [codec, isolation, server];
}
