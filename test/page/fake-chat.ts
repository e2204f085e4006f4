/**
 * A chat server and its network in memory, on the fake clock, for the page's tests. It speaks the wire of
 * src/chat/events.ts, keeps a log, knows nonces, and can be made slow, silent, refusing, cut off or restarted.
 */

import type { Socket, SocketHandlers } from '../../public/chat/platform.ts';
import {
  type ClientRequest,
  type Entrance,
  encodePush,
  type Failure,
  type Image,
  type Member,
  type Message,
  maximumImageLength,
  maximumPageLength,
  maximumTextLength,
  type PushData,
  type PushName,
  parseRequest,
  protocolVersion,
  type RequestName,
} from '../../src/chat/events.ts';
import type { FakeClock } from './fake-clock.ts';

export const sampleImage: Image = {
  id: 'image-1',
  type: 'image/png',
  length: 1000,
  width: 640,
  height: 480,
  url: '/images/image-1.png',
  thumbnail: { url: '/images/image-1.thumbnail.webp', width: 320, height: 240 },
};

/** The server's end of one connection. What is on its way when it is cut is lost. */
export class FakeConnection {
  readonly chat: FakeChat;
  readonly #handlers: SocketHandlers;
  #ended = false;
  member: Member | undefined;
  /** Everything that arrived, in order. */
  readonly received: ClientRequest[] = [];

  constructor(chat: FakeChat, handlers: SocketHandlers) {
    this.chat = chat;
    this.#handlers = handlers;
  }

  get ended(): boolean {
    return this.#ended;
  }

  open(): void {
    if (this.#ended) return;
    this.#handlers.opened();
    this.push('server:hello', {
      protocol: this.chat.protocol,
      limits: this.chat.limits,
      time: this.chat.clock.time,
      connection: 'c',
    });
  }

  /** From the client. */
  send(text: string): void {
    if (this.#ended) return;
    this.chat.clock.after(this.chat.latency, () => {
      if (this.#ended) return;
      const parsed = parseRequest(text);
      if ('failure' in parsed) throw new Error(`the page sent what is not valid: ${text}`);
      this.received.push(parsed.request);
      this.chat.answer(this, parsed.request);
    });
  }

  deliver(text: string): void {
    this.chat.clock.after(this.chat.latency, () => {
      if (!this.#ended) this.#handlers.received(text);
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

  /** The end from the server's or the network's side; the client is told at once. */
  end(code: number, reason = ''): void {
    if (!this.#forget()) return;
    this.#handlers.closed(code, reason);
  }

  /** A close that comes after all that was sent before it. */
  endLater(code: number, reason: string): void {
    this.chat.clock.after(this.chat.latency, () => this.end(code, reason));
  }

  /** The client closed. A browser tells of it later; the page does not wait for that. */
  closedByClient(): void {
    this.#forget();
  }

  #forget(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.chat.connections.delete(this);
    return true;
  }
}

export class FakeChat {
  readonly clock: FakeClock;
  protocol = protocolVersion;
  limits = {
    nameLength: 32,
    textLength: maximumTextLength,
    imageLength: maximumImageLength,
    imageTypes: ['image/png'],
    pageLength: maximumPageLength,
    eventLength: 65_536,
  };
  /** Milliseconds, each way. */
  latency = 5;
  /** Whether connections come about at all. */
  up = true;
  epoch = 'epoch-1';
  log: Message[] = [];
  /** More than this since a cursor is not recovered. */
  recoveryLimit = 500;
  readonly connections = new Set<FakeConnection>();
  /** By token. */
  readonly members = new Map<string, Member>();
  /** Answers instead of the usual answer: false leaves it to the usual one. */
  intercept: (connection: FakeConnection, request: ClientRequest) => boolean = () => false;
  /** How often a connection was asked for. */
  attempts = 0;
  #made = 0;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  /** What `openSocket` of the page's environment calls. */
  connect(handlers: SocketHandlers): Socket {
    this.attempts += 1;
    const connection = new FakeConnection(this, handlers);
    this.clock.after(this.latency, () => {
      if (!this.up) return connection.end(1006);
      this.connections.add(connection);
      connection.open();
    });
    return {
      send: (text) => connection.send(text),
      close: () => connection.closedByClient(),
    };
  }

  /** The only connection, or the newest. */
  get connection(): FakeConnection {
    const newest = [...this.connections].at(-1);
    if (newest === undefined) throw new Error('nobody is connected');
    return newest;
  }

  /** All requests of that name on all connections that stand. */
  requests<Name extends RequestName>(event: Name): Extract<ClientRequest, { event: Name }>[] {
    return [...this.connections].flatMap(({ received }) =>
      received.filter(
        (request): request is Extract<ClientRequest, { event: Name }> => request.event === event,
      ),
    );
  }

  endAll(code: number, reason = ''): void {
    for (const connection of [...this.connections]) connection.end(code, reason);
  }

  /** Issues a token for a name, as if somebody had signed in. */
  issue(name: string): { token: string; member: Member } {
    this.#made += 1;
    const token = `token-${this.#made}-`.padEnd(43, 'x');
    const member = { id: `member-${this.#made}`, name };
    this.members.set(token, member);
    return { token, member };
  }

  /** Says something as a member, to everybody who is in. */
  say(author: Member, text: string, nonce = `nonce-${this.log.length}-of-${author.id}`): Message {
    return this.append(author, nonce, { type: 'text', text });
  }

  append(author: Member, nonce: string, content: Message['content']): Message {
    const offset = this.log.length + 1;
    const { time } = this.clock;
    const message: Message = {
      room: 'general',
      offset,
      id: `${this.epoch}:${offset}`,
      author,
      time,
      nonce,
      content,
    };
    this.log.push(message);
    this.broadcast('message:new', { message });
    return message;
  }

  broadcast<Name extends PushName>(event: Name, data: PushData<Name>): void {
    for (const connection of this.connections) if (connection.member) connection.push(event, data);
  }

  answer(connection: FakeConnection, request: ClientRequest) {
    if (this.intercept(connection, request)) return;
    const { member } = connection;
    switch (request.event) {
      case 'heartbeat:ping':
        return connection.reply(request, { time: this.clock.time });
      case 'session:enter': {
        const { name } = request.data;
        if ([...this.members.values()].some((other) => other.name === name)) {
          return connection.refuse(request, { code: 'name-taken', message: '', suggestion: `${name} 2` });
        }
        const issued = this.issue(name);
        connection.member = issued.member;
        return connection.reply(request, { ...this.#entrance(issued.member), token: issued.token });
      }
      case 'session:resume': {
        const found = this.members.get(request.data.token);
        if (found === undefined) return connection.refuse(request, { code: 'token-unknown', message: '' });
        if (member !== undefined) return connection.refuse(request, { code: 'signed-in', message: '' });
        connection.member = found;
        return connection.reply(request, this.#entrance(found, request.data.since));
      }
      case 'session:leave': {
        for (const [token, other] of this.members) if (other === member) this.members.delete(token);
        connection.reply(request, {});
        for (const other of this.connections) {
          if (other.member === member) other.endLater(1000, 'logged out');
        }
        return;
      }
      case 'message:send':
        if (member === undefined) return connection.refuse(request, { code: 'signed-out', message: '' });
        return this.#store(connection, request, member);
      case 'message:page': {
        const { before, limit } = request.data;
        const messages = this.log.slice(Math.max(0, before - 1 - limit), before - 1);
        const hasMore = (messages[0]?.offset ?? 1) > 1;
        return connection.reply(request, { room: 'general', epoch: this.epoch, messages, hasMore });
      }
    }
  }

  #store(
    connection: FakeConnection,
    request: Extract<ClientRequest, { event: 'message:send' }>,
    author: Member,
  ): void {
    const { nonce, content } = request.data;
    const earlier = this.log.find((message) => message.nonce === nonce && message.author.id === author.id);
    const stored =
      earlier ??
      this.append(author, nonce, content.type === 'text' ? content : { type: 'image', image: sampleImage });
    const { room, offset, id, time } = stored;
    connection.reply(request, { room, offset, id, time, nonce });
  }

  #entrance(member: Member, since?: { epoch: string; offset: number }): Entrance {
    const missed =
      since?.epoch === this.epoch && since.offset <= this.log.length
        ? this.log.slice(since.offset)
        : undefined;
    const recovered = missed !== undefined && missed.length <= this.recoveryLimit;
    const messages = recovered ? missed : this.log.slice(-50);
    const present = [...this.connections].flatMap((connection) => connection.member ?? []);
    return {
      member,
      room: 'general',
      epoch: this.epoch,
      members: [...new Map([...present, member].map((one) => [one.id, one])).values()],
      messages,
      recovered,
      hasMore: (messages[0]?.offset ?? 1) > 1,
      time: this.clock.time,
    };
  }
}
