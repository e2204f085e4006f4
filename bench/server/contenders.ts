/**
 * Subjects in one row, each with its server, and what all rows have in common: one after the other does a step, and one
 * that fails drops out with a note while the others go on. Used by the jobs of server.bench.ts.
 */
import type { Series } from '../results.ts';
import { median } from '../statistics.ts';
import type { Pinning } from './pinning.ts';
import { type CpuSource, type GeneratorProcess, ServerProcess } from './processes.ts';
import type { ServerRow } from './rows.ts';
import type { Peer } from './subjects.ts';
import type { Workload } from './workload.ts';

/** How much of everything. */
export interface Plan {
  readonly quick: boolean;
  readonly rounds: number;
  /** Milliseconds of one round. */
  readonly roundTime: number;
  /** Milliseconds before the first. */
  readonly warmUp: number;
  /** What the least counts of messages, of warm-ups and of idle connections are multiplied with: 1, less in tests. */
  readonly scale: number;
  readonly pinning: Pinning;
  readonly source: CpuSource;
  /** The generator's compiled file. */
  readonly generator: string;
}

export class Contender {
  readonly peer: Peer;
  /** By the measure's id. */
  readonly samples = new Map<string, number[]>();
  readonly #also = new Map<string, number[]>();
  /** What was agreed on or has to be known. */
  note: string | undefined;
  /** Why it does not take part, or not any more. */
  failure: string | undefined;
  #server: ServerProcess | undefined;

  constructor(peer: Peer, row: ServerRow) {
    this.peer = peer;
    this.failure = peer.cannot(row);
  }

  get name(): string {
    return this.peer.subject.name;
  }

  /** @throws Error when it was not started */
  get server(): ServerProcess {
    if (this.#server === undefined) throw new Error('The server was not started.');
    return this.#server;
  }

  async start(row: ServerRow, plan: Plan): Promise<void> {
    this.#server = await ServerProcess.start(this.peer.command(row), plan.pinning, plan.source);
  }

  /** Opens the row's connections, and looks at one answer on each in full. */
  async open(generator: GeneratorProcess, workload: Workload): Promise<void> {
    const { dialect, check } = this.peer;
    const target = { name: this.name, port: this.server.port, dialect, check };
    const { extensions } = await generator.ask({ do: 'open', target, workload });
    if (workload.deflate) this.note = `agreed on ${extensions}`;
    if (workload.kind !== 'idle') await generator.ask({ do: 'check', name: this.name });
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  sample(measure: string, value: number): void {
    append(this.samples, measure, value);
  }

  add(name: string, value: number): void {
    append(this.#also, name, value);
  }

  series(measure: string): Series {
    const subject = this.name;
    if (this.failure !== undefined) return { subject, samples: [], also: {}, note: this.failure };
    const also = Object.fromEntries([...this.#also].map(([name, values]) => [name, median(values)]));
    const samples = this.samples.get(measure) ?? [];
    return { subject, samples, also, ...(this.note === undefined ? {} : { note: this.note }) };
  }
}

function append(lists: Map<string, number[]>, name: string, value: number): void {
  const values = lists.get(name) ?? [];
  lists.set(name, values);
  values.push(value);
}

/** One after the other, those that are still in it. */
export async function each(
  contenders: readonly Contender[],
  step: (contender: Contender) => Promise<void>,
): Promise<void> {
  for (const contender of contenders) {
    if (contender.failure !== undefined) continue;
    try {
      await step(contender);
    } catch (error) {
      contender.failure = error instanceof Error ? error.message : String(error);
    }
  }
}
