/** `message:…`: saying something, and reading what was said before. */
import { randomBytes } from 'node:crypto';
import type { Chat } from '../chat.ts';
import type { Content, RequestData } from '../events.ts';
import { checkRate, checkRoom, type Handler, memberOf, Refusal } from '../handler.ts';

const send: Handler<'message:send'> = async (chat, caller, data) => {
  const author = memberOf(caller);
  checkRoom(caller, data.room);
  checkRate(chat.messageBuckets.take(author.id, chat.clock.now()), 'You send messages too fast');
  // An image is looked up and its message queued in one go: nothing removes it in between.
  const appended = await chat.log.append({
    room: data.room,
    id: randomBytes(12).toString('base64url'),
    author,
    time: chat.clock.now(),
    nonce: data.nonce,
    content: contentOf(chat, data.content),
  });
  if (appended.status === 'conflict') {
    const message = 'You used that nonce for another message: take a new one for each.';
    throw new Refusal('nonce-reused', message, { field: 'data.nonce' });
  }
  const { room, offset, id, time, nonce } = appended.message;
  return { room, offset, id, time, nonce };
};

const page: Handler<'message:page'> = async (chat, caller, data) => {
  memberOf(caller);
  checkRoom(caller, data.room);
  const messages = await chat.log.readBefore(data.room, data.before, data.limit);
  const hasMore = (messages[0]?.offset ?? 1) > 1;
  return { room: data.room, epoch: chat.log.epoch, messages, hasMore };
};

export const messageHandlers = { 'message:send': send, 'message:page': page } as const;

function contentOf(chat: Chat, content: RequestData<'message:send'>['content']): Content {
  if (content.type === 'text') return content;
  const image = chat.findImage(content.image);
  if (image !== undefined) return { type: 'image', image };
  const message = 'There is no image of that id: upload it first, with POST /api/images.';
  throw new Refusal('image-unknown', message, { field: 'data.content.image' });
}
