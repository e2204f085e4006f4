/**
 * Who is connected, over whatever transport, by an id that nobody can guess: 18 random octets, so that whoever knows it
 * is the client, or was told by it. Counts them, looks after their deadlines and the memory that all hold, and ends them
 * all when the server stops. Used by transports.ts and its routes.
 */
import { randomBytes } from 'node:crypto';
import { ConnectionCounts } from '../connection-counts.ts';
import { type DrainOptions, reasonWithHint, resolveDrainOptions, retryAfter } from '../drain.ts';
import type { TraceListener } from '../trace.ts';
import { type Channel, type ChannelUser, type TransportName, transportNames } from './channel.ts';

/** What is known of a client when it connects; part of its channel. */
export type Client = Pick<Channel, 'id' | 'remoteAddress' | 'userAgent' | 'credential'>;

/** An RFC 6455 §7.4 code and a reason. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** A connection over HTTP, whose requests come by themselves. */
export interface HttpConnection extends Channel {
  /** What comes in goes there. Set right after `accept`. */
  user: ChannelUser | undefined;
  /** Whether nothing more is to be received: it was closed by either side. */
  readonly ended: boolean;
  /** What our side has closed it with, if it has; else its end is the client's or the network's. */
  readonly closing: Closing | undefined;
  /** The client says good-bye, or has gone. Nothing more is sent. */
  end(): void;
  /** Looks at its deadlines. Called every second. */
  sweep(now: number): void;
}

/** A WebSocket, whose messages come without our doing. */
export interface WebSocketConnection extends Channel {
  /** Calls back for each frame from now on. @returns what ends it */
  trace(listener: TraceListener): () => void;
  /** Looks whether what has waited was taken. Called every second, and when it is likely. */
  look(): void;
}

/** The most connections that poll, in all and from one address: each is memory without a TCP connection. */
export const pollingLimits = { all: 4096, address: 256 } as const;

/** Octets, about, that may wait for all connections over HTTP together. Above it those go for which the most waits. */
export const maximumHeldAmount = 128 * 1024 * 1024;

// RFC 6455 §7.4.1, and the registry of §11.7.
const tryAgainLater = 1013;

/** An id that was never given before. */
export function newConnectionId(): string {
  return randomBytes(18).toString('base64url');
}

export class Connections {
  readonly #http = new Map<string, HttpConnection>();
  readonly #webSockets = new Map<string, WebSocketConnection>();
  readonly #polling = new Set<HttpConnection>();
  readonly #pollingByAddress = new ConnectionCounts<HttpConnection>(pollingLimits.address);

  /** How many there are, by transport. */
  get counts(): Readonly<Record<TransportName, number>> {
    const counts = Object.fromEntries(transportNames.map((name) => [name, 0])) as Record<
      TransportName,
      number
    >;
    for (const { transport } of this.#http.values()) counts[transport]++;
    counts.websocket = this.#webSockets.size;
    return counts;
  }

  /** Adds one that polls, if one more may. @returns whether it was added */
  addPolling(connection: HttpConnection): boolean {
    if (this.#polling.size >= pollingLimits.all) return false;
    if (!this.#pollingByAddress.enter(connection, connection.remoteAddress)) return false;
    this.#polling.add(connection);
    this.add(connection);
    return true;
  }

  add(connection: HttpConnection): void {
    this.#http.set(connection.id, connection);
  }

  remove(connection: HttpConnection): void {
    this.#http.delete(connection.id);
    this.#polling.delete(connection);
    this.#pollingByAddress.leave(connection);
  }

  find(id: string): HttpConnection | undefined {
    return this.#http.get(id);
  }

  addWebSocket(connection: WebSocketConnection): void {
    this.#webSockets.set(connection.id, connection);
  }

  /** @returns the one that was removed */
  removeWebSocket(id: string): WebSocketConnection | undefined {
    const connection = this.#webSockets.get(id);
    this.#webSockets.delete(id);
    return connection;
  }

  findWebSocket(id: string): WebSocketConnection | undefined {
    return this.#webSockets.get(id);
  }

  /** Looks at deadlines, and at what waits for all together. Called every second. */
  sweep(now: number): void {
    for (const connection of this.#webSockets.values()) connection.look();
    for (const connection of this.#http.values()) connection.sweep(now);
    const amounts = [...this.#http.values()].map(
      (connection) => [connection.bufferedAmount, connection] as const,
    );
    let total = amounts.reduce((sum, [amount]) => sum + amount, 0);
    if (total <= maximumHeldAmount) return;
    for (const [amount, connection] of amounts.sort(([one], [other]) => other - one)) {
      connection.close(tryAgainLater, 'You read too slowly, and the memory is needed.');
      total -= amount;
      if (total <= maximumHeldAmount) return;
    }
  }

  /**
   * Closes every connection over HTTP with 1012 and a hint when to come back, spread evenly as for WebSockets.
   * @param options as `drain` of the server takes them
   */
  drain(options: DrainOptions = {}): void {
    const resolved = resolveDrainOptions(options, 0);
    const connections = [...this.#http.values()];
    for (const [index, connection] of connections.entries()) {
      const pause = retryAfter(index, connections.length, resolved.retryWindow, Math.random);
      connection.close(resolved.code, reasonWithHint(resolved, pause));
    }
  }

  /** Cuts what is left. */
  endAll(): void {
    for (const connection of [...this.#http.values()]) connection.end();
  }
}
