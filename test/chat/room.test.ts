// The room as values: connections are strings, time is a number.
import { describe, expect, it } from 'vitest';
import { Room } from '../../src/chat/room.ts';

const ada = { id: 'a', name: 'Ada' };
const bob = { id: 'b', name: 'Bob' };

function roomWith(...members: (typeof ada)[]): Room<string> {
  const room = new Room<string>('general', 10_000);
  for (const member of members) room.enter(member, `${member.id}1`, 0);
  return room;
}

describe('entering', () => {
  it('tells everybody else, with the new count', () => {
    const room = roomWith(ada);
    expect(room.enter(bob, 'b1', 5)).toEqual([
      { to: ['a1'], event: 'member:joined', data: { room: 'general', member: bob, count: 2, time: 5 } },
    ]);
    expect(room.members).toEqual([ada, bob]);
  });

  it('says nothing of a second connection of one member', () => {
    const room = roomWith(ada, bob);
    expect(room.enter(bob, 'b2', 5)).toEqual([]);
    expect(room.members).toHaveLength(2);
  });
});

describe('leaving', () => {
  it('keeps a member for the grace after the last connection, and not an instant longer', () => {
    const room = roomWith(ada, bob);
    room.disconnect('b', 'b1', 1000);
    expect(room.expire(10_999)).toEqual({ left: [], deliveries: [] });
    expect(room.members).toEqual([ada, bob]);
    expect(room.expire(11_000)).toEqual({
      left: [bob],
      deliveries: [
        { to: ['a1'], event: 'member:left', data: { room: 'general', member: bob, count: 1, time: 11_000 } },
      ],
    });
    expect(room.members).toEqual([ada]);
  });

  it('makes no noise when they are back within the grace', () => {
    const room = roomWith(ada, bob);
    room.disconnect('b', 'b1', 1000);
    expect(room.enter(bob, 'b2', 9000)).toEqual([]);
    expect(room.expire(60_000).left).toEqual([]);
  });

  it('begins the grace only with the last of several connections', () => {
    const room = roomWith(ada, bob);
    room.enter(bob, 'b2', 0);
    room.disconnect('b', 'b1', 0);
    expect(room.expire(100_000).left).toEqual([]);
    room.disconnect('b', 'b2', 100_000);
    expect(room.expire(109_999).left).toEqual([]);
    expect(room.expire(110_000).left).toEqual([bob]);
  });

  it('does not begin a grace for a connection that is not there', () => {
    const room = roomWith(ada);
    room.disconnect('a', 'unknown', 0);
    room.disconnect('nobody', 'a1', 0);
    expect(room.expire(100_000).left).toEqual([]);
  });

  it('is at once when they log out, and names all their connections', () => {
    const room = roomWith(ada, bob);
    room.enter(bob, 'b2', 0);
    expect(room.leave('b', 7)).toEqual({
      connections: ['b1', 'b2'],
      deliveries: [
        { to: ['a1'], event: 'member:left', data: { room: 'general', member: bob, count: 1, time: 7 } },
      ],
    });
    expect(room.leave('b', 8)).toEqual({ connections: [], deliveries: [] });
  });

  it('counts down as several graces end together', () => {
    const room = roomWith(ada, bob, { id: 'c', name: 'Cy' });
    room.disconnect('b', 'b1', 0);
    room.disconnect('c', 'c1', 0);
    const { deliveries } = room.expire(10_000);
    expect(deliveries.map(({ to, data }) => [to, 'count' in data && data.count])).toEqual([
      [['a1'], 2],
      [['a1'], 1],
    ]);
  });
});

describe('after a restart', () => {
  it('takes back in silence who was here before, and lets go of who does not come', () => {
    const room = roomWith();
    room.restore(ada, 30_000);
    room.restore(bob, 30_000);
    expect(room.enter(ada, 'a1', 10)).toEqual([]);
    expect(room.expire(30_000).left).toEqual([bob]);
    expect(room.members).toEqual([ada]);
  });

  it('does not restore over somebody who is here', () => {
    const room = roomWith(ada);
    room.restore(ada, 1);
    expect(room.expire(1000).left).toEqual([]);
  });
});

it('gives a message to every connection, the author’s included', () => {
  const room = roomWith(ada, bob);
  room.enter(bob, 'b2', 0);
  const message = {
    room: 'general',
    offset: 1,
    id: 'm',
    author: ada,
    time: 1,
    nonce: 'nonce-01',
    content: { type: 'text', text: 'hi' },
  } as const;
  expect(room.say(message)).toEqual({ to: ['a1', 'b1', 'b2'], event: 'message:new', data: { message } });
});
