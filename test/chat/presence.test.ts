// Who is here and who types: pure, so time is a number.
import { describe, expect, it } from 'vitest';
import { typingTime } from '../../src/chat/events.ts';
import { Presence, Typing } from '../../src/chat/presence.ts';

const ada = { id: 'a', name: 'Ada' };
const bob = { id: 'b', name: 'Bob' };
const grace = 10_000;

describe('presence', () => {
  it('begins with the first connection, and ends a grace after the last one', () => {
    const presence = new Presence<string>(grace);
    expect(presence.connect(ada, 'one')).toBe(true);
    expect(presence.connect(ada, 'two')).toBe(false);
    expect([...presence.connectionsOf('a')]).toEqual(['one', 'two']);
    presence.disconnect('a', 'one', 1000);
    expect(presence.expire(1_000_000)).toEqual([]);
    presence.disconnect('a', 'two', 2000);
    expect(presence.isHere('a')).toBe(true);
    expect(presence.expire(2000 + grace - 1)).toEqual([]);
    expect(presence.expire(2000 + grace)).toEqual([ada]);
    expect([presence.isHere('a'), presence.size, presence.members]).toEqual([false, 0, []]);
    expect(presence.expire(1_000_000)).toEqual([]);
  });

  it('goes on when a connection comes back in time', () => {
    const presence = new Presence<string>(grace);
    presence.connect(ada, 'one');
    presence.disconnect('a', 'one', 0);
    expect(presence.connect(ada, 'two')).toBe(false);
    expect(presence.expire(grace * 2)).toEqual([]);
  });

  it('ends at once for who leaves, unless a connection is left', () => {
    const presence = new Presence<string>(grace);
    presence.connect(ada, 'one');
    expect(presence.leave('a')).toBe(false);
    presence.disconnect('a', 'one', 0);
    expect(presence.leave('a')).toBe(true);
    expect(presence.leave('a')).toBe(false);
  });

  it('is given back to who was here before a restart, for a while', () => {
    const presence = new Presence<string>(grace);
    presence.restore(ada, 30_000);
    presence.restore(bob, 30_000);
    presence.restore(bob, 90_000);
    expect(presence.members).toEqual([ada, bob]);
    expect(presence.connect(ada, 'one')).toBe(false);
    expect(presence.expire(30_000)).toEqual([bob]);
  });

  it('does not mind what it does not know', () => {
    const presence = new Presence<string>(grace);
    presence.disconnect('a', 'one', 0);
    expect(presence.connectionsOf('a').size).toBe(0);
    presence.connect(ada, 'one');
    presence.disconnect('a', 'another', 0);
    expect(presence.expire(1_000_000)).toEqual([]);
  });
});

describe('typing', () => {
  const until = (now: number) => ({ room: 'dev', member: ada, until: now + typingTime });
  const stopped = (now: number) => ({ room: 'dev', member: ada, until: now });

  it('is told at most once a second, the newest of what was said', () => {
    const typing = new Typing();
    expect(typing.note('dev', ada, true, 0)).toEqual(until(0));
    expect(typing.note('dev', ada, true, 500)).toBeUndefined();
    expect(typing.note('dev', ada, false, 600)).toBeUndefined();
    expect(typing.expire(900)).toEqual([]);
    expect(typing.expire(1000)).toEqual([stopped(1000)]);
    expect(typing.expire(2000)).toEqual([]);
    expect(typing.note('dev', ada, true, 2000)).toEqual(until(2000));
    expect(typing.note('dev', ada, true, 3000)).toEqual(until(3000));
    expect(typing.note('dev', ada, false, 4000)).toEqual(stopped(4000));
  });

  it('is by member and room', () => {
    const typing = new Typing();
    expect(typing.note('dev', ada, true, 0)).toBeDefined();
    expect(typing.note('ops', ada, true, 0)).toMatchObject({ room: 'ops' });
    expect(typing.note('dev', bob, true, 0)).toMatchObject({ member: bob });
  });

  it('says nothing of who stops without having begun, and nothing twice', () => {
    const typing = new Typing();
    expect(typing.note('dev', ada, false, 0)).toBeUndefined();
    typing.note('dev', ada, true, 0);
    typing.note('dev', ada, false, 1000);
    typing.note('dev', ada, false, 1500);
    expect(typing.expire(2000)).toEqual([]);
  });

  it('is forgotten with the message, and by itself', () => {
    const typing = new Typing();
    typing.note('dev', ada, true, 0);
    typing.note('dev', ada, true, 100);
    typing.forget('dev', 'a');
    expect(typing.expire(5000)).toEqual([]);
    typing.note('dev', ada, true, 5000);
    expect(typing.expire(5000 + typingTime)).toEqual([]);
    // Forgotten: stopping now is news to nobody.
    expect(typing.note('dev', ada, false, 20_000)).toBeUndefined();
  });

  it('is not stuck by a clock that is set back', () => {
    const typing = new Typing();
    typing.note('dev', ada, true, 1_000_000);
    expect(typing.note('dev', ada, true, 0)).toEqual(until(0));
    typing.note('dev', ada, false, 1);
    expect(typing.expire(1000)).toEqual([stopped(1000)]);
  });
});
