// Coming back to the whole chat over an event stream: Last-Event-ID and the cookie say it all, and nothing is missed.
import { describe, expect, it } from 'vitest';
import { parseServerEvent, type RoomEvent } from '../../src/chat/events.ts';
import { type ChatServer, serveChat } from '../support/chat-server.ts';
import { openPolling, poll, postJson, StreamReader } from '../support/transports.ts';

/** Signs in as a page does. @returns the cookie */
async function signIn(server: ChatServer, name: string): Promise<string> {
  const response = await postJson(`${server.url}/api/session`, { name }, { origin: server.url });
  expect(response.status).toBe(201);
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

/** What came on a stream, as the chat's schemas read it. */
function eventsOf(reader: StreamReader) {
  return reader.events.map(({ data }) => parseServerEvent(JSON.stringify(data)));
}

/** The texts of the messages that are in the log among these. */
function textsOf(events: readonly RoomEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === 'message' && event.content.type === 'text' ? [event.content.text] : [],
  );
}

describe('an event stream of the chat', () => {
  it('that is opened with a cookie is signed in, and comes back where it was', async () => {
    const server = await serveChat();
    const cookie = await signIn(server, 'Ada');
    const bob = await server.enter('Bob');
    const say = (text: string) =>
      bob.client.ok('message:send', { nonce: `nonce-${text}`, content: { type: 'text', text } });
    const first = await StreamReader.open(`${server.url}/api/stream?resume=1`, { headers: { cookie } });
    await first.until(() => first.events.some(({ event }) => event === 'session:entered'));
    expect(first.events[0]?.data).toMatchObject({ event: 'server:hello', data: { known: true } });
    await say('one');
    await first.until(() => first.events.some(({ event }) => event === 'room:event'));
    const seen = first.events.filter(({ event }) => event === 'room:event').at(-1);
    expect(seen?.id).toMatch(/^[^:]+:\d+$/);
    first.destroy();
    await say('two');
    await say('three');
    // As an EventSource does by itself: the same address, and the last id.
    const second = await StreamReader.open(`${server.url}/api/stream?resume=1`, {
      headers: { cookie, 'last-event-id': seen?.id ?? '' },
    });
    await second.until(() => second.events.some(({ event }) => event === 'session:entered'));
    const [entered] = eventsOf(second).flatMap((pushed) =>
      pushed?.event === 'session:entered' ? [pushed.data] : [],
    );
    expect(entered).toMatchObject({ member: { name: 'Ada' }, recovered: true });
    expect(textsOf(entered?.events ?? [])).toEqual(['two', 'three']);
    await say('four');
    await second.until(() => second.events.some(({ event }) => event === 'room:event'));
    const live = eventsOf(second).flatMap((pushed) =>
      pushed?.event === 'room:event' ? [pushed.data.event] : [],
    );
    expect(textsOf(live)).toEqual(['four']);
    second.destroy();
  });

  it('says that a cookie is good for nothing any more, and goes on without it', async () => {
    const server = await serveChat();
    const cookie = await signIn(server, 'Ada');
    const signedOut = await fetch(`${server.url}/api/session`, { method: 'DELETE', headers: { cookie } });
    expect(signedOut.status).toBe(204);
    const reader = await StreamReader.open(`${server.url}/api/stream?resume=1`, { headers: { cookie } });
    await reader.until(() => reader.events.length >= 2);
    expect(reader.events.map(({ data }) => data)).toMatchObject([
      { event: 'server:hello', data: { known: false } },
      { event: 'reply:error', data: { code: 'token-unknown' } },
    ]);
    reader.destroy();
  });

  it('ends, with the word of it, when its member signs out elsewhere', async () => {
    const server = await serveChat();
    const cookie = await signIn(server, 'Ada');
    const reader = await StreamReader.open(`${server.url}/api/stream?resume=1`, { headers: { cookie } });
    const id = await openPolling(server, { headers: { cookie }, body: '{"resume":true}' });
    await reader.until(() => reader.events.some(({ event }) => event === 'session:entered'));
    const entered = await poll(server, id, '?wait=25000');
    const waiting = poll(server, id, `?after=${entered.last}&wait=25000`);
    await fetch(`${server.url}/api/session?everywhere=1`, { method: 'DELETE', headers: { cookie } });
    await reader.ended();
    expect(reader.events.at(-1)?.data).toMatchObject({ event: 'connection:closed', data: { code: 1000 } });
    let { messages, last } = await waiting;
    while (!JSON.stringify(messages).includes('connection:closed')) {
      ({ messages, last } = await poll(server, id, `?after=${last}&wait=25000`));
    }
    expect(messages.at(-1)?.[1]).toMatchObject({ event: 'connection:closed', data: { code: 1000 } });
  });
});
