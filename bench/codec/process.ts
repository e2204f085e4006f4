/** A subject of the codec bench in its process, as its parent has it. Called by codec.bench.ts and gate.ts. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Answer, Order } from './worker.ts';

export const subjectNames = ['barewire', 'ws', 'ws+bufferutil'] as const;
export type SubjectName = (typeof subjectNames)[number];

/** What the processes are run with: `gc` is there for cases with large frames. */
export const flags = ['--expose-gc'];

const isAnswer = (value: unknown): value is Answer =>
  typeof value === 'object' && value !== null && 'nanoseconds' in value && 'allocated' in value;

export class SubjectProcess {
  readonly name: SubjectName;
  readonly #child: ChildProcess;

  private constructor(name: SubjectName, child: ChildProcess) {
    this.name = name;
    this.#child = child;
  }

  /**
   * Starts it and waits until it takes orders.
   * @param program the bundled worker
   */
  static async start(name: SubjectName, program: string): Promise<SubjectProcess> {
    // ws takes bufferutil whenever it finds it, unless it is told not to.
    const { WS_NO_BUFFER_UTIL: _, ...environment } = process.env;
    const child = fork(program, [name], {
      execArgv: flags,
      env: name === 'ws' ? { ...environment, WS_NO_BUFFER_UTIL: '1' } : environment,
    });
    const started = new SubjectProcess(name, child);
    await started.#next();
    return started;
  }

  /** The next thing that it says. @throws Error when it ends instead */
  async #next(): Promise<unknown> {
    const abort = new AbortController();
    const ended = once(this.#child, 'exit', abort).then(() => {
      throw new Error(`The process of ${this.name} ended before it was asked to.`);
    });
    try {
      const [value]: unknown[] = await Promise.race([once(this.#child, 'message', abort), ended]);
      return value;
    } finally {
      ended.catch(() => {});
      abort.abort();
    }
  }

  /** @throws Error when what the subject hands out is not what it should be */
  async ask(order: Order): Promise<Answer> {
    this.#child.send(order);
    const value = await this.#next();
    if (isAnswer(value)) return value;
    const error = typeof value === 'object' && value !== null && 'error' in value ? value.error : value;
    throw new Error(`${this.name}: ${error}`);
  }

  stop(): void {
    this.#child.kill();
  }
}
