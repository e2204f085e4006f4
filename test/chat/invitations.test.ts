// Invitations by themselves: codes, ends and uses. What they let people into is in identity.test.ts and moderation.test.ts.
import { expect, it, onTestFinished } from 'vitest';
import { Database } from '../../src/chat/database.ts';
import { Invitations, maximumInvitations, type NewInvitation } from '../../src/chat/invitations.ts';
import { Refusal } from '../../src/chat/refusal.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const start = Date.UTC(2026, 0, 1);

function open(directory = temporaryDirectory()) {
  const database = new Database(directory);
  onTestFinished(() => database.close());
  const invitations = new Invitations(database);
  const create = (invitation: Partial<NewInvitation> = {}, now = start) =>
    invitations.create({ room: 'dev', by: 'ada', seconds: undefined, uses: undefined, ...invitation }, now);
  const use = (code: string, now = start) => database.write(() => invitations.use(code, now));
  return { directory, database, invitations, create, use };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'taken',
    (error: unknown) => (error instanceof Refusal ? error.failure.code : String(error)),
  );
}

it('have codes that cannot be guessed, and that a request takes', async () => {
  const { create } = open();
  const codes = new Set<string>();
  for (let count = 0; count < 20; count++) codes.add((await create()).code);
  expect(codes.size).toBe(20);
  for (const code of codes) expect(code).toMatch(/^[A-Za-z0-9_-]{24}$/);
});

it('say where they lead, until when and for how many', async () => {
  const { invitations, create } = open();
  const { code } = await create({ seconds: 60, uses: 3 });
  expect(invitations.find(code, start)).toEqual({
    code,
    room: 'dev',
    by: 'ada',
    expires: start + 60_000,
    usesLeft: 3,
  });
  const server = await create({ room: undefined });
  expect(invitations.find(server.code, start)).toEqual({
    code: server.code,
    room: undefined,
    by: 'ada',
    expires: undefined,
    usesLeft: undefined,
  });
});

it('end at their time, and not before', async () => {
  const { invitations, create, use } = open();
  const { code } = await create({ seconds: 60 });
  expect(await codeOf(use(code, start + 59_999))).toBe('taken');
  expect(invitations.find(code, start + 60_000)).toBeUndefined();
  expect(await codeOf(use(code, start + 60_000))).toBe('invitation-unknown');
  await invitations.sweep(start + 60_000);
  expect(invitations.find(code, start)).toBeUndefined();
});

it('are good for as many as they say, also when these come at once', async () => {
  const { invitations, create, use } = open();
  const { code } = await create({ uses: 2 });
  const all = await Promise.all([1, 2, 3].map(() => codeOf(use(code))));
  expect(all).toEqual(['taken', 'taken', 'invitation-unknown']);
  expect(invitations.isUsable(code, start)).toBe(false);
  // Still found, so that who came in by it is told so when they ask again.
  expect(invitations.find(code, start)).toMatchObject({ usesLeft: 0 });
});

it('without a number are good for everybody', async () => {
  const { create, use } = open();
  const { code } = await create();
  for (let count = 0; count < 100; count++) expect(await codeOf(use(code))).toBe('taken');
});

it('are not known under another code', async () => {
  const { create, use } = open();
  const { code } = await create();
  for (const other of ['', code.slice(1), `${code}A`, code.toLowerCase(), "' OR 1=1 --"]) {
    if (other !== code) expect(await codeOf(use(other))).toBe('invitation-unknown');
  }
});

it('are taken back with whoever made them, from one room or all', async () => {
  const { database, invitations, create } = open();
  const [dev, ops, server, other] = [
    await create(),
    await create({ room: 'ops' }),
    await create({ room: undefined }),
    await create({ by: 'grace' }),
  ];
  const left = () =>
    [dev, ops, server, other].filter(({ code }) => invitations.isUsable(code, start)).map(({ room }) => room);
  await database.write(() => invitations.revokeOf('ada', 'dev'));
  expect(left()).toEqual(['ops', undefined, 'dev']);
  await database.write(() => invitations.revokeOf('ada', undefined));
  expect(left()).toEqual(['dev']);
});

it('end with whoever made them, at a time that is given, and earlier when they say so', async () => {
  const { database, invitations, create } = open();
  const [endless, short, other] = [
    await create(),
    await create({ seconds: 60 }),
    await create({ by: 'grace' }),
  ];
  await database.write(() => invitations.endOf('ada', start + 100_000));
  const ends = [endless, short, other].map(({ code }) => invitations.find(code, start)?.expires);
  expect(ends).toEqual([start + 100_000, start + 60_000, undefined]);
});

it('are so many from one member that can be used, and no more', async () => {
  const { create } = open();
  for (let count = 0; count < maximumInvitations; count++) await create({ seconds: 60 });
  expect(await codeOf(create())).toBe('too-many');
  await create({ by: 'grace' });
  await create({}, start + 60_000);
});

it('are still there after a restart', async () => {
  const { database, directory, create } = open();
  const { code } = await create({ uses: 1 });
  database.close();
  expect(open(directory).invitations.isUsable(code, start)).toBe(true);
});
