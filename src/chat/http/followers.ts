/**
 * Who reads along over plain HTTP: streams of Server-Sent Events (HTML §9.2) and polls that wait. A follower is a place
 * in the log, not a queue: what it has not taken yet is read again from the disk when it can take more, so a slow one
 * costs no memory and nobody waits for it. Called by events-api.ts.
 */
import type { ServerResponse } from 'node:http';
import type { Logger } from '../../logger.ts';
import { encodeEvent, eventStreamHeaders } from '../../transports/event-stream.ts';
import type { Clock } from '../clock.ts';
import { encodePush, type RoomEvent } from '../events.ts';
import type { Log } from '../log.ts';

/** The longest that a poll waits, in milliseconds: less than what proxies take for dead. */
export const maximumWait = 55_000;
/** How often a stream says that it is alive, and who reads it is asked for again. */
const keepAliveInterval = 15_000;
/** Milliseconds after which a client comes back when a stream breaks off. */
const retryTime = 2000;
/** Events that are read from the log at one time. */
const batchLength = 100;

export interface Following {
  readonly room: string;
  /** The offset behind which it begins. */
  readonly after: number;
  /** Whether whoever asked may still read the room; asked when somebody leaves. Must not throw. */
  readonly mayRead: () => boolean;
  /** The same with a look at the credential, which may have been revoked; asked now and then. Must not reject. */
  readonly isStillIn: () => Promise<boolean>;
}

interface Follower extends Following {
  readonly response: ServerResponse;
  position: number;
  /** The client has to take what was written first. */
  isBlocked: boolean;
  /** It was blocked at the last look already. */
  wasBlocked: boolean;
}

export class Followers {
  readonly #log: Log;
  readonly #logger: Logger | undefined;
  readonly #streams = new Map<string, Set<Follower>>();
  readonly #polls = new Map<string, Set<() => void>>();
  readonly #texts = new WeakMap<RoomEvent, string>();
  readonly #stops: readonly (() => void)[];
  #stopped = false;

  constructor(log: Log, clock: Clock, logger?: Logger) {
    this.#log = log;
    this.#logger = logger;
    this.#stops = [
      log.onStored((event) => this.#take(event)),
      clock.every(keepAliveInterval, () => this.#keepAlive()),
    ];
  }

  /** Answers with a stream of a room's events. Returns at once; the stream lasts until either side ends it. */
  follow(response: ServerResponse, following: Following): void {
    response.writeHead(200, eventStreamHeaders);
    const follower: Follower = {
      ...following,
      response,
      position: following.after,
      isBlocked: false,
      wasBlocked: false,
    };
    response.on('drain', () => {
      follower.isBlocked = false;
      this.#pump(follower);
    });
    // An id without data is a place to come back to, before there was any event.
    this.#write(follower, `retry: ${retryTime}\nid: ${this.#log.epoch}:${follower.position}\n\n`);
    if (this.#stopped) {
      response.end();
      return;
    }
    const streams = this.#streams.get(following.room) ?? new Set();
    this.#streams.set(following.room, streams.add(follower));
    response.on('close', () => {
      streams.delete(follower);
      if (streams.size === 0 && this.#streams.get(following.room) === streams)
        this.#streams.delete(following.room);
    });
    this.#pump(follower);
  }

  /** Resolves when something is said in a room, when the time is over, or when that signal says so. Never rejects. */
  wait(room: string, milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#stopped || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const polls = this.#polls.get(room) ?? new Set();
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        polls.delete(end);
        if (polls.size === 0 && this.#polls.get(room) === polls) this.#polls.delete(room);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      signal.addEventListener('abort', end);
      this.#polls.set(room, polls.add(end));
    });
  }

  /** Ends all of them, and those that come later at once. */
  stop(): void {
    this.#stopped = true;
    for (const stop of this.#stops) stop();
    for (const streams of this.#streams.values()) for (const { response } of streams) response.end();
    for (const polls of [...this.#polls.values()]) for (const end of [...polls]) end();
  }

  #take(event: RoomEvent): void {
    for (const follower of this.#streams.get(event.room) ?? []) {
      // Who is in a room changes by such events only; the one who goes does not see it any more.
      const isGoing = event.type === 'left' || event.type === 'kicked';
      if (isGoing && !follower.mayRead()) follower.response.end();
      else if (follower.isBlocked) continue;
      else if (follower.position >= event.previous && follower.position < event.offset) {
        follower.position = event.offset;
        this.#write(follower, this.#textOf(event));
      } else this.#pump(follower);
    }
    for (const end of [...(this.#polls.get(event.room) ?? [])]) end();
  }

  /** Writes what the follower has not got yet, as long as it takes it. */
  #pump(follower: Follower): void {
    while (!follower.isBlocked && follower.response.writable) {
      const events = this.#read(follower);
      if (events === undefined) return;
      const last = events.at(-1);
      if (last === undefined) return;
      follower.position = last.offset;
      this.#write(follower, events.map((event) => this.#textOf(event)).join(''));
    }
  }

  /** What comes next; undefined when it cannot be read: nobody above could tell the client, who comes back to its place. */
  #read({ room, position, response }: Follower): RoomEvent[] | undefined {
    try {
      return this.#log.readAfter([room], position, batchLength);
    } catch (error) {
      this.#logger?.error({ err: error, room, position }, 'a room could not be read on');
      response.end();
      return undefined;
    }
  }

  #write(follower: Follower, text: string): void {
    if (follower.response.writable && !follower.response.write(text)) follower.isBlocked = true;
  }

  #textOf(event: RoomEvent): string {
    let text = this.#texts.get(event);
    if (text === undefined) {
      const data = encodePush('room:event', { event });
      text = encodeEvent('room:event', data, `${this.#log.epoch}:${event.offset}`);
      this.#texts.set(event, text);
    }
    return text;
  }

  #keepAlive(): void {
    for (const streams of this.#streams.values()) {
      for (const follower of streams) {
        if (follower.isBlocked && follower.wasBlocked) {
          // It took nothing since the last look, or is gone without a word. It may come back to its place.
          follower.response.destroy();
          continue;
        }
        follower.wasBlocked = follower.isBlocked;
        if (!follower.isBlocked) this.#write(follower, ': still here\n\n');
        void follower.isStillIn().then((isIn) => {
          if (!isIn) follower.response.end();
        });
      }
    }
  }
}
