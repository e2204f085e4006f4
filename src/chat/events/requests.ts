/**
 * What a client may ask for: one schema per request, and the parser that every byte from a client goes through. Never
 * throws: whatever came, there is a request, or a failure that names the field. Called by session.ts and by clients.
 *
 * One message is one JSON object `{"event": "domain:action", "id"?: 7, "data": {…}}`. A request that carries an `id`
 * is answered by exactly one `reply:ok` or `reply:error` with the same `id`. A request without one is still carried
 * out; only a failure is told, by a `reply:error` without an `id`.
 */
import * as v from 'valibot';
import type { Failure } from './failure.ts';
import {
  count,
  cursor,
  entryItemCount,
  eventId,
  maximumPageLength,
  maximumQueryLength,
  maximumReasonLength,
  maximumRoomNameLength,
  maximumTextLength,
  maximumTopicLength,
  memberId,
  nonce,
  offset,
  role,
  roomId,
} from './things.ts';

const wellFormed = v.check((value: string) => value.isWellFormed(), 'must not have half of a surrogate pair');
const notBlank = v.check((value: string) => value.trim() !== '', 'must not be empty');
const line = v.check(
  (value: string) => !/[\p{Cc}\u2028\u2029]/u.test(value),
  'must be one line, without control characters',
);

const messageText = v.pipe(
  v.string(),
  v.maxLength(maximumTextLength, `must be ${maximumTextLength} characters or fewer`),
  notBlank,
  wellFormed,
);
const roomName = v.pipe(v.string(), v.trim(), notBlank, v.maxLength(maximumRoomNameLength), wellFormed, line);
const topic = v.pipe(v.string(), v.trim(), v.maxLength(maximumTopicLength), wellFormed, line);
const reason = v.optional(
  v.pipe(v.string(), v.trim(), v.maxLength(maximumReasonLength), wellFormed, line),
  '',
);
const token = v.pipe(v.string(), v.minLength(20), v.maxLength(1024));
const password = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
const newPassword = v.pipe(v.string(), v.minLength(8, 'must have at least 8 characters'), v.maxLength(256));
const invitation = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{8,64}$/, 'must be the code of an invitation'));
const limit = v.optional(v.pipe(count, v.minValue(1), v.maxValue(maximumPageLength)), entryItemCount);
/** Seconds, at most a year. Left out: until it is taken back. */
const seconds = v.optional(v.pipe(count, v.minValue(1), v.maxValue(366 * 24 * 3600)));
/** One emoji as Unicode recommends them for general interchange, in its one spelling. */
// biome-ignore lint/complexity/useRegexLiterals: the compiler's target is older than the flag, engines are not.
const oneEmoji = new RegExp('^\\p{RGI_Emoji}$', 'v');
const emoji = v.pipe(
  v.string(),
  v.maxLength(64),
  v.check((value) => oneEmoji.test(value), 'must be one emoji'),
);

export const requestData = {
  // Who ------------------------------------------------------------------------------------------------------------
  /** Sign in under a free name, or under one that has a password. Answered with an Entrance that carries a token. */
  'session:enter': v.strictObject({
    name: v.pipe(v.string(), v.maxLength(1024)),
    /** Of the name, when it has one. */
    password: v.optional(password),
    /** Of the server, when the host has set one. */
    serverPassword: v.optional(password),
    /** A room's or the server's; needed where the host lets in only who is invited. */
    invitation: v.optional(invitation),
    device: v.optional(v.pipe(v.string(), v.maxLength(64), wellFormed, line), ''),
  }),
  /** Come back. Answered with an Entrance. */
  'session:resume': v.strictObject({
    /** Left out by a page whose cookie came with the connection. */
    token: v.optional(token),
    /** Up to where this client has everything: it is then sent what came after, and not more. */
    since: v.optional(cursor),
  }),
  /** Where things stand, for one who is in already, as for a second tab behind the same connection. Answered as a resume. */
  'session:state': v.strictObject({ since: v.optional(cursor) }),
  /** A new token before the old one expires. Answered with `{token, expires}`. */
  'session:refresh': v.strictObject({}),
  /** Sign out this device, or with `everywhere` all of them, which gives the name back. Then the connection is closed with 1000. */
  'session:leave': v.strictObject({ everywhere: v.optional(v.boolean(), false) }),
  'session:devices': v.strictObject({}),
  /** Signs another device out. */
  'session:revoke': v.strictObject({ device: v.pipe(v.string(), v.maxLength(64)) }),
  /** Keeps the name for whoever knows the password, for ever. Empty takes it away. `current` when there is one. */
  'session:password': v.strictObject({
    password: v.union([v.literal(''), newPassword]),
    current: v.optional(password),
  }),
  /** Become the server's owner with the code that it printed when it was first started. */
  'session:claim': v.strictObject({ code: invitation }),

  // Rooms ----------------------------------------------------------------------------------------------------------
  /** The public rooms, and one's own. */
  'room:list': v.strictObject({}),
  'room:create': v.strictObject({
    nonce,
    name: roomName,
    topic: v.optional(topic, ''),
    kind: v.optional(v.picklist(['public', 'private']), 'public'),
  }),
  /** What to show of a room that one is in, or that is public: answered with a RoomView. `around`: the place of a message. */
  'room:open': v.strictObject({ room: roomId, around: v.optional(offset), limit }),
  'room:join': v.strictObject({ room: roomId, nonce }),
  'room:leave': v.strictObject({ room: roomId, nonce }),
  'room:rename': v.strictObject({ room: roomId, nonce, name: roomName }),
  'room:topic': v.strictObject({ room: roomId, nonce, topic }),
  /** A code that lets people into a room, or with no room onto the server. */
  'room:invite': v.strictObject({
    room: v.optional(roomId),
    seconds,
    uses: v.optional(v.pipe(count, v.minValue(1), v.maxValue(10_000))),
  }),
  'room:accept': v.strictObject({ code: invitation, nonce }),
  /** The room for two with that member; made when it is not there. */
  'room:direct': v.strictObject({ member: memberId, nonce }),
  /** Has read up to there. Told to the member's other connections. Never goes back. */
  'room:read': v.strictObject({ room: roomId, offset }),
  'room:mute': v.strictObject({ room: roomId, muted: v.boolean() }),
  /** Types, or has stopped. Said again at least every 3 seconds while it goes on. */
  'room:typing': v.strictObject({ room: roomId, typing: v.boolean() }),

  // Messages -------------------------------------------------------------------------------------------------------
  /** Answered, once it is stored, with a Receipt. Sending a nonce again stores nothing and gives the first Receipt. */
  'message:send': v.strictObject({
    room: v.optional(roomId, 'general'),
    nonce,
    content: v.variant('type', [
      v.strictObject({ type: v.literal('text'), text: messageText }),
      /** `image` is the id that the upload answered with. */
      v.strictObject({ type: v.literal('image'), image: v.pipe(v.string(), v.maxLength(128)) }),
    ]),
    /** Id of the message in the same room that this answers. */
    replyTo: v.optional(eventId),
  }),
  'message:edit': v.strictObject({ room: roomId, nonce, target: eventId, text: messageText }),
  'message:delete': v.strictObject({ room: roomId, nonce, target: eventId }),
  'message:react': v.strictObject({ room: roomId, nonce, target: eventId, emoji, on: v.boolean() }),
  /** Items just before an offset, or just after one; oldest first. Answered with a Page. */
  'message:page': v.strictObject({
    room: v.optional(roomId, 'general'),
    before: v.optional(v.pipe(offset, v.minValue(1))),
    after: v.optional(offset),
    limit,
  }),
  /** The earlier texts of a message that was edited. */
  'message:versions': v.strictObject({ room: roomId, target: eventId }),
  /** Newest first, in one room or in all of one's own. */
  'message:search': v.strictObject({
    query: v.pipe(v.string(), v.maxLength(maximumQueryLength), notBlank, wellFormed),
    room: v.optional(roomId),
    before: v.optional(v.pipe(offset, v.minValue(1))),
    limit,
  }),

  // Moderation. Without `room`: on the whole server, for its owner only. -------------------------------------------
  'moderation:kick': v.strictObject({ room: roomId, nonce, member: memberId, reason }),
  'moderation:ban': v.strictObject({ room: v.optional(roomId), nonce, member: memberId, seconds, reason }),
  'moderation:unban': v.strictObject({ room: v.optional(roomId), member: memberId }),
  'moderation:mute': v.strictObject({ room: roomId, member: memberId, seconds, reason }),
  'moderation:unmute': v.strictObject({ room: roomId, member: memberId }),
  'moderation:slow': v.strictObject({ room: roomId, nonce, seconds: v.pipe(count, v.maxValue(3600)) }),
  'moderation:role': v.strictObject({ room: roomId, nonce, member: memberId, role }),
  /** Who is banned now. */
  'moderation:bans': v.strictObject({ room: v.optional(roomId) }),
  /** Who did what to whom, newest first. */
  'moderation:audit': v.strictObject({ room: v.optional(roomId), before: v.optional(count), limit }),

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

/** A request, or the failure to answer with (and the request's id, when it could be read). */
export type ParsedRequest =
  | { readonly request: ClientRequest }
  | { readonly failure: Failure; readonly id: number | undefined };

const envelope = v.object({ event: v.string(), id: v.optional(count), data: v.optional(v.unknown(), {}) });

/** Parses one text message from a client. */
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

function isRequestName(name: string): name is RequestName {
  return Object.hasOwn(requestData, name);
}

/** The failure that a schema's issue stands for. @param prefix path of what the schema was applied to */
export function invalid(prefix: string, issue: v.BaseIssue<unknown>): Failure {
  const path = [prefix, v.getDotPath(issue) ?? ''].filter((part) => part !== '').join('.');
  return { code: 'invalid', message: `${path}: ${issue.message}`, field: path };
}
