/**
 * Who is who, without accounts: a name belongs to whoever holds its token. A token is 32 random octets, of which only
 * the SHA-256 is kept, so a stolen database lets nobody in; it is found by that hash, so there is no comparison to
 * time. A name stays its owner's until they log out, or 24 hours after they were last here. Called by the handlers,
 * chat.ts and site.ts. Writes share the database's group commit.
 *
 * A token may be lost on its way, and then nobody can give the name back. So an identity is unconfirmed until its owner
 * has shown that they have the token, and one that is still unconfirmed when they go is revoked.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type Database, numberOf, textOf } from './database.ts';
import type { Member } from './events.ts';
import { judgeName, type NameProblem, nameKey, nameLength } from './names.ts';

/** How long a name is kept for somebody who is away, in milliseconds: 24 hours. */
export const identityLifetime = 24 * 60 * 60 * 1000;

export type Issued =
  | { readonly status: 'issued'; readonly member: Member; readonly token: string }
  | { readonly status: 'invalid'; readonly problem: NameProblem }
  | { readonly status: 'taken'; readonly name: string; readonly suggestion: string };

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

export class Identities {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Gives a free name to somebody new. Resolves when that is durable. */
  async issue(rawName: string, now: number): Promise<Issued> {
    const verdict = judgeName(rawName);
    if ('problem' in verdict) return { status: 'invalid', problem: verdict.problem };
    const { name, key } = verdict;
    const member = { id: randomBytes(12).toString('base64url'), name };
    const token = randomBytes(32).toString('base64url');
    return this.#database.write((): Issued => {
      if (this.#isTaken(key, now)) return { status: 'taken', name, suggestion: this.#suggest(name, now) };
      this.#database.run('DELETE FROM identity WHERE name_key = ?', [key]);
      this.#database.run(
        'INSERT INTO identity (token_hash, member_id, name, name_key, last_here, is_here, is_confirmed) VALUES (?, ?, ?, ?, ?, 0, 0)',
        [hashOf(token), member.id, name, key, now],
      );
      return { status: 'issued', member, token };
    });
  }

  /** Whose token that is; undefined when nobody has it, it was logged out, or its 24 hours are over. */
  find(token: string, now: number): Member | undefined {
    return this.#find(token, now)?.member;
  }

  /** As `find`, for one who has come with the token: it is confirmed from then on. Resolves when that is durable. */
  async claim(token: string, now: number): Promise<Member | undefined> {
    const found = this.#find(token, now);
    if (found === undefined || found.isConfirmed) return found?.member;
    await this.confirm(found.member.id);
    // What was queued before may have revoked it.
    return this.find(token, now);
  }

  /** Notes that a member has their token. Resolves when that is durable. */
  confirm(memberId: string): Promise<void> {
    return this.#database.write(() => {
      this.#database.run('UPDATE identity SET is_confirmed = 1 WHERE member_id = ?', [memberId]);
    });
  }

  /** Makes the member's token void and their name free. Resolves when that is durable. */
  revoke(memberId: string): Promise<void> {
    return this.#database.write(() => {
      this.#database.run('DELETE FROM identity WHERE member_id = ?', [memberId]);
    });
  }

  /**
   * Notes that a member came or went: while they are here their token does not age. Who goes unconfirmed is revoked.
   */
  notePresence(memberId: string, isHere: boolean, now: number): Promise<void> {
    return this.#database.write(() => {
      if (!isHere) {
        this.#database.run('DELETE FROM identity WHERE member_id = ? AND is_confirmed = 0', [memberId]);
      }
      const sql = 'UPDATE identity SET is_here = ?, last_here = ? WHERE member_id = ?';
      this.#database.run(sql, [isHere ? 1 : 0, now, memberId]);
    });
  }

  /** Notes that everybody who is here still is, and forgets whose 24 hours are over. To be called every few minutes. */
  refresh(now: number): Promise<void> {
    return this.#database.write(() => {
      this.#database.run('UPDATE identity SET last_here = ? WHERE is_here = 1', [now]);
      this.#database.run('DELETE FROM identity WHERE is_here = 0 AND last_here <= ?', [
        now - identityLifetime,
      ]);
    });
  }

  /** Who was here when the last process ended, clean or not, unless that is over 24 hours ago. */
  wereHere(now: number): Member[] {
    return this.#database
      .all('SELECT member_id, name FROM identity WHERE is_here = 1 AND last_here > ? ORDER BY rowid', [
        now - identityLifetime,
      ])
      .map((row) => ({ id: textOf(row, 'member_id'), name: textOf(row, 'name') }));
  }

  /**
   * Forgets what the last process can have left behind: names of members who were here when it ended more than 24 hours
   * ago, and names that it gave in its last moment to somebody who never came in. To be called once, before sign-ins.
   */
  forgetLost(now: number): Promise<void> {
    return this.#database.write(() => {
      const sql = 'DELETE FROM identity WHERE last_here <= ? OR (is_here = 0 AND is_confirmed = 0)';
      this.#database.run(sql, [now - identityLifetime]);
    });
  }

  #find(token: string, now: number): { readonly member: Member; readonly isConfirmed: boolean } | undefined {
    const row = this.#database.get(
      'SELECT member_id, name, is_confirmed FROM identity WHERE token_hash = ? AND (is_here = 1 OR last_here > ?)',
      [hashOf(token), now - identityLifetime],
    );
    if (row === undefined) return undefined;
    const member = { id: textOf(row, 'member_id'), name: textOf(row, 'name') };
    return { member, isConfirmed: numberOf(row, 'is_confirmed') === 1 };
  }

  #isTaken(key: string, now: number): boolean {
    const sql =
      'SELECT count(*) AS taken FROM identity WHERE name_key = ? AND (is_here = 1 OR last_here > ?)';
    return numberOf(this.#database.get(sql, [key, now - identityLifetime]), 'taken') > 0;
  }

  /** The name with the first free number behind it, cut so that both fit. */
  #suggest(name: string, now: number): string {
    const graphemes = [...segmenter.segment(name)].map(({ segment }) => segment);
    for (let number = 2; ; number++) {
      const ending = ` ${number}`;
      // Graphemes can be long: when the whole would be over the limit of units too, more of them go.
      for (let length = nameLength.maximum - ending.length; length > 0; length--) {
        const verdict = judgeName(graphemes.slice(0, length).join('').trimEnd() + ending);
        if ('problem' in verdict) continue;
        if (!this.#isTaken(nameKey(verdict.name), now)) return verdict.name;
        break;
      }
    }
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
