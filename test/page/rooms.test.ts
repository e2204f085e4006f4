import { describe, expect, test } from 'vitest';
import { afterChanged, afterEvent, afterRead, sortRooms, withoutRoom } from '../../public/chat/rooms.ts';
import type { RoomEvent, RoomSummary } from '../../src/chat/events.ts';

const me = 'ada';
const mei = { id: 'mei', name: 'Mei' };

function room(id: string, change: Partial<RoomSummary> = {}): RoomSummary {
  return {
    id,
    kind: 'public',
    name: id,
    topic: '',
    memberCount: 2,
    joined: true,
    role: 'member',
    newest: 10,
    lastTime: 1,
    read: 10,
    unread: 0,
    mentions: 0,
    muted: false,
    slowMode: 0,
    ...change,
  };
}

function message(
  offset: number,
  change: { author?: typeof mei; mentions?: string[]; room?: string } = {},
): RoomEvent {
  const base = {
    room: 'general',
    offset,
    previous: offset - 1,
    id: `${offset}`,
    author: mei,
    time: offset,
    nonce: 'n',
  };
  return { ...base, type: 'message', content: { type: 'text', text: '' }, ...change };
}

test('general is first, then rooms by name, then direct ones by their newest message', () => {
  const rooms = [
    room('d1', { kind: 'direct', name: 'Bo', lastTime: 5 }),
    room('zoo', { name: 'Zoo' }),
    room('r10', { name: 'room 10' }),
    room('r9', { name: 'Room 9', kind: 'private' }),
    room('d2', { kind: 'direct', name: 'Cy', lastTime: 7 }),
    room('general', { name: 'zzz' }),
  ];
  expect(sortRooms(rooms).map(({ id }) => id)).toEqual(['general', 'r9', 'r10', 'zoo', 'd2', 'd1']);
});

describe('events', () => {
  test('of others count, with those that mention', () => {
    let rooms = afterEvent([room('general')], message(11), me);
    rooms = afterEvent(rooms, message(12, { mentions: ['bo'] }), me);
    rooms = afterEvent(rooms, message(13, { mentions: [me] }), me);
    rooms = afterEvent(rooms, message(14, { mentions: ['everyone'] }), me);
    expect(rooms).toMatchObject([{ unread: 4, mentions: 2, newest: 14, lastTime: 14 }]);
  });

  test('of oneself, up to what was read, or counted already, do not', () => {
    const came = { ...message(11), type: 'joined' } as const;
    const counted = afterEvent([room('general')], came, me);
    expect(counted[0]?.memberCount).toBe(3);
    expect(afterEvent(counted, { ...came, type: 'left', offset: 12 }, me)[0]?.memberCount).toBe(2);
    const own = afterEvent([room('general')], message(11, { author: { id: me, name: 'Ada' } }), me);
    expect(own).toMatchObject([{ unread: 0, newest: 11, lastTime: 11 }]);
    expect(afterEvent([room('general', { read: 20 })], message(11), me)).toMatchObject([
      { unread: 0, newest: 11 },
    ]);
    const known = [room('general', { newest: 12, unread: 2 })];
    expect(afterEvent(known, message(11), me)).toBe(known);
    expect(afterEvent(known, message(13, { room: 'other' }), me)).toBe(known);
  });

  test('that are no messages move the newest only', () => {
    const joined: RoomEvent = {
      room: 'general',
      offset: 11,
      previous: 10,
      id: 'x',
      author: mei,
      time: 11,
      nonce: 'n',
      type: 'joined',
    };
    expect(afterEvent([room('general')], joined, me)).toMatchObject([{ unread: 0, newest: 11, lastTime: 1 }]);
  });

  test('stop being counted where the server stops', () => {
    const full = [room('general', { unread: 1000, mentions: 1000 })];
    expect(afterEvent(full, message(11, { mentions: [me] }), me)).toMatchObject([
      { unread: 1000, mentions: 1000 },
    ]);
  });
});

describe('what the server says of a room', () => {
  test('is taken, and a new room is listed', () => {
    const changed = afterChanged(
      [room('general')],
      room('general', { name: 'Lobby', newest: 10, unread: 3 }),
    );
    expect(changed).toMatchObject([{ name: 'Lobby', unread: 3 }]);
    expect(afterChanged(changed, room('dev')).map(({ id }) => id)).toEqual(['general', 'dev']);
  });

  test('does not undo what this page knows better', () => {
    const known = [room('general', { newest: 12, unread: 0, read: 12 })];
    expect(
      afterChanged(known, room('general', { topic: 'new', newest: 12, unread: 2, read: 10 })),
    ).toMatchObject([{ topic: 'new', unread: 0, read: 12 }]);
    const ahead = [room('general', { newest: 13, unread: 3 })];
    expect(afterChanged(ahead, room('general', { newest: 11, unread: 1 }))).toMatchObject([
      { newest: 13, unread: 3 },
    ]);
  });

  test('counts after one has come in', () => {
    const outside = [room('general', { joined: false, newest: 20 })];
    expect(afterChanged(outside, room('general', { newest: 15, read: 15 }))).toMatchObject([
      { joined: true, newest: 15, read: 15 },
    ]);
  });
});

test('reading goes only forward', () => {
  const rooms = [room('general', { newest: 20, unread: 5, mentions: 1 })];
  expect(afterRead(rooms, 'general', 15, { unread: 2, mentions: 0 })).toMatchObject([
    { read: 15, unread: 2 },
  ]);
  expect(afterRead(rooms, 'general', 9, { unread: 9, mentions: 9 })).toBe(rooms);
  expect(afterRead(rooms, 'other', 15, { unread: 0, mentions: 0 })).toBe(rooms);
});

test('a room that is gone is not listed', () => {
  const rooms = [room('general'), room('dev')];
  expect(withoutRoom(rooms, 'dev')).toEqual([room('general')]);
  expect(withoutRoom(rooms, 'tea')).toBe(rooms);
});
