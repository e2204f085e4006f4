import { describe, expect, test } from 'vitest';
import {
  backOff,
  createConnector,
  goodConnection,
  longestWait,
  shortestWait,
} from '../../src/chat-client/connector.ts';
import type { ConnectionState, LastClose } from '../../src/chat-client/state.ts';
import { seededRandom } from '../support/chopping.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeEnvironment, FakeServer } from './fake-server.ts';

describe('backOff', () => {
  test('stays within half a second and the ceiling, and uses all of it', () => {
    const random = seededRandom(7);
    for (let attempt = 0; attempt < 40; attempt += 1) {
      const ceiling = Math.min(longestWait, 1000 * 2 ** attempt);
      expect(backOff(attempt, 0)).toBe(shortestWait);
      expect(backOff(attempt, 1)).toBe(ceiling);
      const waits = Array.from({ length: 200 }, () => backOff(attempt, random()));
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(shortestWait);
      expect(Math.max(...waits)).toBeLessThanOrEqual(ceiling);
      // Full jitter: spread over the whole span, not gathered at its end.
      expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan((ceiling - shortestWait) * 0.9);
    }
  });
});

function setUp(random = 0.5) {
  const clock = new FakeClock();
  const chat = new FakeServer(clock);
  const tab = new FakeEnvironment(chat, 'websocket');
  tab.random = () => random;
  const states: ConnectionState[] = [];
  const lost: string[] = [];
  let lastClose: LastClose | undefined;
  const connector = createConnector(tab, {
    ready: () => connector.letIn(),
    push: () => {},
    lost: (code, reason) => lost.push(`${code} ${reason}`),
    changed(state, close) {
      states.push(state);
      lastClose = close;
    },
    tick: () => {},
  });
  const state = () => {
    const last = states.at(-1);
    if (last === undefined) throw new Error('no state yet');
    return last;
  };
  return { clock, chat, tab, connector, state, states, lost, lastClose: () => lastClose };
}

test('connects, and tells the truth about it at each step', () => {
  const { clock, connector, state, states } = setUp();
  connector.start();
  expect(state()).toEqual({ status: 'connecting', attempt: 0 });
  clock.advance(9);
  expect(state().status).toBe('connecting');
  clock.advance(1);
  expect(state()).toEqual({
    status: 'open',
    since: clock.time,
    roundTripTime: undefined,
    slow: false,
    transport: 'websocket',
    shared: false,
  });
  clock.advance(10);
  expect(state()).toMatchObject({ status: 'open', roundTripTime: 10, slow: false });
  expect(states.map(({ status }) => status)).toEqual(['connecting', 'open', 'open']);
});

test('after a loss it waits, longer each time, and begins anew after a good connection', () => {
  const { clock, chat, connector, state, lost } = setUp();
  connector.start();
  clock.advance(goodConnection + 100);
  chat.up = false;
  chat.endAll(1006);
  expect(lost).toEqual(['1006 ']);
  const waits: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    const now = state();
    if (now.status !== 'waiting') throw new Error(now.status);
    expect(now).toMatchObject({ attempt: round + 1, restarting: false });
    waits.push(now.retryAt - clock.time);
    clock.advance(now.retryAt - clock.time);
    expect(state()).toEqual({ status: 'connecting', attempt: round + 1 });
    clock.advance(5);
  }
  expect(waits).toEqual([750, 1250, 2250, 4250, 8250, 15250, 15250, 15250]);
  chat.up = true;
  clock.advanceUntil(() => state().status === 'open');
  // Gone again at once: not a good connection, so the next wait is as long.
  chat.endAll(1006);
  expect(state()).toMatchObject({ status: 'waiting', retryAt: clock.time + 15250 });
  clock.advanceUntil(() => state().status === 'open');
  clock.advance(goodConnection);
  chat.endAll(1006);
  expect(state()).toMatchObject({ status: 'waiting', attempt: 1, retryAt: clock.time + 750 });
});

test.each(['online', 'visible', 'returning'] as const)('tries at once when the page is %s', (signal) => {
  const { clock, chat, tab, connector, state } = setUp();
  connector.start();
  clock.advance(100);
  chat.endAll(1006);
  expect(state().status).toBe('waiting');
  const attempts = chat.attempts.length;
  tab.signal(signal);
  expect(state().status).toBe('connecting');
  clock.advance(60_000);
  expect(state().status).toBe('open');
  expect(chat.attempts.length).toBe(attempts + 1);
});

test('the person may try now, which changes nothing while connected', () => {
  const { clock, chat, connector, state } = setUp();
  connector.start();
  clock.advance(100);
  connector.connectNow();
  expect(chat.attempts.length).toBe(1);
  chat.endAll(1006);
  connector.connectNow();
  connector.connectNow();
  clock.advance(10);
  expect(state().status).toBe('open');
  expect(chat.attempts.length).toBe(2);
});

test('a restart that was announced is waited out at random within its time', () => {
  const { clock, chat, connector, state } = setUp(0.25);
  connector.start();
  clock.advance(100);
  chat.connection.push('server:restart', { retryWithin: 8000 });
  clock.advance(10);
  expect(state().status).toBe('open');
  chat.up = false;
  chat.endAll(1012, 'restarting');
  expect(state()).toMatchObject({ status: 'waiting', retryAt: clock.time + 2000, restarting: true });
  clock.advance(2005);
  // Not back yet: from here on the usual back-off, still said to be a restart.
  expect(state()).toMatchObject({ status: 'waiting', restarting: true });
  chat.up = true;
  clock.advanceUntil(() => state().status === 'open');
  chat.endAll(1006);
  expect(state()).toMatchObject({ restarting: false });
});

test('the wait in the close reason is kept to the millisecond, once, whatever was announced', () => {
  const { clock, chat, connector, state, lastClose } = setUp(0.25);
  connector.start();
  clock.advance(100);
  chat.connection.push('server:restart', { retryWithin: 8000 });
  clock.advance(10);
  chat.up = false;
  chat.endAll(1012, 'The server restarts. retry after 3117 ms');
  expect(state()).toEqual({
    status: 'waiting',
    attempt: 1,
    retryAt: clock.time + 3117,
    restarting: true,
  });
  expect(lastClose()).toMatchObject({ reason: 'The server restarts. retry after 3117 ms' });
  const attempts = chat.attempts.length;
  clock.advance(3116);
  expect(chat.attempts.length).toBe(attempts);
  clock.advance(1);
  expect([chat.attempts.length, state().status]).toEqual([attempts + 1, 'connecting']);
  clock.advance(5);
  // It is not back yet: from here on the usual back-off.
  expect(state()).toMatchObject({
    status: 'waiting',
    retryAt: clock.time + backOff(1, 0.25),
    restarting: true,
  });
});

test('a wait of nothing is one too, and one that another close asks for is no restart', () => {
  const { clock, chat, connector, state } = setUp();
  connector.start();
  clock.advance(100);
  chat.endAll(1012, 'retry after 0 ms');
  expect(state()).toMatchObject({ status: 'waiting', retryAt: clock.time });
  clock.advanceUntil(() => state().status === 'open');
  chat.endAll(1013, 'Too busy. retry after 20000 ms');
  expect(state()).toMatchObject({ status: 'waiting', retryAt: clock.time + 20_000, restarting: false });
  clock.advanceUntil(() => state().status === 'open');
  clock.advance(goodConnection);
  chat.endAll(1006);
  expect(state()).toMatchObject({ retryAt: clock.time + backOff(0, 0.5) });
});

test('1012 without an announcement is a restart too; 1008 keeps its reason for the person', () => {
  const { clock, chat, connector, state, lastClose } = setUp();
  connector.start();
  clock.advance(100);
  chat.endAll(1012);
  expect(state()).toMatchObject({ status: 'waiting', restarting: true });
  clock.advanceUntil(() => state().status === 'open');
  chat.endAll(1008, 'too many refusals');
  expect(state().status).toBe('waiting');
  expect(lastClose()).toEqual({
    time: clock.time,
    code: 1008,
    reason: 'too many refusals',
    transport: 'websocket',
  });
  // An attempt that comes to nothing does not hide why the connection ended.
  chat.up = false;
  clock.advance(60_000);
  expect(lastClose()).toMatchObject({ code: 1008 });
});

describe('offline', () => {
  test('it waits for the network, but tries when the person asks', () => {
    const { clock, chat, tab, connector, state } = setUp();
    connector.start();
    clock.advance(100);
    chat.up = false;
    tab.isOnline = false;
    chat.endAll(1006);
    expect(state()).toEqual({ status: 'offline' });
    const attempts = chat.attempts.length;
    clock.advance(3_600_000);
    expect(chat.attempts.length).toBe(attempts);
    connector.connectNow();
    expect(state().status).toBe('connecting');
    clock.advance(10);
    expect(state()).toEqual({ status: 'offline' });
    chat.up = true;
    tab.signal('online');
    clock.advance(10);
    expect(state().status).toBe('open');
  });

  test('news of it ends a wait, but not a connection that still works', () => {
    const { clock, chat, tab, connector, state } = setUp();
    connector.start();
    clock.advance(100);
    tab.signal('offline');
    clock.advance(60_000);
    expect(state().status).toBe('open');
    tab.isOnline = true;
    chat.endAll(1006);
    expect(state().status).toBe('waiting');
    tab.signal('offline');
    expect(state()).toEqual({ status: 'offline' });
  });

  test('a connection that went with the network is found out within seconds', () => {
    const { clock, chat, tab, connector, state } = setUp();
    connector.start();
    clock.advance(100);
    chat.intercept = () => true;
    tab.signal('offline');
    clock.advance(1500);
    expect(state()).toMatchObject({ status: 'open', slow: true });
    clock.advance(1500);
    expect(state()).toEqual({ status: 'offline' });
  });

  test('the first attempt is made even so: the server may be on this machine', () => {
    const { clock, tab, connector, state } = setUp();
    tab.isOnline = false;
    connector.start();
    clock.advance(10);
    expect(state().status).toBe('open');
  });
});

test('another protocol version stops it for good', () => {
  const { clock, chat, tab, connector, state } = setUp();
  chat.protocol = 3;
  connector.start();
  clock.advance(100);
  expect(state()).toEqual({ status: 'stopped', reason: 'protocol-version' });
  tab.signal('online');
  connector.connectNow();
  clock.advance(600_000);
  expect(chat.attempts.length).toBe(1);
  expect(clock.timerCount).toBe(0);
});

test('renew opens another at once, drop after a wait, dispose never', () => {
  const { clock, chat, connector, state } = setUp();
  connector.start();
  clock.advance(100);
  connector.renew('new session');
  expect(state().status).toBe('connecting');
  clock.advance(100);
  connector.drop('no good');
  expect(state().status).toBe('waiting');
  clock.advanceUntil(() => state().status === 'open');
  connector.dispose();
  clock.advance(600_000);
  expect(chat.attempts.length).toBe(3);
  expect(clock.timerCount).toBe(0);
});
