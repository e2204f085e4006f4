// What the panels, the jump dialog and the way in decide while drawing.
import { describe, expect, test } from 'vitest';
import { findItems, type JumpSource } from '../../public/chat/view/panels/jump-items.ts';
import { fold, matches, rank } from '../../public/chat/view/panels/match.ts';
import { mayModerate, powersOver, sortMembers } from '../../public/chat/view/panels/powers.ts';
import { cutHits, excerptOf } from '../../public/chat/view/panels/search-pieces.ts';
import { aboutEntry, askedSecret, secretOf } from '../../public/chat/view/sign-in-secret.ts';
import type { Failure, Role, RoomMember, RoomSummary } from '../../src/chat/events.ts';

const me = { id: 'me', name: 'Robin' };

function room(change: Partial<RoomSummary> = {}): RoomSummary {
  return {
    id: 'general',
    kind: 'public',
    name: 'general',
    topic: '',
    memberCount: 3,
    joined: true,
    role: 'member',
    newest: 1,
    lastTime: 1,
    read: 1,
    unread: 0,
    mentions: 0,
    muted: false,
    slowMode: 0,
    ...change,
  };
}

const member = (name: string, role: Role = 'member', change: Partial<RoomMember> = {}): RoomMember => ({
  id: name,
  name,
  role,
  here: true,
  ...change,
});

describe('powersOver', () => {
  const over = (role: Role, other: RoomMember, owner = false) =>
    powersOver(room({ role }), owner, me, other, 1000).join(' ');

  test('nobody has any over themselves', () => {
    expect(over('owner', { ...member('x'), id: 'me' }, true)).toBe('');
  });

  test('members write and mention, and no more', () => {
    expect(over('member', member('Mei'))).toBe('direct mention');
  });

  test('moderators act on members only, and give no roles', () => {
    expect(over('moderator', member('Mei'))).toBe('direct mention mute kick ban');
    expect(over('moderator', member('Ada', 'moderator'))).toBe('direct mention');
    expect(over('moderator', member('Zoe', 'owner'))).toBe('direct mention');
  });

  test('owners act on members and moderators, and make either of the other', () => {
    expect(over('owner', member('Mei'))).toBe('direct mention mute kick ban makeModerator makeOwner');
    expect(over('owner', member('Ada', 'moderator'))).toBe(
      'direct mention mute kick ban makeMember makeOwner',
    );
    expect(over('owner', member('Zoe', 'owner'))).toBe('direct mention');
  });

  test('the owner of the server acts on owners of rooms too', () => {
    expect(over('member', member('Zoe', 'owner'), true)).toBe('direct mention mute kick ban makeMember');
  });

  test('a mute that is not over is taken back, one that is over is not', () => {
    expect(over('moderator', member('Mei', 'member', { mutedUntil: 1001 }))).toContain('unmute');
    expect(over('moderator', member('Mei', 'member', { mutedUntil: 1000 }))).not.toContain('unmute');
  });

  test('a bot is not written to, and gets no role', () => {
    expect(over('owner', member('Bot', 'member', { bot: true }))).toBe('mention mute kick ban');
  });

  test('in a direct room there is nothing to moderate', () => {
    const direct = room({ kind: 'direct', role: 'owner' });
    expect(powersOver(direct, true, me, member('Mei'), 0)).toEqual(['mention']);
    expect(mayModerate(direct, true)).toBe(false);
    expect(mayModerate(room({ joined: false }), true)).toBe(false);
  });
});

test('members stand by presence, then role, then name as the language sorts it', () => {
  const names = sortMembers(
    [
      member('zoe'),
      member('Away', 'owner', { here: false }),
      member('Émile'),
      member('eva'),
      member('Mod', 'moderator'),
      member('Room 10'),
      member('Room 9'),
    ],
    'en',
  ).map(({ name }) => name);
  expect(names).toEqual(['Mod', 'Émile', 'eva', 'Room 9', 'Room 10', 'zoe', 'Away']);
});

describe('finding names', () => {
  test.each([
    ['', 'anything', true],
    ['emi', 'Émile', true],
    ['ＭＥＩ', 'mei', true],
    ['plans week', 'weekend plans', true],
    ['plans month', 'weekend plans', false],
    ['张', '张伟', true],
  ])('%j in %j: %s', (query, name, expected) => {
    expect(matches(query, name)).toBe(expected);
  });

  test('each word may stand in another text', () => {
    expect(matches('dev frames', 'dev', 'Frames and handshakes')).toBe(true);
  });

  test('better fits come first', () => {
    const ranks = ['dev', 'devices', 'web dev', 'undevout', 'double even viola', 'rooms'].map((name) =>
      rank('dev', name),
    );
    expect(ranks).toEqual([0, 1, 2, 3, 4, undefined]);
  });

  test('folding takes accents and width away, and keeps what is not Latin', () => {
    expect(fold('ÅＢc 张')).toBe('abc 张');
  });
});

describe('findItems', () => {
  const source: JumpSource = {
    rooms: [
      room(),
      room({ id: 'dev', name: 'dev', unread: 2 }),
      room({ id: 'loud', name: 'loud', unread: 900, muted: true }),
      room({ id: 'plans', name: 'plans', unread: 1, mentions: 1 }),
      room({ id: 'd', name: 'Ada', kind: 'direct', other: { id: 'ada', name: 'Ada' } }),
    ],
    people: [
      { id: 'ada', name: 'Ada' },
      { id: 'adam', name: 'Adam' },
      { id: 'bot', name: 'Adabot', bot: true },
    ],
    commands: ['search', 'devices', 'dark'],
    nameOf: (command) =>
      ({ search: 'Search', devices: 'Devices', dark: 'Dark theme' })[command as string] ?? '',
  };
  const find = (query: string) => findItems(query, source).map(({ key }) => key);

  test('without a query: what waits first, nothing that is muted before it, no crowd of people', () => {
    expect(find('')).toEqual([
      'room plans',
      'room dev',
      'room general',
      'room loud',
      'room d',
      'command search',
      'command devices',
      'command dark',
    ]);
  });

  test('whoever has a direct room is there once, bots are not', () => {
    expect(find('ada')).toEqual(['room d', 'person adam']);
  });

  test('signs narrow it', () => {
    expect(find('#d')).toEqual(['room dev', 'room loud']);
    expect(find('@ad')).toEqual(['room d', 'person adam']);
    expect(find('> d')).toEqual(['command devices', 'command dark']);
    expect(find('@')).toEqual(['room d', 'person adam']);
  });

  test('what fits nothing finds nothing', () => {
    expect(find('qqq')).toEqual([]);
  });
});

describe('search results', () => {
  test.each([
    ['The Handshake', 'handshake', ['The ', '*Handshake*']],
    ['a.b a+b', 'a+b', ['a.b ', '*a+b*']],
    ['search the sea', 'sea search', ['*search*', ' the ', '*sea*']],
    ['握手的意思', '握手', ['*握手*', '的意思']],
    ['plain', '   ', ['plain']],
    ['“quoted words”', '"quoted"', ['“', '*quoted*', ' words”']],
  ])('%j for %j', (text, query, expected) => {
    const pieces = cutHits(text, query);
    expect(pieces.map((piece) => (piece.hit ? `*${piece.text}*` : piece.text))).toEqual(expected);
    expect(pieces.map((piece) => piece.text).join('')).toBe(text);
  });

  test('a long text is cut around its first hit, at a word', () => {
    const excerpt = excerptOf(`${'word '.repeat(100)}needle ${'word '.repeat(100)}`, 'needle');
    expect(excerpt).toMatch(/^…word/);
    expect(excerpt).toMatch(/…$/);
    expect(excerpt).toContain('needle');
    expect(excerpt.length).toBeLessThan(190);
  });

  test('a short text stays whole, on one line', () => {
    expect(excerptOf('  two\n\nlines ', 'x')).toBe('two lines');
  });

  test('no half of a character is left at either end', () => {
    for (let lead = 40; lead < 60; lead += 1)
      expect(excerptOf(`${'😀'.repeat(lead)}x${'😀'.repeat(200)}`, 'x').isWellFormed(), `lead ${lead}`).toBe(
        true,
      );
  });
});

describe('the second field of sign-in', () => {
  const entry = (serverPassword: boolean, invitation: boolean) => ({
    entry: { serverPassword, invitation },
    invitation: undefined,
  });
  const failed = (code: Failure['code'], field: string): Failure => ({ code, field, message: '' });
  const ask = (
    state: Parameters<typeof aboutEntry>[0],
    failure?: Failure,
    kept = false,
    wantsServer = false,
  ) => secretOf({ state, failure, kept, wantsServer });

  test('is not there while a name is enough', () => {
    expect(ask(entry(false, false))).toBeUndefined();
    expect(ask({ entry: undefined, invitation: undefined })).toBeUndefined();
    expect(aboutEntry(entry(false, false))).toEqual({ needed: undefined, offersServer: false });
  });

  test('comes with what the server asks for, and stays while the name does', () => {
    expect(ask(entry(false, false), failed('password-needed', 'data.password'))).toBe('name');
    expect(ask(entry(false, false), failed('password-needed', 'data.serverPassword'))).toBe('server');
    expect(ask(entry(false, false), undefined, true)).toBe('name');
    expect(ask(entry(true, false), failed('password-wrong', 'data.password'))).toBe('name');
    expect(askedSecret(failed('name-taken', 'data.name'))).toBeUndefined();
  });

  test('is the server’s where that is the only way in', () => {
    expect(ask(entry(true, false))).toBe('server');
    expect(aboutEntry(entry(true, false)).needed).toBe('password');
  });

  test('is offered where an invitation would do too', () => {
    expect(ask(entry(true, true))).toBeUndefined();
    expect(ask(entry(true, true), undefined, false, true)).toBe('server');
    expect(aboutEntry(entry(true, true))).toEqual({ needed: 'either', offersServer: true });
    expect(aboutEntry(entry(false, true)).needed).toBe('invitation');
  });

  test('does not trouble who is invited', () => {
    const state = { ...entry(true, true), invitation: 'k3vq0x1b' };
    expect(ask(state)).toBeUndefined();
    expect(aboutEntry(state).needed).toBeUndefined();
  });
});
