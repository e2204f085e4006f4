/**
 * The two kinds of processes that the driver starts: a server to measure, which it can ask what it has used, and the
 * generator. Called by server.bench.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import * as v from 'valibot';
import { type Pinning, wrap } from './pinning.ts';
import { type Answer, answerSchema, type Request } from './workload.ts';

export interface Usage {
  /** Microseconds, all threads together, since the process began. */
  readonly cpu: number;
  /** Octets of resident memory. */
  readonly memory: number;
}

/** Where CPU time comes from, the best first. */
export type CpuSource = 'schedstat' | 'process';

export function findCpuSource(): CpuSource {
  return cpuFromSchedstat(process.pid) === undefined ? 'process' : 'schedstat';
}

/** Of all threads, from nanoseconds that the scheduler counts (proc(5)); undefined where that is not told. */
function cpuFromSchedstat(pid: number): number | undefined {
  try {
    let nanoseconds = 0;
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
    }
    return nanoseconds > 0 ? nanoseconds / 1000 : undefined;
  } catch {
    return undefined;
  }
}

function memoryFromProc(pid: number): number | undefined {
  try {
    const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** How long a server may take to start, or either process to answer, before it counts as hung. Milliseconds. */
const patience = 120_000;

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #source: CpuSource;
  #output = '';
  #errors = '';
  #ended = false;
  #look: () => void = () => {};
  port = 0;

  private constructor(command: ServerCommand, pinning: Pinning, source: CpuSource) {
    const [program, args] = wrap(pinning.server, pinning.realtime, command.program, command.args);
    this.#source = source;
    this.#child = spawn(program, args, { env: command.environment, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#look();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-2000);
    });
    this.#child.stdin?.on('error', () => {});
    const ended = (): void => {
      this.#ended = true;
      this.#look();
    };
    this.#child.once('error', ended);
    this.#child.once('close', ended);
  }

  static async start(command: ServerCommand, pinning: Pinning, source: CpuSource): Promise<ServerProcess> {
    const server = new ServerProcess(command, pinning, source);
    const [, port] = await server.#line(/^listening (\d+)\n/);
    server.port = Number(port);
    return server;
  }

  /** @param collect whether garbage is collected before */
  async usage(collect = false): Promise<Usage> {
    const pid = this.#child.pid ?? 0;
    if (!collect && this.#source === 'schedstat') {
      return { cpu: cpuFromSchedstat(pid) ?? Number.NaN, memory: memoryFromProc(pid) ?? Number.NaN };
    }
    this.#child.stdin?.write(collect ? 'collect\n' : 'usage\n');
    const [, cpu, memory] = await this.#line(/^usage (\d+) (\d+)\n/);
    return { cpu: Number(cpu), memory: memoryFromProc(pid) ?? Number(memory) };
  }

  /** Ends it and waits until it has ended. */
  stop(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      this.#child.kill('SIGKILL');
    });
  }

  /** Takes the next lines that match. */
  #line(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const fail = (what: string): void => {
        this.#look = () => {};
        clearTimeout(timer);
        reject(new Error(`The server ${what}. ${this.#errors.trim()}`.trim()));
      };
      const timer = setTimeout(() => fail('did not answer its driver'), patience);
      this.#look = () => {
        const match = pattern.exec(this.#output);
        if (match !== null) {
          this.#output = this.#output.slice(match.index + match[0].length);
          this.#look = () => {};
          clearTimeout(timer);
          resolve(match);
        } else if (this.#ended) fail('ended by itself');
      };
      this.#look();
    });
  }
}

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;

export class GeneratorProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #last = 0;

  constructor(program: string, pinning: Pinning) {
    const flags = ['--max-semi-space-size=64', program];
    const [command, args] = wrap(pinning.generator, pinning.realtime, process.execPath, flags);
    this.#child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => {
      const answer = v.parse(answerSchema, message);
      this.#waiting.get(answer.id)?.(answer);
    });
    const ended = (): void => {
      for (const [id, answer] of this.#waiting) answer({ id, figures: {}, error: 'The generator ended.' });
    };
    this.#child.once('error', ended);
    this.#child.once('exit', ended);
  }

  /** @throws Error with what the generator found wrong */
  ask(request: WithoutId<Request>): Promise<Answer> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () =>
          this.#waiting.get(id)?.({ id, figures: {}, error: 'An answer is missing: the round did not end.' }),
        patience,
      );
      this.#waiting.set(id, (answer) => {
        this.#waiting.delete(id);
        clearTimeout(timer);
        if (answer.error === undefined) resolve(answer);
        else reject(new Error(answer.error));
      });
      if (this.#child.connected) this.#child.send({ id, ...request });
      else this.#waiting.get(id)?.({ id, figures: {}, error: 'The generator ended.' });
    });
  }

  stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      this.#child.kill('SIGKILL');
    });
  }
}
