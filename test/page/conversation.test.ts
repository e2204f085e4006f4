import { describe, expect, test } from 'vitest';
import { holePatience } from '../../public/chat/conversation.ts';
import { outline, World } from './fake-page.ts';

const mei = { id: 'mei', name: 'Mei' };

function populated(count: number) {
  const world = new World();
  for (let index = 1; index <= count; index += 1) world.chat.say(mei, `${index}`);
  return world;
}
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);

describe('live', () => {
  test('messages of others arrive, each once', () => {
    const world = new World();
    const page = world.enter();
    const message = world.chat.say(mei, 'hello');
    world.chat.broadcast('message:new', { message });
    world.clock.advance(100);
    expect(outline(page.state())).toEqual(['hello']);
    expect(page.state().timeline[0]).toMatchObject({ kind: 'message', own: false });
  });

  test('of another room they are not taken', () => {
    const world = new World();
    const page = world.enter();
    const message = { ...world.chat.say(mei, 'hello'), room: 'elsewhere', offset: 2, id: 'x' };
    world.chat.broadcast('message:new', { message });
    world.chat.broadcast('member:joined', { room: 'elsewhere', member: mei, count: 1, time: 1 });
    world.clock.advance(100);
    expect(outline(page.state())).toEqual(['hello']);
    expect(page.state().members.map(({ name }) => name)).toEqual(['Ada']);
  });

  test('comings and goings change the list, by name, and are told', () => {
    const world = new World();
    const page = world.enter('Mo');
    const joined = (name: string) =>
      world.chat.broadcast('member:joined', {
        room: 'general',
        member: { id: name, name },
        count: 2,
        time: 1,
      });
    for (const name of ['zoe', 'Ada', 'Member 10', 'Member 9']) joined(name);
    joined('Ada');
    world.clock.advance(100);
    expect(page.state().members.map(({ name }) => name)).toEqual([
      'Ada',
      'Member 9',
      'Member 10',
      'Mo',
      'zoe',
    ]);
    world.chat.broadcast('member:left', {
      room: 'general',
      member: { id: 'Ada', name: 'Ada' },
      count: 1,
      time: 2,
    });
    world.clock.advance(100);
    expect(page.state().members.map(({ name }) => name)).not.toContain('Ada');
    expect(outline(page.state())).toEqual(['+zoe', '+Member 10', '+Member 9', '-Ada']);
  });

  test('a message that stays away is asked for', () => {
    const world = populated(3);
    const page = world.enter();
    const { connection } = world.chat;
    const member = connection.member;
    connection.member = undefined;
    for (const text of ['4', '5']) world.chat.say(mei, text);
    connection.member = member;
    world.chat.say(mei, '6');
    world.clock.advance(10);
    expect(outline(page.state())).toEqual(['1', '2', '3', '6']);
    expect(world.chat.requests('message:page')).toEqual([]);
    world.clock.advance(holePatience + 20);
    expect(outline(page.state())).toEqual(numbers(1, 6));
    expect(world.chat.requests('message:page').map(({ data }) => data.limit)).toEqual([2]);
    world.clock.advance(10_000);
    expect(world.chat.requests('message:page')).toHaveLength(1);
  });

  test('one that cannot be had is shown as a gap', () => {
    const world = populated(3);
    const page = world.enter();
    world.chat.intercept = (connection, request) => {
      if (request.event !== 'message:page') return false;
      connection.refuse(request, { code: 'internal', message: '' });
      return true;
    };
    world.chat.connection.push('message:new', {
      message: { ...world.chat.say(mei, '4'), offset: 9, id: 'nine' },
    });
    world.clock.advance(10_000);
    expect(outline(page.state())).toEqual(['1', '2', '3', '4', 'gap', '4']);
  });
});

describe('older messages', () => {
  test('come by pages until the beginning', () => {
    const world = populated(120);
    const page = world.enter();
    expect(page.state()).toMatchObject({ hasMore: true, loadingOlder: false });
    expect(outline(page.state())).toEqual(numbers(71, 120));
    page.actions.loadOlder();
    page.actions.loadOlder();
    expect(page.state().loadingOlder).toBe(true);
    world.clock.advance(100);
    expect(page.state()).toMatchObject({ hasMore: true, loadingOlder: false });
    expect(outline(page.state())).toEqual(numbers(21, 120));
    page.actions.loadOlder();
    world.clock.advance(100);
    expect(page.state().hasMore).toBe(false);
    expect(outline(page.state())).toEqual(numbers(1, 120));
    page.actions.loadOlder();
    world.clock.advance(100);
    expect(world.chat.requests('message:page')).toHaveLength(2);
  });

  test('that are refused are told, and can be asked for again', () => {
    const world = populated(60);
    const page = world.enter();
    world.chat.intercept = (connection, request) => {
      if (request.event !== 'message:page') return false;
      connection.refuse(request, { code: 'internal', message: '' });
      return true;
    };
    page.actions.loadOlder();
    world.clock.advance(100);
    expect(page.state()).toMatchObject({ loadingOlder: false, toasts: [{ text: { id: 'history-failed' } }] });
    world.chat.intercept = () => false;
    page.actions.loadOlder();
    world.clock.advance(100);
    expect(outline(page.state())).toEqual(numbers(1, 60));
  });

  test('that are lost with the connection leave nothing loading, and no complaint', () => {
    const world = populated(60);
    const page = world.enter();
    page.actions.loadOlder();
    world.chat.endAll(1006);
    expect(page.state()).toMatchObject({ loadingOlder: false, toasts: [] });
    page.actions.loadOlder();
    expect(page.state().loadingOlder).toBe(false);
    world.clock.advance(5000);
    page.actions.loadOlder();
    world.clock.advance(100);
    expect(outline(page.state())).toEqual(numbers(1, 60));
  });
});

describe('coming back', () => {
  test('asks for what came since, and appends it', () => {
    const world = populated(3);
    const page = world.enter();
    world.chat.endAll(1006);
    for (const text of ['4', '5']) world.chat.say(mei, text);
    const before = page.state().timeline;
    world.clock.advance(5000);
    expect(world.chat.requests('session:resume')[0]?.data.since).toEqual({ epoch: 'epoch-1', offset: 3 });
    expect(outline(page.state())).toEqual(numbers(1, 5));
    // The lines that were there are the very same: nothing is drawn anew.
    expect(page.state().timeline.slice(0, 3)).toEqual(before);
    expect(page.state().traffic.reconnects).toBe(1);
  });

  test('after too much was said leaves a gap, which can be loaded', () => {
    const world = populated(3);
    world.chat.recoveryLimit = 20;
    const page = world.enter();
    world.chat.endAll(1006);
    for (let index = 4; index <= 120; index += 1) world.chat.say(mei, `${index}`);
    world.clock.advance(5000);
    expect(outline(page.state())).toEqual([...numbers(1, 3), 'gap', ...numbers(71, 120)]);
    const load = () => {
      page.actions.loadOlder(page.state().timeline.find(({ kind }) => kind === 'gap')?.key ?? 'none');
      world.clock.advance(100);
    };
    load();
    expect(outline(page.state())).toEqual([...numbers(1, 3), 'gap', ...numbers(21, 120)]);
    load();
    expect(outline(page.state())).toEqual(numbers(1, 120));
    load();
    expect(world.chat.requests('message:page')).toHaveLength(2);
  });

  test('to another epoch starts over', () => {
    const world = populated(3);
    const page = world.enter();
    world.chat.endAll(1006);
    world.chat.epoch = 'epoch-2';
    world.chat.log = [];
    world.chat.say(mei, 'anew');
    world.clock.advance(5000);
    expect(outline(page.state())).toEqual(['anew']);
    world.chat.endAll(1006);
    world.clock.advance(5000);
    expect(world.chat.requests('session:resume').at(-1)?.data.since).toEqual({ epoch: 'epoch-2', offset: 1 });
  });

  test('with a hole asks from before the hole', () => {
    const world = populated(3);
    const page = world.enter();
    const { connection } = world.chat;
    const { member } = connection;
    connection.member = undefined;
    world.chat.say(mei, '4');
    connection.member = member;
    world.chat.say(mei, '5');
    world.clock.advance(10);
    world.chat.endAll(1006);
    world.clock.advance(5000);
    expect(outline(page.state())).toEqual(numbers(1, 5));
  });
});
