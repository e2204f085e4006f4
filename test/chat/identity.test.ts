// Names, devices and their tokens, on a real database and with the time given.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Database } from '../../src/chat/database.ts';
import { maximumDevices, unconfirmedTime } from '../../src/chat/devices.ts';
import { type EnterRequest, Identities, type IdentitiesOptions } from '../../src/chat/identity.ts';
import { identityLifetime } from '../../src/chat/identity-table.ts';
import { Passwords } from '../../src/chat/passwords.ts';
import { Refusal } from '../../src/chat/refusal.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const start = Date.UTC(2026, 0, 1);
const day = 24 * 60 * 60 * 1000;
const password = 'correct horse';

type Request = Partial<EnterRequest>;

function open(options: IdentitiesOptions & { readonly directory?: string } = {}) {
  const { directory = temporaryDirectory(), ...rest } = options;
  const database = new Database(directory);
  onTestFinished(() => database.close());
  const passwords = new Passwords({ cost: 16, blockSize: 1, parallel: 1 });
  const identities = new Identities(database, { passwords, ...rest });
  const enter = (name: string, request: Request = {}, now = start) =>
    identities.enter({ name, label: 'a test', remoteAddress: '192.0.2.1', ...request }, now);
  return {
    directory,
    database,
    identities,
    enter,
    /** Signs in, and comes back with the token. */
    async arrive(name: string, request: Request = {}, now = start) {
      const entered = await enter(name, request, now);
      await identities.confirm(entered.device, now);
      return entered;
    },
    async refused(name: string, request: Request = {}, now = start) {
      return refusalOf(enter(name, request, now));
    },
    async statusOf(token: string, now = start) {
      return (await identities.authenticate(token, now)).status;
    },
  };
}

async function refusalOf(promise: Promise<unknown>): Promise<Refusal['failure']> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Refusal) return error.failure;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('signing in under a free name', () => {
  it('gives a member, a device and a token that is theirs', async () => {
    const { identities, enter } = open();
    const entered = await enter('  Ada ');
    expect(entered).toMatchObject({ member: { name: 'Ada' }, isNew: true, invitedTo: undefined, ended: [] });
    expect(entered.expires).toBe(start + day);
    expect(await identities.authenticate(entered.token, start)).toEqual({
      status: 'known',
      member: entered.member,
      device: entered.device,
      expires: entered.expires,
    });
    expect(identities.member(entered.member.id)).toEqual(entered.member);
    expect(identities.hasPassword(entered.member.id)).toBe(false);
    expect(identities.isOwner(entered.member.id)).toBe(false);
    expect(identities.member('nobody')).toBeUndefined();
  });

  it('keeps no token', async () => {
    const { database, directory, enter } = open();
    const { token } = await enter('Ada');
    database.close();
    for (const name of ['chat.db', 'chat.db-wal']) {
      expect(readFileSync(join(directory, name)).includes(token.split('.')[2] ?? '')).toBe(false);
    }
  });

  it('is still good after a restart', async () => {
    const { database, directory, enter } = open();
    const { member, token } = await enter('Ada');
    database.close();
    const after = open({ directory });
    expect(await after.identities.authenticate(token, start)).toMatchObject({ status: 'known', member });
  });

  it.each([
    ['', 'A name needs at least one character.'],
    ['x'.repeat(33), 'A name has at most 32 characters.'],
    ['a\u202eb', 'A name needs something to see, and no control or invisible characters.'],
  ])('is refused for %j', async (name, message) => {
    expect(await open().refused(name)).toEqual({ code: 'invalid', message, field: 'data.name' });
  });
});

describe('a taken name', () => {
  it.each(['Ada', 'ADA', 'Ａｄａ', ' ada '])('is refused as %j, with a free one suggested', async (name) => {
    const { enter, refused } = open();
    await enter('Ada');
    await enter('Ada 2');
    expect(await refused(name)).toMatchObject({
      code: 'name-taken',
      field: 'data.name',
      suggestion: `${name.normalize('NFKC').trim()} 3`,
    });
  });

  it('is refused too when both ask in the same tick', async () => {
    const { enter } = open();
    const both = await Promise.allSettled([enter('Ada'), enter('ada')]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('is not had by saying a password that it has not', async () => {
    const { enter, refused } = open();
    await enter('Ada');
    expect(await refused('Ada', { password })).toMatchObject({ code: 'name-taken' });
  });

  it('is not had with somebody else’s token', async () => {
    const { enter, refused } = open();
    await enter('Ada');
    const { token } = await enter('Grace');
    expect(await refused('Ada', { credential: token })).toMatchObject({ code: 'name-taken' });
  });

  it('is one’s own for who comes with its token', async () => {
    const { enter } = open();
    const first = await enter('Ada');
    const again = await enter('ada', { credential: first.token });
    expect(again).toMatchObject({ member: first.member, isNew: false });
    expect(again.device).not.toBe(first.device);
  });

  it.each(['x'.repeat(32), '👩🏽‍🚀'.repeat(32), `${'e\u0323\u0302'.repeat(29)}  y`])(
    'gets a suggestion that is itself a good name, for %j',
    async (name) => {
      const { enter, refused } = open();
      await enter(name);
      const { suggestion = '' } = await refused(name);
      expect((await enter(suggestion)).member.name).toBe(suggestion);
    },
  );
});

describe('a name with a password', () => {
  async function openWithPassword(options: IdentitiesOptions = {}) {
    const opened = open(options);
    const first = await opened.arrive('Ada');
    // From elsewhere, for that counts as a try.
    await opened.identities.setPassword(first.member.id, password, undefined, '203.0.113.1', start);
    return { ...opened, first };
  }

  it('is one member on every device', async () => {
    const { identities, enter, first, statusOf } = await openWithPassword();
    const second = await enter('ADA', { password });
    expect(second.member).toEqual(first.member);
    expect(second.device).not.toBe(first.device);
    expect(identities.hasPassword(first.member.id)).toBe(true);
    for (const { token } of [first, second]) expect(await statusOf(token)).toBe('known');
  });

  it('is refused without the password and with a wrong one, and another name is suggested', async () => {
    const { refused } = await openWithPassword();
    expect(await refused('Ada')).toMatchObject({
      code: 'password-needed',
      field: 'data.password',
      suggestion: 'Ada 2',
    });
    expect(await refused('Ada', { password: 'wrong' })).toMatchObject({
      code: 'password-wrong',
      field: 'data.password',
      suggestion: 'Ada 2',
    });
  });

  it('cannot be guessed: after ten tries an address waits, and the right one is refused too', async () => {
    const { enter, refused } = await openWithPassword();
    for (let count = 0; count < 10; count++) {
      expect((await refused('Ada', { password: `guess ${count}` })).code).toBe('password-wrong');
    }
    expect(await refused('Ada', { password })).toMatchObject({ code: 'rate-limited', retryAfter: 30_000 });
    await enter('Ada', { password, remoteAddress: '198.51.100.7' });
    await enter('Ada', { password }, start + 30_000);
  });

  it('cannot be guessed from many addresses, nor from the many of one network', async () => {
    const { refused } = await openWithPassword();
    const codes = new Set<string>();
    for (let count = 0; count < 40; count++) {
      const remoteAddress = `198.51.100.${count}`;
      codes.add((await refused('Ada', { password: `guess ${count}`, remoteAddress })).code);
    }
    expect([...codes]).toEqual(['password-wrong', 'rate-limited']);
    const { refused: refusedToo } = await openWithPassword();
    for (let count = 0; count < 10; count++) {
      await refusedToo('Ada', { password: 'guess', remoteAddress: `2001:db8::${count}` });
    }
    const next = await refusedToo('Ada', { password: 'guess', remoteAddress: '2001:db8::ffff' });
    expect(next.code).toBe('rate-limited');
  });

  it('is kept for ever, also when no device is left', async () => {
    const { identities, enter, first, refused } = await openWithPassword();
    await identities.leave(first.device, true);
    const later = start + 1000 * identityLifetime;
    expect(await identities.sweep(later)).toEqual([]);
    expect((await refused('Ada', {}, later)).code).toBe('password-needed');
    expect((await enter('Ada', { password }, later)).member).toEqual(first.member);
  });

  it('can be given another, or none, by who knows it', async () => {
    const { identities, enter, first, refused } = await openWithPassword();
    const set = (next: string, current?: string) =>
      identities.setPassword(first.member.id, next, current, '192.0.2.1', start);
    expect(await refusalOf(set('another one'))).toMatchObject({
      code: 'password-needed',
      field: 'data.current',
    });
    expect(await refusalOf(set('another one', 'wrong'))).toMatchObject({
      code: 'password-wrong',
      field: 'data.current',
    });
    await set('another one', password);
    expect((await refused('Ada', { password })).code).toBe('password-wrong');
    await enter('Ada', { password: 'another one' });
    await set('', 'another one');
    expect(identities.hasPassword(first.member.id)).toBe(false);
    expect((await refused('Ada', { password: 'another one' })).code).toBe('name-taken');
  });

  it('does not let somebody in with a password that is changed while it is checked', async () => {
    const { identities, enter, first } = await openWithPassword();
    const set = identities.setPassword(first.member.id, 'another one', password, '192.0.2.1', start);
    const late = enter('Ada', { password });
    await set;
    // Whichever came first: afterwards only the new one is good, and the old one let nobody in behind it.
    const outcome = await late.then(
      () => 'before',
      (error: unknown) => (error instanceof Refusal ? error.failure.code : error),
    );
    expect(['before', 'password-wrong']).toContain(outcome);
    expect(await refusalOf(enter('Ada', { password }))).toMatchObject({ code: 'password-wrong' });
  });

  it('keeps no password', async () => {
    const { database, directory } = await openWithPassword();
    database.close();
    expect(readFileSync(join(directory, 'chat.db')).includes(password)).toBe(false);
  });
});

describe('a token', () => {
  it('is refused when it has expired, and when its device was signed out', async () => {
    const { identities, arrive, statusOf } = open({ tokenLifetime: 60_000 });
    const { device, token, expires } = await arrive('Ada');
    expect(await statusOf(token, expires - 1)).toBe('known');
    expect(await statusOf(token, expires)).toBe('token-expired');
    await identities.leave(device, false);
    expect(await statusOf(token, expires - 1)).toBe('token-unknown');
    expect(await statusOf(token, expires)).toBe('token-unknown');
    expect(await statusOf('x'.repeat(43))).toBe('token-unknown');
  });

  it('is renewed for a device that is signed in', async () => {
    const { identities, arrive, statusOf } = open({ tokenLifetime: 60_000 });
    const { device, token } = await arrive('Ada');
    const renewed = await identities.refreshToken(device, start + 50_000);
    expect(renewed.expires).toBe(start + 110_000);
    expect(await statusOf(token, start + 60_000)).toBe('token-expired');
    expect(await statusOf(renewed.token, start + 60_000)).toBe('known');
    await identities.leave(device, false);
    const gone = await refusalOf(identities.refreshToken(device, start + 60_000));
    expect(gone.code).toBe('token-unknown');
  });

  it('of another server with the same names is none here', async () => {
    const { token } = await open().enter('Ada');
    const here = open();
    await here.enter('Ada');
    expect(await here.statusOf(token)).toBe('token-unknown');
  });

  it('does not come back to life with somebody new of that name', async () => {
    const { identities, arrive, statusOf } = open();
    const first = await arrive('Ada');
    await identities.leave(first.device, false);
    const second = await arrive('Ada');
    expect(second.member.id).not.toBe(first.member.id);
    expect(second.isNew).toBe(true);
    expect(await statusOf(first.token)).toBe('token-unknown');
    expect(await identities.sweep(start)).toEqual([first.member]);
    expect(await statusOf(second.token)).toBe('known');
  });
});

describe('24 hours', () => {
  it('are counted from when the member was last here, and then the name is free', async () => {
    const { identities, arrive, enter, refused, statusOf } = open({ tokenLifetime: 10 * day });
    const { member, token } = await arrive('Ada');
    await identities.notePresence(member.id, true, start);
    const left = start + 5 * identityLifetime;
    expect(await statusOf(token, left)).toBe('known');
    await identities.notePresence(member.id, false, left);
    expect(await identities.sweep(left + identityLifetime - 1)).toEqual([]);
    expect((await refused('Ada', {}, left + identityLifetime - 1)).code).toBe('name-taken');
    expect(await statusOf(token, left + identityLifetime)).toBe('token-unknown');
    const next = await enter('Ada', {}, left + identityLifetime);
    expect(next.member.id).not.toBe(member.id);
    expect(await identities.sweep(left + identityLifetime)).toEqual([member]);
    expect(await identities.sweep(left + identityLifetime)).toEqual([]);
  });

  it('begin again with each use of a token, also by a program that is never here', async () => {
    const { identities, arrive, statusOf } = open({ tokenLifetime: 10 * day });
    const { token } = await arrive('Ada');
    const later = start + identityLifetime - 1;
    expect(await statusOf(token, later)).toBe('known');
    expect(await identities.sweep(later + identityLifetime - 1)).toEqual([]);
    expect(await identities.sweep(later + identityLifetime)).toHaveLength(1);
  });

  it('are not over for who is here; refreshing says so', async () => {
    const { identities, arrive } = open({ tokenLifetime: 10 * day });
    const here = await arrive('Here');
    const away = await arrive('Away');
    await identities.notePresence(here.member.id, true, start);
    await identities.refresh(start + 1);
    const later = start + identityLifetime;
    await identities.refresh(later);
    expect(await identities.sweep(later)).toEqual([away.member]);
    expect(identities.wereHere(later + identityLifetime - 1)).toEqual([here.member]);
    expect(identities.wereHere(later + identityLifetime)).toEqual([]);
  });

  it('end earlier when the last token has expired: nobody could come back', async () => {
    const { identities, arrive, enter } = open({ tokenLifetime: 60_000 });
    const { member } = await arrive('Ada');
    expect(await identities.sweep(start + 59_999)).toEqual([]);
    expect(await identities.sweep(start + 60_000)).toEqual([member]);
    await enter('Ada', {}, start + 60_000);
  });

  it('do not end for a machine that slept with somebody here', async () => {
    const { identities, arrive } = open();
    const { member } = await arrive('Ada');
    await identities.notePresence(member.id, true, start);
    await identities.sweep(start + 1);
    expect(await identities.sweep(start + 3 * identityLifetime)).toEqual([]);
  });

  it('are not for ever for who was here when a process ended, and the next began a day later', async () => {
    const { database, directory, identities, arrive } = open({ tokenLifetime: 10 * day });
    const { member } = await arrive('Ada');
    await identities.notePresence(member.id, true, start);
    database.close();
    const after = open({ directory });
    const later = start + identityLifetime;
    expect(after.identities.wereHere(later - 1)).toEqual([member]);
    expect(after.identities.wereHere(later)).toEqual([]);
    await after.identities.refresh(later);
    expect(await after.identities.sweep(later)).toEqual([member]);
  });
});

describe('a device that has not shown its token', () => {
  it('is forgotten when its member goes, and a name without a password with it', async () => {
    const { identities, enter, arrive, statusOf } = open();
    const silent = await enter('Silent');
    const heard = await arrive('Heard');
    for (const { member } of [silent, heard]) await identities.notePresence(member.id, true, start);
    for (const { member } of [silent, heard]) await identities.notePresence(member.id, false, start);
    expect(await statusOf(silent.token)).toBe('token-unknown');
    expect(await statusOf(heard.token)).toBe('known');
    await enter('Silent');
  });

  it('is confirmed by coming with it', async () => {
    const { identities, enter, statusOf } = open();
    const { member, token } = await enter('Ada');
    expect(await statusOf(token)).toBe('known');
    await identities.notePresence(member.id, false, start);
    expect(await statusOf(token)).toBe('known');
  });

  it('cannot be confirmed in the transaction in which its member goes', async () => {
    const { identities, enter, statusOf } = open();
    const { member, token } = await enter('Ada');
    const gone = identities.notePresence(member.id, false, start);
    expect(await statusOf(token)).toBe('token-unknown');
    await gone;
  });

  it('is forgotten after five minutes when its member never came, as when the answer was lost', async () => {
    const { identities, enter } = open();
    const { member } = await enter('Lost');
    expect(await identities.sweep(start + unconfirmedTime - 1)).toEqual([]);
    expect(await identities.sweep(start + unconfirmedTime)).toEqual([member]);
    await enter('Lost', {}, start + unconfirmedTime);
  });

  it('is kept while its member is here, who only listens', async () => {
    const { identities, enter, refused, statusOf } = open();
    const { member, token } = await enter('Quiet');
    await identities.notePresence(member.id, true, start);
    const later = start + 10 * unconfirmedTime;
    expect(await identities.sweep(later)).toEqual([]);
    expect((await refused('Quiet', {}, later)).code).toBe('name-taken');
    expect(await statusOf(token, later)).toBe('known');
  });
});

describe('devices', () => {
  it('are listed to their member, the one that was seen last first', async () => {
    const { identities, arrive } = open();
    const first = await arrive('Ada', { label: 'Firefox on Linux' });
    const second = await arrive('Ada', { credential: first.token, label: 'a phone' }, start + 1000);
    expect(identities.devices(first.member.id)).toMatchObject([
      { id: second.device, label: 'a phone', createdAt: start + 1000, lastSeenAt: start + 1000 },
      { id: first.device, label: 'Firefox on Linux', createdAt: start, lastSeenAt: start },
    ]);
    await identities.authenticate(first.token, start + 120_000);
    expect(identities.devices(first.member.id)[0]).toMatchObject({
      id: first.device,
      lastSeenAt: start + 120_000,
    });
  });

  it('can be signed out by their member, and by nobody else', async () => {
    const { identities, arrive, statusOf } = open();
    const ada = await arrive('Ada');
    const grace = await arrive('Grace');
    const refused = await refusalOf(identities.revokeDevice(grace.member.id, ada.device));
    expect(refused).toMatchObject({ code: 'device-unknown', field: 'data.device' });
    expect(await statusOf(ada.token)).toBe('known');
    await identities.revokeDevice(ada.member.id, ada.device);
    expect(await statusOf(ada.token)).toBe('token-unknown');
    expect((await refusalOf(identities.revokeDevice(ada.member.id, ada.device))).code).toBe('device-unknown');
  });

  it('give the name back when the last one signs out, and not before', async () => {
    const { identities, arrive, enter, refused } = open();
    const first = await arrive('Ada');
    const second = await arrive('Ada', { credential: first.token });
    expect(await identities.leave(first.device, false)).toEqual([first.device]);
    expect((await refused('Ada')).code).toBe('name-taken');
    expect(await identities.leave(second.device, false)).toEqual([second.device]);
    expect((await enter('Ada')).isNew).toBe(true);
    expect(await identities.leave(second.device, true)).toEqual([]);
  });

  it('sign out all at once', async () => {
    const { identities, arrive, statusOf } = open();
    const first = await arrive('Ada');
    const second = await arrive('Ada', { credential: first.token });
    expect((await identities.leave(first.device, true)).sort()).toEqual([first.device, second.device].sort());
    expect(await statusOf(second.token)).toBe('token-unknown');
  });

  it('make place for one more, the one first that was not seen for longest', async () => {
    const { identities, arrive, enter, statusOf } = open();
    const first = await arrive('Ada');
    let last = first;
    for (let count = 1; count < maximumDevices; count++) {
      last = await arrive('Ada', { credential: last.token }, start + count);
    }
    const more = await enter('Ada', { credential: last.token }, start + 1000);
    expect(more.ended).toEqual([first.device]);
    expect(identities.devices(first.member.id)).toHaveLength(maximumDevices);
    expect(await statusOf(first.token)).toBe('token-unknown');
  });
});

describe('the owner’s code', () => {
  it('makes one member the owner, once, and stays the same until then', async () => {
    const { database, directory, identities } = open();
    const code = identities.ownerCode ?? '';
    expect(code).toMatch(/^[A-Za-z0-9_-]{24}$/);
    database.close();
    const after = open({ directory });
    expect(after.identities.ownerCode).toBe(code);
    const { member } = await after.arrive('Ada');
    const other = await after.arrive('Grace');
    await after.identities.claim(member.id, code, '192.0.2.1', start);
    expect(after.identities.isOwner(member.id)).toBe(true);
    expect(after.identities.ownerCode).toBeUndefined();
    const late = await refusalOf(after.identities.claim(other.member.id, code, '192.0.2.1', start));
    expect(late.code).toBe('forbidden');
    expect(after.identities.isOwner(other.member.id)).toBe(false);
  });

  it('goes to one when two come with it in the same tick', async () => {
    const { identities, arrive } = open();
    const code = identities.ownerCode ?? '';
    const [ada, grace] = [await arrive('Ada'), await arrive('Grace')];
    const both = await Promise.allSettled(
      [ada, grace].map(({ member }) => identities.claim(member.id, code, '192.0.2.1', start)),
    );
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect([ada, grace].map(({ member }) => identities.isOwner(member.id))).toEqual([true, false]);
  });

  it('cannot be guessed', async () => {
    const { identities, arrive } = open();
    const { member } = await arrive('Ada');
    const guess = (code: string) => refusalOf(identities.claim(member.id, code, '192.0.2.1', start));
    for (let count = 0; count < 10; count++) expect((await guess(`guess-${count}`)).code).toBe('forbidden');
    expect((await guess(identities.ownerCode ?? '')).code).toBe('rate-limited');
    expect(identities.isOwner(member.id)).toBe(false);
  });

  it('is another one at the next start after the owner was forgotten', async () => {
    const { database, directory, identities, arrive } = open();
    const code = identities.ownerCode ?? '';
    const { member, device } = await arrive('Ada');
    await identities.claim(member.id, code, '192.0.2.1', start);
    await identities.leave(device, true);
    await identities.sweep(start);
    expect(identities.ownerCode).toBeUndefined();
    database.close();
    const after = open({ directory });
    expect(after.identities.ownerCode).toMatch(/^[A-Za-z0-9_-]{24}$/);
    expect(after.identities.ownerCode).not.toBe(code);
  });
});

describe('a server that does not take everybody', () => {
  const serverPassword = 'open sesame';

  it('says what it takes', () => {
    expect(open().identities.entry).toEqual({ serverPassword: false, invitation: false });
    const entry = { serverPassword, invitationOnly: true };
    expect(open({ entry }).identities.entry).toEqual({ serverPassword: true, invitation: true });
  });

  it('asks new names for its password, and those who came before only for their own', async () => {
    const { directory, database, identities, arrive } = open();
    const { member } = await arrive('Ada');
    await identities.setPassword(member.id, password, undefined, '192.0.2.1', start);
    database.close();
    const { enter, refused } = open({ directory, entry: { serverPassword } });
    expect(await refused('Grace')).toMatchObject({ code: 'password-needed', field: 'data.serverPassword' });
    expect(await refused('Grace', { serverPassword: 'wrong' })).toMatchObject({
      code: 'password-wrong',
      field: 'data.serverPassword',
    });
    await enter('Grace', { serverPassword });
    expect((await enter('Ada', { password })).member).toEqual(member);
    expect((await refused('Ada', { serverPassword })).code).toBe('password-needed');
  });

  it('does not say which names are taken to who may not come in', async () => {
    const { enter, refused } = open({ entry: { serverPassword } });
    await enter('Ada', { serverPassword });
    expect(await refused('Ada')).toEqual(await refused('Nobody'));
  });

  it('is not guessed at', async () => {
    const { refused } = open({ entry: { serverPassword } });
    for (let count = 0; count < 10; count++) {
      expect((await refused('Ada', { serverPassword: `guess ${count}` })).code).toBe('password-wrong');
    }
    expect((await refused('Ada', { serverPassword })).code).toBe('rate-limited');
  });

  it('lets in who is invited, as often as the invitation says', async () => {
    const { identities, enter, refused } = open({ entry: { invitationOnly: true } });
    const invite = (room: string | undefined, uses: number | undefined, seconds?: number) =>
      identities.invitations.create({ room, by: 'owner', uses, seconds }, start);
    expect((await refused('Ada')).code).toBe('invitation-needed');
    expect(await refused('Ada', { invitation: 'AAAAAAAAAAAA' })).toMatchObject({
      code: 'invitation-unknown',
      field: 'data.invitation',
    });
    const toServer = await invite(undefined, 1);
    expect((await enter('Ada', { invitation: toServer.code })).invitedTo).toBeUndefined();
    expect((await refused('Grace', { invitation: toServer.code })).code).toBe('invitation-unknown');
    const toRoom = await invite('secret', undefined);
    expect((await enter('Grace', { invitation: toRoom.code })).invitedTo).toBe('secret');
    const short = await invite(undefined, undefined, 60);
    expect((await refused('Late', { invitation: short.code }, start + 60_000)).code).toBe(
      'invitation-unknown',
    );
  });

  it('counts one use when two come with the last one in the same tick', async () => {
    const { identities, enter } = open({ entry: { invitationOnly: true } });
    const invitation = await identities.invitations.create(
      { room: undefined, by: 'owner', uses: 1, seconds: undefined },
      start,
    );
    const both = await Promise.allSettled(
      ['Ada', 'Grace'].map((name) => enter(name, { invitation: invitation.code })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('does not count a use for a name that is taken', async () => {
    const { identities, enter, refused } = open({ entry: { invitationOnly: true, serverPassword } });
    await enter('Ada', { serverPassword });
    const { code } = await identities.invitations.create(
      { room: undefined, by: 'owner', uses: 1, seconds: undefined },
      start,
    );
    expect((await refused('Ada', { invitation: code })).code).toBe('name-taken');
    await enter('Grace', { invitation: code });
  });

  it('takes either of password and invitation when it asks for both', async () => {
    const { identities, enter, refused } = open({ entry: { invitationOnly: true, serverPassword } });
    const { code } = await identities.invitations.create(
      { room: undefined, by: 'owner', uses: undefined, seconds: undefined },
      start,
    );
    await enter('Ada', { serverPassword });
    await enter('Grace', { invitation: code });
    await enter('Both', { serverPassword, invitation: 'gone-gone-gone' });
    expect((await refused('Neither')).code).toBe('invitation-needed');
    expect((await refused('Wrong', { serverPassword: 'wrong', invitation: code })).code).toBe(
      'password-wrong',
    );
  });

  it('wants its password also from who is invited, when it asks for that alone', async () => {
    const { identities, refused } = open({ entry: { serverPassword } });
    const { code } = await identities.invitations.create(
      { room: 'dev', by: 'owner', uses: undefined, seconds: undefined },
      start,
    );
    expect((await refused('Ada', { invitation: code })).code).toBe('password-needed');
  });
});

describe('somebody who is banned from the server', () => {
  async function openWithBan(until?: number) {
    const opened = open();
    const ada = await opened.arrive('Ada');
    await opened.identities.setPassword(ada.member.id, password, undefined, '192.0.2.1', start);
    const ban = {
      room: undefined,
      member: ada.member,
      by: { id: 'owner', name: 'Owner' },
      reason: 'spam',
      until,
      addresses: ['198.51.100.7', '127.0.0.1', '192.168.0.7'],
    };
    await opened.database.write(() => opened.identities.bans.add(ban, start));
    return { ...opened, ada };
  }

  it('is not let in by token or password until that is over', async () => {
    const { identities, ada, enter, refused } = await openWithBan(start + 60_000);
    const found = await identities.authenticate(ada.token, start);
    if (found.status !== 'banned') throw new Error(found.status);
    expect(found.refusal.failure).toEqual({
      code: 'banned',
      message: 'You are banned from this server for 60 seconds: spam.',
      retryAfter: 60_000,
    });
    expect(await refused('Ada', { password })).toMatchObject({ code: 'banned' });
    expect(await refused('Ada', { credential: ada.token, password })).toMatchObject({ code: 'banned' });
    await enter('Ada', { password }, start + 60_000);
  });

  it('is not let in in the transaction in which they are banned', async () => {
    const { database, identities, enter, statusOf } = open();
    const { member, token } = await enter('Ada');
    const by = { id: 'owner', name: 'Owner' };
    const ban = { room: undefined, member, by, reason: '', until: undefined, addresses: [] };
    const banned = database.write(() => identities.bans.add(ban, start));
    expect(await statusOf(token)).toBe('banned');
    await banned;
  });

  it('is not let in under another name from the same address for an hour', async () => {
    const { enter, refused } = await openWithBan();
    expect(await refused('Adam', { remoteAddress: '198.51.100.7' })).toMatchObject({
      code: 'banned',
      retryAfter: 60 * 60 * 1000,
    });
    await enter('Adam', { remoteAddress: '198.51.100.7' }, start + 60 * 60 * 1000);
    await enter('Neighbour', { remoteAddress: '198.51.100.70' });
  });

  it('does not take everybody along who is behind the same proxy', async () => {
    const { enter } = await openWithBan();
    await enter('Local', { remoteAddress: '127.0.0.1' });
    await enter('Office', { remoteAddress: '192.168.0.7' });
  });

  it('does not learn that before saying the password', async () => {
    const { refused } = await openWithBan();
    expect((await refused('Ada')).code).toBe('password-needed');
    expect((await refused('Ada', { password: 'wrong' })).code).toBe('password-wrong');
  });
});
