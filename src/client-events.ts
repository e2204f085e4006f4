/**
 * The events of a client, and an EventTarget that knows their types: the interface of WebSocket in browsers (WHATWG
 * WebSockets §3, HTML §8.1.8.1 for `onopen` and its like). Called by client.ts.
 */
import type { BinaryData, BinaryType } from './client-data.ts';
import type { CloseRecord } from './close-record.ts';

/** A message, or the payload of a Ping or Pong. */
export class ClientMessageEvent<Data> extends Event {
  readonly data: Data;
  /** Where it came from, as in `wss://example.com`. */
  readonly origin: string;

  constructor(type: 'message' | 'ping' | 'pong', data: Data, origin: string) {
    super(type);
    this.data = data;
    this.origin = origin;
  }
}

/** The end. Comes exactly once for each client, last. */
export class ClientCloseEvent extends Event {
  /** How it ended, and whose doing it was. */
  readonly record: CloseRecord;

  constructor(record: CloseRecord) {
    super('close');
    this.record = record;
  }

  /** The server's close code; that of our failure when we refused something; 1006, or 1015 for TLS, without a Close. */
  get code(): number {
    return this.record.code;
  }

  get reason(): string {
    return this.record.reason;
  }

  /** Whether both Close frames were exchanged. */
  get wasClean(): boolean {
    return this.record.wasClean;
  }
}

/** Comes once before a close that is not clean. */
export class ClientErrorEvent extends Event {
  /** What `opened` rejects with, when it never opened; else an Error with the record's explanation. */
  readonly error: unknown;

  constructor(error: unknown) {
    super('error');
    this.error = error;
  }

  get message(): string {
    return this.error instanceof Error ? this.error.message : String(this.error);
  }
}

/** The events by their names; `Binary` is the client's binaryType. */
export interface ClientEvents<Binary extends BinaryType> {
  open: Event;
  /** A string for text; for binary octets that are now yours, as binaryType says. */
  message: ClientMessageEvent<string | BinaryData[Binary]>;
  /** A Ping of the server's, which has been answered already. */
  ping: ClientMessageEvent<Uint8Array>;
  /** A Pong of the server's, asked for or not. */
  pong: ClientMessageEvent<Uint8Array>;
  /** All that waited has been written, after a `send` that answered `buffered`. */
  drain: Event;
  error: ClientErrorEvent;
  close: ClientCloseEvent;
}

type ListenerOptions = Parameters<EventTarget['addEventListener']>[2];

/**
 * EventTarget itself, by a type that knows its events. A listener that throws is reported as Node reports it for every
 * EventTarget, by `uncaughtException`; the other listeners and the connection are not concerned.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the methods below are there, they are EventTarget's own
export class TypedEventTarget<Events extends EventTypes<Events>> extends EventTarget {
  /** Calls the listeners, with an event of a known type. Never throws. */
  protected dispatch(event: Events[keyof Events]): void {
    this.dispatchEvent(event);
  }
}

export interface TypedEventTarget<Events extends EventTypes<Events>> {
  addEventListener<Type extends keyof Events & string>(
    type: Type,
    listener: (event: Events[Type]) => unknown,
    options?: ListenerOptions,
  ): void;
  addEventListener(...listening: Parameters<EventTarget['addEventListener']>): void;
  removeEventListener<Type extends keyof Events & string>(
    type: Type,
    listener: (event: Events[Type]) => unknown,
    options?: ListenerOptions,
  ): void;
  removeEventListener(...listening: Parameters<EventTarget['removeEventListener']>): void;
}

type EventTypes<Events> = Readonly<Record<keyof Events, Event>>;

/** The value of an attribute such as `onmessage`. */
export type HandlerFunction<Target, Received> = ((this: Target, event: Received) => unknown) | null;

/**
 * What stands behind such an attribute. As HTML has it, a new handler takes the place of the old one among the
 * listeners, and one that was removed comes back at their end.
 */
export class EventHandler<Target extends TypedEventTarget<Record<string, Received>>, Received extends Event> {
  readonly #target: Target;
  readonly #type: string;
  #handler: HandlerFunction<Target, Received> = null;

  constructor(target: Target, type: string) {
    this.#target = target;
    this.#type = type;
  }

  get(): HandlerFunction<Target, Received> {
    return this.#handler;
  }

  /** What is not a function counts as null. */
  set(handler: HandlerFunction<Target, Received>): void {
    const next = typeof handler === 'function' ? handler : null;
    if (next === null) this.#target.removeEventListener(this.#type, this.#listener);
    else if (this.#handler === null) this.#target.addEventListener(this.#type, this.#listener);
    this.#handler = next;
  }

  readonly #listener = (event: Received): unknown => this.#handler?.call(this.#target, event);
}
