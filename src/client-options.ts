/**
 * What a client may be told, and what it does untold. Read by client.ts, which checks every value at the call of
 * `connect`, so that a wrong one is a clear error there.
 */
import type { ConnectionOptions as NodeTlsOptions } from 'node:tls';
import { type BinaryType, isBinaryType } from './client-data.ts';
import {
  type DeflateOptions,
  type ResolvedDeflateOptions,
  resolveDeflateOptions,
} from './deflate-negotiation.ts';
import { type Clock, resolveOptions, type ServerOptions } from './options.ts';

/** For wss: whom to trust, and who we are. As in node:tls, which has more to say about each. */
export type ClientTlsOptions = Pick<
  NodeTlsOptions,
  'ca' | 'cert' | 'key' | 'passphrase' | 'rejectUnauthorized' | 'servername'
>;

export interface ConnectOptions {
  /**
   * The subprotocols to offer, the best liked first. None by default. A server that chooses none is taken all the same,
   * as RFC 6455 §4.2.2 has it, and `protocol` is '' then; browsers fail there.
   */
  readonly protocols?: string | readonly string[] | undefined;
  /** More fields for the request, for example Cookie or Authorization. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Only browsers must send an Origin; none by default. */
  readonly origin?: string | undefined;
  /**
   * Default `arraybuffer`. Not WHATWG's `blob`: its octets are to be had only later, by which time the next message
   * may have come, and most programs that take binary set this first. `uint8array` is ours, and spares a copy.
   */
  readonly binaryType?: BinaryType | undefined;
  /**
   * Whether to offer permessage-deflate (RFC 7692), and how. Default true, as in browsers. For a program that sends
   * secrets along with what a stranger chose, false: lengths tell what both have in common.
   */
  readonly deflate?: boolean | DeflateOptions | undefined;
  /** The most octets in one received message; more is refused with 1009. 1 to 2^30, default 1 MiB. */
  readonly maxMessageLength?: number | undefined;
  /**
   * Octets that may wait for the server. Above half of it `send` answers `buffered`; a message that is sent while
   * more than this waits is not taken, and the WebSocket is closed. At least 128 KiB, default 4 MiB.
   */
  readonly maxBufferedAmount?: number | undefined;
  /**
   * Milliseconds from `connect` to the server's answer: names, TCP, TLS and HTTP together, and before them the wait for
   * other clients' handshakes with the same IP address and port, of which one is under way at a time (RFC 6455 §4.1).
   * Default 10,000.
   */
  readonly handshakeTimeout?: number | undefined;
  /** Milliseconds between pings. Default 25,000: below the 30 s and more after which proxies give up. */
  readonly pingInterval?: number | undefined;
  /** Milliseconds for the pong; then the server is gone. Default 20,000. */
  readonly pongTimeout?: number | undefined;
  /** Milliseconds for the server's part of the closing handshake; then TCP is cut. Default 5,000. */
  readonly closeTimeout?: number | undefined;
  /**
   * Ends the WebSocket, at whatever stage it is: before it is open `opened` rejects with the signal's reason, after
   * that it is closed with 1001. One signal may stop all that a program has under way.
   */
  readonly signal?: AbortSignal | undefined;
  /** For wss addresses; not looked at for ws. */
  readonly tls?: ClientTlsOptions | undefined;
  /** Default: the real one. */
  readonly clock?: Clock | undefined;
}

/** ConnectOptions with every default filled in. */
export interface ResolvedConnectOptions {
  readonly protocols: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly origin: string | undefined;
  readonly binaryType: BinaryType;
  /** undefined: no compression is offered. */
  readonly deflate: ResolvedDeflateOptions | undefined;
  readonly maxMessageLength: number;
  readonly maxBufferedAmount: number;
  readonly handshakeTimeout: number;
  readonly pingInterval: number;
  readonly pongTimeout: number;
  readonly closeTimeout: number;
  readonly signal: AbortSignal | undefined;
  readonly tls: ClientTlsOptions;
  readonly clock: Clock;
}

/** Fills in defaults. @throws RangeError, TypeError that name the option, what it got and what it takes */
export function resolveConnectOptions(options: ConnectOptions): ResolvedConnectOptions {
  const { protocols = [], binaryType = 'arraybuffer', deflate = true, handshakeTimeout = 10_000 } = options;
  if (!isBinaryType(binaryType)) {
    throw new TypeError(
      `binaryType is ${JSON.stringify(binaryType)}; it takes 'arraybuffer', 'blob' or 'uint8array'.`,
    );
  }
  if (!Number.isInteger(handshakeTimeout) || handshakeTimeout < 1 || handshakeTimeout >= 2 ** 31) {
    throw new RangeError(
      `handshakeTimeout is ${handshakeTimeout}; it takes a whole number from 1 to ${2 ** 31 - 1}.`,
    );
  }
  const { maxMessageLength, maxBufferedAmount, pingInterval, pongTimeout, closeTimeout, clock } =
    resolveOptions(sharedOptions(options));
  return {
    protocols: typeof protocols === 'string' ? [protocols] : protocols,
    headers: options.headers ?? {},
    origin: options.origin,
    binaryType,
    deflate: resolveDeflate(deflate),
    maxMessageLength,
    maxBufferedAmount,
    handshakeTimeout,
    pingInterval,
    pongTimeout,
    closeTimeout,
    signal: options.signal,
    tls: options.tls ?? {},
    clock,
  };
}

function resolveDeflate(deflate: boolean | DeflateOptions): ResolvedDeflateOptions | undefined {
  if (deflate === false) return undefined;
  if (deflate !== true && (typeof deflate !== 'object' || deflate === null)) {
    throw new TypeError(`deflate is ${JSON.stringify(deflate)}; it takes true, false or an object.`);
  }
  return resolveDeflateOptions('client', deflate === true ? {} : deflate);
}

/** What a client is told in the same words as a server, and checked with it. */
function sharedOptions(options: ConnectOptions): ServerOptions {
  const names = [
    'maxMessageLength',
    'maxBufferedAmount',
    'pingInterval',
    'pongTimeout',
    'closeTimeout',
    'clock',
  ] as const;
  return Object.fromEntries(names.map((name) => [name, options[name]]));
}
