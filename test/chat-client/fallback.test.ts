// Which transport next: the decisions by themselves, and the connector that follows them, on a fake network and clock.
import { describe, expect, test } from 'vitest';
import { type ConnectorEvents, createConnector, transportKey } from '../../src/chat-client/connector.ts';
import {
  availableTransports,
  betterTransports,
  firstProbeWait,
  greetingTimeouts,
  longestProbeWait,
  mayBeTransport,
  probeWait,
  transportOrder,
} from '../../src/chat-client/fallback.ts';
import { heartbeatTimeout, type Link, openTimeout } from '../../src/chat-client/link.ts';
import type { ConnectionState, LastClose } from '../../src/chat-client/state.ts';
import { type TransportName, transportNames } from '../../src/transports/channel.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeEnvironment, FakeServer } from './fake-server.ts';

describe('the decisions', () => {
  test('what there is comes in the order of its worth', () => {
    const { carriers } = new FakeEnvironment(new FakeServer(new FakeClock()), 'short-poll', 'websocket');
    expect(availableTransports(carriers)).toEqual(['websocket', 'short-poll']);
  });

  test('what worked goes first, what carried nothing last', () => {
    expect(transportOrder(transportNames, undefined, new Set())).toEqual(transportNames);
    expect(transportOrder(transportNames, 'long-poll', new Set(['websocket']))).toEqual([
      'long-poll',
      'event-stream',
      'fetch-stream',
      'short-poll',
      'websocket',
    ]);
    expect(transportOrder(['websocket', 'long-poll'], 'long-poll', new Set(['long-poll']))).toEqual([
      'websocket',
      'long-poll',
    ]);
    // Remembered from a page that had more of them.
    expect(transportOrder(['long-poll', 'short-poll'], 'websocket', new Set())).toEqual([
      'long-poll',
      'short-poll',
    ]);
  });

  test('only what is truly better is looked for: the two event streams are equals', () => {
    expect(betterTransports(transportNames, 'websocket')).toEqual([]);
    expect(betterTransports(transportNames, 'fetch-stream')).toEqual(['websocket']);
    expect(betterTransports(transportNames, 'event-stream')).toEqual(['websocket']);
    expect(betterTransports(transportNames, 'short-poll')).toEqual([
      'websocket',
      'event-stream',
      'fetch-stream',
      'long-poll',
    ]);
  });

  test('it is looked for after 30 s, then twice as late each time, up to ten minutes', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 1000].map(probeWait)).toEqual([
      firstProbeWait,
      60_000,
      120_000,
      240_000,
      480_000,
      longestProbeWait,
      longestProbeWait,
      longestProbeWait,
    ]);
  });

  test('a server that says when to come back is not the transport’s fault', () => {
    expect(mayBeTransport(1006, '')).toBe(true);
    expect(mayBeTransport(4000, 'no greeting')).toBe(true);
    expect(mayBeTransport(1008, 'policy')).toBe(true);
    expect(mayBeTransport(1012, '')).toBe(false);
    expect(mayBeTransport(1013, '')).toBe(false);
    expect(mayBeTransport(1006, 'Busy. retry after 50 ms')).toBe(false);
  });
});

function setUp(...names: TransportName[]) {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const environment = new FakeEnvironment(server, ...names);
  const states: ConnectionState[] = [];
  const heard: string[] = [];
  let lastClose: LastClose | undefined;
  let link: Link | undefined;
  let cursor: { epoch: string; offset: number } | undefined;
  /** Replaces what the user does when a link is ready. */
  const user = {
    ready: undefined as ConnectorEvents['ready'] | undefined,
  };
  const connector = createConnector(environment, {
    ready(next, hello, arrival) {
      link = next;
      heard.push(`ready ${next.transport}${arrival.entered ? ' entered' : ''}`);
      if (user.ready !== undefined) return user.ready(next, hello, arrival);
      enter(next, arrival.entered);
    },
    push: (push) => heard.push(push.event === 'room:event' ? `event ${push.data.event.offset}` : push.event),
    lost: (code) => heard.push(`lost ${code}`),
    changed(state, close) {
      states.push(state);
      lastClose = close;
    },
    tick() {},
  });
  function enter(current: Link, entered: boolean) {
    const since = cursor === undefined ? {} : { since: cursor };
    current.request(entered ? 'session:state' : 'session:resume', since, (outcome) => {
      heard.push(`entrance ${outcome.status}`);
      if (outcome.status !== 'ok') return;
      cursor = outcome.data.cursor;
      for (const { offset } of outcome.data.events) heard.push(`caught up ${offset}`);
      connector.letIn();
    });
  }
  const state = () => {
    const last = states.at(-1);
    if (last === undefined) throw new Error('no state yet');
    return last;
  };
  const take = () => heard.splice(0);
  return {
    clock,
    server,
    environment,
    connector,
    state,
    states,
    take,
    user,
    enter,
    link: () => link,
    lastClose: () => lastClose,
  };
}

test('what is refused is passed over at once, and the connection is never lost in between', () => {
  const { clock, server, environment, connector, state, states, take } = setUp();
  server.ways.set('websocket', 'refused').set('event-stream', 'refused').set('fetch-stream', 'refused');
  connector.start();
  clock.advance(100);
  expect(state()).toMatchObject({ status: 'open', transport: 'long-poll' });
  expect(server.attempts).toEqual(['websocket', 'event-stream', 'fetch-stream', 'long-poll']);
  expect(take()).toEqual(['ready long-poll', 'entrance ok']);
  expect(new Set(states.map(({ status }) => status))).toEqual(new Set(['connecting', 'open']));
  expect(environment.values.get(transportKey)).toBe('long-poll');
});

test('what opens and brings nothing is given up after its deadline, the last one later', () => {
  const { clock, server, connector, state } = setUp('websocket', 'event-stream', 'long-poll');
  for (const name of transportNames) server.ways.set(name, 'silent');
  connector.start();
  clock.advance(greetingTimeouts.websocket - 1);
  expect(server.attempts).toEqual(['websocket']);
  clock.advance(1);
  expect(server.attempts).toEqual(['websocket', 'event-stream']);
  clock.advance(greetingTimeouts['event-stream']);
  expect(server.attempts).toEqual(['websocket', 'event-stream', 'long-poll']);
  clock.advance(openTimeout - 1);
  expect(state().status).toBe('connecting');
  clock.advance(1);
  expect(state()).toMatchObject({ status: 'waiting', attempt: 1 });
});

test('what worked is tried first the next time, also by the next page of this tab', () => {
  const { clock, server, environment, connector, state } = setUp('websocket', 'event-stream', 'long-poll');
  environment.values.set(transportKey, 'long-poll');
  connector.start();
  clock.advance(100);
  expect(state()).toMatchObject({ status: 'open', transport: 'long-poll' });
  expect(server.attempts).toEqual(['long-poll']);
});

test('what the storage has that is no transport is not believed, nor is its refusal a problem', () => {
  const one = setUp('websocket');
  one.environment.values.set(transportKey, 'pigeon');
  one.connector.start();
  one.clock.advance(100);
  expect(one.state()).toMatchObject({ transport: 'websocket' });

  const other = setUp('websocket');
  other.environment.tabStorage.getItem = () => {
    throw new Error('SecurityError');
  };
  other.environment.tabStorage.setItem = () => {
    throw new Error('SecurityError');
  };
  other.connector.start();
  other.clock.advance(100);
  expect(other.state()).toMatchObject({ transport: 'websocket' });
});

test('a server that asks to wait is not asked over other transports', () => {
  const { clock, server, connector, state } = setUp('event-stream', 'long-poll');
  server.ways.set('event-stream', 'silent');
  connector.start();
  clock.advance(10);
  server.connection.end(1013, 'Too many. retry after 7000 ms');
  expect(server.attempts).toEqual(['event-stream']);
  expect(state()).toMatchObject({ status: 'waiting', retryAt: clock.time + 7000 });
});

test('what is greeted and then carries nothing is tried last', () => {
  const { clock, server, connector, state } = setUp('websocket', 'long-poll');
  server.ways.set('websocket', 'mute');
  connector.start();
  clock.advance(100);
  clock.advance(heartbeatTimeout);
  expect(state()).toMatchObject({ status: 'waiting' });
  clock.advanceUntil(() => state().status === 'open');
  expect(state()).toMatchObject({ transport: 'long-poll' });
  expect(server.attempts).toEqual(['websocket', 'long-poll']);
});

test('nothing to connect with is said at once', () => {
  const environment = new FakeEnvironment(new FakeServer(new FakeClock()));
  const none = { ...environment, carriers: {} };
  const events = { ready() {}, push() {}, lost() {}, changed() {}, tick() {} };
  expect(() => createConnector(none, events)).toThrow(RangeError);
});

describe('a better transport', () => {
  function lesser() {
    const all = setUp('websocket', 'event-stream', 'long-poll');
    all.server.ways.set('websocket', 'refused').set('event-stream', 'refused');
    all.connector.start();
    all.clock.advance(100);
    expect(all.state()).toMatchObject({ status: 'open', transport: 'long-poll' });
    all.take();
    all.server.attempts.length = 0;
    return all;
  }

  test('is looked for later and later, best first, and the connection goes on meanwhile', () => {
    const { clock, server, state, take } = lesser();
    const times: number[] = [];
    const begun = clock.time;
    for (let round = 0; round < 4; round += 1) {
      clock.advanceUntil(() => server.attempts.length === 2 * (round + 1));
      times.push(Math.round((clock.time - begun) / 1000));
    }
    expect(server.attempts.slice(0, 4)).toEqual(['websocket', 'event-stream', 'websocket', 'event-stream']);
    expect(times).toEqual([30, 90, 210, 450]);
    expect(state()).toMatchObject({ status: 'open', transport: 'long-poll' });
    expect(take()).toEqual([]);
  });

  test('is looked for at once on another network', () => {
    const { clock, server, environment } = lesser();
    clock.advance(1000);
    environment.signal('online');
    expect(server.attempts).toEqual(['websocket']);
  });

  test('takes over without a gap: nothing is lost, nothing told twice, the old one goes last', () => {
    const { clock, server, environment, state, states, take } = lesser();
    server.ways.set('websocket', 'works');
    states.length = 0;
    server.say('before');
    clock.advance(10);
    environment.signal('online');
    // Before the new link is greeted, on the way to its entrance, and after.
    for (let step = 0; step < 30; step += 1) {
      server.say(`step ${step}`);
      clock.advance(2);
    }
    clock.advance(100);
    const heard = take();
    const offsets = heard.flatMap((line) => /^(?:event|caught up) (\d+)$/.exec(line)?.[1] ?? []).map(Number);
    // The fake user has no cursor of its own for live events: from its last entrance on, in order.
    expect(heard.filter((line) => !line.includes('event') && !line.includes('caught'))).toEqual([
      'ready websocket',
      'entrance ok',
    ]);
    const live = heard.slice(0, heard.indexOf('ready websocket')).length;
    expect(offsets.slice(0, live)).toEqual(Array.from({ length: live }, (_, index) => index + 1));
    const after = offsets.slice(live);
    expect(after).toEqual(Array.from({ length: server.log.length }, (_, index) => index + 1));
    expect(state()).toMatchObject({ status: 'open', transport: 'websocket' });
    expect(states.every(({ status }) => status === 'open')).toBe(true);
    expect([...server.connections].map(({ transport }) => transport)).toEqual(['websocket']);
  });

  test('requests that are open on the old link are answered there', () => {
    const { clock, server, environment, link, state } = lesser();
    server.ways.set('websocket', 'works');
    const held: (() => void)[] = [];
    server.intercept = (connection, request) => {
      if (request.event !== 'room:list') return false;
      held.push(() => connection.reply(request, { rooms: [] }));
      return true;
    };
    const got: string[] = [];
    link()?.request('room:list', {}, ({ status }) => got.push(status));
    environment.signal('online');
    clock.advanceUntil(() => {
      const now = state();
      return now.status === 'open' && now.transport === 'websocket';
    });
    expect(server.connections.size).toBe(2);
    for (const answer of held) answer();
    clock.advance(10);
    expect(got).toEqual(['ok']);
    expect(server.connections.size).toBe(1);
  });

  test('that comes to nothing before it is let in leaves the old one as it was', () => {
    const { clock, server, environment, take, user, state } = lesser();
    server.ways.set('websocket', 'works');
    user.ready = () => {};
    environment.signal('online');
    clock.advance(30);
    expect(take()).toEqual(['ready websocket']);
    user.ready = undefined;
    server.say('meanwhile');
    clock.advance(10);
    server.connection.end(1006);
    clock.advance(30);
    expect(take()).toEqual(['ready long-poll entered', 'entrance ok', 'caught up 1']);
    expect(state()).toMatchObject({ status: 'open', transport: 'long-poll' });
    server.say('live');
    clock.advance(10);
    expect(take()).toEqual(['event 2']);
  });

  test('and is looked for again later', () => {
    const { clock, server, environment, user } = lesser();
    server.ways.set('websocket', 'works');
    user.ready = () => {};
    environment.signal('online');
    clock.advance(30);
    user.ready = undefined;
    server.connection.end(1006);
    server.attempts.length = 0;
    clock.advanceUntil(() => server.attempts.length > 0);
    expect(server.attempts).toEqual(['websocket']);
  });

  test('that is caught up with and not let in yet tells what comes, and the old one does not', () => {
    const { clock, server, environment, connector, take, user } = lesser();
    server.ways.set('websocket', 'works');
    user.ready = (link) => {
      link.request('session:resume', {}, () => clock.after(50, connector.letIn));
    };
    environment.signal('online');
    clock.advance(40);
    expect(server.connections.size).toBe(2);
    server.say('told by both');
    clock.advance(100);
    expect(take()).toEqual(['ready websocket', 'event 1']);
  });

  test('that only greets is not taken', () => {
    const { clock, server, environment, take, state } = lesser();
    server.ways.set('websocket', 'mute');
    environment.signal('online');
    clock.advance(60_000);
    expect(take()).toEqual([]);
    expect(state()).toMatchObject({ transport: 'long-poll' });
  });

  test('is not looked for without a connection, and leaves no timers behind', () => {
    const { clock, server, connector, environment } = lesser();
    environment.signal('online');
    connector.dispose();
    clock.advance(600_000);
    expect(server.connections.size).toBe(0);
    expect(clock.timerCount).toBe(0);
  });
});

test('renew ends a change-over too: both links go', () => {
  const { clock, server, environment, connector, user, state, take } = setUp('websocket', 'long-poll');
  server.ways.set('websocket', 'refused');
  connector.start();
  clock.advance(100);
  server.ways.set('websocket', 'works');
  user.ready = () => {};
  environment.signal('online');
  clock.advance(30);
  expect(server.connections.size).toBe(2);
  take();
  user.ready = undefined;
  connector.renew('signed in');
  expect(server.connections.size).toBe(0);
  clock.advance(100);
  expect(take()).toEqual(['lost 1000', 'ready long-poll', 'entrance ok']);
  expect(state()).toMatchObject({ status: 'open' });
  expect(server.connections.size).toBe(1);
});
