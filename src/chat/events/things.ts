/**
 * What the chat speaks of: members, rooms, messages and the other events of a room's log, as valibot schemas and the
 * types that follow from them. Used by the three other files of this directory, and through `../events.ts` by server,
 * client and page. docs/chat-protocol.md says the same in words. Runs in Node and in the browser.
 */
import * as v from 'valibot';

/** Said in `server:hello`; a client that reads another number should stop and say so. */
export const protocolVersion = 2;

/** The room that everyone is in from their first sign-in on. */
export const defaultRoom = 'general';

/** The most UTF-16 units in one text message. */
export const maximumTextLength = 4000;

/** The largest image that may be uploaded, in octets: 8 MiB. */
export const maximumImageLength = 8 * 1024 * 1024;

/** The image types that are taken, judged by content. SVG is refused: it is a program, not a picture. */
export const imageTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'] as const;

/** How many items come when a room is opened. */
export const entryItemCount = 50;

/** The most items that one page may have. */
export const maximumPageLength = 100;

/** The most UTF-16 units in a room's name, and in its topic. */
export const maximumRoomNameLength = 64;
export const maximumTopicLength = 250;

/** The most UTF-16 units in a reason that a moderator gives, and in a search. */
export const maximumReasonLength = 250;
export const maximumQueryLength = 100;

/** The most UTF-16 units in a quote inside of a reply. */
export const maximumExcerptLength = 140;

/** The most different reactions on one message. */
export const maximumReactions = 20;

/** The most octets in one message to the server: a text message with every character escaped, and room to spare. */
export const maximumEventLength = 64 * 1024;

/** Milliseconds after which somebody who has not said again that they type no longer does. */
export const typingTime = 6_000;

// Building blocks ------------------------------------------------------------------------------------------------

export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Unix time in milliseconds, by the server's clock. */
export const time = count;
/**
 * Place of an event in the log, which is one for the whole server: 1 for the first, then greater for each that follows,
 * in whatever room. 0 stands before the first.
 */
export const offset = count;
/** Which log the offsets belong to; it changes only when a log is begun anew. */
export const epoch = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
/** Up to where somebody has everything. */
export const cursor = v.object({ epoch, offset });
/** What a room is called in requests and addresses: `general`, `dev`, `k3vq0x1b`. It never changes; the name may. */
export const roomId = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be the id of a room'));
export const memberId = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
export const eventId = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
export const nonce = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{8,64}$/, 'must be 8 to 64 letters, digits, - or _'),
);

// People ------------------------------------------------------------------------------------------------------------

/** `bot`: it came in by the API for backends, and is nobody who could be here. */
export const member = v.object({ id: v.string(), name: v.string(), bot: v.optional(v.boolean()) });

/** Owners may do everything; moderators may remove messages, kick, ban, mute and slow down. */
export const roles = ['owner', 'moderator', 'member'] as const;
export const role = v.picklist(roles);

/** Somebody as one room knows them. */
export const roomMember = v.object({
  ...member.entries,
  role,
  /** Whether they have a connection, or had one a moment ago. */
  here: v.boolean(),
  /** They may not write before that time. */
  mutedUntil: v.optional(time),
});

/** A browser or program that is signed in as a member. */
export const device = v.object({
  id: v.string(),
  /** What it calls itself, as “Firefox on Linux”. */
  label: v.string(),
  createdAt: time,
  lastSeenAt: time,
  /** The one that asks. */
  current: v.boolean(),
  here: v.boolean(),
});

// Rooms -------------------------------------------------------------------------------------------------------------

/** Anybody may find and join a public room; a private one by invitation; a direct one is two people's. */
export const roomKinds = ['public', 'private', 'direct'] as const;

/** A room as one member sees it. */
export const room = v.object({
  id: roomId,
  kind: v.picklist(roomKinds),
  /** What it is called now. Of a direct room: the other person's name. */
  name: v.string(),
  topic: v.string(),
  memberCount: count,
  /** Whether this member is in it. Only who is in it gets its events. */
  joined: v.boolean(),
  role,
  /** The offset of its newest event, and the time of its newest message; 0 when there is none. */
  newest: offset,
  lastTime: time,
  /** Up to where this member has read, on any of their devices. */
  read: offset,
  /** Messages of others after `read`, and how many of them mention this member. Both stop at 1000. */
  unread: count,
  mentions: count,
  /** This member wants no notifications from here. */
  muted: v.boolean(),
  /** Seconds that a member who is no moderator waits between two messages; 0 for none. */
  slowMode: count,
  /** This member may not write here before that time. It may be over. */
  mutedUntil: v.optional(time),
  /** Of a direct room: the other one. */
  other: v.optional(member),
});

// Messages ----------------------------------------------------------------------------------------------------------

export const image = v.object({
  id: v.string(),
  type: v.picklist(imageTypes),
  /** Octets, pixels, pixels, as stored. */
  length: count,
  width: count,
  height: count,
  url: v.string(),
  thumbnail: v.object({ url: v.string(), width: count, height: count }),
});

/** `deleted` is what is left of a message that was removed. */
export const content = v.variant('type', [
  v.object({ type: v.literal('text'), text: v.string() }),
  v.object({ type: v.literal('image'), image }),
  v.object({ type: v.literal('deleted') }),
]);
/** What a message says, as it is stored. */
export const contentSchema = content;

/** What a reply answers, as it was when the reply was written. */
export const quote = v.object({ id: eventId, offset, author: member, excerpt: v.string() });

/** Who reacted with that emoji, in the order in which they did. */
export const reaction = v.object({ emoji: v.string(), members: v.array(member) });

/** What every event of the log has. */
const base = {
  room: roomId,
  offset,
  /** Offset of the event before it in the same room; 0 for the room's first. */
  previous: offset,
  id: eventId,
  /** Who did it, as they were then. */
  author: member,
  time,
  /** What the author's client called this; with the author's id it is unique. */
  nonce: v.string(),
};

const messageEntries = {
  ...base,
  type: v.literal('message'),
  content,
  replyTo: v.optional(quote),
  /** Ids of the members that it mentions; `everyone` for all in the room. */
  mentions: v.optional(v.array(v.string())),
  // What has become of it since. Only in pages and search results; a live message has had no time to change.
  edited: v.optional(v.object({ time, count })),
  deleted: v.optional(v.object({ time, by: member })),
  reactions: v.optional(v.array(reaction)),
};

/** Which message an event changes. */
const target = { target: eventId, targetOffset: offset };

const roomEventVariants = [
  v.object(messageEntries),
  v.object({
    ...base,
    type: v.literal('edit'),
    ...target,
    text: v.string(),
    mentions: v.optional(v.array(v.string())),
  }),
  v.object({ ...base, type: v.literal('delete'), ...target }),
  v.object({ ...base, type: v.literal('reaction'), ...target, emoji: v.string(), on: v.boolean() }),
  // Notices: what a reader of the conversation sees as a line between the messages.
  v.object({ ...base, type: v.literal('created'), name: v.string() }),
  v.object({ ...base, type: v.literal('joined') }),
  v.object({ ...base, type: v.literal('left') }),
  /** `author` took `member` out. */
  v.object({ ...base, type: v.literal('kicked'), member, reason: v.string(), banned: v.boolean() }),
  v.object({ ...base, type: v.literal('renamed'), name: v.string() }),
  v.object({ ...base, type: v.literal('topic'), topic: v.string() }),
  v.object({ ...base, type: v.literal('role'), member, role }),
  v.object({ ...base, type: v.literal('slow'), seconds: count }),
] as const;

/** One event of the log. */
export const roomEventSchema = v.variant('type', [...roomEventVariants]);
export const messageSchema = v.object(messageEntries);

export type Cursor = v.InferOutput<typeof cursor>;
export type Member = v.InferOutput<typeof member>;
export type Role = v.InferOutput<typeof role>;
export type RoomMember = v.InferOutput<typeof roomMember>;
export type Device = v.InferOutput<typeof device>;
export type RoomSummary = v.InferOutput<typeof room>;
export type RoomKind = RoomSummary['kind'];
export type Image = v.InferOutput<typeof image>;
export type Content = v.InferOutput<typeof content>;
export type Quote = v.InferOutput<typeof quote>;
export type Reaction = v.InferOutput<typeof reaction>;
export type Message = v.InferOutput<typeof messageSchema>;
export type RoomEvent = v.InferOutput<typeof roomEventSchema>;
export type RoomEventType = RoomEvent['type'];
/** A line of the conversation: a message or a notice, and not what only changes a message. */
export type Item = Exclude<RoomEvent, { readonly type: 'edit' | 'delete' | 'reaction' }>;

export const itemSchema = v.custom<Item>((input) => {
  const parsed = v.safeParse(roomEventSchema, input);
  return parsed.success && isItem(parsed.output);
}, 'must be a message or a notice');

export function isItem(event: RoomEvent): event is Item {
  return event.type !== 'edit' && event.type !== 'delete' && event.type !== 'reaction';
}
