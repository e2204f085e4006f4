/** `message:…`: saying something, changing it, and reading what was said. */

import type { Chat } from '../chat.ts';
import type { Member, Message, RequestData } from '../events.ts';
import { maximumReactions } from '../events.ts';
import { checkRate, type Handler, memberOf, Refusal } from '../handler.ts';
import { beginEntry, mentionsIn, messageIn } from '../posting.ts';
import { pageOf } from './room.ts';

const send: Handler<'message:send'> = async (chat, caller, data) => {
  const author = memberOf(caller);
  return (await chat.send(author, author.id, data)).receipt;
};

const edit: Handler<'message:edit'> = async (chat, caller, data) => {
  const { room, nonce, target, text } = data;
  const { author, entry } = begin(chat, memberOf(caller), data);
  const asked = { ...entry, type: 'edit', target, targetOffset: 0, text } as const;
  const repeated = chat.repeatOf(asked);
  if (repeated !== undefined) return repeated;
  const message = writableIn(chat, author, data);
  if (message.author.id !== author.id) {
    throw new Refusal('forbidden', 'Only who wrote a message may edit it.', { field: 'data.target' });
  }
  if (message.content.type !== 'text') {
    throw new Refusal('forbidden', 'Only text can be edited: delete the image, and send another.', {
      field: 'data.target',
    });
  }
  chat.moderation.checkNotMuted(room, author, entry.time);
  const mentions = mentionsIn(chat.rooms, room, author, text);
  return chat.commit({
    ...asked,
    nonce,
    targetOffset: message.offset,
    ...(mentions.length > 0 && { mentions }),
  });
};

const remove: Handler<'message:delete'> = async (chat, caller, data) => {
  const { author, entry } = begin(chat, memberOf(caller), data);
  const asked = { ...entry, type: 'delete', target: data.target, targetOffset: 0 } as const;
  const repeated = chat.repeatOf(asked);
  if (repeated !== undefined) return repeated;
  const message = writableIn(chat, author, data, true);
  if (message.author.id !== author.id) chat.moderation.checkModerator(data.room, author);
  const { content, offset } = message;
  const receipt = await chat.commit({ ...asked, targetOffset: offset }, () => {
    if (content.type === 'image') chat.releaseImage(content.image.id, entry.time);
  });
  await chat.moderation.noteRemoval(author, data.room, message, entry.time);
  return receipt;
};

const react: Handler<'message:react'> = async (chat, caller, data) => {
  const { target, emoji, on } = data;
  const { author, entry } = begin(chat, memberOf(caller), data);
  const asked = { ...entry, type: 'reaction', target, targetOffset: 0, emoji, on } as const;
  const repeated = chat.repeatOf(asked);
  if (repeated !== undefined) return repeated;
  const message = writableIn(chat, author, data);
  chat.moderation.checkNotMuted(data.room, author, entry.time);
  const { reactions = [] } = message;
  if (on && reactions.length >= maximumReactions && !reactions.some((each) => each.emoji === emoji)) {
    const text = `A message takes ${maximumReactions} different reactions: choose one that is there.`;
    throw new Refusal('too-many', text, { field: 'data.emoji' });
  }
  return chat.commit({ ...asked, targetOffset: message.offset });
};

const page: Handler<'message:page'> = (chat, caller, data) => {
  chat.checkReader(data.room, memberOf(caller));
  const items =
    data.after === undefined
      ? chat.log.itemsBefore(data.room, data.before, data.limit)
      : chat.log.itemsAfter(data.room, data.after, data.limit);
  return pageOf(chat, data.room, items);
};

const versions: Handler<'message:versions'> = (chat, caller, data) => {
  chat.checkReader(data.room, memberOf(caller));
  messageIn(chat.log, data.room, data.target);
  return { versions: chat.log.versionsOf(data.target) };
};

const search: Handler<'message:search'> = (chat, caller, data) => {
  const member = memberOf(caller);
  const { id } = member;
  checkRate(chat.searchBuckets.take(id, chat.clock.now()), 'You search too fast');
  if (data.room !== undefined) chat.checkReader(data.room, member);
  const rooms = data.room === undefined ? chat.rooms.roomsOf(id) : [data.room];
  const messages = chat.log.search(data.query, rooms, data.before, data.limit + 1);
  return { messages: messages.slice(0, data.limit), hasMore: messages.length > data.limit };
};

export const messageHandlers = {
  'message:send': send,
  'message:edit': edit,
  'message:delete': remove,
  'message:react': react,
  'message:page': page,
  'message:versions': versions,
  'message:search': search,
} as const;

type Change = RequestData<'message:edit' | 'message:delete' | 'message:react'>;

/** What all changes begin with. They count as messages do. @throws Refusal `rate-limited` */
function begin(chat: Chat, author: Member, { room, nonce }: Change) {
  const now = chat.clock.now();
  checkRate(chat.messageBuckets.take(author.id, now), 'You change messages too fast');
  return { author, entry: beginEntry(room, author, nonce, now) };
}

/** The message that is to be changed. @param mayModerate whether who is not in the room may, if they moderate it */
function writableIn(chat: Chat, author: Member, { room, target }: Change, mayModerate = false): Message {
  if (!mayModerate || !chat.rooms.isModerator(room, author.id)) chat.rooms.joined(room, author.id);
  return messageIn(chat.log, room, target);
}
