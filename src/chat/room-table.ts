/**
 * Rooms and memberships as rows of the tables `room` and `membership`: read whole at the start, written in the
 * transaction that stores the event which changes them. Decides nothing. Called by rooms.ts only.
 */
import * as v from 'valibot';
import { type Database, numberOf, optionalNumberOf, textOf } from './database.ts';
import { type Member, member, type Role, type RoomEvent, type RoomKind, role, roomKinds } from './events.ts';
import { nameKey } from './names.ts';
import { Refusal } from './refusal.ts';

export interface RoomRecord {
  readonly id: string;
  readonly kind: RoomKind;
  /** Empty for a direct room: each of the two sees the other's name. */
  readonly name: string;
  readonly topic: string;
  readonly slowMode: number;
  /** Member's id; empty for the room that was always there. */
  readonly createdBy: string;
  /** The two whose direct room it is, whether they are in it or have left; empty for all others. */
  readonly pair: readonly Member[];
}

/** What one member has to do with one room. */
export interface Membership {
  readonly member: Member;
  readonly role: Role;
  readonly joinedAt: number;
  /** Offset up to which they have read. */
  readonly read: number;
  /** They want no notifications. */
  readonly muted: boolean;
  /** They may not write before that time; undefined when they may. */
  readonly mutedUntil: number | undefined;
}

/** A room that is being made, with those who are in it from the start. */
export interface NewRoom extends RoomRecord {
  readonly members: readonly { readonly member: Member; readonly role: Role }[];
}

/** Thrown from inside a transaction, when somebody joined, or made the room, in the same moment on another connection. */
export class AlreadyJoined extends Error {
  override readonly name = 'AlreadyJoined';
}

const kindSchema = v.picklist(roomKinds);
const pairSchema = v.array(member);

/** By what the names of public rooms are compared. */
export function roomNameKey(name: string): string {
  return nameKey(name.normalize('NFKC').trim().replace(/\s+/gu, ' '));
}

export class RoomTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  rooms(): RoomRecord[] {
    return this.#database.all(`${selectRoom} ORDER BY created_at, id`).map(toRoom);
  }

  room(id: string): RoomRecord | undefined {
    const row = this.#database.get(`${selectRoom} WHERE id = ?`, [id]);
    return row === undefined ? undefined : toRoom(row);
  }

  /** Who is in a room, in the order in which they came. */
  members(room: string): Membership[] {
    const sql = `SELECT member_id, member_name, role, joined_at, read_offset, muted, muted_until
      FROM membership WHERE room = ? ORDER BY joined_at, member_id`;
    return this.#database.all(sql, [room]).map(toMembership);
  }

  // Only from inside the work of `write` ----------------------------------------------------------------------------

  /** @throws AlreadyJoined when there is that room: only one of two can be made twice */
  create({ id, kind, name, topic, slowMode, createdBy, pair, members }: NewRoom, event: RoomEvent): void {
    if (this.room(id) !== undefined) throw new AlreadyJoined();
    // A direct room has no name: whose it is stands there.
    const kept = kind === 'direct' ? JSON.stringify(pair) : name;
    this.#database.run(
      `INSERT INTO room (id, kind, name, name_key, topic, slow_mode, created_at, created_by)
        VALUES (?, ?, ?, nullif(?, ''), ?, ?, ?, ?)`,
      [id, kind, kept, kind === 'public' ? roomNameKey(name) : '', topic, slowMode, event.time, createdBy],
    );
    for (const each of members) this.#join(id, each.member, each.role, event);
  }

  /** What an event does to its room. `created` does nothing here: it is `create` that knows the rest. */
  write(event: RoomEvent): void {
    const { room, type, author } = event;
    switch (type) {
      case 'joined':
        if (this.#isIn(room, author.id)) throw new AlreadyJoined();
        this.#join(room, author, 'member', event);
        break;
      case 'left':
        this.#remove(room, author.id);
        break;
      case 'kicked':
        this.#remove(room, event.member.id);
        break;
      case 'renamed':
        this.#database.run(
          "UPDATE room SET name = ?, name_key = iif(kind = 'public', ?, NULL) WHERE id = ?",
          [event.name, roomNameKey(event.name), room],
        );
        break;
      case 'topic':
        this.#database.run('UPDATE room SET topic = ? WHERE id = ?', [event.topic, room]);
        break;
      case 'slow':
        this.#database.run('UPDATE room SET slow_mode = ? WHERE id = ?', [event.seconds, room]);
        break;
      case 'role':
        this.#database.run('UPDATE membership SET role = ? WHERE room = ? AND member_id = ?', [
          event.role,
          room,
          event.member.id,
        ]);
        break;
    }
  }

  setRead(room: string, memberId: string, offset: number): void {
    const sql = 'UPDATE membership SET read_offset = max(read_offset, ?) WHERE room = ? AND member_id = ?';
    this.#database.run(sql, [offset, room, memberId]);
  }

  setMuted(room: string, memberId: string, muted: boolean): void {
    const sql = 'UPDATE membership SET muted = ? WHERE room = ? AND member_id = ?';
    this.#database.run(sql, [muted ? 1 : 0, room, memberId]);
  }

  setMutedUntil(room: string, memberId: string, until: number | undefined): void {
    const sql = 'UPDATE membership SET muted_until = nullif(?, -1) WHERE room = ? AND member_id = ?';
    this.#database.run(sql, [until ?? -1, room, memberId]);
  }

  #isIn(room: string, memberId: string): boolean {
    const sql = 'SELECT 1 AS found FROM membership WHERE room = ? AND member_id = ?';
    return this.#database.get(sql, [room, memberId]) !== undefined;
  }

  /** What was said before they came counts as read. */
  #join(room: string, member: Member, as: Role, event: RoomEvent): void {
    this.#database.run(
      `INSERT INTO membership (room, member_id, member_name, role, joined_at, read_offset) VALUES (?, ?, ?, ?, ?, ?)`,
      [room, member.id, member.name, as, event.time, event.offset],
    );
  }

  #remove(room: string, memberId: string): void {
    if (!this.#isIn(room, memberId)) {
      throw new Refusal('member-unknown', 'They are not in this room any more.', { field: 'data.member' });
    }
    const sql = 'DELETE FROM membership WHERE room = ? AND member_id = ?';
    this.#database.run(sql, [room, memberId]);
  }
}

const selectRoom = 'SELECT id, kind, name, topic, slow_mode, created_by FROM room';

function toRoom(row: unknown): RoomRecord {
  const kind = v.parse(kindSchema, textOf(row, 'kind'));
  const name = textOf(row, 'name');
  return {
    id: textOf(row, 'id'),
    kind,
    name: kind === 'direct' ? '' : name,
    pair: kind === 'direct' ? v.parse(pairSchema, JSON.parse(name)) : [],
    topic: textOf(row, 'topic'),
    slowMode: numberOf(row, 'slow_mode'),
    createdBy: textOf(row, 'created_by'),
  };
}

function toMembership(row: unknown): Membership {
  return {
    member: { id: textOf(row, 'member_id'), name: textOf(row, 'member_name') },
    role: v.parse(role, textOf(row, 'role')),
    joinedAt: numberOf(row, 'joined_at'),
    read: numberOf(row, 'read_offset'),
    muted: numberOf(row, 'muted') === 1,
    mutedUntil: optionalNumberOf(row, 'muted_until'),
  };
}
