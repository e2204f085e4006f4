/**
 * The rows of server.bench.ts: what each does, how it is named, and what is aimed for. The goals are those of the
 * project's plan, as ratios within one run; "level" is within 10 %, 0.9.
 */
import type { Goal } from '../results.ts';
import { serverFrameLength } from './frames.ts';
import type { Workload } from './workload.ts';

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly unit: string;
  readonly goals: readonly Goal[];
  readonly workload: Workload;
  /** Messages, deliveries or handshakes that a round has at least. */
  readonly minimum: number;
  /** And before the first round, until the code is compiled. */
  readonly warmUp: number;
  /** A second measure from the same rounds: octets on the wire for each message or delivery. */
  readonly octets?: {
    readonly id: string;
    readonly title: string;
    readonly goals: readonly Goal[];
    /** What it would be without compression. */
    readonly uncompressed: number;
  };
  /** Whether our own build is measured twice, to show what is noise. */
  readonly noise: boolean;
  /** Names of the subjects that `--quick` measures; without any it leaves the row out. */
  readonly quick: readonly string[];
}

const level = 0.9;

/** Those that the goals name. */
const few = ['barewire', 'ws', 'bun'];
/** And the one that tells what the generator can do. */
const withCeiling = [...few, 'node:net'];
/** And the one that matters where masking does. */
const withNative = [...few, 'ws+bufferutil'];
export const quickIdle: readonly string[] = few;

function goals(ratios: Readonly<Record<string, number>>): Goal[] {
  return Object.entries(ratios).map(([against, ratio]) => ({ against, ratio }));
}

interface Difference {
  readonly noise?: boolean;
  readonly quick?: readonly string[];
  readonly deflate?: boolean;
}

const sizes: ReadonlyMap<number, string> = new Map([
  [64, '64 B'],
  [125, '125 B'],
  [1024, '1 KiB'],
  [16_384, '16 KiB'],
  [1_048_576, '1 MiB'],
]);

function echo(
  id: string,
  payload: Workload['payload'],
  payloadLength: number,
  connections: number,
  depth: number,
  aimed: Goal[],
  { noise = false, quick = few, deflate = false }: Difference = {},
): Row {
  const kind = payload === 'json' ? 'JSON' : payload;
  const people = connections === 1 ? '1 connection' : `${connections} connections`;
  const minimum = deflate
    ? 1000
    : payloadLength > 100_000
      ? 2 * depth
      : payloadLength > 10_000
        ? 1500
        : depth > 1
          ? 20_000
          : 3000;
  const flight = depth === 1 ? 'one in flight' : `${depth} in flight`;
  return {
    id,
    title: `Echo ${sizes.get(payloadLength)} ${kind}${deflate ? ' with deflate and context' : ''}, ${people}, ${flight}`,
    group: deflate ? 'deflate' : 'echo',
    unit: 'µs',
    goals: aimed,
    workload: { kind: 'echo', payload, payloadLength, connections, depth, deflate },
    minimum,
    warmUp: depth === 1 ? 8 * minimum : 4 * minimum,
    noise,
    quick,
  };
}

/** Unit: microseconds of the server's CPU for each message, delivery or handshake. */
export const rows: readonly Row[] = [
  echo('echo-125-64x1', 'text', 125, 64, 1, goals({ ws: 1.25 }), { noise: true, quick: withCeiling }),
  echo('echo-125-1x32', 'text', 125, 1, 32, goals({ ws: 10, bun: level })),
  echo('echo-125-64x32', 'text', 125, 64, 32, goals({ ws: 12, bun: level }), {
    noise: true,
    quick: withCeiling,
  }),
  echo('echo-125-binary-64x32', 'binary', 125, 64, 32, [], { quick: [] }),
  echo('echo-1k-text-64x1', 'text', 1024, 64, 1, goals({ ws: 1.35 }), { quick: withNative }),
  echo('echo-16k-64x1', 'binary', 16_384, 64, 1, goals({ ws: 3, 'ws+bufferutil': 1.3, bun: level }), {
    quick: withNative,
  }),
  echo('echo-16k-text-64x1', 'text', 16_384, 64, 1, [], { quick: [] }),
  echo('echo-1m-binary-1x32', 'binary', 1_048_576, 1, 32, goals({ 'ws+bufferutil': 1, bun: 1 }), {
    quick: withNative,
  }),
  {
    id: 'fanout-1000-64x16',
    title: 'Fan-out of 64 B text to 1,000, 16 in flight, per delivery',
    group: 'fan-out',
    unit: 'µs',
    goals: goals({ ws: 16 }),
    workload: {
      kind: 'fanout',
      payload: 'text',
      payloadLength: 64,
      connections: 1000,
      depth: 16,
      deflate: false,
    },
    minimum: 64_000,
    warmUp: 200_000,
    noise: false,
    quick: withCeiling,
  },
  {
    id: 'fanout-1000-1k-deflate',
    title: 'Fan-out of 1 KiB JSON with deflate to 1,000, 16 in flight, per delivery',
    group: 'deflate',
    unit: 'µs',
    goals: goals({ ws: 20 }),
    octets: {
      id: 'fanout-1000-1k-deflate-bytes',
      title: 'Octets on the wire for each of these deliveries',
      goals: goals({ uncompressed: 4 }),
      uncompressed: serverFrameLength(1024),
    },
    workload: {
      kind: 'fanout',
      payload: 'json',
      payloadLength: 1024,
      connections: 1000,
      depth: 16,
      deflate: true,
    },
    minimum: 16_000,
    warmUp: 0,
    noise: false,
    quick: few,
  },
  {
    id: 'handshake-close',
    title: 'Opening handshake and close, 32 connections at a time',
    group: 'handshake',
    unit: 'µs',
    goals: goals({ ws: 1.8 }),
    workload: {
      kind: 'handshake',
      payload: 'text',
      payloadLength: 0,
      connections: 32,
      depth: 1,
      deflate: false,
    },
    minimum: 400,
    warmUp: 6000,
    noise: false,
    quick: few,
  },
  echo('echo-1k-json-deflate', 'json', 1024, 64, 1, goals({ ws: 2.5 }), { deflate: true }),
];

/** Latency: one row of rounds, and a measure for each load and percentile. */
export const latencyWorkload: Workload = {
  kind: 'latency',
  payload: 'text',
  payloadLength: 125,
  connections: 64,
  depth: 1,
  deflate: false,
};
/** Shares of each subject's own highest rate at which messages are due; `closed` goes by the answers. */
export const latencyLoads = ['closed', 50, 80, 95] as const;
export const latencyPercentiles = ['p50', 'p90', 'p99', 'p999'] as const;

export function latencyId(load: (typeof latencyLoads)[number], percentile: string): string {
  return `latency-${load === 'closed' ? load : `open-${load}`}-${percentile}`;
}

export const idleId = 'idle-10000';
export const idleGoals: readonly Goal[] = goals({ ws: 1.25 });

/** What has to be known to start a server for a row. */
export type ServerRow = Pick<Row, 'workload'>;
