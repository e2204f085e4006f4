/**
 * Who owns the server. Until somebody does there is a code, which the program prints with its address when it starts:
 * whoever comes with it becomes the owner. Called by identity.ts.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Database, textOf } from './database.ts';
import { Refusal } from './refusal.ts';

const key = 'owner-code';

export class Owner {
  readonly #database: Database;
  /** Their ids: that is asked of each member of each room that is opened. */
  #owners: ReadonlySet<string> = new Set();

  /** Makes the code when there is no owner; it stays the same until it is used. */
  constructor(database: Database) {
    this.#database = database;
    this.reload();
    if (this.#hasOwner() || this.#stored() !== undefined) return;
    const code = randomBytes(18).toString('base64url');
    database.run('INSERT INTO meta (key, value) VALUES (?, ?)', [key, code]);
  }

  /** Undefined when there is an owner, or was one when the program started. */
  get code(): string | undefined {
    return this.#hasOwner() ? undefined : this.#stored();
  }

  /** Whether that member owns the server. */
  is(memberId: string): boolean {
    return this.#owners.has(memberId);
  }

  /** To be called when a change is durable: somebody became the owner, or was forgotten. */
  reload(): void {
    const rows = this.#database.all('SELECT member_id FROM identity WHERE is_owner = 1');
    this.#owners = new Set(rows.map((row) => textOf(row, 'member_id')));
  }

  /** Makes a member the owner. Only from inside the work of `write`. @throws Refusal `forbidden` */
  claim(memberId: string, code: string): void {
    const expected = this.code;
    if (expected === undefined) {
      throw new Refusal('forbidden', 'This server has an owner already.', { field: 'data.code' });
    }
    if (!isSame(code, expected)) {
      const message = 'That is not the code that the server printed when it was started.';
      throw new Refusal('forbidden', message, { field: 'data.code' });
    }
    this.#database.run('UPDATE identity SET is_owner = 1 WHERE member_id = ?', [memberId]);
    this.#database.run('DELETE FROM meta WHERE key = ?', [key]);
  }

  #stored(): string | undefined {
    const row = this.#database.get('SELECT value FROM meta WHERE key = ?', [key]);
    return row === undefined ? undefined : textOf(row, 'value');
  }

  #hasOwner(): boolean {
    return this.#database.get('SELECT 1 AS found FROM identity WHERE is_owner = 1') !== undefined;
  }
}

/** Whether two secrets are the same, in a time that tells nothing about them. */
export function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
