// Rooms over plain HTTP: pages, long polls and streams of a room's log, and saying something once.
import { createServer, type IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Database } from '../../../src/chat/database.ts';
import type { Member, RoomEvent } from '../../../src/chat/events.ts';
import { createEventsApi, type EventsApi, type EventsChat } from '../../../src/chat/http/events-api.ts';
import type { Entry } from '../../../src/chat/log.ts';
import { Refusal } from '../../../src/chat/refusal.ts';
import { SqliteLog } from '../../../src/chat/sqlite-log.ts';
import { FakeClock, temporaryDirectory } from '../../support/chat.ts';

const key = 'k'.repeat(24);
const ada: Member = { id: 'ada', name: 'Ada' };
const text = (said: string) => ({ type: 'text', text: said }) as const;

interface Stage {
  readonly url: string;
  readonly api: EventsApi;
  readonly log: SqliteLog;
  readonly clock: FakeClock;
  /** Whose tokens are good: `TOKEN-ada` is hers. */
  readonly members: Map<string, Member>;
  /** Rooms that may not be read, with who may not; `backend` for API keys. */
  readonly closed: Set<string>;
  readonly senders: string[];
  say(said: string, room?: string): Promise<RoomEvent>;
  append(entry: Omit<Entry, 'id' | 'time' | 'author'> & Record<string, unknown>): Promise<RoomEvent>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(body: unknown, headers?: Record<string, string>, room?: string): Promise<Response>;
}

let ids = 0;

async function stage(rates = { left: 1000 }): Promise<Stage> {
  const database = new Database(temporaryDirectory());
  const log = new SqliteLog(database);
  const clock = new FakeClock();
  const members = new Map<string, Member>([['TOKEN-ada', ada]]);
  const closed = new Set<string>();
  const senders: string[] = [];
  const chat: EventsChat = {
    log,
    clock,
    checkReader(room, member) {
      if (closed.has(`${room} ${member?.id ?? 'backend'}`))
        throw new Refusal('room-unknown', 'No such room.');
    },
    async send(author, sender, { room, nonce, content, replyTo }) {
      senders.push(sender);
      if (rates.left-- <= 0) throw new Refusal('rate-limited', 'Too fast.', { retryAfter: 1500 });
      if (content.type !== 'text' || replyTo === 'gone')
        throw new Refusal('message-unknown', 'No such message.');
      const entry: Entry = {
        room,
        nonce,
        author,
        content,
        type: 'message',
        id: `id-${++ids}`,
        time: clock.now(),
      };
      const appended = await log.append(entry);
      if (appended.status === 'conflict') throw new Refusal('nonce-reused', 'Used for something else.');
      const { offset, id, time } = appended.event;
      return { receipt: { room, offset, id, time, nonce }, repeated: appended.status === 'repeated' };
    },
    countUnknown() {
      if (rates.left-- <= 0) throw new Refusal('rate-limited', 'Too many.', { retryAfter: 1500 });
    },
  };
  const memberOf = async (request: IncomingMessage) =>
    members.get(/^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '');
  const api = createEventsApi({ chat, keys: ['x'.repeat(30), key], memberOf, addressOf: () => '192.0.2.1' });
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    api.handle(path, request, response).then(
      (taken) => taken || response.writeHead(418).end(),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    api.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    database.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const append: Stage['append'] = async (entry) => {
    const whole = { id: `id-${++ids}`, time: clock.now(), author: ada, ...entry };
    const appended = await log.append(whole as Entry);
    if (appended.status !== 'stored') throw new Error(appended.status);
    return appended.event;
  };
  return {
    url,
    api,
    log,
    clock,
    members,
    closed,
    senders,
    append,
    say: (said, room = 'general') =>
      append({ room, type: 'message', nonce: `said-${++ids}`, content: text(said) }),
    get: (path, headers = { authorization: `Bearer ${key}` }) => fetch(url + path, { headers }),
    post: (body, headers = {}, room = 'general') =>
      fetch(`${url}/api/rooms/${room}/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}

const general = '/api/rooms/general/events';
const says = (said: string, name = 'CI') => ({ type: 'message', text: said, author: { name } });
const under = (nonce: string) => ({ 'idempotency-key': nonce });

async function failureOf(response: Response): Promise<Record<string, unknown>> {
  const { error } = JSON.parse(await response.text());
  return { status: response.status, ...error };
}

/** Reads a stream until it has so many events, or ends. */
class Stream {
  readonly events: { id: string; event: string; data: string }[] = [];
  text = '';
  ended = false;
  readonly #waiting = new Set<() => void>();

  constructor(response: Response) {
    void this.#read(response);
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition() && !this.ended) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  get texts(): string[] {
    return this.events.map(({ data }) => JSON.parse(data).data.event.content?.text);
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        this.text += decoder.decode(chunk, { stream: true });
        const blocks = this.text.split('\n\n');
        this.events.length = 0;
        for (const block of blocks.slice(0, -1)) {
          const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/, 2)));
          if (fields.data !== undefined) this.events.push(fields);
        }
        for (const check of [...this.#waiting]) check();
      }
    } catch {
      // It was cut.
    }
    this.ended = true;
    for (const check of [...this.#waiting]) check();
  }
}

async function follow(stage: Stage, path = general, headers: Record<string, string> = {}): Promise<Stream> {
  const response = await stage.get(path, {
    authorization: `Bearer ${key}`,
    accept: 'text/event-stream',
    ...headers,
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
  ]);
  return new Stream(response);
}

describe('who may', () => {
  it('leaves other paths to others', async () => {
    const { get } = await stage();
    for (const path of ['/', '/api/rooms', '/api/rooms/general', '/api/rooms/a/b/events', `${general}/`])
      expect((await get(path)).status).toBe(418);
  });

  it('lets in every API key and the members, and nobody else', async () => {
    const { get } = await stage();
    for (const token of [key, 'x'.repeat(30), 'TOKEN-ada'])
      expect((await get(general, { authorization: `Bearer ${token}` })).status).toBe(200);
    for (const headers of [{}, { authorization: 'Bearer nobody' }, { authorization: `Basic ${key}` }]) {
      const response = await get(general, headers);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await failureOf(response)).toMatchObject({ status: 401, code: 'signed-out' });
    }
  });

  it('counts credentials that nobody has', async () => {
    const { get } = await stage({ left: 0 });
    const response = await get(general, { authorization: 'Bearer guessed' });
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await failureOf(response)).toMatchObject({ status: 429, code: 'rate-limited', retryAfter: 1500 });
  });

  it('refuses keys that could be guessed', () => {
    const options = { memberOf: async () => undefined, addressOf: () => '' };
    const chat = { log: undefined, clock: undefined } as never;
    expect(() => createEventsApi({ ...options, chat, keys: ['short'] })).toThrow(/at least 20 characters/);
  });

  it('shows no room that the caller may not see, nor one that cannot be', async () => {
    const { get, closed } = await stage();
    closed.add('general backend');
    expect(await failureOf(await get(general))).toMatchObject({ status: 404, code: 'room-unknown' });
    expect((await get(general, { authorization: 'Bearer TOKEN-ada' })).status).toBe(200);
    expect(await failureOf(await get('/api/rooms/No%20Room/events'))).toMatchObject({ status: 404 });
  });

  it('takes GET and POST only', async () => {
    const { url } = await stage();
    const response = await fetch(url + general, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${key}` },
    });
    expect(response.headers.get('allow')).toBe('GET, POST');
    expect(await failureOf(response)).toMatchObject({ status: 405 });
  });
});

describe('pages', () => {
  it('have the events of that room alone, oldest first, from the beginning or after a place', async () => {
    const { get, say, log } = await stage();
    for (const said of ['one', 'two', 'three']) await say(said);
    await say('elsewhere', 'dev');
    const read = async (query: string) => JSON.parse(await (await get(general + query)).text());
    const all = await read('');
    expect(all).toMatchObject({ epoch: log.epoch, newest: 3 });
    expect(all.events.map((event: RoomEvent) => event.offset)).toEqual([1, 2, 3]);
    expect((await read('?after=1&limit=1')).events.map((event: RoomEvent) => event.offset)).toEqual([2]);
    expect((await read(`?after=${log.epoch}:2`)).events.map((event: RoomEvent) => event.offset)).toEqual([3]);
    expect((await read('?after=3')).events).toEqual([]);
  });

  it('tell a place in another log, or behind the end of this one', async () => {
    const { get, log } = await stage();
    for (const place of ['other:0', `${log.epoch}:1`, '7']) {
      const failure = await failureOf(await get(`${general}?after=${encodeURIComponent(place)}`));
      expect(failure).toMatchObject({ status: 409, code: 'epoch-changed', epoch: log.epoch });
    }
  });

  it.each(['after=x', 'after=-1', 'limit=0', 'limit=501', 'limit=a', 'wait=55001', 'wait=1.5'])(
    'refuse %s',
    async (query) => {
      const { get } = await stage();
      const [field] = query.split('=');
      expect(await failureOf(await get(`${general}?${query}`))).toMatchObject({
        status: 400,
        code: 'invalid',
        field,
      });
    },
  );

  it('wait for something to come when asked to', async () => {
    const { get, say } = await stage();
    const waiting = get(`${general}?after=0&wait=55000`);
    await say('elsewhere', 'dev');
    await say('here');
    const { events } = JSON.parse(await (await waiting).text());
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ content: text('here') });
    expect(JSON.parse(await (await get(`${general}?after=2&wait=1`)).text()).events).toEqual([]);
  });

  it('tell nothing to who was signed out while they waited', async () => {
    const { get, say, members } = await stage();
    const waiting = get(`${general}?wait=55000`, { authorization: 'Bearer TOKEN-ada' });
    // A second request that is answered shows that the first has come in.
    await get(general);
    members.clear();
    await say('not for her');
    expect(await failureOf(await waiting)).toMatchObject({ status: 401, code: 'signed-out' });
  });

  it('stop waiting when the server stops', async () => {
    const { get, api } = await stage();
    const waiting = get(`${general}?wait=55000`);
    // A second request that is answered shows that the first has come in.
    await get(general);
    api.stop();
    expect(JSON.parse(await (await waiting).text()).events).toEqual([]);
  });
});

describe('a stream', () => {
  it('begins now, tells each event with its cursor, and says how to come back', async () => {
    const current = await stage();
    await current.say('before');
    const stream = await follow(current);
    await stream.until(() => stream.text.includes('\n\n'));
    expect(stream.text).toContain(`retry: 2000\nid: ${current.log.epoch}:1\n\n`);
    await current.say('elsewhere', 'dev');
    const said = await current.say('hello');
    await stream.until(() => stream.events.length === 1);
    expect(stream.events).toEqual([
      {
        event: 'room:event',
        id: `${current.log.epoch}:${said.offset}`,
        data: JSON.stringify({ event: 'room:event', data: { event: said } }),
      },
    ]);
  });

  it('goes on behind Last-Event-ID, and where there is none behind ?after', async () => {
    const current = await stage();
    for (let number = 1; number <= 250; number++) await current.say(`line ${number}`);
    const rest = await follow(current, `${general}?after=10`, {
      'last-event-id': `${current.log.epoch}:240`,
    });
    await rest.until(() => rest.events.length === 10);
    expect(rest.texts).toEqual(Array.from({ length: 10 }, (_, index) => `line ${241 + index}`));
    const all = await follow(current, `${general}?after=0`);
    await all.until(() => all.events.length >= 250);
    await current.say('live');
    await all.until(() => all.events.length === 251);
    expect(all.texts).toEqual([...Array.from({ length: 250 }, (_, index) => `line ${1 + index}`), 'live']);
  });

  it('is not begun in another log', async () => {
    const { get } = await stage();
    const headers = {
      authorization: `Bearer ${key}`,
      accept: 'text/event-stream',
      'last-event-id': 'other:1',
    };
    expect(await failureOf(await get(general, headers))).toMatchObject({
      status: 409,
      code: 'epoch-changed',
    });
  });

  it('says that it is alive, and ends when the token is no longer good', async () => {
    const current = await stage();
    const stream = await follow(current, general, { authorization: 'Bearer TOKEN-ada' });
    current.clock.advance(15_000);
    await stream.until(() => stream.text.includes(': still here'));
    expect(stream.text).toContain(': still here\n\n');
    expect(stream.ended).toBe(false);
    current.members.clear();
    current.clock.advance(15_000);
    await stream.until(() => false);
    expect(stream.ended).toBe(true);
  });

  it('ends with the event that takes the reader out', async () => {
    const current = await stage();
    const stream = await follow(current, `${general}?after=0`, { authorization: 'Bearer TOKEN-ada' });
    await current.say('one');
    await stream.until(() => stream.events.length === 1);
    current.closed.add('general ada');
    await current.append({ room: 'general', type: 'left', nonce: 'left-0001' });
    await current.say('not for her');
    await stream.until(() => false);
    expect(stream.texts).toEqual(['one']);
  });

  it('ends when the server stops', async () => {
    const current = await stage();
    const stream = await follow(current);
    current.api.stop();
    await stream.until(() => false);
    expect(stream.ended).toBe(true);
    const late = await follow(current);
    await late.until(() => false);
    expect(late.ended).toBe(true);
  });

  it('ends, and nothing else does, when the log cannot be read', async () => {
    const current = await stage();
    await current.say('one');
    const { log } = current;
    const readAfter = log.readAfter.bind(log);
    log.readAfter = () => {
      throw new Error('disk I/O error');
    };
    const stream = await follow(current, `${general}?after=0`);
    await stream.until(() => false);
    expect(stream.ended).toBe(true);
    log.readAfter = readAfter;
    const again = await follow(current, `${general}?after=0`);
    await again.until(() => again.events.length === 1);
    expect(again.texts).toEqual(['one']);
  });

  it('is one of a hundred at most for one caller', async () => {
    const current = await stage();
    const streams = await Promise.all(Array.from({ length: 100 }, () => follow(current)));
    expect(streams).toHaveLength(100);
    const refused = await current.get(general, {
      authorization: `Bearer ${key}`,
      accept: 'text/event-stream',
    });
    expect(await failureOf(refused)).toMatchObject({ status: 429, code: 'rate-limited' });
    expect((await current.get(general, { authorization: 'Bearer TOKEN-ada' })).status).toBe(200);
  });
});

describe('saying something', () => {
  it('is done once under a key, whoever often it is asked for', async () => {
    const { post, log, senders } = await stage();
    const first = await post(says('green'), under('build-0001'));
    expect(first.status).toBe(201);
    const { receipt } = JSON.parse(await first.text());
    expect(receipt).toMatchObject({ room: 'general', offset: 1, nonce: 'build-0001' });
    const again = await post(says('green'), under('"build-0001"'));
    expect([again.status, JSON.parse(await again.text())]).toEqual([200, { receipt }]);
    const other = await post(says('red'), under('build-0001'));
    expect(await failureOf(other)).toMatchObject({ status: 409, code: 'nonce-reused' });
    expect(log.readAfter(['general'], 0, 10)).toMatchObject([
      { author: { id: 'bot:CI', name: 'CI', bot: true }, content: text('green') },
    ]);
    expect(new Set(senders)).toEqual(new Set(['key 2']));
  });

  it('is done in the name of the member whose token comes', async () => {
    const { post, log } = await stage();
    const headers = { authorization: 'Bearer TOKEN-ada' };
    expect((await post({ type: 'message', text: 'hi' }, headers)).status).toBe(201);
    expect(
      (await post({ type: 'message', content: text('ho') }, { ...headers, ...under('nonce-01') })).status,
    ).toBe(201);
    expect(log.readAfter(['general'], 0, 10)).toMatchObject([
      { author: ada, content: text('hi') },
      { author: ada, content: text('ho'), nonce: 'nonce-01' },
    ]);
    const failure = await failureOf(await post(says('hi'), headers));
    expect(failure).toMatchObject({ status: 400, code: 'invalid', field: 'author' });
  });

  it.each([
    ['no key', says('a'), {}, 400, 'invalid', 'Idempotency-Key'],
    ['a short key', says('a'), under('short'), 400, 'invalid', 'Idempotency-Key'],
    ['no author', { type: 'message', text: 'a' }, under('nonce-01'), 400, 'invalid', 'author.name'],
    ['an author that nobody can see', says('a', '\u200b'), under('nonce-01'), 400, 'invalid', 'author.name'],
    ['no type', { text: 'a' }, under('nonce-01'), 400, 'invalid', 'type'],
    ['no text', { type: 'message', author: { name: 'CI' } }, under('nonce-01'), 400, 'invalid', 'text'],
    ['blank text', says('  '), under('nonce-01'), 400, 'invalid', 'text'],
    ['too long a text', says('x'.repeat(4001)), under('nonce-01'), 400, 'invalid', 'text'],
    ['both kinds', { ...says('a'), content: text('b') }, under('nonce-01'), 400, 'invalid', 'text'],
    ['a field too many', { ...says('a'), colour: 'red' }, under('nonce-01'), 400, 'invalid', 'colour'],
    ['no object', '[]', under('nonce-01'), 400, 'invalid', 'type'],
    ['no JSON', '{', under('nonce-01'), 400, 'malformed', undefined],
    ['no UTF-8', '', { ...under('nonce-01'), 'content-type': 'text/plain' }, 400, 'invalid', ''],
    [
      'another type',
      '{}',
      { ...under('nonce-01'), 'content-type': 'text/plain' },
      415,
      'malformed',
      undefined,
    ],
    ['too much', `"${'x'.repeat(65_536)}"`, under('nonce-01'), 413, 'malformed', undefined],
    [
      'no such message',
      { ...says('a'), replyTo: 'gone' },
      under('nonce-01'),
      404,
      'message-unknown',
      undefined,
    ],
  ])('is refused with %s', async (_what, body, headers, status, code, field) => {
    const { post, log } = await stage();
    const failure = await failureOf(await post(body, headers));
    expect(failure).toMatchObject({ status, code, ...(field !== undefined && { field }) });
    expect(log.newest).toBe(0);
  });

  it('says when to try again', async () => {
    const { post } = await stage({ left: 0 });
    const response = await post(says('a'), under('nonce-01'));
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await failureOf(response)).toMatchObject({ status: 429, code: 'rate-limited', retryAfter: 1500 });
  });
});
