// Rooms from the wire's point of view: making, finding, joining and leaving them, two people's, what is read and heard.
import { describe, expect, it } from 'vitest';
import { maximumRoomsPerCreator } from '../../src/chat/rooms.ts';
import { newNonce, stageChat } from '../support/chat.ts';

const nonce = newNonce;

describe('making a room', () => {
  it('makes its maker the owner, tells their other connections, and is in the log', async () => {
    const stage = stageChat();
    const ada = await stage.member('Ada');
    const tab = stage.client();
    await tab.ok('session:resume', { token: ada.token });
    const { room } = await ada.ok('room:create', { nonce: nonce(), name: ' Dev Talk ', topic: 'code' });
    expect(room).toEqual({
      id: 'dev-talk',
      kind: 'public',
      name: 'Dev Talk',
      topic: 'code',
      memberCount: 1,
      joined: true,
      role: 'owner',
      newest: stage.log.newest,
      lastTime: 0,
      read: stage.log.newest,
      unread: 0,
      mentions: 0,
      muted: false,
      slowMode: 0,
    });
    for (const client of [ada, tab]) {
      expect(client.pushed('room:changed').at(-1)?.data).toEqual({ room });
      expect(client.heard.at(-1)).toMatchObject({
        type: 'created',
        room: 'dev-talk',
        name: 'Dev Talk',
        previous: 0,
      });
      const names = client.events.map(({ event }) => event);
      expect(names.lastIndexOf('room:changed')).toBeLessThan(names.lastIndexOf('room:event'));
    }
  });

  it('takes ids from ASCII names that are public, with a number when they are taken, else at random', async () => {
    const ada = await stageChat().member('Ada');
    expect((await ada.make('C++ & Rust!')).id).toBe('c-rust');
    expect((await ada.make('C/Rust')).id).toBe('c-rust-2');
    expect((await ada.make('c rust', 'private')).id).toMatch(/^[a-z0-9]{8}$/);
    expect((await ada.make('c, rust')).id).toBe('c-rust-3');
    expect((await ada.make('你好')).id).toMatch(/^[a-z0-9]{8}$/);
    expect((await ada.make('???')).id).toMatch(/^[a-z0-9]{8}$/);
    expect((await ada.make('x'.repeat(64))).id).toBe('x'.repeat(48));
  });

  it('refuses a public name that is taken, in any spelling, and suggests a free one', async () => {
    const stage = stageChat();
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    await ada.make('Dev Talk');
    await bob.make('DEV TALK 2');
    const failure = await bob.refused('room:create', { nonce: nonce(), name: 'ＤＥＶ  talk' });
    expect(failure).toMatchObject({ code: 'room-exists', field: 'data.name', suggestion: 'ＤＥＶ  talk 3' });
    expect((await bob.refused('room:create', { nonce: nonce(), name: 'general' })).code).toBe('room-exists');
    await bob.make('Dev Talk', 'private');
  });

  it('gives one of two the name who ask for it at once', async () => {
    const stage = stageChat();
    const members = [await stage.member('Ada'), await stage.member('Bob')];
    const replies = await Promise.all(
      members.map((each) => each.ask('room:create', { nonce: nonce(), name: 'Dev' })),
    );
    expect(replies.map(({ event }) => event)).toEqual(['reply:ok', 'reply:error']);
    expect(replies[1]?.data).toMatchObject({ code: 'room-exists', suggestion: 'Dev 2' });
  });

  it('happens once for one nonce, also when somebody else has had the name since', async () => {
    const stage = stageChat();
    const ada = await stage.member('Ada');
    const first = await ada.ok('room:create', { nonce: 'the-nonce', name: 'Dev' });
    await ada.ok('room:rename', { room: first.room.id, nonce: nonce(), name: 'Other' });
    await ada.make('Dev');
    const again = await ada.ok('room:create', { nonce: 'the-nonce', name: 'Dev' });
    expect(again.room).toMatchObject({ id: first.room.id, name: 'Other' });
    expect((await ada.refused('room:create', { nonce: 'the-nonce', name: 'Ops' })).code).toBe('nonce-reused');
  });

  it('has an end for each member', async () => {
    const many = { burst: 1000, perSecond: 1 };
    const stage = stageChat({ rates: { requests: many, messages: many } });
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    for (let number = 0; number < maximumRoomsPerCreator; number++) await ada.make(`Room ${number}`);
    expect((await ada.refused('room:create', { nonce: nonce(), name: 'More' })).code).toBe('too-many');
    await ada.ok('room:direct', { nonce: nonce(), member: bob.member.id });
    await bob.make('More');
  });
});

describe('coming and going', () => {
  it('is told to the room; whoever joins has read what was said before', async () => {
    const stage = stageChat();
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    await ada.make('Dev');
    await ada.say('before', 'dev');
    const joined = await bob.join('dev');
    expect(joined).toMatchObject({ joined: true, role: 'member', memberCount: 2, unread: 0 });
    expect(joined.read).toBe(joined.newest);
    expect(ada.heard.at(-1)).toMatchObject({ type: 'joined', room: 'dev', author: bob.member });
    await ada.say('@bob hello', 'dev');
    expect(bob.heard.at(-1)).toMatchObject({ type: 'message', room: 'dev', mentions: [bob.member.id] });
    const list = await bob.ok('room:list', {});
    expect(list.rooms.find(({ id }) => id === 'dev')).toMatchObject({ unread: 1, mentions: 1 });
    await bob.ok('room:leave', { room: 'dev', nonce: nonce() });
    expect(ada.heard.at(-1)).toMatchObject({ type: 'left', author: bob.member });
    expect(bob.heard.at(-1)).toMatchObject({ type: 'left', author: bob.member });
    expect(bob.pushed('room:gone').map(({ data }) => data)).toEqual([
      { room: 'dev', why: 'left', reason: '' },
    ]);
    const count = bob.heard.length;
    await ada.say('after', 'dev');
    expect(bob.heard).toHaveLength(count);
    expect(
      (
        await bob.refused('message:send', {
          room: 'dev',
          nonce: nonce(),
          content: { type: 'text', text: 'x' },
        })
      ).code,
    ).toBe('not-joined');
  });

  it('is done once, however often it is asked for, and however it comes', async () => {
    const stage = stageChat();
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    const tab = stage.client();
    await tab.ok('session:resume', { token: bob.token });
    await ada.make('Dev');
    const join = { room: 'dev', nonce: 'join-nonce' };
    await Promise.all([
      bob.ok('room:join', join),
      tab.ok('room:join', join),
      tab.ok('room:join', { room: 'dev', nonce: nonce() }),
    ]);
    await bob.ok('room:join', { room: 'dev', nonce: nonce() });
    const leave = { room: 'dev', nonce: 'leave-nonce' };
    await bob.ok('room:leave', leave);
    await bob.ok('room:leave', leave);
    expect((await bob.refused('room:leave', { room: 'dev', nonce: nonce() })).code).toBe('not-joined');
    const events = stage.log.readAfter(['dev'], 0, 100).map(({ type }) => type);
    expect(events).toEqual(['created', 'joined', 'left']);
  });

  it('does not end in general, which everybody is in from the first sign-in on', async () => {
    const stage = stageChat();
    const ada = await stage.member('Ada');
    expect((await ada.refused('room:leave', { room: 'general', nonce: nonce() })).code).toBe('forbidden');
    const types = stage.log.readAfter(['general'], 0, 9).map(({ type, author }) => [type, author.name]);
    expect(types).toEqual([['joined', 'Ada']]);
    await stage.client().ok('session:resume', { token: ada.token });
    expect(stage.log.newest).toBe(1);
  });

  it('leaves a room to a moderator, else to whoever is there for longest, else to nobody', async () => {
    const stage = stageChat();
    const [ada, bob, cy, dan] = [
      await stage.member('Ada'),
      await stage.member('Bob'),
      await stage.member('Cy'),
      await stage.member('Dan'),
    ];
    await ada.make('Dev');
    for (const each of [bob, cy, dan]) {
      stage.clock.advance(1);
      await each.join('dev');
    }
    await ada.ok('moderation:role', { room: 'dev', nonce: nonce(), member: cy.member.id, role: 'moderator' });
    await ada.ok('room:leave', { room: 'dev', nonce: nonce() });
    expect(stage.rooms.roleOf('dev', cy.member.id)).toBe('owner');
    expect(cy.pushed('room:changed').at(-1)?.data.room.role).toBe('owner');
    expect(bob.heard.slice(-2)).toMatchObject([
      { type: 'role', member: cy.member, role: 'owner', author: ada.member },
      { type: 'left', author: ada.member },
    ]);
    await cy.ok('room:leave', { room: 'dev', nonce: nonce() });
    expect(stage.rooms.roleOf('dev', bob.member.id)).toBe('owner');
    for (const each of [bob, dan]) await each.ok('room:leave', { room: 'dev', nonce: nonce() });
    expect(await ada.join('dev')).toMatchObject({ role: 'member', memberCount: 1 });
  });

  it('refuses what is no room', async () => {
    const ada = await stageChat().member('Ada');
    for (const failure of [
      await ada.refused('room:join', { room: 'nowhere', nonce: nonce() }),
      await ada.refused('room:leave', { room: 'nowhere', nonce: nonce() }),
      await ada.refused('room:open', { room: 'nowhere' }),
      await ada.refused('message:page', { room: 'nowhere' }),
    ]) {
      expect(failure).toMatchObject({ code: 'room-unknown', field: 'data.room' });
    }
  });
});

it('counts as messages do, so that nobody floods a room by coming and going', async () => {
  const stage = stageChat({ rates: { messages: { burst: 4, perSecond: 1 } } });
  const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
  await ada.make('Dev');
  for (let times = 0; times < 2; times++) {
    await bob.join('dev');
    await bob.ok('room:leave', { room: 'dev', nonce: nonce() });
  }
  const failure = await bob.refused('room:join', { room: 'dev', nonce: nonce() });
  expect(failure).toMatchObject({ code: 'rate-limited', retryAfter: 1000 });
  stage.clock.advance(1000);
  await bob.join('dev');
});

describe('name and topic', () => {
  it('are changed by who moderates, told to all who are in, and once', async () => {
    const stage = stageChat();
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    await ada.make('Dev');
    await bob.join('dev');
    const rename = { room: 'dev', nonce: 'rename-nonce', name: 'Developers' };
    const receipt = await ada.ok('room:rename', rename);
    await ada.ok('room:topic', { room: 'dev', nonce: nonce(), topic: 'all of it' });
    expect(await ada.ok('room:rename', rename)).toEqual(receipt);
    expect(bob.heard.slice(-2)).toMatchObject([
      { type: 'renamed', name: 'Developers' },
      { type: 'topic', topic: 'all of it' },
    ]);
    expect(bob.pushed('room:changed').at(-1)?.data.room).toMatchObject({
      id: 'dev',
      name: 'Developers',
      topic: 'all of it',
      role: 'member',
    });
    expect((await bob.refused('room:rename', { ...rename, nonce: nonce() })).code).toBe('forbidden');
    expect((await bob.refused('room:topic', { room: 'dev', nonce: nonce(), topic: '' })).code).toBe(
      'forbidden',
    );
    await bob.make('Dev');
    const taken = await ada.refused('room:rename', { room: 'dev', nonce: nonce(), name: 'dev' });
    expect(taken).toMatchObject({ code: 'room-exists', suggestion: 'dev 2' });
    // The same name in other letters is not somebody else's.
    await ada.ok('room:rename', { room: 'dev', nonce: nonce(), name: 'DEVELOPERS' });
  });
});

describe('a room for two', () => {
  it('is one, whoever asks first, each sees the other’s name, and nobody else sees it', async () => {
    const stage = stageChat();
    const [ada, bob, cy] = [await stage.member('Ada'), await stage.member('Bob'), await stage.member('Cy')];
    const [first, second] = await Promise.all([
      ada.ok('room:direct', { member: bob.member.id, nonce: nonce() }),
      bob.ok('room:direct', { member: ada.member.id, nonce: nonce() }),
    ]);
    const { id } = first.room;
    expect(second.room.id).toBe(id);
    expect(first.room).toMatchObject({ kind: 'direct', name: 'Bob', other: bob.member, memberCount: 2 });
    expect(second.room).toMatchObject({ kind: 'direct', name: 'Ada', other: ada.member, role: 'member' });
    await ada.say('psst', id);
    expect(bob.heard.at(-1)).toMatchObject({ room: id, content: { text: 'psst' } });
    expect(bob.pushed('room:changed').at(-1)?.data.room).toMatchObject({ id, name: 'Ada' });
    expect((await cy.refused('room:join', { room: id, nonce: nonce() })).code).toBe('room-unknown');
    expect((await ada.refused('room:rename', { room: id, nonce: nonce(), name: 'x' })).code).toBe(
      'forbidden',
    );
    const again = await ada.ok('room:direct', { member: bob.member.id, nonce: nonce() });
    expect(again.room.id).toBe(id);
    expect(stage.log.readAfter([id], 0, 9).map(({ type }) => type)).toEqual(['created', 'message']);
  });

  it('is with somebody, and somebody else', async () => {
    const ada = await stageChat().member('Ada');
    expect(await ada.refused('room:direct', { member: 'nobody', nonce: nonce() })).toMatchObject({
      code: 'member-unknown',
      field: 'data.member',
    });
    expect((await ada.refused('room:direct', { member: ada.member.id, nonce: nonce() })).code).toBe(
      'invalid',
    );
  });

  it('can be left; it is taken up again by asking for it, and by what the other one writes', async () => {
    const stage = stageChat();
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    const { room } = await ada.ok('room:direct', { member: bob.member.id, nonce: nonce() });
    const { id } = room;
    await ada.ok('room:leave', { room: id, nonce: nonce() });
    expect(stage.rooms.summaryFor(id, bob.member.id)).toMatchObject({ name: 'Ada', memberCount: 1 });
    const again = await ada.ok('room:direct', { member: bob.member.id, nonce: nonce() });
    expect(again.room).toMatchObject({ id, joined: true, name: 'Bob' });
    await ada.ok('room:leave', { room: id, nonce: nonce() });
    const asked = nonce();
    await bob.say('are you there?', id, asked);
    expect(ada.pushed('room:changed').at(-1)?.data.room).toMatchObject({ id, joined: true });
    expect(ada.heard.at(-1)).toMatchObject({ room: id, content: { text: 'are you there?' } });
    // What is tried again because its answer was lost says nothing new.
    await ada.ok('room:leave', { room: id, nonce: nonce() });
    await bob.say('are you there?', id, asked);
    expect(stage.rooms.isIn(id, ada.member.id)).toBe(false);
  });
});

describe('what is read', () => {
  it('is counted, told to the member’s other connections, and never goes back', async () => {
    const stage = stageChat();
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    const tab = stage.client();
    await tab.ok('session:resume', { token: bob.token });
    const one = await ada.say('one');
    const two = await ada.say('@Bob two');
    await bob.say('three, by himself');
    expect(stage.rooms.summaryFor('general', bob.member.id)).toMatchObject({ unread: 2, mentions: 1 });
    const counts = await bob.ok('room:read', { room: 'general', offset: one.offset });
    expect(counts).toEqual({ unread: 1, mentions: 1 });
    const told = { room: 'general', offset: one.offset, unread: 1, mentions: 1 };
    expect(tab.pushed('room:read').map(({ data }) => data)).toEqual([told]);
    expect(bob.pushed('room:read')).toEqual([]);
    expect(ada.pushed('room:read')).toEqual([]);
    await bob.ok('room:read', { room: 'general', offset: 1 });
    expect(tab.pushed('room:read')).toHaveLength(1);
    expect(await bob.ok('room:read', { room: 'general', offset: 1e9 })).toEqual({ unread: 0, mentions: 0 });
    expect(stage.rooms.summaryFor('general', bob.member.id).read).toBe(stage.log.newest);
    expect(two.offset).toBeLessThan(stage.log.newest);
  });

  it('is written down when that works again', async () => {
    const stage = stageChat();
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    const { offset } = await ada.say('one');
    await bob.ok('room:read', { room: 'general', offset });
    const write = stage.database.write.bind(stage.database);
    stage.database.write = () => Promise.reject(new Error('database or disk is full'));
    await expect(stage.rooms.flushReads()).rejects.toThrow('full');
    stage.database.write = write;
    await stage.rooms.flushReads();
    const sql = "SELECT read_offset FROM membership WHERE room = 'general' AND member_id = ?";
    expect(stage.database.get(sql, [bob.member.id])).toMatchObject({ read_offset: offset });
  });

  it('and what one does not want to hear of, and all else about rooms, survives a restart', async () => {
    const stage = stageChat();
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    await ada.make('Dev');
    await bob.join('dev');
    await ada.ok('room:topic', { room: 'dev', nonce: nonce(), topic: 'code' });
    await ada.ok('room:direct', { member: bob.member.id, nonce: nonce() });
    const { offset } = await ada.say('one', 'dev');
    await ada.say('two', 'dev');
    await bob.ok('room:read', { room: 'dev', offset });
    await bob.ok('room:mute', { room: 'dev', muted: true });
    expect(bob.pushed('room:changed').at(-1)?.data.room).toMatchObject({ id: 'dev', muted: true });
    const before = [ada, bob].map((each) =>
      stage.rooms.roomsOf(each.member.id).map((id) => stage.rooms.summaryFor(id, each.member.id)),
    );
    stage.close();
    const again = stageChat({ directory: stage.directory, clock: stage.clock });
    const byId = (rooms: readonly { id: string }[]) => [...rooms].sort((a, b) => a.id.localeCompare(b.id));
    for (const [index, each] of [ada, bob].entries()) {
      const entrance = await again.client().ok('session:resume', { token: each.token });
      expect(byId(entrance.rooms)).toEqual(byId(before[index] ?? []));
    }
    expect(before[1]?.find(({ id }) => id === 'dev')).toMatchObject({ unread: 1, muted: true, read: offset });
  });
});

describe('opening a room', () => {
  it('shows who is in it, and the newest of what was said', async () => {
    const stage = stageChat();
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    await ada.make('Dev');
    for (let number = 1; number <= 60; number++) {
      stage.clock.advance(1000);
      await ada.say(String(number), 'dev');
    }
    bob.disconnect();
    const view = await ada.ok('room:open', { room: 'general' });
    expect(view.members).toEqual([
      { ...ada.member, role: 'member', here: true },
      { ...bob.member, role: 'member', here: true },
    ]);
    stage.clock.advance(11_000);
    expect((await ada.ok('room:open', { room: 'general' })).members[1]).toMatchObject({ here: false });
    const dev = await ada.ok('room:open', { room: 'dev' });
    expect(dev).toMatchObject({
      hasOlder: true,
      hasNewer: false,
      offset: stage.log.newest,
      epoch: stage.log.epoch,
    });
    expect(dev.items).toHaveLength(50);
    expect(dev.items.at(-1)).toMatchObject({ content: { text: '60' } });
  });

  it('shows about as much before a place as after it', async () => {
    const stage = stageChat();
    const ada = await stage.member('Ada');
    const offsets: number[] = [];
    for (let number = 0; number < 30; number++) offsets.push((await ada.say(String(number))).offset);
    const around = async (index: number, limit: number) => {
      const view = await ada.ok('room:open', { room: 'general', around: offsets[index] ?? 0, limit });
      const said = view.items.map((item) =>
        item.type === 'message' && item.content.type === 'text' ? item.content.text : item.type,
      );
      return [said, view.hasOlder, view.hasNewer];
    };
    expect(await around(10, 5)).toEqual([['8', '9', '10', '11', '12'], true, true]);
    expect(await around(0, 5)).toEqual([['joined', '0', '1', '2', '3'], false, true]);
    expect(await around(29, 4)).toEqual([['27', '28', '29'], true, false]);
  });
});
