// Keeping order: who may do what to whom, what those it is done to may still do, and how they try to get around it.
import { describe, expect, it } from 'vitest';
import type { RequestInput, RequestName } from '../../src/chat/events.ts';
import { newNonce, type Stage, type StageOptions, stageChat } from '../support/chat.ts';

type Person = Awaited<ReturnType<Stage['member']>>;

/** A public room with its owner, two moderators and two members; and the server's owner, who is not in it. */
async function staffedRoom(options: StageOptions = {}) {
  const stage = stageChat(options);
  const host = await stage.member('Host');
  await host.ok('session:claim', { code: stage.identities.ownerCode ?? '' });
  const owner = await stage.member('Owner');
  const { id: room } = await owner.make('dev');
  // At once, so that they share their commits; in this order.
  const people = ['Moderator', 'Other', 'Member', 'Friend'].map(async (name) => {
    const person = await stage.member(name);
    await person.join(room);
    return person;
  });
  const [moderator, other, member, friend] = await Promise.all(people);
  if (moderator === undefined || other === undefined || member === undefined || friend === undefined) {
    throw new Error('Nobody came.');
  }
  await Promise.all(
    [moderator, other].map(({ member }) =>
      owner.ok('moderation:role', { room, nonce: newNonce(), member: member.id, role: 'moderator' }),
    ),
  );
  return { ...stage, room, host, owner, moderator, other, member, friend };
}

type Staffed = Awaited<ReturnType<typeof staffedRoom>>;
type Name = 'host' | 'owner' | 'moderator' | 'other' | 'member' | 'friend';

/** Whether it was done, or the code of the refusal. */
async function outcome<Request extends RequestName>(
  person: Person,
  event: Request,
  data: RequestInput<Request>,
): Promise<string> {
  const reply = await person.ask(event, data);
  return reply.event === 'reply:ok' ? 'done' : reply.data.code;
}

describe('who may act on whom', () => {
  const done: readonly (readonly [Name, Name])[] = [
    ['moderator', 'member'],
    ['owner', 'moderator'],
    ['owner', 'member'],
    ['host', 'owner'],
    ['host', 'moderator'],
    ['host', 'member'],
  ];
  const forbidden: readonly (readonly [Name, Name])[] = [
    ['member', 'friend'],
    ['member', 'moderator'],
    ['member', 'member'],
    ['moderator', 'other'],
    ['moderator', 'owner'],
    ['moderator', 'host'],
    ['moderator', 'moderator'],
    ['owner', 'owner'],
    ['owner', 'host'],
    ['host', 'host'],
  ];
  const acts = async ({ room }: Staffed, by: Person, target: Person): Promise<string[]> => {
    const member = target.member.id;
    const asked = () => ({ room, nonce: newNonce(), member, reason: '' });
    return [
      await outcome(by, 'moderation:mute', { room, member, reason: '' }),
      await outcome(by, 'moderation:unmute', { room, member }),
      await outcome(by, 'moderation:kick', asked()),
      // Who was kicked may be banned too.
      await outcome(by, 'moderation:ban', asked()),
    ];
  };

  it.each(done)('lets a %s mute, kick and ban a %s', async (by, target) => {
    const stage = await staffedRoom();
    expect(await acts(stage, stage[by], stage[target])).toEqual(['done', 'done', 'done', 'done']);
  });

  it('lets nobody do it to who stands as high or higher, nor to themselves', async () => {
    const stage = await staffedRoom();
    for (const [by, target] of forbidden) {
      const outcomes = await acts(stage, stage[by], stage[target]);
      expect([by, target, ...outcomes]).toEqual([by, target, ...Array<string>(4).fill('forbidden')]);
    }
    expect(stage.rooms.membersIn(stage.room).size).toBe(5);
  });

  it('is not moved by being a moderator of another room', async () => {
    const { friend, member, room } = await staffedRoom();
    await friend.make('own');
    expect(
      await outcome(friend, 'moderation:kick', {
        room,
        nonce: newNonce(),
        member: member.member.id,
        reason: '',
      }),
    ).toBe('forbidden');
  });

  it('is nobody in a conversation of two', async () => {
    const { host, friend } = await staffedRoom();
    const { room } = await friend.ok('room:direct', { member: host.member.id, nonce: newNonce() });
    const kick = { room: room.id, nonce: newNonce(), member: friend.member.id, reason: '' };
    expect(await outcome(host, 'moderation:kick', kick)).toBe('forbidden');
    expect(await outcome(friend, 'moderation:slow', { room: room.id, nonce: newNonce(), seconds: 5 })).toBe(
      'forbidden',
    );
  });

  it('says nothing of a private room to who is not in it, but to the server’s owner', async () => {
    const { owner, friend, host } = await staffedRoom();
    const { id: room } = await owner.make('secret', 'private');
    const slow = () => ({ room, nonce: newNonce(), seconds: 5 });
    expect(await outcome(friend, 'moderation:slow', slow())).toBe('room-unknown');
    expect(await outcome(friend, 'moderation:slow', { ...slow(), room: 'no-such-room' })).toBe(
      'room-unknown',
    );
    expect(await outcome(host, 'moderation:slow', slow())).toBe('done');
  });

  it('leaves the whole server to its owner', async () => {
    const { owner, moderator, member } = await staffedRoom();
    for (const by of [owner, moderator, member]) {
      const ban = { nonce: newNonce(), member: member.member.id, reason: '' };
      expect(await outcome(by, 'moderation:ban', ban)).toBe('forbidden');
      expect(await outcome(by, 'moderation:unban', { member: member.member.id })).toBe('forbidden');
      expect(await outcome(by, 'moderation:bans', {})).toBe('forbidden');
      expect(await outcome(by, 'moderation:audit', {})).toBe('forbidden');
    }
  });
});

describe('a kick', () => {
  it('is an event for everybody, and takes the room away from who was kicked', async () => {
    const { room, moderator, member, friend, rooms } = await staffedRoom();
    const nonce = newNonce();
    const receipt = await moderator.ok('moderation:kick', {
      room,
      nonce,
      member: member.member.id,
      reason: 'spam',
    });
    const kicked = {
      type: 'kicked',
      offset: receipt.offset,
      member: member.member,
      reason: 'spam',
      banned: false,
    };
    expect(friend.heard.at(-1)).toMatchObject(kicked);
    expect(member.heard.at(-1)).toMatchObject(kicked);
    expect(member.pushed('room:gone').map(({ data }) => data)).toEqual([
      { room, why: 'kicked', reason: 'spam' },
    ]);
    expect(rooms.isIn(room, member.member.id)).toBe(false);
    expect(
      (
        await member.refused('message:send', {
          room,
          nonce: newNonce(),
          content: { type: 'text', text: 'x' },
        })
      ).code,
    ).toBe('not-joined');
  });

  it('is answered the same when it is asked again, and done once', async () => {
    const { room, moderator, member, friend } = await staffedRoom();
    const kick = { room, nonce: newNonce(), member: member.member.id, reason: 'spam' };
    const first = await moderator.ok('moderation:kick', kick);
    expect(await moderator.ok('moderation:kick', kick)).toEqual(first);
    await member.join(room);
    expect(await moderator.ok('moderation:kick', kick)).toEqual(first);
    expect(friend.heard.filter(({ type }) => type === 'kicked')).toHaveLength(1);
    expect((await moderator.refused('moderation:kick', { ...kick, reason: 'other' })).code).toBe(
      'nonce-reused',
    );
  });

  it('of who is not there is refused', async () => {
    const { room, moderator, host, member } = await staffedRoom();
    await member.ok('room:leave', { room, nonce: newNonce() });
    const kick = (id: string) => ({ room, nonce: newNonce(), member: id, reason: '' });
    expect(await outcome(moderator, 'moderation:kick', kick(member.member.id))).toBe('member-unknown');
    expect(await outcome(host, 'moderation:kick', kick('nobody'))).toBe('member-unknown');
  });

  it('of the only owner makes another one', async () => {
    const { room, host, owner, moderator, rooms } = await staffedRoom();
    await host.ok('moderation:kick', { room, nonce: newNonce(), member: owner.member.id, reason: '' });
    expect(rooms.roleOf(room, moderator.member.id)).toBe('owner');
  });
});

describe('a ban from a room', () => {
  async function banned(seconds?: number) {
    const stage = await staffedRoom();
    const { room, moderator, member } = stage;
    const ban = {
      room,
      nonce: newNonce(),
      member: member.member.id,
      reason: 'spam',
      ...(seconds && { seconds }),
    };
    await moderator.ok('moderation:ban', ban);
    return { ...stage, ban };
  }

  it('takes them out, and keeps them out until it is over', async () => {
    const { room, member, clock, friend } = await banned(60);
    expect(friend.heard.at(-1)).toMatchObject({
      type: 'kicked',
      member: member.member,
      reason: 'spam',
      banned: true,
    });
    expect(member.pushed('room:gone').at(-1)?.data).toEqual({ room, why: 'banned', reason: 'spam' });
    expect(await member.refused('room:join', { room, nonce: newNonce() })).toMatchObject({
      code: 'banned',
      message: 'You are banned from this room for 60 seconds: spam.',
      retryAfter: 60_000,
    });
    // What everybody may read is not theirs to read either, meanwhile.
    expect((await member.refused('room:open', { room })).code).toBe('banned');
    expect((await member.refused('message:page', { room })).code).toBe('banned');
    expect((await member.refused('message:search', { room, query: 'x' })).code).toBe('banned');
    clock.advance(60_000);
    expect((await member.join(room)).joined).toBe(true);
  });

  it('is not got around by an invitation, on another device, or by coming back', async () => {
    const { room, member, friend, client } = await banned();
    const { code } = await friend.ok('room:invite', { room });
    expect((await member.refused('room:accept', { code, nonce: newNonce() })).code).toBe('banned');
    await member.ok('session:password', { password: 'correct horse' });
    const phone = client();
    await phone.ok('session:enter', { name: 'Member', password: 'correct horse', invitation: code });
    expect((await phone.refused('room:join', { room, nonce: newNonce() })).code).toBe('banned');
    expect((await phone.refused('room:accept', { code, nonce: newNonce() })).code).toBe('banned');
    const back = await client().ok('session:resume', { token: member.token });
    expect(back.rooms.map(({ id }) => id)).toEqual(['general']);
  });

  it('does not let them go on with what they had: not write, not edit, not react', async () => {
    const { room, member } = await banned();
    const write = { room, nonce: newNonce(), content: { type: 'text', text: 'x' } } as const;
    expect(await outcome(member, 'message:send', write)).toBe('not-joined');
    expect(await outcome(member, 'room:topic', { room, nonce: newNonce(), topic: 'x' })).toBe('forbidden');
    expect(await outcome(member, 'room:invite', { room })).toBe('not-joined');
    expect(await outcome(member, 'room:typing', { room, typing: true })).toBe('not-joined');
  });

  it('makes the invitations void that they gave', async () => {
    const { room, member, moderator, friend, client } = await staffedRoom();
    const { code } = await member.ok('room:invite', { room });
    const kept = await friend.ok('room:invite', { room });
    await moderator.ok('moderation:ban', { room, nonce: newNonce(), member: member.member.id, reason: '' });
    const late = client();
    await late.enter('Late');
    expect((await late.refused('room:accept', { code, nonce: newNonce() })).code).toBe('invitation-unknown');
    await late.ok('room:accept', { code: kept.code, nonce: newNonce() });
  });

  it('may be set before they have ever been there, and does not touch other rooms', async () => {
    const { room, moderator, member, client } = await staffedRoom();
    const late = client();
    const { member: newcomer } = await late.enter('Late');
    await moderator.ok('moderation:ban', { room, nonce: newNonce(), member: newcomer.id, reason: '' });
    expect((await late.refused('room:join', { room, nonce: newNonce() })).code).toBe('banned');
    await late.say('hello');
    await late.ok('room:direct', { member: member.member.id, nonce: newNonce() });
  });

  it('holds for who comes in the same tick', async () => {
    const { room, moderator, client, rooms } = await staffedRoom();
    const late = client();
    const { member: newcomer } = await late.enter('Late');
    const ban = moderator.ok('moderation:ban', { room, nonce: newNonce(), member: newcomer.id, reason: '' });
    const join = late.refused('room:join', { room, nonce: newNonce() });
    await ban;
    expect((await join).code).toBe('banned');
    expect(rooms.isIn(room, newcomer.id)).toBe(false);
  });

  it('holds for who came in, or went, just before it in the same tick', async () => {
    const { room, moderator, member, client, rooms } = await staffedRoom();
    const late = client();
    const { member: newcomer } = await late.enter('Late');
    const ban = (id: string) => ({ room, nonce: newNonce(), member: id, reason: '' });
    const joined = late.ask('room:join', { room, nonce: newNonce() });
    const left = member.ask('room:leave', { room, nonce: newNonce() });
    const banned = [newcomer.id, member.member.id].map((id) => moderator.ask('moderation:ban', ban(id)));
    const replies = await Promise.all([joined, left, ...banned]);
    expect(replies.map(({ event }) => event)).toEqual(Array<string>(4).fill('reply:ok'));
    for (const each of [late, member]) {
      expect((await each.refused('room:join', { room, nonce: newNonce() })).code).toBe('banned');
    }
    expect(rooms.isIn(room, newcomer.id)).toBe(false);
  });

  it('is done once when it is asked again', async () => {
    const { moderator, member, room, ban, friend, audit } = await withAudit(await banned());
    await moderator.ok('moderation:unban', { room, member: member.member.id });
    await member.join(room);
    await moderator.ok('moderation:ban', ban);
    expect(await audit('moderation:ban')).toHaveLength(1);
    expect(friend.heard.filter(({ type }) => type === 'kicked')).toHaveLength(1);
  });

  it('is listed to moderators, and can be lifted', async () => {
    const { room, moderator, member, friend, clock } = await banned(60);
    expect((await moderator.ok('moderation:bans', { room })).bans).toEqual([
      {
        member: member.member,
        by: moderator.member,
        time: clock.now(),
        until: clock.now() + 60_000,
        reason: 'spam',
      },
    ]);
    expect(await outcome(friend, 'moderation:bans', { room })).toBe('forbidden');
    await moderator.ok('moderation:unban', { room, member: member.member.id });
    await moderator.ok('moderation:unban', { room, member: member.member.id });
    expect((await moderator.ok('moderation:bans', { room })).bans).toEqual([]);
    await member.join(room);
  });

  it('holds after a restart', async () => {
    const stage = await banned();
    await stage.member.ok('heartbeat:ping', {});
    stage.close();
    const after = stageChat({ directory: stage.directory, clock: stage.clock });
    const back = after.client();
    await back.ok('session:resume', { token: stage.member.token });
    expect((await back.refused('room:join', { room: stage.room, nonce: newNonce() })).code).toBe('banned');
  });

  it('from the room that everybody is in holds too', async () => {
    const { host, member, client } = await staffedRoom();
    const ban = { room: 'general', nonce: newNonce(), member: member.member.id, reason: '' };
    await host.ok('moderation:ban', ban);
    const back = await client().ok('session:resume', { token: member.token });
    expect(back.rooms.map(({ id }) => id)).not.toContain('general');
  });
});

describe('a ban from the server', () => {
  const address = '198.51.100.7';

  async function banned(seconds?: number) {
    const stage = await staffedRoom();
    const troll = stage.client(address);
    const { member, token = '' } = await troll.enter('Troll');
    await troll.ok('session:password', { password: 'correct horse' });
    const tab = stage.client(address);
    await tab.ok('session:resume', { token });
    const ban = { nonce: newNonce(), member: member.id, reason: 'spam', ...(seconds && { seconds }) };
    await stage.host.ok('moderation:ban', ban);
    return { ...stage, troll, tab, id: member.id, token };
  }

  it('ends every connection of theirs, and says why', async () => {
    const { troll, tab, chat, id } = await banned();
    for (const each of [troll, tab]) expect(each.closed).toEqual({ code: 1008, reason: 'banned: spam' });
    expect(chat.presence.isHere(id)).toBe(false);
  });

  it('refuses them with token, cookie and password, until it is over', async () => {
    const { client, token, clock } = await banned(3600);
    const refused = { code: 'banned', retryAfter: 3600_000 };
    expect(await client('192.0.2.99').refused('session:resume', { token })).toMatchObject(refused);
    const tab = client({ credential: token });
    expect(await tab.refused('session:resume', {})).toMatchObject(refused);
    expect(tab.pushed('server:hello')[0]?.data.known).toBe(false);
    const password = 'correct horse';
    expect(await client('192.0.2.99').refused('session:enter', { name: 'Troll', password })).toMatchObject(
      refused,
    );
    clock.advance(3600_000);
    await client().ok('session:resume', { token });
  });

  it('refuses new names from their address for an hour, and nobody else', async () => {
    const { client, clock } = await banned();
    const refused = await client(address).refused('session:enter', { name: 'Innocent' });
    expect(refused).toMatchObject({ code: 'banned', retryAfter: 3600_000 });
    await client('198.51.100.8').enter('Neighbour');
    clock.advance(3600_000);
    await client(address).enter('Innocent');
  });

  it('does not stop those who were there before at the same address', async () => {
    const stage = await staffedRoom();
    const { host, client } = stage;
    const [troll, neighbour] = [client(address), client(address)];
    const [{ member }, { token = '' }] = [await troll.enter('Troll'), await neighbour.enter('Neighbour')];
    await host.ok('moderation:ban', { nonce: newNonce(), member: member.id, reason: '' });
    await client(address).ok('session:resume', { token });
  });

  it('does not lock a whole proxy out', async () => {
    const { host, client } = await staffedRoom();
    const troll = client('127.0.0.1');
    const { member } = await troll.enter('Troll');
    await host.ok('moderation:ban', { nonce: newNonce(), member: member.id, reason: '' });
    await client('127.0.0.1').enter('Innocent');
  });

  it('is not got around by an invitation of theirs', async () => {
    const { host, room, member, client } = await staffedRoom();
    const { code } = await member.ok('room:invite', { room });
    await host.ok('moderation:ban', { nonce: newNonce(), member: member.member.id, reason: '' });
    const late = client('203.0.113.5');
    await late.enter('Late');
    expect((await late.refused('room:accept', { code, nonce: newNonce() })).code).toBe('invitation-unknown');
  });

  it('can be lifted, and is listed to the server’s owner', async () => {
    const { host, client, token, id } = await banned();
    expect((await host.ok('moderation:bans', {})).bans).toMatchObject([{ member: { id }, reason: 'spam' }]);
    await host.ok('moderation:unban', { member: id });
    await client(address).ok('session:resume', { token });
    await client(address).enter('Innocent');
  });

  it('cuts a long reason to what a Close frame takes', async () => {
    const { host, member } = await staffedRoom();
    const reason = '\u{1f600}'.repeat(100);
    await host.ok('moderation:ban', { nonce: newNonce(), member: member.member.id, reason });
    const { reason: said = '' } = member.closed ?? {};
    expect(Buffer.byteLength(said)).toBeLessThanOrEqual(123);
    expect(said).toBe(`banned: ${'\u{1f600}'.repeat(28)}`);
  });
});

describe('a mute', () => {
  it('stops writing and editing in that room, and not reading, until it is over', async () => {
    const { room, moderator, member, friend, clock } = await staffedRoom();
    const mine = await member.say('before', room);
    await moderator.ok('moderation:mute', { room, member: member.member.id, seconds: 60, reason: '' });
    expect(member.pushed('room:changed').at(-1)?.data.room).toMatchObject({
      id: room,
      mutedUntil: clock.now() + 60_000,
    });
    const write = { room, nonce: newNonce(), content: { type: 'text', text: 'x' } } as const;
    expect(await member.refused('message:send', write)).toMatchObject({ code: 'muted', retryAfter: 60_000 });
    const edit = { room, nonce: newNonce(), target: mine.id, text: 'other' };
    expect((await member.refused('message:edit', edit)).code).toBe('muted');
    const react = { room, nonce: newNonce(), target: mine.id, emoji: '👍', on: true };
    expect((await member.refused('message:react', react)).code).toBe('muted');
    await member.say('elsewhere', 'general');
    await friend.say('still heard', room);
    expect(member.heard.at(-1)).toMatchObject({ content: { text: 'still heard' } });
    const { members } = await friend.ok('room:open', { room });
    expect(members.find(({ id }) => id === member.member.id)?.mutedUntil).toBe(clock.now() + 60_000);
    clock.advance(60_000);
    await member.say('again', room);
  });

  it('is not got around by leaving and coming again, nor by a restart', async () => {
    const stage = await staffedRoom();
    const { room, moderator, member } = stage;
    await moderator.ok('moderation:mute', { room, member: member.member.id, reason: '' });
    await member.ok('room:leave', { room, nonce: newNonce() });
    await member.join(room);
    const write = () => ({ room, nonce: newNonce(), content: { type: 'text', text: 'x' } }) as const;
    const refused = await member.refused('message:send', write());
    expect(refused.code).toBe('muted');
    expect(refused.retryAfter).toBeUndefined();
    stage.close();
    const after = stageChat({ directory: stage.directory, clock: stage.clock });
    const back = after.client();
    await back.ok('session:resume', { token: member.token });
    expect((await back.refused('message:send', write())).code).toBe('muted');
  });

  it('is taken back', async () => {
    const { room, moderator, member } = await staffedRoom();
    await moderator.ok('moderation:mute', { room, member: member.member.id, reason: '' });
    await moderator.ok('moderation:unmute', { room, member: member.member.id });
    await member.say('again', room);
  });

  it('does not change the answer to what was sent before it', async () => {
    const { room, moderator, member } = await staffedRoom();
    const nonce = newNonce();
    const receipt = await member.say('before', room, nonce);
    await moderator.ok('moderation:mute', { room, member: member.member.id, reason: '' });
    expect(await member.say('before', room, nonce)).toEqual(receipt);
  });
});

describe('slow mode', () => {
  it('lets members write so often, and moderators at will', async () => {
    const { room, moderator, member, friend, clock } = await staffedRoom();
    const receipt = await moderator.ok('moderation:slow', { room, nonce: newNonce(), seconds: 30 });
    expect(friend.heard.at(-1)).toMatchObject({ type: 'slow', seconds: 30, offset: receipt.offset });
    await member.say('one', room);
    const write = () => ({ room, nonce: newNonce(), content: { type: 'text', text: 'x' } }) as const;
    expect(await member.refused('message:send', write())).toMatchObject({
      code: 'slow-mode',
      retryAfter: 30_000,
    });
    await friend.say('another', room);
    clock.advance(29_999);
    expect(await member.refused('message:send', write())).toMatchObject({ retryAfter: 1 });
    clock.advance(1);
    await member.say('two', room);
    for (let count = 0; count < 5; count++) await moderator.say('at will', room);
    await member.say('elsewhere', 'general');
    await moderator.ok('moderation:slow', { room, nonce: newNonce(), seconds: 0 });
    await member.say('three', room);
  });

  it('is not got around on two connections at once, nor by leaving', async () => {
    const { room, moderator, member, client } = await staffedRoom();
    await moderator.ok('moderation:slow', { room, nonce: newNonce(), seconds: 30 });
    const tab = client();
    await tab.ok('session:resume', { token: member.token });
    const write = () => ({ room, nonce: newNonce(), content: { type: 'text', text: 'x' } }) as const;
    const both = await Promise.all([member.ask('message:send', write()), tab.ask('message:send', write())]);
    expect(both.map(({ event }) => event)).toEqual(['reply:ok', 'reply:error']);
    await member.ok('room:leave', { room, nonce: newNonce() });
    await member.join(room);
    expect((await member.refused('message:send', write())).code).toBe('slow-mode');
  });

  it('holds nobody for longer than it is when the clock is set back', async () => {
    const { room, moderator, member, clock } = await staffedRoom();
    await moderator.ok('moderation:slow', { room, nonce: newNonce(), seconds: 30 });
    await member.say('one', room);
    clock.setBack(24 * 3600 * 1000);
    const write = { room, nonce: newNonce(), content: { type: 'text', text: 'x' } } as const;
    expect(await member.refused('message:send', write)).toMatchObject({ retryAfter: 30_000 });
  });
});

describe('roles', () => {
  const give = (room: string, to: Person, role: 'owner' | 'moderator' | 'member') => ({
    room,
    nonce: newNonce(),
    member: to.member.id,
    role,
  });

  it('are given by owners only', async () => {
    const { room, owner, host, moderator, member, friend, rooms } = await staffedRoom();
    expect(await outcome(moderator, 'moderation:role', give(room, member, 'moderator'))).toBe('forbidden');
    expect(await outcome(moderator, 'moderation:role', give(room, moderator, 'owner'))).toBe('forbidden');
    expect(await outcome(member, 'moderation:role', give(room, member, 'owner'))).toBe('forbidden');
    await owner.ok('moderation:role', give(room, member, 'moderator'));
    await host.ok('moderation:role', give(room, friend, 'moderator'));
    expect([member, friend].map((each) => rooms.roleOf(room, each.member.id))).toEqual([
      'moderator',
      'moderator',
    ]);
    expect(friend.heard.at(-1)).toMatchObject({ type: 'role', member: friend.member, role: 'moderator' });
  });

  it('cannot be taken from the last owner, not even by themselves, until there is another', async () => {
    const { room, owner, host, moderator, rooms } = await staffedRoom();
    expect(await outcome(owner, 'moderation:role', give(room, owner, 'member'))).toBe('forbidden');
    expect(await outcome(host, 'moderation:role', give(room, owner, 'member'))).toBe('forbidden');
    await owner.ok('moderation:role', give(room, moderator, 'owner'));
    expect(await outcome(moderator, 'moderation:role', give(room, owner, 'member'))).toBe('forbidden');
    await owner.ok('moderation:role', give(room, owner, 'member'));
    expect(rooms.roleOf(room, owner.member.id)).toBe('member');
  });

  it('are kept by one of two owners who both step down in the same tick', async () => {
    const { room, owner, moderator, rooms } = await staffedRoom();
    await owner.ok('moderation:role', give(room, moderator, 'owner'));
    const both = await Promise.all([
      outcome(owner, 'moderation:role', give(room, owner, 'member')),
      outcome(moderator, 'moderation:role', give(room, moderator, 'member')),
    ]);
    expect(both).toEqual(['done', 'forbidden']);
    expect(rooms.roleOf(room, moderator.member.id)).toBe('owner');
  });

  it('are for who is in the room', async () => {
    const { room, owner, host } = await staffedRoom();
    expect(await outcome(owner, 'moderation:role', give(room, host, 'moderator'))).toBe('member-unknown');
  });

  it('are lost with the room: who was a moderator and comes again is a member', async () => {
    const { room, moderator, rooms } = await staffedRoom();
    await moderator.ok('room:leave', { room, nonce: newNonce() });
    await moderator.join(room);
    expect(rooms.roleOf(room, moderator.member.id)).toBe('member');
  });
});

describe('invitations', () => {
  it('let people into a private room who could not find it', async () => {
    const { owner, friend, member, client } = await staffedRoom();
    const { id: room } = await owner.make('secret', 'private');
    expect((await friend.refused('room:join', { room, nonce: newNonce() })).code).toBe('room-unknown');
    const { code, uses, expires } = await owner.ok('room:invite', { room, uses: 1, seconds: 60 });
    expect([uses, typeof expires]).toEqual([1, 'number']);
    expect((await friend.ok('room:accept', { code, nonce: newNonce() })).room).toMatchObject({
      id: room,
      joined: true,
    });
    expect((await member.refused('room:accept', { code, nonce: newNonce() })).code).toBe(
      'invitation-unknown',
    );
    const tab = client();
    await tab.ok('session:resume', { token: friend.token });
    expect((await tab.ok('room:accept', { code, nonce: newNonce() })).room).toMatchObject({ id: room });
  });

  it('are made by who is in the room, and for the server by its owner', async () => {
    const { room, host, owner, friend, client } = await staffedRoom();
    const { id: secret } = await owner.make('secret', 'private');
    expect(await outcome(friend, 'room:invite', { room: secret })).toBe('room-unknown');
    expect(await outcome(friend, 'room:invite', {})).toBe('forbidden');
    expect(await outcome(owner, 'room:invite', {})).toBe('forbidden');
    const { code } = await host.ok('room:invite', {});
    expect(await friend.ok('room:accept', { code, nonce: newNonce() })).toEqual({});
    const stranger = client();
    expect((await stranger.refused('room:invite', { room })).code).toBe('signed-out');
    expect((await stranger.refused('room:accept', { code, nonce: newNonce() })).code).toBe('signed-out');
    const { room: pair } = await friend.ok('room:direct', { member: owner.member.id, nonce: newNonce() });
    expect(await outcome(friend, 'room:invite', { room: pair.id })).toBe('forbidden');
  });

  it('cannot be guessed at for long', async () => {
    const { friend } = await staffedRoom({ rates: { signIns: { burst: 12, perSecond: 0.001 } } });
    const codes: string[] = [];
    for (let count = 0; count < 10; count++) {
      codes.push(await outcome(friend, 'room:accept', { code: `a-guess-${count}`, nonce: newNonce() }));
    }
    expect(new Set(codes)).toEqual(new Set(['invitation-unknown', 'rate-limited']));
  });

  it('join once when they are accepted twice at once', async () => {
    const { owner, friend, client, invitationsOf } = await withInvitations(await staffedRoom());
    const { id: room } = await owner.make('secret', 'private');
    const { code } = await owner.ok('room:invite', { room, uses: 5 });
    const tab = client();
    await tab.ok('session:resume', { token: friend.token });
    await Promise.all([friend, tab].map((each) => each.ok('room:accept', { code, nonce: newNonce() })));
    expect(owner.heard.filter((event) => event.room === room && event.type === 'joined')).toHaveLength(1);
    expect(invitationsOf(code)).toBe(4);
  });
});

describe('the audit', () => {
  it('has who did what to whom, newest first, by room and for all', async () => {
    const { room, host, owner, moderator, member, friend, clock } = await staffedRoom();
    const { id } = member.member;
    const said = await member.say('rude', room);
    await moderator.ok('message:delete', { room, nonce: newNonce(), target: said.id });
    const own = await friend.say('mine', room);
    await friend.ok('message:delete', { room, nonce: newNonce(), target: own.id });
    await moderator.ok('moderation:mute', { room, member: id, seconds: 120, reason: 'rude' });
    await moderator.ok('moderation:unmute', { room, member: id });
    await moderator.ok('moderation:slow', { room, nonce: newNonce(), seconds: 30 });
    await moderator.ok('moderation:kick', { room, nonce: newNonce(), member: id, reason: 'very rude' });
    await moderator.ok('moderation:ban', { room, nonce: newNonce(), member: id, reason: '' });
    await moderator.ok('moderation:unban', { room, member: id });
    await host.ok('moderation:ban', { nonce: newNonce(), member: id, seconds: 7200, reason: 'spam' });
    const { entries, hasMore } = await owner.ok('moderation:audit', { room });
    expect(hasMore).toBe(false);
    expect(entries.map(({ action, details }) => `${action} ${details}`.trim())).toEqual([
      'moderation:unban',
      'moderation:ban until it is taken back',
      'moderation:kick very rude',
      'moderation:slow 30 seconds',
      'moderation:unmute',
      'moderation:mute for 2 minutes: rude',
      `message:delete a message, at ${said.offset}`,
      'moderation:role moderator',
      'moderation:role moderator',
    ]);
    expect(entries[2]).toMatchObject({
      time: clock.now(),
      by: moderator.member,
      room,
      member: member.member,
    });
    const all = await host.ok('moderation:audit', {});
    expect(all.entries[0]).toMatchObject({
      action: 'moderation:ban',
      details: 'for 2 hours: spam',
      by: host.member,
    });
    expect(all.entries[0]?.room).toBeUndefined();
    const page = await owner.ok('moderation:audit', { room, limit: 2 });
    expect([page.entries.length, page.hasMore]).toEqual([2, true]);
    const before = page.entries.at(-1)?.number ?? 0;
    const next = await owner.ok('moderation:audit', { room, before, limit: 100 });
    expect(next.entries).toEqual(entries.slice(2));
  });

  it('is for moderators', async () => {
    const { room, moderator, friend } = await staffedRoom();
    expect(await outcome(moderator, 'moderation:audit', { room })).toBe('done');
    expect(await outcome(friend, 'moderation:audit', { room })).toBe('forbidden');
  });

  it('has nothing of what was refused', async () => {
    const { room, owner, member, friend } = await staffedRoom();
    await outcome(friend, 'moderation:kick', {
      room,
      nonce: newNonce(),
      member: member.member.id,
      reason: '',
    });
    const { entries } = await owner.ok('moderation:audit', { room });
    expect(entries.filter(({ action }) => action === 'moderation:kick')).toEqual([]);
  });
});

function withAudit<Given extends { readonly moderation: Stage['moderation'] }>(stage: Given) {
  const audit = (action: string) =>
    stage.moderation.audit.list(undefined, undefined, 100).entries.filter((entry) => entry.action === action);
  return { ...stage, audit };
}

function withInvitations<Given extends Pick<Stage, 'identities' | 'clock'>>(stage: Given) {
  const invitationsOf = (code: string) =>
    stage.identities.invitations.find(code, stage.clock.now())?.usesLeft;
  return { ...stage, invitationsOf };
}
