/**
 * One client of a server: a wire with the server's handlers on it, and the names that a browser programmer knows. Made by
 * server.ts after the handshake. A handler that throws costs its own socket, never the process.
 */
import { CloseCode } from './close.ts';
import type { CloseRecord } from './close-record.ts';
import { Connection, ReadyState } from './connection.ts';
import type { UpgradeRequest } from './handshake.ts';
import type { ResolvedOptions } from './options.ts';
import { PreparedMessage } from './prepared-message.ts';
import { isThenable, onRejection } from './rejection.ts';
import type { TraceListener } from './trace.ts';
import type { Upgraded } from './upgrades.ts';
import { SendResult, Wire, type WireEvents } from './wire.ts';

export { SendResult };

export interface SendOptions {
  /**
   * Whether it may be compressed, where that was agreed on. Default: yes for a PreparedMessage, and for any message to
   * a socket that neither subscribes to a topic nor was ever sent a PreparedMessage. What is sent to one alone would
   * set its window apart from the others', and a broadcast would have to be compressed for it alone.
   */
  readonly compress?: boolean | undefined;
}

/** One peer, by the names that a browser programmer knows. `T` is what the `upgrade` handler gave it. */
export interface WebSocket<T> {
  data: T;
  /** 0 connecting, 1 open, 2 closing, 3 closed, as in browsers. */
  readonly readyState: ReadyState;
  /** Octets that were sent here and have not been handed to the operating system. */
  readonly bufferedAmount: number;
  /** The subprotocol that was chosen, or ''. */
  readonly protocol: string;
  /** The extensions that were agreed on, as the reply had them, or ''. */
  readonly extensions: string;
  /** The request that opened it. */
  readonly request: UpgradeRequest;
  /** IP address of the client; behind trusted proxies it is what they say. */
  readonly remoteAddress: string;
  /** Milliseconds that the last ping took there and back; undefined before the first. */
  readonly roundTripTime: number | undefined;
  /**
   * Sends text (a string) or binary (octets, not to be changed until they are written). Never throws for a socket
   * that is closed or closing: it answers `closed`.
   */
  send(data: string | Uint8Array | PreparedMessage, options?: SendOptions): SendResult;
  /** Sends a Ping with up to 125 octets. @throws RangeError for more */
  ping(payload?: Uint8Array): void;
  /** Starts the closing handshake (§7.1.2). @throws RangeError for a code or reason that must not be sent */
  close(code?: number, reason?: string): void;
  /** Cuts TCP at once, without a Close frame. */
  terminate(): void;
  /**
   * Calls back for each frame from now on, both ways: when its header has come, and when it is appended to what is to be
   * sent. Costs nothing while nobody listens. The listener must not send on this socket, which would never end; one that
   * throws is not called again, and costs its socket 1011. @returns what ends it; the end of the socket does too
   */
  trace(listener: TraceListener): () => void;
  /** Gets what is published to that topic, from now on. */
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
}

/**
 * What a server does with its sockets: one object for all of them. Any of these may be async; what they return is not
 * used, but a promise that rejects counts as a throw.
 */
export interface SocketHandlers<T> {
  /**
   * The handshake is done. Nothing of the peer's is handed out before this has been called and, when it returns a
   * promise, before that is fulfilled; meanwhile the peer is neither read from nor pinged. It may take as long as the
   * decision on the upgrade, `upgradeTimeout`; then the socket is closed with 1011.
   */
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
  /** Asks for one `flush` soon: the peer waits for an answer, which is there. */
  answered(socket: ServerSocket<T>): void;
  subscribe(socket: ServerSocket<T>, topic: string): void;
  unsubscribe(socket: ServerSocket<T>, topic: string): void;
  /** Whether it gets what is published to any topic. */
  subscribes(socket: ServerSocket<T>): boolean;
  /** The socket holds so many octets more, or less. */
  held(difference: number): void;
  /** TCP is gone. */
  closed(socket: ServerSocket<T>): void;
  /** A handler threw. */
  report(error: unknown, socket: WebSocket<T> | undefined): void;
}

export class ServerSocket<T> implements WebSocket<T>, WireEvents {
  data: T;
  readonly request: UpgradeRequest;
  readonly protocol: string;
  readonly extensions: string;
  readonly #host: SocketHost<T>;
  readonly #wire: Wire;
  readonly #compresses: boolean;
  #sharesMessages = false;
  /** By when the `open` handler must have finished, while it has not. */
  #openBy: number | undefined;

  constructor(host: SocketHost<T>, upgraded: Upgraded<T>) {
    const { stream, request, data, protocol, extensions, deflate, reply } = upgraded;
    this.#host = host;
    this.request = request;
    this.protocol = protocol;
    this.extensions = extensions;
    this.data = data;
    this.#compresses = deflate !== undefined;
    const { maxMessageLength } = host.options;
    const connection = new Connection('server', { maxMessageLength, deflate });
    this.#wire = new Wire(stream, connection, host.options, this, reply);
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

  send(data: string | Uint8Array | PreparedMessage, options?: SendOptions): SendResult {
    if (!this.#compresses) return this.#wire.send(data, false);
    const isShared = data instanceof PreparedMessage;
    if (isShared) this.#sharesMessages = true;
    const stayOut = !isShared && (this.#sharesMessages || this.#host.subscribes(this));
    return this.#wire.send(data, options?.compress ?? !stayOut);
  }

  ping(payload?: Uint8Array): void {
    this.#wire.sendPing(payload);
  }

  close(code?: number, reason?: string): void {
    this.#wire.close(code, reason);
  }

  terminate(): void {
    this.#wire.terminate();
  }

  /** The same, with one sentence for the close record. */
  cut(cause: string): void {
    this.#wire.terminate(cause);
  }

  trace(listener: TraceListener): () => void {
    return this.#wire.trace(listener);
  }

  subscribe(topic: string): void {
    if (!this.#wire.finished) this.#host.subscribe(this, topic);
  }

  unsubscribe(topic: string): void {
    this.#host.unsubscribe(this, topic);
  }

  // What the server does ----------------------------------------------------------------------------------------

  /** Octets of memory held for this peer. */
  get heldAmount(): number {
    return this.#wire.heldAmount;
  }

  /** Calls the `open` handler and begins to read, with the octets that came behind the head. */
  open(rest: Uint8Array): void {
    let opening: unknown;
    try {
      opening = this.#host.handlers.open?.(this);
    } catch (error) {
      this.#fail(error);
    }
    if (!isThenable(opening)) {
      this.#wire.start(rest);
      return;
    }
    const { clock, upgradeTimeout } = this.#host.options;
    this.#openBy = clock.now() + upgradeTimeout;
    this.#wire.start(rest, true);
    Promise.resolve(opening).then(
      () => {
        this.#openBy = undefined;
        this.#wire.release();
      },
      (error: unknown) => {
        this.#openBy = undefined;
        this.#fail(error);
      },
    );
  }

  /** Closes with that code and cuts TCP, because the memory is needed. */
  expel(code: number, cause: string): void {
    this.#wire.expel(code, cause);
  }

  /** Writes what waits, with one system call. */
  flush(): void {
    this.#wire.flush();
  }

  /** Looks at the deadlines. Called every second. */
  sweep(now: number): void {
    if (this.#openBy !== undefined && now >= this.#openBy) this.#openTooLong();
    this.#wire.sweep(now);
  }

  /** Nothing is read from the peer meanwhile, so nobody would even see it go. */
  #openTooLong(): void {
    this.#openBy = undefined;
    if (this.readyState !== ReadyState.open) return;
    const cause = `The open handler did not finish within ${this.#host.options.upgradeTimeout} ms.`;
    this.#wire.explain(cause);
    this.close(CloseCode.internalError, cause);
  }

  /** What a handler returned: a promise that rejects counts as a throw. */
  #settle(result: unknown): void {
    // Most handlers return nothing, and a message should not cost a closure then.
    if (typeof result === 'object' && result !== null) onRejection(result, (error) => this.#fail(error));
  }

  /**
   * A handler threw, or we failed ourselves. It costs its own socket 1011 and is reported; it never ends the process.
   * @param cause one sentence for the close record
   */
  #fail(error: unknown, cause = 'A handler threw.'): void {
    if (this.readyState === ReadyState.open) this.#wire.explain(cause);
    this.#host.report(error, this);
    if (!this.#wire.finished) this.close(CloseCode.internalError, 'The server failed on this message.');
  }

  // WireEvents: what the wire reports, as calls of the handlers ----------------------------------------------------

  message(data: string | Uint8Array): void {
    try {
      this.#settle(this.#host.handlers.message(this, data));
    } catch (error) {
      this.#fail(error);
    }
  }

  pingReceived(payload: Uint8Array): void {
    try {
      this.#settle(this.#host.handlers.ping?.(this, payload));
    } catch (error) {
      this.#fail(error);
    }
  }

  pongReceived(payload: Uint8Array): void {
    try {
      this.#settle(this.#host.handlers.pong?.(this, payload));
    } catch (error) {
      this.#fail(error);
    }
  }

  drained(): void {
    try {
      this.#settle(this.#host.handlers.drain?.(this));
    } catch (error) {
      this.#fail(error);
    }
  }

  failed(error: unknown): void {
    this.#fail(error, 'The server failed while receiving.');
  }

  closed(record: CloseRecord): void {
    this.#host.closed(this);
    try {
      this.#settle(this.#host.handlers.close?.(this, record));
    } catch (error) {
      this.#fail(error);
    }
  }

  schedule(): void {
    this.#host.schedule(this);
  }

  answered(): void {
    this.#host.answered(this);
  }

  held(difference: number): void {
    this.#host.held(difference);
  }
}
