// A chat without a network: a clock that is moved by hand, channels that write down what they are given, and a client
// that waits for its replies. Everything awaited here is an event, never a length of time.
import { onTestFinished } from 'vitest';
import { Chat, type ChatOptions } from '../../src/chat/chat.ts';
import { Database } from '../../src/chat/database.ts';
import {
  type Entrance,
  type Failure,
  type Member,
  parseReply,
  parseServerEvent,
  type Receipt,
  type ReplyData,
  type RequestInput,
  type RequestName,
  type RoomEvent,
  type RoomSummary,
  type ServerEvent,
} from '../../src/chat/events.ts';
import { Identities, type IdentitiesOptions } from '../../src/chat/identity.ts';
import { Moderation } from '../../src/chat/moderation.ts';
import { Passwords } from '../../src/chat/passwords.ts';
import { Rooms } from '../../src/chat/rooms.ts';
import { Session } from '../../src/chat/session.ts';
import { SqliteLog } from '../../src/chat/sqlite-log.ts';
import type { Channel, Push } from '../../src/transports/channel.ts';
import { FakeClock } from './fake-clock.ts';
import { recordingLogger } from './logger.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export { FakeClock } from './fake-clock.ts';
export { type LoggedLine, recordingLogger } from './logger.ts';
export { temporaryDirectory } from './temporary-directory.ts';

type Reply = Extract<ServerEvent, { event: 'reply:ok' | 'reply:error' }>;
type Pushed = Exclude<ServerEvent, Reply>['event'];

export interface ClientOptions {
  readonly address?: string;
  /** A token that comes with the connection, as in a cookie. */
  readonly credential?: string;
  /** Octets that wait, to begin with. */
  readonly bufferedAmount?: number;
}

let nonces = 0;

/** A nonce that nobody had before. */
export function newNonce(): string {
  return `nonce-${String(++nonces).padStart(8, '0')}`;
}

/** One client's end: what it sends goes into a Session, what the session answers is kept here. */
export class FakeClient {
  readonly texts: string[] = [];
  readonly events: ServerEvent[] = [];
  readonly pushes: Push[] = [];
  /** What an event stream would have been given as `id`, by the event's number. */
  readonly cursors: (string | undefined)[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  bufferedAmount: number;
  readonly session: Session;
  #lastId = 0;
  #waiting: { matches: (event: ServerEvent) => boolean; resolve: (event: ServerEvent) => void }[] = [];

  constructor(chat: Chat, { address = '192.0.2.1', credential, bufferedAmount = 0 }: ClientOptions = {}) {
    this.bufferedAmount = bufferedAmount;
    const amount = () => this.bufferedAmount;
    const channel: Channel = {
      id: `connection-${++nonces}`,
      transport: 'websocket',
      remoteAddress: address,
      userAgent: 'a test',
      credential,
      get bufferedAmount() {
        return amount();
      },
      send: (text, event, cursor) => this.#take(text, event, cursor),
      push: (push) => {
        this.pushes.push(push);
        this.#take(push.text, push.event, push.cursor);
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

  say(text: string, room = 'general', nonce = newNonce()): Promise<Receipt> {
    return this.ok('message:send', { room, nonce, content: { type: 'text', text } });
  }

  async make(name: string, kind: 'public' | 'private' = 'public'): Promise<RoomSummary> {
    return (await this.ok('room:create', { nonce: newNonce(), name, kind })).room;
  }

  async join(room: string): Promise<RoomSummary> {
    return (await this.ok('room:join', { nonce: newNonce(), room })).room;
  }

  /** The next event that matches, from now on. */
  next(matches: (event: ServerEvent) => boolean): Promise<ServerEvent> {
    return new Promise((resolve) => this.#waiting.push({ matches, resolve }));
  }

  /** What was pushed, by name. */
  pushed<Name extends Pushed>(name: Name) {
    return this.events.filter(
      (event): event is Extract<ServerEvent, { event: Name }> => event.event === name,
    );
  }

  /** The events of the log that were pushed. */
  get heard(): RoomEvent[] {
    return this.pushed('room:event').map(({ data }) => data.event);
  }

  disconnect(): void {
    this.session.closed();
  }

  #take(text: string, name: string, cursor: string | undefined): void {
    this.texts.push(text);
    const event = parseServerEvent(text);
    if (event === undefined) throw new Error(`The server sent what no schema knows: ${text}`);
    if (event.event !== name) throw new Error(`It is called ${name}, and is ${event.event}`);
    this.events.push(event);
    this.cursors.push(cursor);
    const waiting = this.#waiting.find(({ matches }) => matches(event));
    if (waiting === undefined) return;
    this.#waiting = this.#waiting.filter((other) => other !== waiting);
    waiting.resolve(event);
  }
}

export interface Stage {
  readonly directory: string;
  readonly database: Database;
  readonly clock: FakeClock;
  readonly logger: ReturnType<typeof recordingLogger>;
  readonly identities: Identities;
  readonly log: SqliteLog;
  readonly rooms: Rooms;
  readonly moderation: Moderation;
  readonly chat: Chat;
  client(options?: ClientOptions | string): FakeClient;
  /** A client that has signed in under a new name. */
  member(name: string): Promise<FakeClient & { readonly member: Member; readonly token: string }>;
  /** Waits until everything queued for the database is written. */
  settled(): Promise<void>;
  close(): void;
}

export type StageOptions = Partial<Pick<ChatOptions, Exclude<keyof ChatOptions, 'clock'>>> & {
  readonly directory?: string;
  readonly clock?: FakeClock;
  readonly identity?: IdentitiesOptions;
};

/** A chat on a database in a temporary directory, or in the given one, as after a restart. */
export function stageChat({ identity, ...options }: StageOptions = {}): Stage {
  const directory = options.directory ?? temporaryDirectory();
  const clock = options.clock ?? new FakeClock();
  const logger = recordingLogger();
  const database = new Database(directory);
  const passwords = new Passwords({ cost: 16, blockSize: 1, parallel: 1 });
  const identities = options.identities ?? new Identities(database, { passwords, ...identity });
  const log = new SqliteLog(database);
  const rooms = options.rooms ?? new Rooms(database, options.log ?? log, (id) => identities.isOwner(id));
  const moderation = options.moderation ?? new Moderation(database, rooms, identities);
  const chat = new Chat({
    log,
    findImage: () => undefined,
    logger,
    ...options,
    rooms,
    identities,
    moderation,
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
  const client = (given: ClientOptions | string = {}): FakeClient =>
    new FakeClient(chat, typeof given === 'string' ? { address: given } : given);
  return {
    directory,
    database,
    clock,
    logger,
    identities,
    log,
    rooms,
    moderation,
    chat,
    client,
    async member(name) {
      const entering = client();
      const { member, token = '' } = await entering.enter(name);
      return Object.assign(entering, { member, token });
    },
    settled: () => database.write(() => {}),
    close,
  };
}
