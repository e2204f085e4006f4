/**
 * Rooms for programs that only speak HTTP: `GET /api/rooms/ROOM/events` reads a room's log, as pages of JSON, as a long
 * poll, or as a Server-Sent Events stream that resumes; `POST` says something, once per Idempotency-Key. Callers are
 * members, by their token, and backends, by an API key that the host gave out. Mounted by site.ts.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as v from 'valibot';
import type { Logger } from '../../logger.ts';
import { sendJson } from '../../transports/answers.ts';
import type { Clock } from '../clock.ts';
import { type Failure, invalid, type Member, nonce, type Receipt, requestData, roomId } from '../events.ts';
import { Refusal, roomUnknown } from '../handler.ts';
import type { Log } from '../log.ts';
import { judgeName, nameLength } from '../names.ts';
import { ApiKeys } from './api-keys.ts';
import { Followers, maximumWait } from './followers.ts';
import { ApiError, allowMethods, refuseWith, takeJson } from './json.ts';

/** What this needs of the chat. */
export interface EventsChat {
  readonly log: Log;
  readonly clock: Clock;
  /** @throws Refusal when that member, or with undefined a backend, may not read the room */
  checkReader(room: string, member: Member | undefined): void;
  /**
   * Says something, as `message:send` does.
   * @param author a member, who is held to what the room allows them, or a bot, whom the host has let in everywhere
   * @param sender what the rate of messages is counted by
   * @throws Refusal
   */
  send(author: Member, sender: string, data: SendData): Promise<{ receipt: Receipt; repeated: boolean }>;
  /** Counts one try with a credential that nobody has. @throws Refusal `rate-limited` */
  countUnknown(address: string): void;
}

export type SendData = v.InferOutput<(typeof requestData)['message:send']>;

export interface EventsApiOptions {
  readonly chat: EventsChat;
  /** API keys, as the host wrote them. Only their hashes are kept. */
  readonly keys: readonly string[];
  /** Whose token came with a request: in Authorization, or in a cookie that may be believed (same origin). */
  readonly memberOf: (request: IncomingMessage) => Promise<Member | undefined>;
  /** IP address of the client, for the limits. */
  readonly addressOf: (request: IncomingMessage) => string;
  /** Default: nothing is written down. */
  readonly logger?: Logger;
}

export interface EventsApi {
  /** Answers a request for its paths. @returns false, with nothing done, when the path is somebody else's */
  handle(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  /** Ends every stream and every poll that waits. */
  stop(): void;
}

/** Who asks. */
interface Caller {
  /** What it is counted by: the member's id, or the place of the API key among the host's. */
  readonly name: string;
  /** Undefined for a backend, which came with an API key. */
  readonly member: Member | undefined;
}

const pathPattern = /^\/api\/rooms\/([^/]+)\/events$/;
/** The most octets in the body of a POST. */
const maximumBodyLength = 64 * 1024;
/** Events in one page. */
const defaultLimit = 100;
const maximumLimit = 500;
/** Streams and polls of one member or one API key at one time. */
const maximumOpen = 100;

const sendSchema = requestData['message:send'];
/** Text may stand by itself, as it is what most programs say. What it may be is for `message:send` to judge. */
const bodySchema = v.strictObject({
  type: v.literal('message'),
  text: v.optional(v.string()),
  content: v.optional(v.unknown()),
  replyTo: v.optional(v.string()),
  author: v.optional(v.strictObject({ name: v.pipe(v.string(), v.maxLength(256)) })),
});

export function createEventsApi(options: EventsApiOptions): EventsApi {
  const api = new Api(options);
  return {
    handle: (path, request, response) => api.handle(path, request, response),
    stop: () => api.stop(),
  };
}

class Api {
  readonly #chat: EventsChat;
  readonly #options: EventsApiOptions;
  readonly #keys: ApiKeys;
  readonly #followers: Followers;
  readonly #open = new Map<string, number>();

  constructor(options: EventsApiOptions) {
    this.#chat = options.chat;
    this.#options = options;
    this.#keys = new ApiKeys(options.keys);
    this.#followers = new Followers(options.chat.log, options.chat.clock, options.logger);
  }

  stop(): void {
    this.#followers.stop();
  }

  async handle(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const [, name] = pathPattern.exec(path) ?? [];
    if (name === undefined) return false;
    try {
      allowMethods(request, response, 'GET', 'POST');
      const caller = await this.#callerOf(request);
      const room = v.safeParse(roomId, name);
      if (!room.success) throw roomUnknown('room');
      if (request.method === 'POST') await this.#post(room.output, caller, request, response);
      else await this.#get(room.output, caller, request, response);
    } catch (error) {
      // A client that went away in the middle gets no answer.
      if (response.headersSent || request.socket.destroyed) return true;
      if (!refuseWith(error, response)) throw error;
    }
    return true;
  }

  /** @throws Refusal `signed-out`, `rate-limited` */
  async #callerOf(request: IncomingMessage): Promise<Caller> {
    const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    const key = bearer === undefined ? undefined : this.#keys.find(bearer);
    if (key !== undefined) return { name: `key ${key + 1}`, member: undefined };
    const member = await this.#options.memberOf(request);
    if (member !== undefined) return { name: member.id, member };
    if (bearer !== undefined) this.#chat.countUnknown(this.#options.addressOf(request));
    const message =
      'Send “Authorization: Bearer” with an API key of the host, or with the token of your session.';
    throw new Refusal('signed-out', message);
  }

  // Reading ---------------------------------------------------------------------------------------------------------

  async #get(
    room: string,
    caller: Caller,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    this.#chat.checkReader(room, caller.member);
    const query = new URL(request.url ?? '', 'http://localhost').searchParams;
    const isStream = /\btext\/event-stream\b/i.test(request.headers.accept ?? '');
    // What a browser or curl repeats by itself is newer than what the address says.
    const lastEventId = isStream ? request.headers['last-event-id'] : undefined;
    const after = this.#readPlace(typeof lastEventId === 'string' ? lastEventId : query.get('after'));
    const release = this.#enter(caller);
    response.once('close', release);
    if (isStream) {
      this.#followers.follow(response, {
        room,
        after: after ?? this.#chat.log.newest,
        mayRead: () => this.#mayRead(room, caller.member),
        isStillIn: async () => this.#isStillIn(room, caller, request),
      });
      return;
    }
    const limit = readNumber(query, 'limit', 1, maximumLimit, defaultLimit);
    const wait = readNumber(query, 'wait', 0, maximumWait, 0);
    await this.#sendPage(request, response, room, { after: after ?? 0, limit, wait });
  }

  async #sendPage(
    request: IncomingMessage,
    response: ServerResponse,
    room: string,
    { after, limit, wait }: { readonly after: number; readonly limit: number; readonly wait: number },
  ): Promise<void> {
    const { log } = this.#chat;
    let events = log.readAfter([room], after, limit);
    if (events.length === 0 && wait > 0) {
      const gone = new AbortController();
      const abort = (): void => gone.abort();
      response.once('close', abort);
      await this.#followers.wait(room, wait, gone.signal);
      response.off('close', abort);
      if (gone.signal.aborted) return;
      // It may have been the caller who went, was signed out, or was banned.
      this.#chat.checkReader(room, (await this.#callerOf(request)).member);
      events = log.readAfter([room], after, limit);
    }
    response.setHeader('Cache-Control', 'no-store');
    sendJson(response, 200, { epoch: log.epoch, events, newest: log.newestOf(room).offset });
  }

  /** `EPOCH:OFFSET`, or an offset of the present epoch; undefined when nothing is said. @throws ApiError, Refusal */
  #readPlace(text: string | null): number | undefined {
    if (text === null || text === '') return undefined;
    const [, said, digits = ''] = /^(?:([^:]{1,64}):)?(\d{1,15})$/.exec(text) ?? [];
    if (digits === '')
      throw fieldInvalid('after', 'must be an offset, or EPOCH:OFFSET as in the id of an event');
    const { epoch, newest } = this.#chat.log;
    const offset = Number(digits);
    // What is beyond the end was said in a history that this log has not: it came out of a backup.
    if ((said ?? epoch) === epoch && offset <= newest) return offset;
    const message = 'That place is in another log than this one: begin again, from “epoch” and offset 0.';
    throw new ApiError(409, 'epoch-changed', message, { epoch });
  }

  #mayRead(room: string, member: Member | undefined): boolean {
    try {
      this.#chat.checkReader(room, member);
      return true;
    } catch {
      return false;
    }
  }

  async #isStillIn(room: string, caller: Caller, request: IncomingMessage): Promise<boolean> {
    if (!this.#mayRead(room, caller.member)) return false;
    if (caller.member === undefined) return true;
    try {
      return (await this.#options.memberOf(request))?.id === caller.member.id;
    } catch {
      return false;
    }
  }

  /** Counts one more stream or poll of that caller. @returns what counts it off again @throws Refusal */
  #enter({ name }: Caller): () => void {
    const open = this.#open.get(name) ?? 0;
    if (open >= maximumOpen) {
      const message = `You have ${maximumOpen} streams and polls open: end one first.`;
      throw new Refusal('rate-limited', message, { retryAfter: 1000 });
    }
    this.#open.set(name, open + 1);
    return () => {
      const left = (this.#open.get(name) ?? 1) - 1;
      if (left === 0) this.#open.delete(name);
      else this.#open.set(name, left);
    };
  }

  // Writing ---------------------------------------------------------------------------------------------------------

  async #post(
    room: string,
    caller: Caller,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const key = readKey(request, caller);
    const body = readBody(await takeJson(request, maximumBodyLength), room, key);
    const sender = caller.member ?? readBot(body.author);
    if (caller.member !== undefined && body.author !== undefined)
      throw fieldInvalid('author', 'is for API keys only: with your token you are the author');
    const { receipt, repeated } = await this.#chat.send(sender, caller.name, body.data);
    response.setHeader('Cache-Control', 'no-store');
    sendJson(response, repeated ? 200 : 201, { receipt });
  }
}

/** @throws Refusal */
function readKey(request: IncomingMessage, caller: Caller): string {
  const field = request.headers['idempotency-key'];
  if (field === undefined && caller.member !== undefined) return randomBytes(18).toString('base64url');
  // The draft for this field writes it with quotes; nearly nobody does.
  const key = v.safeParse(nonce, typeof field === 'string' ? field.replace(/^"(.*)"$/, '$1') : '');
  if (key.success) return key.output;
  const what = 'needs 8 to 64 letters, digits, - or _: new for each message, and the same when you try again';
  throw fieldInvalid('Idempotency-Key', what);
}

/** @throws Refusal */
function readBody(value: unknown, room: string, key: string): { data: SendData; author: string | undefined } {
  const envelope = v.safeParse(bodySchema, value);
  if (!envelope.success) throw refusalOf(invalid('', envelope.issues[0]));
  const { text, content, replyTo, author } = envelope.output;
  if ((text === undefined) === (content === undefined))
    throw fieldInvalid('text', 'or “content” has to be there, and not both');
  const said = content ?? { type: 'text', text };
  const data = v.safeParse(sendSchema, {
    room,
    nonce: key,
    content: said,
    ...(replyTo !== undefined && { replyTo }),
  });
  if (!data.success) {
    const failure = invalid('', data.issues[0]);
    throw refusalOf(text === undefined ? failure : { ...failure, field: 'text' });
  }
  return { data: data.output, author: author?.name };
}

/** @throws Refusal */
function readBot(name: string | undefined): Member {
  if (name === undefined) throw fieldInvalid('author.name', 'must say who speaks, as “CI”');
  const verdict = judgeName(name);
  if ('problem' in verdict || verdict.name.length > 60)
    throw fieldInvalid(
      'author.name',
      `must be a name of 1 to ${nameLength.maximum} characters that can be seen`,
    );
  return { id: `bot:${verdict.name}`, name: verdict.name, bot: true };
}

/** @throws Refusal */
function readNumber(
  query: URLSearchParams,
  name: string,
  least: number,
  most: number,
  usual: number,
): number {
  const text = query.get(name);
  if (text === null) return usual;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw fieldInvalid(name, `must be a whole number from ${least} to ${most}`);
}

function fieldInvalid(field: string, what: string): Refusal {
  return refusalOf({ code: 'invalid', message: `${field} ${what}.`, field });
}

function refusalOf({ code, message, ...more }: Failure): Refusal {
  return new Refusal(code, message, more);
}
