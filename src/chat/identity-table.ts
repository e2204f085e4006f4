/**
 * Names as rows of the table `identity`. Decides nothing but whether a name is still somebody's. Called by identity.ts
 * only.
 */
import { type Database, textOf } from './database.ts';
import type { Member } from './events.ts';

/** How long a name without a password is kept for somebody who is away, in milliseconds: 24 hours. */
export const identityLifetime = 24 * 60 * 60 * 1000;

/** Whose name it is. */
export interface Holder {
  readonly member: Member;
  /** What is stored of their password; empty when they have none. */
  readonly password: string;
}

export class IdentityTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Whose name that is now. @param key of the name, as names.ts makes it */
  holderOf(key: string, now: number): Holder | undefined {
    const sql = `SELECT member_id, name, coalesce(password, '') AS password FROM identity WHERE name_key = ? AND ${alive}`;
    const row = this.#database.get(sql, [key, now - identityLifetime]);
    return row === undefined ? undefined : { member: memberOf(row), password: textOf(row, 'password') };
  }

  /** The member of that id, unless their time is over. */
  living(id: string, now: number): Member | undefined {
    const sql = `SELECT member_id, name FROM identity WHERE member_id = ? AND ${alive}`;
    const row = this.#database.get(sql, [id, now - identityLifetime]);
    return row === undefined ? undefined : memberOf(row);
  }

  /** The member of that id, unless they are forgotten. */
  member(id: string): Member | undefined {
    const row = this.#database.get('SELECT member_id, name FROM identity WHERE member_id = ?', [id]);
    return row === undefined ? undefined : memberOf(row);
  }

  /** What is stored of a member's password; empty when there is none. */
  passwordOf(id: string): string {
    const sql = "SELECT coalesce(password, '') AS password FROM identity WHERE member_id = ?";
    const row = this.#database.get(sql, [id]);
    return row === undefined ? '' : textOf(row, 'password');
  }

  /** Who is noted as being here, unless that was over 24 hours ago. */
  here(now: number): Member[] {
    const sql = `SELECT member_id, name FROM identity WHERE is_here = 1 AND last_here > ? AND ${alive}
      ORDER BY last_here, member_id`;
    const earliest = now - identityLifetime;
    return this.#database.all(sql, [earliest, earliest]).map(memberOf);
  }

  /** Whose time is over. */
  dead(now: number): Member[] {
    const sql = `SELECT member_id, name FROM identity WHERE NOT ${alive}`;
    return this.#database.all(sql, [now - identityLifetime]).map(memberOf);
  }

  // Changes, only from inside the work of `write`. ------------------------------------------------------------------

  /** Gives a name to a new member. Nobody may hold it; who had it before is forgotten at the next sweep. */
  add({ id, name }: Member, key: string, now: number): void {
    // No name begins with a space.
    this.#database.run("UPDATE identity SET name_key = ' ' || member_id WHERE name_key = ?", [key]);
    const sql = 'INSERT INTO identity (member_id, name, name_key, last_here) VALUES (?, ?, ?, ?)';
    this.#database.run(sql, [id, name, key, now]);
  }

  setPassword(id: string, password: string): void {
    this.#database.run("UPDATE identity SET password = nullif(?, '') WHERE member_id = ?", [password, id]);
  }

  setHere(id: string, isHere: boolean, now: number): void {
    const sql = 'UPDATE identity SET is_here = ?, last_here = ? WHERE member_id = ?';
    this.#database.run(sql, [isHere ? 1 : 0, now, id]);
  }

  /** A device of a member's was used: that counts as having been here, also over plain HTTP. */
  noteSeen(device: string, now: number): void {
    const sql = `UPDATE identity SET last_here = max(last_here, ?)
      WHERE member_id = (SELECT member_id FROM device WHERE id = ?)`;
    this.#database.run(sql, [now, device]);
  }

  /** Everybody who is here still is. */
  refresh(now: number): void {
    this.#database.run('UPDATE identity SET last_here = ? WHERE is_here = 1', [now]);
  }

  /** Nobody is here any more who was last noted as being here more than 24 hours ago. */
  dropStale(now: number): void {
    const sql = 'UPDATE identity SET is_here = 0 WHERE is_here = 1 AND last_here <= ?';
    this.#database.run(sql, [now - identityLifetime]);
  }

  remove(id: string): void {
    this.#database.run('DELETE FROM device WHERE member_id = ?', [id]);
    this.#database.run('DELETE FROM identity WHERE member_id = ?', [id]);
  }
}

/** Whether a name is still somebody's: takes one value, the time 24 hours ago. */
const alive = `(password IS NOT NULL OR ((is_here = 1 OR last_here > ?)
  AND EXISTS (SELECT 1 FROM device WHERE device.member_id = identity.member_id)))`;

function memberOf(row: unknown): Member {
  return { id: textOf(row, 'member_id'), name: textOf(row, 'name') };
}
