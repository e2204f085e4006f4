// A chat without a network: a clock that is moved by hand, channels that write down what they are given, and a client
// that waits for its replies. Everything awaited here is an event, never a length of time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Channel, Logger, Push } from '../../src/chat/channel.ts';
import { Chat, type ChatOptions } from '../../src/chat/chat.ts';
import type { Clock } from '../../src/chat/clock.ts';
import { Database } from '../../src/chat/database.ts';
import {
  type Entrance,
  type Failure,
  parseReply,
  parseServerEvent,
  type ReplyData,
  type RequestInput,
  type RequestName,
  type ServerEvent,
} from '../../src/chat/events.ts';
import { Identities } from '../../src/chat/identity.ts';
import { Session } from '../../src/chat/session.ts';
import { SqliteLog } from '../../src/chat/sqlite-log.ts';

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'barewire-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export class FakeClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  readonly #timers = new Set<{ interval: number; due: number; callback: () => void }>();

  now(): number {
    return this.#now;
  }

  every(milliseconds: number, callback: () => void): () => void {
    const timer = { interval: milliseconds, due: this.#now + milliseconds, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** As when somebody corrects the wall clock. Timers do not mind. */
  setBack(milliseconds: number): void {
    this.#now -= milliseconds;
    for (const timer of this.#timers) timer.due -= milliseconds;
  }

  /** Moves on, calling back what falls due, in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.due - b.due)[0];
      if (next === undefined || next.due > end) break;
      this.#now = next.due;
      next.due += next.interval;
      next.callback();
    }
    this.#now = end;
  }
}

export interface LoggedLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly details: object;
  readonly text: string;
}

export function recordingLogger(): Logger & { readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const at = (level: LoggedLine['level']) => (details: object, text: string) => {
    lines.push({ level, details, text });
  };
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}

type Reply = Extract<ServerEvent, { event: 'reply:ok' | 'reply:error' }>;
type Distribute<E> = E extends ServerEvent ? Exclude<E, Reply> : never;

/** One client's end: what it sends goes into a Session, what the session answers is kept here. */
export class FakeClient {
  readonly texts: string[] = [];
  readonly events: ServerEvent[] = [];
  readonly pushes: Push[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly session: Session;
  #lastId = 0;
  #waiting: { matches: (event: ServerEvent) => boolean; resolve: (event: ServerEvent) => void }[] = [];

  constructor(chat: Chat, remoteAddress = '127.0.0.1') {
    const channel: Channel = {
      remoteAddress,
      send: (text) => this.#take(text),
      push: (push) => {
        this.pushes.push(push);
        this.#take(push.text);
      },
      close: (code, reason) => {
        this.closed ??= { code, reason };
      },
    };
    this.session = new Session(chat, channel);
  }

  sendText(text: string): void {
    this.session.receive(text);
  }

  /** Sends a request; resolves with its reply, good or bad. */
  ask<Name extends RequestName>(event: Name, data: RequestInput<Name>): Promise<Reply> {
    const id = ++this.#lastId;
    const reply = this.next((candidate) => 'id' in candidate && candidate.id === id) as Promise<Reply>;
    this.session.receive(JSON.stringify({ event, id, data }));
    return reply;
  }

  async ok<Name extends RequestName>(event: Name, data: RequestInput<Name>): Promise<ReplyData<Name>> {
    const reply = await this.ask(event, data);
    if (reply.event === 'reply:error') throw new Error(`${event} was refused: ${reply.data.message}`);
    return parseReply(event, reply.data);
  }

  async refused<Name extends RequestName>(event: Name, data: RequestInput<Name>): Promise<Failure> {
    const reply = await this.ask(event, data);
    if (reply.event === 'reply:ok') throw new Error(`${event} was not refused`);
    return reply.data;
  }

  enter(name: string): Promise<Entrance> {
    return this.ok('session:enter', { name });
  }

  say(text: string, nonce = `nonce-${++nonces}`) {
    return this.ok('message:send', { nonce, content: { type: 'text', text } });
  }

  /** The next event that matches, from now on. */
  next(matches: (event: ServerEvent) => boolean): Promise<ServerEvent> {
    return new Promise((resolve) => this.#waiting.push({ matches, resolve }));
  }

  /** What was pushed, by name. */
  pushed<Name extends Distribute<ServerEvent>['event']>(name: Name) {
    return this.events.filter(
      (event): event is Extract<ServerEvent, { event: Name }> => event.event === name,
    );
  }

  disconnect(): void {
    this.session.closed();
  }

  #take(text: string): void {
    this.texts.push(text);
    const event = parseServerEvent(text);
    if (event === undefined) throw new Error(`The server sent what no schema knows: ${text}`);
    this.events.push(event);
    const waiting = this.#waiting.find(({ matches }) => matches(event));
    if (waiting === undefined) return;
    this.#waiting = this.#waiting.filter((other) => other !== waiting);
    waiting.resolve(event);
  }
}

let nonces = 10_000_000;

export interface Stage {
  readonly directory: string;
  readonly database: Database;
  readonly clock: FakeClock;
  readonly logger: ReturnType<typeof recordingLogger>;
  readonly chat: Chat;
  client(address?: string): FakeClient;
  /** Waits until everything queued for the database is written. */
  settled(): Promise<void>;
  close(): void;
}

/** A chat on a database in a temporary directory, or in the given one, as after a restart. */
export function stageChat(
  options: Partial<ChatOptions> & { readonly directory?: string; readonly clock?: FakeClock } = {},
): Stage {
  const directory = options.directory ?? temporaryDirectory();
  const clock = options.clock ?? new FakeClock();
  const logger = recordingLogger();
  const database = new Database(directory);
  const chat = new Chat({
    log: new SqliteLog(database),
    identities: new Identities(database),
    findImage: () => undefined,
    logger,
    ...options,
    clock,
  });
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    chat.stop();
    database.close();
  };
  onTestFinished(close);
  return {
    directory,
    database,
    clock,
    logger,
    chat,
    client: (address) => new FakeClient(chat, address),
    settled: () => database.write(() => {}),
    close,
  };
}
