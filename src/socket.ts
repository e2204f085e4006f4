/**
 * One client of a server: a wire with the server's handlers on it, and the names that a browser programmer knows. Made by
 * server.ts after the handshake. A handler that throws costs its own socket, never the process.
 */
import type { Socket as TcpSocket } from 'node:net';
import { CloseCode } from './close.ts';
import type { CloseRecord } from './close-record.ts';
import { Connection, type ReadyState } from './connection.ts';
import type { UpgradeRequest } from './handshake.ts';
import type { ResolvedOptions } from './options.ts';
import type { PreparedMessage } from './prepared-message.ts';
import { onRejection } from './rejection.ts';
import { SendResult, Wire, type WireEvents } from './wire.ts';

export { SendResult };

/** One peer, by the names that a browser programmer knows. `T` is what the `upgrade` handler gave it. */
export interface WebSocket<T> {
  data: T;
  /** 0 connecting, 1 open, 2 closing, 3 closed, as in browsers. */
  readonly readyState: ReadyState;
  /** Octets that were sent here and have not been handed to the operating system. */
  readonly bufferedAmount: number;
  /** The subprotocol that was chosen, or ''. */
  readonly protocol: string;
  /** The request that opened it. */
  readonly request: UpgradeRequest;
  /** IP address of the TCP peer. */
  readonly remoteAddress: string;
  /** Milliseconds that the last ping took there and back; undefined before the first. */
  readonly roundTripTime: number | undefined;
  /**
   * Sends text (a string) or binary (octets, not to be changed until they are written). Never throws for a socket
   * that is closed or closing: it answers `closed`.
   */
  send(data: string | Uint8Array | PreparedMessage): SendResult;
  /** Sends a Ping with up to 125 octets. @throws RangeError for more */
  ping(payload?: Uint8Array): void;
  /** Starts the closing handshake (§7.1.2). @throws RangeError for a code or reason that must not be sent */
  close(code?: number, reason?: string): void;
  /** Cuts TCP at once, without a Close frame. */
  terminate(): void;
  /** Gets what is published to that topic, from now on. */
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
}

/**
 * What a server does with its sockets: one object for all of them. Any of these may be async; what they return is not
 * used, but a promise that rejects counts as a throw.
 */
export interface SocketHandlers<T> {
  /** The handshake is done. Nothing of the peer's is handed out before this has been called. */
  open?(socket: WebSocket<T>): unknown;
  /** A message: a string for text; for binary octets that are now yours. */
  message(socket: WebSocket<T>, data: string | Uint8Array): unknown;
  /** A Ping that has been answered already. The payload is valid during the call. */
  ping?(socket: WebSocket<T>, payload: Uint8Array): unknown;
  /** A Pong. The payload is valid during the call. */
  pong?(socket: WebSocket<T>, payload: Uint8Array): unknown;
  /** All that waited has been written, after a `send` that answered `buffered`. */
  drain?(socket: WebSocket<T>): unknown;
  /** It is over: called once for each socket that was opened. */
  close?(socket: WebSocket<T>, record: CloseRecord): unknown;
}

/** What a socket needs from its server. */
export interface SocketHost<T> {
  readonly handlers: SocketHandlers<T>;
  readonly options: ResolvedOptions;
  /** Asks for one `flush` at the end of this tick. */
  schedule(socket: ServerSocket<T>): void;
  subscribe(socket: ServerSocket<T>, topic: string): void;
  unsubscribe(socket: ServerSocket<T>, topic: string): void;
  /** TCP is gone. */
  closed(socket: ServerSocket<T>): void;
  /** A handler threw. */
  report(error: unknown, socket: WebSocket<T> | undefined): void;
}

export class ServerSocket<T> implements WebSocket<T> {
  data: T;
  readonly request: UpgradeRequest;
  readonly protocol: string;
  readonly #host: SocketHost<T>;
  readonly #wire: Wire;

  /** @param reply the octets that open the WebSocket; they go out with what `open` has to say */
  constructor(
    host: SocketHost<T>,
    tcp: TcpSocket,
    request: UpgradeRequest,
    protocol: string,
    data: T,
    reply: Uint8Array,
  ) {
    this.#host = host;
    this.request = request;
    this.protocol = protocol;
    this.data = data;
    const connection = new Connection('server', { maxMessageLength: host.options.maxMessageLength });
    this.#wire = new Wire(tcp, connection, host.options, new SocketEvents(this, host), reply);
  }

  get readyState(): ReadyState {
    return this.#wire.readyState;
  }

  get bufferedAmount(): number {
    return this.#wire.bufferedAmount;
  }

  get remoteAddress(): string {
    return this.request.remoteAddress;
  }

  get roundTripTime(): number | undefined {
    return this.#wire.roundTripTime;
  }

  send(data: string | Uint8Array | PreparedMessage): SendResult {
    return this.#wire.send(data);
  }

  ping(payload?: Uint8Array): void {
    this.#wire.ping(payload);
  }

  close(code?: number, reason?: string): void {
    this.#wire.close(code, reason);
  }

  terminate(): void {
    this.#wire.terminate();
  }

  subscribe(topic: string): void {
    if (!this.#wire.finished) this.#host.subscribe(this, topic);
  }

  unsubscribe(topic: string): void {
    this.#host.unsubscribe(this, topic);
  }

  // What the server does ----------------------------------------------------------------------------------------

  /** Calls the `open` handler and begins to read, with the octets that came behind the head. */
  open(rest: Uint8Array): void {
    try {
      this.settle(this.#host.handlers.open?.(this));
    } catch (error) {
      this.fail(error);
    }
    this.#wire.start(rest);
  }

  /** Writes what waits, with one system call. */
  flush(): void {
    this.#wire.flush();
  }

  /** Looks at the deadlines. Called every second. */
  sweep(now: number): void {
    this.#wire.sweep(now);
  }

  /** What a handler returned: a promise that rejects counts as a throw. */
  settle(result: unknown): void {
    // Most handlers return nothing, and a message should not cost a closure then.
    if (typeof result === 'object' && result !== null) onRejection(result, (error) => this.fail(error));
  }

  /** A handler threw. It costs its own socket 1011 and is reported; it never ends the process. */
  fail(error: unknown): void {
    this.#wire.explain('A handler threw.');
    this.#host.report(error, this);
    if (!this.#wire.finished) this.close(CloseCode.internalError, 'The server failed on this message.');
  }
}

/** What the wire of one socket reports, as calls of the handlers. */
class SocketEvents<T> implements WireEvents {
  readonly #socket: ServerSocket<T>;
  readonly #host: SocketHost<T>;

  constructor(socket: ServerSocket<T>, host: SocketHost<T>) {
    this.#socket = socket;
    this.#host = host;
  }

  message(data: string | Uint8Array): void {
    try {
      this.#socket.settle(this.#host.handlers.message(this.#socket, data));
    } catch (error) {
      this.#socket.fail(error);
    }
  }

  ping(payload: Uint8Array): void {
    try {
      this.#socket.settle(this.#host.handlers.ping?.(this.#socket, payload));
    } catch (error) {
      this.#socket.fail(error);
    }
  }

  pong(payload: Uint8Array): void {
    try {
      this.#socket.settle(this.#host.handlers.pong?.(this.#socket, payload));
    } catch (error) {
      this.#socket.fail(error);
    }
  }

  drained(): void {
    try {
      this.#socket.settle(this.#host.handlers.drain?.(this.#socket));
    } catch (error) {
      this.#socket.fail(error);
    }
  }

  failed(error: unknown): void {
    this.#socket.fail(error);
  }

  closed(record: CloseRecord): void {
    this.#host.closed(this.#socket);
    try {
      this.#socket.settle(this.#host.handlers.close?.(this.#socket, record));
    } catch (error) {
      this.#socket.fail(error);
    }
  }

  schedule(): void {
    this.#host.schedule(this.#socket);
  }
}
