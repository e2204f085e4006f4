/**
 * Who is who. A name without a password belongs to the devices that are signed in under it: until the last of them signs
 * out, or 24 hours after somebody was last here under it. A name with a password is kept for ever, and whoever knows the
 * password may sign in from another device. Tables identity and device; writes share the database's group commit.
 * Called by sign-in.ts, the handlers, chat.ts, and what carries uploads and other requests with a token.
 *
 * A token may be lost on its way, and then nobody can sign that device out. So a device is unconfirmed until it has
 * shown its token or spoken again, and one that is still unconfirmed when its member goes is forgotten.
 */
import { randomBytes } from 'node:crypto';
import { countedAddress } from '../ip-address.ts';
import { Bans, bannedRefusal } from './bans.ts';
import type { Database } from './database.ts';
import { type DeviceRecord, Devices } from './devices.ts';
import { type Admission, Entry, type EntryOptions } from './entry.ts';
import type { Member } from './events.ts';
import { type Holder, IdentityTable } from './identity-table.ts';
import { Invitations } from './invitations.ts';
import { judgeName, nameProblems, suggestName } from './names.ts';
import { Owner } from './owner.ts';
import { Passwords, SecretTries } from './passwords.ts';
import { Refusal } from './refusal.ts';
import { Tokens, type TokenVerdict, tokenRefusal } from './tokens.ts';

export interface IdentitiesOptions {
  /** What it takes to get in under a new name. Default: nothing. */
  readonly entry?: EntryOptions;
  /** Milliseconds for which a token is good. Default 24 hours. */
  readonly tokenLifetime?: number;
  /** Default: with the cost that is good today. Tests take a cheap one. */
  readonly passwords?: Passwords;
}

export interface EnterRequest {
  readonly name: string;
  readonly password?: string | undefined;
  readonly serverPassword?: string | undefined;
  readonly invitation?: string | undefined;
  /** What the device calls itself. */
  readonly label: string;
  readonly remoteAddress: string;
  /** A token that came along: whoever is that member already needs no password. */
  readonly credential?: string | undefined;
}

export interface Entered {
  readonly member: Member;
  /** Id of the new device. */
  readonly device: string;
  readonly token: string;
  /** When the token expires. Unix time in milliseconds. */
  readonly expires: number;
  /** Whether nobody had this name before. */
  readonly isNew: boolean;
  /** The room that a new member was invited to; the invitation is counted already. */
  readonly invitedTo: string | undefined;
  /** Devices that had to make place: their connections are to be closed. */
  readonly ended: readonly string[];
}

export type Authenticated =
  | { readonly status: 'known'; readonly member: Member; readonly device: string; readonly expires: number }
  | { readonly status: 'token-unknown' | 'token-expired' }
  /** From the whole server. `until` is undefined when that is for ever. */
  | { readonly status: 'banned'; readonly refusal: Refusal };

/** Invitations outlive who made them by so many milliseconds: a week. */
const invitationGrace = 7 * 24 * 60 * 60 * 1000;
/** A device that is used is noted as seen this often, in milliseconds. */
const seenInterval = 60_000;

export class Identities {
  /** What it takes to get in under a new name, as `server:hello` says it. */
  readonly entry: { readonly serverPassword: boolean; readonly invitation: boolean };
  readonly invitations: Invitations;
  readonly bans: Bans;
  readonly #database: Database;
  readonly #devices: Devices;
  readonly #entry: Entry;
  readonly #owner: Owner;
  readonly #names: IdentityTable;
  readonly #passwords: Passwords;
  readonly #tokens: Tokens;
  readonly #tries = new SecretTries();
  #begun = false;

  constructor(database: Database, options: IdentitiesOptions = {}) {
    this.#database = database;
    this.#devices = new Devices(database);
    this.#names = new IdentityTable(database);
    this.#owner = new Owner(database);
    this.#passwords = options.passwords ?? new Passwords();
    this.#tokens = new Tokens(database.tokenSecret, options.tokenLifetime);
    this.invitations = new Invitations(database);
    this.bans = new Bans(database);
    this.#entry = new Entry(this.invitations, this.#tries, options.entry);
    this.entry = this.#entry.needs;
  }

  /** The code that makes somebody the server's owner; undefined when there is one. */
  get ownerCode(): string | undefined {
    return this.#owner.code;
  }

  // Coming in -------------------------------------------------------------------------------------------------------

  /**
   * Signs a device in: under a free name, or under one that has a password. Resolves when that is durable. Nobody waits
   * for the address's sign-ins here; wrong passwords are counted.
   * @throws Refusal for everything that a person may get wrong, and `banned`
   */
  async enter(request: EnterRequest, now: number): Promise<Entered> {
    const verdict = judgeName(request.name);
    if ('problem' in verdict) {
      throw new Refusal('invalid', nameProblems[verdict.problem], { field: 'data.name' });
    }
    const { name, key } = verdict;
    const known = this.#names.holderOf(key, now);
    const isOwn = known !== undefined && (await this.#isCredentialOf(request.credential, known.member, now));
    if (known !== undefined && !isOwn && known.password !== '') {
      await this.#checkPassword(request, known, now);
    }
    if (known !== undefined && (isOwn || known.password !== '')) return this.#enterAgain(request, known, now);
    this.bans.checkAddress(request.remoteAddress, now);
    const admission = this.#entry.admit(request, now);
    return this.#enterNew(request, { id: newId(), name }, key, admission, now);
  }

  /** Whose token that is, if it is still good. A device that comes with its token is confirmed by that. */
  async authenticate(token: string, now: number): Promise<Authenticated> {
    const verdict = await this.#tokens.verify(token, now);
    if (verdict.status === 'forged') return { status: 'token-unknown' };
    const found = this.#judge(verdict, now);
    if (found.status !== 'known') return found;
    const device = this.#devices.find(found.device);
    if (device?.isConfirmed === true && now - device.lastSeenAt < seenInterval) return found;
    await this.confirm(found.device, now);
    // What was queued before may have signed it out, or banned its member.
    return this.#judge(verdict, now);
  }

  /** A new token for a device that is signed in. @throws Refusal `token-unknown` when it is not */
  async refreshToken(device: string, now: number): Promise<{ token: string; expires: number }> {
    const record = this.#devices.find(device);
    if (record === undefined) throw tokenRefusal('token-unknown');
    const token = await this.#tokens.issue({ memberId: record.memberId, deviceId: device }, now);
    const expires = this.#tokens.expiryAt(now);
    return this.#database.write(() => {
      if (this.#devices.find(device) === undefined) throw tokenRefusal('token-unknown');
      this.#devices.noteRenewed(device, expires, now);
      this.#names.noteSeen(device, now);
      return { token, expires };
    });
  }

  /** Notes that a device has its token. Resolves when that is durable. */
  confirm(device: string, now: number): Promise<void> {
    return this.#database.write(() => {
      this.#devices.noteSeen(device, now);
      this.#names.noteSeen(device, now);
    });
  }

  // Who they are ----------------------------------------------------------------------------------------------------

  /** The member of that id; undefined when there is none, or they are forgotten. */
  member(id: string): Member | undefined {
    return this.#names.member(id);
  }

  /** Whether that member owns the server. */
  isOwner(id: string): boolean {
    return this.#owner.is(id);
  }

  hasPassword(id: string): boolean {
    return this.#names.passwordOf(id) !== '';
  }

  /**
   * Gives a name a password, another one, or with '' none. Resolves when that is durable. @param current if there is one
   * @throws Refusal `password-needed`, `password-wrong`, `rate-limited`
   */
  async setPassword(
    memberId: string,
    password: string,
    current: string | undefined,
    remoteAddress: string,
    now: number,
  ): Promise<void> {
    // Hashing costs, so that changes count as wrong tries do.
    this.#tries.take(countedAddress(remoteAddress), memberId, now);
    const stored = this.#names.passwordOf(memberId);
    if (stored !== '') {
      if (current === undefined) {
        const message = 'Your name has a password: say that one too, as `current`.';
        throw new Refusal('password-needed', message, { field: 'data.current' });
      }
      if (!(await this.#passwords.verify(current, stored))) {
        throw new Refusal('password-wrong', 'That is not your password.', { field: 'data.current' });
      }
    }
    const next = password === '' ? '' : await this.#passwords.hash(password);
    await this.#database.write(() => {
      // Two of their devices at once: the second has not said the password that the first has set.
      if (this.#names.passwordOf(memberId) !== stored) {
        const message = 'Your password was changed a moment ago, on another device.';
        throw new Refusal('password-wrong', message, { field: 'data.current' });
      }
      this.#names.setPassword(memberId, next);
    });
  }

  /**
   * Makes a member the server's owner. Resolves when that is durable.
   * @throws Refusal `forbidden` when the code is wrong or there is an owner, `rate-limited`
   */
  async claim(memberId: string, code: string, remoteAddress: string, now: number): Promise<void> {
    const takeBack = this.#tries.take(countedAddress(remoteAddress), undefined, now);
    await this.#database.write(
      () => this.#owner.claim(memberId, code),
      () => this.#owner.reload(),
    );
    takeBack();
  }

  // Devices ---------------------------------------------------------------------------------------------------------

  /** The devices that are signed in as a member, the one that was seen last first. */
  devices(memberId: string): DeviceRecord[] {
    return this.#devices.of(memberId);
  }

  /** Signs out one of a member's devices. Resolves when that is durable. @throws Refusal `device-unknown` */
  revokeDevice(memberId: string, device: string): Promise<void> {
    return this.#database.write(() => {
      if (this.#devices.find(device)?.memberId !== memberId) {
        const message = 'There is no such device of yours: it may have signed out.';
        throw new Refusal('device-unknown', message, { field: 'data.device' });
      }
      this.#devices.remove(device);
    });
  }

  /**
   * Signs a device out, or all of its member's. When none is left, a name without a password is free. Resolves when
   * that is durable.
   * @returns the ids of the devices that were signed out
   */
  leave(device: string, everywhere: boolean): Promise<string[]> {
    return this.#database.write(() => {
      const record = this.#devices.find(device);
      if (record === undefined) return [];
      const leaving = everywhere ? this.#devices.of(record.memberId).map(({ id }) => id) : [device];
      for (const id of leaving) this.#devices.remove(id);
      return leaving;
    });
  }

  // Presence --------------------------------------------------------------------------------------------------------

  /** Notes that a member came or went: while they are here their name does not age. */
  notePresence(memberId: string, isHere: boolean, now: number): Promise<void> {
    return this.#database.write(() => {
      if (!isHere) this.#devices.removeUnconfirmedOf(memberId);
      this.#names.setHere(memberId, isHere, now);
    });
  }

  /** Who was here when the last process ended, clean or not, unless that is over 24 hours ago. */
  wereHere(now: number): Member[] {
    return this.#names.here(now);
  }

  /** Notes that everybody who is here still is. To be called every few minutes. */
  refresh(now: number): Promise<void> {
    return this.#database.write(() => {
      this.#begin(now);
      this.#names.refresh(now);
    });
  }

  /**
   * Forgets devices and names whose time is over. To be called every few minutes. Resolves when that is durable.
   * @returns the members that are no more
   */
  async sweep(now: number): Promise<Member[]> {
    this.#tries.sweep(now);
    await this.invitations.sweep(now);
    const work = (): Member[] => {
      this.#begin(now);
      this.#devices.sweep(now);
      const forgotten = this.#names.dead(now);
      for (const { id } of forgotten) {
        this.#names.remove(id);
        this.invitations.endOf(id, now + invitationGrace);
      }
      return forgotten;
    };
    return this.#database.write(work, () => this.#owner.reload());
  }

  /** What a token of ours is worth now. */
  #judge(verdict: Exclude<TokenVerdict, { readonly status: 'forged' }>, now: number): Authenticated {
    const { memberId, deviceId } = verdict.subject;
    const member = this.#names.living(memberId, now);
    if (member === undefined || this.#devices.find(deviceId)?.memberId !== memberId) {
      return { status: 'token-unknown' };
    }
    if (verdict.status === 'expired') return { status: 'token-expired' };
    const ban = this.bans.find(undefined, memberId, now);
    if (ban !== undefined) return { status: 'banned', refusal: bannedRefusal('this server', ban, now) };
    return { status: 'known', member, device: deviceId, expires: verdict.expires };
  }

  /** Once in a process: nobody is here who was when the last one ended more than 24 hours ago. */
  #begin(now: number): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#names.dropStale(now);
  }

  async #enterAgain(request: EnterRequest, known: Holder, now: number): Promise<Entered> {
    return this.#addDevice(request, known.member, now, () => {
      this.bans.check(undefined, known.member.id, now);
      // Signed out, or given another password, while this one was being checked.
      if (
        this.#names.living(known.member.id, now) === undefined ||
        this.#names.passwordOf(known.member.id) !== known.password
      ) {
        const message = 'Something about this name changed while you signed in: try again.';
        throw new Refusal('password-wrong', message, { field: 'data.password' });
      }
      return { isNew: false, invitedTo: undefined };
    });
  }

  async #enterNew(
    request: EnterRequest,
    member: Member,
    key: string,
    admission: Admission,
    now: number,
  ): Promise<Entered> {
    return this.#addDevice(request, member, now, () => {
      if (this.#names.holderOf(key, now) !== undefined) {
        const suggestion = this.#suggest(member.name, now);
        const message = `The name ${member.name} is taken; ${suggestion} is free.`;
        throw new Refusal('name-taken', message, { field: 'data.name', suggestion });
      }
      this.#names.add(member, key, now);
      return { isNew: true, invitedTo: admission.count() };
    });
  }

  /** @param prepare runs in the transaction, and may refuse */
  async #addDevice(
    { label }: EnterRequest,
    member: Member,
    now: number,
    prepare: () => Pick<Entered, 'isNew' | 'invitedTo'>,
  ): Promise<Entered> {
    const device = newId();
    const token = await this.#tokens.issue({ memberId: member.id, deviceId: device }, now);
    const expires = this.#tokens.expiryAt(now);
    return this.#database.write(() => {
      const prepared = prepare();
      const ended = this.#devices.add({ id: device, memberId: member.id, label, createdAt: now, expires });
      return { member, device, token, expires, ...prepared, ended };
    });
  }

  async #checkPassword({ password, remoteAddress }: EnterRequest, known: Holder, now: number): Promise<void> {
    const suggestion = this.#suggest(known.member.name, now);
    if (password === undefined) {
      const message = `The name ${known.member.name} has a password: say it, or take another name; ${suggestion} is free.`;
      throw new Refusal('password-needed', message, { field: 'data.password', suggestion });
    }
    const takeBack = this.#tries.take(countedAddress(remoteAddress), known.member.id, now);
    if (!(await this.#passwords.verify(password, known.password))) {
      const message = `That is not the password of ${known.member.name}. Try again, or take another name; ${suggestion} is free.`;
      throw new Refusal('password-wrong', message, { field: 'data.password', suggestion });
    }
    takeBack();
  }

  async #isCredentialOf(token: string | undefined, member: Member, now: number): Promise<boolean> {
    if (token === undefined) return false;
    const found = await this.authenticate(token, now);
    return found.status === 'known' && found.member.id === member.id;
  }

  #suggest(name: string, now: number): string {
    return suggestName(name, (key) => this.#names.holderOf(key, now) !== undefined);
  }
}

function newId(): string {
  return randomBytes(12).toString('base64url');
}
