/**
 * A chat server and the ways to it in memory, on the fake clock: it speaks the wire, keeps one log, knows nonces, and each
 * transport to it can be made to work, to be refused, to stay silent, or to greet and then carry nothing.
 */
import {
  type ClientRequest,
  type Entrance,
  encodePush,
  type Failure,
  type PushData,
  type PushName,
  parseRequest,
  protocolVersion,
  type RoomEvent,
} from '../../src/chat/events.ts';
import type {
  Carriers,
  ConnectEnvironment,
  PageSignal,
  Socket,
  SocketHandlers,
} from '../../src/chat-client/platform.ts';
import { type TransportName, transportNames } from '../../src/transports/channel.ts';
import type { FakeClock } from './fake-clock.ts';

export type Way = 'works' | 'refused' | 'silent' | 'mute';

export const ada = { id: 'member-ada', name: 'Ada' };

export class FakeConnection {
  readonly server: FakeServer;
  readonly transport: TransportName;
  readonly #handlers: SocketHandlers;
  ended = false;
  entered = false;
  readonly received: ClientRequest[] = [];

  constructor(server: FakeServer, transport: TransportName, handlers: SocketHandlers) {
    this.server = server;
    this.transport = transport;
    this.#handlers = handlers;
  }

  open(way: Way): void {
    if (this.ended) return;
    this.#handlers.opened();
    if (way !== 'silent') this.greet();
  }

  greet(): void {
    this.push('server:hello', {
      protocol: this.server.protocol,
      limits: {
        nameLength: 32,
        textLength: 4000,
        imageLength: 1,
        imageTypes: [],
        pageLength: 100,
        eventLength: 65_536,
        roomNameLength: 64,
        topicLength: 250,
      },
      time: this.server.clock.time,
      connection: `connection-${this.server.attempts.length}`,
      entry: { serverPassword: false, invitation: false },
      known: this.server.known,
    });
  }

  send(text: string): void {
    if (this.ended) return;
    this.server.clock.after(this.server.latency, () => {
      if (this.ended) return;
      const parsed = parseRequest(text);
      if ('failure' in parsed) throw new Error(`the client sent what is not valid: ${text}`);
      this.received.push(parsed.request);
      this.server.answer(this, parsed.request);
    });
  }

  deliver(text: string): void {
    this.server.clock.after(this.server.latency, () => {
      if (!this.ended) this.#handlers.received(text);
    });
  }

  push<Name extends PushName>(event: Name, data: PushData<Name>): void {
    this.deliver(encodePush(event, data));
  }

  reply(request: ClientRequest, data: unknown): void {
    this.deliver(JSON.stringify({ event: 'reply:ok', id: request.id, data }));
  }

  refuse(request: ClientRequest, failure: Failure): void {
    this.deliver(JSON.stringify({ event: 'reply:error', id: request.id, data: failure }));
  }

  /** The end from the server's or the network's side. */
  end(code: number, reason = ''): void {
    if (this.forget()) this.#handlers.closed(code, reason);
  }

  forget(): boolean {
    if (this.ended) return false;
    this.ended = true;
    this.server.connections.delete(this);
    return true;
  }
}

export class FakeServer {
  readonly clock: FakeClock;
  protocol = protocolVersion;
  known = true;
  latency = 5;
  up = true;
  readonly epoch = 'epoch-1';
  readonly log: RoomEvent[] = [];
  readonly connections = new Set<FakeConnection>();
  readonly ways = new Map<TransportName, Way>();
  /** The transports that were tried, in order. */
  readonly attempts: TransportName[] = [];
  /** Answers instead of the usual answer: false leaves it to the usual one. */
  intercept: (connection: FakeConnection, request: ClientRequest) => boolean = () => false;
  /** More than this since a cursor is not recovered. */
  recoveryLimit = 500;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  carriers(...names: TransportName[]): Carriers {
    const wanted = names.length === 0 ? transportNames : names;
    return Object.fromEntries(
      wanted.map((name) => [name, (handlers: SocketHandlers) => this.#connect(name, handlers)]),
    );
  }

  #connect(transport: TransportName, handlers: SocketHandlers): Socket {
    this.attempts.push(transport);
    const connection = new FakeConnection(this, transport, handlers);
    this.clock.after(this.latency, () => {
      const way = this.ways.get(transport) ?? 'works';
      if (!this.up || way === 'refused') return connection.end(1006);
      if (connection.ended) return;
      this.connections.add(connection);
      connection.open(way);
    });
    return { send: (text) => connection.send(text), close: () => void connection.forget() };
  }

  /** The only connection, or the newest. */
  get connection(): FakeConnection {
    const newest = [...this.connections].at(-1);
    if (newest === undefined) throw new Error('nobody is connected');
    return newest;
  }

  endAll(code: number, reason = ''): void {
    for (const connection of [...this.connections]) connection.end(code, reason);
  }

  /** Somebody says something, to everybody who is in. */
  say(text: string, nonce = `nonce-of-${text}`.padEnd(8, '-')): RoomEvent {
    const offset = this.log.length + 1;
    const event: RoomEvent = {
      type: 'message',
      room: 'general',
      offset,
      previous: offset - 1,
      id: `event-${offset}`,
      author: ada,
      time: this.clock.time,
      nonce,
      content: { type: 'text', text },
    };
    this.log.push(event);
    for (const connection of this.connections)
      if (connection.entered) connection.push('room:event', { event });
    return event;
  }

  answer(connection: FakeConnection, request: ClientRequest) {
    if (this.ways.get(connection.transport) === 'mute' || this.intercept(connection, request)) return;
    switch (request.event) {
      case 'heartbeat:ping':
        return connection.reply(request, { time: this.clock.time });
      case 'session:enter':
        connection.entered = true;
        return connection.reply(request, {
          ...this.entrance(undefined),
          token: 'token-token-token-token',
          expires: this.clock.time + 3_600_000,
        });
      case 'session:resume':
      case 'session:state': {
        const asks = request.event === 'session:state';
        if (connection.entered !== asks) {
          return connection.refuse(request, { code: asks ? 'signed-out' : 'signed-in', message: 'No.' });
        }
        connection.entered = true;
        return connection.reply(request, this.entrance(request.data.since));
      }
      case 'session:refresh':
        return connection.reply(request, {
          token: 'token-token-token-renewed',
          expires: this.clock.time + 3_600_000,
        });
      case 'message:send': {
        const { nonce, content } = request.data;
        const text = content.type === 'text' ? content.text : '';
        const event = this.log.find((one) => one.nonce === nonce) ?? this.say(text, nonce);
        const { room, offset, id, time } = event;
        return connection.reply(request, { room, offset, id, time, nonce });
      }
      case 'room:list':
        return connection.reply(request, { rooms: [] });
      default:
        return connection.reply(request, {});
    }
  }

  entrance(since: { readonly epoch: string; readonly offset: number } | undefined): Entrance {
    const missed = since === undefined ? [] : this.log.slice(since.offset);
    const recovered =
      since !== undefined && since.epoch === this.epoch && missed.length <= this.recoveryLimit;
    return {
      member: ada,
      owner: false,
      hasPassword: false,
      device: 'device-1',
      cursor: { epoch: this.epoch, offset: this.log.length },
      rooms: [],
      recovered,
      events: recovered ? missed : [],
      time: this.clock.time,
    };
  }
}

/** One client's surroundings. */
export class FakeEnvironment implements ConnectEnvironment {
  readonly carriers: Carriers;
  readonly #clock: FakeClock;
  readonly #listeners = new Set<(signal: PageSignal) => void>();
  readonly values = new Map<string, string>();
  isOnline = true;
  random = (): number => 0.5;

  constructor(server: FakeServer, ...names: TransportName[]) {
    this.carriers = server.carriers(...names);
    this.#clock = server.clock;
  }

  now = (): number => this.#clock.time;
  after = (milliseconds: number, callback: () => void): (() => void) =>
    this.#clock.after(milliseconds, callback);
  online = (): boolean => this.isOnline;

  onSignal = (listener: (signal: PageSignal) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly tabStorage = {
    getItem: (key: string): string | null => this.values.get(key) ?? null,
    setItem: (key: string, value: string): void => void this.values.set(key, value),
  };

  signal(signal: PageSignal): void {
    if (signal === 'online') this.isOnline = true;
    if (signal === 'offline') this.isOnline = false;
    for (const listener of [...this.#listeners]) listener(signal);
  }
}
