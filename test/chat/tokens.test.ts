// Tokens, with the time given and with every forgery that is known to have worked somewhere.
import { createHmac } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { Tokens, tokenLifetime } from '../../src/chat/tokens.ts';

const secret = 'a secret of at least thirty-two octets';
const now = Date.UTC(2026, 0, 1);
const subject = { memberId: 'ada', deviceId: 'laptop' };
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);
const claims = { sub: 'ada', device: 'laptop', iss: 'barewire', iat: seconds(now), exp: seconds(now) + 3600 };

describe('a token', () => {
  it('says whose it is, on which device, until when', async () => {
    const tokens = new Tokens(secret);
    const token = await tokens.issue(subject, now);
    expect(await tokens.verify(token, now)).toEqual({
      status: 'valid',
      subject,
      expires: now + tokenLifetime,
    });
    expect(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())).toEqual({
      ...claims,
      exp: seconds(now + tokenLifetime),
    });
  });

  it('fits in what a request and a cookie may carry', async () => {
    const long = { memberId: 'm'.repeat(64), deviceId: 'd'.repeat(64) };
    const token = await new Tokens(secret).issue(long, now);
    expect(token.length).toBeLessThan(1024);
    expect(token).toMatch(/^[A-Za-z0-9_.-]+$/);
  });

  it('expires at its second, and not before', async () => {
    const tokens = new Tokens(secret, 60_000);
    const token = await tokens.issue(subject, now + 999);
    const expires = tokens.expiryAt(now + 999);
    expect(expires).toBe(now + 60_000);
    expect(await tokens.verify(token, expires - 1)).toMatchObject({ status: 'valid', expires });
    expect(await tokens.verify(token, expires)).toEqual({ status: 'expired', subject });
  });

  it('is still good when the clock was set back', async () => {
    const tokens = new Tokens(secret);
    const token = await tokens.issue(subject, now);
    expect(await tokens.verify(token, now - 3_600_000)).toMatchObject({ status: 'valid' });
  });
});

describe('what is no token of ours', () => {
  const hmac = (text: string, hash = 'sha256', key = secret): string =>
    `${text}.${createHmac(hash, key).update(text).digest('base64url')}`;
  const good = `${encode({ alg: 'HS256' })}.${encode(claims)}`;

  it('is told from one that is', async () => {
    expect(await new Tokens(secret).verify(hmac(good), now)).toMatchObject({ status: 'valid', subject });
  });

  const unsigned = (alg: string): string => `${encode({ alg })}.${encode(claims)}.`;
  const without = (name: keyof typeof claims): string => {
    const { [name]: _gone, ...rest } = claims;
    return hmac(`${encode({ alg: 'HS256' })}.${encode(rest)}`);
  };
  it.each([
    ['nothing', ''],
    ['words', 'not a token at all'],
    ['dots', '..'],
    ['many dots', '.'.repeat(1000)],
    ['a token of version 1', 'x'.repeat(43)],
    ['no algorithm', unsigned('none')],
    ['no algorithm, spelled otherwise', unsigned('nOnE')],
    ['no signature', unsigned('HS256')],
    ['another key', hmac(good, 'sha256', `${secret}!`)],
    ['an empty key', hmac(good, 'sha256', '')],
    ['another hash', hmac(`${encode({ alg: 'HS512' })}.${encode(claims)}`, 'sha512')],
    ['another hash, called ours', hmac(good, 'sha512')],
    ['an algorithm with a public key', hmac(`${encode({ alg: 'RS256' })}.${encode(claims)}`)],
    ['another issuer', hmac(`${encode({ alg: 'HS256' })}.${encode({ ...claims, iss: 'other' })}`)],
    ['no issuer', without('iss')],
    ['nobody', without('sub')],
    ['no device', without('device')],
    ['no end', without('exp')],
    ['no beginning', without('iat')],
    ['a number for a device', hmac(`${encode({ alg: 'HS256' })}.${encode({ ...claims, device: 7 })}`)],
    ['an end that is no number', hmac(`${encode({ alg: 'HS256' })}.${encode({ ...claims, exp: 'never' })}`)],
    [
      'what is critical and not understood',
      hmac(`${encode({ alg: 'HS256', crit: ['x'], x: 1 })}.${encode(claims)}`),
    ],
  ])('because it has %s', async (_what, token) => {
    expect(await new Tokens(secret).verify(token, now)).toEqual({ status: 'forged' });
  });

  it('because somebody wrote another name into it', async () => {
    const token = await new Tokens(secret).issue(subject, now);
    const [head, , signature] = token.split('.');
    const changed = `${head}.${encode({ ...claims, sub: 'grace' })}.${signature}`;
    expect(await new Tokens(secret).verify(changed, now)).toEqual({ status: 'forged' });
  });

  it('although it has expired: then nothing is said of whose it was', async () => {
    const key = new TextEncoder().encode('another secret of thirty-two octets');
    const token = await new SignJWT({ ...claims, exp: seconds(now) - 1 })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(key);
    expect(await new Tokens(secret).verify(token, now)).toEqual({ status: 'forged' });
  });
});
