/**
 * What a server may be told, and what it does untold. Read by server.ts, which checks every value once, at the start,
 * so that a wrong one is a clear error there and not a strange connection later.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkPolicy } from './handshake.ts';

/** Time as the shell sees it; tests give one that they move by hand. */
export interface Clock {
  /** Milliseconds from any fixed moment, never going back. */
  now(): number;
  /** Calls back every so many milliseconds until what it returns is called. Must not keep the process alive. */
  every(milliseconds: number, callback: () => void): () => void;
}

export interface ServerOptions {
  /** Address to listen on. Default `127.0.0.1`: nobody else gets in unless you say so. */
  readonly host?: string;
  /** TCP port, 0 to 65535; 0, the default, takes any free one. */
  readonly port?: number;
  /**
   * Gets every request that is no WebSocket upgrade, through node:http; may be async. One that throws is reported and
   * answered with 500. Default: 426 in words.
   */
  readonly http?: (request: IncomingMessage, response: ServerResponse) => unknown;
  /**
   * Which pages may connect (§10.2): those of the same origin (the default), those and a list of others, as in
   * `['https://example.org']`, or `any`, which lets every page on the web use its visitor's address and network.
   */
  readonly allowedOrigins?: 'same-origin' | 'any' | readonly string[];
  /** The most octets in one received message; more is refused with 1009. 1 to 2^30, default 1 MiB. */
  readonly maxMessageLength?: number;
  /**
   * Octets that may wait for one peer. Above half of it `send` answers `buffered` and we stop reading from the peer;
   * a peer that is above it when the next message comes is closed with 1013. At least 128 KiB, default 4 MiB.
   */
  readonly maxBufferedAmount?: number;
  /** TCP connections at one time, plain HTTP included; more get 503. Default 16,384. */
  readonly maxConnections?: number;
  /** The same from one address. Default 1,024. Behind a proxy all connections come from one address: raise it there. */
  readonly maxConnectionsPerAddress?: number;
  /** Milliseconds for a request head to arrive whole; then 408. Default 10,000. */
  readonly headTimeout?: number;
  /** Milliseconds between pings to each peer. Default 25,000: below the 30 s and more after which proxies give up. */
  readonly pingInterval?: number;
  /** Milliseconds for the pong; then the peer is gone. Default 20,000. */
  readonly pongTimeout?: number;
  /** Milliseconds for the peer's part of the closing handshake; then TCP is cut. Default 5,000. */
  readonly closeTimeout?: number;
  /** Default: the real one. */
  readonly clock?: Clock;
}

/** ServerOptions with every default filled in. */
export type ResolvedOptions = Required<ServerOptions>;

/** How often deadlines are looked at, in milliseconds; a deadline is met up to this much late. */
export const sweepInterval = 1000;

/** Node's streams call a writer back at 64 KiB or less; half of maxBufferedAmount must not be under that. */
const smallestMaxBufferedAmount = 128 * 1024;

const realClock: Clock = {
  now: () => performance.now(),
  every(milliseconds, callback) {
    const timer = setInterval(callback, milliseconds).unref();
    return () => clearInterval(timer);
  },
};

/** Fills in defaults. @throws RangeError, TypeError that name the option, what it got and what it takes */
export function resolveOptions(options: ServerOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    host: '127.0.0.1',
    port: 0,
    http: upgradeRequired,
    allowedOrigins: 'same-origin',
    maxMessageLength: 1024 * 1024,
    maxBufferedAmount: 4 * 1024 * 1024,
    maxConnections: 16_384,
    maxConnectionsPerAddress: 1024,
    headTimeout: 10_000,
    pingInterval: 25_000,
    pongTimeout: 20_000,
    closeTimeout: 5000,
    clock: realClock,
    ...withoutUndefined(options),
  };
  if (resolved.host === '')
    throw new RangeError('host is empty; it takes an address, as 127.0.0.1 or 0.0.0.0.');
  checkRange(resolved, 'port', 0, 65_535);
  checkRange(resolved, 'maxMessageLength', 1, 2 ** 30);
  checkRange(resolved, 'maxBufferedAmount', smallestMaxBufferedAmount, Number.MAX_SAFE_INTEGER);
  checkRange(resolved, 'maxConnections', 1, Number.MAX_SAFE_INTEGER);
  checkRange(resolved, 'maxConnectionsPerAddress', 1, Number.MAX_SAFE_INTEGER);
  for (const name of ['headTimeout', 'pingInterval', 'pongTimeout', 'closeTimeout'] as const) {
    checkRange(resolved, name, 1, 2 ** 31 - 1);
  }
  checkPolicy(resolved);
  return resolved;
}

/** An option that is undefined is one that was not given: JavaScript callers pass settings on that way. */
function withoutUndefined(options: ServerOptions): ServerOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

type NumericOption = {
  [Name in keyof ResolvedOptions]: ResolvedOptions[Name] extends number ? Name : never;
}[keyof ResolvedOptions];

function checkRange(options: ResolvedOptions, name: NumericOption, lowest: number, highest: number): void {
  const value = options[name];
  if (Number.isInteger(value) && value >= lowest && value <= highest) return;
  throw new RangeError(`${name} is ${value}; it takes a whole number from ${lowest} to ${highest}.`);
}

function upgradeRequired(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, {
    'Content-Type': 'text/plain; charset=utf-8',
    Connection: 'Upgrade, close',
    Upgrade: 'websocket',
  });
  response.end('This server speaks WebSocket only: connect with a WebSocket client.\n');
}
