/**
 * What the tracer sees of one WebSocket, as an event stream of its own: `GET /api/connections/ID/frames`, for the page
 * that draws its own wire. Each frame is an event `frame`; frames of one moment are written together, so that a busy
 * connection does not cost a write for each. Called by transports.ts.
 */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../index.ts';
import type { TracedFrame } from '../trace.ts';
import { refuse } from './answers.ts';
import type { WebSocketConnection } from './connections.ts';
import { encodeEvent, eventStreamHeaders, keepAliveInterval } from './event-stream.ts';

/** Streams that may look at one connection: a page and a tool beside it. */
const maximumStreams = 2;
/** Milliseconds for which frames are gathered; less than an eye sees. */
const gatheringTime = 50;
/** Octets that may wait for the reader; frames that pass meanwhile are counted and not told. */
const maximumWaiting = 64 * 1024;
/** Frames that are gathered; as above. */
const maximumGathered = 512;

export class FrameStreams {
  readonly #clock: Clock;
  readonly #streams = new Map<WebSocketConnection, Set<FrameStream>>();

  /** @param clock whose time is told with each frame */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Streams the frames of that connection until either is over. */
  open(connection: WebSocketConnection, response: ServerResponse): void {
    const streams = this.#streams.get(connection) ?? new Set();
    if (streams.size >= maximumStreams) {
      const message = `${maximumStreams} streams look at this connection already: end one of them.`;
      refuse(response, { status: 429, code: 'too-many', message });
      return;
    }
    this.#streams.set(connection, streams);
    const stream = new FrameStream(connection, response, this.#clock, () => {
      streams.delete(stream);
      if (streams.size === 0) this.#streams.delete(connection);
    });
    streams.add(stream);
  }

  /** Looks at deadlines. Called every second. */
  sweep(now: number): void {
    for (const streams of this.#streams.values()) for (const stream of streams) stream.sweep(now);
  }

  /** The connection is over. */
  end(connection: WebSocketConnection): void {
    for (const stream of this.#streams.get(connection) ?? []) stream.end();
  }

  /** The server stops. */
  endAll(): void {
    for (const connection of this.#streams.keys()) this.end(connection);
  }
}

class FrameStream {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  /** Events that wait to be written together. */
  #gathered: string[] = [];
  #skipped = 0;
  #timer: NodeJS.Timeout | undefined;
  #keepAliveAt: number;

  constructor(connection: WebSocketConnection, response: ServerResponse, clock: Clock, onEnd: () => void) {
    this.#response = response;
    this.#clock = clock;
    this.#keepAliveAt = clock.now() + keepAliveInterval;
    const stop = connection.trace((frame) => this.#take(frame));
    response.on('error', () => {});
    response.once('close', () => {
      stop();
      clearTimeout(this.#timer);
      onEnd();
    });
    response.writeHead(200, eventStreamHeaders);
    response.write(':\n\n');
  }

  sweep(now: number): void {
    if (now < this.#keepAliveAt) return;
    this.#keepAliveAt = now + keepAliveInterval;
    if (this.#response.writableLength > 0) this.#response.destroy();
    else this.#response.write(':\n\n');
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#flush();
    this.#response.end();
  }

  #take({ payloadLength: length, ...frame }: TracedFrame): void {
    const isFull = this.#gathered.length >= maximumGathered || this.#response.writableLength > maximumWaiting;
    if (isFull) this.#skipped++;
    // The time of day, which a page can compare with its own; the tracer's counts from any moment.
    else
      this.#gathered.push(
        encodeEvent('frame', JSON.stringify({ ...frame, length, time: this.#clock.now() })),
      );
    this.#timer ??= setTimeout(() => this.#flush(), gatheringTime).unref();
  }

  #flush(): void {
    this.#timer = undefined;
    const skipped =
      this.#skipped === 0 ? '' : encodeEvent('skipped', JSON.stringify({ count: this.#skipped }));
    const text = this.#gathered.join('') + skipped;
    this.#gathered = [];
    this.#skipped = 0;
    if (text !== '') this.#response.write(text);
  }
}
