// One connection for all tabs of a browser: what each tab's user sees, while tabs come, go, die and freeze.
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Connector } from '../../src/chat-client/connector.ts';
import type { Link } from '../../src/chat-client/link.ts';
import type { ConnectionState } from '../../src/chat-client/state.ts';
import { leaderTimeout } from '../../src/chat-client/tab-follower.ts';
import { createSharedConnector } from '../../src/chat-client/tabs.ts';
import { seededRandom } from '../support/chopping.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeServer } from './fake-server.ts';
import { FakeTab, FakeTabs } from './fake-tabs.ts';

/** A small store: has a cursor, wants each event once, and sends what it has to say until it is acknowledged. */
class User {
  readonly tab: FakeTab;
  readonly connector: Connector;
  readonly heard: string[] = [];
  readonly offsets: number[] = [];
  readonly states: ConnectionState[] = [];
  readonly leading: boolean[] = [];
  readonly outbox = new Map<string, string>();
  ticks = 0;
  link: Link | undefined;
  #cursor: { readonly epoch: string; readonly offset: number } | undefined;

  constructor(tab: FakeTab) {
    this.tab = tab;
    this.connector = createSharedConnector(tab, {
      ready: (link, _, { entered }) => {
        this.link = link;
        this.heard.push(`ready${entered ? ' entered' : ''}`);
        this.#enter(link, entered);
      },
      push: (push) => {
        if (push.event === 'room:event') this.#take(push.data.event.offset);
        else this.heard.push(push.event);
      },
      lost: (code) => {
        this.link = undefined;
        this.heard.push(`lost ${code}`);
      },
      changed: (state) => this.states.push(state),
      tick: () => {
        this.ticks += 1;
      },
    });
    this.connector.onLeader((isLeader) => this.leading.push(isLeader));
    this.connector.start();
  }

  get state(): ConnectionState | undefined {
    return this.states.at(-1);
  }

  take(): string[] {
    return this.heard.splice(0);
  }

  say(text: string) {
    const nonce = `nonce-${text.replaceAll(' ', '-')}`;
    this.outbox.set(nonce, text);
    if (this.link !== undefined && this.#cursor !== undefined) this.#send(this.link, nonce);
  }

  #enter(link: Link, entered: boolean) {
    const since = this.#cursor === undefined ? {} : { since: this.#cursor };
    link.request(entered ? 'session:state' : 'session:resume', since, (outcome) => {
      if (this.link !== link) return;
      this.heard.push(`entrance ${outcome.status}`);
      if (outcome.status !== 'ok') return;
      if (this.#cursor !== undefined && !outcome.data.recovered) throw new Error('not recovered');
      for (const { offset } of outcome.data.events) this.#take(offset);
      this.#cursor = outcome.data.cursor;
      this.connector.letIn();
      for (const nonce of this.outbox.keys()) this.#send(link, nonce);
    });
  }

  #send(link: Link, nonce: string) {
    const text = this.outbox.get(nonce);
    if (text === undefined) return;
    link.request('message:send', { nonce, content: { type: 'text', text } }, (outcome) => {
      if (outcome.status === 'ok') this.outbox.delete(nonce);
    });
  }

  #take(offset: number) {
    if (this.offsets.includes(offset)) throw new Error(`event ${offset} was told twice`);
    this.offsets.push(offset);
    this.#cursor = { epoch: 'epoch-1', offset };
  }
}

function setUp() {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const tabs = new FakeTabs(clock);
  const open = () => new User(new FakeTab(tabs, server, 'websocket'));
  /** Lets milliseconds go by, and promises settle in each. */
  const pass = async (milliseconds: number) => {
    for (let step = 0; step < milliseconds; step += 1) {
      clock.advance(1);
      for (let turn = 0; turn < 6; turn += 1) await Promise.resolve();
    }
  };
  return { clock, server, tabs, open, pass };
}

async function two() {
  const all = setUp();
  const first = all.open();
  await all.pass(50);
  const second = all.open();
  await all.pass(50);
  first.take();
  second.take();
  return { ...all, first, second };
}

test('one tab connects, the others use its connection', async () => {
  const { server, open, pass } = setUp();
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
  const { server, open, pass } = setUp();
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
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const tabs = new FakeTabs(clock);
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
  const pass = async (milliseconds: number) => {
    for (let step = 0; step < milliseconds; step += 1) {
      clock.advance(1);
      for (let turn = 0; turn < 6; turn += 1) await Promise.resolve();
    }
  };
  server.known = false;
  open('first');
  await pass(50);
  const second = open('second');
  open('third');
  await pass(50);
  expect(log.splice(0)).toEqual(['first ready', 'second ready', 'third ready']);
  second.enter();
  await pass(50);
  expect(log.splice(0).sort()).toEqual(
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
  const { server, tabs, clock, pass } = setUp();
  server.ways.set('websocket', 'refused');
  const open = () => new User(new FakeTab(tabs, server, 'websocket', 'long-poll'));
  const first = open();
  await pass(50);
  const second = open();
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

test.each(['locks', 'openChannel'] as const)(
  'without %s each tab has its own connection',
  async (missing) => {
    const { server, tabs, pass } = setUp();
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
  const { server, tabs, pass } = setUp();
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

describe('at random', () => {
  const seeds = Array.from({ length: 12 }, (_, index) => index + 1);

  test.each(seeds)('seed %i: every tab that lives has everything once and in order', async (seed) => {
    onTestFinished(({ task }) => {
      if (task.result?.state === 'fail') console.error(`seed ${seed}`);
    });
    const random = seededRandom(seed);
    const { server, open, pass } = setUp();
    const users: User[] = [open()];
    let said = 0;
    const pick = () => users[Math.floor(random() * users.length)];
    for (let step = 0; step < 120; step += 1) {
      const dice = random();
      const user = pick();
      if (user === undefined || (dice < 0.1 && users.length < 5)) {
        users.push(open());
      } else if (dice < 0.15 && users.length > 1) {
        // What it had to say may be lost with it; nothing else.
        user.tab.signal('leaving');
        user.tab.kill();
        users.splice(users.indexOf(user), 1);
      } else if (dice < 0.2 && users.length > 1) {
        user.tab.signal('leaving');
        await pass(Math.floor(random() * 50));
        user.tab.signal('returning');
      } else if (dice < 0.24) {
        user.tab.freeze();
      } else if (dice < 0.34) {
        for (const frozen of users) frozen.tab.thaw();
      } else if (dice < 0.39) {
        server.endAll(1006);
      } else if (dice < 0.42) {
        user.connector.renew('at random');
      } else {
        said += 1;
        const text = `text ${said}`;
        if (dice < 0.7 && !user.tab.frozen) user.say(text);
        else server.say(text);
      }
      await pass(Math.floor(random() * 30));
    }
    for (const user of users) user.tab.thaw();
    for (const user of users) user.tab.signal('visible');
    await pass(60_000);
    expect(users.filter(({ connector }) => connector.isLeader())).toHaveLength(1);
    expect(server.connections.size).toBe(1);
    for (const user of users) {
      expect(user.state).toMatchObject({ status: 'open' });
      expect(user.outbox.size).toBe(0);
      // From its first entrance on, without a gap.
      const from = user.offsets[0] ?? server.log.length + 1;
      expect(user.offsets).toEqual(server.log.slice(from - 1).map(({ offset }) => offset));
    }
    const nonces = server.log.map(({ nonce }) => nonce);
    expect(new Set(nonces).size).toBe(nonces.length);
  });
});
