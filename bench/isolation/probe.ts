/**
 * The process that looks: it holds the quiet connections, sends a small message on one of them now and then, and times
 * the round trips. Open loop: what is sent, and when, does not depend on answers. A message is timed from the moment of
 * its write; how far that lies behind the moment that was meant is told apart, because a send waits for nothing of the
 * server's, so only the probe itself can be late. Started by isolation.bench.ts with high priority.
 */
import type { Socket } from 'node:net';
import { quantile } from '../statistics.ts';
import { type Percentiles, type ProbeOrder, type ProbeReport, serve } from './orders.ts';
import { clientFrame, expectClosing, open, openMany } from './sockets.ts';

const payload = Buffer.alloc(64, 'a quiet message. ');
const request = clientFrame(1, payload);
/** A server's frame of the same payload: two octets of header. */
const answerLength = 2 + payload.length;
const floorLength = 64;
const floorRequest = Buffer.alloc(floorLength, 'x');
/** Every so many messages one goes to the bare echo. */
const floorShare = 8;
/** After the last send, answers are waited for this long. */
const patience = 10_000;

/** One connection, on which answers come in the order of the messages. */
class Line {
  socket: Socket | undefined;
  readonly #answerLength: number;
  readonly #sentAt: number[] = [];
  #octets = 0;
  readonly #trips: () => number[];

  constructor(length: number, trips: () => number[]) {
    this.#answerLength = length;
    this.#trips = trips;
  }

  get waiting(): boolean {
    return this.#sentAt.length > 0;
  }

  send(frame: Buffer): void {
    this.#sentAt.push(performance.now());
    this.socket?.write(frame);
  }

  received(octets: Uint8Array): void {
    const now = performance.now();
    this.#octets += octets.length;
    while (this.#octets >= this.#answerLength) {
      this.#octets -= this.#answerLength;
      const sentAt = this.#sentAt.shift();
      if (sentAt === undefined) throw new Error('A quiet connection got more than it asked for.');
      this.#trips().push(now - sentAt);
    }
  }
}

let trips: number[] = [];
let floorTrips: number[] = [];
let lines: Line[] = [];
const floor = new Line(floorLength, () => floorTrips);

async function connectAll(port: number, floorPort: number, connections: number): Promise<void> {
  lines = Array.from({ length: connections }, () => new Line(answerLength, () => trips));
  const sockets = await openMany(port, '/quiet', connections, (index, octets) =>
    lines[index]?.received(octets),
  );
  sockets.forEach((socket, index) => {
    const line = lines[index];
    if (line !== undefined) line.socket = socket;
  });
  floor.socket = await open(floorPort, undefined, (octets) => floor.received(octets));
}

function percentiles(values: readonly number[]): Percentiles {
  const at = (share: number): number => (values.length === 0 ? 0 : quantile(values, share));
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) };
}

async function measure(milliseconds: number, rate: number): Promise<ProbeReport> {
  trips = [];
  floorTrips = [];
  const lateness: number[] = [];
  let sent = 0;
  const interval = 1000 / rate;
  const start = performance.now() + 1;
  // A step of a prime spreads the messages over the connections, so that neighbours do not follow each other.
  const step = 389;
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      for (let meant = start + sent * interval; meant <= performance.now(); meant += interval) {
        if (meant - start >= milliseconds) {
          resolve();
          return;
        }
        lateness.push(performance.now() - meant);
        if (sent % floorShare === 0) floor.send(floorRequest);
        else lines[(sent * step) % lines.length]?.send(request);
        sent++;
      }
      setTimeout(tick, 1);
    };
    tick();
  });
  const until = performance.now() + patience;
  while (lines.some(({ waiting }) => waiting) || floor.waiting) {
    if (performance.now() > until) throw new Error('An answer to a quiet message did not come.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { sent, trips: percentiles(trips), floor: percentiles(floorTrips), lateness: percentiles(lateness) };
}

/** Not by exit, which waits for threads: see place in processes.ts. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

process.once('disconnect', () => {
  expectClosing();
  end();
});
process.once('uncaughtException', (error) => {
  console.error(error);
  end();
});
serve<ProbeOrder>(async (order) => {
  if (order.step === 'measure') return measure(order.milliseconds, order.rate);
  await connectAll(order.port, order.floorPort, order.connections);
  return 'ready';
});
