/**
 * Saying something in a room: what is checked, and what is worked out, before a message is stored. The same for members
 * on any transport and for backends. Called by chat.ts, for the handler of `message:send` and for http/events-api.ts.
 */
import { randomBytes } from 'node:crypto';
import {
  type Content,
  type Image,
  type Member,
  type Message,
  maximumExcerptLength,
  type Quote,
  type Receipt,
  type RequestData,
  type RoomEvent,
} from './events.ts';
import type { Appended, Entry, Log } from './log.ts';
import { findMentions } from './mentions.ts';
import type { Moderation } from './moderation.ts';
import { Refusal } from './refusal.ts';
import type { Rooms } from './rooms.ts';

export interface PostingParts {
  readonly log: Log;
  readonly rooms: Rooms;
  readonly moderation: Moderation;
  readonly findImage: (id: string) => Image | undefined;
  append(entry: Entry): Promise<Appended>;
}

/** What every event begins with. */
export function beginEntry(room: string, author: Member, nonce: string, time: number) {
  return { room, id: randomBytes(12).toString('base64url'), author, time, nonce };
}

export function receiptOf({ room, offset, id, time, nonce }: RoomEvent): Receipt {
  return { room, offset, id, time, nonce };
}

export function nonceReused(): Refusal {
  const message = 'You used that nonce for something else: take a new one for each.';
  return new Refusal('nonce-reused', message, { field: 'data.nonce' });
}

/**
 * Stores a message, once per nonce.
 * @param author a member, who is held to what the room allows them, or a bot, whom the host has let in
 * @throws Refusal
 */
export async function postMessage(
  parts: PostingParts,
  author: Member,
  data: RequestData<'message:send'>,
  now: number,
): Promise<{ receipt: Receipt; repeated: boolean }> {
  const stored = parts.log.findSend(author.id, data.nonce);
  if (stored !== undefined) {
    if (!isRepeat(stored, data)) throw nonceReused();
    return { receipt: receiptOf(stored), repeated: true };
  }
  checkWriter(parts, author, data.room, now);
  // An image is looked up and its message queued in one go: nothing removes it in between.
  const content = contentOf(parts, data.content);
  const replyTo = data.replyTo === undefined ? undefined : quoteOf(parts.log, data.room, data.replyTo);
  const mentions = content.type === 'text' ? mentionsIn(parts.rooms, data.room, author, content.text) : [];
  parts.moderation.noteWritten(data.room, author.id, now);
  const appended = await parts.append({
    ...beginEntry(data.room, author, data.nonce, now),
    type: 'message',
    content,
    ...(replyTo !== undefined && { replyTo }),
    ...(mentions.length > 0 && { mentions }),
  });
  if (appended.status === 'conflict') throw nonceReused();
  return { receipt: receiptOf(appended.event), repeated: appended.status === 'repeated' };
}

/** Whom a text of that author would mention. */
export function mentionsIn(rooms: Rooms, room: string, author: Member, text: string): string[] {
  const members = [...rooms.membersIn(room).values()].map(({ member }) => member);
  return findMentions(text, members, rooms.isModerator(room, author.id));
}

/** A message of a room that can be answered, edited, deleted or reacted to. @throws Refusal `message-unknown` */
export function messageIn(log: Log, room: string, id: string, field = 'data.target'): Message {
  const message = log.findMessage(id);
  if (message?.room === room && message.content.type !== 'deleted') return message;
  throw new Refusal('message-unknown', 'There is no such message in this room, or it was deleted.', {
    field,
  });
}

/** The beginning of a text, for a quote; never ends in half of a surrogate pair. */
export function excerptOf(content: Content): string {
  if (content.type !== 'text') return '';
  return content.text.slice(0, maximumExcerptLength).replace(/[\ud800-\udbff]$/, '');
}

/** The same as what `isSameSend` says of entries, for a request whose message may be gone, or that was moderated since. */
function isRepeat(stored: RoomEvent, data: RequestData<'message:send'>): boolean {
  if (stored.type !== 'message' || stored.room !== data.room) return false;
  const { content, replyTo } = stored;
  switch (content.type) {
    case 'deleted':
      return true;
    case 'text':
      return (
        data.content.type === 'text' && content.text === data.content.text && replyTo?.id === data.replyTo
      );
    case 'image':
      return (
        data.content.type === 'image' &&
        content.image.id === data.content.image &&
        replyTo?.id === data.replyTo
      );
  }
}

function checkWriter({ rooms, moderation }: PostingParts, author: Member, room: string, now: number): void {
  if (author.bot === true) {
    const { kind } = rooms.get(room) ?? {};
    if (kind !== undefined && kind !== 'direct') return;
    throw new Refusal('room-unknown', 'There is no room of that name that you may see.', {
      field: 'data.room',
    });
  }
  rooms.joined(room, author.id);
  moderation.checkMayWrite(room, author, now);
}

function contentOf(parts: PostingParts, content: RequestData<'message:send'>['content']): Content {
  if (content.type === 'text') return content;
  const image = parts.findImage(content.image);
  if (image !== undefined) return { type: 'image', image };
  const message = 'There is no image of that id: upload it first, with POST /api/images.';
  throw new Refusal('image-unknown', message, { field: 'data.content.image' });
}

function quoteOf(log: Log, room: string, id: string): Quote {
  const { offset, author, content } = messageIn(log, room, id, 'data.replyTo');
  return { id, offset, author, excerpt: excerptOf(content) };
}
