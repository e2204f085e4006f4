// One connection for all tabs of a browser: what each tab's user sees, while tabs come, go, die and freeze.
import { describe, expect, test } from 'vitest';
import type { Link } from '../../src/chat-client/link.ts';
import { leaderTimeout } from '../../src/chat-client/tab-follower.ts';
import { createSharedConnector } from '../../src/chat-client/tabs.ts';
import { FakeTab } from './fake-tabs.ts';
import { openBrowser, User } from './tab-user.ts';

async function two() {
  const all = openBrowser();
  const first = all.open();
  await all.pass(50);
  const second = all.open();
  await all.pass(50);
  first.take();
  second.take();
  return { ...all, first, second };
}

test('one tab connects, the others use its connection', async () => {
  const { server, open, pass } = openBrowser();
  const first = open();
  await pass(50);
  const second = open();
  await pass(50);
  expect(server.attempts).toEqual(['websocket']);
  expect(first.take()).toEqual(['ready', 'entrance ok']);
  expect(second.take()).toEqual(['ready entered', 'entrance ok']);
  expect([first.connector.isLeader(), second.connector.isLeader()]).toEqual([true, false]);
  expect([first.leading, second.leading]).toEqual([[true], []]);
  expect(first.state).toMatchObject({ status: 'open', shared: false, transport: 'websocket' });
  expect(second.state).toMatchObject({ status: 'open', shared: true, transport: 'websocket' });
});

test('every tab hears each push once, and asks for itself', async () => {
  const { server, first, second, pass } = await two();
  server.say('one');
  second.say('two');
  first.say('three');
  await pass(50);
  expect(first.offsets).toEqual([1, 2, 3]);
  expect(second.offsets).toEqual([1, 2, 3]);
  expect([first.outbox.size, second.outbox.size]).toEqual([0, 0]);
});

test('refusals and unreadable data are told to who asked', async () => {
  const { second, pass, server } = await two();
  server.intercept = (connection, request) => {
    if (request.event !== 'room:topic') return false;
    connection.refuse(request, { code: 'forbidden', message: 'No.', retryAfter: 5 });
    return true;
  };
  const got: unknown[] = [];
  const data = { room: 'general', nonce: 'nonce-of-topic', topic: 'x' };
  second.link?.request('room:topic', data, (outcome) => got.push(outcome));
  second.link?.request('room:open', { room: 'not an id!' }, (outcome) => got.push(outcome));
  await pass(50);
  expect(got).toContainEqual({
    status: 'refused',
    failure: { code: 'forbidden', message: 'No.', retryAfter: 5 },
  });
  expect(got).toContainEqual({ status: 'refused', failure: expect.objectContaining({ code: 'invalid' }) });
});

test('a second tab that opens while the first still connects waits for it', async () => {
  const { server, open, pass } = openBrowser();
  server.latency = 200;
  const first = open();
  const second = open();
  await pass(300);
  expect(second.state).toEqual({ status: 'connecting', attempt: 0 });
  await pass(1500);
  expect(server.attempts).toEqual(['websocket']);
  expect(first.state?.status).toBe('open');
  expect(second.take()).toEqual(['ready entered', 'entrance ok']);
});

describe('the leader', () => {
  test('is closed in the middle of requests: another takes over within moments, nothing is lost', async () => {
    const { server, first, second, pass } = await two();
    server.latency = 20;
    second.say('from the second');
    first.say('from the first');
    await pass(10);
    first.tab.signal('leaving');
    first.tab.kill();
    await pass(10);
    expect(second.connector.isLeader()).toBe(true);
    await pass(190);
    expect(second.take()).toEqual(['lost 1001', 'ready', 'entrance ok']);
    expect(second.state).toMatchObject({ status: 'open', shared: false });
    expect(second.outbox.size).toBe(0);
    expect(second.offsets).toEqual(server.log.map(({ offset }) => offset));
    expect(server.log.filter(({ nonce }) => nonce === 'nonce-from-the-second')).toHaveLength(1);
    expect(server.connections.size).toBe(1);
  });

  test('changes: a third tab learns it at once, and what it had asked is lost', async () => {
    const { server, first, second, open, pass } = await two();
    const third = open();
    await pass(50);
    third.take();
    server.intercept = (_, request) => request.event === 'room:list';
    const got: string[] = [];
    third.link?.request('room:list', {}, ({ status }) => got.push(status));
    await pass(10);
    first.tab.kill();
    await pass(100);
    expect(second.connector.isLeader()).toBe(true);
    expect(got).toEqual(['lost']);
    expect(third.take()).toEqual(['lost 1001', 'ready entered', 'entrance ok']);
    expect(third.state).toMatchObject({ status: 'open', shared: true });
  });

  test('waits to try again: a tab that somebody looks at need not wait', async () => {
    const { server, first, second, pass } = await two();
    server.endAll(1006);
    await pass(5);
    expect(first.state?.status).toBe('waiting');
    second.tab.signal('visible');
    await pass(50);
    expect(second.state).toMatchObject({ status: 'open', shared: true });
  });

  test('dies without a word: the browser frees its lock', async () => {
    const { first, second, pass, server } = await two();
    first.tab.kill();
    await pass(200);
    expect(second.state).toMatchObject({ status: 'open', shared: false });
    // Its connection stays open at the server here, as a fake process does not close its sockets.
    expect(server.attempts).toHaveLength(2);
  });

  test('is put aside and comes back: it follows then', async () => {
    const { first, second, pass, server } = await two();
    first.tab.signal('leaving');
    await pass(100);
    expect(first.take()).toEqual(['lost 1001']);
    expect([first.connector.isLeader(), second.connector.isLeader()]).toEqual([false, true]);
    server.say('meanwhile');
    await pass(50);
    first.tab.signal('returning');
    await pass(100);
    expect(first.take()).toEqual(['ready entered', 'entrance ok']);
    expect(first.offsets).toEqual([1]);
    expect(first.state).toMatchObject({ status: 'open', shared: true });
    expect(first.leading).toEqual([true, false]);
  });

  test('is frozen: it is robbed of the lock, and follows when it wakes', async () => {
    const { first, second, pass, server } = await two();
    first.tab.freeze();
    server.say('unheard');
    second.tab.signal('visible');
    await pass(leaderTimeout + 200);
    expect(second.connector.isLeader()).toBe(true);
    expect(second.offsets).toEqual([1]);
    first.tab.thaw();
    await pass(200);
    expect(first.connector.isLeader()).toBe(false);
    expect(first.state).toMatchObject({ status: 'open', shared: true });
    expect(first.offsets).toEqual([1]);
    expect(server.connections.size).toBe(1);
  });

  test('that only thinks for long is not robbed while it answers', async () => {
    const { first, second, pass } = await two();
    for (let round = 0; round < 5; round += 1) {
      second.tab.signal('visible');
      await pass(leaderTimeout + 100);
    }
    expect(first.connector.isLeader()).toBe(true);
    expect(second.take()).toEqual([]);
  });
});

test('a follower that was frozen itself does not take the leader for dead', async () => {
  const { first, second, pass } = await two();
  second.tab.signal('visible');
  second.tab.freeze();
  await pass(10 * leaderTimeout);
  second.tab.thaw();
  await pass(leaderTimeout + 100);
  expect(first.connector.isLeader()).toBe(true);
  expect(second.state).toMatchObject({ status: 'open', shared: true });
});

test('a lost connection is told to all, and each comes back from its own cursor', async () => {
  const { server, first, second, pass } = await two();
  server.endAll(1006);
  await pass(5);
  expect(first.state?.status).toBe('waiting');
  expect(second.state).toEqual(first.state);
  server.say('meanwhile');
  await pass(1500);
  expect(first.take()).toEqual(['lost 1006', 'ready', 'entrance ok']);
  expect(second.take()).toEqual(['lost 1006', 'ready entered', 'entrance ok']);
  expect([first.offsets, second.offsets]).toEqual([[1], [1]]);
});

test('a leader whose timers are slow is reminded by a follower that it may try again', async () => {
  const { server, first, second, pass } = await two();
  server.endAll(1006);
  await pass(5);
  const { state } = second;
  if (state?.status !== 'waiting') throw new Error(state?.status);
  // As the browser does it in a hidden tab: once a minute.
  first.tab.slowTimers = 60_000;
  first.connector.renew('to have a slow timer');
  server.up = false;
  await pass(20);
  server.endAll(1006);
  first.tab.signal('visible');
  await pass(20);
  expect(first.state?.status).toBe('waiting');
  server.up = true;
  await pass(3000);
  expect(second.state).toMatchObject({ status: 'open', shared: true });
});

test('a follower may have the connection renewed, dropped and tried at once', async () => {
  const { server, first, second, pass } = await two();
  second.connector.renew('signed in');
  await pass(100);
  expect(server.attempts).toHaveLength(2);
  expect(first.take()).toEqual(['lost 1000', 'ready', 'entrance ok']);
  expect(second.take()).toEqual(['lost 1000', 'ready entered', 'entrance ok']);
  second.connector.drop('no good');
  await pass(5);
  expect(first.state?.status).toBe('waiting');
  second.connector.connectNow();
  await pass(100);
  expect(server.attempts).toHaveLength(3);
  expect(second.state).toMatchObject({ status: 'open' });
});

test('who signs in in one tab is signed in in all', async () => {
  const { server, tabs, pass } = openBrowser();
  const log: string[] = [];
  const open = (name: string) => {
    let link: Link | undefined;
    const tab = new FakeTab(tabs, server, 'websocket');
    const connector = createSharedConnector(tab, {
      ready(next, _, { entered }) {
        link = next;
        log.push(`${name} ready${entered ? ' entered' : ''}`);
        if (!entered) return connector.letIn();
        next.request('session:state', {}, ({ status }) => {
          log.push(`${name} state ${status}`);
          connector.letIn();
        });
      },
      push: (push) => log.push(`${name} ${push.event}`),
      lost() {},
      changed() {},
      tick() {},
    });
    connector.start();
    return {
      enter: () =>
        link?.request('session:enter', { name: 'Ada' }, ({ status }) => log.push(`${name} in ${status}`)),
    };
  };
  server.known = false;
  open('first');
  await pass(50);
  const second = open('second');
  open('third');
  await pass(50);
  expect(log.splice(0)).toEqual(['first ready', 'second ready', 'third ready']);
  second.enter();
  // What is said in the middle of it is told after each one's answer, or is in that.
  const told: string[] = [];
  for (let step = 0; step < 50; step += 1) {
    if (step < 30) server.say(`step ${step}`);
    await pass(1);
    told.push(...log.splice(0));
  }
  for (const name of ['first', 'third']) {
    const own = told.filter((line) => line.startsWith(name));
    expect(own.slice(0, 2)).toEqual([`${name} ready entered`, `${name} state ok`]);
  }
  expect(told.filter((line) => !line.endsWith('room:event')).sort()).toEqual(
    ['second in ok', 'first ready entered', 'first state ok', 'third ready entered', 'third state ok'].sort(),
  );
  server.say('hello');
  await pass(50);
  expect(log.sort()).toEqual(['first room:event', 'second room:event', 'third room:event']);
});

test('a follower that missed a push asks where things stand', async () => {
  const { server, tabs, first, second, pass } = await two();
  const channel = [...tabs.channels].find(({ tab }) => tab === second.tab);
  if (channel === undefined) throw new Error('no channel');
  tabs.channels.delete(channel);
  server.say('missed');
  await pass(20);
  tabs.channels.add(channel);
  expect(second.offsets).toEqual([]);
  server.say('seen');
  await pass(50);
  expect(second.offsets).toEqual([1, 2]);
  expect(first.offsets).toEqual([1, 2]);
  expect(second.take()).toEqual(['ready entered', 'entrance ok']);
});

test('ticks cross only while they are wanted', async () => {
  const { first, second, pass, tabs, server } = await two();
  const before = tabs.posted;
  first.say('quiet');
  await pass(20);
  // One push, and nothing else.
  expect(tabs.posted - before).toBe(1);
  expect(second.ticks).toBe(0);
  second.connector.wantTicks(true);
  await pass(5);
  const { ticks } = first;
  server.say('loud');
  await pass(20);
  expect(second.ticks).toBe(first.ticks - ticks);
  expect(second.ticks).toBeGreaterThan(0);
  second.connector.wantTicks(false);
  await pass(5);
  const seen = second.ticks;
  server.say('quiet again');
  await pass(20);
  expect(second.ticks).toBe(seen);
});

test('the connection changes over to a better transport under all tabs, without a gap', async () => {
  const { server, clock, open, pass } = openBrowser();
  server.ways.set('websocket', 'refused');
  const first = open('websocket', 'long-poll');
  await pass(50);
  const second = open('websocket', 'long-poll');
  await pass(50);
  expect(second.state).toMatchObject({ status: 'open', transport: 'long-poll' });
  server.ways.set('websocket', 'works');
  first.tab.signal('online');
  for (let step = 0; step < 60; step += 1) {
    server.say(`step ${step}`);
    second.say(`mine ${step}`);
    await pass(2);
  }
  await pass(100);
  expect(second.state).toMatchObject({ status: 'open', transport: 'websocket' });
  const all = server.log.map(({ offset }) => offset);
  expect(all).toHaveLength(120);
  expect(first.offsets).toEqual(all);
  expect(second.offsets).toEqual(all);
  expect(second.outbox.size).toBe(0);
  expect(server.connections.size).toBe(1);
  expect(second.heard.filter((line) => line.startsWith('lost'))).toEqual([]);
  expect(clock.timerCount).toBeGreaterThan(0);
});

test('a change-over that comes to nothing is made good in every tab', async () => {
  const { server, open, pass } = openBrowser();
  server.ways.set('websocket', 'refused');
  const first = open('websocket', 'long-poll');
  await pass(50);
  const second = open('websocket', 'long-poll');
  await pass(50);
  server.ways.set('websocket', 'works');
  // Nobody gets in over the better one.
  server.intercept = ({ transport }, { event }) => transport === 'websocket' && event === 'session:resume';
  first.tab.signal('online');
  await pass(40);
  expect(server.connections.size).toBe(2);
  server.say('in the middle');
  await pass(20);
  server.connection.end(1006);
  server.say('after');
  await pass(50);
  expect([first.offsets, second.offsets]).toEqual([
    [1, 2],
    [1, 2],
  ]);
  expect(second.state).toMatchObject({ status: 'open', transport: 'long-poll' });
});

test.each(['locks', 'openChannel'] as const)(
  'without %s each tab has its own connection',
  async (missing) => {
    const { server, tabs, pass } = openBrowser();
    const tab = () => Object.assign(new FakeTab(tabs, server, 'websocket'), { [missing]: undefined });
    const first = new User(tab());
    const second = new User(tab());
    await pass(50);
    expect(server.connections.size).toBe(2);
    expect([first.connector.isLeader(), second.connector.isLeader()]).toEqual([true, true]);
    expect(second.state).toMatchObject({ shared: false });
  },
);

test('where locks are forbidden every tab leads itself', async () => {
  const { server, tabs, pass } = openBrowser();
  const forbidden = { request: () => Promise.reject(new Error('SecurityError')) };
  const user = new User(Object.assign(new FakeTab(tabs, server, 'websocket'), { locks: forbidden }));
  await pass(50);
  expect(user.connector.isLeader()).toBe(true);
  expect(user.state).toMatchObject({ status: 'open' });
});

test('dispose gives up the lock and leaves nothing', async () => {
  const { server, tabs, clock, first, second, pass } = await two();
  second.connector.dispose();
  first.connector.dispose();
  await pass(50);
  expect(tabs.holder).toBeUndefined();
  expect(tabs.queue).toEqual([]);
  expect(tabs.channels.size).toBe(0);
  expect(server.connections.size).toBe(0);
  expect(clock.timerCount).toBe(0);
  expect([first.take(), second.take()]).toEqual([[], []]);
});

test('messages of other kinds, from another version, are passed over', async () => {
  const { first, second, pass } = await two();
  const stranger = first.tab.openChannel('barewire.tabs.2', () => {});
  for (const message of [
    undefined,
    7,
    'x',
    {},
    { type: 'dance' },
    { type: 'push', term: 'x', number: 1, push: 3 },
  ]) {
    stranger.post(message);
  }
  await pass(20);
  stranger.close();
  expect([first.take(), second.take()]).toEqual([[], []]);
});
