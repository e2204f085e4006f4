// The log on a real database: order, once and only once, pages and counts, the trim.
import { describe, expect, it } from 'vitest';
import type { RoomEvent } from '../../src/chat/events.ts';
import type { Entry } from '../../src/chat/log.ts';
import { SqliteLog } from '../../src/chat/sqlite-log.ts';
import { ada, base, bob, entry, openLog, texts } from '../support/log.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describe('order', () => {
  it('counts for the whole server, without gaps, and each event names the one before it in its room', async () => {
    const { log } = openLog();
    const entries = [entry('a'), entry('x', { room: 'other' }), entry('b'), entry('y', { room: 'other' })];
    const appended = await Promise.all(entries.map((each) => log.append(each)));
    const places = appended.map((each) =>
      each.status === 'stored' ? [each.event.offset, each.event.previous] : [],
    );
    expect(places).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
      [4, 2],
    ]);
    expect(log.newest).toBe(4);
    expect(log.newestOf('general')).toEqual({ offset: 3, time: entries[2]?.time });
    expect(log.newestOf('nowhere')).toEqual({ offset: 0, time: 0 });
  });

  it('gives back what it was given, of every kind', async () => {
    const { log, change, append, say } = openLog();
    const odd = 'nul \u0000, “quotes”, 𝒜, 👩‍👩‍👧‍👦, \\u0000, <b>, ١٢٣, a\nb';
    const first = await say(odd, { author: { id: 'z', name: 'Zoë 👩🏽‍🚀', bot: true }, mentions: ['q'] });
    const quote = { id: first.id, offset: first.offset, author: first.author, excerpt: 'nul' };
    const given: Entry[] = [
      entry('answer', { replyTo: quote }),
      change(first, { type: 'edit', text: 'new', mentions: ['a'] }),
      change(first, { type: 'reaction', emoji: '👍', on: true }),
      change(first, { type: 'delete' }),
      { ...base(), type: 'created', name: 'Dev' },
      { ...base(), type: 'joined' },
      { ...base(), type: 'left' },
      { ...base(), type: 'kicked', member: bob, reason: 'spam', banned: true },
      { ...base(), type: 'renamed', name: 'Devs' },
      { ...base(), type: 'topic', topic: 'Talk' },
      { ...base(), type: 'role', member: bob, role: 'moderator' },
      { ...base(), type: 'slow', seconds: 30 },
    ];
    const live = [];
    for (const each of given) live.push(await append(each));
    const read = log.readAfter(['general'], 1, 100);
    const scrubbed = live.map((event) => {
      if (event.type === 'edit') return { ...change(first, {}), ...event, text: '', mentions: undefined };
      return event.type === 'message' ? { ...event, replyTo: { ...quote, excerpt: '' } } : event;
    });
    expect(read.length).toBe(given.length);
    // The deletion takes the words of the message, of its edits, and of quotes of it, out of the log.
    expect(JSON.parse(JSON.stringify(read))).toEqual(JSON.parse(JSON.stringify(scrubbed)));
    const [answer] = scrubbed;
    expect(read[0]).toEqual({ ...answer, offset: 2, previous: 1 });
  });

  it('reads little more than is asked for, however many rooms there are', async () => {
    const { database, log, say } = openLog();
    const rooms = Array.from({ length: 20 }, (_, index) => `room-${index}`);
    for (let turn = 0; turn < 20; turn++) await Promise.all(rooms.map((room) => say('', { room })));
    let rows = 0;
    const all = database.all.bind(database);
    database.all = (sql, values) => {
      const found = all(sql, values);
      rows += found.length;
      return found;
    };
    const offsets = log.readAfter(rooms, 40, 20).map(({ offset }) => offset);
    expect(offsets).toEqual(Array.from({ length: 20 }, (_, index) => 41 + index));
    expect(rows).toBeLessThan(120);
  });

  it('reads the events of several rooms in one order, as many as asked', async () => {
    const { log, say } = openLog();
    for (const text of ['a', 'b', 'c']) {
      await say(text);
      await say(text.toUpperCase(), { room: 'other' });
      await say('secret', { room: 'private' });
    }
    expect(texts(log.readAfter(['general', 'other'], 1, 10))).toEqual(['2 A', '4 b', '5 B', '7 c', '8 C']);
    expect(texts(log.readAfter(['general', 'other'], 1, 2))).toEqual(['2 A', '4 b']);
    expect(log.readAfter([], 0, 10)).toEqual([]);
    expect(log.readAfter(['general'], 7, 10)).toEqual([]);
  });

  it('calls back for each stored event, in order, before the promise; not for a repeated one', async () => {
    const { log } = openLog();
    const seen: string[] = [];
    const stop = log.onStored(({ offset }) => seen.push(`heard ${offset}, newest ${log.newest}`));
    const first = entry('a');
    const note = (name: string) => () => {
      seen.push(name);
    };
    await Promise.all([
      log.append(first).then(note('a')),
      log.append({ ...first }).then(note('a again')),
      log.append(entry('b')).then(note('b')),
    ]);
    expect(seen.slice(0, 2)).toEqual(['heard 1, newest 1', 'heard 2, newest 2']);
    expect(seen).toHaveLength(5);
    stop();
    await log.append(entry('c'));
    expect(seen).toHaveLength(5);
  });
});

describe('once and only once', () => {
  const kinds: [string, (target: RoomEvent) => object, object][] = [
    [
      'message',
      () => ({ type: 'message', content: { type: 'text', text: 'hi' } }),
      { content: { type: 'text', text: 'ho' } },
    ],
    [
      'edit',
      ({ id, offset }) => ({ type: 'edit', target: id, targetOffset: offset, text: 'x' }),
      { text: 'y' },
    ],
    [
      'delete',
      ({ id, offset }) => ({ type: 'delete', target: id, targetOffset: offset }),
      { target: 'other' },
    ],
    [
      'reaction',
      ({ id, offset }) => ({ type: 'reaction', target: id, targetOffset: offset, emoji: '👍', on: true }),
      { on: false },
    ],
    ['created', () => ({ type: 'created', name: 'Dev' }), { name: 'Ops' }],
    ['joined', () => ({ type: 'joined' }), { type: 'left' }],
    ['left', () => ({ type: 'left' }), { room: 'other' }],
    ['kicked', () => ({ type: 'kicked', member: bob, reason: '', banned: false }), { banned: true }],
    ['renamed', () => ({ type: 'renamed', name: 'Dev' }), { name: 'Ops' }],
    ['topic', () => ({ type: 'topic', topic: 'a' }), { topic: 'b' }],
    ['role', () => ({ type: 'role', member: bob, role: 'moderator' }), { role: 'owner' }],
    ['slow', () => ({ type: 'slow', seconds: 5 }), { seconds: 6 }],
  ];

  it.each(kinds)('holds for %s', async (_name, make, other) => {
    const { log, say } = openLog();
    const target = await say('target');
    const first = { ...base(), ...make(target) } as Entry;
    const retry = { ...first, id: 'another', time: 9999 };
    const both = await Promise.all([log.append(first), log.append(retry)]);
    expect(both.map(({ status }) => status)).toEqual(['stored', 'repeated']);
    const event = { ...first, offset: 2, previous: 1 };
    expect(await log.append(retry)).toEqual({ status: 'repeated', event });
    expect(await log.append({ ...retry, ...other } as Entry)).toEqual({ status: 'conflict' });
    const theirs = await log
      .append({ ...retry, id: 'theirs', author: { id: 'c', name: 'C' } } as Entry)
      .catch(() => undefined);
    // Another author may have the same nonce, if it makes sense.
    expect(theirs?.status).toBe(first.type === 'delete' ? undefined : 'stored');
    expect(log.findSend('a', first.nonce)).toEqual(event);
    expect(log.findSend('a', 'never-used')).toBeUndefined();
  });

  it('judges a retried reply by what it answers, whatever the quote says by now', async () => {
    const { log, say } = openLog();
    const target = await say('before');
    const quote = { id: target.id, offset: target.offset, author: ada, excerpt: 'before' };
    const reply = entry('reply', { replyTo: quote, mentions: ['x'] });
    await log.append(reply);
    const retry = { ...reply, replyTo: { ...quote, excerpt: 'after' }, mentions: ['x', 'y'] } as Entry;
    expect((await log.append(retry)).status).toBe('repeated');
    expect((await log.append({ ...retry, replyTo: { ...quote, id: 'other' } } as Entry)).status).toBe(
      'conflict',
    );
    const { replyTo: _replyTo, ...plain } = retry as Entry & { replyTo: object };
    expect((await log.append(plain as Entry)).status).toBe('conflict');
  });

  it('still knows a retry when the message has been deleted', async () => {
    const { log, append, remove } = openLog();
    const given = entry('gone');
    await remove(await append(given));
    expect((await log.append({ ...given, id: 'again' })).status).toBe('repeated');
    expect((await log.append({ ...given, id: 'again', room: 'other' })).status).toBe('conflict');
  });

  it('stores nothing when what goes alongside throws, and leaves the others alone', async () => {
    const { log, database } = openLog();
    const fine = log.append(entry('fine'), (event) => {
      database.run('INSERT INTO meta (key, value) VALUES (?, ?)', [`seen-${event.offset}`, 'yes']);
    });
    const spoilt = log.append(entry('spoilt'), () => {
      throw new Error('no');
    });
    await expect(spoilt).rejects.toThrow('no');
    expect((await fine).status).toBe('stored');
    expect(texts(log.readAfter(['general'], 0, 10))).toEqual(['1 fine']);
    expect(database.get("SELECT value FROM meta WHERE key = 'seen-1'")).toEqual({ value: 'yes' });
    expect(log.search('spoilt', ['general'], undefined, 10)).toEqual([]);
  });
});

describe('pages', () => {
  it('have items only, before and after a place, and say whether there is more', async () => {
    const { log, say, edit, append } = openLog();
    const first = await say('a');
    await say('x', { room: 'other' });
    await edit(first, 'A');
    await append({ ...base(), type: 'joined' });
    await say('b');
    await say('c');
    const newest = log.itemsBefore('general', undefined, 2);
    expect([texts(newest.items), newest.hasOlder, newest.hasNewer]).toEqual([['5 b', '6 c'], true, false]);
    const older = log.itemsBefore('general', 5, 2);
    expect([texts(older.items), older.hasOlder, older.hasNewer]).toEqual([['1 A', '4 joined'], false, true]);
    const after = log.itemsAfter('general', 1, 2);
    expect([texts(after.items), after.hasOlder, after.hasNewer]).toEqual([['4 joined', '5 b'], true, true]);
    const all = log.itemsAfter('general', 0, 9);
    expect([texts(all.items).length, all.hasOlder, all.hasNewer]).toEqual([4, false, false]);
    expect(log.itemsBefore('nowhere', undefined, 9)).toEqual({ items: [], hasOlder: false, hasNewer: false });
  });

  it.each([
    [
      'a page before a place',
      "SELECT * FROM event WHERE room = ? AND offset < ? AND type NOT IN ('edit', 'delete', 'reaction') ORDER BY offset DESC LIMIT ?",
    ],
    [
      'a page after a place',
      "SELECT * FROM event WHERE room = ? AND offset > ? AND type NOT IN ('edit', 'delete', 'reaction') ORDER BY offset LIMIT ?",
    ],
    ['what was missed', 'SELECT * FROM event WHERE room = ? AND offset > ? ORDER BY offset LIMIT ?'],
  ])('%s is a walk along an index, not through the table', (_name, sql) => {
    const { database } = openLog();
    const plan = JSON.stringify(database.all(`EXPLAIN QUERY PLAN ${sql}`, ['general', 10, 50]));
    expect(plan).toMatch(/SEARCH event USING INDEX event_(item|room) \(room=\? AND offset[<>]\?\)/);
    expect(plan).not.toContain('TEMP B-TREE');
  });

  it('are the right ones among a hundred thousand messages', async () => {
    const { database } = openLog();
    // Straight into the table: appending so many is another test's business.
    await database.write(() =>
      database.run(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        INSERT INTO event (offset, room, previous, id, type, author_id, author_name, time, nonce, data)
        SELECT i, iif(i % 100 = 0, 'quiet', 'busy'), i - 1, 'id' || i, 'message', 'a', 'Ada', i, 'nonce' || i,
          '{"content":{"type":"text","text":"message"}}' FROM n`,
      ),
    );
    const log = new SqliteLog(database);
    expect(log.itemsBefore('quiet', 50_000, 3).items.map(({ offset }) => offset)).toEqual([
      49_700, 49_800, 49_900,
    ]);
    expect(log.itemsAfter('busy', 99_997, 3).items.map(({ offset }) => offset)).toEqual([99_998, 99_999]);
    expect(log.countAfter('busy', 0, 'b', 1000)).toEqual({ unread: 1000, mentions: 0 });
    expect(log.readAfter(['busy', 'quiet'], 99_998, 5).map(({ offset }) => offset)).toEqual([
      99_999, 100_000,
    ]);
  });
});

describe('counting', () => {
  it('counts messages of others, and those that mention somebody or everyone, up to a limit', async () => {
    const { log, say, edit, remove, react } = openLog();
    const first = await say('from a', { author: ada });
    await say('to b', { author: ada, mentions: ['b', 'c'] });
    await say('to all', { author: ada, mentions: ['everyone', 'b'] });
    await say('own', { author: bob, mentions: ['b'] });
    await react(first, '👍', ada);
    const edited = await say('later to b', { author: ada });
    await edit(edited, 'to b', { mentions: ['b'] });
    expect(log.countAfter('general', 0, 'b', 1000)).toEqual({ unread: 4, mentions: 3 });
    expect(log.countAfter('general', first.offset, 'b', 1000)).toEqual({ unread: 3, mentions: 3 });
    expect(log.countAfter('general', 0, 'b', 2)).toEqual({ unread: 2, mentions: 2 });
    expect(log.countAfter('general', 0, 'a', 1000)).toEqual({ unread: 1, mentions: 0 });
    await edit(edited, 'to nobody');
    await remove(first);
    expect(log.countAfter('general', 0, 'b', 1000)).toEqual({ unread: 3, mentions: 2 });
    expect(log.countAfter('nowhere', 0, 'b', 1000)).toEqual({ unread: 0, mentions: 0 });
  });
});

describe('on the disk', () => {
  it('is all there when it is opened again, under the same epoch; a new log has a new one', async () => {
    const directory = temporaryDirectory();
    const first = openLog(directory);
    await first.say('kept');
    await first.say('kept too', { room: 'other' });
    first.database.close();
    const { log, say } = openLog(directory);
    expect(log.epoch).toBe(first.log.epoch);
    expect(log.newest).toBe(2);
    expect(log.newestOf('other').offset).toBe(2);
    expect(texts(log.readAfter(['general', 'other'], 0, 9))).toEqual(['1 kept', '2 kept too']);
    expect(await say('next')).toMatchObject({ offset: 3, previous: 1 });
    expect(openLog().log.epoch).not.toBe(log.epoch);
  });

  it('is written when the database is closed', async () => {
    const directory = temporaryDirectory();
    const { database, log } = openLog(directory);
    const appended = log.append(entry('last'));
    database.close();
    expect((await appended).status).toBe('stored');
    expect(openLog(directory).log.newest).toBe(1);
  });
});

describe('the trim', () => {
  it('forgets a room before a place, with all that belongs to it, and nothing else', async () => {
    const { log, database, say, edit, react } = openLog();
    const old = await say('old apple', { mentions: ['b'] });
    const other = await say('other apple', { room: 'other' });
    await edit(old, 'older apple', { mentions: ['b'] });
    await react(old, '👍');
    const kept = await say('kept apple');
    expect(await log.trim('general', kept.offset)).toBe(3);
    expect(texts(log.itemsBefore('general', undefined, 9).items)).toEqual([`${kept.offset} kept apple`]);
    expect(log.findMessage(old.id)).toBeUndefined();
    expect(texts(log.search('apple', ['general', 'other'], undefined, 9))).toEqual([
      `${kept.offset} kept apple`,
      `${other.offset} other apple`,
    ]);
    expect(log.countAfter('general', 0, 'b', 9)).toEqual({ unread: 1, mentions: 0 });
    for (const table of ['message_state', 'reaction', 'mention']) {
      expect(database.all(`SELECT * FROM ${table}`)).toEqual([]);
    }
  });

  it('never takes the newest, so that no offset comes twice', async () => {
    const { log, say } = openLog();
    await say('a');
    await say('b');
    expect(await log.trim('general', 1000)).toBe(1);
    expect((await say('c')).offset).toBe(3);
    expect(await log.trim('nowhere', 1000)).toBe(0);
  });
});
