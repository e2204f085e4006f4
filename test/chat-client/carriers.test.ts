// Each transport of the client against the server's own, on a real port; and what each does when the network cuts it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Fetch } from '../../src/chat-client/carriers/http.ts';
import {
  longestPause,
  pauseAfterSending,
  pollTries,
  shortestPause,
} from '../../src/chat-client/carriers/poll.ts';
import { type CarrierOptions, createCarriers } from '../../src/chat-client/carriers.ts';
import type { Socket } from '../../src/chat-client/platform.ts';
import { type TransportName, transportNames } from '../../src/transports/channel.ts';
import { serveTransports } from '../support/transports.ts';
import { Heard, OwnWebSocket, TestEventSource } from './carrier-user.ts';

function open(options: CarrierOptions & { readonly transport: TransportName }): {
  socket: Socket;
  heard: Heard;
} {
  const carriers = createCarriers({
    WebSocket: OwnWebSocket,
    EventSource: TestEventSource,
    ...options,
    transports: [options.transport],
  });
  const openSocket = carriers[options.transport];
  if (openSocket === undefined) throw new Error(`no ${options.transport}`);
  const heard = new Heard();
  const socket = openSocket(heard.handlers);
  onTestFinished(() => socket.close(1000, 'the test is over'));
  return { socket, heard };
}

/** Timers that fire at once, but for deadlines, which never do. Notes the milliseconds. */
function quickTimers() {
  const waits: number[] = [];
  const after = (milliseconds: number, callback: () => void) => {
    if (milliseconds >= 10_000) return () => {};
    waits.push(milliseconds);
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  };
  return { waits, after };
}

describe.each([...transportNames])('%s', (transport) => {
  test('greets, carries both ways in order, and closes for the server', async () => {
    const server = await serveTransports();
    const { after } = quickTimers();
    const { socket, heard } = open({ url: server.url, transport, after });
    expect(heard).toMatchObject({ opened: 0, messages: [], closed: undefined });
    await heard.until(() => heard.messages.length === 1);
    const [user] = server.users;
    if (user === undefined) throw new Error('nobody came');
    expect(heard.opened).toBe(1);
    expect(heard.messages).toEqual([{ event: 'server:hello', data: { connection: user.channel.id } }]);

    const sent = Array.from({ length: 100 }, (_, number) => JSON.stringify({ event: 'x', data: { number } }));
    for (const text of sent) socket.send(text);
    await user.until(() => user.received.length === sent.length);
    expect(user.received.map(String)).toEqual(sent);

    const said = Array.from({ length: 100 }, (_, number) => ({
      event: 'room:typing',
      data: `${number} – é😀\u2028`,
    }));
    for (const message of said) user.channel.send(JSON.stringify(message), message.event);
    await heard.until(() => heard.messages.length === 1 + said.length);
    expect(heard.messages.slice(1)).toEqual(said);

    user.channel.send('{"event":"room:typing","data":"the last"}', 'room:typing');
    user.channel.close(1012, 'The server restarts. retry after 20 ms');
    await heard.until(() => heard.closed !== undefined);
    expect(heard.messages.at(-1)).toEqual({ event: 'room:typing', data: 'the last' });
    expect(heard.closed).toEqual([1012, 'The server restarts. retry after 20 ms']);
    expect(server.users).toHaveLength(1);
    expect(user.channel.transport).toBe(transport);
  });

  test('closing it ends the connection at the server, and nothing is told any more', async () => {
    const server = await serveTransports();
    const { after } = quickTimers();
    const { socket, heard } = open({ url: server.url, transport, after });
    await heard.until(() => heard.messages.length === 1);
    const [user] = server.users;
    socket.close(1000, 'bye');
    await user?.until(() => user.closes === 1);
    expect(heard.closed).toBeUndefined();
    socket.send('{"event":"x"}');
    expect(user?.received).toEqual([]);
  });

  test('where nothing listens it is closed, later and once', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { heard } = open({ url: `http://127.0.0.1:${port}`, transport });
    expect(heard.closed).toBeUndefined();
    await heard.until(() => heard.closed !== undefined);
    expect(heard.closed?.[0]).toBe(1006);
    expect(heard.opened).toBe(0);
  });

  test('closed before it is open it leaves nothing behind', async () => {
    const server = await serveTransports();
    const { socket, heard } = open({ url: server.url, transport });
    socket.close(1000, '');
    const other = open({ url: server.url, transport: 'fetch-stream' });
    await other.heard.until(() => other.heard.messages.length === 1);
    expect(heard).toMatchObject({ opened: 0, messages: [], closed: undefined });
  });
});

/** A server that answers as it is told, request by request. */
async function scripted(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => answer(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function json(response: ServerResponse, status: number, value: unknown, fields = {}) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...fields }).end(JSON.stringify(value));
}

describe('what a refusal means', () => {
  const refusals: [number, object, object, [number, string]][] = [
    [503, { error: { code: 'x', message: 'Busy.', retryAfter: 40 } }, {}, [1013, 'Busy. retry after 40 ms']],
    [
      429,
      { error: { code: 'x', message: 'Slow.' } },
      { 'Retry-After': '2' },
      [1013, 'Slow. retry after 2000 ms'],
    ],
    [503, {}, { 'Retry-After': 'Fri, 01 Jan 2100 00:00:00 GMT' }, [1013, 'HTTP 503']],
    [403, { error: { code: 'x', message: 'Not yours.' } }, {}, [1008, 'Not yours.']],
    [404, {}, {}, [1006, 'HTTP 404']],
    [502, {}, {}, [1014, 'HTTP 502']],
    [500, {}, {}, [1011, 'HTTP 500']],
  ];
  test.each(refusals)('%i %o %o', async (status, body, fields, expected) => {
    const url = await scripted((_, response) => json(response, status, body, fields));
    for (const transport of ['fetch-stream', 'long-poll'] as const) {
      const { heard } = open({ url, transport });
      await heard.until(() => heard.closed !== undefined);
      expect(heard.closed, transport).toEqual(expected);
      expect(heard.opened).toBe(0);
    }
  });

  test('an answer that is no event stream is none', async () => {
    const url = await scripted((_, response) => response.end('<p>Please log in to the hotel’s network'));
    const { heard } = open({ url, transport: 'fetch-stream' });
    await heard.until(() => heard.closed !== undefined);
    expect(heard.closed?.[0]).toBe(1006);
  });
});

describe('the way up', () => {
  test('one request at a time; what comes up meanwhile goes together, in order', async () => {
    const bodies: unknown[] = [];
    const release: (() => void)[] = [];
    const server = await serveTransports();
    const fetcher: Fetch = async (address, init) => {
      if (init.method === 'POST' && address.includes('/api/connections/')) {
        bodies.push(JSON.parse(init.body ?? ''));
        await new Promise<void>((resolve) => release.push(resolve));
      }
      return fetch(address, init);
    };
    const { socket, heard } = open({ url: server.url, transport: 'fetch-stream', fetch: fetcher });
    await heard.until(() => heard.messages.length === 1);
    for (const id of [1, 2, 3]) socket.send(JSON.stringify({ event: 'x', id }));
    expect(bodies).toEqual([{ event: 'x', id: 1 }]);
    release.shift()?.();
    const [user] = server.users;
    await user?.until(() => user.received.length === 1);
    while (release.length === 0) await new Promise(setImmediate);
    expect(bodies).toEqual([
      { event: 'x', id: 1 },
      [
        { event: 'x', id: 2 },
        { event: 'x', id: 3 },
      ],
    ]);
    release.shift()?.();
    await user?.until(() => user.received.length === 3);
  });

  test('a POST that fails ends the connection: nobody knows whether it was carried out', async () => {
    const server = await serveTransports();
    const fetcher: Fetch = async (address, init) => {
      const response = await fetch(address, init);
      if (init.method === 'POST' && address.includes('/api/connections/')) throw new TypeError('cut');
      return response;
    };
    const { socket, heard } = open({ url: server.url, transport: 'fetch-stream', fetch: fetcher });
    await heard.until(() => heard.messages.length === 1);
    socket.send('{"event":"x"}');
    await heard.until(() => heard.closed !== undefined);
    expect(heard.closed).toEqual([1006, '']);
    expect(server.users[0]?.received).toEqual(['{"event":"x"}']);
  });

  test('own fields go with every request', async () => {
    const server = await serveTransports();
    const headers = { Authorization: 'Bearer abc' };
    for (const transport of ['fetch-stream', 'long-poll'] as const) {
      const { heard } = open({ url: server.url, transport, headers });
      await heard.until(() => heard.messages.length === 1);
    }
    expect(server.users.map(({ channel }) => channel.credential)).toEqual(['abc', 'abc']);
  });
});

describe('polling', () => {
  test.each(['long-poll', 'short-poll'] as const)(
    '%s: an answer that is cut loses and doubles nothing',
    async (transport) => {
      const server = await serveTransports();
      const { waits, after } = quickTimers();
      let polls = 0;
      const asked: string[] = [];
      const fetcher: Fetch = async (address, init) => {
        if (init.method !== 'GET') return fetch(address, init);
        polls += 1;
        asked.push(new URL(address).searchParams.get('after') ?? '');
        const response = await fetch(address, init);
        // The answer was sent, and does not arrive: every other time whole, or in its middle.
        if (polls % 3 === 1) throw new TypeError('cut');
        if (polls % 3 === 2)
          return { ...answerOf(response), text: async () => (await response.text()).slice(0, -5) };
        return response;
      };
      const { heard } = open({ url: server.url, transport, after, fetch: fetcher });
      await heard.until(() => heard.messages.length === 1);
      const [user] = server.users;
      for (let round = 1; round <= 5; round += 1) {
        user?.channel.send(JSON.stringify({ event: 'say', data: round }), 'say');
        await heard.until(() => heard.messages.length === 1 + round);
      }
      expect(heard.messages.slice(1)).toEqual([1, 2, 3, 4, 5].map((data) => ({ event: 'say', data })));
      expect(asked.slice(0, 4)).toEqual(['0', '0', '0', '1']);
      expect(waits.slice(0, 2)).toEqual([250, 500]);
      expect(server.users).toHaveLength(1);
    },
  );

  function answerOf({ ok, status, headers, body }: Response) {
    return { ok, status, headers, body };
  }

  test('a message that comes again is not told again', async () => {
    const { after } = quickTimers();
    const answers = [
      {
        messages: [
          [1, 'one'],
          [2, 'two'],
        ],
        last: 2,
      },
      {
        messages: [
          [2, 'two'],
          [3, 'three'],
        ],
        last: 3,
      },
    ];
    const url = await scripted((request, response) => {
      if (request.method === 'POST') return json(response, 201, { connection: 'c' });
      const answer = answers.shift();
      if (answer !== undefined) json(response, 200, answer);
    });
    const { heard } = open({ url, transport: 'long-poll', after });
    await heard.until(() => heard.messages.length >= 3);
    expect(heard.messages).toEqual(['one', 'two', 'three']);
  });

  test('polls that are cut again and again end it', async () => {
    const server = await serveTransports();
    const { waits, after } = quickTimers();
    const fetcher: Fetch = async (address, init) => {
      if (init.method === 'GET') throw new TypeError('cut');
      return fetch(address, init);
    };
    const { heard } = open({ url: server.url, transport: 'long-poll', after, fetch: fetcher });
    await heard.until(() => heard.closed !== undefined);
    expect(heard.closed).toEqual([1006, '']);
    expect(waits).toHaveLength(pollTries);
  });

  test('a connection that the server does not know any more is over at once', async () => {
    const server = await serveTransports();
    const { after, waits } = quickTimers();
    const { heard } = open({ url: server.url, transport: 'long-poll', after });
    await heard.until(() => heard.messages.length === 1);
    const id = server.users[0]?.channel.id;
    await (await fetch(`${server.url}/api/connections/${id}`, { method: 'DELETE' })).text();
    await heard.until(() => heard.closed !== undefined);
    expect(heard.closed?.[0]).toBe(1006);
    expect(waits).toEqual([]);
  });

  test('short polls come less and less often while nothing happens, and sooner after something was sent', async () => {
    const server = await serveTransports();
    const waits: number[] = [];
    const wakes: (() => void)[] = [];
    const waiting = new Heard();
    const after = (milliseconds: number, callback: () => void) => {
      if (milliseconds >= 10_000) return () => {};
      waits.push(milliseconds);
      wakes.push(callback);
      // Only to have `until` look again.
      waiting.handlers.opened();
      return () => {};
    };
    const step = async () => {
      const count = waits.length;
      wakes.shift()?.();
      await waiting.until(() => waits.length > count);
    };
    const { socket, heard } = open({ url: server.url, transport: 'short-poll', after });
    await waiting.until(() => waits.length === 1);
    for (let round = 0; round < 6; round += 1) await step();
    expect(heard.messages).toHaveLength(1);
    expect(waits).toEqual([
      shortestPause,
      1.5 * shortestPause,
      2.25 * shortestPause,
      3.375 * shortestPause,
      longestPause,
      longestPause,
      longestPause,
    ]);
    waits.length = 0;
    socket.send('{"event":"x"}');
    await waiting.until(() => waits.length === 1);
    expect(waits).toEqual([pauseAfterSending]);
    wakes.shift();
    await step();
    expect(waits).toEqual([pauseAfterSending, shortestPause]);
  });
});

describe('which there are', () => {
  const url = 'http://chat.example';

  test('those that work here; one event stream is enough', () => {
    expect(
      Object.keys(createCarriers({ url, EventSource: TestEventSource, WebSocket: class {} as never })),
    ).toEqual(['websocket', 'event-stream', 'long-poll', 'short-poll']);
  });

  test('fields of one’s own are not for an EventSource', () => {
    const headers = { Authorization: 'Bearer x' };
    const names = Object.keys(createCarriers({ url, EventSource: TestEventSource, headers }));
    expect(names).not.toContain('event-stream');
    expect(names).toContain('fetch-stream');
  });

  test('those that were asked for, and no others', () => {
    expect(Object.keys(createCarriers({ url, transports: ['short-poll', 'fetch-stream'] }))).toEqual([
      'short-poll',
      'fetch-stream',
    ]);
  });
});
