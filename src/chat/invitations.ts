/**
 * Invitations: codes that let people into a room, or onto a server that takes only who is invited. A code is 18 random
 * octets, so it cannot be guessed; it may expire, and may be good for so many people. Who may invite, and what follows
 * from an invitation, is handlers/invitation.ts's and identity.ts's to say.
 */
import { randomBytes } from 'node:crypto';
import { type Database, numberOf, textOf } from './database.ts';
import { Refusal } from './refusal.ts';

/** The most invitations of one member that can be used at one time. */
export const maximumInvitations = 200;

export interface Invitation {
  readonly code: string;
  /** Undefined for the server. */
  readonly room: string | undefined;
  /** Who invites: a member's id. */
  readonly by: string;
  /** Unix time in milliseconds; undefined for never. */
  readonly expires: number | undefined;
  /** How many more it lets in; undefined for any number. */
  readonly usesLeft: number | undefined;
}

export interface NewInvitation {
  readonly room: string | undefined;
  readonly by: string;
  /** Undefined for ever. */
  readonly seconds: number | undefined;
  /** Undefined for any number. */
  readonly uses: number | undefined;
}

export class Invitations {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Makes an invitation. Resolves when it is durable. @throws Refusal `too-many` */
  create({ room, by, seconds, uses }: NewInvitation, now: number): Promise<Invitation> {
    const code = randomBytes(18).toString('base64url');
    const expires = seconds === undefined ? undefined : now + seconds * 1000;
    return this.#database.write(() => {
      const usable = `${usableSql} AND by_id = ?`;
      const row = this.#database.get(`SELECT count(*) AS count FROM invitation WHERE ${usable}`, [now, by]);
      if (numberOf(row, 'count') >= maximumInvitations) {
        const message = `You have ${maximumInvitations} open invitations, which is the most: let some expire, or use one for several people.`;
        throw new Refusal('too-many', message);
      }
      this.#database.run(
        `INSERT INTO invitation (code, room, by_id, created_at, expires, uses_left)
          VALUES (?, nullif(?, ''), ?, ?, nullif(?, -1), nullif(?, -1))`,
        [code, room ?? '', by, now, expires ?? -1, uses ?? -1],
      );
      return { code, room, by, expires, usesLeft: uses };
    });
  }

  /** The invitation of that code, even one that is used up; undefined when there is none or it has expired. */
  find(code: string, now: number): Invitation | undefined {
    const row = this.#database.get(
      `SELECT coalesce(room, '') AS room, by_id, coalesce(expires, -1) AS expires, coalesce(uses_left, -1) AS uses_left
        FROM invitation WHERE code = ? AND (expires IS NULL OR expires > ?)`,
      [code, now],
    );
    if (row === undefined) return undefined;
    const [room, expires, usesLeft] = [
      textOf(row, 'room'),
      numberOf(row, 'expires'),
      numberOf(row, 'uses_left'),
    ];
    return {
      code,
      room: room === '' ? undefined : room,
      by: textOf(row, 'by_id'),
      expires: expires === -1 ? undefined : expires,
      usesLeft: usesLeft === -1 ? undefined : usesLeft,
    };
  }

  /** Whether an invitation can be used now. */
  isUsable(code: string, now: number): boolean {
    const invitation = this.find(code, now);
    return invitation !== undefined && invitation.usesLeft !== 0;
  }

  /**
   * Counts one use. Only from inside the work of `write`.
   * @throws Refusal `invitation-unknown` when there is no such code, it has expired, or it is used up
   */
  use(code: string, now: number): Invitation {
    const invitation = this.find(code, now);
    if (invitation === undefined || invitation.usesLeft === 0) throw invitationUnknown();
    this.#database.run('UPDATE invitation SET uses_left = uses_left - 1 WHERE code = ?', [code]);
    return invitation;
  }

  /** Makes a member's invitations void: those to one room, or all. Only from inside the work of `write`. */
  revokeOf(memberId: string, room: string | undefined): void {
    const sql = "DELETE FROM invitation WHERE by_id = ? AND (? = '' OR room = ?)";
    this.#database.run(sql, [memberId, room ?? '', room ?? '']);
  }

  /** Has all of a member's invitations end by that time at the latest. Only from inside the work of `write`. */
  endOf(memberId: string, latest: number): void {
    const sql = 'UPDATE invitation SET expires = ? WHERE by_id = ? AND (expires IS NULL OR expires > ?)';
    this.#database.run(sql, [latest, memberId, latest]);
  }

  /** Forgets those that have expired. Resolves when that is done. */
  sweep(now: number): Promise<void> {
    return this.#database.write(() => {
      this.#database.run('DELETE FROM invitation WHERE expires <= ?', [now]);
    });
  }
}

const usableSql = '(expires IS NULL OR expires > ?) AND (uses_left IS NULL OR uses_left > 0)';

export function invitationUnknown(field = 'data.code'): Refusal {
  const message =
    'That invitation is not known: it has expired, was used up, or was taken back. Ask for another.';
  return new Refusal('invitation-unknown', message, { field });
}
