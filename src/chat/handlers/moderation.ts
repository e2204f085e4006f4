/** `moderation:…`: keeping order in a room, or as the server's owner on the whole server. */
import type { Chat } from '../chat.ts';
import type { Member, Receipt } from '../events.ts';
import { type Handler, memberOf, Refusal } from '../handler.ts';
import type { Entry } from '../log.ts';
import { forEver } from '../moderation.ts';
import { beginEntry } from '../posting.ts';
import { inWords } from '../refusal.ts';

/** RFC 6455 §7.4.1. */
const policyViolation = 1008;

const kick: Handler<'moderation:kick'> = async (chat, caller, data) => {
  const { room, nonce, reason } = data;
  const by = memberOf(caller);
  const now = chat.clock.now();
  const asked = { ...beginEntry(room, by, nonce, now), type: 'kicked', reason, banned: false } as const;
  // What was stored holds who it was: they may be forgotten by now.
  const repeated = chat.repeatOf({ ...asked, member: { id: data.member, name: '' } });
  if (repeated !== undefined) return repeated;
  const member = chat.moderation.checkMayActOn(room, by, data.member);
  checkIsIn(chat, room, member);
  await handOver(chat, room, member, by, nonce);
  const deed = { by, action: 'moderation:kick', room, member, details: reason };
  return chat.commit({ ...asked, member }, () => chat.moderation.audit.add(deed, now));
};

const ban: Handler<'moderation:ban'> = async (chat, caller, data) => {
  const { room, nonce, seconds, reason } = data;
  const by = memberOf(caller);
  const now = chat.clock.now();
  const { moderation, rooms } = chat;
  const isRepeated = room !== undefined && hasKicked(chat, by, nonce, room, data.member);
  if (isRepeated) return {};
  const member = moderation.checkMayActOn(room, by, data.member);
  const until = seconds === undefined ? undefined : now + seconds * 1000;
  const addresses = room === undefined ? chat.addressesOf(member.id) : [];
  const deed = { by, action: 'moderation:ban', room, member, details: lengthAndReason(seconds, reason) };
  const write = (): void => {
    moderation.bans.add({ room, member, by, reason, until, addresses }, now);
    // Their own invitations would let them in again, under another name.
    chat.identities.invitations.revokeOf(member.id, room);
    moderation.audit.add(deed, now);
  };
  if (room === undefined) {
    await moderation.write(write);
    chat.closeMember(member.id, policyViolation, closeReason(reason));
    return {};
  }
  const entry = {
    ...beginEntry(room, by, nonce, now),
    type: 'kicked',
    member,
    reason,
    banned: true,
  } as const;
  const wasIn = rooms.isIn(room, member.id);
  if (!wasIn) await moderation.write(write);
  // They may have come in while that was written.
  if (!rooms.isIn(room, member.id)) return {};
  await handOver(chat, room, member, by, nonce);
  try {
    await chat.commit(entry, wasIn ? write : undefined);
  } catch (error) {
    // They went by themselves while that was written, and are banned all the same.
    if (!(error instanceof Refusal && error.failure.code === 'member-unknown')) throw error;
    if (wasIn) await moderation.write(write);
  }
  return {};
};

const unban: Handler<'moderation:unban'> = async (chat, caller, { room, member: memberId }) => {
  const by = memberOf(caller);
  const { moderation } = chat;
  moderation.checkModerator(room, by);
  const now = chat.clock.now();
  await moderation.write(() => {
    const member = moderation.bans.remove(room, memberId, now);
    // It is as was asked for.
    if (member === undefined) return;
    moderation.audit.add({ by, action: 'moderation:unban', room, member, details: '' }, now);
  });
  return {};
};

const mute: Handler<'moderation:mute'> = async (
  chat,
  caller,
  { room, member: memberId, seconds, reason },
) => {
  const by = memberOf(caller);
  const member = chat.moderation.checkMayActOn(room, by, memberId);
  const now = chat.clock.now();
  const until = seconds === undefined ? forEver : now + seconds * 1000;
  const details = lengthAndReason(seconds, reason);
  await chat.moderation.mute({ by, action: 'moderation:mute', room, member, details }, until, now);
  tellRoomChanged(chat, room, member);
  return {};
};

const unmute: Handler<'moderation:unmute'> = async (chat, caller, { room, member: memberId }) => {
  const by = memberOf(caller);
  const member = chat.moderation.checkMayActOn(room, by, memberId);
  const deed = { by, action: 'moderation:unmute', room, member, details: '' };
  await chat.moderation.mute(deed, undefined, chat.clock.now());
  tellRoomChanged(chat, room, member);
  return {};
};

const slow: Handler<'moderation:slow'> = (chat, caller, { room, nonce, seconds }) => {
  const by = memberOf(caller);
  const entry = { ...beginEntry(room, by, nonce, chat.clock.now()), type: 'slow', seconds } as const;
  const details = seconds === 0 ? 'off' : inWords(seconds * 1000);
  return change(chat, entry, details, undefined, () => chat.moderation.checkModerator(room, by));
};

const role: Handler<'moderation:role'> = (chat, caller, data) => {
  const { room, nonce } = data;
  const by = memberOf(caller);
  const member = chat.rooms.membership(room, data.member)?.member ?? { id: data.member, name: '' };
  const begun = beginEntry(room, by, nonce, chat.clock.now());
  const entry = { ...begun, type: 'role', member, role: data.role } as const;
  const check = () => chat.moderation.checkMayGiveRole(room, by, data.member, data.role);
  const wasOwner = chat.rooms.membership(room, data.member)?.role === 'owner';
  return change(chat, entry, data.role, member, check, () => {
    if (wasOwner) chat.moderation.checkHasOwner(room);
  });
};

const bans: Handler<'moderation:bans'> = (chat, caller, { room }) => {
  chat.moderation.checkModerator(room, memberOf(caller));
  return { bans: chat.moderation.bans.list(room, chat.clock.now()) };
};

const audit: Handler<'moderation:audit'> = (chat, caller, { room, before, limit }) => {
  chat.moderation.checkModerator(room, memberOf(caller));
  return chat.moderation.audit.list(room, before, limit);
};

export const moderationHandlers = {
  'moderation:kick': kick,
  'moderation:ban': ban,
  'moderation:unban': unban,
  'moderation:mute': mute,
  'moderation:unmute': unmute,
  'moderation:slow': slow,
  'moderation:role': role,
  'moderation:bans': bans,
  'moderation:audit': audit,
} as const;

/**
 * Stores an event that changes a room, and notes it in the audit; a repeated request is answered as the first was.
 * @param check throws when it must not be
 * @param inTransaction the same for what somebody else may be changing at this moment
 */
async function change(
  chat: Chat,
  entry: Extract<Entry, { readonly type: 'slow' | 'role' }>,
  details: string,
  member: Member | undefined,
  check: () => unknown,
  inTransaction: () => void = () => {},
): Promise<Receipt> {
  const repeated = chat.repeatOf(entry);
  if (repeated !== undefined) return repeated;
  check();
  const { author: by, room, type, time } = entry;
  const deed = { by, action: `moderation:${type}`, room, member, details };
  return chat.commit(entry, () => {
    inTransaction();
    chat.moderation.audit.add(deed, time);
  });
}

function hasKicked(chat: Chat, by: Member, nonce: string, room: string, memberId: string): boolean {
  const stored = chat.log.findSend(by.id, nonce);
  return stored?.type === 'kicked' && stored.banned && stored.room === room && stored.member.id === memberId;
}

/** @throws Refusal `member-unknown` */
function checkIsIn(chat: Chat, room: string, member: Member): void {
  if (chat.rooms.isIn(room, member.id)) return;
  const message = `${member.name} is not in this room.`;
  throw new Refusal('member-unknown', message, { field: 'data.member' });
}

/** A room whose only owner is taken out gets another one. */
async function handOver(chat: Chat, room: string, member: Member, by: Member, nonce: string): Promise<void> {
  if (chat.rooms.membership(room, member.id)?.role !== 'owner') return;
  const heir = chat.rooms.heirOf(room, member.id);
  if (heir === undefined) return;
  const entry = beginEntry(room, by, `handover:${nonce}`, chat.clock.now());
  await chat.append({ ...entry, type: 'role', member: heir, role: 'owner' });
}

/** Whether they may write is a thing of the room's, for them. */
function tellRoomChanged(chat: Chat, room: string, member: Member): void {
  if (chat.rooms.isIn(room, member.id)) chat.tellRoomChanged(room, member.id);
}

function lengthAndReason(seconds: number | undefined, reason: string): string {
  const length = seconds === undefined ? 'until it is taken back' : `for ${inWords(seconds * 1000)}`;
  return reason === '' ? length : `${length}: ${reason}`;
}

/** As a Close frame takes it: at most 123 octets (RFC 6455 §5.5). */
function closeReason(reason: string): string {
  const whole = reason === '' ? 'banned' : `banned: ${reason}`;
  const octets = Buffer.from(whole).subarray(0, 123);
  // What was cut in the middle of a character loses it.
  return new TextDecoder().decode(octets).replace(/\ufffd+$/, '');
}
