// Messages from the wire's point of view: saying, answering, changing, finding; each thing once.
import { describe, expect, it } from 'vitest';
import { type Image, maximumReactions, maximumTextLength, type RequestInput } from '../../src/chat/events.ts';
import { type FakeClient, newNonce, stageChat } from '../support/chat.ts';

const text = (value: string) => ({ type: 'text', text: value }) as const;
const nonce = newNonce;

const cat: Image = {
  id: 'cat',
  type: 'image/png',
  length: 1,
  width: 2,
  height: 3,
  url: '/images/cat.png',
  thumbnail: { url: '/images/cat.thumbnail.webp', width: 2, height: 3 },
};

async function two() {
  const stage = stageChat({ findImage: (id) => (id === 'cat' ? cat : undefined) });
  return { stage, ada: await stage.member('Ada'), bob: await stage.member('Bob') };
}

const edit = (client: FakeClient, target: string, said: string, more: object = {}) =>
  client.ok('message:edit', { room: 'general', nonce: nonce(), target, text: said, ...more });
const remove = (client: FakeClient, target: string) =>
  client.ok('message:delete', { room: 'general', nonce: nonce(), target });
const react = (client: FakeClient, target: string, emoji: string, on = true) =>
  client.ok('message:react', { room: 'general', nonce: nonce(), target, emoji, on });
const newest = async (client: FakeClient) => (await client.ok('message:page', { limit: 1 })).items[0];

describe('saying something', () => {
  it('reaches everybody in the room, the author too, stamped by the server, before the receipt', async () => {
    const { stage, ada, bob } = await two();
    const receipt = await ada.say('<b>hi</b>', 'general', 'nonce-of-ada');
    const { id, offset } = receipt;
    const event = {
      type: 'message',
      room: 'general',
      offset,
      previous: offset - 1,
      id,
      author: ada.member,
      time: stage.clock.now(),
      nonce: 'nonce-of-ada',
      content: text('<b>hi</b>'),
    };
    expect(receipt).toEqual({ room: 'general', offset, id, time: event.time, nonce: 'nonce-of-ada' });
    for (const client of [ada, bob]) expect(client.heard.at(-1)).toEqual(event);
    const names = ada.events.map((each) => each.event);
    expect(names.lastIndexOf('room:event')).toBeLessThan(names.lastIndexOf('reply:ok'));
  });

  it('is encoded once, and all get the very same push, with its cursor', async () => {
    const { stage, ada, bob } = await two();
    const { offset } = await ada.say('hi');
    const pushes = [ada, bob].map((client) => client.pushes.at(-1));
    expect(new Set(pushes).size).toBe(1);
    expect(pushes[0]).toMatchObject({
      event: 'room:event',
      cursor: `${stage.log.epoch}:${offset}`,
      coalesce: undefined,
    });
  });

  it('is stored and acknowledged even if telling it fails, and that is written down', async () => {
    const { stage, ada, bob } = await two();
    bob.session.push = () => {
      throw new Error('out of order');
    };
    const { offset } = await ada.say('hi');
    expect(stage.log.newest).toBe(offset);
    expect(stage.logger.lines).toMatchObject([
      { level: 'error', details: { err: new Error('out of order'), offset } },
    ]);
  });

  it('takes no author, time or id from the client', async () => {
    const { ada } = await two();
    const data = { nonce: '12345678', content: text('hi'), author: { id: 'x', name: 'Bob' } };
    ada.sendText(JSON.stringify({ event: 'message:send', id: 50, data }));
    expect(ada.events.at(-1)).toMatchObject({ data: { code: 'invalid', field: 'data.author' } });
  });

  it('takes every character there is, and the most that are allowed', async () => {
    const { ada } = await two();
    for (const value of ['\u0000\u001f"\\/</script>\u2028👩🏽‍🚀', '\u0001'.repeat(maximumTextLength)]) {
      await ada.say(value);
      expect(ada.heard.at(-1)).toMatchObject({ content: text(value) });
    }
    const long = { nonce: '12345678', content: text('a'.repeat(maximumTextLength + 1)) };
    expect(await ada.refused('message:send', long)).toMatchObject({ field: 'data.content.text' });
  });

  it('refers to images that were uploaded, and to no other', async () => {
    const { ada } = await two();
    const send = { nonce: 'nonce-cat', content: { type: 'image', image: 'cat' } } as const;
    const first = await ada.ok('message:send', send);
    expect(ada.heard.at(-1)).toMatchObject({ content: { type: 'image', image: cat } });
    expect(await ada.ok('message:send', send)).toEqual(first);
    const dog = { nonce: nonce(), content: { type: 'image', image: 'dog' } } as const;
    expect(await ada.refused('message:send', dog)).toMatchObject({
      code: 'image-unknown',
      field: 'data.content.image',
    });
  });
});

describe('answering', () => {
  it('quotes the beginning of what is answered, as it is then, without half a character', async () => {
    const { ada, bob } = await two();
    const { id, offset } = await ada.say('old');
    const said = `${'x'.repeat(139)}👍 and more`;
    await edit(ada, id, said);
    await bob.ok('message:send', { nonce: nonce(), content: text('indeed'), replyTo: id });
    const replyTo = { id, offset, author: ada.member, excerpt: 'x'.repeat(139) };
    expect(ada.heard.at(-1)).toMatchObject({ type: 'message', replyTo });
    const picture = await ada.ok('message:send', {
      nonce: nonce(),
      content: { type: 'image', image: 'cat' },
    });
    await bob.ok('message:send', { nonce: nonce(), content: text('nice'), replyTo: picture.id });
    expect(ada.heard.at(-1)).toMatchObject({ replyTo: { id: picture.id, excerpt: '' } });
  });

  it('refuses what is not there, is elsewhere, or is deleted', async () => {
    const { ada } = await two();
    await ada.make('Dev');
    const elsewhere = await ada.say('elsewhere', 'dev');
    const gone = await ada.say('gone');
    await remove(ada, gone.id);
    for (const replyTo of ['nothing', elsewhere.id, gone.id, ada.heard[0]?.id ?? '']) {
      const failure = await ada.refused('message:send', { nonce: nonce(), content: text('x'), replyTo });
      expect(failure).toMatchObject({ code: 'message-unknown', field: 'data.replyTo' });
    }
  });

  it('can be tried again with the same nonce after what it answers has changed or gone', async () => {
    const { ada, bob } = await two();
    const { id } = await ada.say('before');
    const reply = { nonce: 'the-nonce', content: text('reply'), replyTo: id };
    const receipt = await bob.ok('message:send', reply);
    await edit(ada, id, 'after');
    expect(await bob.ok('message:send', reply)).toEqual(receipt);
    await remove(ada, id);
    expect(await bob.ok('message:send', reply)).toEqual(receipt);
    const { replyTo: _replyTo, ...plain } = reply;
    expect((await bob.refused('message:send', plain)).code).toBe('nonce-reused');
  });
});

describe('mentioning', () => {
  it('names who is in the room, and everyone only when a moderator does', async () => {
    const { ada, bob } = await two();
    await ada.make('Dev');
    await bob.join('dev');
    await bob.say('@ada @everyone @nobody mail@bob', 'dev');
    expect(ada.heard.at(-1)).toMatchObject({ mentions: [ada.member.id] });
    await ada.say('@everyone look', 'dev');
    expect(ada.heard.at(-1)).toMatchObject({ mentions: ['everyone'] });
    const { id } = await ada.say('nobody', 'dev');
    expect(ada.heard.at(-1)).not.toHaveProperty('mentions');
    await ada.ok('message:edit', { room: 'dev', nonce: nonce(), target: id, text: '@Bob after all' });
    expect(bob.heard.at(-1)).toMatchObject({ type: 'edit', mentions: [bob.member.id] });
    const counts = (await bob.ok('room:list', {})).rooms.find((room) => room.id === 'dev');
    expect(counts).toMatchObject({ unread: 2, mentions: 2 });
  });
});

describe('editing', () => {
  it('changes one’s own text, tells the room, and keeps what it said', async () => {
    const { stage, ada, bob } = await two();
    const { id, offset } = await ada.say('one');
    stage.clock.advance(1000);
    const receipt = await edit(ada, id, 'two');
    expect(bob.heard.at(-1)).toMatchObject({
      type: 'edit',
      id: receipt.id,
      offset: receipt.offset,
      target: id,
      targetOffset: offset,
      text: 'two',
    });
    const edited = { time: stage.clock.now(), count: 1 };
    expect(await newest(bob)).toMatchObject({ id, content: text('two'), edited });
    const { versions } = await bob.ok('message:versions', { room: 'general', target: id });
    expect(versions.map((version) => version.text)).toEqual(['one', 'two']);
  });

  it('is for who wrote it, for text, and for what is still there', async () => {
    const { ada, bob } = await two();
    const { id } = await ada.say('mine');
    const picture = await ada.ok('message:send', {
      nonce: nonce(),
      content: { type: 'image', image: 'cat' },
    });
    const base = { room: 'general', text: 'x' };
    expect((await bob.refused('message:edit', { ...base, nonce: nonce(), target: id })).code).toBe(
      'forbidden',
    );
    expect((await ada.refused('message:edit', { ...base, nonce: nonce(), target: picture.id })).code).toBe(
      'forbidden',
    );
    await remove(ada, id);
    expect((await ada.refused('message:edit', { ...base, nonce: nonce(), target: id })).code).toBe(
      'message-unknown',
    );
    expect((await ada.refused('message:edit', { ...base, nonce: nonce(), target: 'none' })).code).toBe(
      'message-unknown',
    );
    expect((await ada.refused('message:versions', { room: 'general', target: id })).code).toBe(
      'message-unknown',
    );
  });
});

describe('deleting', () => {
  it('is for who wrote it and for moderators, and takes the words away for good', async () => {
    const { stage, ada, bob } = await two();
    await ada.make('Dev');
    await bob.join('dev');
    const own = await bob.say('secretword one', 'dev');
    const other = await bob.say('secretword two', 'dev');
    const adas = await ada.say('fine', 'dev');
    await react(bob, (await bob.say('elsewhere')).id, '👍');
    const failure = await bob.refused('message:delete', { room: 'dev', nonce: nonce(), target: adas.id });
    expect(failure.code).toBe('forbidden');
    await bob.ok('message:delete', { room: 'dev', nonce: nonce(), target: own.id });
    await ada.ok('message:delete', { room: 'dev', nonce: nonce(), target: other.id });
    expect(bob.heard.at(-1)).toMatchObject({ type: 'delete', target: other.id, author: ada.member });
    const { items } = await bob.ok('message:page', { room: 'dev', limit: 3 });
    expect(items.slice(0, 2)).toMatchObject([
      { id: own.id, content: { type: 'deleted' }, deleted: { by: bob.member } },
      { id: other.id, content: { type: 'deleted' }, deleted: { by: ada.member } },
    ]);
    expect((await bob.ok('message:search', { query: 'secretword' })).messages).toEqual([]);
    const resumed = await stage.client().ok('session:resume', {
      token: bob.token,
      since: { epoch: stage.log.epoch, offset: own.offset - 1 },
    });
    expect(resumed.recovered).toBe(true);
    expect(JSON.stringify(resumed)).not.toContain('secretword');
    const audit = await ada.ok('moderation:audit', { room: 'dev' });
    expect(audit.entries).toMatchObject([{ action: 'message:delete', by: ada.member, member: bob.member }]);
  });
});

describe('reacting', () => {
  it('is told to the room, shown on the message, and taken back', async () => {
    const { ada, bob } = await two();
    const { id, offset } = await ada.say('nice');
    await react(bob, id, '👍');
    expect(ada.heard.at(-1)).toMatchObject({
      type: 'reaction',
      target: id,
      targetOffset: offset,
      emoji: '👍',
      on: true,
      author: bob.member,
    });
    await react(ada, id, '👍');
    await react(bob, id, '👍');
    expect(await newest(ada)).toMatchObject({
      reactions: [{ emoji: '👍', members: [bob.member, ada.member] }],
    });
    await react(ada, id, '👍', false);
    await react(bob, id, '👍', false);
    expect(await newest(ada)).not.toHaveProperty('reactions');
  });

  it('is by one emoji, of at most twenty on a message', async () => {
    const { ada, bob } = await two();
    const { id } = await ada.say('popular');
    const emojis = [...'😀😁😂😃😄😅😆😇😈😉😊😋😌😍😎😏😐😑😒😓😔'];
    for (const emoji of emojis.slice(0, maximumReactions)) await react(ada, id, emoji);
    const more = { room: 'general', nonce: nonce(), target: id, emoji: '😔', on: true };
    expect(await bob.refused('message:react', more)).toMatchObject({ code: 'too-many', field: 'data.emoji' });
    await react(bob, id, '😀');
    for (const emoji of ['a', '', '👍👍', ':-)', '1', '<b>']) {
      expect((await ada.refused('message:react', { ...more, emoji })).code).toBe('invalid');
    }
    for (const emoji of ['👩🏽‍🚀', '❤️', '🇫🇷', '1️⃣']) {
      await react(bob, (await bob.say('other')).id, emoji);
    }
  });

  it('is not for what is deleted', async () => {
    const { ada } = await two();
    const { id } = await ada.say('gone');
    await remove(ada, id);
    const data = { room: 'general', nonce: nonce(), target: id, emoji: '👍', on: true };
    expect((await ada.refused('message:react', data)).code).toBe('message-unknown');
  });
});

describe('one nonce', () => {
  it('does one thing once, whatever it is, on whatever connection, whatever has become of it since', async () => {
    const { stage, ada, bob } = await two();
    const tab = stage.client();
    await tab.ok('session:resume', { token: ada.token });
    const { id } = await ada.say('target');
    const gone = await ada.say('to be deleted');
    const room = 'general';
    const base = { room, target: id };
    const requests: ['message:send' | 'message:edit' | 'message:react' | 'message:delete', object, object][] =
      [
        ['message:send', { content: text('once') }, { content: text('twice') }],
        ['message:edit', { target: id, text: 'once' }, { text: 'twice' }],
        ['message:react', { ...base, emoji: '👍', on: true }, { on: false }],
        ['message:delete', { target: gone.id }, { target: 'other' }],
      ];
    const receipts: unknown[] = [];
    const askFor = ([event, data]: (typeof requests)[number], more: object = {}) => ({
      event,
      data: { room, nonce: `nonce-${event.slice(8)}`, ...data, ...more } as RequestInput<typeof event>,
    });
    for (const request of requests) {
      const { event, data } = askFor(request);
      const [first, second] = await Promise.all([ada.ok(event, data), tab.ok(event, data)]);
      expect(second).toEqual(first);
      receipts.push(first);
    }
    stage.clock.advance(60_000);
    for (const [index, request] of requests.entries()) {
      const { event, data } = askFor(request);
      expect(await tab.ok(event, data)).toEqual(receipts[index]);
      const other = askFor(request, request[2]);
      expect((await ada.refused(other.event, other.data)).code).toBe('nonce-reused');
    }
    expect(bob.heard.slice(-4).map(({ type }) => type)).toEqual(['message', 'edit', 'reaction', 'delete']);
    // Somebody else's nonces are their own.
    await bob.say('once', room, 'nonce-send');
    const { event, data } = askFor(['message:edit', { target: id, text: 'x' }, {}], { nonce: 'nonce-send' });
    expect((await ada.refused(event, data)).code).toBe('nonce-reused');
  });
});

describe('paging', () => {
  it('goes back to the first and forth to the newest', async () => {
    const { stage, ada } = await two();
    const first = stage.log.newest;
    for (let number = 1; number <= 7; number++) await ada.say(String(number));
    const page = async (place: { before?: number; after?: number }, limit = 3) => {
      const { items, hasOlder, hasNewer, room, epoch, offset } = await ada.ok('message:page', {
        ...place,
        limit,
      });
      expect([room, epoch, offset]).toEqual(['general', stage.log.epoch, stage.log.newest]);
      return [items.map((item) => item.offset - first), hasOlder, hasNewer];
    };
    expect(await page({ before: first + 8 })).toEqual([[5, 6, 7], true, false]);
    expect(await page({ before: first + 5 })).toEqual([[2, 3, 4], true, true]);
    expect(await page({ before: first + 2 })).toEqual([[-1, 0, 1], false, true]);
    expect(await page({ before: 1 })).toEqual([[], false, true]);
    expect(await page({ after: first + 2 })).toEqual([[3, 4, 5], true, true]);
    expect(await page({ after: first + 5 })).toEqual([[6, 7], true, false]);
    expect(await page({})).toEqual([[5, 6, 7], true, false]);
  });
});

describe('searching', () => {
  it('looks in all of one’s rooms or in one, newest first, page by page', async () => {
    const { ada, bob } = await two();
    await ada.make('Dev');
    const offsets: number[] = [];
    for (const room of ['general', 'dev', 'general', 'dev', 'general']) {
      offsets.unshift((await ada.say(`green apple 苹果 ${room}`, room)).offset);
    }
    const search = async (client: FakeClient, data: RequestInput<'message:search'>) => {
      const { messages, hasMore } = await client.ok('message:search', data);
      return [messages.map(({ offset }) => offset), hasMore];
    };
    expect(await search(ada, { query: 'app green' })).toEqual([offsets, false]);
    expect(await search(ada, { query: '苹果', room: 'dev' })).toEqual([[offsets[1], offsets[3]], false]);
    expect(await search(ada, { query: 'apple', limit: 2 })).toEqual([offsets.slice(0, 2), true]);
    const before = offsets[1] ?? 0;
    expect(await search(ada, { query: 'apple', limit: 3, before })).toEqual([offsets.slice(2), false]);
    expect(await search(bob, { query: 'apple' })).toEqual([[offsets[0], offsets[2], offsets[4]], false]);
    // A public room can be looked into by name.
    expect(await search(bob, { query: 'apple', room: 'dev' })).toEqual([[offsets[1], offsets[3]], false]);
  });
});
