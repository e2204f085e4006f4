// Passwords with a cheap cost, so that many can be checked; the queue and the tries with the time given.
import { describe, expect, it } from 'vitest';
import { Passwords, SecretTries } from '../../src/chat/passwords.ts';
import { Refusal } from '../../src/chat/refusal.ts';

const cheap = { cost: 16, blockSize: 1, parallel: 1 };
const now = Date.UTC(2026, 0, 1);

function refusalOf(work: () => unknown): Refusal['failure'] | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.failure;
    throw error;
  }
}

describe('a password', () => {
  it('is known again, and no other is', async () => {
    const passwords = new Passwords(cheap);
    const stored = await passwords.hash('correct horse');
    expect(await passwords.verify('correct horse', stored)).toBe(true);
    for (const wrong of ['', 'correct horse ', 'Correct horse', 'correct hors', stored]) {
      expect(await passwords.verify(wrong, stored)).toBe(false);
    }
  });

  it('is not in what is kept, which is another for each', async () => {
    const passwords = new Passwords(cheap);
    const [one, other] = [await passwords.hash('correct horse'), await passwords.hash('correct horse')];
    expect(one).not.toBe(other);
    expect(one).not.toContain('horse');
    expect(one).toMatch(/^scrypt\$16\$1\$1\$[A-Za-z0-9_-]{22}\$[A-Za-z0-9_-]{43}$/);
  });

  it('is the same however its accents are typed', async () => {
    const passwords = new Passwords(cheap);
    const stored = await passwords.hash('caf\u00e9 au lait');
    expect(await passwords.verify('cafe\u0301 au lait', stored)).toBe(true);
  });

  it('is checked with the cost that it was stored with', async () => {
    const stored = await new Passwords(cheap).hash('correct horse');
    expect(await new Passwords({ cost: 32, blockSize: 2, parallel: 2 }).verify('correct horse', stored)).toBe(
      true,
    );
  });

  it('is hashed at a cost that is worth it unless another is asked for', async () => {
    const stored = await new Passwords().hash('correct horse');
    expect(stored).toMatch(/^scrypt\$32768\$8\$3\$/);
    expect(await new Passwords().verify('correct horse', stored)).toBe(true);
  });

  it.each(['', 'plain', 'scrypt$16$1$1$$', 'bcrypt$16$1$1$AAAA$AAAA'])(
    'is not read from %j',
    async (stored) => {
      await expect(new Passwords(cheap).verify('correct horse', stored)).rejects.toThrow(TypeError);
    },
  );
});

describe('a flood of passwords', () => {
  it('is refused beyond a short queue, and those in it are served', async () => {
    const passwords = new Passwords(cheap);
    const all = await Promise.allSettled(Array.from({ length: 40 }, () => passwords.hash('correct horse')));
    const refused = all.filter((each) => each.status === 'rejected');
    expect(all.length - refused.length).toBe(18);
    for (const { reason } of refused)
      expect(reason.failure).toMatchObject({ code: 'rate-limited', retryAfter: 3000 });
    await passwords.hash('correct horse');
  });

  it('leaves its places when what is stored cannot be used', async () => {
    const passwords = new Passwords(cheap);
    // No cost that scrypt takes: it must be a power of two.
    const bad = 'scrypt$15$1$1$AAAAAAAAAAAAAAAAAAAAAA$AAAA';
    for (let count = 0; count < 5; count++) {
      await expect(passwords.verify('correct horse', bad)).rejects.toThrow();
    }
    expect(await passwords.verify('correct horse', await passwords.hash('correct horse'))).toBe(true);
  });
});

describe('wrong tries', () => {
  it('are ten from one address, whatever they are at, then one in thirty seconds', () => {
    const tries = new SecretTries();
    for (let count = 0; count < 10; count++) tries.take('192.0.2.1', `name ${count}`, now);
    expect(refusalOf(() => tries.take('192.0.2.1', 'another', now))).toMatchObject({
      code: 'rate-limited',
      retryAfter: 30_000,
    });
    tries.take('192.0.2.2', 'another', now);
    expect(refusalOf(() => tries.take('192.0.2.1', 'another', now + 29_999))).toMatchObject({
      retryAfter: 1,
    });
    tries.take('192.0.2.1', undefined, now + 30_000);
  });

  it('are twenty at one name, from wherever, then one a minute', () => {
    const tries = new SecretTries();
    for (let count = 0; count < 20; count++) tries.take(`192.0.2.${count}`, 'ada', now);
    expect(refusalOf(() => tries.take('198.51.100.1', 'ada', now))).toMatchObject({ retryAfter: 60_000 });
    tries.take('198.51.100.1', 'grace', now);
  });

  it('that were refused for the name do not count for the address', () => {
    const tries = new SecretTries();
    for (let count = 0; count < 20; count++) tries.take(`192.0.2.${count}`, 'ada', now);
    for (let count = 0; count < 30; count++) refusalOf(() => tries.take('198.51.100.1', 'ada', now));
    tries.take('198.51.100.1', 'grace', now);
  });

  it('that were right do not count at all', () => {
    const tries = new SecretTries();
    for (let count = 0; count < 100; count++) tries.take('192.0.2.1', 'ada', now)();
  });

  it('are forgotten with time', () => {
    const tries = new SecretTries();
    for (let count = 0; count < 10; count++) tries.take('192.0.2.1', 'ada', now);
    const later = now + 60 * 60 * 1000;
    tries.sweep(later);
    for (let count = 0; count < 10; count++) tries.take('192.0.2.1', 'ada', later);
  });
});
