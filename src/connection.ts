/**
 * One WebSocket connection without its socket: octets in, events and octets out (RFC 6455 §5.4-§5.5, §6, §7, §8,
 * RFC 7692 §6).
 * It opens nothing, waits for nothing and has no clock. Called by the shell (server.ts, socket.ts), and for either
 * role by tests and bench. What the peer does wrong ends as a Close frame; what the caller does wrong throws.
 */
import { Buffer } from 'node:buffer';
import {
  type Close,
  CloseCode,
  decodeClosePayload,
  encodeClosePayload,
  ProtocolError,
  truncateReason,
} from './close.ts';
import { Decoder, type DecoderEvents } from './decoder.ts';
import { DeflateWindow, deflate, isCompressible, isWorthwhile } from './deflate.ts';
import type { DeflateAgreement } from './deflate-negotiation.ts';
import { maximumControlLength, Opcode } from './frame.ts';
import { FrameRun, longestRun } from './frame-run.ts';
import { OutputBuffer } from './output.ts';
import { PreparedMessage } from './prepared-message.ts';
import type { FrameNote } from './recent-frames.ts';
import type { Tracer } from './trace.ts';

/** Which end of the connection this is: clients mask what they send, servers do not (§5.1). */
export type Role = 'server' | 'client';

export interface ConnectionOptions {
  /**
   * The most octets of payload in one received message, all fragments together; more is refused with 1009 before it
   * is stored. 1 to 2^30. Default 1 MiB: ample for people, little enough for a thousand strangers at once.
   */
  readonly maxMessageLength?: number;
  /**
   * Gives the masking key of the next frame, 0 to 2^32 - 1. Required for role `client`, where keys must be
   * unpredictable (§5.3, §10.3); not used by a server.
   */
  readonly maskingKey?: () => number;
  /** What was agreed on about permessage-deflate; undefined, the default, for no compression. */
  readonly deflate?: ConnectionDeflate | undefined;
}

/** permessage-deflate on one connection. */
export interface ConnectionDeflate {
  readonly agreement: DeflateAgreement;
  /** zlib's level, 1-9. */
  readonly level: number;
  /** Messages of fewer octets are sent as they are. */
  readonly threshold: number;
}

/** Where received events go. Called from within receive; must not throw, for the rest of the chunk would be lost. */
export interface ConnectionEvents {
  /** A whole message: a string for text; for binary octets that are now the receiver's. */
  message(data: string | Uint8Array): void;
  /** A Ping; its Pong is in the output already. The payload is a view that is valid during the call. */
  ping?(payload: Uint8Array): void;
  /** A Pong, asked for or not (§5.5.3). The payload is a view that is valid during the call. */
  pong?(payload: Uint8Array): void;
  /** The peer's Close; our own, when it was due, is in the output already. */
  closeReceived?(close: Close): void;
}

/** What waits to be written: `chunks` in order, then, when `end` is set, the end of our side of TCP (FIN). */
export interface Output {
  /** Only to be read. */
  readonly chunks: readonly Uint8Array[];
  readonly end: boolean;
  /** What the chunks' memory is from: who has written them all may say so, by `reuse`, and must not touch them again. */
  readonly buffer: OutputBuffer | undefined;
}

/** The states of the WHATWG interface. CONNECTING is over before there is a Connection. */
export const ReadyState = { connecting: 0, open: 1, closing: 2, closed: 3 } as const;
export type ReadyState = (typeof ReadyState)[keyof typeof ReadyState];

const empty = new Uint8Array(0);
const fin = 0x80;
const rsv1 = 0x40;

export class Connection {
  readonly #role: Role;
  readonly #maskingKey: (() => number) | undefined;
  readonly #decoder: Decoder;
  /** What waits to be taken: first the frames that others are sent as well, then the rest. */
  #run: FrameRun | undefined;
  #output: OutputBuffer | undefined;
  readonly #deflate: ConnectionDeflate | undefined;
  /** What our compressed messages may refer back to. */
  #sendWindow: DeflateWindow | undefined;
  /** Octets of that window when nobody else has it; 0 when all share it who were sent the same prepared messages. */
  #ownWindowLength = 0;

  // The state is these facts; everything else is derived from them.
  #closeSent: Close | undefined;
  #closeReceived: Close | undefined;
  #closeFirst: 'us' | 'peer' | undefined;
  #failure: ProtocolError | undefined;
  #tcpEnded = false;
  #endedMidMessage = false;

  #octetsReceived = 0;
  #octetsSent = 0;
  #messagesReceived = 0;
  #messagesSent = 0;

  /** @throws RangeError for a limit out of range, TypeError for a client without masking keys */
  constructor(role: Role, options: ConnectionOptions = {}) {
    const { maxMessageLength = 1024 * 1024, maskingKey, deflate } = options;
    if (!Number.isInteger(maxMessageLength) || maxMessageLength < 1 || maxMessageLength > 2 ** 30) {
      throw new RangeError(`maxMessageLength is ${maxMessageLength}; it takes 1 to ${2 ** 30} octets.`);
    }
    if (role === 'client' && maskingKey === undefined) {
      throw new TypeError('A client needs maskingKey: every frame that it sends is masked.');
    }
    this.#role = role;
    this.#maskingKey = role === 'client' ? maskingKey : undefined;
    this.#deflate = deflate;
    const windows = deflate && windowsOf(deflate.agreement);
    this.#sendWindow = windows?.[role];
    this.#decoder = new Decoder({
      masked: role === 'server',
      maxMessageLength,
      window: windows?.[role === 'server' ? 'client' : 'server'],
    });
  }

  // State, all derived ------------------------------------------------------------------------------------------

  get readyState(): ReadyState {
    if (this.#tcpEnded) return ReadyState.closed;
    return this.#closeSent || this.#closeReceived ? ReadyState.closing : ReadyState.open;
  }

  /** The Close frame that we sent, if we did. */
  get closeSent(): Close | undefined {
    return this.#closeSent;
  }

  /** The Close frame that the peer sent, if it did. */
  get closeReceived(): Close | undefined {
    return this.#closeReceived;
  }

  /** Whose Close came first: who ended the conversation. */
  get closeFirst(): 'us' | 'peer' | undefined {
    return this.#closeFirst;
  }

  /** What the peer did wrong, when that is how the connection ended (§7.1.7). */
  get failure(): ProtocolError | undefined {
    return this.#failure;
  }

  /** Whether both Close frames were exchanged, and not because of a failure (§7.1.4). */
  get wasClean(): boolean {
    return this.#closeSent !== undefined && this.#closeReceived !== undefined && this.#failure === undefined;
  }

  /** The close code as §7.1.5 has it: the peer's; 1006 when none came. */
  get closeCode(): number {
    return this.#closeReceived?.code ?? CloseCode.abnormalClosure;
  }

  /** Whether more octets can still mean something: false once the peer's Close, a failure or its FIN was met. */
  get receiving(): boolean {
    return this.#closeReceived === undefined && this.#failure === undefined && !this.#tcpEnded;
  }

  /** Whether a frame, or a fragmented message, has begun and not ended; after the end of TCP, whether it cut one off. */
  get midMessage(): boolean {
    return this.#endedMidMessage || this.#decoder.midMessage;
  }

  /** Octets of output that wait to be taken. */
  get pendingAmount(): number {
    return (this.#run?.length ?? 0) + (this.#output?.length ?? 0);
  }

  /**
   * Octets of memory held besides the output: for a message that is not complete, for the peer's window, and for our
   * own unless it is one that all share who were sent the same.
   */
  get heldAmount(): number {
    return this.#decoder.heldAmount + this.#ownWindowLength;
  }

  /** Octets that came, frame headers included, up to the chunk with the peer's Close or its failure. */
  get octetsReceived(): number {
    return this.#octetsReceived;
  }

  /** Octets that were taken to be written, frame headers included. */
  get octetsSent(): number {
    return this.#octetsSent;
  }

  /** Whole messages that were handed out. */
  get messagesReceived(): number {
    return this.#messagesReceived;
  }

  /** Messages that were accepted by send. */
  get messagesSent(): number {
    return this.#messagesSent;
  }

  /** The last eight frames that came or were appended, the oldest first. */
  lastFrames(): readonly FrameNote[] {
    return this.#decoder.frames.list();
  }

  /** Who is told of each frame, both ways, when its header has come or it is appended; undefined, the default: nobody. */
  set tracer(tracer: Tracer | undefined) {
    this.#decoder.frames.tracer = tracer;
  }

  // In ----------------------------------------------------------------------------------------------------------

  /**
   * Takes octets from the peer and hands out what they complete. Payloads are unmasked in place, so the chunk must be
   * writable. Octets after a Close or a failure are ignored (§5.5.1, §7.1.7).
   * @param lent whether the chunk is the caller's again after this call, as a read buffer that serves all connections
   *   is: then binary messages are copies, and nothing keeps a view. Default false: the chunk is the connection's from
   *   now on, and binary messages may be views of it
   */
  receive(chunk: Uint8Array, sink: ConnectionEvents, lent = false): void {
    if (!this.receiving) return;
    this.#octetsReceived += chunk.length;
    try {
      const bytes = Buffer.isBuffer(chunk)
        ? chunk
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      this.#decoder.decode(bytes, new Connection.#Inbox(this, sink), lent);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail(error);
    }
  }

  /** The peer ended its side of TCP. Without a Close before it this is 1006 to us (§7.1.5). */
  receiveEnd(): void {
    if (this.#tcpEnded) return;
    this.#endedMidMessage = this.#decoder.midMessage;
    this.#tcpEnded = true;
    this.#decoder.stop();
    this.#dropSendWindow();
  }

  /** What the decoder tells goes through here. One for each chunk, and no closures: idle connections pay nothing. */
  static readonly #Inbox = class implements DecoderEvents {
    readonly #connection: Connection;
    readonly #sink: ConnectionEvents;

    constructor(connection: Connection, sink: ConnectionEvents) {
      this.#connection = connection;
      this.#sink = sink;
    }

    message(data: string | Uint8Array): void {
      // After our own Close nobody listens any more, as in WHATWG's CLOSING; the frames are judged all the same.
      if (this.#connection.#closeSent !== undefined) return;
      this.#connection.#messagesReceived++;
      this.#sink.message(data);
    }

    control(opcode: number, payload: Uint8Array): void {
      this.#connection.#receiveControl(opcode, payload, this.#sink);
    }
  };

  #receiveControl(opcode: number, payload: Uint8Array, sink: ConnectionEvents): void {
    if (opcode === Opcode.ping) {
      // Also after our own Close: only the peer's ends this duty (§5.5.2), and no Ping is read after that.
      this.#append(Opcode.pong, payload);
      sink.ping?.(payload);
    } else if (opcode === Opcode.pong) {
      sink.pong?.(payload);
    } else {
      this.#receiveClose(decodeClosePayload(payload), sink);
    }
  }

  #receiveClose(close: Close, sink: ConnectionEvents): void {
    this.#closeReceived = close;
    this.#closeFirst ??= 'peer';
    this.#decoder.stop();
    // Echoed whole (§5.5.1): in browsers the reason that onclose tells is the one that comes back.
    if (this.#closeSent === undefined) this.#sendClose(close.code, close.reason);
    sink.closeReceived?.(close);
  }

  /** Fail the connection (§7.1.7): say why in a Close frame, unless one was sent, and end. */
  #fail(error: ProtocolError): void {
    this.#failure = error;
    this.#closeFirst ??= 'us';
    this.#decoder.stop();
    if (this.#closeSent === undefined) this.#sendClose(error.closeCode, truncateReason(error.explanation));
  }

  // Out ---------------------------------------------------------------------------------------------------------

  /**
   * Appends a message to the output: text for a string, binary for octets, which must not change until they are
   * written (16 KiB and more are not copied). Lone surrogates in a string become U+FFFD.
   * @param compress whether it may be compressed, where that was agreed on and is worth it. Default true
   * @returns false, and does nothing, once a Close frame was sent or received or TCP has ended
   * @throws TypeError for a PreparedMessage on a client, whose frames each need a mask of their own, and for what is
   *   neither a string nor a Uint8Array
   */
  send(data: string | Uint8Array | PreparedMessage, compress = true): boolean {
    if (this.readyState !== ReadyState.open) return false;
    if (data instanceof PreparedMessage) this.#sendPrepared(data, compress);
    else if (compress && this.#deflate !== undefined) this.#sendCompressed(data, this.#deflate);
    else if (typeof data === 'string') this.#appendText(data);
    else this.#append(Opcode.binary, octets(data));
    this.#messagesSent++;
    return true;
  }

  #sendPrepared(message: PreparedMessage, compress: boolean): void {
    if (this.#role === 'client') throw new TypeError('A PreparedMessage is for servers: it is not masked.');
    const window = compress ? this.#sendWindow : undefined;
    if (this.#deflate === undefined || window === undefined) {
      this.#appendEncoded(message.frame, message.payloadLength);
      return;
    }
    const encoded = message.encodeFor(window, this.#deflate.level, this.#deflate.threshold);
    if (encoded.window !== window) this.#ownWindowLength = 0;
    this.#sendWindow = encoded.window;
    this.#appendEncoded(encoded.frame, encoded.payloadLength);
  }

  /** Compresses where that is worth it. What goes out as it is does not enter the window (RFC 7692 §7.2.3.2). */
  #sendCompressed(data: string | Uint8Array, { level, threshold }: ConnectionDeflate): void {
    const isText = typeof data === 'string';
    const opcode = isText ? Opcode.text : Opcode.binary;
    const payload = isText ? Buffer.from(data, 'utf8') : octets(data);
    const window = this.#sendWindow as DeflateWindow;
    const compressed = isCompressible(payload.length, threshold)
      ? deflate(payload, window, level)
      : undefined;
    if (compressed === undefined || !isWorthwhile(compressed.length, payload.length, window)) {
      this.#append(opcode, payload);
      return;
    }
    this.#sendWindow = window.after(payload);
    this.#ownWindowLength = this.#sendWindow.octets.length;
    this.#append(rsv1 | opcode, compressed);
  }

  /**
   * Appends a Ping (§5.5.2). @returns false once closing
   * @throws RangeError for a payload over 125 octets, TypeError for one that is no Uint8Array
   */
  ping(payload: Uint8Array = empty): boolean {
    return this.#sendControl(Opcode.ping, payload);
  }

  /**
   * Appends a Pong that nobody asked for (§5.5.3); Pings are answered without it. @returns false once closing
   * @throws RangeError for a payload over 125 octets, TypeError for one that is no Uint8Array
   */
  pong(payload: Uint8Array = empty): boolean {
    return this.#sendControl(Opcode.pong, payload);
  }

  /**
   * Starts the closing handshake (§7.1.2). Does nothing when a Close was sent, or TCP has ended.
   * @param code default none, which the peer reads as 1005
   * @throws RangeError as encodeClosePayload
   */
  close(code?: number, reason?: string): void {
    const payload = encodeClosePayload(code, reason);
    if (this.#closeSent !== undefined || this.#tcpEnded) return;
    this.#closeFirst ??= 'us';
    this.#sendClose(code ?? CloseCode.noStatusReceived, reason ?? '', payload);
  }

  /**
   * Drops frames that were not taken, for a peer that does not read: what follows is in step all the same. Does
   * nothing once a Close was sent, because one that is among them would be lost.
   */
  discardOutput(): void {
    if (this.#closeSent !== undefined) return;
    this.#run = undefined;
    this.#output = undefined;
    this.#ownWindowLength = 0;
    // What was dropped never entered the peer's window; an empty one is always right.
    if (this.#sendWindow !== undefined) {
      this.#sendWindow = DeflateWindow.fresh(this.#sendWindow.bits, this.#sendWindow.takeover);
    }
  }

  /**
   * Hands over what is to be written now. `end` is set from when nothing may follow: the server ends TCP as soon as
   * both Close frames are exchanged, a client leaves that to the server (§7.1.1), and whoever fails the connection
   * ends it too.
   */
  takeOutput(): Output {
    const run = this.#run;
    const buffer = this.#output;
    this.#octetsSent += this.pendingAmount;
    this.#run = undefined;
    this.#output = undefined;
    const end = this.ended;
    if (buffer === undefined) return { chunks: run === undefined ? [] : [run.octets], end, buffer };
    const chunks = buffer.take();
    return { chunks: run === undefined ? chunks : [run.octets, ...chunks], end, buffer };
  }

  /** What there is will not be taken for a while: it gets memory of its own, so that what was lent to it is free. */
  settleOutput(): void {
    if (this.#output?.reusable) this.#output = this.#output.settled();
  }

  /** Whether what is in the output now is the last, and then TCP's side of ours is to be ended: see takeOutput. */
  get ended(): boolean {
    if (this.#tcpEnded || this.#failure !== undefined) return true;
    return this.#role === 'server' && this.#closeSent !== undefined && this.#closeReceived !== undefined;
  }

  #sendControl(opcode: number, payload: Uint8Array): boolean {
    if (octets(payload).length > maximumControlLength) {
      throw new RangeError(
        `A control frame has ${payload.length} octets of payload; the most is ${maximumControlLength}.`,
      );
    }
    if (this.readyState !== ReadyState.open) return false;
    this.#append(opcode, payload);
    return true;
  }

  #sendClose(code: number, reason: string, payload = encodeClosePayload(code, reason)): void {
    this.#closeSent = { code, reason };
    this.#append(Opcode.close, payload);
    this.#dropSendWindow();
  }

  /** Nothing will be sent that could refer back to it. */
  #dropSendWindow(): void {
    this.#sendWindow = undefined;
    this.#ownWindowLength = 0;
  }

  /** @param bits the opcode, and RSV1 for what is compressed */
  #append(bits: number, payload: Uint8Array): void {
    this.#decoder.frames.addSent(fin | bits, this.#role === 'client', payload.length);
    this.#room().appendFrame(fin | bits, payload, this.#maskingKey?.());
  }

  #appendText(text: string): void {
    const first = fin | Opcode.text;
    const payloadLength = this.#room().appendTextFrame(first, text, this.#maskingKey?.());
    this.#decoder.frames.addSent(first, this.#role === 'client', payloadLength);
  }

  /** A frame that others are sent as well: as long as there is nothing else, they and we share the octets. */
  #appendEncoded(frame: Uint8Array, payloadLength: number): void {
    this.#decoder.frames.addSent(frame[0] as number, false, payloadLength);
    const run = this.#run;
    if (this.#output !== undefined || (run?.length ?? 0) + frame.length > longestRun) {
      this.#room().appendEncoded(frame);
    } else {
      this.#run = FrameRun.of(run, frame);
    }
  }

  /** Where frames of our own are appended. */
  #room(): OutputBuffer {
    this.#output ??= OutputBuffer.borrow();
    return this.#output;
  }
}

/** What the messages of each end may refer back to, before the first. */
function windowsOf(agreement: DeflateAgreement): Record<Role, DeflateWindow> {
  return {
    server: DeflateWindow.fresh(agreement.serverMaxWindowBits, !agreement.serverNoContextTakeover),
    client: DeflateWindow.fresh(agreement.clientMaxWindowBits, !agreement.clientNoContextTakeover),
  };
}

/** Lets octets pass. Anything else has no length in octets, and would put the stream out of step. */
function octets(data: Uint8Array): Uint8Array {
  if (data instanceof Uint8Array) return data;
  throw new TypeError('A payload must be a string or a Uint8Array.');
}
