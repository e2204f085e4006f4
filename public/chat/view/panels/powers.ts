/**
 * What one member may do to another in a room, so that the page offers nothing that the server would refuse. The server
 * decides; this only hides buttons. Pure.
 */
import type { Member, Role, RoomMember, RoomSummary } from '../../../../src/chat/events.ts';

export type Power =
  | 'direct'
  | 'mention'
  | 'mute'
  | 'unmute'
  | 'kick'
  | 'ban'
  | 'makeModerator'
  | 'makeMember'
  | 'makeOwner';

const ranks: Readonly<Record<Role, number>> = { owner: 2, moderator: 1, member: 0 };

/** Whether somebody may use the tools of moderators in a room. `owner`: they own the server. */
export function mayModerate(room: RoomSummary, owner: boolean): boolean {
  return room.kind !== 'direct' && room.joined && (owner || room.role !== 'member');
}

/** In the order in which they are offered; empty for oneself. @param now ms, by the clock of the server */
export function powersOver(
  room: RoomSummary,
  owner: boolean,
  me: Member,
  member: RoomMember,
  now: number,
): readonly Power[] {
  if (member.id === me.id) return [];
  const powers: Power[] = [];
  if (room.kind !== 'direct' && member.bot !== true) powers.push('direct');
  powers.push('mention');
  const rank = owner ? 3 : ranks[room.role];
  if (!mayModerate(room, owner) || rank <= ranks[member.role]) return powers;
  powers.push((member.mutedUntil ?? 0) > now ? 'unmute' : 'mute', 'kick', 'ban');
  if (rank >= 2 && member.bot !== true) {
    powers.push(member.role === 'member' ? 'makeModerator' : 'makeMember');
    if (member.role !== 'owner') powers.push('makeOwner');
  }
  return powers;
}

/** Who is here before who is away; within each, owners and moderators first, then by name. */
export function sortMembers(members: readonly RoomMember[], tag: string): readonly RoomMember[] {
  const collator = new Intl.Collator(tag, { sensitivity: 'base', numeric: true });
  return [...members].sort(
    (a, b) =>
      Number(b.here) - Number(a.here) ||
      ranks[b.role] - ranks[a.role] ||
      collator.compare(a.name, b.name) ||
      (a.id < b.id ? -1 : 1),
  );
}
