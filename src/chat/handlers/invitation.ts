/** `room:invite` and `room:accept`: letting people into rooms that they cannot find, and onto a server that is closed. */
import type { Chat } from '../chat.ts';
import type { Member } from '../events.ts';
import { type Handler, memberOf, Refusal } from '../handler.ts';
import { invitationUnknown } from '../invitations.ts';
import { beginEntry } from '../posting.ts';
import { AlreadyJoined } from '../room-table.ts';

const invite: Handler<'room:invite'> = async (chat, caller, { room, seconds, uses }) => {
  const member = memberOf(caller);
  checkMayInvite(chat, member, room);
  const { code, expires, usesLeft } = await chat.identities.invitations.create(
    { room, by: member.id, seconds, uses },
    chat.clock.now(),
  );
  return {
    code,
    ...(expires !== undefined && { expires }),
    ...(usesLeft !== undefined && { uses: usesLeft }),
  };
};

const accept: Handler<'room:accept'> = async (chat, caller, { code, nonce }) => {
  const member = memberOf(caller);
  const { invitations } = chat.identities;
  const now = chat.clock.now();
  const invitation = invitations.find(code, now);
  if (invitation === undefined) {
    // Counted as an unknown token is, so that nobody can go through codes.
    chat.countUnknown(caller.remoteAddress);
    throw invitationUnknown();
  }
  const { room } = invitation;
  // One for the server brings somebody who is on it nowhere.
  if (room === undefined) return {};
  if (chat.rooms.get(room) === undefined) throw invitationUnknown();
  // Also with one that is used up, as by this very request before its answer was lost.
  if (chat.rooms.isIn(room, member.id)) return { room: chat.rooms.summaryFor(room, member.id) };
  const entry = { ...beginEntry(room, member, nonce, now), type: 'joined' } as const;
  if (chat.repeatOf(entry) === undefined) {
    chat.moderation.checkMayJoin(room, member, now);
    try {
      // In the transaction, so that no use is counted twice, and nobody comes in who was banned a moment ago.
      await chat.commit(entry, () => {
        chat.moderation.checkMayJoin(room, member, now);
        invitations.use(code, now);
      });
    } catch (error) {
      // On another connection, in the same moment.
      if (!(error instanceof AlreadyJoined)) throw error;
    }
  }
  return { room: chat.rooms.summaryFor(room, member.id) };
};

export const invitationHandlers = {
  'room:invite': invite,
  'room:accept': accept,
} as const;

/** @throws Refusal `forbidden`, `room-unknown`, `not-joined` */
function checkMayInvite(chat: Chat, member: Member, room: string | undefined): void {
  if (room === undefined) {
    if (chat.identities.isOwner(member.id)) return;
    const message = 'Only the server’s owner may invite to the server: invite to a room of yours.';
    throw new Refusal('forbidden', message);
  }
  const { kind } = chat.rooms.joined(room, member.id);
  if (kind !== 'direct') return;
  const message = 'A conversation of two has no place for a third: make a room.';
  throw new Refusal('forbidden', message, { field: 'data.room' });
}
