// Polling over real HTTP: numbers and acknowledgements, answers that are cut, waits, lapses, and what a stranger may hold.
import { describe, expect, it } from 'vitest';
import type { Push } from '../../src/transports/channel.ts';
import { pollingLimits } from '../../src/transports/connections.ts';
import {
  maximumAnswerLength,
  maximumWait,
  maximumWaitingLength,
  pollingLapse,
} from '../../src/transports/polling.ts';
import {
  openPolling,
  type Polled,
  poll,
  postJson,
  refusalOf,
  type ServingTransports,
  serveTransports,
} from '../support/transports.ts';

/** What the user said, without the hello and the envelope. */
function said({ messages }: Polled): unknown[] {
  return messages.map(([number, message]) => [number, (message as { data: unknown }).data]);
}

const say = (number: number, text: string) => [number, text];
const closedAs = (code: number, reason: unknown) => ({ event: 'connection:closed', data: { code, reason } });

async function opened(server: ServingTransports) {
  const id = await openPolling(server);
  const user = server.user(id);
  const { last } = await poll(server, id);
  return { id, user, last };
}

/** A poll that waits; resolves when the server has it. */
async function waiting(server: ServingTransports, id: string, query: string, signal?: AbortSignal) {
  const { requests } = server;
  const answered = poll(server, id, query, signal);
  answered.catch(() => {});
  await server.requested(requests + 1);
  return { answered };
}

describe('a connection that polls', () => {
  it('is made by POST, named where requests go, and begins with the hello', async () => {
    const server = await serveTransports();
    const response = await postJson(
      `${server.url}/api/connections`,
      { resume: true },
      { cookie: 'token=ada' },
    );
    expect(response.status).toBe(201);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const [user] = server.users;
    const id = user?.channel.id ?? '';
    expect(id).toMatch(/^[A-Za-z0-9_-]{24}$/);
    expect(response.headers.get('location')).toBe(`/api/connections/${id}`);
    expect(await response.json()).toEqual({ connection: id });
    expect(user?.resumed).toEqual([undefined]);
    expect(user?.channel).toMatchObject({ credential: 'ada', transport: 'long-poll' });
    const polled = await poll(server, id);
    expect(polled).toEqual({
      messages: [[1, { event: 'server:hello', data: { connection: id } }]],
      last: 1,
    });
    expect(user?.channel.transport).toBe('short-poll');
  });

  it('gets messages by number, each again until it is acknowledged, whatever became of the answers', async () => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    user.say('one');
    user.say('two');
    expect(said(await poll(server, id, '?after=1'))).toEqual([say(2, 'one'), say(3, 'two')]);
    user.say('three');
    // As if the answer had been cut on its way.
    const again = await poll(server, id, '?after=1');
    expect([said(again), again.last]).toEqual([[say(2, 'one'), say(3, 'two'), say(4, 'three')], 4]);
    expect(said(await poll(server, id, '?after=2'))).toEqual([say(3, 'two'), say(4, 'three')]);
    expect(await poll(server, id, '?after=4')).toEqual({ messages: [], last: 4 });
    expect(user.channel.bufferedAmount).toBe(0);
  });

  it('is told what waits until it has said that it has it', async () => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    await poll(server, id, '?after=1');
    const { drains } = user;
    user.say('some');
    const amount = user.channel.bufferedAmount;
    expect(amount).toBeGreaterThan(4);
    await poll(server, id, '?after=1');
    expect(user.channel.bufferedAmount).toBe(amount);
    expect(user.drains).toBe(drains);
    await poll(server, id, '?after=2');
    expect(user.channel.bufferedAmount).toBe(0);
    expect(user.drains).toBe(drains + 1);
  });

  it('gets much in several answers, and one long message whole', async () => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    const half = 'x'.repeat(maximumAnswerLength / 2);
    for (let count = 0; count < 3; count++) user.say(half);
    user.say('y'.repeat(2 * maximumAnswerLength));
    user.say('end');
    const counts: number[] = [];
    let after = 1;
    for (let polled = await poll(server, id, '?after=1'); polled.messages.length > 0; ) {
      counts.push(polled.messages.length);
      expect(polled.messages[0]?.[0]).toBe(after + 1);
      after = polled.last;
      polled = await poll(server, id, `?after=${after}`);
    }
    expect(after).toBe(6);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5);
    expect(Math.max(...counts)).toBeLessThan(3);
  });

  it('is not told what a newer push stands for, unless it may have seen it', async () => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    const typing = (text: string): Push => ({
      event: 'room:typing',
      text: JSON.stringify({ event: 'room:typing', data: text }),
      cursor: undefined,
      coalesce: 'typing',
    });
    user.channel.push(typing('first'));
    user.say('between');
    user.channel.push(typing('second'));
    expect(said(await poll(server, id, '?after=1'))).toEqual([say(3, 'between'), say(4, 'second')]);
    user.channel.push(typing('third'));
    const polled = await poll(server, id, '?after=1');
    expect(said(polled)).toEqual([say(3, 'between'), say(4, 'second'), say(5, 'third')]);
    await poll(server, id, '?after=5');
    expect(user.channel.bufferedAmount).toBe(0);
  });
});

describe('a poll that waits', () => {
  it('is answered when there is something, with all that came together', async () => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    const { answered } = await waiting(server, id, '?after=1&wait=25000');
    expect(user.channel.transport).toBe('long-poll');
    user.say('one');
    user.say('two');
    expect(said(await answered)).toEqual([say(2, 'one'), say(3, 'two')]);
  });

  it('is answered at once when something is there already', async () => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    user.say('one');
    expect(said(await poll(server, id, '?after=1&wait=25000'))).toEqual([say(2, 'one')]);
  });

  it.each([
    [3000, 3000],
    [10 ** 9, maximumWait],
  ])('for %i ms is answered with nothing after %i', async (wait, time) => {
    const server = await serveTransports();
    const { id } = await opened(server);
    const { answered } = await waiting(server, id, `?after=1&wait=${wait}`);
    let isOver = false;
    const over = answered.then((polled) => {
      isOver = true;
      return polled;
    });
    server.clock.advance(time - 1000);
    // Whatever had been answered by then would have come with this.
    await fetch(`${server.url}/nothing`);
    expect(isOver).toBe(false);
    server.clock.advance(1000);
    expect(await over).toEqual({ messages: [], last: 1 });
  });

  it('ends when a newer one comes, which waits in its place', async () => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    const older = await waiting(server, id, '?after=1&wait=25000');
    const newer = await waiting(server, id, '?after=1&wait=25000');
    expect(await older.answered).toEqual({ messages: [], last: 1 });
    user.say('one');
    expect(said(await newer.answered)).toEqual([say(2, 'one')]);
  });

  it('that is cut takes nothing with it', async () => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    const cut = new AbortController();
    const { answered } = await waiting(server, id, '?after=1&wait=25000', cut.signal);
    cut.abort();
    await expect(answered).rejects.toThrow();
    user.say('one');
    expect(said(await poll(server, id, '?after=1&wait=25000'))).toEqual([say(2, 'one')]);
  });
});

describe('a connection that nobody polls', () => {
  it('lapses a minute after the last poll, and not while one waits', async () => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    const { answered } = await waiting(server, id, '?after=1&wait=25000');
    server.clock.advance(maximumWait);
    await answered;
    server.clock.advance(pollingLapse - 1000);
    expect(user.closes).toBe(0);
    expect(server.transports.counts['long-poll']).toBe(1);
    server.clock.advance(2000);
    await user.until(() => user.closes === 1);
    expect(server.transports.counts['long-poll']).toBe(0);
    const response = await fetch(`${server.url}/api/connections/${id}`);
    expect(await refusalOf(response)).toMatchObject({ status: 404, code: 'connection-unknown' });
    user.say('nobody hears this');
    expect(user.channel.bufferedAmount).toBe(0);
  });

  it('does so from the beginning', async () => {
    const server = await serveTransports();
    const id = await openPolling(server);
    server.clock.advance(pollingLapse);
    await server.user(id).until(() => server.user(id).closes === 1);
  });

  it('keeps no more than so much for its client, and tells it why it ended', async () => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    const large = 'x'.repeat(512 * 1024);
    let most = 0;
    for (let count = 0; count < 100; count++) {
      user.say(large);
      most = Math.max(most, user.channel.bufferedAmount);
    }
    expect(most).toBeGreaterThan(maximumWaitingLength);
    expect(most).toBeLessThan(maximumWaitingLength + 2 * large.length);
    await user.until(() => user.closes === 1);
    const polled = await poll(server, id, '?after=1');
    expect(polled.messages.map(([, message]) => message)).toEqual([
      closedAs(1013, expect.stringMatching(/too slowly/)),
    ]);
  });
});

describe('the end', () => {
  it('by the user is told at once, with what was said before, until it is acknowledged', async () => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    const { answered } = await waiting(server, id, '?after=1&wait=25000');
    user.say('last words');
    user.channel.close(1000, 'signed out');
    user.channel.close(1008, 'again');
    user.say('too late');
    const polled = await answered;
    expect(polled.messages).toEqual([
      [2, { event: 'say', data: 'last words' }],
      [3, closedAs(1000, 'signed out')],
    ]);
    await user.until(() => user.closes === 1);
    const late = await postJson(`${server.url}/api/connections/${id}`, {});
    expect(await refusalOf(late)).toMatchObject({ status: 404, code: 'connection-unknown' });
    // The answer may have been cut.
    expect((await poll(server, id, '?after=1')).messages).toEqual(polled.messages);
    expect(await poll(server, id, '?after=3')).toEqual({ messages: [], last: 3 });
    expect((await fetch(`${server.url}/api/connections/${id}?after=3`)).status).toBe(404);
    expect(user.closes).toBe(1);
  });

  it('by the client is heard at once, and ends the poll that waits', async () => {
    const server = await serveTransports();
    for (const [method, path] of [
      ['DELETE', ''],
      ['POST', '/close'],
    ] as const) {
      const { id, user } = await opened(server);
      const { answered } = await waiting(server, id, '?after=1&wait=25000');
      const response = await fetch(`${server.url}/api/connections/${id}${path}`, { method });
      expect(response.status).toBe(204);
      expect(await answered).toEqual({ messages: [], last: 1 });
      await user.until(() => user.closes === 1);
      expect((await fetch(`${server.url}/api/connections/${id}`)).status).toBe(404);
      expect((await fetch(`${server.url}/api/connections/${id}`, { method: 'DELETE' })).status).toBe(404);
    }
  });

  it('by a page that goes away is a beacon, with whatever body', async () => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    const response = await fetch(`${server.url}/api/connections/${id}/close`, {
      method: 'POST',
      body: 'bye',
      headers: { 'content-type': 'text/plain;charset=UTF-8' },
    });
    expect(response.status).toBe(204);
    await user.until(() => user.closes === 1);
  });

  it('of the server is told to the polls that wait, with the time to come back', async () => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    const { answered } = await waiting(server, id, '?after=1&wait=25000');
    user.say('server:restart');
    server.transports.drain({ retryWindow: 5000 });
    const polled = await answered;
    expect(polled.messages).toEqual([
      [2, { event: 'say', data: 'server:restart' }],
      [3, closedAs(1012, expect.stringMatching(/^The server restarts\. retry after \d+ ms$/))],
    ]);
    await user.until(() => user.closes === 1);
    const response = await postJson(`${server.url}/api/connections`, {});
    expect(await refusalOf(response)).toMatchObject({ status: 503, code: 'unavailable' });
  });
});

describe('a request that is wrong', () => {
  it.each([
    ['GET', '', '?after=2', 400, 'invalid'],
    ['GET', '', '?after=-1', 400, 'invalid'],
    ['GET', '', '?after=x', 400, 'invalid'],
    ['GET', '', '?wait=soon', 400, 'invalid'],
    ['GET', '', '?wait=1e3', 400, 'invalid'],
    ['PUT', '', '', 405, 'method-not-allowed'],
    ['HEAD', '', '', 405, undefined],
    ['GET', '/close', '', 405, 'method-not-allowed'],
    ['GET', '/frames', '', 404, 'connection-unknown'],
    ['POST', '/frames', '', 405, 'method-not-allowed'],
  ])('%s ID%s%s: %i', async (method, action, query, status, code) => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    const response = await fetch(`${server.url}/api/connections/${id}${action}${query}`, { method });
    if (code === undefined) expect(response.status).toBe(status);
    else expect(await refusalOf(response)).toMatchObject({ status, code });
    expect(user.closes).toBe(0);
  });

  it.each([
    ['GET', ''],
    ['POST', ''],
    ['DELETE', ''],
    ['POST', '/close'],
    ['GET', '/frames'],
  ])('%s of a connection that there is not: 404', async (method, action) => {
    const server = await serveTransports();
    const response = await fetch(`${server.url}/api/connections/${'A'.repeat(24)}${action}`, { method });
    expect(await refusalOf(response)).toMatchObject({ status: 404, code: 'connection-unknown' });
  });

  it('from a page of another origin: 403, and nothing happens', async () => {
    const server = await serveTransports();
    const { id, user } = await opened(server);
    const origin = 'https://evil.example';
    for (const [method, path] of [
      ['POST', '/api/connections'],
      ['GET', `/api/connections/${id}`],
      ['POST', `/api/connections/${id}`],
      ['DELETE', `/api/connections/${id}`],
      ['POST', `/api/connections/${id}/close`],
    ] as const) {
      const response = await fetch(server.url + path, { method, headers: { origin } });
      expect(await refusalOf(response)).toMatchObject({ status: 403, code: 'origin-refused' });
    }
    expect([server.users.length, user.received, user.closes]).toEqual([1, [], 0]);
  });

  it('at a path that is nobody’s is left to others', async () => {
    const server = await serveTransports();
    for (const path of [
      '/api/stream/x',
      '/api/connections/',
      '/api/connections/a/b',
      '/api/connections/a.b',
    ]) {
      expect(await (await fetch(server.url + path)).text()).toBe('nobody’s');
    }
  });
});

describe('many connections that poll', () => {
  it('from one address are refused beyond a number, and free again when one has ended', async () => {
    const server = await serveTransports();
    const ids: string[] = [];
    for (let count = 0; count < pollingLimits.address; count++) ids.push(await openPolling(server));
    const response = await postJson(`${server.url}/api/connections`, {});
    expect(response.headers.get('retry-after')).toBe('10');
    expect(await refusalOf(response)).toMatchObject({ status: 503, code: 'too-many' });
    // Who was not taken in is not accepted.
    expect(server.users).toHaveLength(pollingLimits.address);
    await fetch(`${server.url}/api/connections/${ids[0]}`, { method: 'DELETE' });
    await openPolling(server);
  });
});
