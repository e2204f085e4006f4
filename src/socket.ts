/**
 * One open WebSocket on its TCP connection: the thin part that reads, writes, waits and calls the handlers, and
 * decides nothing about the protocol (that is connection.ts). Made by server.ts after the handshake. The function
 * `#flush` is the only one that writes frames to TCP: once after the handlers of a chunk have run, else once at the
 * end of the tick. Sections: RFC 6455 §5.5.2-§5.5.3 (pings), §7.1.1 (ending TCP).
 */
import type { Socket as TcpSocket } from 'node:net';
import { CloseCode, truncateReason } from './close.ts';
import { type CloseRecord, explainClose } from './close-record.ts';
import { Connection, type ConnectionEvents, type PreparedMessage, ReadyState } from './connection.ts';
import type { UpgradeRequest } from './handshake.ts';
import type { ResolvedOptions } from './options.ts';
import { onRejection } from './rejection.ts';

/** What became of a message: written or about to be; the same, but wait for `drain` before sending more; not sent. */
export const SendResult = { sent: 'sent', buffered: 'buffered', closed: 'closed' } as const;
export type SendResult = (typeof SendResult)[keyof typeof SendResult];

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
  readonly #tcp: TcpSocket;
  readonly #connection: Connection;

  #scheduled = false;
  #receiving = false;
  #wantsDrain = false;
  #ended = false;
  #finished = false;
  /** Why we gave up on the peer, and TCP's own error: for the close record. */
  #cause: string | undefined;
  #error: Error | undefined;

  // Deadlines, by the server's clock. Looked at by `sweep`.
  #closeBy: number | undefined;
  #pingAt: number;
  #pingSentAt: number | undefined;
  #pongSince = 0;
  #pingCount = 0;
  #lastReceived = 0;
  #roundTripTime: number | undefined;

  constructor(host: SocketHost<T>, tcp: TcpSocket, request: UpgradeRequest, protocol: string, data: T) {
    this.#host = host;
    this.#tcp = tcp;
    this.request = request;
    this.protocol = protocol;
    this.data = data;
    this.#connection = new Connection('server', { maxMessageLength: host.options.maxMessageLength });
    this.#pingAt = host.options.clock.now() + host.options.pingInterval;
  }

  get readyState(): ReadyState {
    return this.#finished ? ReadyState.closed : this.#connection.readyState;
  }

  get bufferedAmount(): number {
    return this.#connection.pendingAmount + this.#tcp.writableLength;
  }

  get remoteAddress(): string {
    return this.request.remoteAddress;
  }

  get roundTripTime(): number | undefined {
    return this.#roundTripTime;
  }

  // What the application does -----------------------------------------------------------------------------------

  send(data: string | Uint8Array | PreparedMessage): SendResult {
    const { maxBufferedAmount } = this.#host.options;
    if (this.readyState !== ReadyState.open) return SendResult.closed;
    // What this tick has gathered has not been offered to the peer yet: it is slow only if it does not take that.
    if (this.bufferedAmount > maxBufferedAmount) this.#flush();
    if (this.bufferedAmount > maxBufferedAmount) {
      this.#giveUp(
        CloseCode.tryAgainLater,
        `The peer reads too slowly: over ${maxBufferedAmount} octets wait for it.`,
      );
      return SendResult.closed;
    }
    this.#connection.send(data);
    this.#schedule();
    if (this.bufferedAmount <= maxBufferedAmount / 2) return SendResult.sent;
    this.#wantsDrain = true;
    return SendResult.buffered;
  }

  ping(payload?: Uint8Array): void {
    this.#connection.ping(payload);
    this.#schedule();
  }

  close(code?: number, reason?: string): void {
    this.#connection.close(code, reason);
    this.#closeBy ??= this.#host.options.clock.now() + this.#host.options.closeTimeout;
    this.#schedule();
  }

  terminate(): void {
    this.#cause ??= 'We cut the connection without a Close frame.';
    // Nothing more is handed out, also not what came in the same chunk.
    this.#connection.receiveEnd();
    this.#tcp.destroy();
  }

  subscribe(topic: string): void {
    if (!this.#finished) this.#host.subscribe(this, topic);
  }

  unsubscribe(topic: string): void {
    this.#host.unsubscribe(this, topic);
  }

  // What the server does ----------------------------------------------------------------------------------------

  /** Takes over a TCP connection whose handshake reply has been written, and the octets that came behind the head. */
  open(rest: Uint8Array): void {
    this.#tcp.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#tcp.on('end', () => this.#receiveEnd());
    this.#tcp.on('drain', () => this.#drained());
    this.#tcp.on('timeout', () => this.#timedOut());
    this.#tcp.on('error', (error) => {
      this.#error = error;
    });
    this.#tcp.on('close', () => this.#finish());
    this.#run(() => this.#host.handlers.open?.(this));
    if (rest.length > 0) this.#receive(rest);
  }

  /** Writes what waits, with one system call. */
  flush(): void {
    this.#scheduled = false;
    this.#flush();
  }

  /** Looks at the deadlines. Called every second. */
  sweep(now: number): void {
    if (this.#closeBy !== undefined) {
      if (now < this.#closeBy) return;
      if (!this.#connection.wasClean)
        this.#cause ??= 'The peer did not finish the closing handshake in time.';
      this.#tcp.destroy();
    } else {
      this.#sweepPing(now);
    }
  }

  #sweepPing(now: number): void {
    const { pingInterval, pongTimeout } = this.#host.options;
    if (this.#pingSentAt === undefined) {
      if (now < this.#pingAt) return;
      this.#pingAt = now + pingInterval;
      this.#pingSentAt = now;
      this.#pongSince = now;
      this.#pingCount = (this.#pingCount + 1) >>> 0;
      this.ping(countOctets(this.#pingCount));
      return;
    }
    // While octets wait in front of the ping, or those of a long message come in front of the pong, there can be none.
    if (this.bufferedAmount > 0) this.#pongSince = now;
    const receivedSince = this.#connection.midMessage ? this.#lastReceived : 0;
    if (now - Math.max(this.#pongSince, receivedSince) < pongTimeout) return;
    this.#giveUp(CloseCode.policyViolation, `The peer did not answer a ping within ${pongTimeout} ms.`);
  }

  // What the core reports -------------------------------------------------------------------------------------------

  readonly #events: ConnectionEvents = {
    message: (data) => this.#run(() => this.#host.handlers.message(this, data)),
    ping: (payload) => this.#run(() => this.#host.handlers.ping?.(this, payload)),
    pong: (payload) => {
      this.#measureRoundTrip(payload);
      this.#run(() => this.#host.handlers.pong?.(this, payload));
    },
  };

  /** Notes the answer to our ping; a Pong that nobody asked for is nothing to us (§5.5.3). */
  #measureRoundTrip(payload: Uint8Array): void {
    if (this.#pingSentAt === undefined || !sameOctets(payload, countOctets(this.#pingCount))) return;
    this.#roundTripTime = this.#host.options.clock.now() - this.#pingSentAt;
    this.#pingSentAt = undefined;
  }

  // TCP -----------------------------------------------------------------------------------------------------------

  #receive(chunk: Uint8Array): void {
    this.#lastReceived = this.#host.options.clock.now();
    this.#receiving = true;
    try {
      this.#connection.receive(chunk, this.#events);
    } catch (error) {
      // No fault of the peer's, which the core answers itself: memory, or a bug of ours.
      this.#handlerFailed(error);
    } finally {
      this.#receiving = false;
    }
    this.#flush();
  }

  #receiveEnd(): void {
    this.#connection.receiveEnd();
    this.#flush();
  }

  #schedule(): void {
    if (this.#scheduled || this.#receiving) return;
    this.#scheduled = true;
    this.#host.schedule(this);
  }

  #flush(): void {
    const { chunks, end } = this.#connection.takeOutput();
    const tcp = this.#tcp;
    if (tcp.destroyed || this.#ended) return;
    if (chunks.length > 1) tcp.cork();
    for (const chunk of chunks) tcp.write(chunk);
    if (end) {
      this.#ended = true;
      this.#closeBy ??= this.#host.options.clock.now() + this.#host.options.closeTimeout;
      tcp.end();
    } else if (chunks.length > 1) {
      tcp.uncork();
    }
    if (tcp.writableLength === 0) return;
    // Only Node sees octets leave in the middle of one long write, so this wait is by its timer and not by the clock.
    if (!tcp.timeout) tcp.setTimeout(this.#host.options.pongTimeout);
    // A peer that sends and does not read would fill our memory with answers.
    if (this.bufferedAmount > this.#host.options.maxBufferedAmount / 2 && !tcp.isPaused()) tcp.pause();
  }

  /** For some time no octet has moved either way. That is a peer's right, unless something waits for it. */
  #timedOut(): void {
    this.#tcp.setTimeout(0);
    if (this.#tcp.writableLength === 0 || this.#closeBy !== undefined) return;
    this.#giveUp(
      CloseCode.tryAgainLater,
      `The peer took no octets for ${this.#host.options.pongTimeout} ms.`,
    );
  }

  #drained(): void {
    this.#tcp.setTimeout(0);
    if (this.#tcp.isPaused()) this.#tcp.resume();
    if (!this.#wantsDrain) return;
    this.#wantsDrain = false;
    if (this.readyState === ReadyState.open) this.#run(() => this.#host.handlers.drain?.(this));
  }

  /** Closes a peer that cannot be talked to any more: what waits for it is dropped, the Close goes out if it can. */
  #giveUp(code: number, cause: string): void {
    this.#cause ??= cause;
    this.#connection.discardOutput();
    this.close(code, truncateReason(cause));
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    const record = explainClose(this.#connection, { cause: this.#cause, error: this.#error });
    this.#connection.receiveEnd();
    this.#host.closed(this);
    this.#run(() => this.#host.handlers.close?.(this, record));
  }

  /** Runs a handler. One that throws costs its own socket (1011) and is reported; it never ends the process. */
  #run(handler: () => unknown): void {
    try {
      const result = handler();
      onRejection(result, (error) => this.#handlerFailed(error));
    } catch (error) {
      this.#handlerFailed(error);
    }
  }

  #handlerFailed(error: unknown): void {
    this.#cause ??= 'A handler threw.';
    this.#host.report(error, this);
    if (!this.#finished) this.close(CloseCode.internalError, 'The server failed on this message.');
  }
}

function countOctets(count: number): Uint8Array {
  return Uint8Array.of(count >>> 24, count >>> 16, count >>> 8, count);
}

function sameOctets(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((octet, index) => octet === right[index]);
}
