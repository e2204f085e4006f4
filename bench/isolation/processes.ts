/**
 * The processes of the isolation bench: where they run, with which priority, and how they are talked to. The main
 * thread of the server has one core, with the bare echo; the probe and the load have the other, and the probe goes first.
 * Used by isolation.bench.ts.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { getuid } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Answer } from './orders.ts';

/** Who is how urgent: who measures, who is measured, who makes load; all of them before what is not ours. */
export type Priority = 'first' | 'next' | 'usual';

function works(...command: string[]): boolean {
  const [program = '', ...rest] = command;
  return spawnSync(program, [...rest, 'true'], { stdio: 'ignore' }).status === 0;
}

const niceness = { first: '-18', next: '-15', usual: '-10' } as const satisfies Record<Priority, string>;

/** What this machine lets us do. */
export interface Placement {
  readonly pins: boolean;
  readonly realTime: boolean;
  /** Whether the server, too, runs before everything else on the machine. */
  readonly realTimeServer: boolean;
  readonly nice: boolean;
}

/** @param realtime whether the server is to run before everything else on the machine, where that is allowed */
export function placement(realtime: boolean): Placement {
  const realTime = works('chrt', '-f', '10');
  return {
    pins: availableParallelism() > 1 && works('taskset', '-c', '1'),
    realTime,
    realTimeServer: realTime && realtime,
    nice: getuid?.() === 0 && works('nice', '-n', '-15') && existsSync('/proc/self/task'),
  };
}

/** One sentence on where everything ran, for the notes of the results. */
export function describePlacement({ pins, realTime, realTimeServer, nice }: Placement): string {
  const where = pins
    ? 'The main thread of the server had core 0, with the bare echo, and its other threads either; probe and load had core 1'
    : 'No process was pinned to a core';
  const first = realTime
    ? `probe and bare echo${realTimeServer ? ', and behind them the server,' : ''} ran under SCHED_FIFO`
    : nice
      ? 'probe and bare echo had the highest niceness'
      : 'no process had a priority of its own, so the figures hold what the scheduler did';
  return `${where}; ${first}${nice ? ', server and load went before the rest by niceness' : ''}.`;
}

/**
 * Gives a process that has started its place. Who measures runs under SCHED_FIFO where that is allowed, because niceness
 * alone lets a busy process finish its slice of some milliseconds first. That is for the main thread alone, and not
 * before the start is over: a thread that spins for another one of the same core would keep the core for ever. Such
 * a process is made with `--single-threaded`, sleeps most of the time, and ends without waiting for its threads.
 */
function place(pid: number, core: 0 | 1, priority: Priority, on: Placement): void {
  const { pins, realTime, realTimeServer, nice } = on;
  const id = String(pid);
  const run = (program: string, ...rest: string[]): void => {
    const { status, stderr } = spawnSync(program, rest, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} ${rest.join(' ')} failed: ${stderr}`);
  };
  if (pins) run('taskset', '-a', '-c', '-p', String(core), id);
  // What else a server's process does, as clearing away garbage, it may do where there is room, as anywhere.
  if (pins && priority === 'next') {
    for (const thread of readdirSync(`/proc/${id}/task`)) {
      if (thread !== id) run('taskset', '-c', '-p', '0,1', thread);
    }
  }
  if (priority === 'first' && realTime) run('chrt', '-f', '-p', '10', id);
  if (priority === 'next' && realTimeServer) run('chrt', '-f', '-p', '5', id);
  if (!nice) return;
  run('renice', '-n', niceness[priority], '-p', ...readdirSync(`/proc/${id}/task`));
  // Where the kernel groups processes by session, niceness counts within the session, and the group has its own.
  const group = `/proc/${id}/autogroup`;
  if (existsSync(group)) writeFileSync(group, niceness[priority]);
}

const own = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** For processes that measure: see place. */
export const quietFlags = ['--single-threaded'] as const;

/** A command that runs one of the TypeScript files here. */
export function nodeCommand(file: string, ...flags: string[]): string[] {
  return [process.execPath, ...flags, '--import', 'tsx', own(file)];
}

/** A server in a process of its own. */
export class ServerProcess {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Starts it and waits until it listens. @throws Error when it ends instead */
  static async start(
    command: readonly string[],
    priority: Priority,
    on: Placement,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<ServerProcess> {
    const [program = '', ...rest] = command;
    const env = { ...process.env, ...environment };
    const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'], env, detached: true });
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) {
      const port = /^listening (\d+)$/.exec(line)?.[1];
      if (port === undefined) continue;
      if (child.pid !== undefined) place(child.pid, 0, priority, on);
      return new ServerProcess(child, Number(port));
    }
    throw new Error(`${command.join(' ')} ended before it listened.`);
  }

  /** Milliseconds that its main thread has run, and has waited for a core; undefined where nothing tells. */
  times(): { ran: number; waited: number } | undefined {
    try {
      const [ran, waited] = readFileSync(`/proc/${this.#child.pid}/schedstat`, 'latin1').split(' ');
      return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6 };
    } catch {
      return undefined;
    }
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

/** A process that takes orders. */
export class Worker<Order extends object> {
  readonly #name: string;
  readonly #child: ChildProcess;

  private constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
  }

  static async start<Order extends object>(
    name: 'probe' | 'load',
    priority: Priority,
    on: Placement,
  ): Promise<Worker<Order>> {
    const [program = '', ...rest] = nodeCommand(`./${name}.ts`, ...(priority === 'first' ? quietFlags : []));
    const child = spawn(program, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true });
    const worker = new Worker<Order>(name, child);
    await worker.#answer();
    if (child.pid !== undefined) place(child.pid, 1, priority, on);
    return worker;
  }

  /** @throws Error when the worker has failed */
  async ask<Value extends Extract<Answer, { value: unknown }>['value']>(
    order: Order,
    is: (value: unknown) => value is Value,
  ): Promise<Value> {
    this.#child.send(order);
    const value = await this.#answer();
    if (is(value)) return value;
    throw new TypeError(`The ${this.#name} said ${JSON.stringify(value)}.`);
  }

  async #answer(): Promise<unknown> {
    const abort = new AbortController();
    const ended = once(this.#child, 'exit', { signal: abort.signal }).then(() => {
      throw new Error(`The process of the ${this.#name} ended before it was asked to.`);
    });
    ended.catch(() => {});
    const [answer]: unknown[] = await Promise.race([once(this.#child, 'message'), ended]);
    abort.abort();
    if (typeof answer === 'object' && answer !== null) {
      if ('error' in answer) throw new Error(`The ${this.#name} failed: ${answer.error}`);
      if ('value' in answer) return answer.value;
    }
    throw new TypeError(`The ${this.#name} said ${JSON.stringify(answer)}.`);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
