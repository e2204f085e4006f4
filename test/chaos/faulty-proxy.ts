/**
 * A bad network between clients and the server: a TCP proxy that cuts, resets, stalls or half-closes connections at
 * octets that only the seed decides, in either direction, also in the middle of a handshake or a frame. What each
 * connection will suffer is drawn when it is accepted, so one seed gives one sequence of fates, whoever they meet.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { seededRandom } from '../support/chopping.ts';

export const faults = ['none', 'cut', 'reset', 'stall', 'half'] as const;
export type Fault = (typeof faults)[number];
type Direction = 'up' | 'down';

/** What happens to one connection, and after how many octets in which direction. */
interface Fate {
  readonly fault: Fault;
  readonly direction: Direction;
  readonly after: number;
  /** Milliseconds of a stall; after it, every second one is cut. */
  readonly pause: number;
  readonly isCutAfterPause: boolean;
}

/** From the first octet of a handshake to some thousand: every size class is equally likely. */
const mostOctets = 32_768;
const longestPause = 400;

export interface FaultyProxyOptions {
  readonly target: number;
  readonly seed: number;
  /** How many of all connections suffer something, 0 to 1. */
  readonly share: number;
}

export class FaultyProxy {
  /** How often each fault came about. */
  readonly counts: Record<Fault, number> = { none: 0, cut: 0, reset: 0, stall: 0, half: 0 };
  readonly #options: FaultyProxyOptions;
  readonly #random: () => number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCalm = false;

  constructor(options: FaultyProxyOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** @returns the port on 127.0.0.1 */
  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  }

  /** From now on new connections suffer nothing. */
  calm(): void {
    this.#isCalm = true;
  }

  /** Cuts all that there is, and takes no more. */
  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #draw(): Fate {
    const random = this.#random;
    const wanted = faults[1 + Math.floor(random() * (faults.length - 1))] ?? 'cut';
    const isHit = random() < this.#options.share;
    return {
      fault: isHit && !this.#isCalm ? wanted : 'none',
      direction: random() < 0.5 ? 'up' : 'down',
      after: Math.floor(mostOctets ** random()),
      pause: Math.floor(longestPause * random()),
      isCutAfterPause: random() < 0.5,
    };
  }

  #accept(client: Socket): void {
    const fate = this.#draw();
    const server = connect({ port: this.#options.target, host: '127.0.0.1', allowHalfOpen: true });
    const pair = [client, server] as const;
    const destroy = (): void => {
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', destroy);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        destroy();
      });
    }
    const act = (): void => this.#act(fate, client, server, destroy);
    pass(client, server, fate.direction === 'up' ? fate : undefined, act);
    pass(server, client, fate.direction === 'down' ? fate : undefined, act);
    if (fate.fault === 'none') this.counts.none++;
  }

  #act(fate: Fate, client: Socket, server: Socket, destroy: () => void): void {
    const [from, to] = fate.direction === 'up' ? [client, server] : [server, client];
    this.counts[fate.fault]++;
    switch (fate.fault) {
      case 'cut':
        destroy();
        break;
      case 'reset':
        client.resetAndDestroy();
        server.resetAndDestroy();
        break;
      case 'half':
        // One side hears that the other has finished, while the other goes on in good faith.
        from.pause();
        to.end();
        break;
      case 'stall':
        from.pause();
        setTimeout(() => {
          if (fate.isCutAfterPause) destroy();
          else from.resume();
        }, fate.pause);
        break;
      case 'none':
        break;
    }
  }
}

/** Passes octets on; after as many as the fate says, acts once, with the octets before that passed on. */
function pass(from: Socket, to: Socket, fate: Fate | undefined, act: () => void): void {
  let left = fate === undefined || fate.fault === 'none' ? Number.POSITIVE_INFINITY : fate.after;
  from.on('data', (chunk) => {
    if (to.destroyed || to.writableEnded) return;
    if (chunk.length < left) {
      left -= chunk.length;
      if (!to.write(chunk)) hold(from, to);
      return;
    }
    const rest = chunk.subarray(left);
    to.write(chunk.subarray(0, left));
    left = Number.POSITIVE_INFINITY;
    act();
    // Only a stall goes on; what came with the octet that began it waits in the same order.
    if (fate?.fault === 'stall' && rest.length > 0) from.unshift(rest);
  });
  from.on('end', () => {
    if (!to.destroyed) to.end();
  });
}

function hold(from: Socket, to: Socket): void {
  from.pause();
  to.once('drain', () => from.resume());
}
