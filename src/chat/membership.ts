/**
 * Coming into rooms and going: each a single event of the log, which is what changes the room. Whether somebody may is
 * mostly checked by who calls: chat.ts, for the handlers of rooms, invitations and moderation.
 */
import { randomBytes } from 'node:crypto';
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

export interface Removal {
  readonly banned: boolean;
  readonly reason: string;
  /** Of the moderator's request; by default a new one. */
  readonly nonce?: string;
  /** Further changes to the database in the same transaction; may be called twice. */
  readonly alongside?: () => void;
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
      await chat.commit(entry);
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

/** Takes somebody out of a room. @throws Refusal `member-unknown` when they are not in it, `nonce-reused` */
export function removeFromRoom(
  chat: MembershipParts,
  room: string,
  member: Member,
  by: Member,
  removal: Removal,
): Promise<Receipt> {
  const { banned, reason, nonce = randomBytes(18).toString('base64url'), alongside } = removal;
  const begun = beginEntry(room, by, nonce, chat.clock.now());
  return chat.commit({ ...begun, type: 'kicked', member, reason, banned }, alongside);
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
