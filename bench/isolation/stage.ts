/**
 * One subject on the stage of the isolation bench: its server, its probe and its load, all connected, and one sample of
 * them after the other. Used by isolation.bench.ts.
 */
import type { LoadKind, LoadOrder, LoadReport, ProbeOrder, ProbeReport } from './orders.ts';
import { type Placement, ServerProcess, Worker } from './processes.ts';
import type { SubjectPlan } from './subjects.ts';

export interface Plan {
  readonly rounds: number;
  /** Milliseconds of each phase in each round. */
  readonly phase: number;
  /** The same for large messages, of which a server that holds the peer back gets one in eight seconds. */
  readonly largePhase: number;
  /** The same before, so that buffers have grown and functions are compiled, and after, for what a phase leaves behind. */
  readonly settling: number;
  /** How often a sample is taken until the machine was calm. */
  readonly tries: number;
}

const plans = {
  full: { rounds: 3, phase: 3000, largePhase: 9000, settling: 300, tries: 4 },
  quick: { rounds: 1, phase: 1500, largePhase: 9000, settling: 300, tries: 1 },
} as const satisfies Record<string, Plan>;

/** @param scale below 1 for tests, whose figures nobody reads */
export function planFor(quick: boolean, scale: number): Plan {
  const plan = quick ? plans.quick : plans.full;
  if (scale === 1) return plan;
  const { rounds, settling } = plan;
  const phase = Math.max(100, plan.phase * scale);
  return { rounds, phase, largePhase: phase, settling: settling * scale, tries: 1 };
}

/**
 * What tells that a sample is about the machine and not about the server: the bare echo's p99, in milliseconds, and the
 * share of the time for which the server was kept from its core. Such a sample is taken again; the calmest try counts.
 */
export const disturbing = { floor: 2, waiting: 0.05 } as const;
const quietConnections = 1000;
/** Messages each second on all of them together. */
const rate = 2000;
const members = 10_000;
const messageLength = 64 * 1024 * 1024;
const broadcastLength = 512;

export interface Sample {
  readonly probe: ProbeReport;
  readonly load: LoadReport;
  /** Shares of the server's time: running, and waiting for its core. */
  readonly ran: number;
  readonly waited: number;
}

const isReady = (value: unknown): value is 'ready' => value === 'ready';
const isProbeReport = (value: unknown): value is ProbeReport =>
  typeof value === 'object' && value !== null && 'trips' in value && 'floor' in value;
const isLoadReport = (value: unknown): value is LoadReport =>
  typeof value === 'object' && value !== null && 'amount' in value && 'spreading' in value;

/** How much the machine did beside, as a multiple of what is tolerated. */
export function disturbance({ probe, waited }: Sample): number {
  // Where nothing tells how long the server waited, the bare echo has to do.
  return Math.max(
    probe.floor.p99 / disturbing.floor,
    (Number.isNaN(waited) ? 0 : waited) / disturbing.waiting,
  );
}

/** One subject with its probe and its load, all connected. */
export class Stage {
  readonly #server: ServerProcess;
  readonly #probe: Worker<ProbeOrder>;
  readonly #load: Worker<LoadOrder>;

  private constructor(server: ServerProcess, probe: Worker<ProbeOrder>, load: Worker<LoadOrder>) {
    this.#server = server;
    this.#probe = probe;
    this.#load = load;
  }

  static async open(subject: SubjectPlan, floorPort: number, scale: number, on: Placement): Promise<Stage> {
    const server = await ServerProcess.start(subject.command, 'next', on, subject.environment);
    const stage = new Stage(
      server,
      await Worker.start('probe', 'first', on),
      await Worker.start('load', 'usual', on),
    );
    const { port } = server;
    const scaled = (amount: number): number => Math.max(1, Math.round(amount * scale));
    await stage.#probe.ask(
      { step: 'connect', port, floorPort, connections: scaled(quietConnections) },
      isReady,
    );
    const load = { members: scaled(members), messageLength: scaled(messageLength), broadcastLength };
    await stage.#load.ask({ step: 'connect', port, ...load }, isReady);
    return stage;
  }

  /** Counts the samples that were thrown away. */
  discarded = 0;

  async sample(kind: LoadKind, plan: Plan): Promise<Sample> {
    let best = await this.#sampleOnce(kind, plan);
    for (let count = 1; count < plan.tries && disturbance(best) > 1; count++) {
      const sample = await this.#sampleOnce(kind, plan);
      this.discarded++;
      if (disturbance(sample) < disturbance(best)) best = sample;
    }
    return best;
  }

  async #sampleOnce(kind: LoadKind, { phase, largePhase, settling }: Plan): Promise<Sample> {
    const milliseconds = kind === 'none' || kind.startsWith('broadcast') ? phase : largePhase;
    await this.#load.ask({ step: 'start', kind }, isReady);
    await this.#probe.ask({ step: 'measure', milliseconds: settling, rate }, isProbeReport);
    const before = this.#server.times();
    const start = performance.now();
    const probe = await this.#probe.ask({ step: 'measure', milliseconds, rate }, isProbeReport);
    const after = this.#server.times();
    const elapsed = performance.now() - start;
    const load = await this.#load.ask({ step: 'stop' }, isLoadReport);
    const share = (part: 'ran' | 'waited'): number =>
      before === undefined || after === undefined ? Number.NaN : (after[part] - before[part]) / elapsed;
    // What the phase has left behind is not the next one's.
    await this.#probe.ask({ step: 'measure', milliseconds: settling, rate }, isProbeReport);
    return { probe, load, ran: share('ran'), waited: share('waited') };
  }

  close(): void {
    this.#probe.stop();
    this.#load.stop();
    this.#server.stop();
  }
}
