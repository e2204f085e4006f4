/**
 * Who may do what to whom, and who may not write or come in for now. Members stand under moderators, these under the
 * owners of a room, and all under the server's owner; nobody acts on somebody who stands as high as they do. Decides
 * and writes down; handlers/moderation.ts carries out. Called by the handlers and chat.ts.
 */
import { Audit, type Deed } from './audit.ts';
import type { Bans } from './bans.ts';
import { type Database, numberOf, textOf } from './database.ts';
import type { Member, Message, Role } from './events.ts';
import type { Identities } from './identity.ts';
import { inWords, Refusal } from './refusal.ts';
import type { Rooms } from './rooms.ts';

const ranks: Record<Role, number> = { member: 0, moderator: 1, owner: 2 };
const serverOwnerRank = 3;

export class Moderation {
  readonly audit: Audit;
  readonly bans: Bans;
  readonly #database: Database;
  readonly #identities: Identities;
  readonly #rooms: Rooms;
  /** Until when who may not write where. Asked for each message, so not of the disk. */
  readonly #mutes = new Map<string, number>();
  /** When each member wrote last in a room that is slow. */
  readonly #written = new Map<string, number>();

  constructor(database: Database, rooms: Rooms, identities: Identities) {
    this.#database = database;
    this.#identities = identities;
    this.#rooms = rooms;
    this.audit = new Audit(database);
    this.bans = identities.bans;
    for (const row of database.all('SELECT room, member_id, until FROM mute')) {
      this.#mutes.set(keyOf(textOf(row, 'room'), textOf(row, 'member_id')), numberOf(row, 'until'));
    }
  }

  // What the muted, the hasty and the banned are told ---------------------------------------------------------------

  /** What holds back changes to what was said too. @throws Refusal `muted` */
  checkNotMuted(roomId: string, member: Member, now: number): void {
    const mutedUntil = this.#mutes.get(keyOf(roomId, member.id)) ?? 0;
    if (mutedUntil > now) {
      const isForEver = mutedUntil >= forEver;
      const length = isForEver ? '' : ` for another ${inWords(mutedUntil - now)}`;
      const message = `A moderator has muted you in this room${length}. You can still read.`;
      throw new Refusal('muted', message, isForEver ? {} : { retryAfter: mutedUntil - now });
    }
  }

  /** @throws Refusal `muted`, `slow-mode`; moderators are never slowed */
  checkMayWrite(roomId: string, member: Member, now: number): void {
    this.checkNotMuted(roomId, member, now);
    const slowMode = (this.#rooms.get(roomId)?.slowMode ?? 0) * 1000;
    if (slowMode === 0 || this.#rankIn(roomId, member.id) > ranks.member) return;
    const writtenAt = this.#written.get(keyOf(roomId, member.id)) ?? -Infinity;
    // A clock that was set back must not hold anybody for longer than the wait is.
    const retryAfter = Math.min(slowMode, writtenAt + slowMode - now);
    if (retryAfter <= 0) return;
    const message = `This room is slow: one message each ${inWords(slowMode)}. Try again in ${inWords(retryAfter)}.`;
    throw new Refusal('slow-mode', message, { retryAfter });
  }

  /** Notes that a member has written, or is about to: the next time is counted from then. */
  noteWritten(roomId: string, memberId: string, now: number): void {
    if ((this.#rooms.get(roomId)?.slowMode ?? 0) > 0) this.#written.set(keyOf(roomId, memberId), now);
  }

  /** @throws Refusal `banned` when the member is, from that room or from the server */
  checkMayJoin(roomId: string, member: Member, now: number): void {
    this.bans.check(undefined, member.id, now);
    this.bans.check(roomId, member.id, now);
  }

  /** Forgets who has waited long enough. To be called now and then. */
  sweep(now: number): void {
    for (const [key, time] of this.#written) {
      if (time + longestSlowMode <= now) this.#written.delete(key);
    }
    for (const [key, until] of this.#mutes) {
      if (until <= now) this.#mutes.delete(key);
    }
  }

  // Who stands above whom -------------------------------------------------------------------------------------------

  /**
   * Somebody who moderates a room, or with no room owns the server.
   * @throws Refusal `room-unknown`, `forbidden`
   */
  checkModerator(roomId: string | undefined, by: Member): void {
    if (roomId === undefined) {
      if (this.#identities.isOwner(by.id)) return;
      throw new Refusal('forbidden', 'Only the server’s owner may do that.');
    }
    const { kind } = this.#visible(roomId, by);
    if (kind === 'direct') {
      throw new Refusal('forbidden', 'A conversation of two has no moderators.', { field: 'data.room' });
    }
    if (this.#rankIn(roomId, by.id) >= ranks.moderator) return;
    throw new Refusal('forbidden', 'Only moderators and owners of this room may do that.');
  }

  /** As `checkModerator`, for what only owners may do. @throws Refusal `room-unknown`, `forbidden` */
  checkOwner(roomId: string, by: Member): void {
    this.checkModerator(roomId, by);
    if (this.#rankIn(roomId, by.id) >= ranks.owner) return;
    throw new Refusal('forbidden', 'Only owners of this room may do that.');
  }

  /**
   * Whether somebody may act on somebody: the first must moderate, and stand above the other.
   * @returns whom it is to be done to
   * @throws Refusal `room-unknown`, `forbidden`, `member-unknown`
   */
  checkMayActOn(roomId: string | undefined, by: Member, memberId: string): Member {
    this.checkModerator(roomId, by);
    const target = this.#find(roomId, memberId);
    if (target === undefined) {
      const message = 'There is no such member: their name may be forgotten.';
      throw new Refusal('member-unknown', message, { field: 'data.member' });
    }
    if (memberId === by.id) {
      throw new Refusal('forbidden', 'You cannot do that to yourself.', { field: 'data.member' });
    }
    const own = roomId === undefined ? serverOwnerRank : this.#rankIn(roomId, by.id);
    // Without a room it is the server's owner who acts: everybody else stands below.
    const theirs = roomId === undefined ? ranks.member : this.#rankIn(roomId, memberId);
    if (own > theirs) return target;
    const message = `${target.name} stands as high as you do here: only somebody above them may do that.`;
    throw new Refusal('forbidden', message, { field: 'data.member' });
  }

  /**
   * Whether somebody may give somebody a role: owners to whoever stands below them, and to themselves a lower one.
   * @returns whose role it is to be
   * @throws Refusal `room-unknown`, `forbidden`, `member-unknown`
   */
  checkMayGiveRole(roomId: string, by: Member, memberId: string, role: Role): Member {
    this.checkOwner(roomId, by);
    const membership = this.#rooms.membership(roomId, memberId);
    if (membership === undefined) {
      throw new Refusal('member-unknown', 'They are not in this room.', { field: 'data.member' });
    }
    if (memberId !== by.id) this.checkMayActOn(roomId, by, memberId);
    if (membership.role === 'owner' && role !== 'owner' && this.#ownersIn(roomId) === 1) throw lastOwner();
    return membership.member;
  }

  /** Whether a room still has an owner, as things stand inside of a transaction. @throws Refusal `forbidden` */
  checkHasOwner(roomId: string): void {
    const sql = "SELECT 1 AS found FROM membership WHERE room = ? AND role = 'owner' LIMIT 1";
    if (this.#database.get(sql, [roomId]) === undefined) throw lastOwner();
  }

  // Writing down ----------------------------------------------------------------------------------------------------

  /** Notes in the audit that a moderator removed somebody else's message. Resolves when that is durable. */
  noteRemoval(by: Member, room: string, message: Message, now: number): Promise<void> {
    if (by.id === message.author.id) return Promise.resolve();
    const what = message.content.type === 'image' ? 'an image' : 'a message';
    const details = `${what}, at ${message.offset}`;
    const deed = { by, action: 'message:delete', room, member: message.author, details };
    return this.#database.write(() => this.audit.add(deed, now));
  }

  /** Writes down what somebody did. Resolves when that is durable. */
  write(work: () => void): Promise<void> {
    return this.#database.write(work);
  }

  /**
   * Lets a member write only from that time on, or with undefined again at once. Resolves when that is durable.
   * Kept beside the membership, which they could leave and take up again.
   */
  async mute(
    deed: Deed & { readonly room: string; readonly member: Member },
    until: number | undefined,
    now: number,
  ): Promise<void> {
    const { room, member } = deed;
    await this.#rooms.setMutedUntil(room, member.id, until, () => {
      const over = 'DELETE FROM mute WHERE (room = ? AND member_id = ?) OR until <= ?';
      this.#database.run(over, [room, member.id, now]);
      if (until !== undefined) {
        const sql = 'INSERT INTO mute (room, member_id, until) VALUES (?, ?, ?)';
        this.#database.run(sql, [room, member.id, until]);
      }
      this.audit.add(deed, now);
    });
    if (until === undefined) this.#mutes.delete(keyOf(room, member.id));
    else this.#mutes.set(keyOf(room, member.id), until);
  }

  #visible(roomId: string, by: Member) {
    // The server's owner need not be in a private room to keep order there.
    const room = this.#identities.isOwner(by.id) ? this.#rooms.get(roomId) : undefined;
    return room ?? this.#rooms.visible(roomId, by.id);
  }

  #find(roomId: string | undefined, memberId: string): Member | undefined {
    const inRoom = roomId === undefined ? undefined : this.#rooms.membership(roomId, memberId)?.member;
    return inRoom ?? this.#identities.member(memberId);
  }

  #rankIn(roomId: string, memberId: string): number {
    if (this.#identities.isOwner(memberId)) return serverOwnerRank;
    return ranks[this.#rooms.membership(roomId, memberId)?.role ?? 'member'];
  }

  #ownersIn(roomId: string): number {
    return [...this.#rooms.membersIn(roomId).values()].filter(({ role }) => role === 'owner').length;
  }
}

/** A time that nobody waits for, in milliseconds, which a double still holds: muted until it is taken back. */
export const forEver = 8.64e15;

/** Milliseconds: an hour, which is the most that a room can be slowed to. */
const longestSlowMode = 60 * 60 * 1000;

function lastOwner(): Refusal {
  const message = 'A room needs an owner: make somebody else one first.';
  return new Refusal('forbidden', message, { field: 'data.role' });
}

function keyOf(roomId: string, memberId: string): string {
  return `${roomId} ${memberId}`;
}
