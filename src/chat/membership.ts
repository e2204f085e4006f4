/**
 * Coming into rooms and going: each a single event of the log, which is what changes the room. Whether somebody may is
 * mostly checked by who calls: chat.ts, for the handlers of rooms, invitations and moderation.
 */
import type { Clock } from './clock.ts';
import type { Member, Receipt, RoomEvent, RoomMember, RoomSummary } from './events.ts';
import type { Appended, Entry } from './log.ts';
import type { Moderation } from './moderation.ts';
import { beginEntry } from './posting.ts';
import { AlreadyJoined, type NewRoom } from './room-table.ts';
import type { Rooms } from './rooms.ts';

/** What these need of the chat. */
export interface MembershipParts {
  readonly rooms: Rooms;
  readonly moderation: Moderation;
  readonly clock: Clock;
  append(entry: Entry, alongside?: (event: RoomEvent) => void): Promise<Appended>;
  commit(entry: Entry, alongside?: (event: RoomEvent) => void): Promise<Receipt>;
  repeatOf(entry: Entry): Receipt | undefined;
}

/** Makes a room that was reserved. @throws Refusal `nonce-reused` */
export async function createRoom(
  chat: MembershipParts,
  room: NewRoom,
  creator: Member,
  nonce: string,
): Promise<RoomSummary> {
  const begun = beginEntry(room.id, creator, nonce, chat.clock.now());
  await chat.commit({ ...begun, type: 'created', name: room.name }, (event) =>
    chat.rooms.create(room, event),
  );
  return chat.rooms.summaryFor(room.id, creator.id);
}

/**
 * The room of two members; made when it is not there, and taken up again by who had left it.
 * @param nonce of the request
 */
export async function openDirect(
  chat: MembershipParts,
  member: Member,
  other: Member,
  nonce: string,
): Promise<RoomSummary> {
  const { room, release } = chat.rooms.reserveDirect(member, other);
  try {
    if (chat.rooms.get(room.id) === undefined) return await createRoom(chat, room, member, nonce);
  } catch (error) {
    // By the other one, in the same moment.
    if (!(error instanceof AlreadyJoined)) throw error;
  } finally {
    release();
  }
  return joinRoom(chat, room.id, member, `again-${nonce}`);
}

/** Puts a member into a room; who is in it already stays so. @throws Refusal `banned`, `nonce-reused` */
export async function joinRoom(
  chat: MembershipParts,
  room: string,
  member: Member,
  nonce: string,
): Promise<RoomSummary> {
  const now = chat.clock.now();
  const entry: Entry = { ...beginEntry(room, member, nonce, now), type: 'joined' };
  if (chat.repeatOf(entry) === undefined && !chat.rooms.isIn(room, member.id)) {
    chat.moderation.checkMayJoin(room, member, now);
    try {
      // Also in the transaction: they may be banned at this moment.
      await chat.commit(entry, () => chat.moderation.checkMayJoin(room, member, now));
    } catch (error) {
      // On another connection, in the same moment.
      if (!(error instanceof AlreadyJoined)) throw error;
    }
  }
  return chat.rooms.summaryFor(room, member.id);
}

/** Takes a member out of a room. When it was theirs alone, who has been there for longest has it from then on. */
export async function leaveRoom(
  chat: MembershipParts,
  room: string,
  member: Member,
  nonce: string,
): Promise<void> {
  const now = chat.clock.now();
  const isOwner = chat.rooms.membership(room, member.id)?.role === 'owner';
  const heir = isOwner ? chat.rooms.heirOf(room, member.id) : undefined;
  if (heir !== undefined) {
    const handover = beginEntry(room, member, `handover:${nonce}`, now);
    await chat.append({ ...handover, type: 'role', member: heir, role: 'owner' });
  }
  await chat.commit({ ...beginEntry(room, member, nonce, now), type: 'left' });
}

/** Who is in a room, in the order in which they came. */
export function rosterOf(
  rooms: Rooms,
  presence: { isHere(memberId: string): boolean },
  room: string,
  now: number,
): RoomMember[] {
  return [...rooms.membersIn(room).values()].map(({ member, mutedUntil = 0 }) => ({
    ...member,
    role: rooms.roleOf(room, member.id),
    here: presence.isHere(member.id),
    ...(mutedUntil > now && { mutedUntil }),
  }));
}
