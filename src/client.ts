/**
 * The WebSocket client: the interface that browsers have (WHATWG WebSockets §3), on node:net and node:tls. The opening
 * handshake is client-handshake.ts's, what follows is wire.ts's with a Connection of role `client` (RFC 6455 §4.1, §5.3,
 * §7). Called by whoever imports the package, and by tests of servers.
 */
import { onAbort } from './abort-signals.ts';
import { type ClientAddress, parseAddress } from './client-address.ts';
import { type BinaryType, binaryData, isBinaryType, messageOctets } from './client-data.ts';
import {
  ClientCloseEvent,
  ClientErrorEvent,
  type ClientEvents,
  ClientMessageEvent,
  EventHandler,
  type HandlerFunction,
  TypedEventTarget,
} from './client-events.ts';
import { ClientHandshake, type OpenedConnection } from './client-handshake.ts';
import { type ConnectOptions, type ResolvedConnectOptions, resolveConnectOptions } from './client-options.ts';
import { CloseCode, encodeClosePayload } from './close.ts';
import type { CloseRecord } from './close-record.ts';
import { Connection, ReadyState } from './connection.ts';
import { failedRecord, HandshakeError } from './handshake-error.ts';
import { maskingKeys } from './masking-keys.ts';
import { sweepInterval } from './options.ts';
import { SendResult, Wire, type WireEvents } from './wire.ts';

/**
 * Opens a WebSocket to a ws or wss address and returns at once, as `new WebSocket` does in browsers; listeners that
 * are added in the same tick, or right after `await client.opened`, miss nothing.
 * @throws DOMException named SyntaxError for an address that is none (see parseAddress)
 * @throws RangeError, TypeError for options that are out of range, naming them, and for subprotocols, an origin or
 *   headers that no request may have
 */
export function connect<Binary extends BinaryType>(
  url: string | URL,
  options: ConnectOptions & { readonly binaryType: Binary },
): WebSocketClient<Binary>;
export function connect(url: string | URL, options?: ConnectOptions): WebSocketClient<'arraybuffer'>;
export function connect(
  url: string | URL,
  options: ConnectOptions = {},
): WebSocketClient<BinaryType> | WebSocketClient {
  const resolved = resolveConnectOptions(options);
  return new WebSocketClient(parseAddress(url), resolved, resolved.binaryType);
}

const nextMaskingKey = maskingKeys();

/** Octets of a Pong besides its payload: a header and a masking key (RFC 6455 §5.2). */
const pongOverhead = 6;

type Handler<Binary extends BinaryType, Type extends keyof ClientEvents<Binary>> = HandlerFunction<
  WebSocketClient<Binary>,
  ClientEvents<Binary>[Type]
>;

/** A WebSocket from the client's side. `Binary` is what binary messages are handed out as. */
export class WebSocketClient<Binary extends BinaryType = 'arraybuffer'> extends TypedEventTarget<
  ClientEvents<Binary>
> {
  static readonly CONNECTING = ReadyState.connecting;
  static readonly OPEN = ReadyState.open;
  static readonly CLOSING = ReadyState.closing;
  static readonly CLOSED = ReadyState.closed;

  /** The address, as the WHATWG URL rules write it. */
  readonly url: string;
  readonly #origin: string;
  readonly #options: ResolvedConnectOptions;
  #binaryType: Binary;
  #protocol = '';
  #extensions = '';

  // One after the other: the opening handshake, the wire, the record of the end.
  #handshake: ClientHandshake | undefined;
  #wire: Wire | undefined;
  #record: CloseRecord | undefined;
  /** We gave up before it was open. */
  #givenUp = false;
  /** What `opened` and the error event tell, when it is not what the record says. */
  #reason: { readonly value: unknown } | undefined;

  /** Octets of Pongs that may wait to be written: no more than wait in all. */
  #answersWaiting = 0;
  #stopSweeping: (() => void) | undefined;
  #stopListening: (() => void) | undefined;
  readonly #opened = withResolvers<void>();
  readonly #closed = withResolvers<CloseRecord>();

  readonly #onopen = new EventHandler<WebSocketClient<Binary>, Event>(this, 'open');
  readonly #onmessage = new EventHandler<WebSocketClient<Binary>, ClientEvents<Binary>['message']>(
    this,
    'message',
  );
  readonly #onerror = new EventHandler<WebSocketClient<Binary>, ClientErrorEvent>(this, 'error');
  readonly #onclose = new EventHandler<WebSocketClient<Binary>, ClientCloseEvent>(this, 'close');

  /** For `connect`, which checks the options. */
  constructor(address: ClientAddress, options: ResolvedConnectOptions, binaryType: Binary) {
    super();
    this.url = address.url;
    this.#origin = address.origin;
    this.#options = options;
    this.#binaryType = binaryType;

    // Nobody need look at it, so its rejection is never one that nobody has handled.
    this.#opened.promise.catch(() => {});

    const { signal } = options;
    if (signal?.aborted === true) {
      this.#givenUp = true;
      this.#reason = { value: signal.reason };
      setImmediate(() => this.#failed(new HandshakeError({ explanation: stoppedBySignal, initiator: 'us' })));
      return;
    }
    this.#handshake = new ClientHandshake(address, options, {
      opened: (connection) => this.#open(connection),
      failed: (error) => this.#failed(error),
    });
    if (signal !== undefined) this.#stopListening = onAbort(signal, () => this.#aborted());
  }

  // What browsers have --------------------------------------------------------------------------------------------

  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  get readyState(): ReadyState {
    if (this.#record !== undefined) return ReadyState.closed;
    return this.#wire?.readyState ?? (this.#givenUp ? ReadyState.closing : ReadyState.connecting);
  }

  /** Octets that were sent here and have not been handed to the operating system. */
  get bufferedAmount(): number {
    return this.#wire?.bufferedAmount ?? 0;
  }

  /** The subprotocol that the server chose; '' for none. */
  get protocol(): string {
    return this.#protocol;
  }

  /** The extensions that are in use, as the server named them; '' for none. */
  get extensions(): string {
    return this.#extensions;
  }

  /** What binary messages are handed out as from now on. What is no such type is ignored, as browsers do. */
  get binaryType(): Binary {
    return this.#binaryType;
  }

  set binaryType(value: Binary) {
    if (isBinaryType(value)) this.#binaryType = value;
  }

  /**
   * Sends text (a string) or binary; its octets are copied and may be changed at once. No Blob (see messageOctets).
   * @returns `sent`; `buffered` when the `drain` event should be waited for before more is sent; `closed`, and nothing
   *   was sent, once closing
   * @throws DOMException named InvalidStateError before it is open, TypeError for data of another type
   */
  send(data: string | ArrayBuffer | ArrayBufferView): SendResult {
    const message = typeof data === 'string' ? data : messageOctets(data);
    return this.#openWire('send')?.send(message) ?? SendResult.closed;
  }

  /**
   * Starts the closing handshake (RFC 6455 §7.1.2), or gives up opening. Does nothing when it is closing already.
   * @param code any that may stand in a Close frame; browsers keep pages to 1000 and 3000-4999, and a program is no
   *   page. Default none, or 1000 when there is a reason
   * @param reason at most 123 octets of UTF-8
   * @throws RangeError for a code or reason that must not be sent
   */
  close(code?: number, reason?: string): void {
    const codeSent = code ?? (reason === undefined || reason === '' ? undefined : CloseCode.normal);
    encodeClosePayload(codeSent, reason);
    if (this.#wire === undefined) this.#giveUp('We closed the WebSocket before it was open.');
    else this.#wire.close(codeSent, reason);
  }

  get onopen(): Handler<Binary, 'open'> {
    return this.#onopen.get();
  }

  set onopen(handler: Handler<Binary, 'open'>) {
    this.#onopen.set(handler);
  }

  get onmessage(): Handler<Binary, 'message'> {
    return this.#onmessage.get();
  }

  set onmessage(handler: Handler<Binary, 'message'>) {
    this.#onmessage.set(handler);
  }

  get onerror(): Handler<Binary, 'error'> {
    return this.#onerror.get();
  }

  set onerror(handler: Handler<Binary, 'error'>) {
    this.#onerror.set(handler);
  }

  get onclose(): Handler<Binary, 'close'> {
    return this.#onclose.get();
  }

  set onclose(handler: Handler<Binary, 'close'>) {
    this.#onclose.set(handler);
  }

  // What they have not --------------------------------------------------------------------------------------------

  /**
   * Resolves when the WebSocket is open. Rejects when that has failed: with the reason of the signal that stopped it,
   * else with a HandshakeError. Whoever does not look at it is not disturbed; there is the error event too.
   */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Resolves with how it ended, when TCP is gone. Never rejects. */
  get closed(): Promise<CloseRecord> {
    return this.#closed.promise;
  }

  /** Milliseconds that the last ping of ours took there and back; undefined before the first. */
  get roundTripTime(): number | undefined {
    return this.#wire?.roundTripTime;
  }

  /**
   * Sends a Ping; the answer is a `pong` event. Does nothing once closing. Pings that keep the connection alive are
   * sent without it.
   * @throws RangeError for more than 125 octets, DOMException named InvalidStateError before it is open
   */
  ping(payload?: Uint8Array): void {
    this.#openWire('ping')?.sendPing(payload);
  }

  /** Cuts TCP at once, without a Close frame. */
  terminate(): void {
    if (this.#wire === undefined) this.#giveUp('We cut the connection before the WebSocket was open.');
    else this.#wire.terminate();
  }

  // From the handshake to the end ---------------------------------------------------------------------------------

  /** The wire; undefined when it never came to one. @throws DOMException named InvalidStateError while connecting */
  #openWire(verb: string): Wire | undefined {
    if (this.readyState !== ReadyState.connecting) return this.#wire;
    const explanation = `Nothing can ${verb} before the WebSocket is open: wait for the open event.`;
    throw new DOMException(explanation, 'InvalidStateError');
  }

  #giveUp(explanation: string): void {
    if (this.#givenUp || this.#record !== undefined) return;
    this.#givenUp = true;
    this.#handshake?.fail(new HandshakeError({ explanation, initiator: 'us' }));
  }

  #aborted(): void {
    if (this.#wire !== undefined) {
      this.#wire.close(CloseCode.goingAway, 'The client was stopped.');
    } else if (!this.#givenUp) {
      this.#reason = { value: this.#options.signal?.reason };
      this.#giveUp(stoppedBySignal);
    }
  }

  #open({ tcp, rest, protocol, extensions, agreement }: OpenedConnection): void {
    const { maxMessageLength, deflate, clock } = this.#options;
    const compression = agreement &&
      deflate && { agreement, level: deflate.level, threshold: deflate.threshold };
    const connection = new Connection('client', {
      maxMessageLength,
      maskingKey: nextMaskingKey,
      deflate: compression,
    });
    const wire = new Wire(tcp, connection, { ...this.#options, alwaysReads: true }, this.#events);
    this.#handshake = undefined;
    this.#wire = wire;
    this.#protocol = protocol;
    this.#extensions = extensions;
    this.#stopSweeping = clock.every(sweepInterval, () => wire.sweep(clock.now()));
    // Messages wait until the next turn, so that who awaits `opened` and listens then has the first one too.
    wire.start(rest, true);
    this.dispatch(new Event('open'));
    this.#opened.resolve();
    setImmediate(() => wire.release());
  }

  readonly #flush = (): void => this.#wire?.flush();

  readonly #events: WireEvents = {
    message: (data) => {
      const received = typeof data === 'string' ? data : binaryData(this.#binaryType, data);
      this.dispatch(new ClientMessageEvent('message', received, this.#origin));
    },
    pingReceived: (payload) => {
      this.#boundAnswers(payload.length);
      this.#dispatchPayload('ping', payload);
    },
    pongReceived: (payload) => this.#dispatchPayload('pong', payload),
    drained: () => this.dispatch(new Event('drain')),
    failed: (error) => {
      this.#reason ??= { value: error };
      this.#wire?.explain('The client failed while receiving.');
      this.#wire?.close(CloseCode.internalError, 'The client failed on this message.');
    },
    closed: (record) => this.#end(record, new Error(describe(record))),
    schedule: () => void setImmediate(this.#flush),
  };

  /** A server that pings and does not read would fill our memory with answers, as the client reads all the same. */
  #boundAnswers(payloadLength: number): void {
    const { maxBufferedAmount } = this.#options;
    this.#answersWaiting = Math.min(this.#answersWaiting + pongOverhead + payloadLength, this.bufferedAmount);
    if (this.#answersWaiting <= maxBufferedAmount) return;
    this.#wire?.giveUp(
      CloseCode.tryAgainLater,
      `The peer pings and does not read: over ${maxBufferedAmount} octets of answers wait for it.`,
    );
  }

  /** The payload of a control frame is valid during the call only, and an event may be kept. */
  #dispatchPayload(type: 'ping' | 'pong', payload: Uint8Array): void {
    this.dispatch(new ClientMessageEvent(type, Uint8Array.from(payload), this.#origin));
  }

  #failed(error: HandshakeError): void {
    this.#end(failedRecord(error), error);
  }

  /** What fails without a cause of its own: one who is sent `error` knows at least what the record knows. */
  #end(record: CloseRecord, error: Error): void {
    this.#record = record;
    this.#stopSweeping?.();
    this.#stopListening?.();
    const reason = this.#reason === undefined ? error : this.#reason.value;
    this.#opened.reject(reason);
    if (!record.wasClean) this.dispatch(new ClientErrorEvent(reason));
    this.dispatch(new ClientCloseEvent(record));
    this.#closed.resolve(record);
  }
}

const stoppedBySignal = 'The client was stopped by its signal before the WebSocket was open.';

function describe({ explanation, section }: CloseRecord): string {
  return section === undefined ? explanation : `${explanation} (${section})`;
}

function withResolvers<Value>(): {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(reason: unknown): void;
} {
  let resolve: (value: Value) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
