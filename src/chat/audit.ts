/**
 * Who did what to whom as a moderator or an owner: table audit, written in the transaction of what was done, never
 * changed. Called by moderation.ts and the handlers.
 */
import { type Database, numberOf, textOf } from './database.ts';
import type { AuditEntry, Member } from './events.ts';

export interface Deed {
  readonly by: Member;
  /** The request that was carried out, as `moderation:kick`. */
  readonly action: string;
  /** Undefined for the whole server. */
  readonly room: string | undefined;
  readonly member?: Member | undefined;
  /** Reason, duration, role or the like, in words. */
  readonly details: string;
}

export class Audit {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Writes a deed down. Only from inside the work of `write`. */
  add({ by, action, room, member, details }: Deed, now: number): void {
    this.#database.run(
      `INSERT INTO audit (time, by_id, by_name, action, room, member_id, member_name, details)
        VALUES (?, ?, ?, ?, nullif(?, ''), nullif(?, ''), nullif(?, ''), ?)`,
      [now, by.id, by.name, action, room ?? '', member?.id ?? '', member?.name ?? '', details],
    );
  }

  /**
   * Newest first.
   * @param room undefined for everything, in whatever room
   * @param before number of an entry; only what came earlier
   */
  list(
    room: string | undefined,
    before: number | undefined,
    limit: number,
  ): { readonly entries: AuditEntry[]; readonly hasMore: boolean } {
    const rows = this.#database.all(
      `SELECT number, time, by_id, by_name, action, coalesce(room, '') AS room,
          coalesce(member_id, '') AS member_id, coalesce(member_name, '') AS member_name, details
        FROM audit WHERE (? = '' OR room = ?) AND number < ? ORDER BY number DESC LIMIT ?`,
      [room ?? '', room ?? '', before ?? Number.MAX_SAFE_INTEGER, limit + 1],
    );
    return { entries: rows.slice(0, limit).map(entryOf), hasMore: rows.length > limit };
  }
}

function entryOf(row: unknown): AuditEntry {
  const [room, memberId] = [textOf(row, 'room'), textOf(row, 'member_id')];
  return {
    number: numberOf(row, 'number'),
    time: numberOf(row, 'time'),
    by: { id: textOf(row, 'by_id'), name: textOf(row, 'by_name') },
    action: textOf(row, 'action'),
    ...(room !== '' && { room }),
    ...(memberId !== '' && { member: { id: memberId, name: textOf(row, 'member_name') } }),
    details: textOf(row, 'details'),
  };
}
