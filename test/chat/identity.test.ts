// Names and tokens, on a real database and with the time given.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Database } from '../../src/chat/database.ts';
import { Identities, identityLifetime } from '../../src/chat/identity.ts';
import { temporaryDirectory } from '../support/chat.ts';

const start = Date.UTC(2026, 0, 1);

function open(directory = temporaryDirectory()) {
  const database = new Database(directory);
  onTestFinished(() => database.close());
  const identities = new Identities(database);
  const issue = async (name: string, now = start) => {
    const issued = await identities.issue(name, now);
    if (issued.status !== 'issued') throw new Error(`${name} was not issued: ${issued.status}`);
    return issued;
  };
  return { directory, database, identities, issue };
}

it('gives a name and a token of 32 octets that finds its member, and only that token does', async () => {
  const { identities, issue } = open();
  const { member, token } = await issue('  Ada ');
  expect(member.name).toBe('Ada');
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(identities.find(token, start)).toEqual(member);
  const other = (token[0] === 'A' ? 'B' : 'A') + token.slice(1);
  expect(identities.find(other, start)).toBeUndefined();
});

it('keeps the token’s hash, never the token', async () => {
  const { database, directory, issue } = open();
  const { token } = await issue('Ada');
  database.close();
  for (const name of ['chat.db', 'chat.db-wal']) {
    expect(readFileSync(join(directory, name)).includes(token)).toBe(false);
  }
});

it('is still there after a restart', async () => {
  const { database, directory, issue } = open();
  const { member, token } = await issue('Ada');
  database.close();
  expect(open(directory).identities.find(token, start + 1)).toEqual(member);
});

describe('a taken name', () => {
  it.each(['Ada', 'ADA', 'Ａｄａ', ' ada '])('is refused as %j, with a free one suggested', async (name) => {
    const { identities, issue } = open();
    await issue('Ada');
    await issue('Ada 2');
    const refused = await identities.issue(name, start);
    expect(refused).toMatchObject({ status: 'taken', suggestion: `${name.normalize('NFKC').trim()} 3` });
  });

  it('is refused too when both ask in the same tick', async () => {
    const { identities } = open();
    const both = await Promise.all([identities.issue('Ada', start), identities.issue('ada', start)]);
    expect(both.map(({ status }) => status)).toEqual(['issued', 'taken']);
  });

  it.each(['x'.repeat(32), '👩🏽‍🚀'.repeat(32), `${'e\u0323\u0302'.repeat(29)}  y`])(
    'gets a suggestion that is itself a good name, for %j',
    async (name) => {
      const { identities, issue } = open();
      await issue(name);
      const refused = await identities.issue(name, start);
      if (refused.status !== 'taken') throw new Error(refused.status);
      expect((await issue(refused.suggestion)).member.name).toBe(refused.suggestion);
    },
  );
});

describe('24 hours', () => {
  it('are counted from when the member was last here, and then token and name are gone', async () => {
    const { identities, issue } = open();
    const { member, token } = await issue('Ada');
    await identities.confirm(member.id);
    await identities.notePresence(member.id, true, start);
    const left = start + 5 * identityLifetime;
    expect(identities.find(token, left)).toEqual(member);
    await identities.notePresence(member.id, false, left);
    expect(identities.find(token, left + identityLifetime - 1)).toEqual(member);
    expect((await identities.issue('Ada', left + identityLifetime - 1)).status).toBe('taken');
    expect(identities.find(token, left + identityLifetime)).toBeUndefined();
    const next = await issue('Ada', left + identityLifetime);
    expect(next.member.id).not.toBe(member.id);
    expect(identities.find(token, left + identityLifetime)).toBeUndefined();
  });

  it('are not over for who is here; refreshing forgets only the others', async () => {
    const { identities, issue } = open();
    const here = await issue('Here');
    const away = await issue('Away');
    await identities.notePresence(here.member.id, true, start);
    const later = start + identityLifetime;
    await identities.refresh(later);
    expect(identities.find(here.token, later)).toEqual(here.member);
    expect(identities.find(away.token, start)).toBeUndefined();
    expect(identities.wereHere(later + identityLifetime - 1)).toEqual([here.member]);
    expect(identities.wereHere(later + identityLifetime)).toEqual([]);
  });
});

describe('a token that its owner has not shown', () => {
  it('is void when they go, and the name is free; one that was shown is not', async () => {
    const { identities, issue } = open();
    const [silent, heard, back] = [await issue('Silent'), await issue('Heard'), await issue('Back')];
    for (const { member } of [silent, heard, back]) await identities.notePresence(member.id, true, start);
    await identities.confirm(heard.member.id);
    expect(await identities.claim(back.token, start)).toEqual(back.member);
    for (const { member } of [silent, heard, back]) await identities.notePresence(member.id, false, start);
    expect(identities.find(silent.token, start)).toBeUndefined();
    expect(identities.find(heard.token, start)).toEqual(heard.member);
    expect(identities.find(back.token, start)).toEqual(back.member);
    await issue('Silent');
  });

  it('cannot be claimed in the transaction in which its owner goes', async () => {
    const { identities, issue } = open();
    const { member, token } = await issue('Ada');
    const gone = identities.notePresence(member.id, false, start);
    expect(await identities.claim(token, start)).toBeUndefined();
    await gone;
  });

  it('is forgotten at the start when its owner never came in', async () => {
    const { database, directory, identities, issue } = open();
    const [lost, known, here] = [await issue('Lost'), await issue('Known'), await issue('Here')];
    await identities.confirm(known.member.id);
    await identities.notePresence(here.member.id, true, start);
    database.close();
    const after = open(directory);
    expect(after.identities.wereHere(start)).toEqual([here.member]);
    await after.identities.forgetLost(start);
    expect(after.identities.find(lost.token, start)).toBeUndefined();
    expect(after.identities.find(known.token, start)).toEqual(known.member);
    expect(after.identities.find(here.token, start)).toEqual(here.member);
  });
});

it('are not kept for ever for who was here when a process ended, and the next began a day later', async () => {
  const { database, directory, identities, issue } = open();
  const { member, token } = await issue('Ada');
  await identities.confirm(member.id);
  await identities.notePresence(member.id, true, start);
  database.close();
  const after = open(directory);
  const later = start + identityLifetime;
  expect(after.identities.wereHere(later)).toEqual([]);
  await after.identities.forgetLost(later);
  await after.identities.refresh(later + 1);
  expect(after.identities.find(token, later + 1)).toBeUndefined();
  await after.issue('Ada', later + 1);
});

it('makes the name free and the token void at log-out', async () => {
  const { identities, issue } = open();
  const { member, token } = await issue('Ada');
  await identities.revoke(member.id);
  expect(identities.find(token, start)).toBeUndefined();
  expect((await issue('Ada')).member.id).not.toBe(member.id);
});

it.each([
  ['', 'empty'],
  ['x'.repeat(33), 'too-long'],
  ['a\u202eb', 'invisible'],
])('refuses %j', async (name, problem) => {
  expect(await open().identities.issue(name, start)).toEqual({ status: 'invalid', problem });
});
