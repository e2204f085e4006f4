// Coming in and coming back: what one is told, what one missed, that nothing is lost, repeated or told before.
import { describe, expect, it } from 'vitest';
import { recoveryLimits } from '../../src/chat/entrance.ts';
import type { Entrance, RoomEvent } from '../../src/chat/events.ts';
import { type FakeClient, newNonce, stageChat } from '../support/chat.ts';

const nonce = newNonce;
const day = 24 * 60 * 60 * 1000;

const resume = (
  client: FakeClient,
  token: string,
  since?: { epoch: string; offset: number },
): Promise<Entrance> => client.ok('session:resume', since === undefined ? { token } : { token, since });

describe('coming in', () => {
  it('puts one into general, says who one is, and where everything stands', async () => {
    const stage = stageChat();
    const ada = await stage.member('Ada');
    await ada.say('hello');
    const bob = stage.client();
    const entrance = await bob.enter('Bob');
    expect(entrance).toEqual({
      member: { id: expect.any(String), name: 'Bob' },
      token: expect.any(String),
      expires: expect.any(Number),
      owner: false,
      hasPassword: false,
      device: expect.any(String),
      cursor: { epoch: stage.log.epoch, offset: 3 },
      rooms: [
        expect.objectContaining({
          id: 'general',
          joined: true,
          memberCount: 2,
          unread: 0,
          newest: 3,
          read: 3,
        }),
      ],
      recovered: false,
      events: [],
      time: stage.clock.now(),
    });
    expect(ada.heard.at(-1)).toMatchObject({ type: 'joined', author: entrance.member });
    expect(ada.pushed('presence:changed').at(-1)?.data).toEqual({ here: [entrance.member], away: [] });
    // What the reply said is not pushed again, and nothing comes before it.
    expect(bob.heard).toEqual([]);
    expect(bob.events.slice(0, 2).map(({ event }) => event)).toEqual(['server:hello', 'reply:ok']);
  });

  it('again is the same member, in as many connections as they like; a state can be asked for', async () => {
    const stage = stageChat();
    const ada = await stage.member('Ada');
    const tab = stage.client();
    expect((await resume(tab, ada.token)).member).toEqual(ada.member);
    const { offset } = await ada.say('hi');
    expect(tab.heard.at(-1)).toMatchObject({ offset });
    const state = await tab.ok('session:state', { since: { epoch: stage.log.epoch, offset: offset - 1 } });
    expect(state).toMatchObject({ recovered: true, events: [{ offset }], cursor: { offset } });
    expect(state).not.toHaveProperty('token');
  });
});

describe('coming back', () => {
  async function away() {
    const stage = stageChat();
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    await ada.make('Dev');
    stage.clock.advance(1);
    await bob.join('dev');
    const { id: secret } = await ada.make('Secret', 'private');
    bob.disconnect();
    return { stage, ada, bob, secret, since: { epoch: stage.log.epoch, offset: stage.log.newest } };
  }

  it('brings all that came in all of one’s rooms, in order, of every kind, and nothing else', async () => {
    const { stage, ada, bob, secret, since } = await away();
    const live: RoomEvent[] = [];
    stage.log.onStored((event) => live.push(event));
    const { id } = await ada.say('in general');
    await ada.say('in dev', 'dev');
    await ada.say('not for bob', secret);
    await ada.ok('message:edit', { room: 'general', nonce: nonce(), target: id, text: 'edited' });
    await ada.ok('message:react', { room: 'general', nonce: nonce(), target: id, emoji: '👍', on: true });
    await ada.ok('room:topic', { room: 'dev', nonce: nonce(), topic: 'new' });
    await ada.ok('moderation:role', {
      room: 'dev',
      nonce: nonce(),
      member: bob.member.id,
      role: 'moderator',
    });
    const entrance = await resume(stage.client(), bob.token, since);
    expect(entrance.recovered).toBe(true);
    expect(entrance.events).toEqual(live.filter(({ room }) => room !== secret));
    expect(entrance.cursor.offset).toBe(stage.log.newest);
    expect(entrance.rooms).toMatchObject([
      { id: 'general', unread: 1 },
      { id: 'dev', unread: 1, topic: 'new', role: 'moderator' },
    ]);
    // From there on there is nothing.
    expect(await resume(stage.client(), bob.token, entrance.cursor)).toMatchObject({
      recovered: true,
      events: [],
    });
  });

  it('says that it cannot, for another log, from beyond the end, or from before what was trimmed', async () => {
    const { stage, ada, bob, since } = await away();
    const first = await ada.say('one', 'dev');
    const second = await ada.say('two', 'dev');
    for (const wrong of [
      { epoch: 'another', offset: since.offset },
      { epoch: since.epoch, offset: stage.log.newest + 1 },
    ]) {
      expect(await resume(stage.client(), bob.token, wrong)).toMatchObject({ recovered: false, events: [] });
    }
    await stage.log.trim('dev', second.offset);
    expect((await resume(stage.client(), bob.token, since)).recovered).toBe(false);
    const after = { ...since, offset: first.offset };
    expect(await resume(stage.client(), bob.token, after)).toMatchObject({
      recovered: true,
      events: [{ offset: second.offset }],
    });
  });

  it('says so too when it would be too much, and not a message earlier', async () => {
    const { stage, ada, bob, since } = await away();
    const append = (count: number, text: string) =>
      Promise.all(
        Array.from({ length: count }, () =>
          stage.chat.append({
            type: 'message',
            room: 'dev',
            id: nonce(),
            nonce: nonce(),
            author: ada.member,
            time: 1,
            content: { type: 'text', text },
          }),
        ),
      );
    await append(recoveryLimits.events, 'x');
    const entrance = await resume(stage.client(), bob.token, since);
    expect([entrance.recovered, entrance.events.length]).toEqual([true, recoveryLimits.events]);
    await append(1, 'x');
    expect((await resume(stage.client(), bob.token, since)).recovered).toBe(false);
    const later = { ...since, offset: stage.log.newest };
    const length = recoveryLimits.textUnits / 256;
    await append(256, 'y'.repeat(length));
    expect((await resume(stage.client(), bob.token, later)).recovered).toBe(true);
    await append(1, 'y');
    expect((await resume(stage.client(), bob.token, later)).recovered).toBe(false);
  });

  it('loses and repeats nothing of what is said meanwhile', async () => {
    const { stage, ada, bob, since } = await away();
    const back = stage.client();
    const coming = resume(back, bob.token, since);
    // Said at once, while the token is looked at and the log is read.
    const saying = Array.from({ length: 20 }, (_, number) =>
      ada.say(String(number), number % 2 === 0 ? 'dev' : 'general'),
    );
    const entrance = await coming;
    await Promise.all(saying);
    await back.ok('heartbeat:ping', {});
    const got = [...entrance.events, ...back.heard].map(({ offset }) => offset);
    const all = stage.log.readAfter(['general', 'dev'], since.offset, 100).map(({ offset }) => offset);
    expect(all).toHaveLength(20);
    expect(got).toEqual(all);
    expect(back.heard.every(({ offset }) => offset > entrance.cursor.offset)).toBe(true);
    expect(back.events[1]?.event).toBe('reply:ok');
  });

  it('is the same after a restart: rooms, events, who is here, and nobody is told of anything', async () => {
    const { stage, ada, bob, since } = await away();
    await ada.say('while away', 'dev');
    stage.chat.announceRestart(5000);
    stage.close();
    stage.clock.advance(5000);
    const again = stageChat({ directory: stage.directory, clock: stage.clock });
    const [back, other] = [again.client(), again.client()];
    const entrance = await resume(back, bob.token, since);
    expect(entrance).toMatchObject({ recovered: true, events: [{ content: { text: 'while away' } }] });
    expect(again.chat.membersOf('dev').map(({ name, here }) => [name, here])).toEqual([
      ['Ada', true],
      ['Bob', true],
    ]);
    await resume(other, ada.token);
    expect(back.pushed('presence:changed')).toEqual([]);
    again.clock.advance(40_000);
    expect(back.pushed('presence:changed')).toEqual([]);
    other.disconnect();
    again.clock.advance(11_000);
    expect(back.pushed('presence:changed').map(({ data }) => data)).toEqual([
      { here: [], away: [ada.member] },
    ]);
  });
});

describe('a name whose time is over', () => {
  it('leaves all rooms but those for two, and a room of its own to somebody else', async () => {
    const stage = stageChat();
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    await ada.make('Dev');
    await bob.join('dev');
    const { room } = await bob.ok('room:direct', { member: ada.member.id, nonce: nonce() });
    await ada.say('psst', room.id);
    ada.disconnect();
    stage.clock.advance(day + 600_000);
    // One transaction after the other: the name, then each room.
    for (let round = 0; round < 10; round++) await stage.settled();
    expect(stage.rooms.roomsOf(ada.member.id)).toEqual([room.id]);
    expect(stage.rooms.roleOf('dev', bob.member.id)).toBe('owner');
    expect(bob.heard.slice(-3)).toMatchObject([
      { type: 'left', room: 'general', author: ada.member },
      { type: 'role', room: 'dev', member: bob.member, role: 'owner' },
      { type: 'left', room: 'dev', author: ada.member },
    ]);
    expect(stage.rooms.summaryFor(room.id, bob.member.id)).toMatchObject({ name: 'Ada', memberCount: 2 });
    await bob.say('nobody hears', room.id);
  });

  it('does so at the next start when the process ended before', async () => {
    const stage = stageChat();
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    bob.disconnect();
    stage.close();
    const { Database } = await import('../../src/chat/database.ts');
    const database = new Database(stage.directory);
    await database.write(() => database.run('DELETE FROM identity WHERE member_id = ?', [ada.member.id]));
    database.close();
    const again = stageChat({ directory: stage.directory, clock: stage.clock });
    for (let round = 0; round < 5; round++) await again.settled();
    expect(again.rooms.roomsOf(ada.member.id)).toEqual([]);
    expect(again.rooms.roomsOf(bob.member.id)).toEqual(['general']);
  });
});
