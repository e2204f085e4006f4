/**
 * A server as its user sees it: what it is told to do, and what it can be asked. Types alone; server.ts has the one that
 * does it.
 */
import type { IncomingMessage } from 'node:http';
import type { AttachableServer, AttachOptions } from './attachments.ts';
import type { DrainOptions } from './drain.ts';
import type { UpgradeRequest } from './handshake.ts';
import type { ListenAddress } from './listener.ts';
import type { TlsCertificate } from './options.ts';
import type { SocketHandlers, WebSocket } from './socket.ts';
import type { UpgradeDecision } from './upgrade-decision.ts';

/** What a server does: one object for all its sockets. */
export interface Handlers<T> extends SocketHandlers<T> {
  /**
   * Decides on each upgrade request, by path, query, field or address, at once or with a promise. What the client sends
   * meanwhile is kept; when it goes away, the decision is dropped and no other handler is called.
   */
  upgrade(request: UpgradeRequest): UpgradeDecision<T> | PromiseLike<UpgradeDecision<T>>;
  /** A handler threw, and its socket is being closed with 1011. Default: a process warning with the stack. */
  error?(error: unknown, socket: WebSocket<T> | undefined): unknown;
}

/** How a server says good-bye to its sockets. */
export interface ServerCloseOptions {
  /** Default 1001, going away. */
  readonly code?: number;
  readonly reason?: string;
}

export interface PublishOptions<T> {
  /** The one who is not to get it. */
  readonly except?: WebSocket<T> | undefined;
  /** Whether it may be compressed, where that was agreed on. Default true. */
  readonly compress?: boolean | undefined;
}

/** A server that has been created; it takes connections after `listen` or `attach`. */
export interface Server<T> {
  /** Every open or closing WebSocket. */
  readonly sockets: ReadonlySet<WebSocket<T>>;
  /** Octets of memory that all of them hold: output that waits, messages that are not complete, windows. */
  readonly heldAmount: number;
  /** TLS handshakes that failed or were broken off, since the server was made. */
  readonly failedTlsHandshakes: number;
  /** Starts to listen. @throws what node:net reports, as EADDRINUSE or EACCES; TypeError once it has been stopped */
  listen(): Promise<ListenAddress>;
  /**
   * Takes upgrade requests of an http or https server that somebody else runs, besides or instead of `listen`. Those
   * whose path does not match are left to the server's other 'upgrade' listeners, or refused with 404 when there are
   * none. TLS, heads and their deadlines are that server's business, and so are its connections until they are
   * WebSockets: of these alone there are at most maxConnections. @returns a function that stops it
   * @throws TypeError for a path that is none, and once this server has been stopped
   */
  attach(server: AttachableServer, options?: AttachOptions): () => void;
  /** The certificate for connections from now on. @throws Error for one that does not work; the old one stays */
  setCertificate(certificate: TlsCertificate): void;
  /** IP address of the client behind a plain request, found as `remoteAddress` of an upgrade is. */
  addressOf(request: IncomingMessage): string;
  /**
   * Sends one message to every socket that subscribed to the topic, encoded once. Order is kept: what is published
   * or sent earlier arrives earlier. @returns how many sockets it went to
   */
  publish(topic: string, data: string | Uint8Array, options?: PublishOptions<T>): number;
  /**
   * Stops in good order: takes no new connections, answers requests with 503, sends every WebSocket a Close with a hint
   * when to come back, and cuts off whoever has not finished at the deadline. Resolves when nothing is left and every
   * `close` handler has been called; calling it or `close` again waits for the same. An http server that it is
   * attached to goes on. Rejects with a RangeError, and does nothing, for options out of range.
   */
  drain(options?: DrainOptions): Promise<void>;
  /** The same for good: with code 1001 and no hint, within closeTimeout. */
  close(options?: ServerCloseOptions): Promise<void>;
}
