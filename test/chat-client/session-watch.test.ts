// A link that knows from the replies whether somebody is signed in.
import { expect, test } from 'vitest';
import type { RequestName } from '../../src/chat/events.ts';
import type { Link, Outcome } from '../../src/chat-client/link.ts';
import { isInEntrance, watchSession } from '../../src/chat-client/session-watch.ts';

function setUp(entered = false) {
  const heard: unknown[] = [];
  let outcome: Outcome<RequestName> = { status: 'lost' };
  const link: Link = {
    transport: 'websocket',
    // Answers at once, with whatever the test has put there.
    request: (_, __, done) => done(outcome as never),
    check() {},
    close() {},
  };
  const watched = watchSession(link, entered, (now) => heard.push(now));
  const ask = (event: RequestName, answer: Outcome<RequestName>) => {
    outcome = answer;
    watched.request(event, {} as never, () => heard.push(event));
    return heard.splice(0);
  };
  return { watched, ask };
}

const ok: Outcome<RequestName> = { status: 'ok', data: {} };
const refused: Outcome<RequestName> = { status: 'refused', failure: { code: 'internal', message: '' } };

test.each(['session:enter', 'session:resume', 'session:state'] as const)(
  '%s signs in, when it is granted',
  (event) => {
    const { watched, ask } = setUp();
    expect(ask(event, refused)).toEqual([event]);
    expect(ask(event, { status: 'lost' })).toEqual([event]);
    expect(ask('room:list', ok)).toEqual(['room:list']);
    expect([watched.entered, watched.caughtUp]).toEqual([false, false]);
    // First the answer, then the news.
    expect(ask(event, ok)).toEqual([event, true]);
    expect([watched.entered, watched.caughtUp]).toEqual([true, true]);
    expect(ask(event, ok)).toEqual([event]);
  },
);

test('session:leave signs out', () => {
  const { watched, ask } = setUp(true);
  expect([watched.entered, watched.caughtUp]).toEqual([true, false]);
  expect(ask('session:leave', refused)).toEqual(['session:leave']);
  expect(ask('session:leave', ok)).toEqual(['session:leave', false]);
  expect(watched.entered).toBe(false);
});

test('what is of the moment is in no Entrance', () => {
  expect(
    isInEntrance({ event: 'room:read', data: { room: 'general', offset: 1, unread: 0, mentions: 0 } }),
  ).toBe(true);
  expect(isInEntrance({ event: 'presence:changed', data: { here: [], away: [] } })).toBe(false);
});
