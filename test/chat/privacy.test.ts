// What nobody may learn of a room that is not theirs: not by asking, not by listening, not by what is refused.
import { describe, expect, it } from 'vitest';
import type { RequestInput, RequestName } from '../../src/chat/events.ts';
import { newNonce, stageChat } from '../support/chat.ts';

const nonce = newNonce;

async function secret() {
  const stage = stageChat();
  const [ada, bob, eve] = [await stage.member('Ada'), await stage.member('Bob'), await stage.member('Eve')];
  const room = await ada.make('Hidden plans', 'private');
  const { code } = await ada.ok('room:invite', { room: room.id });
  await bob.ok('room:accept', { code, nonce: nonce() });
  const { id, offset } = await ada.say('the secretword', room.id);
  return { stage, ada, bob, eve, room: room.id, id, offset };
}

describe('a private room', () => {
  it('cannot be told from one that is not there, whatever is asked', async () => {
    const { eve, room, id, offset } = await secret();
    const ask = (name: string): { [Name in RequestName]?: RequestInput<Name> } => ({
      'room:open': { room: name, around: offset },
      'room:join': { room: name, nonce: nonce() },
      'room:leave': { room: name, nonce: nonce() },
      'room:rename': { room: name, nonce: nonce(), name: 'Mine' },
      'room:topic': { room: name, nonce: nonce(), topic: 'mine' },
      'room:read': { room: name, offset },
      'room:mute': { room: name, muted: true },
      'room:typing': { room: name, typing: true },
      'room:invite': { room: name },
      'message:page': { room: name },
      'message:search': { room: name, query: 'secretword' },
      'message:versions': { room: name, target: id },
      'message:send': { room: name, nonce: nonce(), content: { type: 'text', text: 'hi' } },
      'message:edit': { room: name, nonce: nonce(), target: id, text: 'x' },
      'message:delete': { room: name, nonce: nonce(), target: id },
      'message:react': { room: name, nonce: nonce(), target: id, emoji: '👍', on: true },
    });
    for (const event of Object.keys(ask(room)) as RequestName[]) {
      const [there, nowhere] = [ask(room)[event], ask('nowhere')[event]];
      if (there === undefined || nowhere === undefined) throw new Error('not asked');
      const failure = await eve.refused(event, there);
      expect([event, failure.code]).toEqual([event, 'room-unknown']);
      expect(failure).toEqual(await eve.refused(event, nowhere));
    }
  });

  it('is not reached by the ids of its messages in another room', async () => {
    const { eve, id } = await secret();
    const base = { room: 'general', nonce: nonce(), target: id };
    for (const failure of [
      await eve.refused('message:versions', { room: 'general', target: id }),
      await eve.refused('message:react', { ...base, emoji: '👍', on: true }),
      await eve.refused('message:edit', { ...base, text: 'x' }),
      await eve.refused('message:delete', base),
      await eve.refused('message:send', {
        nonce: nonce(),
        content: { type: 'text', text: 'x' },
        replyTo: id,
      }),
    ]) {
      expect(failure.code).toBe('message-unknown');
      expect(JSON.stringify(failure)).not.toContain('secretword');
    }
  });

  it('is heard of by nobody who is not in it: no events, lists, counts, typing or searches', async () => {
    const { stage, ada, bob, eve, room } = await secret();
    await ada.ok('room:rename', { room, nonce: nonce(), name: 'Hidden still' });
    await ada.ok('room:typing', { room, typing: true });
    await bob.ok('room:leave', { room, nonce: nonce() });
    expect(bob.heard.filter((event) => event.room === room).length).toBeGreaterThan(0);
    expect((await eve.ok('room:list', {})).rooms.map(({ id }) => id)).toEqual(['general']);
    expect((await eve.ok('message:search', { query: 'secretword' })).messages).toEqual([]);
    const back = stage.client();
    const since = { epoch: stage.log.epoch, offset: 0 };
    const entrance = await back.ok('session:resume', { token: eve.token, since });
    expect(entrance.rooms.map(({ id }) => id)).toEqual(['general']);
    expect(entrance.recovered).toBe(true);
    for (const text of [...eve.texts, ...back.texts]) {
      expect(text).not.toContain('secretword');
      expect(text).not.toContain('Hidden');
      expect(text).not.toContain(`"${room}"`);
    }
  });

  it('is closed to who has left or was kicked, at once', async () => {
    const { ada, bob, room } = await secret();
    await ada.ok('moderation:kick', { room, nonce: nonce(), member: bob.member.id, reason: 'enough' });
    expect(bob.heard.at(-1)).toMatchObject({ type: 'kicked', member: bob.member, reason: 'enough' });
    expect(bob.pushed('room:gone').at(-1)?.data).toEqual({ room, why: 'kicked', reason: 'enough' });
    const heard = bob.heard.length;
    await ada.say('without bob', room);
    expect(bob.heard).toHaveLength(heard);
    expect((await bob.refused('room:open', { room })).code).toBe('room-unknown');
    expect((await bob.ok('message:search', { query: 'secretword' })).messages).toEqual([]);
  });

  it('keeps its name free for others', async () => {
    const { eve } = await secret();
    // The id too: with a number it would tell that there is another one.
    const room = await eve.make('Hidden plans');
    expect(room).toMatchObject({ kind: 'public', name: 'Hidden plans', id: 'hidden-plans' });
  });
});

describe('a public room', () => {
  it('is open to look into, but is not heard, nor written to, before one joins', async () => {
    const stage = stageChat();
    const [ada, eve] = [await stage.member('Ada'), await stage.member('Eve')];
    await ada.make('Dev');
    const { id } = await ada.say('hello', 'dev');
    const view = await eve.ok('room:open', { room: 'dev' });
    expect(view.summary).toMatchObject({ joined: false, unread: 0, mentions: 0, role: 'member' });
    expect(view.items.at(-1)).toMatchObject({ id });
    expect((await eve.ok('message:page', { room: 'dev' })).items).toHaveLength(2);
    for (const [event, data] of [
      ['message:send', { room: 'dev', nonce: nonce(), content: { type: 'text', text: 'x' } }],
      ['message:react', { room: 'dev', nonce: nonce(), target: id, emoji: '👍', on: true }],
      ['message:edit', { room: 'dev', nonce: nonce(), target: id, text: 'x' }],
      ['room:typing', { room: 'dev', typing: true }],
      ['room:read', { room: 'dev', offset: 1 }],
      ['room:mute', { room: 'dev', muted: true }],
      ['room:leave', { room: 'dev', nonce: nonce() }],
    ] as const) {
      expect([event, (await eve.refused(event, data)).code]).toEqual([event, 'not-joined']);
    }
    await ada.say('more', 'dev');
    expect(eve.heard.filter(({ room }) => room === 'dev')).toEqual([]);
  });
});

describe('presence', () => {
  it('is told only to who shares a room', async () => {
    const stage = stageChat();
    const ada = await stage.member('Ada');
    const bob = await stage.member('Bob');
    const owner = stage.identities.ownerCode ?? '';
    await ada.ok('session:claim', { code: owner });
    await ada.ok('moderation:kick', { room: 'general', nonce: nonce(), member: bob.member.id });
    const seen = [ada, bob].map((each) => each.pushed('presence:changed').length);
    bob.disconnect();
    stage.clock.advance(12_000);
    expect(ada.pushed('presence:changed')).toHaveLength(seen[0] ?? 0);
    const cy = await stage.member('Cy');
    expect(ada.pushed('presence:changed').at(-1)?.data.here).toEqual([cy.member]);
    expect(bob.pushed('presence:changed')).toHaveLength(seen[1] ?? 0);
  });
});
