// Coming in, coming back and going, on connections without a network. What names and tokens are is in identity.test.ts.
import { describe, expect, it, vi } from 'vitest';
import { tokenLifetime } from '../../src/chat/tokens.ts';
import { type FakeClient, newNonce, stageChat } from '../support/chat.ts';

const password = 'correct horse';

describe('session:enter', () => {
  it('answers with who one is, where one is, and a token', async () => {
    const { clock, chat, client } = stageChat();
    const ada = client();
    const entrance = await ada.ok('session:enter', { name: 'Ada', device: 'a test bench' });
    expect(entrance).toMatchObject({
      member: { name: 'Ada' },
      owner: false,
      hasPassword: false,
      cursor: chat.cursor,
      recovered: false,
      events: [],
      time: clock.now(),
      expires: clock.now() + tokenLifetime,
    });
    expect(entrance.rooms.map(({ id, joined }) => ({ id, joined }))).toEqual([
      { id: 'general', joined: true },
    ]);
    const { devices } = await ada.ok('session:devices', {});
    expect(devices).toEqual([
      {
        id: entrance.device,
        label: 'a test bench',
        createdAt: clock.now(),
        lastSeenAt: clock.now(),
        current: true,
        here: true,
      },
    ]);
  });

  it('names the device by itself when it says nothing', async () => {
    const { member } = stageChat();
    const { devices } = await (await member('Ada')).ok('session:devices', {});
    expect(devices[0]?.label).toBe('a');
  });

  it('refuses a connection that is somebody’s', async () => {
    const { member } = stageChat();
    const ada = await member('Ada');
    for (const name of ['Ada', 'Grace']) {
      expect((await ada.refused('session:enter', { name })).code).toBe('signed-in');
    }
    expect((await ada.refused('session:resume', { token: ada.token })).code).toBe('signed-in');
  });

  it('refuses a taken name, and the connection may try another', async () => {
    const { member, client } = stageChat();
    await member('Ada');
    const other = client();
    const { code, suggestion = '' } = await other.refused('session:enter', { name: 'ada' });
    expect([code, suggestion]).toEqual(['name-taken', 'ada 2']);
    expect((await other.enter(suggestion)).member.name).toBe('ada 2');
  });

  it('is limited by address, whatever the outcome', async () => {
    const { client, clock } = stageChat({ rates: { signIns: { burst: 3, perSecond: 1 } } });
    await client('192.0.2.1').enter('One');
    await client('192.0.2.1').enter('Two');
    expect((await client('192.0.2.1').refused('session:enter', { name: 'One' })).code).toBe('name-taken');
    const refused = await client('192.0.2.1').refused('session:enter', { name: 'Three' });
    expect(refused).toMatchObject({ code: 'rate-limited', retryAfter: 1000 });
    await client('192.0.2.2').enter('Four');
    clock.advance(1000);
    await client('192.0.2.1').enter('Three');
  });

  it('counts an IPv6 network as one', async () => {
    const { client } = stageChat({ rates: { signIns: { burst: 2, perSecond: 1 } } });
    await client('2001:db8::1').enter('One');
    await client('2001:db8::2').enter('Two');
    expect((await client('2001:db8::3').refused('session:enter', { name: 'Three' })).code).toBe(
      'rate-limited',
    );
  });

  it('misses nothing that is said while it comes in', async () => {
    const { member, client } = stageChat();
    const ada = await member('Ada');
    const grace = client();
    const entering = grace.enter('Grace');
    const said = await Promise.all(Array.from({ length: 20 }, (_, index) => ada.say(`message ${index}`)));
    const { cursor } = await entering;
    const heard = grace.heard.filter(({ type }) => type === 'message').map(({ offset }) => offset);
    expect(heard).toEqual(said.map(({ offset }) => offset).filter((offset) => offset > cursor.offset));
  });

  it('leaves no name behind when the connection ends before it is done', async () => {
    const { client, chat, settled } = stageChat();
    const lost = client();
    lost.sendText(JSON.stringify({ event: 'session:enter', id: 1, data: { name: 'Ada' } }));
    lost.disconnect();
    await chat.idle();
    await settled();
    await client().enter('Ada');
  });

  it('keeps the name when the client spoke after it, and not when it never did', async () => {
    const { client, clock, settled } = stageChat({ grace: 1000 });
    const [silent, heard] = [client(), client()];
    const [first, second] = [await silent.enter('Silent'), await heard.enter('Heard')];
    await heard.ok('heartbeat:ping', {});
    for (const each of [silent, heard]) each.disconnect();
    clock.advance(2000);
    await settled();
    expect((await client().refused('session:resume', { token: first.token ?? '' })).code).toBe(
      'token-unknown',
    );
    await client().ok('session:resume', { token: second.token ?? '' });
    await client().enter('Silent');
  });
});

describe('session:resume', () => {
  it('brings a member back with what came since', async () => {
    const { member, client } = stageChat();
    const [ada, grace] = [await member('Ada'), await member('Grace')];
    const { cursor } = await grace.ok('session:state', {});
    grace.disconnect();
    const { offset } = await ada.say('while you were away');
    const back = await client().ok('session:resume', { token: grace.token, since: cursor });
    expect(back).toMatchObject({ member: grace.member, recovered: true });
    expect(back.token).toBeUndefined();
    expect(back.events.map((event) => event.offset)).toEqual([offset]);
  });

  it('takes the token that came with the connection', async () => {
    const { member, client } = stageChat();
    const ada = await member('Ada');
    const tab = client({ credential: ada.token });
    expect((await tab.ok('session:resume', {})).member).toEqual(ada.member);
    expect(tab.pushed('server:hello')[0]?.data.known).toBe(true);
    expect((await client().refused('session:resume', {})).code).toBe('token-unknown');
  });

  it('takes the token that is sent rather than the one that came along', async () => {
    const { member, client } = stageChat();
    const [ada, grace] = [await member('Ada'), await member('Grace')];
    const tab = client({ credential: ada.token });
    expect((await tab.ok('session:resume', { token: grace.token })).member).toEqual(grace.member);
  });

  it('refuses tokens that were signed out, have expired, or are none', async () => {
    const { member, client, clock } = stageChat();
    const [ada, grace] = [await member('Ada'), await member('Grace')];
    await ada.ok('session:leave', {});
    const refusal = (token: string) => client().refused('session:resume', { token });
    expect(await refusal(ada.token)).toMatchObject({ code: 'token-unknown', field: 'data.token' });
    expect(await refusal('x'.repeat(43))).toMatchObject({ code: 'token-unknown' });
    clock.advance(tokenLifetime);
    expect(await refusal(grace.token)).toMatchObject({ code: 'token-expired' });
  });

  it('does not count for who has a good token, and counts guesses', async () => {
    const { member, client } = stageChat({ rates: { signIns: { burst: 3, perSecond: 0.001 } } });
    const ada = await member('Ada');
    for (let count = 0; count < 10; count++) await client().ok('session:resume', { token: ada.token });
    const guess = () => client().refused('session:resume', { token: 'x'.repeat(43) });
    const codes = [await guess(), await guess(), await guess()].map(({ code }) => code);
    expect(codes).toEqual(['token-unknown', 'token-unknown', 'rate-limited']);
    const refused = await client().refused('session:resume', { token: ada.token });
    expect(refused.code).toBe('rate-limited');
  });

  it('goes on after a restart', async () => {
    const stage = stageChat();
    const ada = await stage.member('Ada');
    await ada.ok('heartbeat:ping', {});
    const { cursor } = await ada.ok('session:state', {});
    stage.close();
    const { directory, clock } = stage;
    const after = stageChat({ directory, clock });
    const back = await after.client().ok('session:resume', { token: ada.token, since: cursor });
    expect(back).toMatchObject({ member: ada.member, recovered: true, events: [] });
  });
});

describe('session:refresh', () => {
  it('gives a token that is good for longer', async () => {
    const { member, client, clock } = stageChat();
    const ada = await member('Ada');
    clock.advance(tokenLifetime / 2);
    const { token, expires } = await ada.ok('session:refresh', {});
    expect(expires).toBe(clock.now() + tokenLifetime);
    clock.advance(tokenLifetime / 2);
    expect((await client().refused('session:resume', { token: ada.token })).code).toBe('token-expired');
    await client().ok('session:resume', { token });
  });

  it('is for members only, as all of these are', async () => {
    const { client } = stageChat();
    const stranger = client();
    expect((await stranger.refused('session:refresh', {})).code).toBe('signed-out');
    expect((await stranger.refused('session:state', {})).code).toBe('signed-out');
    expect((await stranger.refused('session:leave', {})).code).toBe('signed-out');
    expect((await stranger.refused('session:devices', {})).code).toBe('signed-out');
    expect((await stranger.refused('session:revoke', { device: 'any' })).code).toBe('signed-out');
    expect((await stranger.refused('session:password', { password })).code).toBe('signed-out');
    expect((await stranger.refused('session:claim', { code: 'any-code-at-all' })).code).toBe('signed-out');
  });
});

describe('session:state', () => {
  it('says where things stand, to who is in', async () => {
    const { member } = stageChat();
    const ada = await member('Ada');
    const { cursor } = await ada.ok('session:state', {});
    const { offset } = await ada.say('hello');
    const state = await ada.ok('session:state', { since: cursor });
    expect(state).toMatchObject({ member: ada.member, recovered: true, cursor: { offset } });
    expect(state.events.map((event) => event.offset)).toEqual([offset]);
  });
});

describe('session:leave', () => {
  it('closes the device’s connections, frees the name and takes it out of the rooms', async () => {
    const { member, client, chat } = stageChat();
    const [ada, grace] = [await member('Ada'), await member('Grace')];
    const tab = client();
    await tab.ok('session:resume', { token: ada.token });
    const left = grace.next((event) => event.event === 'room:event' && event.data.event.type === 'left');
    await ada.ok('session:leave', {});
    for (const each of [ada, tab]) expect(each.closed).toEqual({ code: 1000, reason: 'signed out' });
    await left;
    await chat.idle();
    expect(chat.rooms.isIn('general', ada.member.id)).toBe(false);
    expect((await client().enter('Ada')).member.id).not.toBe(ada.member.id);
  });

  it('leaves other devices alone, unless it is everywhere', async () => {
    const { member, client, chat } = stageChat();
    const ada = await member('Ada');
    await ada.ok('session:password', { password });
    const phone = client();
    const { token = '' } = await phone.ok('session:enter', { name: 'Ada', password });
    await ada.ok('session:leave', {});
    expect(phone.closed).toBeUndefined();
    const laptop = client();
    await laptop.ok('session:enter', { name: 'Ada', password });
    await laptop.ok('session:leave', { everywhere: true });
    await chat.idle();
    expect(phone.closed).toEqual({ code: 1000, reason: 'signed out' });
    expect((await client().refused('session:resume', { token })).code).toBe('token-unknown');
    expect((await client().refused('session:enter', { name: 'Ada' })).code).toBe('password-needed');
    expect(chat.rooms.isIn('general', ada.member.id)).toBe(true);
  });
});

describe('session:revoke', () => {
  async function twoDevices() {
    const stage = stageChat();
    const laptop = await stage.member('Ada');
    await laptop.ok('session:password', { password });
    const phone = stage.client();
    const entrance = await phone.ok('session:enter', { name: 'Ada', password, device: 'phone' });
    return { ...stage, laptop, phone, entrance };
  }

  it('signs another device out at once', async () => {
    const { laptop, phone, entrance, client } = await twoDevices();
    const { devices } = await laptop.ok('session:devices', {});
    expect(devices.map(({ label, current, here }) => ({ label, current, here }))).toContainEqual({
      label: 'phone',
      current: false,
      here: true,
    });
    await laptop.ok('session:revoke', { device: entrance.device });
    expect(phone.closed).toEqual({ code: 1000, reason: 'signed out on another device' });
    expect((await client().refused('session:resume', { token: entrance.token ?? '' })).code).toBe(
      'token-unknown',
    );
    expect((await laptop.ok('session:devices', {})).devices).toHaveLength(1);
  });

  it('does not touch somebody else’s', async () => {
    const { entrance, phone, member } = await twoDevices();
    const grace = await member('Grace');
    const refused = await grace.refused('session:revoke', { device: entrance.device });
    expect(refused).toMatchObject({ code: 'device-unknown', field: 'data.device' });
    expect(phone.closed).toBeUndefined();
  });

  it('of a device that is gone leaves its requests refused', async () => {
    const { laptop, phone, entrance } = await twoDevices();
    const revoked = laptop.ok('session:revoke', { device: entrance.device });
    phone.sendText(JSON.stringify({ event: 'session:refresh', id: 99, data: {} }));
    await revoked;
    const reply = phone.events.find((event) => 'id' in event && event.id === 99);
    // Answered before, or not at all: what is signed out gets no token.
    if (reply?.event === 'reply:ok') {
      const { token } = reply.data as { token: string };
      expect((await laptop.refused('session:resume', { token })).code).toBe('signed-in');
    }
    expect(phone.closed).toBeDefined();
  });
});

describe('session:password', () => {
  it('keeps the name for who knows it, and each entrance says so', async () => {
    const { member, client } = stageChat();
    const ada = await member('Ada');
    await ada.ok('session:password', { password });
    expect((await ada.ok('session:state', {})).hasPassword).toBe(true);
    const other = client();
    expect((await other.refused('session:enter', { name: 'Ada' })).code).toBe('password-needed');
    expect((await other.refused('session:enter', { name: 'Ada', password: 'wrong' })).code).toBe(
      'password-wrong',
    );
    const entrance = await other.ok('session:enter', { name: 'Ada', password });
    expect(entrance).toMatchObject({ member: ada.member, hasPassword: true });
    expect((await ada.refused('session:password', { password: '' })).code).toBe('password-needed');
    await ada.ok('session:password', { password: '', current: password });
    expect((await ada.ok('session:state', {})).hasPassword).toBe(false);
  });

  it('cannot be changed over and over to keep the server busy', async () => {
    const { member } = stageChat();
    const ada = await member('Ada');
    const codes: string[] = [];
    for (let count = 0; count < 12; count++) {
      codes.push(
        (await ada.refused('session:password', { password, current: 'wrong' }).catch(() => ({ code: 'set' })))
          .code,
      );
    }
    expect(codes).toEqual([
      'set',
      ...Array<string>(9).fill('password-wrong'),
      'rate-limited',
      'rate-limited',
    ]);
  });
});

describe('session:claim', () => {
  it('makes the owner, who is the owner of every room', async () => {
    const { member, identities } = stageChat();
    const ada = await member('Ada');
    const code = identities.ownerCode ?? '';
    expect((await ada.refused('session:claim', { code: 'another-code' })).code).toBe('forbidden');
    await ada.ok('session:claim', { code });
    expect(await ada.ok('session:state', {})).toMatchObject({ owner: true, rooms: [{ role: 'owner' }] });
    expect(ada.pushed('room:changed').at(-1)?.data.room).toMatchObject({ id: 'general', role: 'owner' });
    const grace = await member('Grace');
    expect((await grace.refused('session:claim', { code })).code).toBe('forbidden');
  });
});

describe('a closed server', () => {
  it('says in its hello what it takes', async () => {
    const { client } = stageChat({ identity: { entry: { invitationOnly: true } } });
    expect(client().pushed('server:hello')[0]?.data.entry).toEqual({
      serverPassword: false,
      invitation: true,
    });
  });

  it('lets in who is invited to a room, and puts them there, even into a private one', async () => {
    const stage = stageChat({ identity: { entry: { invitationOnly: true, serverPassword: 'sesame' } } });
    const { client } = stage;
    const ada = client();
    await ada.ok('session:enter', { name: 'Ada', serverPassword: 'sesame' });
    const room = await ada.make('Secret', 'private');
    const { code } = await ada.ok('room:invite', { room: room.id, uses: 1 });
    const grace = client();
    expect((await grace.refused('session:enter', { name: 'Grace' })).code).toBe('invitation-needed');
    const entrance = await grace.ok('session:enter', { name: 'Grace', invitation: code });
    expect(entrance.rooms.map(({ id }) => id).sort()).toEqual(['general', room.id].sort());
    // The page asks for the room too: it is there already, and that costs no second use.
    expect((await grace.ok('room:accept', { code, nonce: newNonce() })).room).toMatchObject({ id: room.id });
    const late = client();
    expect((await late.refused('session:enter', { name: 'Late', invitation: code })).code).toBe(
      'invitation-unknown',
    );
  });
});

describe('what happens between being let in and being in', () => {
  it.each(['session:enter', 'session:resume'] as const)('is not missed: a ban, in %s', async (event) => {
    const { member, client, identities, chat } = stageChat();
    const host = await member('Host');
    await host.ok('session:claim', { code: identities.ownerCode ?? '' });
    const ada = await member('Ada');
    await ada.ok('session:password', { password });
    ada.disconnect();
    const ban = async <Result>(result: Promise<Result>): Promise<Result> => {
      const entered = await result;
      await host.ok('moderation:ban', { nonce: newNonce(), member: ada.member.id, reason: '' });
      return entered;
    };
    const { enter, authenticate } = identities;
    vi.spyOn(identities, 'enter').mockImplementation((...given) => ban(enter.apply(identities, given)));
    vi.spyOn(identities, 'authenticate').mockImplementation((...given) =>
      ban(authenticate.apply(identities, given)),
    );
    const back = client();
    const data = event === 'session:enter' ? { name: 'Ada', password } : { token: ada.token };
    expect(await back.refused(event, data)).toMatchObject({ code: 'banned' });
    expect(chat.presence.connectionsOf(ada.member.id).size).toBe(0);
  });

  it('is not missed: a sign-out', async () => {
    const { member, client, identities } = stageChat();
    const ada = await member('Ada');
    const { authenticate } = identities;
    vi.spyOn(identities, 'authenticate').mockImplementation(async (...given) => {
      const found = await authenticate.apply(identities, given);
      await ada.ok('session:leave', { everywhere: true });
      return found;
    });
    expect((await client().refused('session:resume', { token: ada.token })).code).toBe('token-unknown');
  });
});

it('keeps the tokens of one server from another', async () => {
  const [here, there] = [stageChat(), stageChat()];
  const ada = await here.member('Ada');
  const other: FakeClient = there.client();
  expect((await other.refused('session:resume', { token: ada.token })).code).toBe('token-unknown');
});
