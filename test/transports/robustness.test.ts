// What strangers and bad networks do to the routes: any request is answered in words, and whatever is cut, each message
// arrives once and in order. Seeded; BAREWIRE_SEED tries another one.

import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../support/chopping.ts';
import { openPolling, poll, StreamReader, serveTransports } from '../support/transports.ts';

const seed = Number(process.env.BAREWIRE_SEED ?? 20_261_121);
const errorSchema = v.object({
  error: v.object({ code: v.string(), message: v.pipe(v.string(), v.minLength(10)) }),
});

describe('any request', () => {
  it('is answered in words or carried out, and nobody else notices', async () => {
    const random = seededRandom(seed);
    const pick = <Value>(values: readonly Value[]): Value =>
      values[Math.floor(random() * values.length)] as Value;
    const server = await serveTransports();
    const witness = await StreamReader.open(`${server.url}/api/stream`);
    const watched = server.user(await witness.connection());
    const own = await openPolling(server);
    const ids = [own, own, 'A'.repeat(24), '__proto__', 'x'.repeat(64), '-'];
    const paths = [
      '/api/stream',
      '/api/connections',
      ...ids.flatMap((id) => ['', '/close', '/frames', '/x'].map((end) => `/api/connections/${id}${end}`)),
    ];
    const queries = [
      '',
      '',
      '?after=0',
      '?after=1&wait=0',
      '?after=-1',
      '?after=9007199254740993',
      '?wait=NaN',
      '?since=a:1',
      '?since=%00',
      '?since=:',
      '?resume=1',
      '?after[]=1',
      '?%',
    ];
    const bodies = [
      '',
      '{}',
      '[]',
      '[[]]',
      'null',
      '{"since":null}',
      '{"since":{"epoch":"","offset":1}}',
      '{"since":{"epoch":"e","offset":1e99}}',
      '{"resume":"yes"}',
      '{"__proto__":{"resume":true}}',
      '\u0000',
      '{',
      '"',
      '[1,2,3]',
      '['.repeat(300),
      JSON.stringify('x'.repeat(990)),
      ' '.repeat(5000),
    ];
    const fields = [
      {},
      { 'content-type': 'application/json' },
      { 'content-type': 'application/json' },
      { 'content-type': 'text/plain' },
      { cookie: 'token=ada' },
      { cookie: ';;==; token' },
      { authorization: 'Bearer' },
      { 'last-event-id': ':::' },
      { 'last-event-id': `${'e'.repeat(100)}:1` },
      { origin: 'null' },
      { origin: server.url },
      { accept: 'nothing/at-all' },
    ];
    for (let round = 0; round < 400; round++) {
      const method = pick(['GET', 'GET', 'POST', 'POST', 'DELETE', 'PUT', 'OPTIONS', 'PATCH']);
      const path = pick(paths) + pick(queries);
      const headers: Record<string, string> = { ...pick<object>(fields), ...pick<object>(fields) };
      const body = method === 'GET' ? null : pick(bodies);
      const cut = new AbortController();
      const response = await fetch(server.url + path, { method, headers, body, signal: cut.signal });
      const what = [seed, round, method, path, response.status];
      const type = response.headers.get('content-type') ?? '';
      if (type.startsWith('text/event-stream')) {
        cut.abort();
        continue;
      }
      const text = await response.text();
      if (response.status >= 400 && text !== 'nobody’s') {
        expect([what, v.safeParse(errorSchema, JSON.parse(text)).success]).toEqual([what, true]);
        expect(what).not.toEqual([seed, round, method, path, 500]);
      } else {
        expect([what, [200, 201, 202, 204, 404].includes(response.status)]).toEqual([what, true]);
      }
    }
    watched.say('still here');
    await witness.until(() => witness.events.length === 2);
    expect(watched.closes).toBe(0);
    expect(server.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });
});

describe('polls that are cut, late, doubled or short', () => {
  it.each([1, 2, 3, 4, 5].map((number) => seed + number))(
    'lose nothing and repeat nothing (seed %i)',
    async (own) => {
      const random = seededRandom(own);
      const server = await serveTransports();
      const id = await openPolling(server);
      const user = server.user(id);
      const total = 60;
      let said = 0;
      const heard: unknown[] = [];
      let last = 0;
      const take = ({ messages }: Awaited<ReturnType<typeof poll>>): void => {
        for (const [number, message] of messages) {
          if (number <= last) continue;
          expect([own, number]).toEqual([own, last + 1]);
          last = number;
          heard.push(message);
        }
      };
      while (heard.length < total + 1) {
        for (let count = Math.floor(random() * 4); count > 0 && said < total; count--)
          user.say(String(said++));
        const wait = random() < 0.5 ? 25_000 : 0;
        const cut = new AbortController();
        const { requests } = server;
        const answered = poll(server, id, `?after=${last}&wait=${wait}`, cut.signal);
        answered.catch(() => {});
        const fate = random();
        if (fate < 0.3) {
          // The client goes away at some moment; the server may have answered or not.
          if (random() < 0.5) await server.requested(requests + 1);
          if (said < total) user.say(String(said++));
          cut.abort();
          await answered.catch(() => {});
        } else if (fate < 0.5) {
          // A second poll, before the first is answered.
          await server.requested(requests + 1);
          const second = poll(server, id, `?after=${last}&wait=0`);
          take(await second);
          take(await answered);
        } else {
          await server.requested(requests + 1);
          if (said < total) user.say(String(said++));
          else server.clock.advance(25_000);
          take(await answered);
        }
      }
      const expected = Array.from({ length: total }, (_, number) => ({ event: 'say', data: String(number) }));
      expect(heard.slice(1)).toEqual(expected);
      expect(user.closes).toBe(0);
    },
  );
});
