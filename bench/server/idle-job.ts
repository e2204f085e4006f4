/**
 * What a connection costs that does nothing: the server's resident memory with all of them less what it was before, in a
 * process that is new for each sample, garbage collected before both looks. A job of server.bench.ts.
 */
import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { Contender, each, type Plan } from './contenders.ts';
import type { Job } from './jobs.ts';
import { wrap } from './pinning.ts';
import { GeneratorProcess } from './processes.ts';
import { idleGoals, idleId } from './rows.ts';
import type { Peer } from './subjects.ts';
import type { Workload } from './workload.ts';

/**
 * Come and go before the first look, so that code and buffers that are there for all are not counted. Few, because what
 * they leave behind is used again and would be missing from what the others cost.
 */
const before = 100;
/**
 * Milliseconds of quiet before the looks: V8 gives the memory of its young generation back some ten seconds after the work
 * has ended. Without them, as in a quick run, a few KiB for each connection are what opening all of them left behind.
 */
const quiet = 16_000;
/** Looks, this many milliseconds apart, until two are the same. */
const looks = 12;
const pause = 150;
/** Subjects at one time: so many times all connections, twice, must fit into the kernel’s memory. */
const sideBySide = 3;

/** File descriptors that a process which we start may have. */
export function descriptorLimit(): number {
  const [program, args] = wrap(undefined, false, 'sh', ['-c', 'ulimit -n']);
  const text = spawnSync(program, args, { encoding: 'utf8' }).stdout ?? '';
  const limit = Number.parseInt(text, 10);
  return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit;
}

export function idleConnections(plan: Plan): number {
  const wanted = (plan.quick ? 2000 : 10_000) * plan.scale;
  return Math.max(1, Math.min(Math.round(wanted), descriptorLimit() - 200));
}

/** Resident octets when they have stopped to change by more than a thousandth. */
async function settled(contender: Contender, quietly: boolean): Promise<number> {
  await contender.server.usage(true);
  if (quietly) await wait(quiet);
  let { memory } = await contender.server.usage(true);
  for (let look = 0; look < looks; look++) {
    await wait(pause);
    const next = (await contender.server.usage(true)).memory;
    const still = Math.abs(next - memory) <= memory / 1000;
    memory = next;
    if (still) break;
  }
  return memory;
}

export function idleJob(peers: readonly Peer[], plan: Plan): Job {
  const rounds = plan.quick ? 1 : Math.min(3, plan.rounds);
  const connections = idleConnections(plan);
  const workload = (count: number): Workload => ({
    kind: 'idle',
    payload: 'text',
    payloadLength: 0,
    connections: count,
    depth: 1,
    deflate: false,
  });
  const row = { workload: workload(connections) };
  const quietly = !plan.quick && plan.scale === 1;

  async function sample(contender: Contender): Promise<void> {
    const { name } = contender;
    const generator = new GeneratorProcess(plan.generator, plan.pinning);
    try {
      await contender.start(row, plan);
      await contender.open(generator, workload(Math.min(before, connections)));
      await generator.ask({ do: 'close', name });
      const empty = await settled(contender, quietly);
      await contender.open(generator, row.workload);
      const full = await settled(contender, quietly);
      contender.sample(idleId, (full - empty) / connections);
      contender.add('connections', connections);
      contender.add('MiB before', empty / 2 ** 20);
    } finally {
      await generator.stop();
      await contender.stop();
    }
  }

  return {
    ids: [idleId],
    steps: peers.length * rounds,
    async run(step) {
      const contenders = peers.map((peer) => new Contender(peer, row));
      for (let round = 0; round < rounds; round++) {
        // Some side by side, for most of it is waiting, and what others do does not change what is resident.
        for (let first = 0; first < contenders.length; first += sideBySide) {
          const group = contenders.slice(first, first + sideBySide);
          await Promise.all(
            group.map((contender) =>
              each([contender], async () => {
                await sample(contender);
                step(`${idleId} ${contender.name}`);
              }),
            ),
          );
        }
      }
      const series = contenders.map((contender) => contender.series(idleId));
      const title = `Resident memory of an idle connection, ${connections.toLocaleString('en')} of them`;
      const about = { id: idleId, title, group: 'idle', unit: 'B/connection', better: 'less' } as const;
      return [{ ...about, goals: [...idleGoals], series }];
    },
  };
}
