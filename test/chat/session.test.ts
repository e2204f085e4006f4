// The chat from the wire's point of view, without a wire: what goes in and what comes out of sessions.
import { describe, expect, it } from 'vitest';
import type { Channel } from '../../src/chat/channel.ts';
import { defaultRoom, type Image, maximumTextLength, parseServerEvent } from '../../src/chat/events.ts';
import type { Log } from '../../src/chat/log.ts';
import { MemoryLog } from '../../src/chat/memory-log.ts';
import { Session } from '../../src/chat/session.ts';
import { type FakeClient, stageChat } from '../support/chat.ts';

const text = (value: string) => ({ type: 'text', text: value }) as const;
const nobody = 'A'.repeat(43);

async function enterWithToken(client: FakeClient, name: string) {
  const entrance = await client.enter(name);
  if (entrance.token === undefined) throw new Error('no token');
  await client.ok('heartbeat:ping', {});
  return { ...entrance, token: entrance.token };
}

describe('the border', () => {
  it('says hello first, with protocol and limits', () => {
    const client = stageChat().client();
    expect(client.events).toEqual([
      {
        event: 'server:hello',
        data: expect.objectContaining({
          protocol: 1,
          limits: {
            nameLength: 32,
            textLength: 4000,
            imageLength: 8_388_608,
            imageTypes: ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'],
            pageLength: 100,
            eventLength: 65_536,
          },
        }),
      },
    ]);
  });

  it.each([
    ['x', 'malformed', undefined],
    ['', 'malformed', undefined],
    ['null', 'malformed', undefined],
    ['[]', 'malformed', undefined],
    ['7', 'malformed', undefined],
    ['"session:enter"', 'malformed', undefined],
    ['{}', 'invalid', 'event'],
    ['{"event":1}', 'invalid', 'event'],
    ['{"type":3}', 'invalid', 'event'],
    ['{"event":"no:such"}', 'unknown-event', 'event'],
    ['{"event":"__proto__"}', 'unknown-event', 'event'],
    ['{"event":"constructor"}', 'unknown-event', 'event'],
    ['{"event":"session:enter"}', 'invalid', 'data.name'],
    ['{"event":"session:enter","data":{"name":1}}', 'invalid', 'data.name'],
    ['{"event":"session:enter","data":{"name":"a","admin":true}}', 'invalid', 'data.admin'],
    ['{"event":"session:enter","id":-1,"data":{"name":"a"}}', 'invalid', 'id'],
    ['{"event":"session:enter","id":1.5,"data":{"name":"a"}}', 'invalid', 'id'],
    ['{"event":"session:resume","data":{"token":"short"}}', 'invalid', 'data.token'],
    [
      '{"event":"message:send","data":{"nonce":"12345678","content":{"type":"text","text":" "}}}',
      'invalid',
      'data.content.text',
    ],
    [
      '{"event":"message:send","data":{"nonce":"12345678","content":{"type":"text","text":"\\ud800"}}}',
      'invalid',
      'data.content.text',
    ],
    [
      '{"event":"message:send","data":{"nonce":"12345678","content":{"type":"html","text":"a"}}}',
      'invalid',
      'data.content.type',
    ],
    [
      '{"event":"message:send","data":{"nonce":"1","content":{"type":"text","text":"a"}}}',
      'invalid',
      'data.nonce',
    ],
    ['{"event":"message:page","data":{"before":0}}', 'invalid', 'data.before'],
    ['{"event":"message:page","data":{"before":5,"limit":101}}', 'invalid', 'data.limit'],
  ])('answers %s with %s', (sent, code, field) => {
    const client = stageChat().client();
    client.sendText(sent);
    expect(client.events).toHaveLength(2);
    expect(client.events[1]).toMatchObject({ event: 'reply:error', data: { code } });
    const { data } = client.events[1] as { data: { field?: string; message: string } };
    expect(data.field).toBe(field);
    expect(data.message).not.toBe('');
  });

  it('carries the id back even when the event has no name', () => {
    const client = stageChat().client();
    client.sendText('{"event":1,"id":5}');
    expect(client.events.at(-1)).toMatchObject({ event: 'reply:error', id: 5, data: { field: 'event' } });
  });

  it('answers binary as malformed, and goes on', async () => {
    const client = stageChat().client();
    client.session.receive(Uint8Array.of(0x7b, 0x7d));
    expect(client.events[1]).toMatchObject({ event: 'reply:error', data: { code: 'malformed' } });
    expect(await client.ok('heartbeat:ping', {})).toEqual({ time: expect.any(Number) });
  });

  it('carries the id back, in success and failure, and carries out what has none', async () => {
    const stage = stageChat();
    const client = stage.client();
    client.sendText('{"event":"session:enter","id":0,"data":{"name":""}}');
    await client.next(() => true);
    expect(client.events.at(-1)).toMatchObject({ event: 'reply:error', id: 0, data: { field: 'data.name' } });
    client.sendText('{"event":"session:enter","data":{"name":"Ada"}}');
    client.sendText(
      '{"event":"message:send","data":{"nonce":"12345678","content":{"type":"text","text":"hi"}}}',
    );
    await client.next(({ event }) => event === 'message:new');
    expect(client.events.filter(({ event }) => event === 'reply:ok')).toEqual([]);
  });

  it('answers in the order of the questions, and works through what was sent before the end', async () => {
    const stage = stageChat();
    const client = stage.client();
    const watcher = stage.client();
    await watcher.enter('Watcher');
    const heard = watcher.next(({ event }) => event === 'message:new');
    client.sendText('{"event":"session:enter","id":1,"data":{"name":"Ada"}}');
    client.sendText(
      '{"event":"message:send","id":2,"data":{"nonce":"12345678","content":{"type":"text","text":"one"}}}',
    );
    client.sendText('{"event":"heartbeat:ping","id":3}');
    await client.next((event) => 'id' in event && event.id === 3);
    expect(client.events.flatMap((event) => ('id' in event ? [event.id] : []))).toEqual([1, 2, 3]);
    client.sendText(
      '{"event":"message:send","data":{"nonce":"12345679","content":{"type":"text","text":"two"}}}',
    );
    client.disconnect();
    await heard;
    await watcher.next(({ event }) => event === 'message:new');
    expect(watcher.pushed('message:new').map(({ data }) => data.message.content)).toEqual([
      text('one'),
      text('two'),
    ]);
  });

  it('answers internal when the log fails, writes it down, and goes on', async () => {
    const log: Log = new MemoryLog();
    log.append = () => Promise.reject(new Error('disk full'));
    const stage = stageChat({ log });
    const client = stage.client();
    await client.enter('Ada');
    const failure = await client.refused('message:send', { nonce: '12345678', content: text('hi') });
    expect(failure.code).toBe('internal');
    expect(failure.message).not.toContain('disk full');
    expect(stage.logger.lines).toEqual([
      {
        level: 'error',
        details: { err: new Error('disk full'), event: 'message:send' },
        text: 'a handler failed',
      },
    ]);
    await client.ok('heartbeat:ping', {});
  });

  it('answers once, also when what follows the answer fails, and goes on', async () => {
    const stage = stageChat();
    const ada = stage.client();
    await ada.enter('Ada');
    stage.chat.logOut = () => {
      throw new Error('out of order');
    };
    ada.sendText('{"event":"session:leave","id":77}');
    await stage.chat.idle();
    expect(ada.events.filter((event) => 'id' in event && event.id === 77)).toMatchObject([
      { event: 'reply:ok' },
    ]);
    expect(stage.logger.lines).toMatchObject([
      { level: 'error', details: { err: new Error('out of order') } },
    ]);
    await ada.ok('heartbeat:ping', {});
  });

  it('writes it down, and stays, when a connection cannot be answered', async () => {
    const stage = stageChat();
    const broken: Channel = {
      remoteAddress: '127.0.0.1',
      send: (sent) => {
        if (sent.includes('reply')) throw new Error('no way out');
      },
      push: () => {},
      close: () => {},
    };
    const session = new Session(stage.chat, broken);
    session.receive('{"event":"session:enter","id":1,"data":{"name":"Ada"}}');
    session.receive('{"event":"session:enter","id":2,"data":{"name":"Ada"}}');
    await stage.chat.idle();
    expect(stage.logger.lines.map(({ level }) => level)).toEqual(['error', 'error']);
    await stage.client().enter('Bob');
  });

  it('frees the name again when the entrance cannot be made', async () => {
    const log = new MemoryLog();
    const readBefore = log.readBefore.bind(log);
    log.readBefore = () => Promise.reject(new Error('disk broken'));
    const stage = stageChat({ log });
    const client = stage.client();
    expect((await client.refused('session:enter', { name: 'Ada' })).code).toBe('internal');
    expect((await client.refused('message:page', { before: 1 })).code).toBe('signed-out');
    log.readBefore = readBefore;
    expect((await client.enter('Ada')).members).toHaveLength(1);
  });
});

describe('guests', () => {
  it.each([
    ['message:send', { nonce: '12345678', content: text('hi') }],
    ['message:page', { before: 10 }],
    ['session:leave', {}],
  ] as const)('may not %s', async (event, data) => {
    const failure = await stageChat().client().refused(event, data);
    expect(failure.code).toBe('signed-out');
  });

  it('hear nothing of what goes on', async () => {
    const stage = stageChat();
    const guest = stage.client();
    const ada = stage.client();
    await ada.enter('Ada');
    await ada.say('secret');
    await ada.ok('session:leave', {});
    expect(guest.events.map(({ event }) => event)).toEqual(['server:hello']);
  });
});

describe('signing in', () => {
  it('gives a member, a token, who is here and what was said', async () => {
    const stage = stageChat();
    const ada = stage.client();
    const first = await ada.enter(' Ada ');
    expect(first).toEqual({
      member: { id: expect.any(String), name: 'Ada' },
      token: expect.stringMatching(/^[\w-]{43}$/),
      room: defaultRoom,
      epoch: stage.database.epoch,
      members: [first.member],
      messages: [],
      recovered: false,
      hasMore: false,
      time: stage.clock.now(),
    });
    await ada.say('hello');
    const bob = await stage.client().enter('Bob');
    expect(bob.members.map(({ name }) => name)).toEqual(['Ada', 'Bob']);
    expect(bob.messages.map(({ content }) => content)).toEqual([text('hello')]);
    expect(ada.pushed('member:joined')).toEqual([
      {
        event: 'member:joined',
        data: { room: 'general', member: bob.member, count: 2, time: stage.clock.now() },
      },
    ]);
  });

  it('gives the newest 50 messages, and says that there are more', async () => {
    const stage = stageChat();
    const ada = stage.client();
    await ada.enter('Ada');
    for (let number = 1; number <= 53; number++) await ada.say(String(number));
    const { messages, hasMore } = await stage.client().enter('Bob');
    expect(messages.map(({ offset }) => offset)).toEqual(Array.from({ length: 50 }, (_, index) => index + 4));
    expect(hasMore).toBe(true);
  });

  it('refuses a taken name in any case, and suggests a free one', async () => {
    const stage = stageChat();
    await stage.client().enter('Ada');
    const failure = await stage.client().refused('session:enter', { name: 'aDA' });
    expect(failure).toMatchObject({ code: 'name-taken', field: 'data.name', suggestion: 'aDA 2' });
  });

  it('names the field and the rule when the name is none', async () => {
    const failure = await stageChat().client().refused('session:enter', { name: 'a\u202eb' });
    expect(failure).toEqual({
      code: 'invalid',
      field: 'data.name',
      message: 'A name needs something to see, and no control or invisible characters.',
    });
  });

  it('is once for a socket: 60 names are one member', async () => {
    const stage = stageChat();
    const client = stage.client();
    const { member } = await client.enter('Name 0');
    for (let number = 1; number < 60; number++) {
      const failure = await client.refused('session:enter', { name: `Name ${number}` });
      expect(failure.code).toBe('signed-in');
    }
    expect(stage.chat.room(defaultRoom)?.members).toEqual([member]);
    expect((await stage.client().enter('Name 59')).member.name).toBe('Name 59');
  });

  it('refuses a room that is not there', async () => {
    const client = stageChat().client();
    expect(await client.refused('session:enter', { name: 'Ada', room: 'nowhere' })).toMatchObject({
      code: 'room-unknown',
      field: 'data.room',
    });
    await client.enter('Ada');
    for (const room of ['nowhere', '__proto__']) {
      const send = await client.refused('message:send', { room, nonce: '12345678', content: text('a') });
      expect(send.code).toBe('room-unknown');
      expect((await client.refused('message:page', { room, before: 1 })).code).toBe('room-unknown');
    }
  });

  it('gives a name back that was asked for by a socket that ended in between', async () => {
    const stage = stageChat();
    const client = stage.client();
    client.sendText('{"event":"session:enter","id":1,"data":{"name":"Ada"}}');
    const answered = client.next((event) => 'id' in event);
    client.disconnect();
    await answered;
    expect((await stage.client().enter('Ada')).members.map(({ name }) => name)).toEqual(['Ada']);
  });
});

describe('coming back', () => {
  it('needs the token: a name and an id are not enough', async () => {
    const stage = stageChat();
    const { member } = await stage.client().enter('Ada');
    const thief = stage.client();
    expect((await thief.refused('session:resume', { token: nobody })).code).toBe('token-unknown');
    thief.sendText(JSON.stringify({ event: 'session:resume', id: 8, data: { ...member, token: nobody } }));
    thief.sendText(JSON.stringify({ event: 'session:enter', id: 9, data: { name: 'Ada', id: member.id } }));
    expect(thief.events.slice(-2)).toMatchObject([
      { data: { code: 'invalid' } },
      { data: { code: 'invalid' } },
    ]);
  });

  it('is the same member, in as many sockets as they like, joined once', async () => {
    const stage = stageChat();
    const watcher = stage.client();
    await watcher.enter('Watcher');
    const { member, token } = await enterWithToken(stage.client(), 'Ada');
    const tab = stage.client();
    const entrance = await tab.ok('session:resume', { token });
    expect(entrance.member).toEqual(member);
    expect(entrance.token).toBeUndefined();
    expect(entrance.members).toHaveLength(2);
    expect(watcher.pushed('member:joined')).toHaveLength(1);
    expect((await tab.refused('session:resume', { token })).code).toBe('signed-in');
  });

  it('within the grace makes no noise; after it the member left, and joins again', async () => {
    const stage = stageChat();
    const watcher = stage.client();
    await watcher.enter('Watcher');
    const ada = stage.client();
    const { token, member } = await enterWithToken(ada, 'Ada');
    ada.disconnect();
    stage.clock.advance(9000);
    const back = stage.client();
    await back.ok('session:resume', { token });
    stage.clock.advance(60_000);
    expect(watcher.pushed('member:left')).toEqual([]);
    back.disconnect();
    stage.clock.advance(10_000);
    expect(watcher.pushed('member:left')).toMatchObject([{ data: { member, count: 1 } }]);
    await stage.client().ok('session:resume', { token });
    expect(watcher.pushed('member:joined')).toHaveLength(2);
  });

  it('ends 24 hours after they were last here, while the chat runs', async () => {
    const stage = stageChat();
    const ada = stage.client();
    const { token } = await enterWithToken(ada, 'Ada');
    stage.clock.advance(48 * 3_600_000);
    await stage.settled();
    ada.disconnect();
    stage.clock.advance(10_000);
    stage.clock.advance(24 * 3_600_000 - 1);
    await stage.settled();
    expect((await stage.client().refused('session:enter', { name: 'Ada' })).code).toBe('name-taken');
    stage.clock.advance(1);
    expect((await stage.client().refused('session:resume', { token })).code).toBe('token-unknown');
    await stage.client().enter('Ada');
  });

  it('works after a restart of the server, and nobody is told', async () => {
    const before = stageChat();
    const watcher = await enterWithToken(before.client(), 'Watcher');
    const ada = await enterWithToken(before.client(), 'Ada');
    const gone = await enterWithToken(before.client(), 'Gone');
    await before.settled();
    before.close();
    const after = stageChat({ directory: before.directory, clock: before.clock });
    const watching = after.client();
    const entrance = await watching.ok('session:resume', { token: watcher.token });
    expect(entrance.members.map(({ name }) => name)).toEqual(['Watcher', 'Ada', 'Gone']);
    await after.client().ok('session:resume', { token: ada.token });
    expect(watching.pushed('member:joined')).toEqual([]);
    after.clock.advance(30_000);
    expect(watching.pushed('member:left')).toMatchObject([{ data: { member: gone.member, count: 2 } }]);
  });
});

describe('a sign-in whose reply may not have arrived', () => {
  const nameIsFree = async (stage: ReturnType<typeof stageChat>) => {
    const reply = await stage.client().ask('session:enter', { name: 'Ada' });
    return reply.event === 'reply:ok';
  };

  it('holds the name for the grace only, and then the token is void and the others are told', async () => {
    const stage = stageChat();
    const watcher = stage.client();
    await watcher.enter('Watcher');
    const ada = stage.client();
    const { token, member } = await ada.enter('Ada');
    ada.disconnect();
    stage.clock.advance(9000);
    expect(await nameIsFree(stage)).toBe(false);
    stage.clock.advance(1000);
    expect(watcher.pushed('member:left')).toMatchObject([{ data: { member, count: 1 } }]);
    expect((await stage.client().enter('Ada')).member.id).not.toBe(member.id);
    expect((await stage.client().refused('session:resume', { token: token ?? '' })).code).toBe(
      'token-unknown',
    );
  });

  it('is confirmed by the next request, whatever it is and whatever becomes of it', async () => {
    const stage = stageChat({ rates: { requests: { burst: 1, perSecond: 0.001 } } });
    const ada = stage.client();
    const { token } = await ada.enter('Ada');
    expect((await ada.refused('heartbeat:ping', {})).code).toBe('rate-limited');
    ada.disconnect();
    stage.clock.advance(60_000);
    await stage.settled();
    expect(await nameIsFree(stage)).toBe(false);
    await stage.client().ok('session:resume', { token: token ?? '' });
  });

  it('is not confirmed by what was sent before the reply, nor by what is no request', async () => {
    const stage = stageChat();
    const ada = stage.client();
    ada.sendText('{"event":"session:enter","id":1,"data":{"name":"Ada"}}');
    ada.sendText('{"event":"heartbeat:ping","id":2}');
    await ada.next((event) => 'id' in event && event.id === 2);
    ada.sendText('nonsense');
    ada.disconnect();
    stage.clock.advance(10_000);
    await stage.settled();
    expect(await nameIsFree(stage)).toBe(true);
  });

  it('is never confirmed on the connection that asked for no reply: nobody can have the token', async () => {
    const stage = stageChat();
    const ada = stage.client();
    ada.sendText('{"event":"session:enter","data":{"name":"Ada"}}');
    await stage.chat.idle();
    await ada.ok('heartbeat:ping', {});
    ada.disconnect();
    stage.clock.advance(10_000);
    await stage.settled();
    expect(await nameIsFree(stage)).toBe(true);
  });

  it('is confirmed by coming back within the grace', async () => {
    const stage = stageChat();
    const ada = stage.client();
    const { token } = await ada.enter('Ada');
    ada.disconnect();
    stage.clock.advance(5000);
    const back = stage.client();
    await back.ok('session:resume', { token: token ?? '' });
    back.disconnect();
    stage.clock.advance(60_000);
    await stage.settled();
    expect(await nameIsFree(stage)).toBe(false);
  });

  it('and a coming back in the moment in which the grace ends is one or the other, not both', async () => {
    const stage = stageChat();
    const ada = stage.client();
    const { token } = await ada.enter('Ada');
    ada.disconnect();
    stage.clock.advance(9999);
    stage.clock.advance(1);
    const back = stage.client();
    expect((await back.refused('session:resume', { token: token ?? '' })).code).toBe('token-unknown');
    expect(stage.chat.room(defaultRoom)?.members).toEqual([]);
    expect(await nameIsFree(stage)).toBe(true);
  });

  it('ends with the grace after a restart of the server, unless its token comes', async () => {
    const before = stageChat();
    const ada = await before.client().enter('Ada');
    const bob = await before.client().enter('Bob');
    await before.settled();
    before.close();
    const after = stageChat({ directory: before.directory, clock: before.clock });
    await after.client().ok('session:resume', { token: bob.token ?? '' });
    expect(await nameIsFree(after)).toBe(false);
    after.clock.advance(30_000);
    await after.settled();
    expect(await nameIsFree(after)).toBe(true);
    expect((await after.client().refused('session:resume', { token: ada.token ?? '' })).code).toBe(
      'token-unknown',
    );
    expect((await after.client().refused('session:enter', { name: 'Bob' })).code).toBe('name-taken');
  });
});

describe('recovery', () => {
  async function conversation(count: number, options = {}) {
    const stage = stageChat({
      log: new MemoryLog(),
      rates: { messages: { burst: 1e6, perSecond: 1 } },
      ...options,
    });
    const ada = stage.client();
    const { token } = await enterWithToken(ada, 'Ada');
    for (let number = 1; number <= count; number++) {
      await stage.chat.log.append({
        room: defaultRoom,
        id: `id-${number}`,
        author: { id: 'writer', name: 'Writer' },
        time: number,
        nonce: `nonce-${number}`,
        content: text(String(number)),
      });
    }
    const resume = async (offset: number, epoch = stage.chat.log.epoch) => {
      const { messages, recovered, hasMore } = await stage
        .client()
        .ok('session:resume', { token, since: { epoch, offset } });
      return { offsets: messages.map((message) => message.offset), recovered, hasMore };
    };
    return { stage, token, resume };
  }
  const offsets = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index);

  it('sends what came after, all of it, and nothing else', async () => {
    const { resume } = await conversation(120);
    expect(await resume(3)).toEqual({ offsets: offsets(4, 120), recovered: true, hasMore: true });
    expect(await resume(120)).toEqual({ offsets: [], recovered: true, hasMore: true });
    expect(await resume(0)).toEqual({ offsets: offsets(1, 120), recovered: true, hasMore: false });
  });

  it('says that it cannot, and starts over, for another epoch or from beyond the end', async () => {
    const { resume } = await conversation(60);
    const fresh = { offsets: offsets(11, 60), recovered: false, hasMore: true };
    expect(await resume(59, 'another')).toEqual(fresh);
    expect(await resume(61)).toEqual(fresh);
  });

  it('starts over too when it would be more than 500 messages', async () => {
    const { resume } = await conversation(501);
    expect((await resume(1)).offsets).toHaveLength(500);
    expect(await resume(0)).toEqual({ offsets: offsets(452, 501), recovered: false, hasMore: true });
  });

  it('has nothing to say in an empty room', async () => {
    const { resume } = await conversation(0);
    expect(await resume(0)).toEqual({ offsets: [], recovered: true, hasMore: false });
    expect(await resume(5)).toEqual({ offsets: [], recovered: false, hasMore: false });
  });

  it('neither loses nor repeats what is said while the history is being read', async () => {
    const log = new MemoryLog();
    const stage = stageChat({ log });
    const ada = stage.client();
    await ada.enter('Ada');
    await ada.say('1');
    const readBefore = log.readBefore.bind(log);
    log.readBefore = async (...parameters) => {
      await ada.say('2');
      const messages = await readBefore(...parameters);
      await ada.say('3');
      const cy = stage.client();
      log.readBefore = readBefore;
      await cy.enter('Cy');
      return messages;
    };
    const bob = stage.client();
    const entrance = await bob.enter('Bob');
    await bob.ok('heartbeat:ping', {});
    expect(entrance.messages.map(({ offset }) => offset)).toEqual([1, 2]);
    expect(bob.pushed('message:new').map(({ data }) => data.message.offset)).toEqual([3]);
    // Whoever came before the list was made is in it, and not told again.
    expect(entrance.members.map(({ name }) => name)).toEqual(['Ada', 'Bob', 'Cy']);
    expect(bob.pushed('member:joined')).toEqual([]);
    // Nothing came before the reply.
    const names = bob.events.map(({ event }) => event);
    expect(names.slice(0, 3)).toEqual(['server:hello', 'reply:ok', 'message:new']);
  });
});

describe('logging out', () => {
  it('answers, frees the name at once, tells the others and closes all of the member’s sockets', async () => {
    const stage = stageChat();
    const watcher = stage.client();
    await watcher.enter('Watcher');
    const ada = stage.client();
    const { token, member } = await enterWithToken(ada, 'Ada');
    const tab = stage.client();
    await tab.ok('session:resume', { token });
    expect(await ada.ok('session:leave', {})).toEqual({});
    expect(ada.closed).toEqual({ code: 1000, reason: 'logged out' });
    expect(tab.closed).toEqual({ code: 1000, reason: 'logged out' });
    expect(watcher.pushed('member:left')).toMatchObject([{ data: { member, count: 1 } }]);
    expect((await stage.client().refused('session:resume', { token })).code).toBe('token-unknown');
    expect((await stage.client().enter('Ada')).member.id).not.toBe(member.id);
    stage.clock.advance(60_000);
    expect(watcher.pushed('member:left')).toHaveLength(1);
  });

  it('cannot be done to somebody else', async () => {
    const stage = stageChat();
    const { member } = await stage.client().enter('Ada');
    const thief = stage.client();
    thief.sendText(JSON.stringify({ event: 'session:leave', id: 1, data: { id: member.id, name: 'Ada' } }));
    expect(thief.events.at(-1)).toMatchObject({ event: 'reply:error', data: { code: 'invalid' } });
    expect((await thief.enter('Thief')).members.map(({ name }) => name)).toEqual(['Ada', 'Thief']);
  });
});

describe('messages', () => {
  it('go to everybody in the room, the author too, stamped by the server, before the receipt', async () => {
    const stage = stageChat();
    const [ada, bob] = [stage.client(), stage.client()];
    const { member } = await ada.enter('Ada');
    await bob.enter('Bob');
    const receipt = await ada.say('<b>hi</b>', 'nonce-of-ada');
    const message = {
      room: 'general',
      offset: 1,
      id: receipt.id,
      author: member,
      time: stage.clock.now(),
      nonce: 'nonce-of-ada',
      content: text('<b>hi</b>'),
    };
    expect(receipt).toEqual({
      room: 'general',
      offset: 1,
      id: message.id,
      time: message.time,
      nonce: 'nonce-of-ada',
    });
    for (const client of [ada, bob]) {
      expect(client.pushed('message:new')).toEqual([{ event: 'message:new', data: { message } }]);
    }
    const names = ada.events.map(({ event }) => event);
    expect(names.lastIndexOf('message:new')).toBeLessThan(names.lastIndexOf('reply:ok'));
  });

  it('cannot be given an author, a time or an id by the client', async () => {
    const client = stageChat().client();
    await client.enter('Ada');
    const data = { nonce: '12345678', content: text('hi'), author: { id: 'x', name: 'Bob' } };
    client.sendText(JSON.stringify({ event: 'message:send', id: 50, data }));
    expect(client.events.at(-1)).toMatchObject({ data: { code: 'invalid', field: 'data.author' } });
  });

  it('are encoded once, and all get the very same push', async () => {
    const stage = stageChat();
    const clients = [stage.client(), stage.client(), stage.client()];
    for (const [index, client] of clients.entries()) await client.enter(`Member ${index}`);
    await clients[0]?.say('hi');
    const pushes = clients.map((client) => client.pushes.at(-1));
    expect(pushes[0]?.event).toBe('message:new');
    expect(pushes[0]?.offset).toBe(1);
    expect(new Set(pushes).size).toBe(1);
  });

  it('are stored once for one nonce; the first receipt comes again', async () => {
    const stage = stageChat();
    const [ada, bob] = [stage.client(), stage.client()];
    const { token } = await enterWithToken(ada, 'Ada');
    await bob.enter('Bob');
    const receipt = await ada.say('once', 'the-nonce');
    stage.clock.advance(1000);
    expect(await ada.say('once', 'the-nonce')).toEqual(receipt);
    const tab = stage.client();
    await tab.ok('session:resume', { token });
    expect(await tab.say('once', 'the-nonce')).toEqual(receipt);
    const failure = await ada.refused('message:send', { nonce: 'the-nonce', content: text('twice') });
    expect(failure).toMatchObject({ code: 'nonce-reused', field: 'data.nonce' });
    expect(bob.pushed('message:new')).toHaveLength(1);
    expect((await bob.say('once', 'the-nonce')).offset).toBe(2);
  });

  it('may have every character there is, and the most that are allowed', async () => {
    const stage = stageChat();
    const ada = stage.client();
    await ada.enter('Ada');
    for (const value of ['\u0000\u001f"\\/</script>\u2028👩🏽‍🚀', '\u0001'.repeat(maximumTextLength)]) {
      await ada.say(value);
      expect(ada.pushed('message:new').at(-1)?.data.message.content).toEqual(text(value));
    }
    const long = { nonce: '12345678', content: text('a'.repeat(maximumTextLength + 1)) };
    expect(await ada.refused('message:send', long)).toMatchObject({
      code: 'invalid',
      field: 'data.content.text',
    });
  });

  it('refer to images that were uploaded, and to no other', async () => {
    const image: Image = {
      id: 'cat',
      type: 'image/png',
      length: 1,
      width: 2,
      height: 3,
      url: '/images/cat.png',
      thumbnail: { url: '/images/cat.thumbnail.webp', width: 2, height: 3 },
    };
    const stage = stageChat({ findImage: (id) => (id === 'cat' ? image : undefined) });
    const ada = stage.client();
    await ada.enter('Ada');
    const first = await ada.ok('message:send', {
      nonce: 'nonce-cat',
      content: { type: 'image', image: 'cat' },
    });
    expect(ada.pushed('message:new')[0]?.data.message.content).toEqual({ type: 'image', image });
    const again = await ada.ok('message:send', {
      nonce: 'nonce-cat',
      content: { type: 'image', image: 'cat' },
    });
    expect(again).toEqual(first);
    const failure = await ada.refused('message:send', {
      nonce: '12345678',
      content: { type: 'image', image: 'dog' },
    });
    expect(failure).toMatchObject({ code: 'image-unknown', field: 'data.content.image' });
  });

  it('are paged back to the first', async () => {
    const stage = stageChat();
    const ada = stage.client();
    await ada.enter('Ada');
    for (let number = 1; number <= 7; number++) await ada.say(String(number));
    const page = async (before: number, limit?: number) => {
      const data = limit === undefined ? { before } : { before, limit };
      const { messages, hasMore, room, epoch } = await ada.ok('message:page', data);
      expect([room, epoch]).toEqual(['general', stage.database.epoch]);
      return [messages.map(({ offset }) => offset), hasMore];
    };
    expect(await page(8, 3)).toEqual([[5, 6, 7], true]);
    expect(await page(5, 3)).toEqual([[2, 3, 4], true]);
    expect(await page(2, 3)).toEqual([[1], false]);
    expect(await page(1)).toEqual([[], false]);
    expect(await page(1000)).toEqual([[1, 2, 3, 4, 5, 6, 7], false]);
  });
});

describe('limits', () => {
  it('slow a member down over all their sockets, say for how long, and mean it', async () => {
    const stage = stageChat({ rates: { messages: { burst: 3, perSecond: 2 } } });
    const [ada, tab, bob] = [stage.client(), stage.client(), stage.client()];
    const { token } = await enterWithToken(ada, 'Ada');
    await tab.ok('session:resume', { token });
    await bob.enter('Bob');
    await ada.say('1');
    await tab.say('2');
    await ada.say('3');
    const failure = await tab.refused('message:send', { nonce: '12345678', content: text('4') });
    expect(failure).toEqual({
      code: 'rate-limited',
      message: 'You send messages too fast: try again in 1 second.',
      retryAfter: 500,
    });
    await bob.say('not slowed');
    stage.clock.advance(499);
    expect((await ada.refused('message:send', { nonce: '12345678', content: text('4') })).retryAfter).toBe(1);
    stage.clock.advance(1);
    await ada.say('4');
  });

  it('slow down new names and guessed tokens from one address, not others, and not true tokens', async () => {
    const stage = stageChat({ rates: { signIns: { burst: 3, perSecond: 1 } } });
    const { token } = await enterWithToken(stage.client('10.0.0.1'), 'Ada');
    for (let times = 0; times < 10; times++) await stage.client('10.0.0.1').ok('session:resume', { token });
    const guesser = stage.client('10.0.0.1');
    expect((await guesser.refused('session:resume', { token: nobody })).code).toBe('token-unknown');
    expect((await guesser.refused('session:enter', { name: 'ada' })).code).toBe('name-taken');
    const failure = await guesser.refused('session:resume', { token: nobody });
    expect(failure).toMatchObject({ code: 'rate-limited', retryAfter: 1000 });
    expect((await guesser.refused('session:enter', { name: 'New' })).code).toBe('rate-limited');
    await stage.client('10.0.0.2').enter('New');
    stage.clock.advance(1000);
    await guesser.enter('Newer');
  });

  it('do not count who is signed in already, nor who names a room that is not there', async () => {
    const stage = stageChat({ rates: { signIns: { burst: 2, perSecond: 1 } } });
    const ada = stage.client('10.0.0.1');
    await ada.enter('Ada');
    const lost = stage.client('10.0.0.1');
    for (let times = 0; times < 3; times++) {
      expect((await ada.refused('session:enter', { name: 'Eve' })).code).toBe('signed-in');
      expect((await lost.refused('session:enter', { name: 'Eve', room: 'nowhere' })).code).toBe(
        'room-unknown',
      );
      const resume = await lost.refused('session:resume', { token: nobody, room: 'nowhere' });
      expect(resume.code).toBe('room-unknown');
    }
    await lost.enter('Eve');
  });

  it('slow down requests of any kind on a connection', async () => {
    const stage = stageChat({ rates: { requests: { burst: 2, perSecond: 1 } } });
    const client = stage.client();
    await client.ok('heartbeat:ping', {});
    await client.ok('heartbeat:ping', {});
    expect(await client.refused('heartbeat:ping', {})).toMatchObject({
      code: 'rate-limited',
      retryAfter: 1000,
    });
    stage.clock.advance(1000);
    await client.ok('heartbeat:ping', {});
  });

  it('hold what one connection may have waiting', async () => {
    const log = new MemoryLog();
    log.readBefore = () => new Promise(() => {});
    const stage = stageChat({ log, rates: { requests: { burst: 1e6, perSecond: 1 } } });
    const client = stage.client();
    for (let number = 0; number < 300; number++)
      client.sendText('{"event":"session:enter","data":{"name":"Ada"}}');
    const refused = client.events.filter((event) => event.event === 'reply:error');
    expect(refused).toHaveLength(300 - 257);
    expect(refused[0]).toMatchObject({ data: { code: 'rate-limited', retryAfter: 100 } });
  });

  it('end a connection that does nothing but err, with 1008, and nobody else’s', async () => {
    const stage = stageChat({ rates: { refusals: { burst: 5, perSecond: 1 } } });
    const [client, other] = [stage.client(), stage.client()];
    await client.enter('Ada');
    await other.enter('Bob');
    for (let times = 0; times < 5; times++) client.sendText('garbage');
    expect(client.closed).toBeUndefined();
    stage.clock.advance(1000);
    client.sendText('garbage');
    expect(client.closed).toBeUndefined();
    client.sendText('garbage');
    expect(client.closed).toEqual({ code: 1008, reason: 'too many requests that had to be refused' });
    const count = client.events.length;
    client.sendText('garbage');
    expect(client.events).toHaveLength(count);
    stage.clock.advance(60_000);
    expect(other.pushed('member:left')).toHaveLength(1);
    await other.say('still here');
  });
});

describe('being told to wait', () => {
  const send = (number: number) =>
    JSON.stringify({ event: 'message:send', data: { nonce: `wait-nonce-${number}`, content: text('x') } });

  it('is no offence for who waits exactly so long, however often', async () => {
    const stage = stageChat({
      log: new MemoryLog(),
      rates: { messages: { burst: 1, perSecond: 10 }, refusals: { burst: 2, perSecond: 0.001 } },
    });
    const ada = stage.client();
    await ada.enter('Ada');
    await ada.say('first');
    for (let number = 0; number < 100; number++) {
      const data = { nonce: `wait-nonce-${number}`, content: text('x') };
      const { retryAfter } = await ada.refused('message:send', data);
      expect(retryAfter).toBe(100);
      stage.clock.advance(100);
      await ada.ok('message:send', data);
    }
    expect(ada.closed).toBeUndefined();
  });

  it('by the limit of all requests neither', () => {
    const stage = stageChat({
      rates: { requests: { burst: 1, perSecond: 1 }, refusals: { burst: 2, perSecond: 0.001 } },
    });
    const ada = stage.client();
    const refused = () => ada.events.filter(({ event }) => event === 'reply:error').length;
    ada.sendText('{"event":"heartbeat:ping"}');
    for (let times = 1; times <= 20; times++) {
      ada.sendText('{"event":"heartbeat:ping"}');
      expect(refused()).toBe(times);
      stage.clock.advance(1000);
      ada.sendText('{"event":"heartbeat:ping"}');
    }
    expect(ada.closed).toBeUndefined();
  });

  it('and not waiting is: hundreds at once end in 1008', async () => {
    const stage = stageChat({ log: new MemoryLog() });
    const ada = stage.client();
    await ada.enter('Ada');
    for (let number = 0; number < 300; number++) ada.sendText(send(number));
    await stage.chat.idle();
    expect(ada.closed?.code).toBe(1008);
  });

  it('and a clock that is set back makes nobody an offender', async () => {
    const stage = stageChat({
      log: new MemoryLog(),
      rates: { messages: { burst: 1, perSecond: 10 }, refusals: { burst: 1, perSecond: 0.001 } },
    });
    const ada = stage.client();
    await ada.enter('Ada');
    await ada.say('first');
    for (let number = 0; number < 5; number++) {
      await ada.refused('message:send', { nonce: '12345678', content: text('x') });
      stage.clock.setBack(3_600_000);
    }
    expect(ada.closed).toBeUndefined();
  });
});

it('tells guests and members alike that the server is about to restart', async () => {
  const stage = stageChat();
  const [guest, ada] = [stage.client(), stage.client()];
  await ada.enter('Ada');
  stage.chat.announceRestart(5000);
  for (const client of [guest, ada]) {
    expect(parseServerEvent(client.texts.at(-1) ?? '')).toEqual({
      event: 'server:restart',
      data: { retryWithin: 5000 },
    });
  }
});

it('knows when all that was asked is done', async () => {
  const stage = stageChat();
  const client = stage.client();
  await stage.chat.idle();
  client.sendText('{"event":"session:enter","data":{"name":"Ada"}}');
  for (let number = 0; number < 5; number++) {
    const data = { nonce: `idle-nonce-${number}`, content: text('x') };
    client.sendText(JSON.stringify({ event: 'message:send', data }));
  }
  await stage.chat.idle();
  expect(client.pushed('message:new')).toHaveLength(5);
});

it('forgets connections that ended', async () => {
  const stage = stageChat();
  const clients = [stage.client(), stage.client()];
  expect(stage.chat.peerCount).toBe(2);
  for (const client of clients) client.disconnect();
  clients[0]?.disconnect();
  expect(stage.chat.peerCount).toBe(0);
});
