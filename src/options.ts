/**
 * What a server may be told, and what it does untold. Read by server.ts, which checks every value once, at the start,
 * so that a wrong one is a clear error there and not a strange connection later.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TlsOptions as NodeTlsOptions } from 'node:tls';
import {
  type DeflateOptions,
  type ResolvedDeflateOptions,
  resolveDeflateOptions,
} from './deflate-negotiation.ts';
import { checkPolicy, type UpgradeRequest } from './handshake.ts';
import { isToken } from './http-head.ts';
import { type ForwardingField, TrustedProxies } from './trusted-proxies.ts';

/** Time as the shell sees it; tests give one that they move by hand. */
export interface Clock {
  /** Milliseconds from any fixed moment, never going back. */
  now(): number;
  /** Calls back every so many milliseconds until what it returns is called. Must not keep the process alive. */
  every(milliseconds: number, callback: () => void): () => void;
}

/**
 * Names the subprotocol to speak, one of those offered, or undefined for none. Asked when the decision on the upgrade
 * names none and the client offers some.
 */
export type ChooseProtocol = (offered: readonly string[], request: UpgradeRequest) => string | undefined;

/** A certificate with its key, as PEM text or octets; the chain behind it in `cert`. */
export type TlsCertificate = Required<Pick<NodeTlsOptions, 'key' | 'cert'>> &
  Pick<NodeTlsOptions, 'passphrase'>;

/**
 * How to speak TLS, in the words of node:tls, where each is explained. With `requestCert` clients need a certificate
 * that `ca` has signed.
 */
export type TlsOptions = TlsCertificate &
  Pick<NodeTlsOptions, 'ca' | 'ciphers' | 'minVersion' | 'maxVersion' | 'requestCert'>;

export interface ServerOptions {
  /** Address to listen on. Default `127.0.0.1`: nobody else gets in unless you say so. */
  readonly host?: string;
  /** TCP port, 0 to 65535; 0, the default, takes any free one. */
  readonly port?: number;
  /**
   * Gets every request that is no WebSocket upgrade, through node:http; may be async. One that throws is reported and
   * answered with 500. A connection on which nothing moves for 120,000 ms is cut, unless `response.setTimeout` says
   * otherwise. Default: 426 in words.
   */
  readonly http?: (request: IncomingMessage, response: ServerResponse) => unknown;
  /**
   * Which pages may connect (§10.2): those of the same origin (the default), those and a list of others, as in
   * `['https://example.org']`, or `any`, which lets every page on the web use its visitor's address and network.
   */
  readonly allowedOrigins?: 'same-origin' | 'any' | readonly string[];
  /**
   * The subprotocols that are spoken here, of which the client's favourite is taken, or a function that chooses. Asked
   * when the decision on an upgrade names none. Default: none is spoken.
   */
  readonly protocols?: readonly string[] | ChooseProtocol;
  /**
   * permessage-deflate (RFC 7692): true for its defaults, or how. Default false: it costs CPU, and lengths tell what
   * secrets have in common with what a stranger chose.
   */
  readonly deflate?: boolean | DeflateOptions;
  /** Speaks TLS on the port: https and wss instead of http and ws. Default: no. */
  readonly tls?: TlsOptions | undefined;
  /**
   * The proxies before this server whose word about the client's address is taken: addresses, ranges such as
   * `10.0.0.0/8`, or `loopback` and `private`. Name your proxies, not your network. Default none.
   */
  readonly trustedProxies?: readonly string[];
  /** Which field they write: `x-forwarded-for`, the default, or `forwarded` (RFC 7239). The other is not looked at. */
  readonly forwardingField?: ForwardingField;
  /**
   * Whether trusted proxies put a PROXY protocol header (version 1 or 2) before the client's octets. They must then;
   * from anybody else it is refused. Default false.
   */
  readonly proxyProtocol?: boolean;
  /** The most octets in one received message; more is refused with 1009. 1 to 2^30, default 1 MiB. */
  readonly maxMessageLength?: number;
  /**
   * Octets that may wait for one peer. Above half of it `send` answers `buffered` and we stop reading from the peer;
   * a peer that is above it when the next message comes is closed with 1013. Over TLS all that is sent in one tick
   * waits until its end. At least 128 KiB, default 4 MiB.
   */
  readonly maxBufferedAmount?: number;
  /**
   * Octets that all open WebSockets together may hold: output that waits, messages that are not complete, windows of
   * permessage-deflate. Above it those that hold the most are closed with 1013 until an eighth is free. At least 1 MiB,
   * default 256 MiB.
   */
  readonly maxTotalHeldAmount?: number;
  /**
   * Octets a second that are read from one connection while others, which bring less, are heard too: reading large
   * messages, and clearing them away, takes time from everybody. Bursts of a quarter of a second's worth are free, and a
   * connection that is alone is read as fast as it sends. Not under TLS. At least 64 KiB, default 8 MiB.
   */
  readonly maxReadRate?: number;
  /** TCP connections at one time, plain HTTP included; more get 503. Default 16,384. */
  readonly maxConnections?: number;
  /**
   * The same from one IPv4 address or IPv6 network of 64 bits, plain HTTP included. A trusted proxy's connections count
   * for the clients behind it, once these are known. Default 1,024.
   */
  readonly maxConnectionsPerAddress?: number;
  /**
   * Connections that are not answered yet: TLS under way, the head not complete, or the decision on the upgrade. When
   * one more comes the oldest gets 503, so that whoever is slow does not lock out who is not. Default 1,024.
   */
  readonly maxPendingUpgrades?: number;
  /** Milliseconds for a request head to arrive whole, TLS included; then 408. Default 10,000. */
  readonly headTimeout?: number;
  /**
   * Milliseconds for a decision on an upgrade that is a promise; then 503. The same for an `open` handler that returns
   * one; then 1011. Default 10,000.
   */
  readonly upgradeTimeout?: number;
  /** Milliseconds between pings to each peer. Default 25,000: below the 30 s and more after which proxies give up. */
  readonly pingInterval?: number;
  /** Milliseconds for the pong; then the peer is gone. Default 20,000. */
  readonly pongTimeout?: number;
  /** Milliseconds for the peer's part of the closing handshake; then TCP is cut. Default 5,000. */
  readonly closeTimeout?: number;
  /** Default: the real one. */
  readonly clock?: Clock;
}

type Translated = 'protocols' | 'deflate' | 'tls' | 'trustedProxies' | 'forwardingField';

/** ServerOptions with every default filled in. */
export interface ResolvedOptions extends Required<Omit<ServerOptions, Translated>> {
  readonly protocols: readonly string[] | ChooseProtocol;
  /** Undefined when nothing is to be compressed. */
  readonly deflate: ResolvedDeflateOptions | undefined;
  readonly tls: TlsOptions | undefined;
  readonly trustedProxies: TrustedProxies;
}

/** How often deadlines are looked at, in milliseconds; a deadline is met up to this much late. */
export const sweepInterval = 1000;

/** Node's streams call a writer back at 64 KiB or less; half of maxBufferedAmount must not be under that. */
const smallestMaxBufferedAmount = 128 * 1024;
/** Below this a handful of people could not send each other anything. */
const smallestMaxTotalHeldAmount = 1024 * 1024;

const realClock: Clock = {
  now: () => performance.now(),
  every(milliseconds, callback) {
    const timer = setInterval(callback, milliseconds).unref();
    return () => clearInterval(timer);
  },
};

/** Fills in defaults. @throws RangeError, TypeError that name the option, what it got and what it takes */
export function resolveOptions(options: ServerOptions): ResolvedOptions {
  const { protocols, deflate, tls, trustedProxies, forwardingField, ...plain } = withoutUndefined(options);
  const resolved: ResolvedOptions = {
    host: '127.0.0.1',
    port: 0,
    http: upgradeRequired,
    allowedOrigins: 'same-origin',
    maxMessageLength: 1024 * 1024,
    maxBufferedAmount: 4 * 1024 * 1024,
    maxTotalHeldAmount: 256 * 1024 * 1024,
    maxReadRate: 8 * 1024 * 1024,
    maxConnections: 16_384,
    maxConnectionsPerAddress: 1024,
    maxPendingUpgrades: 1024,
    headTimeout: 10_000,
    upgradeTimeout: 10_000,
    pingInterval: 25_000,
    pongTimeout: 20_000,
    closeTimeout: 5000,
    proxyProtocol: false,
    clock: realClock,
    ...plain,
    protocols: checkProtocols(protocols ?? []),
    deflate: resolveDeflate(deflate ?? false),
    tls,
    trustedProxies: new TrustedProxies(checkProxies(trustedProxies ?? []), {
      kind: forwardingField ?? 'x-forwarded-for',
    }),
  };
  if (typeof resolved.http !== 'function') {
    throw new TypeError(`http is ${JSON.stringify(resolved.http)}; it takes a function.`);
  }
  if (tls !== undefined) checkCertificate(tls);
  if (resolved.host === '')
    throw new RangeError('host is empty; it takes an address, as 127.0.0.1 or 0.0.0.0.');
  checkRange(resolved, 'port', 0, 65_535);
  checkRange(resolved, 'maxMessageLength', 1, 2 ** 30);
  checkRange(resolved, 'maxBufferedAmount', smallestMaxBufferedAmount, Number.MAX_SAFE_INTEGER);
  checkRange(resolved, 'maxTotalHeldAmount', smallestMaxTotalHeldAmount, Number.MAX_SAFE_INTEGER);
  checkRange(resolved, 'maxReadRate', 64 * 1024, Number.MAX_SAFE_INTEGER);
  checkRange(resolved, 'maxConnections', 1, Number.MAX_SAFE_INTEGER);
  checkRange(resolved, 'maxConnectionsPerAddress', 1, Number.MAX_SAFE_INTEGER);
  checkRange(resolved, 'maxPendingUpgrades', 1, Number.MAX_SAFE_INTEGER);
  for (const name of timeouts) checkRange(resolved, name, 1, 2 ** 31 - 1);
  checkPolicy(resolved);
  if (resolved.proxyProtocol && (trustedProxies ?? []).length === 0) {
    throw new TypeError('proxyProtocol needs trustedProxies: only their headers are believed.');
  }
  return resolved;
}

const timeouts = ['headTimeout', 'upgradeTimeout', 'pingInterval', 'pongTimeout', 'closeTimeout'] as const;

function checkProtocols(protocols: readonly string[] | ChooseProtocol): readonly string[] | ChooseProtocol {
  if (typeof protocols === 'function') return protocols;
  if (!Array.isArray(protocols)) {
    throw new TypeError(`protocols is ${JSON.stringify(protocols)}; it takes a list of names or a function.`);
  }
  for (const protocol of protocols) {
    if (typeof protocol !== 'string' || !isToken(protocol)) {
      throw new TypeError(
        `protocols holds ${JSON.stringify(protocol)}, which is no subprotocol: not a token.`,
      );
    }
  }
  return protocols;
}

function checkProxies(proxies: readonly string[]): readonly string[] {
  if (Array.isArray(proxies)) return proxies;
  throw new TypeError(`trustedProxies is ${JSON.stringify(proxies)}; it takes a list of addresses.`);
}

/**
 * Lets a certificate with its key pass. Without one node:tls makes servers whose every handshake fails.
 * @throws TypeError
 */
export function checkCertificate(certificate: TlsCertificate): void {
  if (typeof certificate === 'object' && certificate !== null && certificate.key && certificate.cert) return;
  throw new TypeError('tls takes a key and a cert, as PEM text or octets.');
}

function resolveDeflate(deflate: boolean | DeflateOptions): ResolvedDeflateOptions | undefined {
  if (deflate === false) return undefined;
  if (deflate !== true && (typeof deflate !== 'object' || deflate === null)) {
    throw new TypeError(`deflate is ${JSON.stringify(deflate)}; it takes true, false or an object.`);
  }
  return resolveDeflateOptions('server', deflate === true ? {} : deflate);
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
