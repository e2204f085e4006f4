/**
 * What the server says unasked, and the parser for all that comes from it. What is in the log comes as `room:event`;
 * everything else is of the moment, and may be skipped for a reader that is slow. Used by chat.ts, session.ts, clients.
 */
import * as v from 'valibot';
import { failureSchema } from './failure.ts';
import { entranceSchema } from './replies.ts';
import { count, image, member, offset, room, roomEventSchema, roomId, time } from './things.ts';

const limits = v.object({
  nameLength: count,
  textLength: count,
  imageLength: count,
  imageTypes: v.array(v.string()),
  pageLength: count,
  eventLength: count,
  roomNameLength: count,
  topicLength: count,
});

export const pushes = {
  /** First on every connection, before sign-in. */
  'server:hello': v.object({
    protocol: count,
    limits,
    time,
    connection: v.string(),
    /** What it takes to get in under a new name. */
    entry: v.object({ serverPassword: v.boolean(), invitation: v.boolean() }),
    /** Whether the connection came with a cookie or a token that is good: `session:resume` needs none then. */
    known: v.boolean(),
  }),
  /** The server is about to restart: come back when the close reason says, else after a random wait of up to so many milliseconds. */
  'server:restart': v.object({ retryWithin: count }),
  /**
   * The last message of a connection over HTTP, which has no Close frame: why the server ends it, with a code and a
   * reason as RFC 6455 §7.4 has them. Said by the transport.
   */
  'connection:closed': v.object({ code: count, reason: v.string() }),
  /** What `session:resume` would have answered, on a stream that came with credentials and asked for it. */
  'session:entered': entranceSchema,
  /** To every member of the room, the author's own connections included. */
  'room:event': v.object({ event: roomEventSchema }),
  /** For this member alone: a room that they are in now, or whose name, settings or counts are other than before. */
  'room:changed': v.object({ room }),
  /** For this member alone: a room that they are no longer in. */
  'room:gone': v.object({
    room: roomId,
    why: v.picklist(['left', 'kicked', 'banned']),
    reason: v.string(),
  }),
  /** For this member alone: they have read up to there on another device. */
  'room:read': v.object({ room: roomId, offset, unread: count, mentions: count }),
  /** Who came and who went, of those with whom one shares a room. */
  'presence:changed': v.object({ here: v.array(member), away: v.array(member) }),
  /** Until `until` unless said again; a time that is over says that they have stopped. */
  'room:typing': v.object({ room: roomId, member, until: time }),
} as const;

export type PushName = keyof typeof pushes;
export type PushData<Name extends PushName> = v.InferOutput<(typeof pushes)[Name]>;
export const pushNames = Object.keys(pushes) as readonly PushName[];

const push = <Name extends PushName>(name: Name) => v.object({ event: v.literal(name), data: pushes[name] });

export const serverEventSchema = v.variant('event', [
  v.object({ event: v.literal('reply:ok'), id: count, data: v.unknown() }),
  v.object({ event: v.literal('reply:error'), id: v.optional(count), data: failureSchema }),
  push('server:hello'),
  push('server:restart'),
  push('connection:closed'),
  push('session:entered'),
  push('room:event'),
  push('room:changed'),
  push('room:gone'),
  push('room:read'),
  push('presence:changed'),
  push('room:typing'),
]);
export type ServerEvent = v.InferOutput<typeof serverEventSchema>;
export type Limits = v.InferOutput<typeof limits>;

/** Parses one text message from the server; undefined when it is none that this version knows. Never throws. */
export function parseServerEvent(text: string): ServerEvent | undefined {
  try {
    const result = v.safeParse(serverEventSchema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

/** The text of a push, ready to send. */
export function encodePush<Name extends PushName>(event: Name, data: PushData<Name>): string {
  return JSON.stringify({ event, data });
}

/** What `POST /api/images` answers with: 201 and `{"image": …}`. */
export const uploadReplySchema = v.object({ image });
/** What every refusal under `/api/` answers with. */
export const apiErrorSchema = v.object({ error: v.object({ code: v.string(), message: v.string() }) });
