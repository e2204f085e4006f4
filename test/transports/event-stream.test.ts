// Event streams over real HTTP: what opens one, what each event looks like, keep-alive, slow readers and the end.
import { describe, expect, it } from 'vitest';
import type { Push } from '../../src/transports/channel.ts';
import { keepAliveInterval, maximumBufferedAmount } from '../../src/transports/event-stream.ts';
import { postJson, refusalOf, StreamReader, serveTransports } from '../support/transports.ts';

const json = { 'content-type': 'application/json' };

function push(event: string, data: string, cursor?: string): Push {
  return { event, text: JSON.stringify({ event, data }), cursor, coalesce: undefined };
}

describe('an event stream', () => {
  it('begins with what proxies must know, 2 KiB for those that buffer, and the hello', async () => {
    const { url, users } = await serveTransports();
    const reader = await StreamReader.open(`${url}/api/stream`);
    expect(reader.status).toBe(200);
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    const id = await reader.connection();
    expect(id).toMatch(/^[A-Za-z0-9_-]{24}$/);
    expect(reader.text).toMatch(/^: {2046}\nretry: 2000\n\nevent: server:hello\ndata: /);
    expect(users[0]?.channel).toMatchObject({
      id,
      transport: 'event-stream',
      remoteAddress: '127.0.0.1',
      credential: undefined,
    });
  });

  it('has each message as an event with its name, its whole text and its cursor, in order', async () => {
    const server = await serveTransports();
    const reader = await StreamReader.open(`${server.url}/api/stream`);
    const user = server.user(await reader.connection());
    const shared = push('room:event', 'a\nb “c” 🙂', 'e1:7');
    user.channel.push(shared);
    user.say('reply', 'e1:8');
    user.channel.push(push('presence:changed', 'x'));
    await reader.until(() => reader.events.length === 4);
    expect(reader.events.slice(1)).toEqual([
      { event: 'room:event', id: 'e1:7', data: { event: 'room:event', data: 'a\nb “c” 🙂' } },
      { event: 'say', id: 'e1:8', data: { event: 'say', data: 'reply' } },
      { event: 'presence:changed', id: undefined, data: { event: 'presence:changed', data: 'x' } },
    ]);
  });

  it('is the same for all who get a push', async () => {
    const server = await serveTransports();
    const readers = await Promise.all([1, 2].map(() => StreamReader.open(`${server.url}/api/stream`)));
    for (const reader of readers) await reader.connection();
    const shared = push('room:event', 'hello', 'e:1');
    for (const user of server.users) user.channel.push(shared);
    for (const reader of readers) await reader.until(() => reader.events.length === 2);
    expect(readers[0]?.events[1]).toEqual(readers[1]?.events[1]);
  });

  it('over fetch takes its cursor as a body, and says so of itself', async () => {
    const server = await serveTransports();
    const reader = await StreamReader.open(`${server.url}/api/stream`, {
      method: 'POST',
      headers: { ...json, authorization: 'Bearer ada', 'user-agent': 'probe/1' },
      body: JSON.stringify({ since: { epoch: 'e1', offset: 12 } }),
    });
    const user = server.user(await reader.connection());
    expect(user.channel).toMatchObject({
      transport: 'fetch-stream',
      credential: 'ada',
      userAgent: 'probe/1',
    });
    expect(user.resumed).toEqual([{ epoch: 'e1', offset: 12 }]);
    expect(server.transports.counts).toEqual({
      websocket: 0,
      'event-stream': 0,
      'fetch-stream': 1,
      'long-poll': 0,
      'short-poll': 0,
    });
  });

  it('over fetch needs no body', async () => {
    const server = await serveTransports();
    const reader = await StreamReader.open(`${server.url}/api/stream`, { method: 'POST' });
    expect(server.user(await reader.connection()).resumed).toEqual([]);
  });

  it.each([
    ['a cookie and resume', '?resume=1', { cookie: 'token=ada' }, [undefined]],
    ['a cursor in the address', '?since=e1:12', { cookie: 'token=ada' }, [{ epoch: 'e1', offset: 12 }]],
    [
      'a Last-Event-ID, which is newer than the address',
      '?since=e1:12',
      { cookie: 'token=ada', 'last-event-id': 'e1:40' },
      [{ epoch: 'e1', offset: 40 }],
    ],
    ['a Last-Event-ID that is none', '', { cookie: 'token=ada', 'last-event-id': 'long ago' }, [undefined]],
    ['no credential', '?since=e1:12', {}, []],
    ['a credential alone', '', { cookie: 'token=ada' }, []],
    ['resume, said otherwise', '?resume=yes', { cookie: 'token=ada' }, []],
  ])('resumes as it was asked: %s', async (_, query, headers, resumed) => {
    const server = await serveTransports();
    const reader = await StreamReader.open(`${server.url}/api/stream${query}`, {
      headers: headers as Record<string, string>,
    });
    expect(server.user(await reader.connection()).resumed).toEqual(resumed);
  });

  it.each([
    ['a cursor that is none', 'GET', '?since=12', undefined, {}, 400, 'invalid'],
    ['a body that is no JSON', 'POST', '', '{', json, 400, 'malformed'],
    ['a body of another type', 'POST', '', '{}', { 'content-type': 'text/plain' }, 415, 'malformed'],
    ['a body without a type', 'POST', '', '{}', { 'content-type': '' }, 415, 'malformed'],
    ['an array', 'POST', '', '[]', json, 400, 'invalid'],
    ['a field that there is not', 'POST', '', '{"token":"x"}', json, 400, 'invalid'],
    ['an offset below 0', 'POST', '', '{"since":{"epoch":"e","offset":-1}}', json, 400, 'invalid'],
    ['a body over 4 KiB', 'POST', '', JSON.stringify({ since: 'x'.repeat(4096) }), json, 413, 'malformed'],
    ['another method', 'PUT', '', undefined, {}, 405, 'method-not-allowed'],
    [
      'a page of another origin',
      'GET',
      '',
      undefined,
      { origin: 'https://evil.example' },
      403,
      'origin-refused',
    ],
    [
      'a page of another site',
      'GET',
      '',
      undefined,
      { 'sec-fetch-site': 'cross-site' },
      403,
      'origin-refused',
    ],
    [
      'a page of another port',
      'GET',
      '',
      undefined,
      { 'sec-fetch-site': 'same-site' },
      403,
      'origin-refused',
    ],
  ])('is refused to %s', async (_, method, query, body, headers, status, code) => {
    const server = await serveTransports();
    const response = await fetch(`${server.url}/api/stream${query}`, {
      method,
      headers: headers as Record<string, string>,
      ...(body === undefined ? {} : { body }),
    });
    expect(await refusalOf(response)).toMatchObject({ status, code });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(server.users).toEqual([]);
  });

  it('is for pages of the same origin, and of those that are allowed', async () => {
    const server = await serveTransports({ allowedOrigins: ['https://chat.example'] });
    for (const origin of [server.url, 'https://chat.example']) {
      const reader = await StreamReader.open(`${server.url}/api/stream`, { headers: { origin } });
      await reader.connection();
    }
    expect(server.users).toHaveLength(2);
  });
});

describe('a silent stream', () => {
  it('has a comment every 15 seconds', async () => {
    const server = await serveTransports();
    const reader = await StreamReader.open(`${server.url}/api/stream`);
    await reader.connection();
    const before = reader.text.length;
    server.clock.advance(keepAliveInterval - 1000);
    server.clock.advance(1000);
    await reader.until(() => reader.text.length > before);
    expect(reader.text.slice(before)).toBe(':\n\n');
    server.clock.advance(keepAliveInterval);
    await reader.until(() => reader.text.length === before + 6);
    expect(reader.events).toHaveLength(1);
  });
});

describe('a slow reader', () => {
  const large = 'x'.repeat(256 * 1024);

  it('is told of as an amount that waits, and as drained when it has taken it', async () => {
    const server = await serveTransports();
    const reader = await StreamReader.open(`${server.url}/api/stream`);
    const user = server.user(await reader.connection());
    expect(user.channel.bufferedAmount).toBe(0);
    reader.pause();
    let sent = 0;
    while (user.channel.bufferedAmount < 1024 * 1024) {
      user.say(large);
      sent++;
      await new Promise(setImmediate);
    }
    // What the kernel took at once is drained at once.
    const before = user.drains;
    reader.resume();
    await user.until(() => user.drains > before);
    expect(user.channel.bufferedAmount).toBe(0);
    await reader.until(() => reader.events.length === 1 + sent);
  });

  it('that lets too much wait is cut, and what is said to it afterwards is dropped', async () => {
    const server = await serveTransports();
    const reader = await StreamReader.open(`${server.url}/api/stream`);
    const user = server.user(await reader.connection());
    reader.pause();
    let most = 0;
    for (let count = 0; count < 1000 && user.closes === 0; count++) {
      user.say(large);
      most = Math.max(most, user.channel.bufferedAmount);
      await new Promise(setImmediate);
    }
    await user.until(() => user.closes === 1);
    expect(most).toBeGreaterThan(maximumBufferedAmount);
    expect(most).toBeLessThan(maximumBufferedAmount + 2 * large.length);
    expect(server.transports.counts['event-stream']).toBe(0);
    user.say('nobody hears this');
  });

  it('that takes nothing at all while something waits is cut', async () => {
    const server = await serveTransports();
    const reader = await StreamReader.open(`${server.url}/api/stream`);
    const user = server.user(await reader.connection());
    reader.pause();
    while (user.channel.bufferedAmount < 1024 * 1024) {
      user.say(large);
      await new Promise(setImmediate);
    }
    for (let count = 0; count < 2; count++) server.clock.advance(keepAliveInterval);
    expect(user.closes).toBe(0);
    for (let count = 0; count < 2; count++) server.clock.advance(keepAliveInterval);
    await user.until(() => user.closes === 1);
  });
});

describe('what the client says', () => {
  it('comes up by POST, one or several, in the order in which it was sent', async () => {
    const server = await serveTransports();
    const reader = await StreamReader.open(`${server.url}/api/stream`);
    const id = await reader.connection();
    const user = server.user(id);
    user.onReceive = (data) => user.channel.send(JSON.stringify({ echo: data }), 'echo');
    const one = await postJson(`${server.url}/api/connections/${id}`, { event: 'one' });
    expect([one.status, await one.json()]).toEqual([202, { taken: 1 }]);
    const more = await postJson(`${server.url}/api/connections/${id}`, [
      { event: 'two' },
      { event: 'three' },
    ]);
    expect([more.status, await more.json()]).toEqual([202, { taken: 2 }]);
    const none = await postJson(`${server.url}/api/connections/${id}`, []);
    expect([none.status, await none.json()]).toEqual([202, { taken: 0 }]);
    expect(user.received).toEqual(['{"event":"one"}', '{"event":"two"}', '{"event":"three"}']);
    await reader.until(() => reader.events.length === 4);
  });
});

describe('the end', () => {
  it('by the user is told with its code and reason, after what was said before', async () => {
    const server = await serveTransports();
    const reader = await StreamReader.open(`${server.url}/api/stream`);
    const user = server.user(await reader.connection());
    user.say('last words');
    user.channel.close(1008, 'too many requests');
    user.channel.close(1000, 'again');
    user.say('too late');
    await reader.ended();
    expect(reader.events.slice(1)).toEqual([
      { event: 'say', id: undefined, data: { event: 'say', data: 'last words' } },
      {
        event: 'connection:closed',
        id: undefined,
        data: { event: 'connection:closed', data: { code: 1008, reason: 'too many requests' } },
      },
    ]);
    await user.until(() => user.closes === 1);
    const late = await postJson(`${server.url}/api/connections/${user.channel.id}`, {});
    expect(await refusalOf(late)).toMatchObject({ status: 404, code: 'connection-unknown' });
  });

  it('by the client is heard, however it comes', async () => {
    const server = await serveTransports();
    const cut = await StreamReader.open(`${server.url}/api/stream`);
    const user = server.user(await cut.connection());
    cut.destroy();
    await user.until(() => user.closes === 1);

    for (const [method, path] of [
      ['DELETE', ''],
      ['POST', '/close'],
    ] as const) {
      const reader = await StreamReader.open(`${server.url}/api/stream`);
      const id = await reader.connection();
      const response = await fetch(`${server.url}/api/connections/${id}${path}`, { method });
      expect(response.status).toBe(204);
      await reader.ended();
      expect(reader.events).toHaveLength(1);
      await server.user(id).until(() => server.user(id).closes === 1);
    }
    expect(server.transports.counts['event-stream']).toBe(0);
  });

  it('is a line in the log: who ended it, and with what', async () => {
    const server = await serveTransports();
    const readers = await Promise.all([1, 2].map(() => StreamReader.open(`${server.url}/api/stream`)));
    const [ours, theirs] = [await readers[0]?.connection(), await readers[1]?.connection()].map((id = '') =>
      server.user(id),
    );
    server.clock.advance(5000);
    ours?.channel.close(1008, 'too many requests');
    await ours?.until(() => ours.closes === 1);
    readers[1]?.destroy();
    await theirs?.until(() => theirs.closes === 1);
    const line = { remoteAddress: '127.0.0.1', transport: 'event-stream', duration: 5000 };
    expect(server.lines).toEqual([
      {
        level: 'info',
        details: { ...line, initiator: 'us', code: 1008, reason: 'too many requests' },
        text: 'connection closed',
      },
      { level: 'info', details: { ...line, initiator: 'peer' }, text: 'connection closed' },
    ]);
  });

  it('of the server is told to each, with the time to come back, and nobody new is taken', async () => {
    const server = await serveTransports();
    const readers = await Promise.all([1, 2, 3].map(() => StreamReader.open(`${server.url}/api/stream`)));
    for (const reader of readers) await reader.connection();
    server.transports.drain({ retryWindow: 3000 });
    const pauses: number[] = [];
    for (const reader of readers) {
      await reader.ended();
      const { data } = reader.events.at(-1) ?? {};
      expect(data).toMatchObject({
        event: 'connection:closed',
        data: { code: 1012, reason: expect.stringMatching(/^The server restarts\. retry after \d+ ms$/) },
      });
      pauses.push(Number(/after (\d+) ms/.exec(JSON.stringify(data))?.[1]));
    }
    expect(pauses.toSorted((one, other) => one - other).map((pause) => Math.floor(pause / 1000))).toEqual([
      0, 1, 2,
    ]);
    const response = await fetch(`${server.url}/api/stream`);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await refusalOf(response)).toMatchObject({ status: 503, code: 'unavailable' });
  });
});
