/**
 * The chat over Server-Sent Events (WHATWG HTML §9.2): one response that does not end, in which each message is an event
 * with its name, the whole JSON text as data, and for what is in the log the cursor as id. What the client has to say
 * comes by POST (upstream.ts). Routed by transports.ts, for EventSource (GET) and fetch (POST) alike.
 */
import type { ServerResponse } from 'node:http';
import type { ChannelUser, Push, TransportName } from './channel.ts';
import type { Client, Closing, HttpConnection } from './connections.ts';

/** Milliseconds between comments that keep a silent stream alive: below the 30 s and more after which proxies give up. */
export const keepAliveInterval = 15_000;

/** Milliseconds after which an EventSource tries again by itself. */
const retryDelay = 2000;

/**
 * The first line is 2 KiB of comment, for what stands between and passes nothing on before it has a block full: some
 * proxies and virus scanners. It costs a client once what one message with a picture costs.
 */
const padding = `:${' '.repeat(2046)}\n`;
const beginning = `${padding}retry: ${retryDelay}\n\n`;
const keepAlive = ':\n\n';

/** Octets that may wait for one client when the next message comes; then it is cut. As for a WebSocket. */
export const maximumBufferedAmount = 4 * 1024 * 1024;

/** So many times in a row the client may be found to have taken nothing while something waits for it. */
const maximumStalls = 3;

// RFC 6455 §11.7.
const tryAgainLater = 1013;

/** The head of every event stream. */
export const eventStreamHeaders: Readonly<Record<string, string>> = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
};

/** A push is encoded once for all streams that get it. */
const encoded = new WeakMap<Push, Buffer>();

/**
 * One event. Its text is JSON, which has no line breaks.
 * @param cursor what the client says as Last-Event-ID when it comes back; undefined leaves the one before
 */
export function encodeEvent(event: string, text: string, cursor?: string): string {
  const id = cursor === undefined ? '' : `id: ${cursor}\n`;
  return `event: ${event}\n${id}data: ${text}\n\n`;
}

export interface EventStreamOptions {
  readonly client: Client;
  readonly transport: Extract<TransportName, 'event-stream' | 'fetch-stream'>;
  readonly response: ServerResponse;
  /** By the clock of the sweeps. */
  readonly now: number;
  /** Called once, when the response is over. */
  readonly onEnd: (stream: EventStream) => void;
}

export class EventStream implements HttpConnection {
  readonly id: string;
  readonly remoteAddress: string;
  readonly userAgent: string;
  readonly credential: string | undefined;
  readonly transport: EventStreamOptions['transport'];
  user: ChannelUser | undefined;
  readonly #response: ServerResponse;
  #ended = false;
  #closing: Closing | undefined;
  #lookAt: number;
  /** Octets that were written, and those that had been taken when it was last looked. */
  #written = 0;
  #taken = 0;
  #stalls = 0;

  /** Sends the head, and the beginning. */
  constructor({ client, transport, response, now, onEnd }: EventStreamOptions) {
    this.id = client.id;
    this.remoteAddress = client.remoteAddress;
    this.userAgent = client.userAgent;
    this.credential = client.credential;
    this.transport = transport;
    this.#response = response;
    this.#lookAt = now + keepAliveInterval;
    response.on('drain', () => {
      if (!this.#ended) this.user?.drained();
    });
    // Who goes away in the middle is told by `close`; an error that nobody hears would end the process.
    response.on('error', () => {});
    response.once('close', () => {
      this.#ended = true;
      onEnd(this);
      this.user?.closed();
    });
    response.writeHead(200, eventStreamHeaders);
    this.#write(beginning);
  }

  get ended(): boolean {
    return this.#ended;
  }

  get closing(): Closing | undefined {
    return this.#closing;
  }

  get bufferedAmount(): number {
    return this.#response.writableLength;
  }

  send(text: string, event: string, cursor?: string): void {
    this.#write(encodeEvent(event, text, cursor));
  }

  push(push: Push): void {
    let octets = encoded.get(push);
    if (octets === undefined) {
      octets = Buffer.from(encodeEvent(push.event, push.text, push.cursor), 'utf8');
      encoded.set(push, octets);
    }
    this.#write(octets);
  }

  close(code: number, reason: string): void {
    if (this.#ended) return;
    const event = 'connection:closed';
    this.#closing = { code, reason };
    this.#write(encodeEvent(event, JSON.stringify({ event, data: this.#closing })));
    this.end();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    // Whoever does not take the rest is cut by the server's deadline for silent connections.
    this.#response.end();
  }

  sweep(now: number): void {
    if (now < this.#lookAt) return;
    this.#lookAt = now + keepAliveInterval;
    const waiting = this.bufferedAmount;
    if (waiting === 0) {
      this.#stalls = 0;
      if (!this.#ended) this.#write(keepAlive);
      return;
    }
    const taken = this.#written - waiting;
    this.#stalls = taken > this.#taken ? 0 : this.#stalls + 1;
    this.#taken = taken;
    if (this.#stalls < maximumStalls) return;
    this.#closing ??= { code: tryAgainLater, reason: 'It took nothing for too long.' };
    this.#response.destroy();
  }

  #write(octets: string | Buffer): void {
    if (this.#ended || this.#response.destroyed) return;
    if (this.bufferedAmount > maximumBufferedAmount) {
      // There is no way to tell it: what would say so waits behind all the rest.
      this.#closing ??= { code: tryAgainLater, reason: 'It reads too slowly.' };
      this.#response.destroy();
      return;
    }
    this.#written += typeof octets === 'string' ? Buffer.byteLength(octets) : octets.length;
    this.#response.write(octets);
  }
}
