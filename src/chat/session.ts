/**
 * One connection's life in the chat, over whatever carries it: hello first, then requests, carried out one after the
 * other in the order in which they came, each with its reply; and what is pushed, as fast as the client takes it. Made
 * by `acceptFor`, which the transports call.
 */
import type { Accept, Channel, ChannelUser, Push } from '../transports/channel.ts';
import type { Chat, Peer } from './chat.ts';
import {
  type ClientRequest,
  type Cursor,
  encodePush,
  type Failure,
  type Member,
  parseRequest,
  type ReplyData,
  type RequestName,
} from './events.ts';
import type { Caller } from './handler.ts';
import { carryOut } from './handlers.ts';
import { helloTo } from './hello.ts';
import { TokenBucket } from './limits.ts';
import { Outlet } from './outlet.ts';
import { Refusal } from './refusal.ts';

/** Requests that may wait behind one that is being carried out. */
const maximumQueueLength = 256;

/** Milliseconds by which a client may be early: timers count whole ones, and begin anywhere in one. */
const timerSlack = 2;

// RFC 6455 §7.4.1. The core's table is not used, for the chat does not depend on what carries it.
const policyViolation = 1008;

interface Task {
  readonly request: ClientRequest;
  /** By the transport, for a client that could only ask with its one request: it is answered by a push. */
  readonly isResumption: boolean;
}

/** What the transports call for each connection. */
export function acceptFor(chat: Chat): Accept {
  return (channel) => new Session(chat, channel);
}

export class Session implements ChannelUser, Peer, Caller {
  readonly #chat: Chat;
  readonly #channel: Channel;
  readonly #outlet: Outlet;
  readonly #requestBucket: TokenBucket;
  readonly #refusalBucket: TokenBucket;
  readonly #queue: Task[] = [];
  /** What came before the hello was out. */
  #early: (() => void)[] | undefined = [];
  #busy = false;
  #closed = false;
  #identity: { readonly member: Member; readonly device: string } | undefined;
  #afterReply: (() => void)[] = [];
  /** To be called at the next request; of the request that is being carried out, and of those that were answered. */
  #whenThisReplyWasRead: (() => void)[] = [];
  #whenRepliesWereRead: (() => void)[] = [];
  /** When the client was last told to wait, and for how long. */
  #toldToWait: { readonly at: number; readonly retryAfter: number } | undefined;

  /** Says hello: at once, or when the token that came with the channel was looked at. */
  constructor(chat: Chat, channel: Channel) {
    this.#chat = chat;
    this.#channel = channel;
    this.#outlet = new Outlet(channel, chat.maxBufferedAmount, (code, reason) => this.close(code, reason));
    const now = chat.clock.now();
    this.#requestBucket = new TokenBucket(chat.rates.requests, now);
    this.#refusalBucket = new TokenBucket(chat.rates.refusals, now);
    chat.add(this);
    if (channel.credential === undefined) this.#begin(false);
    else chat.track(this.#authenticate(channel.credential));
  }

  // What the transport tells ----------------------------------------------------------------------------------------

  receive(data: string | Uint8Array): void {
    if (this.#closed) return;
    if (this.#early !== undefined) {
      if (this.#early.length < maximumQueueLength) this.#early.push(() => this.receive(data));
      return;
    }
    if (typeof data !== 'string') {
      this.#refuse(undefined, {
        code: 'malformed',
        message: 'The message is binary: send JSON as text. Images go to POST /api/images.',
      });
      return;
    }
    const parsed = parseRequest(data);
    if ('failure' in parsed) {
      this.#refuse(parsed.id, parsed.failure);
      return;
    }
    this.#enqueue({ request: parsed.request, isResumption: false });
  }

  resume(since: Cursor | undefined): void {
    if (this.#closed) return;
    if (this.#early !== undefined) {
      this.#early.push(() => this.resume(since));
      return;
    }
    const data = since === undefined ? {} : { since };
    this.#enqueue({ request: { event: 'session:resume', data }, isResumption: true });
  }

  drained(): void {
    if (!this.#closed) this.#outlet.drained();
  }

  /** The connection is gone. What it asked for before is still carried out. */
  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#outlet.end();
    this.#chat.remove(this);
    if (this.#identity !== undefined) this.#chat.disconnect(this, this.#identity.member);
  }

  // What the chat and its handlers use ------------------------------------------------------------------------------

  get remoteAddress(): string {
    return this.#channel.remoteAddress;
  }

  get userAgent(): string {
    return this.#channel.userAgent;
  }

  get credential(): string | undefined {
    return this.#channel.credential;
  }

  get member(): Member | undefined {
    return this.#identity?.member;
  }

  get device(): string | undefined {
    return this.#identity?.device;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  enter(member: Member, device: string): void {
    if (this.#closed || this.#identity !== undefined) return;
    this.#identity = { member, device };
    this.#outlet.hold();
    this.#chat.enter(this, member);
  }

  exit(): void {
    if (this.#identity === undefined) return;
    this.#chat.disconnect(this, this.#identity.member);
    this.#identity = undefined;
    this.#outlet.dropHeld();
  }

  afterReply(callback: () => void): void {
    this.#afterReply.push(callback);
  }

  whenReplyWasRead(callback: () => void): void {
    this.#whenThisReplyWasRead.push(callback);
  }

  push(push: Push): void {
    if (!this.#closed) this.#outlet.push(push);
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.closed();
    this.#queue.length = 0;
    this.#channel.close(code, reason);
  }

  // Hello -----------------------------------------------------------------------------------------------------------

  async #authenticate(credential: string): Promise<void> {
    let isKnown = false;
    try {
      const found = await this.#chat.identities.authenticate(credential, this.#chat.clock.now());
      isKnown = found.status === 'known';
    } catch (error) {
      // session:resume will meet the same, and say so.
      this.#chat.logger.error({ err: error }, 'a token could not be looked at');
    }
    if (!this.#closed) this.#begin(isKnown);
  }

  #begin(isKnown: boolean): void {
    const hello = helloTo(this.#channel.id, isKnown, this.#chat.identities.entry, this.#chat.clock.now());
    this.#channel.send(hello, 'server:hello');
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const take of early) take();
  }

  // Requests --------------------------------------------------------------------------------------------------------

  #enqueue(task: Task): void {
    const { request } = task;
    for (const callback of this.#whenRepliesWereRead.splice(0)) callback();
    const retryAfter = this.#requestBucket.take(this.#chat.clock.now());
    if (retryAfter > 0 || this.#queue.length >= maximumQueueLength) {
      const message = 'You ask for too much at once: slow down.';
      this.#refuse(request.id, { code: 'rate-limited', message, retryAfter: Math.max(retryAfter, 100) });
      return;
    }
    this.#queue.push(task);
    if (!this.#busy) this.#chat.track(this.#work());
  }

  async #work(): Promise<void> {
    this.#busy = true;
    for (let task = this.#queue.shift(); task !== undefined; task = this.#queue.shift()) {
      try {
        await this.#answer(task);
      } catch (error) {
        // It is answered, or cannot be: a second reply would be taken for another request's.
        const { event } = task.request;
        this.#chat.logger.error({ err: error, event }, 'what follows a reply failed');
      }
      this.#whenThisReplyWasRead = [];
    }
    this.#busy = false;
  }

  async #answer({ request, isResumption }: Task): Promise<void> {
    let data: ReplyData<RequestName>;
    try {
      data = await carryOut(this.#chat, this, request);
    } catch (error) {
      this.#afterReply = [];
      if (error instanceof Refusal) {
        this.#refuse(request.id, error.failure);
        return;
      }
      this.#chat.logger.error({ err: error, event: request.event }, 'a handler failed');
      const message = 'The server failed on this request. It was written down; try again.';
      this.#refuse(request.id, { code: 'internal', message });
      return;
    }
    const callbacks = this.#afterReply.splice(0);
    const entrance = 'cursor' in data ? data : undefined;
    if (isResumption && entrance !== undefined) {
      const { epoch, offset } = entrance.cursor;
      this.#send(encodePush('session:entered', entrance), 'session:entered', `${epoch}:${offset}`);
    } else if (request.id !== undefined) {
      this.#send(JSON.stringify({ event: 'reply:ok', id: request.id, data }), 'reply:ok');
    }
    if (isResumption || request.id !== undefined) {
      this.#whenRepliesWereRead.push(...this.#whenThisReplyWasRead);
    }
    this.#outlet.release(entrance?.cursor.offset ?? 0);
    for (const callback of callbacks) callback();
  }

  #send(text: string, event: string, cursor?: string): void {
    if (!this.#closed) this.#outlet.send(text, event, cursor);
  }

  #refuse(id: number | undefined, failure: Failure): void {
    const event = { event: 'reply:error', ...(id === undefined ? {} : { id }), data: failure };
    this.#send(JSON.stringify(event), 'reply:error');
    const now = this.#chat.clock.now();
    if (this.#isAbuse(failure, now) && this.#refusalBucket.take(now) > 0) {
      this.close(policyViolation, 'too many requests that had to be refused');
    }
  }

  /** Whether that is a mistake which a program makes over and over when it does not read its replies. */
  #isAbuse({ code, retryAfter }: Failure, now: number): boolean {
    if (code !== 'rate-limited')
      return code === 'malformed' || code === 'unknown-event' || code === 'invalid';
    const told = this.#toldToWait;
    this.#toldToWait = { at: now, retryAfter: retryAfter ?? 0 };
    if (told === undefined) return false;
    // A wall clock that was set back tells nothing.
    const waited = now - told.at;
    return waited >= 0 && waited < told.retryAfter - timerSlack;
  }
}
