/**
 * What every measured server in bench/peers has in common: its flags, the line by which it tells its port, and what the
 * driver asks on standard input: `usage`, or `collect`, which collects garbage before it. The answer is one line with
 * microseconds of CPU and octets of resident memory. When standard input ends, so does the process: none outlives its
 * driver. Runs in Node, Bun and Deno.
 */
import process from 'node:process';
import { createInterface } from 'node:readline';

/** Octets in one message that each server takes, and more than any row sends. */
export const maxMessageLength = 64 * 1024 * 1024;
/** zlib's level wherever it can be chosen: its own default. */
export const deflateLevel = 6;

export interface PeerFlags {
  readonly deflate: boolean;
  /** Octets of one request and of its answer on the wire; for the server that reads nothing. */
  readonly request: number;
  readonly answer: number;
  /** Directory where a library that is no dependency of ours is installed. */
  readonly library: string;
}

export function readPeerFlags(): PeerFlags {
  const args = process.argv.slice(2);
  const value = (name: string): string => (args.includes(name) ? (args[args.indexOf(name) + 1] ?? '') : '');
  return {
    deflate: args.includes('--deflate'),
    request: Number(value('--request')),
    answer: Number(value('--answer')),
    library: value('--library'),
  };
}

/** Bun's and Node's ways to collect garbage; Node and Deno need `--expose-gc`. */
interface Collecting {
  readonly gc?: (() => unknown) | undefined;
  readonly Bun?: { gc(force: boolean): void };
}

function collect(): void {
  const runtime: Collecting = globalThis;
  for (let round = 0; round < 4; round++) {
    if (runtime.Bun === undefined) runtime.gc?.();
    else runtime.Bun.gc(true);
  }
}

/** Says that it listens, and answers the driver from then on. */
export function listening(port: number): void {
  console.log(`listening ${port}`);
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    if (line === 'collect') collect();
    const { user, system } = process.cpuUsage();
    console.log(`usage ${user + system} ${process.memoryUsage().rss}`);
  });
  lines.on('close', () => process.exit(0));
}
