// What becomes of a message: edits, deletions, reactions, its image, and whether the search finds it.
import { describe, expect, it } from 'vitest';
import type { RoomEvent } from '../../src/chat/events.ts';
import type { Entry } from '../../src/chat/log.ts';
import { Refusal } from '../../src/chat/refusal.ts';
import type { SqliteLog } from '../../src/chat/sqlite-log.ts';
import { ada, base, bob, openLog, texts } from '../support/log.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describe('what has become of a message', () => {
  it('is edited, with its versions', async () => {
    const { log, say, edit } = openLog();
    const message = await say('one', { mentions: ['x'] });
    const second = await edit(message, 'two');
    const third = await edit(message, 'three', { mentions: ['y'] });
    const now = { ...message, content: { type: 'text', text: 'three' }, mentions: ['y'] };
    expect(log.findMessage(message.id)).toEqual({ ...now, edited: { time: third.time, count: 2 } });
    expect(log.versionsOf(message.id)).toEqual([
      { time: message.time, text: 'one' },
      { time: second.time, text: 'two' },
      { time: third.time, text: 'three' },
    ]);
    expect(log.itemsBefore('general', undefined, 10).items).toEqual([log.findMessage(message.id)]);
    expect(log.readAfter(['general'], 0, 1)).toEqual([message]);
  });

  it('has a hundred versions at most, the newest, however often it was edited', async () => {
    const { log, say, edit } = openLog();
    const message = await say('edit 0');
    await Promise.all(Array.from({ length: 150 }, (_, index) => edit(message, `edit ${index + 1}`)));
    const versions = log.versionsOf(message.id).map(({ text }) => text);
    expect([versions.length, versions[0], versions.at(-1)]).toEqual([100, 'edit 51', 'edit 150']);
  });

  it('is deleted for good: not in the log, the versions, the search, the quotes, nor on the disk', async () => {
    const { log, database, say, edit, remove, react } = openLog();
    const message = await say('secretword', { mentions: ['b'] });
    await edit(message, 'secretword again', { mentions: ['b'] });
    await react(message, '👍', bob);
    const quote = { id: message.id, offset: message.offset, author: ada, excerpt: 'secretword' };
    const reply = await say('reply', { replyTo: quote });
    const deletion = await remove(message, bob);
    const { mentions: _mentions, ...bare } = message as RoomEvent & { mentions?: string[] };
    expect(log.findMessage(message.id)).toEqual({
      ...bare,
      content: { type: 'deleted' },
      deleted: { time: deletion.time, by: bob },
    });
    expect(log.versionsOf(message.id)).toEqual([]);
    expect(log.search('secretword', ['general'], undefined, 10)).toEqual([]);
    expect(log.findMessage(reply.id)?.replyTo?.excerpt).toBe('');
    // Also as whoever comes back, or reads the log from the start, is told.
    expect(log.readAfter(['general'], 0, 10)).toContainEqual({
      ...reply,
      replyTo: { ...quote, excerpt: '' },
    });
    expect(log.countAfter('general', 0, 'b', 10)).toEqual({ unread: 1, mentions: 0 });
    const rows = JSON.stringify([
      database.all('SELECT data FROM event'),
      database.all('SELECT text FROM message_state'),
      database.all('SELECT text FROM message_text'),
    ]);
    expect(rows).not.toContain('secretword');
  });

  it('takes no change any more once it is deleted, also when both come at once', async () => {
    const { log, say, change } = openLog();
    const message = await say('gone');
    const [first, ...later] = await Promise.allSettled([
      log.append(change(message, { type: 'delete' })),
      log.append(change(message, { type: 'edit', text: 'back' })),
      log.append(change(message, { type: 'reaction', emoji: '👍', on: true })),
      log.append(change(message, { type: 'delete', author: bob })),
    ]);
    expect(first.status).toBe('fulfilled');
    for (const each of later) {
      expect(each.status === 'rejected' && each.reason).toBeInstanceOf(Refusal);
      expect(each.status === 'rejected' && each.reason.failure.code).toBe('message-unknown');
    }
    expect(log.newest).toBe(2);
  });

  it('has reactions, in the order in which they came; twice is once', async () => {
    const { log, say, react } = openLog();
    const message = await say('nice');
    await react(message, '🎉', bob);
    await react(message, '👍', ada);
    await react(message, '🎉', ada);
    await react(message, '🎉', ada);
    await react(message, '👍', bob);
    await react(message, '👍', ada, false);
    await react(message, '👍', ada, false);
    expect(log.findMessage(message.id)?.reactions).toEqual([
      { emoji: '🎉', members: [bob, ada] },
      { emoji: '👍', members: [bob] },
    ]);
  });
});

describe('the search', () => {
  const search = (log: SqliteLog, query: string, rooms = ['general']) =>
    texts(log.search(query, rooms, undefined, 10)).map((each) => each.slice(each.indexOf(' ') + 1));

  it('finds words by their beginning, all of them, newest first, whatever their case and accents', async () => {
    const { log, say } = openLog();
    await say('The café opens tomorrow');
    await say('tomorrow, TOMORROW');
    await say('nothing of it');
    expect(search(log, 'tomo')).toEqual(['tomorrow, TOMORROW', 'The café opens tomorrow']);
    expect(search(log, 'CAFE tomorrow')).toEqual(['The café opens tomorrow']);
    expect(search(log, 'morrow')).toEqual([]);
    // One letter is a word, not the beginning of half of them.
    expect(search(log, 't')).toEqual([]);
    expect(search(log, 'ＣＡＦＥ')).toEqual(['The café opens tomorrow']);
    expect(texts(log.search('tomorrow', ['general'], 2, 10))).toEqual(['1 The café opens tomorrow']);
    expect(texts(log.search('tomorrow', ['general'], undefined, 1))).toEqual(['2 tomorrow, TOMORROW']);
  });

  it('finds Chinese and Japanese inside of a longer run, as a phrase', async () => {
    const { log, say } = openLog();
    await say('今天你好啊，世界');
    await say('好你');
    await say('ラーメンを食べる');
    await say('用node写的server');
    expect(search(log, '你好')).toEqual(['今天你好啊，世界']);
    expect(search(log, '好')).toEqual(['好你', '今天你好啊，世界']);
    expect(search(log, '世界 今天')).toEqual(['今天你好啊，世界']);
    expect(search(log, '天好')).toEqual([]);
    expect(search(log, 'メン')).toEqual(['ラーメンを食べる']);
    expect(search(log, 'no')).toEqual(['用node写的server']);
    expect(search(log, '写的serv')).toEqual(['用node写的server']);
  });

  it.each([
    '"',
    "'",
    '""',
    '"hello',
    'hello"',
    'AND',
    'NOT hello',
    'hello OR',
    'NEAR(a b)',
    'text:hello',
    '*',
    'hel*',
    '^hello',
    '(',
    ')',
    '{a b}:c',
    '-hello',
    '+',
    'a + b',
    '\\',
    ';',
    '\u0000',
    'hello\u0000world',
    '👍',
    '!!!',
    '"*" OR "',
    '--',
    '%',
    '_',
    '你"好',
  ])('takes %j for words, never for a query', async (query) => {
    const { log, say } = openLog();
    await say('nothing that matches');
    expect(search(log, query)).toEqual([]);
  });

  it('finds what looks like a query by its words', async () => {
    const { log, say } = openLog();
    await say('this AND that');
    expect(search(log, 'AND')).toEqual(['this AND that']);
    expect(search(log, 'that" AND "this')).toEqual(['this AND that']);
    expect(search(log, 'this-')).toEqual(['this AND that']);
  });

  it('follows edits and deletions, and knows the rooms', async () => {
    const { log, say, edit, remove } = openLog();
    const first = await say('apple');
    const second = await say('apple', { room: 'other' });
    expect(search(log, 'apple', ['general', 'other'])).toHaveLength(2);
    await edit(first, 'pear');
    expect(search(log, 'apple', ['general', 'other'])).toEqual(['apple']);
    expect(search(log, 'pear')).toEqual(['pear']);
    await remove(second);
    expect(search(log, 'apple', ['general', 'other'])).toEqual([]);
    expect(search(log, 'pear', [])).toEqual([]);
  });

  it('is made anew when words are cut otherwise than they were', async () => {
    const directory = temporaryDirectory();
    const { database, say, edit, remove } = openLog(directory);
    await edit(await say('old'), '你好');
    await say('你好吗');
    await remove(await say('你好 secret'));
    await database.write(() => {
      database.run("UPDATE meta SET value = '0' WHERE key = 'search-text'");
      database.run('DELETE FROM message_text');
    });
    database.close();
    expect(search(openLog(directory).log, '你好')).toEqual(['你好吗', '你好']);
  });
});

it('finds out whether a message refers to an image, until that is deleted', async () => {
  const { log, append, remove, database } = openLog();
  const image = {
    id: 'picture',
    type: 'image/png' as const,
    length: 1,
    width: 1,
    height: 1,
    url: '/images/picture.png',
    thumbnail: { url: '/images/picture.thumbnail.webp', width: 1, height: 1 },
  };
  const message = await append({ ...base(), type: 'message', content: { type: 'image', image } });
  expect([log.refersToImage('picture'), log.refersToImage('other')]).toEqual([true, false]);
  const retry = {
    ...message,
    id: 'again',
    content: { type: 'image', image: { ...image, url: '/moved' } },
  } as Entry;
  expect((await log.append(retry)).status).toBe('repeated');
  await remove(message);
  expect(log.refersToImage('picture')).toBe(false);
  const path = "json_extract(data, '$.content.image.id')";
  const sql = `SELECT 1 FROM event WHERE ${path} = ? AND ${path} IS NOT NULL`;
  expect(JSON.stringify(database.all(`EXPLAIN QUERY PLAN ${sql}`, ['x']))).toContain('event_image');
});
