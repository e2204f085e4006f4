// The event API for programs, on the fake server: sign-in, cursor, requests across losses, tokens, mistakes.
import { describe, expect, test } from 'vitest';
import { type ChatOptions, connectChat, emitTimeout } from '../../src/chat-client/client.ts';
import { retireTimeout } from '../../src/chat-client/link.ts';
import type { ConnectionState } from '../../src/chat-client/state.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeEnvironment, FakeServer } from './fake-server.ts';

function setUp(
  options: Partial<ChatOptions> = { name: 'Dicey' },
  prepare: (server: FakeServer) => void = () => {},
) {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  server.known = false;
  prepare(server);
  const environment = new FakeEnvironment(server, 'websocket');
  const chat = connectChat({ url: 'ws://chat.example/chat', environment, ...options });
  const heard: string[] = [];
  chat.on('*', (name, data) => {
    if (name === 'connection:changed') return;
    heard.push('event' in data && name === 'room:event' ? `event ${data.event.offset}` : name);
  });
  /** Lets milliseconds go by, and promises settle in each. */
  const pass = async (milliseconds: number) => {
    for (let step = 0; step < milliseconds; step += 1) {
      for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
      clock.advance(1);
    }
    for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
  };
  const requests = (event: string) =>
    [...server.connections].flatMap(({ received }) => received.filter((request) => request.event === event));
  return { clock, server, environment, chat, heard, take: () => heard.splice(0), pass, requests };
}

const text = (words: string) => ({ content: { type: 'text', text: words } }) as const;

test('enters under its name, keeps the token, and hears what is said', async () => {
  const { chat, server, take, pass } = setUp();
  const tokens: string[] = [];
  chat.on('session:token', ({ token }) => tokens.push(token));
  expect(chat).toMatchObject({ cursor: undefined, transport: undefined, state: { status: 'connecting' } });
  await pass(50);
  expect(take()).toEqual(['session:token', 'session:entered']);
  expect(tokens).toEqual(['token-token-token-token']);
  expect(chat).toMatchObject({ cursor: { epoch: 'epoch-1', offset: 0 }, transport: 'websocket' });
  server.say('hello');
  await pass(10);
  expect(take()).toEqual(['event 1']);
  expect(chat.cursor?.offset).toBe(1);
});

test('comes back with the token and the cursor: each event once, in order', async () => {
  const { chat, server, take, pass, requests } = setUp();
  await pass(50);
  server.say('one');
  await pass(10);
  server.endAll(1006);
  server.say('two');
  server.say('three');
  await pass(1500);
  server.say('four');
  await pass(10);
  expect(take()).toEqual([
    'session:token',
    'session:entered',
    'event 1',
    'event 2',
    'event 3',
    'session:entered',
    'event 4',
  ]);
  expect(requests('session:resume')).toEqual([
    expect.objectContaining({
      data: { token: 'token-token-token-token', since: { epoch: 'epoch-1', offset: 1 } },
    }),
  ]);
  expect(chat.cursor?.offset).toBe(4);
});

test('a cursor from before its own start is caught up with', async () => {
  const { server, take, pass } = setUp(
    { token: 'token-token-token-old', since: { epoch: 'epoch-1', offset: 1 } },
    (fake) => {
      fake.say('known');
      fake.say('missed');
    },
  );
  await pass(50);
  expect(take()).toEqual(['event 2', 'session:entered']);
  expect(server.connection.entered).toBe(true);
});

test('more than can be caught up with is said', async () => {
  const { chat, server, take, pass } = setUp();
  await pass(50);
  take();
  server.recoveryLimit = 0;
  server.endAll(1006);
  server.say('missed');
  await pass(1500);
  expect(take()).toEqual(['session:missed', 'session:entered']);
  expect(chat.cursor?.offset).toBe(1);
});

test('what is emitted before the sign-in waits for it, and makes its own nonce', async () => {
  const { chat, server, pass } = setUp();
  const sent = chat.emit('message:send', text('early'));
  await pass(60);
  const receipt = await sent;
  expect(receipt).toMatchObject({ room: 'general', offset: 1 });
  expect(server.log[0]?.nonce).toMatch(/^[A-Za-z0-9_-]{32}$/);
});

test('what has a nonce is asked again after a loss, and done once', async () => {
  const { chat, server, pass } = setUp();
  await pass(50);
  let cut = true;
  server.intercept = (connection, request) => {
    if (request.event !== 'message:send' || !cut) return false;
    cut = false;
    // It is carried out, and the answer does not arrive.
    server.say('once', request.data.nonce);
    connection.end(1006);
    return true;
  };
  const sent = chat.emit('message:send', text('once'));
  await pass(1500);
  expect(await sent).toMatchObject({ offset: 1 });
  expect(server.log).toHaveLength(1);
});

test('what has none is lost with its connection', async () => {
  const { chat, server, pass } = setUp();
  await pass(50);
  server.intercept = (connection, request) => {
    if (request.event !== 'room:list') return false;
    connection.end(1006);
    return true;
  };
  const asked = chat.emit('room:list', {});
  const failed = expect(asked).rejects.toMatchObject({ name: 'ChatError', code: 'lost' });
  await pass(20);
  await failed;
});

test('a refusal rejects with the server’s code; so does the time, and the end', async () => {
  const { chat, server, pass } = setUp();
  await pass(50);
  server.intercept = (connection, request) => {
    if (request.event === 'message:send') {
      connection.refuse(request, { code: 'rate-limited', message: 'Too often.', retryAfter: 700 });
    }
    return request.event !== 'heartbeat:ping';
  };
  const refused = expect(chat.emit('message:send', text('x'))).rejects.toMatchObject({
    code: 'rate-limited',
    message: 'Too often.',
    retryAfter: 700,
  });
  const late = expect(chat.emit('room:list', {}, { timeout: 100 })).rejects.toMatchObject({
    code: 'timeout',
  });
  await pass(120);
  await refused;
  await late;
  const closed = expect(chat.emit('room:list', {})).rejects.toMatchObject({ code: 'closed' });
  chat.close();
  await closed;
  await expect(chat.emit('room:list', {})).rejects.toMatchObject({ code: 'closed' });
});

test('without a connection a request waits as long as it may', async () => {
  const { chat, pass } = setUp({ name: 'Dicey' }, (server) => {
    server.up = false;
  });
  const asked = expect(chat.emit('message:send', text('x'))).rejects.toMatchObject({ code: 'timeout' });
  await pass(emitTimeout + 10);
  await asked;
});

test('a name that is taken stops it, and says why', async () => {
  const { chat, server, take, pass } = setUp();
  server.intercept = (connection, request) => {
    if (request.event !== 'session:enter') return false;
    connection.refuse(request, { code: 'name-taken', message: 'Taken.', suggestion: 'Dicey 2' });
    return true;
  };
  const early = expect(chat.emit('room:list', {})).rejects.toMatchObject({
    code: 'name-taken',
    failure: { suggestion: 'Dicey 2' },
  });
  await pass(50);
  await early;
  expect(take()).toEqual(['session:refused']);
  await pass(60_000);
  expect(server.attempts).toHaveLength(1);
  expect(server.connections.size).toBe(0);
});

test('a token that has run out is replaced by the name, when there is one', async () => {
  const { server, take, pass, requests } = setUp({ token: 'token-token-token-old', name: 'Dicey' });
  server.intercept = (connection, request) => {
    if (request.event !== 'session:resume') return false;
    connection.refuse(request, { code: 'token-expired', message: 'Old.' });
    return true;
  };
  await pass(50);
  expect(take()).toEqual(['session:token', 'session:entered']);
  expect(requests('session:enter')).toHaveLength(1);
});

test('too often is tried again when the server says', async () => {
  const { server, take, pass } = setUp();
  let refusals = 0;
  server.intercept = (connection, request) => {
    if (request.event !== 'session:enter' || refusals > 0) return false;
    refusals += 1;
    connection.refuse(request, { code: 'rate-limited', message: 'Later.', retryAfter: 300 });
    return true;
  };
  await pass(300);
  expect(take()).toEqual([]);
  await pass(30);
  expect(take()).toEqual(['session:token', 'session:entered']);
});

test('the token is renewed before it runs out, again and again', async () => {
  const { chat, pass, requests, clock } = setUp();
  const tokens: string[] = [];
  chat.on('session:token', ({ token }) => tokens.push(token));
  await pass(50);
  clock.advance(0.8 * 3_600_000);
  await pass(20);
  expect(tokens).toEqual(['token-token-token-token', 'token-token-token-renewed']);
  clock.advance(0.8 * 3_600_000);
  await pass(20);
  expect(requests('session:refresh')).toHaveLength(2);
});

test('a token says itself when it runs out', async () => {
  const exp = 1_700_000_000 + 1000;
  const payload = Buffer.from(JSON.stringify({ exp })).toString('base64url');
  const { pass, requests, clock } = setUp({ token: `header-of-it.${payload}.signature-of-it` });
  await pass(50);
  clock.advance(790_000);
  await pass(20);
  expect(requests('session:refresh')).toHaveLength(0);
  clock.advance(10_000);
  await pass(20);
  expect(requests('session:refresh')).toHaveLength(1);
});

test('a token that lives for long is not renewed before its time', async () => {
  const exp = 1_700_000_000 + 5 * 24 * 3600;
  const payload = Buffer.from(JSON.stringify({ exp })).toString('base64url');
  const { pass, requests, clock } = setUp({ token: `header-of-it.${payload}.signature-of-it` });
  await pass(50);
  const day = 24 * 3_600_000;
  clock.advance(4 * day - 60_000);
  await pass(20);
  expect(requests('session:refresh')).toHaveLength(0);
  clock.advance(60_000);
  await pass(20);
  expect(requests('session:refresh')).toHaveLength(1);
});

test('an event that comes twice is told once', async () => {
  const { server, take, pass } = setUp();
  await pass(50);
  take();
  const event = server.say('once');
  server.connection.push('room:event', { event });
  await pass(10);
  expect(take()).toEqual(['event 1']);
});

test('without any credentials it may be used as it is, and signed in by hand', async () => {
  const { chat, server, pass, take } = setUp({});
  await pass(50);
  const entered = chat.emit('session:enter', { name: 'Ada' });
  await pass(50);
  expect(await entered).toMatchObject({ member: { name: 'Ada' } });
  server.say('one');
  await pass(10);
  server.endAll(1006);
  server.say('two');
  await pass(1500);
  expect(take()).toEqual(['session:token', 'session:entered', 'event 1', 'event 2', 'session:entered']);
});

test('a connection that is known already needs no token', async () => {
  const { take, pass, requests } = setUp({}, (server) => {
    server.known = true;
  });
  await pass(50);
  expect(take()).toEqual(['session:entered']);
  expect(requests('session:resume')).toEqual([expect.objectContaining({ data: {} })]);
});

describe('handlers', () => {
  test('end when they are told to', async () => {
    const { chat, server, pass } = setUp();
    const got: number[] = [];
    const off = chat.on('room:event', ({ event }) => got.push(event.offset));
    await pass(50);
    server.say('one');
    await pass(10);
    off();
    server.say('two');
    await pass(10);
    expect(got).toEqual([1]);
  });

  test('hear of the state', async () => {
    const { chat, server, pass } = setUp();
    const states: ConnectionState['status'][] = [];
    chat.on('connection:changed', ({ status }) => states.push(status));
    await pass(50);
    server.endAll(1006);
    expect([...new Set(states)]).toEqual(['connecting', 'open', 'waiting']);
    chat.close();
  });
});

test('close ends everything, also before it has begun', async () => {
  const one = setUp();
  one.chat.close();
  await one.pass(100);
  expect(one.server.attempts).toEqual([]);
  expect(one.clock.timerCount).toBe(0);

  const other = setUp();
  await other.pass(50);
  other.chat.close();
  await other.pass(100);
  expect(other.server.connections.size).toBe(0);
  expect(other.clock.timerCount).toBe(0);
});

test('a change of transport is not seen but for its name', async () => {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const environment = new FakeEnvironment(server, 'websocket', 'long-poll');
  server.ways.set('websocket', 'refused');
  const chat = connectChat({ url: 'http://chat.example', name: 'Ada', environment });
  const offsets: number[] = [];
  chat.on('room:event', ({ event }) => offsets.push(event.offset));
  const step = async () => {
    for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
    clock.advance(1);
  };
  for (let time = 0; time < 50; time += 1) await step();
  expect(chat.transport).toBe('long-poll');
  server.ways.set('websocket', 'works');
  environment.signal('online');
  const receipts: Promise<unknown>[] = [];
  for (let time = 0; time < 100; time += 1) {
    server.say(`theirs ${time}`);
    receipts.push(chat.emit('message:send', text(`mine ${time}`)));
    await step();
  }
  for (let time = 0; time < 50; time += 1) await step();
  await Promise.all(receipts);
  expect(chat.transport).toBe('websocket');
  expect(server.log).toHaveLength(200);
  expect(offsets).toEqual(server.log.map(({ offset }) => offset));
  chat.close();
});

test('what the old transport does not answer in time is asked again over the new one', async () => {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const environment = new FakeEnvironment(server, 'websocket', 'long-poll');
  server.ways.set('websocket', 'refused');
  const chat = connectChat({ url: 'http://chat.example', name: 'Ada', environment });
  const pass = async (milliseconds: number) => {
    for (let time = 0; time < milliseconds; time += 1) {
      for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
      clock.advance(1);
    }
  };
  await pass(50);
  server.ways.set('websocket', 'works');
  server.intercept = ({ transport }, { event }) => transport === 'long-poll' && event === 'message:send';
  const sent = chat.emit('message:send', text('once'));
  environment.signal('online');
  await pass(retireTimeout + 100);
  expect(await sent).toMatchObject({ offset: 1 });
  expect(server.log).toHaveLength(1);
  chat.close();
});
