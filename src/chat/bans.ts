/**
 * Who is banned, from a room or from the whole server: table ban. Only looks up and writes down; who may ban whom is
 * moderation.ts's to say. Called by moderation.ts, and by identity.ts for the server's bans.
 */
import { AddressRange, countedAddress, parseIpAddress } from '../ip-address.ts';
import { type Database, numberOf, textOf } from './database.ts';
import type { Ban, Member } from './events.ts';
import { inWords, Refusal } from './refusal.ts';

/** How long a new name from the address of somebody who was banned from the server is refused: one hour. */
const addressBanTime = 60 * 60 * 1000;

/** Stands for the server in the table, where each ban has a room. No room is called so. */
const wholeServer = '';

/**
 * Addresses that may be everybody's, as seen behind a proxy that nobody told us of: loopback, private, link-local and
 * carrier networks (RFC 6890 §2.2).
 */
const shared = [
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10'],
  ...['::1', 'fc00::/7', 'fe80::/10'],
].map((range) => new AddressRange(range));

export interface NewBan {
  /** Undefined for the whole server. */
  readonly room: string | undefined;
  readonly member: Member;
  readonly by: Member;
  readonly reason: string;
  /** Undefined for ever. */
  readonly until: number | undefined;
  /** IP addresses that they were connected from. */
  readonly addresses: readonly string[];
}

export class Bans {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The ban that holds for a member in a room, or with no room on the server. */
  find(room: string | undefined, memberId: string, now: number): Ban | undefined {
    const sql = `${select} WHERE room = ? AND member_id = ? AND (until IS NULL OR until > ?)`;
    const row = this.#database.get(sql, [room ?? wholeServer, memberId, now]);
    return row === undefined ? undefined : banOf(row);
  }

  /** @throws Refusal `banned` when the member is, from that room or with no room from the server */
  check(room: string | undefined, memberId: string, now: number): void {
    const ban = this.find(room, memberId, now);
    if (ban !== undefined) throw bannedRefusal(room === undefined ? 'this server' : 'this room', ban, now);
  }

  /** @throws Refusal `banned` when somebody at that address was banned from the server within the hour */
  checkAddress(address: string, now: number): void {
    const sql = `${select} WHERE room = ? AND time > ? AND (until IS NULL OR until > ?)
      AND instr(' ' || address || ' ', ' ' || ? || ' ') > 0 ORDER BY time DESC LIMIT 1`;
    const counted = countedAddress(address);
    const row = this.#database.get(sql, [wholeServer, now - addressBanTime, now, counted]);
    if (row === undefined) return;
    const { time, until = Infinity } = banOf(row);
    const retryAfter = Math.min(until, time + addressBanTime) - now;
    const message = `Somebody at your address was banned a moment ago: no new names from there for ${inWords(retryAfter)}.`;
    throw new Refusal('banned', message, { retryAfter });
  }

  /** Who is banned from a room or the server now, newest first. */
  list(room: string | undefined, now: number): Ban[] {
    const sql = `${select} WHERE room = ? AND (until IS NULL OR until > ?) ORDER BY time DESC, member_id`;
    return this.#database.all(sql, [room ?? wholeServer, now]).map(banOf);
  }

  /** Writes a ban down, in place of one that there is. Only from inside the work of `write`. */
  add({ room = wholeServer, member, by, reason, until, addresses }: NewBan, now: number): void {
    const counted = addresses.filter((address) => !isShared(address)).map(countedAddress);
    this.#database.run('DELETE FROM ban WHERE (room = ? AND member_id = ?) OR until <= ?', [
      room,
      member.id,
      now,
    ]);
    this.#database.run(
      `INSERT INTO ban (room, member_id, member_name, address, by_id, by_name, time, until, reason)
        VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, -1), ?)`,
      [
        room,
        member.id,
        member.name,
        [...new Set(counted)].join(' '),
        by.id,
        by.name,
        now,
        until ?? -1,
        reason,
      ],
    );
  }

  /** Lifts a ban. Only from inside the work of `write`. @returns whom it was of, or undefined when there was none */
  remove(room: string | undefined, memberId: string, now: number): Member | undefined {
    const ban = this.find(room, memberId, now);
    this.#database.run('DELETE FROM ban WHERE room = ? AND member_id = ?', [room ?? wholeServer, memberId]);
    return ban?.member;
  }
}

const select = `SELECT member_id, member_name, by_id, by_name, time, coalesce(until, -1) AS until, reason FROM ban`;

function banOf(row: unknown): Ban {
  const until = numberOf(row, 'until');
  return {
    member: { id: textOf(row, 'member_id'), name: textOf(row, 'member_name') },
    by: { id: textOf(row, 'by_id'), name: textOf(row, 'by_name') },
    time: numberOf(row, 'time'),
    ...(until === -1 ? {} : { until }),
    reason: textOf(row, 'reason'),
  };
}

/** What somebody is told who is banned. @param where as in “this room” */
export function bannedRefusal(where: string, { until, reason }: Ban, now: number): Refusal {
  const length = until === undefined ? '' : ` for ${inWords(until - now)}`;
  const why = reason === '' ? '' : `: ${reason}`;
  const message = `You are banned from ${where}${length}${why}.`;
  return new Refusal('banned', message, until === undefined ? {} : { retryAfter: until - now });
}

function isShared(address: string): boolean {
  const octets = parseIpAddress(address);
  return octets === undefined || shared.some((range) => range.has(octets));
}
