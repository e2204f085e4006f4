/**
 * The browsers and programs that are signed in: table device. Only looks up and writes down. A device is unconfirmed
 * until it has shown that its token arrived, for nobody can sign out one whose token was lost on its way. Called by
 * identity.ts.
 */
import { type Database, numberOf, textOf } from './database.ts';

/** Milliseconds after which a device that never came back with its token is forgotten. */
export const unconfirmedTime = 5 * 60 * 1000;

/** The most devices of one member; the one that was not seen for longest makes place. */
export const maximumDevices = 50;

export interface DeviceRecord {
  readonly id: string;
  readonly memberId: string;
  readonly label: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** When its newest token expires. */
  readonly expires: number;
  readonly isConfirmed: boolean;
}

export class Devices {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  find(id: string): DeviceRecord | undefined {
    const row = this.#database.get(`${select} WHERE id = ?`, [id]);
    return row === undefined ? undefined : recordOf(row);
  }

  /** A member's devices, the one that was seen last first. */
  of(memberId: string): DeviceRecord[] {
    const sql = `${select} WHERE member_id = ? ORDER BY last_seen DESC, created_at DESC, id`;
    return this.#database.all(sql, [memberId]).map(recordOf);
  }

  // Changes, only from inside the work of `write`. ------------------------------------------------------------------

  /** @returns ids of devices that had to make place */
  add({
    id,
    memberId,
    label,
    createdAt,
    expires,
  }: Omit<DeviceRecord, 'isConfirmed' | 'lastSeenAt'>): string[] {
    const superfluous = this.of(memberId).slice(maximumDevices - 1);
    for (const device of superfluous) this.remove(device.id);
    this.#database.run(
      `INSERT INTO device (id, member_id, label, created_at, last_seen, expires, is_confirmed)
        VALUES (?, ?, ?, ?, ?, ?, 0)`,
      [id, memberId, label, createdAt, createdAt, expires],
    );
    return superfluous.map((device) => device.id);
  }

  /** It came back with its token. */
  noteSeen(id: string, now: number): void {
    this.#database.run('UPDATE device SET is_confirmed = 1, last_seen = ? WHERE id = ?', [now, id]);
  }

  noteRenewed(id: string, expires: number, now: number): void {
    this.#database.run('UPDATE device SET expires = ?, last_seen = ? WHERE id = ?', [expires, now, id]);
  }

  remove(id: string): void {
    this.#database.run('DELETE FROM device WHERE id = ?', [id]);
  }

  removeUnconfirmedOf(memberId: string): void {
    this.#database.run('DELETE FROM device WHERE member_id = ? AND is_confirmed = 0', [memberId]);
  }

  /** Forgets, of members who are away, what was never confirmed and what has only tokens that have expired. */
  sweep(now: number): void {
    this.#database.run(
      `DELETE FROM device WHERE (expires <= ? OR (is_confirmed = 0 AND created_at <= ?))
        AND member_id NOT IN (SELECT member_id FROM identity WHERE is_here = 1)`,
      [now, now - unconfirmedTime],
    );
  }
}

const select = 'SELECT id, member_id, label, created_at, last_seen, expires, is_confirmed FROM device';

function recordOf(row: unknown): DeviceRecord {
  return {
    id: textOf(row, 'id'),
    memberId: textOf(row, 'member_id'),
    label: textOf(row, 'label'),
    createdAt: numberOf(row, 'created_at'),
    lastSeenAt: numberOf(row, 'last_seen'),
    expires: numberOf(row, 'expires'),
    isConfirmed: numberOf(row, 'is_confirmed') === 1,
  };
}
