/** `room:…`: finding rooms, making them, coming and going, and what a member has read there. Invitations are invitation.ts's. */
import type { Chat } from '../chat.ts';
import { defaultRoom, type Member, type Page, type RequestData, type RoomSummary } from '../events.ts';
import { type Caller, checkRate, type Handler, memberOf, Refusal, roomUnknown } from '../handler.ts';
import type { Items } from '../log.ts';
import { beginEntry, nonceReused } from '../posting.ts';

const list: Handler<'room:list'> = (chat, caller) => {
  const { id } = memberOf(caller);
  const rooms: RoomSummary[] = [];
  for (const room of chat.rooms.all()) {
    if (chat.rooms.maySee(room.id, id)) rooms.push(chat.rooms.summaryFor(room.id, id));
  }
  return { rooms };
};

const create: Handler<'room:create'> = async (chat, caller, data) => {
  const creator = changerOf(chat, caller);
  const stored = chat.log.findSend(creator.id, data.nonce);
  if (stored !== undefined) {
    // Its name was what was asked for, its id was made up here.
    if (stored.type !== 'created' || stored.name !== data.name) throw nonceReused();
    return { room: seenBy(chat, creator, stored.room) };
  }
  const { room, release } = chat.rooms.reserve(creator, data);
  try {
    return { room: await chat.create(room, creator, data.nonce) };
  } finally {
    release();
  }
};

const open: Handler<'room:open'> = (chat, caller, data) => {
  const member = memberOf(caller);
  chat.checkReader(data.room, member);
  return {
    ...pageOf(chat, data.room, itemsAround(chat, data)),
    summary: chat.rooms.summaryFor(data.room, member.id),
    members: chat.membersOf(data.room),
  };
};

const join: Handler<'room:join'> = async (chat, caller, data) => {
  const member = changerOf(chat, caller);
  chat.rooms.visible(data.room, member.id);
  return { room: await chat.join(data.room, member, data.nonce) };
};

const leave: Handler<'room:leave'> = async (chat, caller, data) => {
  const member = changerOf(chat, caller);
  const entry = beginEntry(data.room, member, data.nonce, chat.clock.now());
  if (chat.repeatOf({ ...entry, type: 'left' }) !== undefined) return {};
  if (data.room === defaultRoom) {
    throw new Refusal('forbidden', 'Everybody is in this room: you can mute it, but not leave it.', {
      field: 'data.room',
    });
  }
  chat.rooms.joined(data.room, member.id);
  await chat.leave(data.room, member, data.nonce);
  return {};
};

const rename: Handler<'room:rename'> = async (chat, caller, { room, nonce, name }) => {
  const member = changerOf(chat, caller);
  const entry = { ...beginEntry(room, member, nonce, chat.clock.now()), type: 'renamed', name } as const;
  const repeated = chat.repeatOf(entry);
  if (repeated !== undefined) return repeated;
  chat.moderation.checkModerator(room, member);
  const release = chat.rooms.reserveName(room, name);
  try {
    return await chat.commit(entry);
  } finally {
    release();
  }
};

const topic: Handler<'room:topic'> = async (chat, caller, data) => {
  const member = changerOf(chat, caller);
  const begun = beginEntry(data.room, member, data.nonce, chat.clock.now());
  const entry = { ...begun, type: 'topic', topic: data.topic } as const;
  const repeated = chat.repeatOf(entry);
  if (repeated !== undefined) return repeated;
  chat.moderation.checkModerator(data.room, member);
  return chat.commit(entry);
};

const direct: Handler<'room:direct'> = async (chat, caller, data) => {
  const member = changerOf(chat, caller);
  const other = chat.identities.member(data.member);
  if (other === undefined) {
    throw new Refusal('member-unknown', 'There is no such member: their name may be forgotten.', {
      field: 'data.member',
    });
  }
  if (other.id === member.id) {
    throw new Refusal('invalid', 'A conversation of two needs somebody else.', { field: 'data.member' });
  }
  return { room: await chat.direct(member, other, data.nonce) };
};

const read: Handler<'room:read'> = (chat, caller, data) => {
  const { id } = memberOf(caller);
  chat.rooms.joined(data.room, id);
  return chat.read(data.room, id, data.offset, caller);
};

const mute: Handler<'room:mute'> = async (chat, caller, data) => {
  const { id } = memberOf(caller);
  chat.rooms.joined(data.room, id);
  await chat.rooms.setMuted(data.room, id, data.muted);
  if (chat.rooms.isIn(data.room, id)) chat.tellRoomChanged(data.room, id);
  return {};
};

const typing: Handler<'room:typing'> = (chat, caller, data) => {
  const member = memberOf(caller);
  chat.rooms.joined(data.room, member.id);
  chat.noteTyping(data.room, member, data.typing);
  return {};
};

export const roomHandlers = {
  'room:list': list,
  'room:create': create,
  'room:open': open,
  'room:join': join,
  'room:leave': leave,
  'room:rename': rename,
  'room:topic': topic,
  'room:direct': direct,
  'room:read': read,
  'room:mute': mute,
  'room:typing': typing,
} as const;

/** Who asks for what everybody in a room will see: it counts as a message. @throws Refusal `signed-out`, `rate-limited` */
function changerOf(chat: Chat, caller: Caller): Member {
  const member = memberOf(caller);
  checkRate(chat.messageBuckets.take(member.id, chat.clock.now()), 'You change rooms too fast');
  return member;
}

/** Items of a room as they are now, with what says so. */
export function pageOf(chat: Chat, room: string, items: Items): Page {
  return { room, epoch: chat.log.epoch, ...items, offset: chat.log.newest };
}

/** The newest items, or as many before a place as from it on. */
function itemsAround(chat: Chat, { room, around, limit }: RequestData<'room:open'>): Items {
  if (around === undefined) return chat.log.itemsBefore(room, undefined, limit);
  const before = chat.log.itemsBefore(room, around, Math.floor(limit / 2));
  const after = chat.log.itemsAfter(room, Math.max(0, around - 1), limit - before.items.length);
  return {
    items: [...before.items, ...after.items],
    hasOlder: before.hasOlder,
    hasNewer: after.hasNewer,
  };
}

/** @throws Refusal `room-unknown` */
function seenBy(chat: Chat, member: Member, room: string): RoomSummary {
  if (!chat.rooms.maySee(room, member.id)) throw roomUnknown();
  return chat.rooms.summaryFor(room, member.id);
}
