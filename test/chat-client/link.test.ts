import { expect, test } from 'vitest';
import {
  doubtfulTimeout,
  heartbeatInterval,
  heartbeatTimeout,
  openLink,
  openTimeout,
  requestTimeout,
  retireTimeout,
  slowRoundTrip,
} from '../../src/chat-client/link.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeServer } from './fake-server.ts';

const page = { room: 'general', epoch: 'e', items: [], hasOlder: false, hasNewer: false, offset: 0 };

function setUp(prepare: (server: FakeServer) => void = () => {}) {
  const clock = new FakeClock();
  const chat = new FakeServer(clock);
  prepare(chat);
  const openSocket = chat.carriers().websocket;
  if (openSocket === undefined) throw new Error('no transport');
  const heard: unknown[] = [];
  const ticks: string[] = [];
  const link = openLink(
    clock,
    { transport: 'websocket', openSocket },
    {
      hello: ({ protocol }) => heard.push(['hello', protocol]),
      push: ({ event }) => heard.push(['push', event]),
      roundTrip: (milliseconds, slow) => heard.push(['round trip', milliseconds, slow]),
      tick: ({ direction, kind, length }) => ticks.push(`${direction} ${kind} ${length > 0}`),
      closed: (code, reason, opened) => heard.push(['closed', code, reason, opened]),
    },
  );
  const take = () => heard.splice(0);
  return { clock, chat, link, take, ticks };
}

test('greets, measures the round trip at once, and again after the interval', () => {
  const { clock, chat, take } = setUp();
  clock.advance(100);
  expect(take()).toEqual([
    ['hello', 2],
    ['round trip', 10, false],
  ]);
  chat.latency = 20;
  clock.advance(heartbeatInterval);
  expect(take()).toEqual([['round trip', 40, false]]);
});

test('a request gets its own reply, whatever the order', () => {
  const { clock, chat, link } = setUp();
  clock.advance(100);
  const held: (() => void)[] = [];
  chat.intercept = (connection, request) => {
    held.unshift(() => connection.reply(request, page));
    if (request.event === 'session:leave') held.shift();
    return true;
  };
  const got: string[] = [];
  link.request('message:page', { before: 1 }, ({ status }) => got.push(`first ${status}`));
  link.request('message:page', { before: 2 }, ({ status }) => got.push(`second ${status}`));
  clock.advance(10);
  for (const answer of held) answer();
  clock.advance(10);
  expect(got).toEqual(['second ok', 'first ok']);
});

test('a refusal and an unreadable reply are told as such; a stray reply is ignored', () => {
  const { clock, chat, link, take } = setUp();
  clock.advance(100);
  take();
  const got: unknown[] = [];
  chat.intercept = (connection, request) => {
    connection.reply(request, page);
    return true;
  };
  link.request('message:page', { before: 1 }, (outcome) => got.push(outcome));
  clock.advance(100);
  chat.intercept = (connection, request) => {
    connection.reply(request, { nothing: 'that fits' });
    connection.reply(request, {});
    connection.deliver('{"event":"reply:ok","id":4711,"data":{}}');
    connection.deliver('{"event":"reply:error","data":{"code":"internal","message":"no id"}}');
    connection.deliver('{"event":"member:danced","data":{}}');
    connection.deliver('not JSON');
    return true;
  };
  link.request('message:page', { before: 1 }, (outcome) => got.push(outcome));
  clock.advance(100);
  expect(got).toEqual([
    { status: 'ok', data: page },
    { status: 'refused', failure: expect.objectContaining({ code: 'internal' }) },
  ]);
  expect(take()).toEqual([]);
});

test('an unanswered request ends the link, and every open request is told first', () => {
  const { clock, chat, link, take } = setUp();
  clock.advance(100);
  take();
  chat.intercept = (_, request) => request.event === 'message:page';
  const got: string[] = [];
  for (const before of [1, 2]) link.request('message:page', { before }, ({ status }) => got.push(status));
  clock.advance(requestTimeout - 1);
  expect(got).toEqual([]);
  clock.advance(1);
  expect(got).toEqual(['lost', 'lost']);
  expect(take()).toEqual([['closed', 4000, 'no reply to message:page', true]]);
  link.request('message:page', { before: 1 }, ({ status }) => got.push(status));
  expect(got).toEqual(['lost', 'lost', 'lost']);
});

test('a heartbeat that is overdue is slow, and later the end', () => {
  const { clock, chat, take } = setUp();
  clock.advance(100);
  take();
  chat.intercept = (_, { event }) => event === 'heartbeat:ping';
  const answeredAt = 100 - 20;
  clock.advance(heartbeatInterval - answeredAt + slowRoundTrip - 1);
  expect(take()).toEqual([]);
  clock.advance(1);
  expect(take()).toEqual([['round trip', undefined, true]]);
  clock.advance(heartbeatTimeout - slowRoundTrip);
  expect(take()).toEqual([['closed', 4000, 'no heartbeat', true]]);
  clock.advance(600_000);
  expect(take()).toEqual([]);
  expect(clock.timerCount).toBe(0);
});

test('a slow round trip is told with its time', () => {
  const { clock, chat, take } = setUp();
  clock.advance(100);
  take();
  chat.latency = 800;
  clock.advance(heartbeatInterval + 1600);
  expect(take()).toEqual([
    ['round trip', undefined, true],
    ['round trip', 1600, true],
  ]);
});

test('a doubted link is checked sooner', () => {
  const { clock, chat, link, take } = setUp();
  clock.advance(100);
  take();
  chat.intercept = () => true;
  link.check();
  clock.advance(doubtfulTimeout);
  expect(take().at(-1)).toEqual(['closed', 4000, 'no heartbeat', true]);
});

test('a socket that never greets is given up, and what comes before the greeting is not believed', () => {
  const { clock, chat, take } = setUp((fake) => {
    fake.protocol = Number.NaN;
  });
  clock.advance(100);
  chat.connection.push('server:restart', { retryWithin: 5 });
  clock.advance(openTimeout - 101);
  expect(take()).toEqual([]);
  clock.advance(1);
  expect(take()).toEqual([['closed', 4000, 'no greeting', true]]);
});

test('a refused connection was never open', () => {
  const { clock, take, ticks } = setUp((fake) => {
    fake.up = false;
  });
  clock.advance(100);
  expect(take()).toEqual([['closed', 1006, '', false]]);
  expect(ticks).toEqual([]);
});

test('ticks show each message, heartbeats as such, and the end', () => {
  const { clock, chat, link, ticks } = setUp();
  clock.advance(100);
  link.request('message:page', { before: 1 }, () => {});
  clock.advance(100);
  chat.connection.end(1012, 'restart');
  expect(ticks).toEqual([
    'down text true',
    'up ping true',
    'down pong true',
    'up text true',
    'down text true',
    'down close true',
  ]);
});

test('closing is told within the call, once', () => {
  const { clock, link, take } = setUp();
  clock.advance(100);
  take();
  link.close(1000, 'bye');
  link.close(1000, 'again');
  clock.advance(1000);
  expect(take()).toEqual([['closed', 1000, 'bye', true]]);
  expect(clock.timerCount).toBe(0);
});

test('a link that is replaced finishes what it was asked, and takes no more', () => {
  const { clock, chat, link, take } = setUp();
  clock.advance(100);
  take();
  const got: string[] = [];
  chat.intercept = (connection, request) => {
    if (request.event !== 'message:page') return false;
    clock.after(1000, () => connection.reply(request, page));
    return true;
  };
  link.request('message:page', { before: 1 }, ({ status }) => got.push(`first ${status}`));
  link.retire(1000, 'changed');
  link.request('message:page', { before: 2 }, ({ status }) => got.push(`second ${status}`));
  expect(got).toEqual(['second lost']);
  clock.advance(1000);
  expect(take()).toEqual([]);
  clock.advance(10);
  expect(got).toEqual(['second lost', 'first ok']);
  expect(take()).toEqual([['closed', 1000, 'changed', true]]);
  expect(clock.timerCount).toBe(0);
});

test('a link that is replaced does not wait for ever', () => {
  const { clock, chat, link, take } = setUp();
  clock.advance(100);
  take();
  chat.intercept = () => true;
  const got: string[] = [];
  link.request('message:page', { before: 1 }, ({ status }) => got.push(status));
  link.retire(1000, 'changed');
  clock.advance(retireTimeout);
  expect(got).toEqual(['lost']);
  expect(take()).toEqual([['closed', 1000, 'changed', true]]);
});

test('answered tells whether the transport has carried anything both ways', () => {
  const { clock, chat, link } = setUp((fake) => {
    fake.latency = 50;
  });
  clock.advance(100);
  expect(chat.connections.size).toBe(1);
  expect(link.answered).toBe(false);
  clock.advance(100);
  expect(link.answered).toBe(true);
});
