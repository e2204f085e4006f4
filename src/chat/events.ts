/**
 * The chat's wire, version 1: every event that a client may send and every event that the server may send, as
 * valibot schemas and the types that follow from them. docs/chat-protocol.md says the same in words. The server
 * validates what comes in, the page validates what it gets; nothing else parses JSON off the wire. Runs in Node
 * and in the browser.
 *
 * One WebSocket text message is one JSON object `{"event": "domain:action", "id"?: 7, "data": {…}}`. A request
 * that carries an `id` is answered by exactly one `reply:ok` or `reply:error` with the same `id`. A request
 * without one is still carried out; only a failure is told, by a `reply:error` without an `id`.
 */
import * as v from 'valibot';

/** Said in `server:hello`; a client that reads another number should stop and say so. */
export const protocolVersion = 1;

/** The room that everyone enters. Rooms are a field from the first message on, even while there is one. */
export const defaultRoom = 'general';

/** The most UTF-16 units in one text message. */
export const maximumTextLength = 4000;

/** The largest image that may be uploaded, in octets: 8 MiB. */
export const maximumImageLength = 8 * 1024 * 1024;

/** The image types that are taken, judged by content. SVG is refused: it is a program, not a picture. */
export const imageTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'] as const;

/** How many messages come on entry. */
export const entryMessageCount = 50;

/** The most messages that one `message:page` may ask for. */
export const maximumPageLength = 100;

/** The most octets in one WebSocket message on `/chat`: a text message with every character escaped, and room to spare. */
export const maximumEventLength = 64 * 1024;

// Building blocks ------------------------------------------------------------------------------------------------

const room = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const token = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{43}$/, 'must be the 43-character token from an earlier session'),
);
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Unix time in milliseconds, by the server's clock. */
const time = count;
/** Place of a message in its room's log: 1 for the first, then one more each, without gaps. */
const offset = count;
/** Which log the offsets belong to; it changes only when a log is begun anew. */
const epoch = v.pipe(v.string(), v.minLength(1), v.maxLength(64));

const member = v.object({ id: v.string(), name: v.string() });

const image = v.object({
  id: v.string(),
  type: v.picklist(imageTypes),
  /** Octets, pixels, pixels, as stored. */
  length: count,
  width: count,
  height: count,
  url: v.string(),
  thumbnail: v.object({ url: v.string(), width: count, height: count }),
});

const content = v.variant('type', [
  v.object({ type: v.literal('text'), text: v.string() }),
  v.object({ type: v.literal('image'), image }),
]);
/** What a message says, as it is stored. */
export const contentSchema = content;

const message = v.object({
  room,
  offset,
  id: v.string(),
  /** The author as they were when they wrote. */
  author: member,
  time,
  /** What the author's client called this send; with the author's id it is unique. */
  nonce: v.string(),
  content,
});

const limits = v.object({
  nameLength: count,
  textLength: count,
  imageLength: count,
  imageTypes: v.array(v.string()),
  pageLength: count,
  eventLength: count,
});

// Requests: client to server --------------------------------------------------------------------------------------

const requestData = {
  /** Sign in under a free name. Answered with an Entrance that carries a new token. */
  'session:enter': v.strictObject({
    name: v.pipe(v.string(), v.maxLength(1024)),
    room: v.optional(room, defaultRoom),
  }),
  /** Come back with the token of an earlier session. Answered with an Entrance. */
  'session:resume': v.strictObject({
    token,
    room: v.optional(room, defaultRoom),
    /** The newest message this client has: it is then sent what came after, and not more. */
    since: v.optional(v.strictObject({ epoch, offset })),
  }),
  /** Log out: the token is void, the name is free at once. Answered with `{}`, then the socket is closed with 1000. */
  'session:leave': v.strictObject({}),
  /** Say something. Answered, once it is stored, with a Receipt. Sending a nonce again stores nothing and gives the first Receipt. */
  'message:send': v.strictObject({
    room: v.optional(room, defaultRoom),
    nonce: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{8,64}$/, 'must be 8 to 64 letters, digits, - or _')),
    content: v.variant('type', [
      v.strictObject({
        type: v.literal('text'),
        text: v.pipe(
          v.string(),
          v.maxLength(maximumTextLength, `must be ${maximumTextLength} characters or fewer`),
          v.check((text) => text.trim() !== '', 'must not be empty'),
          v.check((text) => text.isWellFormed(), 'must not have half of a surrogate pair'),
        ),
      }),
      /** `image` is the id that the upload answered with. */
      v.strictObject({ type: v.literal('image'), image: v.pipe(v.string(), v.maxLength(128)) }),
    ]),
  }),
  /** Older messages: those just before an offset, oldest first. Answered with a Page. */
  'message:page': v.strictObject({
    room: v.optional(room, defaultRoom),
    before: v.pipe(offset, v.minValue(1)),
    limit: v.optional(v.pipe(count, v.minValue(1), v.maxValue(maximumPageLength)), entryMessageCount),
  }),
  /** Are you there? Answered with `{"time": …}`. For browsers, which cannot send a protocol ping. */
  'heartbeat:ping': v.strictObject({}),
} as const;

export type RequestName = keyof typeof requestData;
export type RequestData<Name extends RequestName> = v.InferOutput<(typeof requestData)[Name]>;
export type RequestInput<Name extends RequestName> = v.InferInput<(typeof requestData)[Name]>;
/** A request that passed its schema. `id` is what the reply has to carry. */
export type ClientRequest = {
  [Name in RequestName]: { readonly event: Name; readonly id?: number; readonly data: RequestData<Name> };
}[RequestName];

// Replies ---------------------------------------------------------------------------------------------------------

export const entranceSchema = v.object({
  member,
  /** Only after `session:enter`: the secret that brings this member back for 24 hours after they were last here. */
  token: v.optional(v.string()),
  room,
  epoch,
  /** Who is here, this member included. */
  members: v.array(member),
  /** Oldest first. After a complete recovery: all that came after `since`. Otherwise the newest 50. */
  messages: v.array(message),
  /** Whether `messages` joins on to what the client said it had, with nothing missing between. */
  recovered: v.boolean(),
  /** Whether there is something older than the first of `messages`. */
  hasMore: v.boolean(),
  time,
});

export const receiptSchema = v.object({ room, offset, id: v.string(), time, nonce: v.string() });

export const pageSchema = v.object({ room, epoch, messages: v.array(message), hasMore: v.boolean() });

const replySchemas = {
  'session:enter': entranceSchema,
  'session:resume': entranceSchema,
  'session:leave': v.object({}),
  'message:send': receiptSchema,
  'message:page': pageSchema,
  'heartbeat:ping': v.object({ time }),
} as const satisfies Record<RequestName, v.GenericSchema>;

export type ReplyData<Name extends RequestName> = v.InferOutput<(typeof replySchemas)[Name]>;

/** Why a request was refused. The text beside it is for people; programs read this. */
export const errorCodes = [
  'malformed', // not JSON, not an object, or binary
  'unknown-event',
  'invalid', // a field is wrong; `field` says which
  'signed-out', // only a member may do this
  'signed-in', // this socket is a member already
  'name-taken', // `suggestion` holds a free one
  'token-unknown', // never issued, expired or logged out
  'room-unknown',
  'image-unknown',
  'nonce-reused', // that nonce was used for another content
  'rate-limited', // `retryAfter` says when, in milliseconds
  'internal',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

const failure = v.object({
  code: v.picklist(errorCodes),
  /** One plain English sentence: what, why, and what to do. */
  message: v.string(),
  /** Path of the field that is wrong, as in `data.content.text`. */
  field: v.optional(v.string()),
  suggestion: v.optional(v.string()),
  retryAfter: v.optional(count),
});
export type Failure = v.InferOutput<typeof failure>;

// Pushes: server to client ----------------------------------------------------------------------------------------

const pushes = {
  /** First on every socket, before sign-in. */
  'server:hello': v.object({ protocol: count, limits, time, connection: v.string() }),
  /** The server is about to restart: come back when the close reason says, else after a random wait of up to so many milliseconds. */
  'server:restart': v.object({ retryWithin: count }),
  'member:joined': v.object({ room, member, count, time }),
  'member:left': v.object({ room, member, count, time }),
  /** To every member of the room, the author's own sockets included. */
  'message:new': v.object({ message }),
} as const;

export type PushName = keyof typeof pushes;
export type PushData<Name extends PushName> = v.InferOutput<(typeof pushes)[Name]>;

export const serverEventSchema = v.variant('event', [
  v.object({ event: v.literal('reply:ok'), id: count, data: v.unknown() }),
  v.object({ event: v.literal('reply:error'), id: v.optional(count), data: failure }),
  v.object({ event: v.literal('server:hello'), data: pushes['server:hello'] }),
  v.object({ event: v.literal('server:restart'), data: pushes['server:restart'] }),
  v.object({ event: v.literal('member:joined'), data: pushes['member:joined'] }),
  v.object({ event: v.literal('member:left'), data: pushes['member:left'] }),
  v.object({ event: v.literal('message:new'), data: pushes['message:new'] }),
]);
export type ServerEvent = v.InferOutput<typeof serverEventSchema>;

export type Member = v.InferOutput<typeof member>;
export type Image = v.InferOutput<typeof image>;
export type Content = v.InferOutput<typeof content>;
export type Message = v.InferOutput<typeof message>;
export type Limits = v.InferOutput<typeof limits>;
export type Entrance = v.InferOutput<typeof entranceSchema>;
export type Receipt = v.InferOutput<typeof receiptSchema>;
export type Page = v.InferOutput<typeof pageSchema>;

/** What `POST /api/images` answers with: 201 and `{"image": …}`. */
export const uploadReplySchema = v.object({ image });
/** What every refusal under `/api/` answers with. */
export const apiErrorSchema = v.object({ error: v.object({ code: v.string(), message: v.string() }) });

// Parsing ---------------------------------------------------------------------------------------------------------

/** A request, or the failure to answer with (and the request's id, when it could be read). */
export type ParsedRequest =
  | { readonly request: ClientRequest }
  | { readonly failure: Failure; readonly id: number | undefined };

const envelope = v.object({ event: v.string(), id: v.optional(count), data: v.optional(v.unknown(), {}) });

/** Parses one text message from a client. Never throws: whatever came, there is a request or a failure that names the field. */
export function parseRequest(text: string): ParsedRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { failure: { code: 'malformed', message: 'The message is not JSON.' }, id: undefined };
  }
  // Arrays pass for objects in the schemas.
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { failure: { code: 'malformed', message: 'The message is not a JSON object.' }, id: undefined };
  }
  const outer = v.safeParse(envelope, value);
  if (!outer.success) {
    const id = v.safeParse(count, 'id' in value ? value.id : undefined);
    return { failure: invalid('', outer.issues[0]), id: id.success ? id.output : undefined };
  }
  const { event, id, data } = outer.output;
  if (!isRequestName(event)) {
    return {
      failure: { code: 'unknown-event', message: 'There is no event of that name.', field: 'event' },
      id,
    };
  }
  const inner = v.safeParse(requestData[event], data);
  if (!inner.success) return { failure: invalid('data', inner.issues[0]), id };
  // The schema was looked up by `event`, which ties the two together; the compiler cannot follow that.
  const request = { event, ...(id === undefined ? {} : { id }), data: inner.output } as ClientRequest;
  return { request };
}

/** Parses one text message from the server; undefined when it is none that this version knows. Never throws. */
export function parseServerEvent(text: string): ServerEvent | undefined {
  try {
    const result = v.safeParse(serverEventSchema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

/** Parses the `data` of a `reply:ok` to a request of that name. @throws ValiError when the server broke its word */
export function parseReply<Name extends RequestName>(event: Name, data: unknown): ReplyData<Name> {
  return v.parse(replySchemas[event], data) as ReplyData<Name>;
}

/** The text of a push, ready to send. */
export function encodePush<Name extends PushName>(event: Name, data: PushData<Name>): string {
  return JSON.stringify({ event, data });
}

function isRequestName(name: string): name is RequestName {
  return Object.hasOwn(requestData, name);
}

function invalid(prefix: string, issue: v.BaseIssue<unknown>): Failure {
  const path = [prefix, v.getDotPath(issue) ?? ''].filter((part) => part !== '').join('.');
  return { code: 'invalid', message: `${path}: ${issue.message}`, field: path };
}
