/**
 * Programs of this repository as tests run them: in a process of their own, with what they print at hand. Waits for
 * output or for the end, never for time.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Default: the root of the repository. */
  readonly directory?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Default: this Node. */
  readonly program?: string;
  /** Whether it leads a process group of its own, as in a terminal; then signals go to the whole group. */
  readonly group?: boolean;
  /** Whether its standard input stays open for `write`. */
  readonly input?: boolean;
}

export class Program {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #group: boolean;
  /** Resolves when the process has ended and its output is complete. */
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';
  #over = false;
  readonly #waiting = new Set<() => void>();

  /** Runs `node`, or another program, with these arguments; its standard input is empty unless `input` says otherwise. */
  constructor(args: readonly string[], options: RunOptions = {}) {
    this.#child = spawn(options.program ?? process.execPath, args, {
      cwd: options.directory ?? root,
      env: options.environment ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: options.group === true,
    });
    this.#group = options.group === true;
    if (options.input !== true) this.#child.stdin.end();
    const wake = (): void => {
      for (const check of this.#waiting) check();
    };
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      wake();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      wake();
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        this.#over = true;
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
        wake();
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /**
   * Waits for what it prints to match: on standard output, or where it says. @throws Error with all output when the
   * process ends before
   */
  output(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const match = pattern.exec(stream === 'stdout' ? this.#stdout : this.#stderr);
        if (match === null && !this.#over) return;
        this.#waiting.delete(check);
        if (match !== null) resolve(match);
        else reject(new Error(`It ended without printing ${pattern}:\n${this.#stdout}${this.#stderr}`));
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Writes to its standard input. */
  write(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Ends its standard input. */
  endInput(): void {
    this.#child.stdin.end();
  }

  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (!this.#group) this.#child.kill(signal);
    else if (pid !== undefined && !this.#over) process.kill(-pid, signal);
  }

  /** Asks it to stop and waits until it has. */
  stop(): Promise<Ended> {
    this.signal('SIGTERM');
    return this.ended;
  }
}
