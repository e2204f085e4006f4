/**
 * Session tokens: JSON Web Tokens (RFC 7519), signed with HMAC and SHA-256 (RFC 7518 §3.2) by `jose`, with a secret that
 * lives in the database. A token says which member and which device, since when and until when; whether that device is
 * still signed in is asked of the database each time, so a token can be revoked. Called by identity.ts.
 */

import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { Refusal } from './refusal.ts';

/** How long a token is good by default, in milliseconds: 24 hours. It can be renewed before. */
export const tokenLifetime = 24 * 60 * 60 * 1000;

const algorithm = 'HS256';
const issuer = 'barewire';

/** Whom a token stands for. */
export interface TokenSubject {
  readonly memberId: string;
  readonly deviceId: string;
}

/** Unix times in milliseconds, whole seconds. */
export type TokenVerdict =
  | { readonly status: 'valid'; readonly subject: TokenSubject; readonly expires: number }
  /** It was ours, and its time is over. */
  | { readonly status: 'expired'; readonly subject: TokenSubject }
  /** It is none of ours, or no token at all. */
  | { readonly status: 'forged' };

export class Tokens {
  readonly #key: Uint8Array;
  readonly #lifetime: number;

  /**
   * @param secret random, at least 32 octets of it (RFC 7518 §3.2); whoever has it can be anybody
   * @param lifetime milliseconds for which a token is good, at least 1000. Default 24 hours
   */
  constructor(secret: string, lifetime = tokenLifetime) {
    this.#key = new TextEncoder().encode(secret);
    this.#lifetime = lifetime;
  }

  /** When a token that is issued now will expire. */
  expiryAt(now: number): number {
    return (Math.floor(now / 1000) + Math.floor(this.#lifetime / 1000)) * 1000;
  }

  /** A token for that device of that member. */
  issue({ memberId, deviceId }: TokenSubject, now: number): Promise<string> {
    return new SignJWT({ device: deviceId })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
      .setIssuer(issuer)
      .setSubject(memberId)
      .setIssuedAt(Math.floor(now / 1000))
      .setExpirationTime(this.expiryAt(now) / 1000)
      .sign(this.#key);
  }

  /** Judges a token, whatever text it is. Never rejects for what is in it. */
  async verify(token: string, now: number): Promise<TokenVerdict> {
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        // The only one: a token does not choose how it is checked (RFC 8725 §3.1).
        algorithms: [algorithm],
        issuer,
        requiredClaims: ['sub', 'iat', 'exp', 'device'],
        currentDate: new Date(now),
      });
      const subject = subjectOf(payload);
      if (subject === undefined) return { status: 'forged' };
      return { status: 'valid', subject, expires: (payload.exp ?? 0) * 1000 };
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      // The signature is checked before the time.
      const subject = error instanceof errors.JWTExpired ? subjectOf(error.payload) : undefined;
      return subject === undefined ? { status: 'forged' } : { status: 'expired', subject };
    }
  }
}

function subjectOf({ sub, device }: JWTPayload): TokenSubject | undefined {
  if (typeof sub !== 'string' || typeof device !== 'string') return undefined;
  return { memberId: sub, deviceId: device };
}

/** What somebody is told whose token is not good. */
export function tokenRefusal(status: 'token-unknown' | 'token-expired'): Refusal {
  const message =
    status === 'token-expired'
      ? 'That token has expired: sign in with a name.'
      : 'That token is not known: the device was signed out, or the name is forgotten. Sign in with a name.';
  return new Refusal(status, message, { field: 'data.token' });
}
