/**
 * One open WebSocket on its TCP or TLS connection, for either role: the thin part that reads, writes, waits and decides
 * nothing about the protocol (that is connection.ts). socket.ts puts a server's handlers on it, client.ts a browser's
 * interface. `#flush` is the only function that writes frames to TCP: after the handlers of a chunk have run, else once
 * at the end of the tick. Sections: RFC 6455 §5.5.2-§5.5.3 (pings), §7.1.1 (ending TCP), §7.1.2 (closing).
 */
import type { Socket as TcpSocket } from 'node:net';
import { CloseCode, truncateReason } from './close.ts';
import { type CloseRecord, explainClose } from './close-record.ts';
import { type Connection, type ConnectionEvents, ReadyState } from './connection.ts';
import { FrameTrace } from './frame-trace.ts';
import { Heartbeat } from './heartbeat.ts';
import { LentSocket, own, type StreamOwner } from './lent-socket.ts';
import type { Clock } from './options.ts';
import type { PreparedMessage } from './prepared-message.ts';
import type { TraceListener } from './trace.ts';

/** What became of a message: written or about to be; the same, but wait for `drain` before sending more; not sent. */
export const SendResult = { sent: 'sent', buffered: 'buffered', closed: 'closed' } as const;
export type SendResult = (typeof SendResult)[keyof typeof SendResult];

/** Octets that may stay in TCP after an expulsion: a Close frame, which over TLS waits a moment in any case. */
const closeAllowance = 1024;

const nothing = new Uint8Array(0);

/** Limits and deadlines; one object may serve all wires. Units and defaults: ServerOptions. */
export interface WireOptions {
  readonly maxBufferedAmount: number;
  readonly pingInterval: number;
  readonly pongTimeout: number;
  readonly closeTimeout: number;
  readonly clock: Clock;
  /**
   * Whether to read on while much output waits. A client must: with a server that echoes, and does not read while its
   * echoes wait, it would stand still for ever. Default false.
   */
  readonly alwaysReads?: boolean;
}

/** What a wire tells its owner. These must not throw, for the rest of the chunk would be lost. */
export interface WireEvents {
  /** A whole message: a string for text; for binary octets that are now the owner's. */
  message(data: string | Uint8Array): void;
  /** A Ping that has been answered already. The payload is valid during the call. */
  pingReceived(payload: Uint8Array): void;
  /** A Pong. The payload is valid during the call. */
  pongReceived(payload: Uint8Array): void;
  /** All that waited has been written, after a `send` that answered `buffered`. */
  drained(): void;
  /** Receiving failed through no fault of the peer's: memory, or a bug of ours. The owner reports and closes. */
  failed(error: unknown): void;
  /** TCP is gone. Called once, last. */
  closed(record: CloseRecord): void;
  /** Asks for one `flush` at the end of this tick. */
  schedule(): void;
  /** Asks for one `flush` soon: what has come has been handled, and answered. Default: now. */
  answered?(): void;
  /** `heldAmount` has changed by so many octets. */
  held?(difference: number): void;
}

export class Wire implements StreamOwner, ConnectionEvents {
  readonly #tcp: TcpSocket;
  readonly #connection: Connection;
  readonly #options: WireOptions;
  readonly #events: WireEvents;
  readonly #heartbeat: Heartbeat;
  /** What goes out before the first frame: the reply that opens the WebSocket, so that one write takes both. */
  #head: Uint8Array | undefined;

  #onWritten: (() => void) | undefined;
  #scheduled = false;
  #receiving = false;
  #wantsDrain = false;
  /** The owner is not ready for messages: what came behind the head waits here, the rest in the stream. */
  #held: Uint8Array | undefined;
  #ended = false;
  #finished = false;
  /** Who looks at the frames; made when somebody first does. */
  #trace: FrameTrace | undefined;
  /** What `held` has been told of. */
  #reportedAmount = 0;
  /** Why we gave up on the peer, and TCP's own error: for the close record. */
  #cause: string | undefined;
  #error: Error | undefined;

  // Moments, by the clock.
  readonly #openedAt: number;
  #lastReceived: number;
  #closeBy: number | undefined;

  /**
   * Takes over a connection whose opening handshake is done. It is read from `start` on.
   * @param head octets to be written before the first frame
   */
  constructor(
    tcp: TcpSocket,
    connection: Connection,
    options: WireOptions,
    events: WireEvents,
    head?: Uint8Array,
  ) {
    this.#tcp = tcp;
    this.#connection = connection;
    this.#options = options;
    this.#events = events;
    this.#head = head;
    const now = options.clock.now();
    this.#openedAt = now;
    this.#lastReceived = now;
    this.#heartbeat = new Heartbeat(options, now);
  }

  get readyState(): ReadyState {
    return this.#finished ? ReadyState.closed : this.#connection.readyState;
  }

  /** Whether TCP is gone and `closed` has been called. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Octets that were sent here and have not been handed to the operating system. */
  get bufferedAmount(): number {
    return this.#connection.pendingAmount + this.#tcp.writableLength;
  }

  /** Octets of memory held for this peer: what waits to be written and what is not yet a message. */
  get heldAmount(): number {
    return this.bufferedAmount + this.#connection.heldAmount;
  }

  /** Milliseconds that the last ping took there and back; undefined before the first. */
  get roundTripTime(): number | undefined {
    return this.#heartbeat.roundTripTime;
  }

  // What the owner does -------------------------------------------------------------------------------------------

  /**
   * Begins to read, with the octets that came behind the head.
   * @param rest the caller's again after this call
   * @param held whether to wait for `release` with everything that arrives
   */
  start(rest: Uint8Array, held = false): void {
    const tcp = this.#tcp;
    if (held) {
      this.#held = Uint8Array.from(rest);
      tcp.pause();
      own(tcp, this);
      this.#flush();
    } else {
      own(tcp, this);
      tcp.resume();
      this.receive(rest, true);
    }
  }

  /** Hands out what has waited since a `start` that was held, and goes on reading. */
  release(): void {
    const rest = this.#held;
    if (rest === undefined) return;
    this.#held = undefined;
    this.#heartbeat.restart(this.#options.clock.now());
    this.receive(rest, false);
    this.#readOrWait();
  }

  /**
   * Sends text (a string) or binary (octets, not to be changed until they are written). Never throws for a wire that
   * is closed or closing: it answers `closed`.
   * @param compress whether it may be compressed, where that was agreed on
   */
  send(data: string | Uint8Array | PreparedMessage, compress = true): SendResult {
    const { maxBufferedAmount } = this.#options;
    if (this.bufferedAmount > maxBufferedAmount && !this.#makesRoom()) return SendResult.closed;
    if (!this.#connection.send(data, compress)) return SendResult.closed;
    this.#schedule();
    if (this.bufferedAmount <= maxBufferedAmount / 2) return SendResult.sent;
    this.#wantsDrain = true;
    return SendResult.buffered;
  }

  /** What this tick has gathered has not been offered to the peer yet: it is slow only if it does not take that. */
  #makesRoom(): boolean {
    if (this.readyState !== ReadyState.open) return false;
    const { maxBufferedAmount } = this.#options;
    this.#flush();
    if (this.bufferedAmount <= maxBufferedAmount) return true;
    this.giveUp(
      CloseCode.tryAgainLater,
      `The peer reads too slowly: over ${maxBufferedAmount} octets wait for it.`,
    );
    return false;
  }

  /** Sends a Ping with up to 125 octets. @throws RangeError for more */
  sendPing(payload?: Uint8Array): void {
    this.#connection.ping(payload);
    this.#schedule();
  }

  /** Starts the closing handshake (§7.1.2). @throws RangeError for a code or reason that must not be sent */
  close(code?: number, reason?: string): void {
    this.#connection.close(code, reason);
    this.#beginClosing();
    this.#schedule();
  }

  /** Cuts TCP at once, without a Close frame. @param cause one sentence for the close record */
  terminate(cause = 'We cut the connection without a Close frame.'): void {
    this.#cause ??= cause;
    // Nothing more is handed out, also not what came in the same chunk.
    this.#connection.receiveEnd();
    this.#tcp.destroy();
  }

  /**
   * Closes a peer that cannot be talked to any more: what waits for it is dropped, the Close goes out if it can.
   * @param cause one sentence for the close record and, as far as it fits, the reason
   */
  giveUp(code: number, cause: string): void {
    this.#cause ??= cause;
    this.#connection.discardOutput();
    this.close(code, truncateReason(cause));
  }

  /**
   * The same at once, for a peer whose memory is needed elsewhere: the Close goes out if TCP takes it in this moment.
   */
  expel(code: number, cause: string): void {
    this.giveUp(code, cause);
    this.#flush();
    this.#connection.receiveEnd();
    // Now, and not when TCP is gone: whoever looks in between would have others go for what is free already.
    this.#reportHeld();
    if (this.#tcp.writableLength <= closeAllowance) this.#tcp.destroySoon();
    else this.#tcp.destroy();
  }

  /** Notes why the closing that follows was begun, for the close record. The first one counts. */
  explain(cause: string): void {
    this.#cause ??= cause;
  }

  /**
   * Calls back for each frame from now on, both ways, when its header has come or it is appended to what is to be sent.
   * A listener that throws is not called again, and fails the wire. @returns what ends it
   */
  trace(listener: TraceListener): () => void {
    this.#trace ??= new FrameTrace(this.#connection, this.#options.clock, (error) =>
      this.#events.failed(error),
    );
    return this.#trace.listen(listener);
  }

  /** Writes what waits, with one system call. */
  flush(): void {
    this.#scheduled = false;
    this.#flush();
    this.#reportHeld();
  }

  /** Looks at the deadlines. Called every second. */
  sweep(now: number): void {
    if (this.#closeBy !== undefined) {
      if (now < this.#closeBy) return;
      // Who has ended TCP ended the conversation; only what waited for it has not been taken.
      if (this.#connection.readyState === ReadyState.closing && !this.#connection.wasClean)
        this.#cause ??= 'The peer did not finish the closing handshake in time.';
      this.#tcp.destroy();
      return;
    }
    if (this.#held !== undefined) return;
    const lastReceived = this.#connection.midMessage ? this.#lastReceived : 0;
    const due = this.#heartbeat.check(now, this.bufferedAmount > 0, lastReceived);
    if (due === 'ping') this.sendPing(this.#heartbeat.payload);
    if (due === 'lost') {
      const { pongTimeout } = this.#options;
      this.giveUp(CloseCode.policyViolation, `The peer did not answer a ping within ${pongTimeout} ms.`);
    }
  }

  // StreamOwner: what TCP says ------------------------------------------------------------------------------------

  receive(chunk: Uint8Array, lent: boolean): void {
    if (chunk.length > 0) {
      this.#lastReceived = this.#options.clock.now();
      this.#receiving = true;
      try {
        this.#connection.receive(chunk, this, lent);
      } catch (error) {
        // No fault of the peer's, which the core answers itself.
        this.#events.failed(error);
      } finally {
        this.#receiving = false;
      }
    }
    if (this.#events.answered === undefined || !this.#mayWait) {
      this.#flush();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      this.#events.answered();
    }
    this.#reportHeld();
  }

  /** Whether there is nothing to be done now but, perhaps soon, writing what is in the output. */
  get #mayWait(): boolean {
    const { pendingAmount, readyState } = this.#connection;
    // The flush may be a long way off, behind a broadcast to thousands, and Pongs are answered to any number of Pings.
    if (this.bufferedAmount > this.#options.maxBufferedAmount / 2) return false;
    return pendingAmount > 0 && readyState === ReadyState.open && this.#head === undefined;
  }

  receiveEnd(): void {
    this.#connection.receiveEnd();
    this.#flush();
    this.#reportHeld();
  }

  failed(error: Error): void {
    this.#error = error;
  }

  closed(): void {
    if (this.#finished) return;
    this.#finished = true;
    const now = this.#options.clock.now();
    const record = explainClose(this.#connection, {
      cause: this.#cause,
      error: this.#error,
      duration: now - this.#openedAt,
      idleTime: now - this.#lastReceived,
    });
    this.#connection.receiveEnd();
    this.#reportHeld();
    this.#events.closed(record);
  }

  // ConnectionEvents: what the peer says, which goes to the owner ---------------------------------------------------

  message(data: string | Uint8Array): void {
    this.#events.message(data);
  }

  ping(payload: Uint8Array): void {
    this.#events.pingReceived(payload);
  }

  pong(payload: Uint8Array): void {
    this.#heartbeat.receivePong(payload, this.#options.clock.now());
    this.#events.pongReceived(payload);
  }

  // To TCP ----------------------------------------------------------------------------------------------------------

  #reportHeld(): void {
    const amount = this.#finished ? 0 : this.heldAmount;
    const difference = amount - this.#reportedAmount;
    if (difference === 0) return;
    this.#reportedAmount = amount;
    this.#events.held?.(difference);
  }

  #schedule(): void {
    if (this.#scheduled || this.#receiving) return;
    this.#scheduled = true;
    this.#events.schedule();
  }

  /**
   * TCP gets octets only while none of ours wait in it, for there every write costs some 250 octets besides its own:
   * a peer that does not read would make a little of everything that a tick has for it into much. Until TCP calls
   * back, frames gather in the connection's blocks.
   */
  #flush(): void {
    const tcp = this.#tcp;
    if (this.#connection.readyState !== ReadyState.open) this.#beginClosing();
    if (tcp.destroyed || this.#ended) return;
    if (tcp.writableLength > 0) {
      this.#connection.settleOutput();
      this.#readOrWait();
      return;
    }
    if (this.#connection.pendingAmount > 0 || this.#head !== undefined) this.#write();
    if (this.#connection.ended) {
      this.#ended = true;
      tcp.end();
    }
    if (tcp.writableLength === 0) return;
    // Only Node sees octets leave in the middle of one long write, so this wait is by its timer and not by the clock.
    // It goes on after the write, for over TLS every write waits a little, and ends itself in #timedOut.
    if (!tcp.timeout) tcp.setTimeout(this.#options.pongTimeout, () => this.#timedOut());
    this.#readOrWait();
  }

  #write(): void {
    const tcp = this.#tcp;
    const head = this.#head;
    this.#head = undefined;
    const { chunks, buffer } = this.#connection.takeOutput();
    // TCP mostly takes a write in this moment, and then there is nobody to call back: that would cost a tenth of it all.
    const written = this.#wantsDrain || !(tcp instanceof LentSocket) ? this.#written : undefined;
    const last = chunks.length - 1;
    if (last === 0 && head === undefined) {
      tcp.write(chunks[0] as Uint8Array, written);
    } else {
      tcp.cork();
      if (head !== undefined) tcp.write(head, last < 0 ? written : undefined);
      for (const [index, chunk] of chunks.entries()) tcp.write(chunk, index === last ? written : undefined);
      tcp.uncork();
    }
    if (tcp.writableLength === 0) buffer?.reuse();
    else if (written === undefined) tcp.write(nothing, this.#written);
  }

  /** TCP has taken a write whole. One function for all writes: a closure for each would be waste. */
  get #written(): () => void {
    this.#onWritten ??= () => this.#wrote();
    return this.#onWritten;
  }

  #wrote(): void {
    const tcp = this.#tcp;
    if (tcp.destroyed || tcp.writableLength > 0) return;
    // Besides frames, the end of our side may have waited for this.
    const { pendingAmount, readyState } = this.#connection;
    if ((pendingAmount > 0 || readyState !== ReadyState.open) && !this.#scheduled) this.#flush();
    this.#readOrWait();
    this.#reportHeld();
    if (!this.#wantsDrain || this.bufferedAmount > 0) return;
    this.#wantsDrain = false;
    if (this.readyState === ReadyState.open) this.#events.drained();
  }

  /** A peer that sends and does not read would fill our memory with answers: it is not read from meanwhile. */
  #readOrWait(): void {
    const tcp = this.#tcp;
    const { maxBufferedAmount, alwaysReads = false } = this.#options;
    const full = !alwaysReads && this.bufferedAmount > maxBufferedAmount / 2;
    const wait = this.#held !== undefined || full;
    if (wait === tcp.isPaused()) return;
    if (wait) tcp.pause();
    else tcp.resume();
  }

  /** For some time no octet has moved either way. That is a peer's right, unless something waits for it. */
  #timedOut(): void {
    this.#tcp.setTimeout(0);
    if (this.#tcp.writableLength === 0 || this.#closeBy !== undefined) return;
    this.giveUp(CloseCode.tryAgainLater, `The peer took no octets for ${this.#options.pongTimeout} ms.`);
  }

  #beginClosing(): void {
    this.#closeBy ??= this.#options.clock.now() + this.#options.closeTimeout;
    // Messages are nobody's any more, but the peer's Close must be heard.
    this.release();
  }
}
