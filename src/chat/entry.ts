/**
 * What it takes to get in under a new name: nothing, the server's password, or an invitation; where the host asks for
 * both, either will do. Called by identity.ts.
 */
import { countedAddress } from '../ip-address.ts';
import { type Invitations, invitationUnknown } from './invitations.ts';
import { isSame } from './owner.ts';
import type { SecretTries } from './passwords.ts';
import { Refusal } from './refusal.ts';

export interface EntryOptions {
  /** What somebody must know who comes under a new name. Default: nothing. */
  readonly serverPassword?: string | undefined;
  /** Whether only who is invited gets in under a new name. Default false. */
  readonly invitationOnly?: boolean | undefined;
}

interface Asked {
  readonly serverPassword?: string | undefined;
  readonly invitation?: string | undefined;
  readonly remoteAddress: string;
}

/** Somebody may come in. */
export interface Admission {
  /**
   * Counts the invitation, when there is one that can be used. Only from inside the work of `write`.
   * @returns the room that they are invited to
   * @throws Refusal `invitation-unknown` when it let them in, and was used up in between
   */
  count(): string | undefined;
}

export class Entry {
  readonly needs: { readonly serverPassword: boolean; readonly invitation: boolean };
  readonly #invitations: Invitations;
  readonly #tries: SecretTries;
  readonly #serverPassword: string | undefined;

  constructor(invitations: Invitations, tries: SecretTries, options: EntryOptions = {}) {
    this.#invitations = invitations;
    this.#tries = tries;
    this.#serverPassword = options.serverPassword;
    this.needs = {
      serverPassword: options.serverPassword !== undefined,
      invitation: options.invitationOnly ?? false,
    };
  }

  /**
   * @throws Refusal `password-needed` or `password-wrong` with the field `data.serverPassword`, `invitation-needed`,
   * `invitation-unknown`, `rate-limited`
   */
  admit(asked: Asked, now: number): Admission {
    const { invitation } = asked;
    const isInvited = invitation !== undefined && this.#isUsable(invitation, asked.remoteAddress, now);
    if (this.#knowsPassword(asked, now)) return this.#admission(isInvited ? invitation : undefined, now);
    if (this.needs.invitation) {
      if (invitation === undefined) {
        const or = this.needs.serverPassword ? ' or the server’s password' : '';
        const message = `This server takes only who is invited: come with an invitation${or}.`;
        throw new Refusal('invitation-needed', message, { field: 'data.invitation' });
      }
      if (!isInvited) throw invitationUnknown('data.invitation');
      return this.#admission(invitation, now);
    }
    if (this.needs.serverPassword) {
      const message = 'This server has a password: ask its host for it.';
      throw new Refusal('password-needed', message, { field: 'data.serverPassword' });
    }
    return this.#admission(isInvited ? invitation : undefined, now);
  }

  #admission(invitation: string | undefined, now: number): Admission {
    return {
      count: () => (invitation === undefined ? undefined : this.#invitations.use(invitation, now).room),
    };
  }

  #isUsable(code: string, remoteAddress: string, now: number): boolean {
    const takeBack = this.#tries.take(countedAddress(remoteAddress), undefined, now);
    const isUsable = this.#invitations.isUsable(code, now);
    if (isUsable) takeBack();
    return isUsable;
  }

  /** @throws Refusal when one was said that is wrong */
  #knowsPassword({ serverPassword, remoteAddress }: Asked, now: number): boolean {
    if (this.#serverPassword === undefined || serverPassword === undefined) return false;
    const takeBack = this.#tries.take(countedAddress(remoteAddress), undefined, now);
    if (!isSame(serverPassword, this.#serverPassword)) {
      const message = 'That is not the server’s password: ask its host for it.';
      throw new Refusal('password-wrong', message, { field: 'data.serverPassword' });
    }
    takeBack();
    return true;
  }
}
