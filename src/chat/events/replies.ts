/**
 * What the server answers a request with: one schema per request; refusals are in failure.ts. Used by session.ts, the
 * handlers and clients.
 */
import * as v from 'valibot';
import type { RequestName } from './requests.ts';
import {
  type content,
  count,
  cursor,
  device,
  epoch,
  itemSchema,
  member,
  messageSchema,
  offset,
  room,
  roomEventSchema,
  roomId,
  roomMember,
  time,
} from './things.ts';

/** Who one is, where one was, what came since. */
export const entranceSchema = v.object({
  member,
  /** Only after `session:enter`: the secret that brings this member back until `expires`, and may be refreshed before. */
  token: v.optional(v.string()),
  expires: v.optional(time),
  /** Whether this member owns the server, whether the name has a password, and the id of the device that asks. */
  owner: v.boolean(),
  hasPassword: v.boolean(),
  device: v.string(),
  /** The log as it was when this was made: pushed events have greater offsets. */
  cursor,
  /** The rooms that one is in. */
  rooms: v.array(room),
  /** Whether `events` is all that came after `since`, with nothing missing. */
  recovered: v.boolean(),
  events: v.array(roomEventSchema),
  time,
});

/** What was asked for is in the log, on the disk. */
export const receiptSchema = v.object({ room: roomId, offset, id: v.string(), time, nonce: v.string() });

/** Items, oldest first, and whether there are more of them on either side. */
const pageEntries = {
  room: roomId,
  epoch,
  items: v.array(itemSchema),
  hasOlder: v.boolean(),
  hasNewer: v.boolean(),
  /** The items are as of this offset: later events change them, earlier ones are in them already. */
  offset,
};
export const pageSchema = v.object(pageEntries);
/** A room with who is in it, and a page of what was said: the newest, or those around a place. */
export const roomViewSchema = v.object({ ...pageEntries, summary: room, members: v.array(roomMember) });

const summaryReply = v.object({ room });
const nothing = v.object({});

const ban = v.object({
  member,
  by: member,
  time,
  until: v.optional(time),
  reason: v.string(),
});

export const auditEntrySchema = v.object({
  /** Place in the audit, 1 for the first. */
  number: count,
  time,
  by: member,
  /** The request that was carried out. */
  action: v.string(),
  room: v.optional(roomId),
  member: v.optional(member),
  /** Reason, duration, role or the like, in words. */
  details: v.string(),
});

export const replySchemas = {
  'session:enter': entranceSchema,
  'session:resume': entranceSchema,
  'session:state': entranceSchema,
  'session:refresh': v.object({ token: v.string(), expires: time }),
  'session:leave': nothing,
  'session:devices': v.object({ devices: v.array(device) }),
  'session:revoke': nothing,
  'session:password': nothing,
  'session:claim': nothing,
  'room:list': v.object({ rooms: v.array(room) }),
  'room:create': summaryReply,
  'room:open': roomViewSchema,
  'room:join': summaryReply,
  'room:leave': nothing,
  'room:rename': receiptSchema,
  'room:topic': receiptSchema,
  'room:invite': v.object({ code: v.string(), expires: v.optional(time), uses: v.optional(count) }),
  'room:accept': v.object({ room: v.optional(room) }),
  'room:direct': summaryReply,
  'room:read': v.object({ unread: count, mentions: count }),
  'room:mute': nothing,
  'room:typing': nothing,
  'message:send': receiptSchema,
  'message:edit': receiptSchema,
  'message:delete': receiptSchema,
  'message:react': receiptSchema,
  'message:page': pageSchema,
  'message:versions': v.object({ versions: v.array(v.object({ time, text: v.string() })) }),
  'message:search': v.object({ messages: v.array(messageSchema), hasMore: v.boolean() }),
  'moderation:kick': receiptSchema,
  'moderation:ban': nothing,
  'moderation:unban': nothing,
  'moderation:mute': nothing,
  'moderation:unmute': nothing,
  'moderation:slow': receiptSchema,
  'moderation:role': receiptSchema,
  'moderation:bans': v.object({ bans: v.array(ban) }),
  'moderation:audit': v.object({ entries: v.array(auditEntrySchema), hasMore: v.boolean() }),
  'heartbeat:ping': v.object({ time }),
} as const satisfies Record<RequestName, v.GenericSchema>;

export type ReplyData<Name extends RequestName> = v.InferOutput<(typeof replySchemas)[Name]>;

export type Entrance = v.InferOutput<typeof entranceSchema>;
export type Receipt = v.InferOutput<typeof receiptSchema>;
export type Page = v.InferOutput<typeof pageSchema>;
export type RoomView = v.InferOutput<typeof roomViewSchema>;
export type Ban = v.InferOutput<typeof ban>;
export type AuditEntry = v.InferOutput<typeof auditEntrySchema>;
/** What a message says, once more, for who keeps its versions. */
export type StoredContent = v.InferOutput<typeof content>;

/** Parses the `data` of a `reply:ok` to a request of that name. @throws ValiError when the server broke its word */
export function parseReply<Name extends RequestName>(event: Name, data: unknown): ReplyData<Name> {
  return v.parse(replySchemas[event], data) as ReplyData<Name>;
}
