/**
 * The I/O shell: a TCP server that reads each connection's request head (RFC 9112), answers the opening handshake
 * (RFC 6455 §4.2), gives open WebSockets to socket.ts and everything else to node:http on the same port. It holds the
 * limits, the deadlines and the topics. Called by main.ts, bench/ and whoever imports the package.
 */
import {
  createServer as createTcpServer,
  type Server as TcpServer,
  type Socket as TcpSocket,
} from 'node:net';
import type { Duplex } from 'node:stream';
import { CloseCode, encodeClosePayload } from './close.ts';
import { ReadyState } from './connection.ts';
import {
  checkUpgradeRequest,
  encodeRefusal,
  encodeUpgradeReply,
  type UpgradeRequest,
  wantsWebSocket,
} from './handshake.ts';
import { HttpHandover } from './http-handover.ts';
import { HeadReader, HttpError, parseRequestHead, type RequestHead } from './http-head.ts';
import { type ResolvedOptions, resolveOptions, type ServerOptions, sweepInterval } from './options.ts';
import { PreparedMessage } from './prepared-message.ts';
import { onRejection } from './rejection.ts';
import { SendResult, ServerSocket, type SocketHandlers, type SocketHost, type WebSocket } from './socket.ts';
import { Topics } from './topics.ts';

/**
 * The answer to an upgrade request that keeps the protocol: take it, with the socket's data and perhaps one of
 * `request.protocols`, or refuse it with an HTTP status from 300 to 599 and a plain sentence.
 */
export type UpgradeDecision<T> =
  | { readonly data: T; readonly protocol?: string | undefined }
  | { readonly refuse: number; readonly explanation: string };

/** What a server does: one object for all its sockets. */
export interface Handlers<T> extends SocketHandlers<T> {
  /** Decides on each upgrade request, by path, query, field or address. */
  upgrade(request: UpgradeRequest): UpgradeDecision<T>;
  /** A handler threw, and its socket is being closed with 1011. Default: a process warning with the stack. */
  error?(error: unknown, socket: WebSocket<T> | undefined): unknown;
}

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** How a server says good-bye to its sockets. */
export interface ServerCloseOptions {
  /** Default 1001, going away. */
  readonly code?: number;
  readonly reason?: string;
}

/** A server that has been created; it listens after `listen`. */
export interface Server<T> {
  /** Every open or closing WebSocket. */
  readonly sockets: ReadonlySet<WebSocket<T>>;
  /** Starts to listen. @throws what node:net reports, as EADDRINUSE or EACCES */
  listen(): Promise<ListenAddress>;
  /**
   * Sends one message to every socket that subscribed to the topic, encoded once. Order is kept: what is published
   * or sent earlier arrives earlier. @returns how many sockets it went to
   */
  publish(topic: string, data: string | Uint8Array, options?: { readonly except?: WebSocket<T> }): number;
  /**
   * Stops: no new connections, a Close to every WebSocket, the end of HTTP after its requests under way. Whoever has
   * not finished within closeTimeout is cut off. Resolves when nothing is left and every `close` handler has been
   * called; calling it again waits for the same. Rejects with a RangeError, and does nothing, for a code or reason
   * that must not be sent.
   */
  close(options?: ServerCloseOptions): Promise<void>;
}

/**
 * Creates a server. The handlers object is used as it is, for all sockets.
 * @throws RangeError, TypeError for options that are out of range, naming them
 */
export function createServer<T>(handlers: Handlers<T>, options: ServerOptions = {}): Server<T> {
  return new NodeServer(handlers, resolveOptions(options));
}

class NodeServer<T> implements Server<T>, SocketHost<T> {
  readonly handlers: Handlers<T>;
  readonly options: ResolvedOptions;
  readonly sockets = new Set<ServerSocket<T>>();
  readonly #tcpServer: TcpServer;
  readonly #http: HttpHandover;
  readonly #tcpSockets = new Set<TcpSocket>();
  readonly #perAddress = new Map<string, number>();
  /** Connections that are not answered yet, or refused and not gone yet, with the time by which they must be. */
  readonly #deadlines = new Map<TcpSocket, number>();
  readonly #topics = new Topics<ServerSocket<T>>();
  #scheduled: ServerSocket<T>[] = [];
  #stopSweeping: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  /** Called when the last TCP connection is gone. */
  #emptied: (() => void) | undefined;

  constructor(handlers: Handlers<T>, options: ResolvedOptions) {
    this.handlers = handlers;
    this.options = options;
    this.#tcpServer = createTcpServer({ allowHalfOpen: true, noDelay: true }, (tcp) => this.#accept(tcp));
    this.#http = new HttpHandover(options.http, {
      upgrade: (tcp, head, rest) => this.#upgradeFromHttp(tcp, head, rest),
      refuse: (tcp, error) => this.#refuseError(tcp, error),
      report: (error) => this.report(error, undefined),
    });
  }

  listen(): Promise<ListenAddress> {
    return new Promise((resolve, reject) => {
      this.#tcpServer.once('error', reject);
      this.#tcpServer.once('close', () => reject(new Error('The server was closed before it listened.')));
      this.#tcpServer.listen(this.options.port, this.options.host, () => {
        this.#tcpServer.off('error', reject);
        // Accepting can fail later too, as when the process runs out of file descriptors; that is no reason to fall.
        this.#tcpServer.on('error', (error) => this.report(error, undefined));
        this.#http.start();
        this.#stopSweeping = this.options.clock.every(sweepInterval, () => this.#sweep());
        const address = this.#tcpServer.address();
        if (address === null || typeof address === 'string')
          reject(new TypeError('The server has no TCP address.'));
        else resolve({ host: address.address, port: address.port });
      });
    });
  }

  publish(
    topic: string,
    data: string | Uint8Array,
    options: { readonly except?: WebSocket<T> } = {},
  ): number {
    let message: PreparedMessage | undefined;
    let count = 0;
    for (const socket of this.#topics.of(topic)) {
      message ??= new PreparedMessage(data);
      if (socket !== options.except && socket.send(message) !== SendResult.closed) count++;
    }
    return count;
  }

  close(options: ServerCloseOptions = {}): Promise<void> {
    const { code = CloseCode.goingAway, reason = 'The server is stopping.' } = options;
    try {
      encodeClosePayload(code, reason);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#closing ??= this.#close(code, reason);
    return this.#closing;
  }

  async #close(code: number, reason: string): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#tcpServer.close(() => resolve()));
    for (const tcp of this.#deadlines.keys()) tcp.destroy();
    for (const socket of this.sockets) socket.close(code, reason);
    this.#http.closeIdle();
    const deadline = this.options.clock.now() + this.options.closeTimeout;
    const stopWaiting = this.options.clock.every(sweepInterval, () => {
      this.#http.closeIdle();
      if (this.options.clock.now() < deadline) return;
      for (const tcp of this.#tcpSockets) tcp.destroy();
    });
    // The clock does not keep the process alive; sockets that are still open do.
    await stopped;
    // Node says so before the last connections have told their ends; the `close` handlers come first.
    if (this.#tcpSockets.size > 0) {
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
    }
    stopWaiting();
    this.#stopSweeping?.();
    this.#http.stop();
  }

  // SocketHost ----------------------------------------------------------------------------------------------------

  schedule(socket: ServerSocket<T>): void {
    // The check phase comes right after the poll phase, so all that this round of I/O caused goes out in one write.
    if (this.#scheduled.push(socket) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const sockets = this.#scheduled;
    this.#scheduled = [];
    for (const socket of sockets) socket.flush();
  }

  subscribe(socket: ServerSocket<T>, topic: string): void {
    this.#topics.subscribe(socket, topic);
  }

  unsubscribe(socket: ServerSocket<T>, topic: string): void {
    this.#topics.unsubscribe(socket, topic);
  }

  closed(socket: ServerSocket<T>): void {
    this.#topics.remove(socket);
    this.sockets.delete(socket);
  }

  report(error: unknown, socket: WebSocket<T> | undefined): void {
    if (this.handlers.error === undefined) {
      warn(error);
      return;
    }
    try {
      onRejection(this.handlers.error(error, socket), warn);
    } catch (second) {
      warn(second);
    }
  }

  // From TCP to a head --------------------------------------------------------------------------------------------

  #accept(tcp: TcpSocket): void {
    const address = addressOf(tcp);
    const fromAddress = (this.#perAddress.get(address) ?? 0) + 1;
    this.#tcpSockets.add(tcp);
    this.#perAddress.set(address, fromAddress);
    // Without a listener an error would end the process; what matters of it comes with 'close'.
    tcp.on('error', () => {});
    tcp.on('close', () => {
      this.#tcpSockets.delete(tcp);
      this.#deadlines.delete(tcp);
      if (this.#tcpSockets.size === 0) this.#emptied?.();
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    });
    if (this.#tcpSockets.size > this.options.maxConnections) {
      this.#turnAway(tcp, 'The server has as many connections as it takes. Try again later.');
    } else if (fromAddress > this.options.maxConnectionsPerAddress) {
      this.#turnAway(tcp, 'Your address has as many connections as one may have. Close some first.');
    } else {
      this.#deadlines.set(tcp, this.options.clock.now() + this.options.headTimeout);
      this.#readHead(tcp);
    }
  }

  /** Over a limit there is no waiting for the peer: it would keep the very place that it may not have. */
  #turnAway(tcp: TcpSocket, explanation: string): void {
    tcp.write(encodeRefusal(503, explanation, { Date: new Date().toUTCString() }));
    tcp.destroySoon();
  }

  #readHead(tcp: TcpSocket): void {
    const reader = new HeadReader();
    const stop = (): void => {
      tcp.off('data', receive);
      tcp.off('end', end);
    };
    const receive = (chunk: Buffer): void => {
      // It was refused for being late, and goes on all the same.
      if (tcp.writableEnded) return;
      try {
        const read = reader.receive(chunk);
        if (read === undefined) return;
        const head = parseRequestHead(read.bytes);
        stop();
        if (wantsWebSocket(head)) this.#upgrade(tcp, head, read.rest);
        else {
          this.#deadlines.delete(tcp);
          this.#http.take(tcp, reader.received);
        }
      } catch (error) {
        stop();
        this.#refuseError(tcp, error);
      }
    };
    const end = (): void => {
      tcp.destroy();
    };
    tcp.on('data', receive);
    tcp.on('end', end);
  }

  #upgradeFromHttp(tcp: Duplex, head: RequestHead, rest: Uint8Array): void {
    if (this.#isOurs(tcp)) this.#upgrade(tcp, head, rest);
    else tcp.destroy();
  }

  /** node:http names its connections by a wider type; these are the ones that we gave it. */
  #isOurs(tcp: Duplex): tcp is TcpSocket {
    return (this.#tcpSockets as ReadonlySet<Duplex>).has(tcp);
  }

  // From a head to a WebSocket ------------------------------------------------------------------------------------

  #upgrade(tcp: TcpSocket, head: RequestHead, rest: Uint8Array): void {
    const checked = checkUpgradeRequest(head, this.options);
    const request: UpgradeRequest = { ...checked.request, remoteAddress: addressOf(tcp) };
    if (this.#closing !== undefined) throw new HttpError(503, 'RFC 9110 §15.6.4', 'The server is stopping.');
    const decision = checkDecision(this.handlers.upgrade(request));
    if ('refuse' in decision) {
      throw new HttpError(decision.refuse, 'RFC 6455 §4.2.2', decision.explanation);
    }
    const { protocol } = decision;
    if (protocol !== undefined && !request.protocols.includes(protocol)) {
      throw new TypeError(
        `The upgrade handler chose the protocol ${protocol}, which the client did not offer.`,
      );
    }
    const reply = encodeUpgradeReply({ key: checked.key, protocol });
    this.#deadlines.delete(tcp);
    tcp.setTimeout(0);
    const socket = new ServerSocket(this, tcp, request, protocol ?? '', decision.data, reply);
    this.sockets.add(socket);
    socket.open(rest);
  }

  #refuseError(tcp: Duplex, error: unknown): void {
    if (!this.#isOurs(tcp)) {
      tcp.destroy();
      return;
    }
    if (error instanceof HttpError) {
      this.#refuse(tcp, error);
      return;
    }
    this.report(error, undefined);
    this.#refuse(tcp, new HttpError(500, 'RFC 9110 §15.6.1', 'The server failed on this request.'));
  }

  /** Answers in words and ends. What still arrives is read and dropped, for a reset would take the answer with it. */
  #refuse(tcp: TcpSocket, error: HttpError): void {
    // A server that has a clock says the date of a 4xx (RFC 9110 §6.6.1); the core has none.
    const headers = { ...error.headers, Date: new Date().toUTCString() };
    tcp.end(encodeRefusal(error.status, error.explanation, headers));
    tcp.on('data', () => {});
    tcp.resume();
    this.#deadlines.set(tcp, this.options.clock.now() + this.options.closeTimeout);
  }

  // Deadlines -----------------------------------------------------------------------------------------------------

  #sweep(): void {
    const now = this.options.clock.now();
    for (const [tcp, deadline] of this.#deadlines) {
      if (now < deadline) continue;
      if (tcp.writableEnded) tcp.destroy();
      else
        this.#refuse(tcp, new HttpError(408, 'RFC 9110 §15.5.9', 'The request head did not arrive in time.'));
    }
    for (const socket of this.sockets) {
      if (socket.readyState !== ReadyState.closed) socket.sweep(now);
    }
  }
}

/** What JavaScript callers may get wrong, above all a promise, which would let everybody in. @throws TypeError */
function checkDecision<T>(decision: UpgradeDecision<T>): UpgradeDecision<T> {
  if (typeof decision !== 'object' || decision === null || !('refuse' in decision || 'data' in decision)) {
    throw new TypeError(
      'The upgrade handler must return { data } or { refuse, explanation }, and not a promise.',
    );
  }
  if ('refuse' in decision) {
    const { refuse, explanation } = decision;
    if (!Number.isInteger(refuse) || refuse < 300 || refuse > 599 || typeof explanation !== 'string') {
      throw new TypeError(
        `The upgrade handler refused with ${refuse}; it takes 300 to 599 and an explanation.`,
      );
    }
  }
  return decision;
}

function warn(error: unknown): void {
  process.emitWarning(
    error instanceof Error ? error : new Error('A handler threw what is no Error.', { cause: error }),
  );
}

/** The peer's IP address; an IPv4 one is given as such when it came in over IPv6. Empty when the peer is gone already. */
function addressOf(tcp: TcpSocket): string {
  return (tcp.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
}
