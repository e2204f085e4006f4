/**
 * The rows that put load on servers, as jobs of server.bench.ts: microseconds of the server's CPU for each message, and
 * latencies. All subjects have their server and their connections at one time, and have their rounds in turn.
 */
import type { Measure } from '../results.ts';
import { median } from '../statistics.ts';
import { Contender, each, type Plan } from './contenders.ts';
import { GeneratorProcess } from './processes.ts';
import { latencyId, latencyLoads, latencyPercentiles, latencyWorkload, type Row } from './rows.ts';
import type { Peer } from './subjects.ts';
import type { Workload } from './workload.ts';

export interface Job {
  /** Of the measures that it makes. */
  readonly ids: readonly string[];
  readonly steps: number;
  /** @param deadline of performance.now(), after which no third round begins */
  run(step: (what: string) => void, deadline: number): Promise<Measure[]>;
}

interface Counted {
  readonly messages: number;
  /** Milliseconds. */
  readonly elapsed: number;
  /** Microseconds of the server's CPU. */
  readonly cpu: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** One round of one subject, between two looks at what its server has used. */
async function round(
  contender: Contender,
  generator: GeneratorProcess,
  milliseconds: number,
  minimum: number,
  rate?: number,
): Promise<Counted> {
  const before = await contender.server.usage();
  const wish = { do: 'round', name: contender.name, milliseconds, minimum } as const;
  const { figures } = await generator.ask(rate === undefined ? wish : { ...wish, rate });
  const after = await contender.server.usage();
  const { messages = 0, elapsed = 0 } = figures;
  return { messages, elapsed, cpu: after.cpu - before.cpu, figures };
}

/** Two rounds are the least that tell a spread. */
function tooLate(rounds: number, deadline: number): boolean {
  return rounds >= 2 && performance.now() > deadline;
}

async function withGenerator(
  contenders: readonly Contender[],
  plan: Plan,
  run: (generator: GeneratorProcess) => Promise<void>,
): Promise<void> {
  const generator = new GeneratorProcess(plan.generator, plan.pinning);
  try {
    await run(generator);
    // The gate at the end: still right after all that.
    await each(contenders, async ({ name }) => void (await generator.ask({ do: 'check', name })));
  } finally {
    await generator.stop();
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

/** A fan-out to fewer, in a test. */
function scaled(workload: Workload, scale: number): Workload {
  if (workload.kind !== 'fanout') return workload;
  return { ...workload, connections: Math.max(2, Math.round(workload.connections * scale)) };
}

export function loadJob(row: Row, peers: readonly Peer[], plan: Plan): Job {
  const { id, title, group, unit, octets } = row;
  const workload = scaled(row.workload, plan.scale);
  const [minimum, warmUp] = [row.minimum * plan.scale, row.warmUp * plan.scale];
  return {
    ids: [id, ...(octets === undefined ? [] : [octets.id])],
    steps: peers.length * plan.rounds,
    async run(step, deadline) {
      const contenders = peers.map((peer) => new Contender(peer, row));
      await withGenerator(contenders, plan, async (generator) => {
        await each(contenders, async (contender) => {
          await contender.start(row, plan);
          await contender.open(generator, workload);
          // Without a least count the gate before was enough: one batch is long.
          if (warmUp > 0) await round(contender, generator, plan.warmUp, warmUp);
        });
        for (let number = 0; number < plan.rounds && !tooLate(number, deadline); number++) {
          await each(contenders, async (contender) => {
            const { messages, elapsed, cpu, figures } = await round(
              contender,
              generator,
              plan.roundTime,
              minimum,
            );
            contender.sample(id, cpu / messages);
            contender.add('messages/s', (messages / elapsed) * 1000);
            contender.add('server load', cpu / 1000 / elapsed);
            contender.add('generator load', (figures.cpu ?? Number.NaN) / elapsed);
            if (octets !== undefined) contender.sample(octets.id, (figures.octetsReceived ?? 0) / messages);
            step(`${id} ${contender.name}`);
          });
        }
      });
      const better = 'less' as const;
      const series = contenders.map((contender) => contender.series(id));
      const measures: Measure[] = [{ id, title, group, unit, better, goals: [...row.goals], series }];
      if (octets !== undefined) {
        const wire = contenders.map((contender) => ({ ...contender.series(octets.id), also: {} }));
        const plain = { subject: 'uncompressed', samples: [octets.uncompressed], also: {} };
        const about = {
          id: octets.id,
          title: octets.title,
          group,
          unit: 'B',
          better,
          goals: [...octets.goals],
        };
        measures.push({ ...about, series: [...wire, plain] });
      }
      return measures;
    },
  };
}

const percentileNames = { p50: 'p50', p90: 'p90', p99: 'p99', p999: 'p99.9' } as const;

export function latencyJob(peers: readonly Peer[], plan: Plan, wanted: (id: string) => boolean): Job {
  const loads = latencyLoads.filter((load) =>
    latencyPercentiles.some((percentile) => wanted(latencyId(load, percentile))),
  );
  const combinations = loads.flatMap((load) =>
    latencyPercentiles.map((percentile) => ({ load, percentile })),
  );
  const row = { workload: latencyWorkload };
  const minimum = 2000 * plan.scale;
  return {
    ids: combinations.map(({ load, percentile }) => latencyId(load, percentile)),
    steps: peers.length * loads.length * plan.rounds,
    async run(step, deadline) {
      const contenders = peers.map((peer) => new Contender(peer, row));
      const highest = new Map<Contender, number>();
      await withGenerator(contenders, plan, async (generator) => {
        await each(contenders, async (contender) => {
          await contender.start(row, plan);
          await contender.open(generator, row.workload);
          await round(contender, generator, plan.warmUp, 3 * minimum);
          const rates: number[] = [];
          for (let number = 0; number < 3; number++) {
            const { messages, elapsed } = await round(contender, generator, plan.roundTime, minimum);
            rates.push((messages / elapsed) * 1000);
          }
          highest.set(contender, median(rates));
        });
        for (let number = 0; number < plan.rounds && !tooLate(number, deadline); number++) {
          for (const load of loads) {
            await each(contenders, async (contender) => {
              const rate = load === 'closed' ? undefined : ((highest.get(contender) ?? 0) * load) / 100;
              const counted = await round(contender, generator, plan.roundTime, minimum, rate);
              for (const percentile of latencyPercentiles) {
                contender.sample(latencyId(load, percentile), counted.figures[percentile] ?? Number.NaN);
              }
              step(`latency, ${load === 'closed' ? load : `${load} %`} ${contender.name}`);
            });
          }
        }
      });
      return combinations.map(({ load, percentile }) => {
        const how = load === 'closed' ? 'closed loop' : `due at ${load} % of its highest rate`;
        const id = latencyId(load, percentile);
        const series = contenders.map((contender) => {
          const share = load === 'closed' ? 1 : load / 100;
          const also = { 'messages/s': (highest.get(contender) ?? 0) * share };
          return { ...contender.series(id), also };
        });
        const title = `${percentileNames[percentile]} of echo 125 B text, 64 connections, ${how}`;
        return { id, title, group: 'latency', unit: 'ms', better: 'less', goals: [], series };
      });
    },
  };
}
