/**
 * A chat server and its network in memory, on the fake clock, for the page's tests. It speaks version 2 of the wire of
 * src/chat/events.ts, keeps a log, knows nonces and cookies, and can be made slow, silent, refusing, cut off or
 * restarted.
 */
import type { HttpAnswer } from '../../public/chat/platform.ts';
import {
  type ClientRequest,
  type Cursor,
  defaultRoom,
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
  type RoomEvent,
  type RoomKind,
  type RoomSummary,
} from '../../src/chat/events.ts';
import type { Socket, SocketHandlers } from '../../src/chat-client/platform.ts';
import type { FakeClock } from './fake-clock.ts';
import { FakeLog, type Said } from './fake-log.ts';

export const sampleImage: Image = {
  id: 'image-1',
  type: 'image/png',
  length: 1000,
  width: 640,
  height: 480,
  url: '/images/image-1.png',
  thumbnail: { url: '/images/image-1.thumbnail.webp', width: 320, height: 240 },
};

/** What the server needs of a browser, and of one of its tabs. */
export interface CookieJar {
  /** The token in the cookie. */
  cookie: string | undefined;
}
export interface ConnectedTab {
  readonly browser: CookieJar;
  readonly isAlive: boolean;
  /** What is done when the tab goes. */
  readonly ends: Set<() => void>;
}

/** The server's end of one connection. What is on its way when it is cut is lost. */
export class FakeConnection {
  readonly chat: FakeChat;
  readonly tab: ConnectedTab;
  readonly #handlers: SocketHandlers;
  #ended = false;
  /** When what was sent last arrives: nothing overtakes it. */
  #upUntil = 0;
  #downUntil = 0;
  /** Whose cookie it came with; not yet in. */
  known: Member | undefined;
  member: Member | undefined;
  /** Everything that arrived, in order. */
  readonly received: ClientRequest[] = [];

  constructor(chat: FakeChat, tab: ConnectedTab, handlers: SocketHandlers) {
    this.chat = chat;
    this.tab = tab;
    this.#handlers = handlers;
  }

  get ended(): boolean {
    return this.#ended;
  }

  open(token: string | undefined): void {
    if (this.#ended) return;
    this.known = token === undefined ? undefined : this.chat.tokens.get(token);
    this.#handlers.opened();
    this.push('server:hello', {
      protocol: this.chat.protocol,
      limits: this.chat.limits,
      time: this.chat.clock.time,
      connection: 'c',
      entry: { serverPassword: false, invitation: false },
      known: this.known !== undefined,
    });
  }

  /** From the client. */
  send(text: string): void {
    if (this.#ended) return;
    this.#upUntil = Math.max(this.#upUntil, this.chat.clock.time + this.chat.latency);
    this.chat.clock.after(this.#upUntil - this.chat.clock.time, () => {
      if (this.#ended) return;
      const parsed = parseRequest(text);
      if ('failure' in parsed) throw new Error(`the page sent what is not valid: ${text}`);
      this.received.push(parsed.request);
      this.chat.answer(this, parsed.request);
    });
  }

  deliver(text: string): void {
    this.#downUntil = Math.max(this.#downUntil, this.chat.clock.time + this.chat.latency);
    this.chat.clock.after(this.#downUntil - this.chat.clock.time, () => {
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
    if (!this.forget()) return;
    if (this.tab.isAlive) this.#handlers.closed(code, reason);
  }

  /** A close that comes after all that was sent before it. */
  endLater(code: number, reason: string): void {
    this.chat.clock.after(this.chat.latency, () => this.end(code, reason));
  }

  /** @returns false when it had ended already */
  forget(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.chat.connections.delete(this);
    return true;
  }
}

interface FakeRoom {
  readonly id: string;
  readonly kind: RoomKind;
  name: string;
  /** By id. */
  readonly members: Map<string, Member>;
  readonly read: Map<string, number>;
  readonly muted: Set<string>;
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
    roomNameLength: 64,
    topicLength: 250,
  };
  /** Milliseconds, each way. */
  latency = 5;
  /** Whether connections come about at all. */
  up = true;
  readonly log = new FakeLog();
  readonly rooms = new Map<string, FakeRoom>();
  /** More than this since a cursor is not recovered. */
  recoveryLimit = 500;
  /** Whether a receipt comes before the event that it vouches for. */
  receiptFirst = false;
  readonly connections = new Set<FakeConnection>();
  /** By token. */
  readonly tokens = new Map<string, Member>();
  /** How many of the next events are lost on their way, which a server never does. */
  eventsToLose = 0;
  /** Codes of invitations, and the room that each lets into. */
  readonly invitations = new Map<string, string>();
  /** Answers instead of the usual answer: false leaves it to the usual one. */
  intercept: (connection: FakeConnection, request: ClientRequest) => boolean = () => false;
  /** Everything that was asked over HTTP. */
  readonly asked: { readonly method: string; readonly path: string; readonly body: unknown }[] = [];
  /** Every send, edit, deletion and reaction that came to the server, by nonce. */
  readonly commands: string[] = [];
  /** How often a connection was asked for. */
  attempts = 0;
  #made = 0;

  constructor(clock: FakeClock) {
    this.clock = clock;
    this.addRoom(defaultRoom, 'public', 'General');
  }

  /** What the carrier of a tab calls. */
  connect(handlers: SocketHandlers, cookie: () => string | undefined, tab: ConnectedTab): Socket {
    this.attempts += 1;
    const connection = new FakeConnection(this, tab, handlers);
    const close = () => connection.forget();
    tab.ends.add(close);
    this.clock.after(this.latency, () => {
      if (!this.up) return connection.end(1006);
      if (!connection.ended) this.connections.add(connection);
      connection.open(cookie());
    });
    return { send: (text) => connection.send(text), close };
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

  addRoom(id: string, kind: RoomKind = 'public', name = id): FakeRoom {
    const room = { id, kind, name, members: new Map(), read: new Map(), muted: new Set<string>() };
    this.rooms.set(id, room);
    return room;
  }

  room(id: string): FakeRoom {
    const room = this.rooms.get(id);
    if (room === undefined) throw new Error(`there is no room ${id}`);
    return room;
  }

  /** A member who has no page: somebody else in the room. */
  person(name: string, ...rooms: string[]): Member {
    const member = { id: `id-${name}`, name };
    for (const room of [defaultRoom, ...rooms]) this.join(room, member);
    return member;
  }

  join(id: string, member: Member): void {
    const room = this.room(id);
    if (room.members.has(member.id)) return;
    room.members.set(member.id, member);
    this.#made += 1;
    const { offset } = this.append({ type: 'joined', room: id, author: member, nonce: `join-${this.#made}` });
    room.read.set(member.id, offset);
    this.toMember(member.id, 'room:changed', { room: this.summary(room, member.id) });
  }

  leave(id: string, member: Member, why: 'left' | 'kicked' | 'banned', reason = ''): void {
    this.#made += 1;
    const base = { room: id, author: member, nonce: `leave-${this.#made}` };
    this.append({ ...base, type: 'left' });
    this.room(id).members.delete(member.id);
    this.toMember(member.id, 'room:gone', { room: id, why, reason });
  }

  /** Says something as a member, to everybody who is in. */
  say(author: Member, text: string, room = defaultRoom, mentions?: string[]): Message {
    this.#made += 1;
    const event = this.append({
      type: 'message',
      room,
      author,
      nonce: `said-${this.#made}`,
      content: { type: 'text', text },
      ...(mentions === undefined ? {} : { mentions }),
    });
    if (event.type !== 'message') throw new Error('unreachable');
    return event;
  }

  edit(target: Message, text: string, mentions?: string[]): RoomEvent {
    return this.append({ ...this.#change(target), type: 'edit', text, ...(mentions ? { mentions } : {}) });
  }

  remove(target: Message): RoomEvent {
    return this.append({ ...this.#change(target), type: 'delete' });
  }

  react(target: Message, author: Member, emoji: string, on = true): RoomEvent {
    return this.append({ ...this.#change(target), author, type: 'reaction', emoji, on });
  }

  #change({ room, id, offset, author }: Message) {
    this.#made += 1;
    return { room, author, nonce: `change-${this.#made}`, target: id, targetOffset: offset };
  }

  append(said: Said): RoomEvent {
    const event = this.log.append(said, this.clock.time);
    if (this.eventsToLose > 0) {
      this.eventsToLose -= 1;
      return event;
    }
    for (const connection of this.connections) {
      const { member } = connection;
      if (member !== undefined && this.room(said.room).members.has(member.id))
        connection.push('room:event', { event });
    }
    return event;
  }

  toMember<Name extends PushName>(id: string, event: Name, data: PushData<Name>): void {
    for (const connection of this.connections) {
      if (connection.member?.id === id) connection.push(event, data);
    }
  }

  summary(room: FakeRoom, member: string): RoomSummary {
    const { id, kind, name, members } = room;
    const events = this.log.of(id);
    const read = room.read.get(member) ?? 0;
    return {
      id,
      kind,
      name,
      topic: '',
      memberCount: members.size,
      joined: members.has(member),
      role: 'member',
      newest: events.at(-1)?.offset ?? 0,
      lastTime: events.findLast(({ type }) => type === 'message')?.time ?? 0,
      read,
      ...this.log.counts(id, read, member),
      muted: room.muted.has(member),
      slowMode: 0,
    };
  }

  /** Answers an HTTP request of a page of that browser. */
  async ask(
    browser: CookieJar,
    method: string,
    path: string,
    body: unknown,
  ): Promise<HttpAnswer | undefined> {
    await this.clock.wait(this.latency);
    if (!this.up) return undefined;
    this.asked.push({ method, path, body });
    const answer = this.#session(browser, method, path, body);
    await this.clock.wait(this.latency);
    return answer;
  }

  #session(browser: CookieJar, method: string, path: string, body: unknown): HttpAnswer {
    const member = browser.cookie === undefined ? undefined : this.tokens.get(browser.cookie);
    const refuse = (status: number, error: Failure): HttpAnswer => ({ status, body: { error } });
    if (method === 'DELETE') {
      if (member === undefined) return refuse(401, { code: 'signed-out', message: '' });
      for (const [token, other] of this.tokens) {
        if (token === browser.cookie || (path.includes('everywhere') && other.id === member.id)) {
          this.tokens.delete(token);
        }
      }
      browser.cookie = undefined;
      for (const connection of this.connections) {
        if (connection.member?.id === member.id && connection.tab.browser === browser) {
          connection.endLater(1000, 'signed out');
        }
      }
      return { status: 204, body: undefined };
    }
    if (path.endsWith('/refresh')) {
      return member === undefined
        ? refuse(401, { code: 'token-expired', message: '' })
        : { status: 200, body: { member, expires: 0 } };
    }
    const name = typeof body === 'object' && body !== null && 'name' in body ? String(body.name) : '';
    if ([...this.tokens.values()].some((other) => other.name === name)) {
      return refuse(409, { code: 'name-taken', message: '', suggestion: `${name} 2` });
    }
    return { status: 201, body: { member: this.signIn(browser, name), expires: 0 } };
  }

  /** Puts a cookie into a browser, as signing in does. */
  signIn(browser: CookieJar, name: string): Member {
    this.#made += 1;
    const token = `token-${this.#made}`;
    const member = { id: `id-${name}`, name };
    this.tokens.set(token, member);
    browser.cookie = token;
    this.join(defaultRoom, member);
    return member;
  }

  answer(connection: FakeConnection, request: ClientRequest) {
    if (this.intercept(connection, request)) return;
    const { member } = connection;
    if (request.event === 'heartbeat:ping') return connection.reply(request, { time: this.clock.time });
    if (request.event === 'session:resume') {
      if (member !== undefined) return connection.refuse(request, { code: 'signed-in', message: '' });
      if (connection.known === undefined)
        return connection.refuse(request, { code: 'token-unknown', message: '' });
      connection.member = connection.known;
      return connection.reply(request, this.#entrance(connection.known, request.data.since));
    }
    if (member === undefined) return connection.refuse(request, { code: 'signed-out', message: '' });
    switch (request.event) {
      case 'session:state':
        return connection.reply(request, this.#entrance(member, request.data.since));
      case 'room:open': {
        const room = this.rooms.get(request.data.room);
        if (room === undefined) return connection.refuse(request, { code: 'room-unknown', message: '' });
        const { around, limit } = request.data;
        return connection.reply(request, {
          ...this.log.page(room.id, { around }, limit),
          summary: this.summary(room, member.id),
          members: [...room.members.values()].map((one) => ({
            ...one,
            role: 'member',
            here: this.isHere(one.id),
          })),
        });
      }
      case 'message:page': {
        const { room, limit, before, after } = request.data;
        return connection.reply(request, this.log.page(room, { before, after }, limit));
      }
      case 'room:read': {
        const room = this.room(request.data.room);
        const read = Math.max(room.read.get(member.id) ?? 0, request.data.offset);
        room.read.set(member.id, read);
        const counts = this.log.counts(room.id, read, member.id);
        for (const other of this.connections) {
          if (other !== connection && other.member?.id === member.id) {
            other.push('room:read', { room: room.id, offset: read, ...counts });
          }
        }
        return connection.reply(request, counts);
      }
      case 'room:join':
        this.join(request.data.room, member);
        return connection.reply(request, { room: this.summary(this.room(request.data.room), member.id) });
      case 'room:leave':
        this.leave(request.data.room, member, 'left');
        return connection.reply(request, {});
      case 'room:accept': {
        const room = this.invitations.get(request.data.code);
        if (room === undefined)
          return connection.refuse(request, { code: 'invitation-unknown', message: '' });
        this.join(room, member);
        return connection.reply(request, { room: this.summary(this.room(room), member.id) });
      }
      case 'room:typing':
        return connection.reply(request, {});
      case 'room:mute':
        if (request.data.muted) this.room(request.data.room).muted.add(member.id);
        return connection.reply(request, {});
      case 'session:claim':
        return connection.reply(request, {});
      case 'message:send':
      case 'message:edit':
      case 'message:delete':
      case 'message:react':
        return this.#store(connection, request, member);
      default:
        throw new Error(`the fake server does not know ${request.event}`);
    }
  }

  isHere(id: string): boolean {
    return [...this.connections].some(({ member }) => member?.id === id);
  }

  #store(
    connection: FakeConnection,
    request: Extract<
      ClientRequest,
      { event: 'message:send' | 'message:edit' | 'message:delete' | 'message:react' }
    >,
    author: Member,
  ) {
    const { nonce, room } = request.data;
    this.commands.push(nonce);
    const earlier = this.log.events.find((event) => event.nonce === nonce && event.author.id === author.id);
    const said = earlier === undefined ? this.#said(request, author) : undefined;
    if (earlier === undefined && said === undefined) {
      return connection.refuse(request, { code: 'message-unknown', message: 'There is no such message.' });
    }
    const reply = ({ offset, id, time }: RoomEvent) =>
      connection.reply(request, { room, offset, id, time, nonce });
    if (said === undefined) {
      if (earlier !== undefined) reply(earlier);
      return;
    }
    if (!this.receiptFirst) return reply(this.append(said));
    const offset = this.log.cursor.offset + 1;
    connection.reply(request, {
      room,
      offset,
      id: `${this.log.epoch}:${offset}`,
      time: this.clock.time,
      nonce,
    });
    this.append(said);
  }

  #said(request: ClientRequest, author: Member): Said | undefined {
    if (request.event === 'message:send') {
      const { room, nonce, content } = request.data;
      const said = content.type === 'text' ? content : ({ type: 'image', image: sampleImage } as const);
      return { type: 'message', room, author, nonce, content: said };
    }
    if (
      request.event !== 'message:edit' &&
      request.event !== 'message:delete' &&
      request.event !== 'message:react'
    ) {
      return undefined;
    }
    const { room, nonce, target } = request.data;
    const message = this.log.find(target);
    if (message === undefined) return undefined;
    const base = { room, author, nonce, target, targetOffset: message.offset };
    if (request.event === 'message:delete') return { ...base, type: 'delete' };
    if (request.event === 'message:edit') return { ...base, type: 'edit', text: request.data.text };
    return { ...base, type: 'reaction', emoji: request.data.emoji, on: request.data.on };
  }

  #entrance(member: Member, since: Cursor | undefined): Entrance {
    const { cursor } = this.log;
    const rooms = [...this.rooms.values()].filter(({ members }) => members.has(member.id));
    const missed =
      since?.epoch === cursor.epoch && since.offset <= cursor.offset
        ? this.log.events.filter(
            ({ offset, room }) => offset > since.offset && rooms.some(({ id }) => id === room),
          )
        : undefined;
    const recovered = missed !== undefined && missed.length <= this.recoveryLimit;
    return {
      member,
      owner: false,
      hasPassword: false,
      device: 'device-1',
      cursor,
      rooms: rooms.map((room) => this.summary(room, member.id)),
      recovered,
      events: recovered ? missed : [],
      time: this.clock.time,
    };
  }
}
