/**
 * One connection's life in the chat, over whatever carries it: hello first, then requests, carried out one after the
 * other in the order in which they came, each with its reply. Called by the transports (websocket-channel.ts).
 */
import { randomBytes } from 'node:crypto';
import type { Channel, Push } from './channel.ts';
import type { Chat, Peer } from './chat.ts';
import {
  type ClientRequest,
  encodePush,
  type Failure,
  imageTypes,
  type Member,
  maximumEventLength,
  maximumImageLength,
  maximumPageLength,
  maximumTextLength,
  parseRequest,
  protocolVersion,
  type ReplyData,
  type RequestName,
} from './events.ts';
import { type Caller, type Handler, Refusal } from './handler.ts';
import { heartbeatHandlers } from './handlers/heartbeat.ts';
import { messageHandlers } from './handlers/message.ts';
import { sessionHandlers } from './handlers/session.ts';
import { TokenBucket } from './limits.ts';
import { nameLength } from './names.ts';

const handlers: { readonly [Name in RequestName]: Handler<Name> } = {
  ...sessionHandlers,
  ...messageHandlers,
  ...heartbeatHandlers,
};

/** Requests that may wait behind one that is being carried out. */
const maximumQueueLength = 256;

/** Milliseconds by which a client may be early: timers count whole ones, and begin anywhere in one. */
const timerSlack = 2;

// RFC 6455 §7.4.1. The core's table is not used, for the chat does not depend on what carries it.
const normalClosure = 1000;
const policyViolation = 1008;

export class Session implements Peer, Caller {
  readonly #chat: Chat;
  readonly #channel: Channel;
  readonly #requestBucket: TokenBucket;
  readonly #refusalBucket: TokenBucket;
  readonly #queue: ClientRequest[] = [];
  #busy = false;
  #closed = false;
  #presence: { readonly member: Member; readonly room: string } | undefined;
  /** Pushes that wait for the reply to a sign-in. */
  #held: Push[] | undefined;
  #afterReply: (() => void)[] = [];
  /** To be called at the next request; of the request that is being carried out, and of those that were answered. */
  #whenThisReplyWasRead: (() => void)[] = [];
  #whenRepliesWereRead: (() => void)[] = [];
  /** When the client was last told to wait, and for how long. */
  #toldToWait: { readonly at: number; readonly retryAfter: number } | undefined;

  /** Says hello. */
  constructor(chat: Chat, channel: Channel) {
    this.#chat = chat;
    this.#channel = channel;
    const now = chat.clock.now();
    this.#requestBucket = new TokenBucket(chat.rates.requests, now);
    this.#refusalBucket = new TokenBucket(chat.rates.refusals, now);
    chat.add(this);
    channel.send(
      encodePush('server:hello', {
        protocol: protocolVersion,
        limits: {
          nameLength: nameLength.maximum,
          textLength: maximumTextLength,
          imageLength: maximumImageLength,
          imageTypes: [...imageTypes],
          pageLength: maximumPageLength,
          eventLength: maximumEventLength,
        },
        time: now,
        connection: randomBytes(9).toString('base64url'),
      }),
    );
  }

  // What the transport tells ----------------------------------------------------------------------------------------

  /** A message from the client: a string for text, octets for binary. Never throws. */
  receive(data: string | Uint8Array): void {
    if (this.#closed) return;
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
    const { request } = parsed;
    for (const callback of this.#whenRepliesWereRead.splice(0)) callback();
    const retryAfter = this.#requestBucket.take(this.#chat.clock.now());
    if (retryAfter > 0 || this.#queue.length >= maximumQueueLength) {
      const message = 'You ask for too much at once: slow down.';
      this.#refuse(request.id, { code: 'rate-limited', message, retryAfter: Math.max(retryAfter, 100) });
      return;
    }
    this.#queue.push(request);
    if (!this.#busy) this.#chat.track(this.#work());
  }

  /** The connection is gone. What it asked for before is still carried out. */
  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#chat.remove(this);
    this.#leaveRoom();
  }

  // What the chat and its handlers use ------------------------------------------------------------------------------

  get remoteAddress(): string {
    return this.#channel.remoteAddress;
  }

  get member(): Member | undefined {
    return this.#presence?.member;
  }

  get room(): string | undefined {
    return this.#presence?.room;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  enter(member: Member, roomName: string): void {
    const room = this.#chat.room(roomName);
    if (room === undefined) return;
    this.#presence = { member, room: roomName };
    this.#held = [];
    this.#chat.enter(room, member, this);
  }

  presenceRead(): void {
    this.#held = this.#held?.filter(({ event }) => event !== 'member:joined' && event !== 'member:left');
  }

  exit(): void {
    this.#leaveRoom();
    this.#presence = undefined;
    this.#held = undefined;
  }

  afterReply(callback: () => void): void {
    this.#afterReply.push(callback);
  }

  whenReplyWasRead(callback: () => void): void {
    this.#whenThisReplyWasRead.push(callback);
  }

  push(push: Push): void {
    if (this.#held !== undefined) this.#held.push(push);
    else this.#channel.push(push);
  }

  logOut(): void {
    this.#presence = undefined;
    this.#close(normalClosure, 'logged out');
  }

  // Requests --------------------------------------------------------------------------------------------------------

  async #work(): Promise<void> {
    this.#busy = true;
    for (let request = this.#queue.shift(); request !== undefined; request = this.#queue.shift()) {
      try {
        await this.#answer(request);
      } catch (error) {
        // It is answered, or cannot be: a second reply would be taken for another request's.
        this.#chat.logger.error({ err: error, event: request.event }, 'what follows a reply failed');
      }
      this.#whenThisReplyWasRead = [];
    }
    this.#busy = false;
  }

  async #answer(request: ClientRequest): Promise<void> {
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
    if (request.id !== undefined) {
      this.#channel.send(JSON.stringify({ event: 'reply:ok', id: request.id, data }));
      this.#whenRepliesWereRead.push(...this.#whenThisReplyWasRead);
    }
    this.#releaseHeld(data);
    for (const callback of callbacks) callback();
  }

  /** Lets out what waited for the reply to a sign-in, without what that reply says itself. */
  #releaseHeld(reply: ReplyData<RequestName>): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    const known = 'messages' in reply ? (reply.messages.at(-1)?.offset ?? 0) : 0;
    for (const push of held) {
      if (push.offset === undefined || push.offset > known) this.#channel.push(push);
    }
  }

  #refuse(id: number | undefined, failure: Failure): void {
    const event = { event: 'reply:error', ...(id === undefined ? {} : { id }), data: failure };
    this.#channel.send(JSON.stringify(event));
    const now = this.#chat.clock.now();
    if (this.#isAbuse(failure, now) && this.#refusalBucket.take(now) > 0) {
      this.#close(policyViolation, 'too many requests that had to be refused');
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

  #close(code: number, reason: string): void {
    this.closed();
    this.#queue.length = 0;
    this.#channel.close(code, reason);
  }

  #leaveRoom(): void {
    if (this.#presence === undefined) return;
    const room = this.#chat.room(this.#presence.room);
    if (room !== undefined) this.#chat.disconnect(room, this.#presence.member, this);
  }
}

function carryOut(
  chat: Chat,
  caller: Caller,
  request: ClientRequest,
): ReplyData<RequestName> | Promise<ReplyData<RequestName>> {
  // The table ties each name to its data; the compiler cannot follow that through a union of requests.
  const handler = handlers[request.event] as Handler<RequestName>;
  return handler(chat, caller, request.data);
}
