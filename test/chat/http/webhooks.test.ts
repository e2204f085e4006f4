// Webhooks: every event of a room reaches its URL, in order and signed, whatever happens to the receiver or to us.
import { createHmac } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Database } from '../../../src/chat/database.ts';
import type { RoomEvent } from '../../../src/chat/events.ts';
import { readWebhook, retryDelay, Webhooks } from '../../../src/chat/http/webhooks.ts';
import { SqliteLog } from '../../../src/chat/sqlite-log.ts';
import { FakeClock, temporaryDirectory } from '../../support/chat.ts';
import { recordingLogger } from '../../support/logger.ts';

const secret = 'the secret of the host';
const url = 'https://example.org/hook';

interface Post {
  readonly url: string;
  readonly body: { room: string; epoch: string; events: RoomEvent[] };
  readonly text: string;
  readonly init: RequestInit;
  readonly answer: (status: number) => void;
  readonly fail: (message: string) => void;
}

/** A receiver whose answers are given by hand. */
class Receiver {
  readonly posts: Post[] = [];
  readonly #waiting = new Set<() => void>();

  readonly fetch: typeof fetch = (target, init = {}) =>
    new Promise((resolve, reject) => {
      const text = String(init.body);
      init.signal?.addEventListener('abort', () => reject(new Error('aborted')));
      this.posts.push({
        url: String(target),
        body: JSON.parse(text),
        text,
        init,
        answer: (status) => resolve(new Response(null, { status })),
        fail: (message) => reject(new TypeError('fetch failed', { cause: new Error(message) })),
      });
      for (const check of [...this.#waiting]) check();
    });

  /** The post of that number, from 0, once it has come. */
  post(index: number): Promise<Post> {
    return new Promise((resolve) => {
      const check = (): void => {
        const post = this.posts[index];
        if (post === undefined) return;
        this.#waiting.delete(check);
        resolve(post);
      };
      this.#waiting.add(check);
      check();
    });
  }
}

let ids = 0;

function stage(
  directory = temporaryDirectory(),
  hooks = [{ room: 'general', url }],
  clock = new FakeClock(),
) {
  const database = new Database(directory);
  const log = new SqliteLog(database);
  const logger = recordingLogger();
  const receiver = new Receiver();
  const webhooks = new Webhooks({ database, log, clock, logger, hooks, secret, fetch: receiver.fetch });
  const end = async (): Promise<void> => {
    await webhooks.stop();
    database.close();
  };
  onTestFinished(end);
  return {
    directory,
    clock,
    database,
    log,
    logger,
    receiver,
    end,
    async say(text: string, room = 'general') {
      const entry = {
        room,
        type: 'message',
        id: `id-${++ids}`,
        nonce: `nonce-${ids}`,
        time: clock.now(),
        author: { id: 'ada', name: 'Ada' },
        content: { type: 'text', text },
      } as const;
      await log.append(entry);
    },
    /** Resolves when all that was written is stored, and those who were told have acted. */
    settled: () => database.write(() => {}).then(() => new Promise((resolve) => setImmediate(resolve))),
  };
}

const textsOf = ({ body }: Post) =>
  body.events.map((event) =>
    event.type === 'message' && event.content.type === 'text' ? event.content.text : '',
  );

describe('a webhook', () => {
  it('gets each event of its room from now on, signed, and nothing of others', async () => {
    const before = stage(undefined, []);
    await before.say('old');
    await before.end();
    const { receiver, say, clock, log } = stage(before.directory);
    await say('elsewhere', 'dev');
    await say('hello');
    const post = await receiver.post(0);
    expect(post.url).toBe(url);
    expect(post.body).toEqual({
      room: 'general',
      epoch: log.epoch,
      events: log.readAfter(['general'], 1, 10),
    });
    expect(textsOf(post)).toEqual(['hello']);
    expect(post.init).toMatchObject({ method: 'POST', redirect: 'manual' });
    const time = clock.now();
    const signature = createHmac('sha256', secret).update(`${time}.${post.text}`).digest('hex');
    expect(new Headers(post.init.headers).get('x-barewire-signature')).toBe(`t=${time},v1=${signature}`);
    post.answer(204);
  });

  it('gets them one batch after the other, in order, however long an answer takes', async () => {
    const { receiver, say } = stage();
    await say('one');
    const first = await receiver.post(0);
    for (let number = 1; number <= 150; number++) await say(`line ${number}`);
    expect(receiver.posts).toHaveLength(1);
    first.answer(200);
    const second = await receiver.post(1);
    second.answer(200);
    const third = await receiver.post(2);
    third.answer(200);
    expect([first, second, third].flatMap(textsOf)).toEqual([
      'one',
      ...Array.from({ length: 150 }, (_, index) => `line ${index + 1}`),
    ]);
    expect(second.body.events).toHaveLength(100);
  });

  it.each([
    ['a status', (post: Post) => post.answer(500)],
    ['a redirect', (post: Post) => post.answer(302)],
    ['no connection', (post: Post) => post.fail('connect ECONNREFUSED')],
  ])('is tried again after %s, later and later', async (_what, refuse) => {
    const { receiver, say, clock, logger, settled } = stage();
    await say('one');
    refuse(await receiver.post(0));
    await settled();
    expect(logger.lines.at(-1)).toMatchObject({
      level: 'warn',
      details: { host: 'example.org', failures: 1 },
    });
    clock.advance(500);
    expect(receiver.posts).toHaveLength(1);
    clock.advance(500);
    refuse(await receiver.post(1));
    await settled();
    clock.advance(1500);
    expect(receiver.posts).toHaveLength(2);
    clock.advance(500);
    const third = await receiver.post(2);
    expect(textsOf(third)).toEqual(['one']);
    third.answer(200);
    await settled();
    await say('two');
    expect(textsOf(await receiver.post(3))).toEqual(['two']);
  });

  it('goes on after a restart where the receiver was, and waits as long as it would have', async () => {
    const first = stage();
    await first.say('taken');
    (await first.receiver.post(0)).answer(200);
    await first.settled();
    await first.say('not taken');
    (await first.receiver.post(1)).answer(503);
    await first.settled();
    await first.say('said meanwhile');
    await first.end();
    const second = stage(first.directory, undefined, first.clock);
    await second.settled();
    expect(second.receiver.posts).toHaveLength(0);
    second.clock.advance(1000);
    expect(textsOf(await second.receiver.post(0))).toEqual(['not taken', 'said meanwhile']);
  });

  it('sends again what was under way when the server stopped', async () => {
    const first = stage();
    await first.say('one');
    await first.receiver.post(0);
    await first.end();
    const second = stage(first.directory, undefined, first.clock);
    expect(textsOf(await second.receiver.post(0))).toEqual(['one']);
  });

  it('is stopped by 410 until the next start', async () => {
    const first = stage();
    await first.say('one');
    (await first.receiver.post(0)).answer(410);
    await first.settled();
    expect(first.logger.lines.at(-1)).toMatchObject({ level: 'error', details: { why: 410 } });
    await first.say('two');
    first.clock.advance(24 * 3600 * 1000);
    expect(first.receiver.posts).toHaveLength(1);
    await first.end();
    const second = stage(first.directory, undefined, first.clock);
    expect(textsOf(await second.receiver.post(0))).toEqual(['one', 'two']);
  });

  it('begins anew when it was taken away and given again', async () => {
    const first = stage();
    await first.say('one');
    await first.end();
    const without = stage(first.directory, []);
    await without.settled();
    await without.say('two');
    await without.end();
    const again = stage(first.directory);
    await again.say('three');
    expect(textsOf(await again.receiver.post(0))).toEqual(['three']);
  });

  it('is given up after three days', () => {
    expect([1, 2, 3, 12, 13, 14].map(retryDelay)).toEqual([
      1000, 2000, 4000, 2_048_000, 3_600_000, 3_600_000,
    ]);
    expect(retryDelay(80)).toBe(3_600_000);
    expect(retryDelay(90)).toBeUndefined();
  });
});

describe('readWebhook', () => {
  it('reads a room and its URL', () => {
    expect(readWebhook('general=http://localhost:9000/a?b=c=d')).toEqual({
      room: 'general',
      url: 'http://localhost:9000/a?b=c=d',
    });
  });

  it.each([
    '',
    'general',
    'general=',
    '=http://a/',
    'General=http://a/',
    'a=ftp://a/',
    'a=/b',
    'a=http://u:p@b/',
  ])('refuses "%s"', (text) => expect(readWebhook(text)).toBeUndefined());
});
