// One connection's life, from the wire's point of view, without a wire: what goes in and what comes out of sessions.
import { describe, expect, it } from 'vitest';
import { parseServerEvent, type ServerEvent } from '../../src/chat/events.ts';
import { Session } from '../../src/chat/session.ts';
import type { Channel } from '../../src/transports/channel.ts';
import { stageChat } from '../support/chat.ts';

const text = (value: string) => ({ type: 'text', text: value }) as const;

describe('the border', () => {
  it('says hello first, with protocol and limits', () => {
    const client = stageChat().client();
    expect(client.events).toEqual([
      {
        event: 'server:hello',
        data: expect.objectContaining({
          protocol: 2,
          entry: { serverPassword: false, invitation: false },
          known: false,
          connection: expect.stringMatching(/^connection-/),
          limits: {
            nameLength: 32,
            textLength: 4000,
            imageLength: 8_388_608,
            imageTypes: ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'],
            pageLength: 100,
            eventLength: 65_536,
            roomNameLength: 64,
            topicLength: 250,
          },
        }),
      },
    ]);
  });

  it.each([
    ['x', 'malformed', undefined],
    ['', 'malformed', undefined],
    ['null', 'malformed', undefined],
    ['[]', 'malformed', undefined],
    ['7', 'malformed', undefined],
    ['"session:enter"', 'malformed', undefined],
    ['{}', 'invalid', 'event'],
    ['{"event":1}', 'invalid', 'event'],
    ['{"type":3}', 'invalid', 'event'],
    ['{"event":"no:such"}', 'unknown-event', 'event'],
    ['{"event":"__proto__"}', 'unknown-event', 'event'],
    ['{"event":"constructor"}', 'unknown-event', 'event'],
    ['{"event":"session:enter"}', 'invalid', 'data.name'],
    ['{"event":"session:enter","data":{"name":1}}', 'invalid', 'data.name'],
    ['{"event":"session:enter","data":{"name":"a","admin":true}}', 'invalid', 'data.admin'],
    ['{"event":"session:enter","id":-1,"data":{"name":"a"}}', 'invalid', 'id'],
    ['{"event":"session:enter","id":1.5,"data":{"name":"a"}}', 'invalid', 'id'],
    ['{"event":"session:resume","data":{"token":"short"}}', 'invalid', 'data.token'],
    [
      '{"event":"message:send","data":{"nonce":"12345678","content":{"type":"text","text":" "}}}',
      'invalid',
      'data.content.text',
    ],
    [
      '{"event":"message:send","data":{"nonce":"12345678","content":{"type":"text","text":"\\ud800"}}}',
      'invalid',
      'data.content.text',
    ],
    [
      '{"event":"message:send","data":{"nonce":"12345678","content":{"type":"html","text":"a"}}}',
      'invalid',
      'data.content.type',
    ],
    [
      '{"event":"message:send","data":{"nonce":"1","content":{"type":"text","text":"a"}}}',
      'invalid',
      'data.nonce',
    ],
    ['{"event":"message:page","data":{"before":0}}', 'invalid', 'data.before'],
    ['{"event":"message:page","data":{"before":5,"limit":101}}', 'invalid', 'data.limit'],
  ])('answers %s with %s', (sent, code, field) => {
    const client = stageChat().client();
    client.sendText(sent);
    expect(client.events).toHaveLength(2);
    expect(client.events[1]).toMatchObject({ event: 'reply:error', data: { code } });
    const { data } = client.events[1] as { data: { field?: string; message: string } };
    expect(data.field).toBe(field);
    expect(data.message).not.toBe('');
  });

  it('carries the id back even when the event has no name', () => {
    const client = stageChat().client();
    client.sendText('{"event":1,"id":5}');
    expect(client.events.at(-1)).toMatchObject({ event: 'reply:error', id: 5, data: { field: 'event' } });
  });

  it('answers binary as malformed, and goes on', async () => {
    const client = stageChat().client();
    client.session.receive(Uint8Array.of(0x7b, 0x7d));
    expect(client.events[1]).toMatchObject({ event: 'reply:error', data: { code: 'malformed' } });
    expect(await client.ok('heartbeat:ping', {})).toEqual({ time: expect.any(Number) });
  });

  it('carries the id back, in success and failure, and carries out what has none', async () => {
    const stage = stageChat();
    const client = stage.client();
    client.sendText('{"event":"session:enter","id":0,"data":{"name":""}}');
    await client.next(() => true);
    expect(client.events.at(-1)).toMatchObject({ event: 'reply:error', id: 0, data: { field: 'data.name' } });
    client.sendText('{"event":"session:enter","data":{"name":"Ada"}}');
    client.sendText(
      '{"event":"message:send","data":{"nonce":"12345678","content":{"type":"text","text":"hi"}}}',
    );
    await client.next(({ event }) => event === 'room:event');
    expect(client.events.filter(({ event }) => event === 'reply:ok')).toEqual([]);
  });

  it('answers in the order of the questions, and works through what was sent before the end', async () => {
    const stage = stageChat();
    const client = stage.client();
    const watcher = stage.client();
    await watcher.enter('Watcher');
    const isMessage = (event: ServerEvent) =>
      event.event === 'room:event' && event.data.event.type === 'message';
    const heard = watcher.next(isMessage);
    client.sendText('{"event":"session:enter","id":1,"data":{"name":"Ada"}}');
    client.sendText(
      '{"event":"message:send","id":2,"data":{"nonce":"12345678","content":{"type":"text","text":"one"}}}',
    );
    client.sendText('{"event":"heartbeat:ping","id":3}');
    await client.next((event) => 'id' in event && event.id === 3);
    expect(client.events.flatMap((event) => ('id' in event ? [event.id] : []))).toEqual([1, 2, 3]);
    client.sendText(
      '{"event":"message:send","data":{"nonce":"12345679","content":{"type":"text","text":"two"}}}',
    );
    client.disconnect();
    await heard;
    await watcher.next(isMessage);
    const said = watcher.heard.flatMap((event) => (event.type === 'message' ? [event.content] : []));
    expect(said).toEqual([text('one'), text('two')]);
  });

  it('answers internal when the log fails, writes it down, and goes on', async () => {
    const stage = stageChat();
    const client = await stage.member('Ada');
    stage.log.append = () => Promise.reject(new Error('disk full'));
    const failure = await client.refused('message:send', { nonce: '12345678', content: text('hi') });
    expect(failure.code).toBe('internal');
    expect(failure.message).not.toContain('disk full');
    expect(stage.logger.lines).toEqual([
      {
        level: 'error',
        details: { err: new Error('disk full'), event: 'message:send' },
        text: 'a handler failed',
      },
    ]);
    await client.ok('heartbeat:ping', {});
  });

  it('answers once, also when what follows the answer fails, and goes on', async () => {
    const stage = stageChat();
    const ada = await stage.member('Ada');
    stage.chat.endDevices = () => {
      throw new Error('out of order');
    };
    ada.sendText('{"event":"session:leave","id":77}');
    await stage.chat.idle();
    expect(ada.events.filter((event) => 'id' in event && event.id === 77)).toMatchObject([
      { event: 'reply:ok' },
    ]);
    expect(stage.logger.lines).toMatchObject([
      { level: 'error', details: { err: new Error('out of order') } },
    ]);
    await ada.ok('heartbeat:ping', {});
  });

  it('writes it down, and stays, when a connection cannot be answered', async () => {
    const stage = stageChat();
    const broken: Channel = {
      id: 'broken',
      transport: 'websocket',
      remoteAddress: '192.0.2.1',
      userAgent: '',
      credential: undefined,
      bufferedAmount: 0,
      send: (sent) => {
        if (sent.includes('reply')) throw new Error('no way out');
      },
      push: () => {},
      close: () => {},
    };
    const session = new Session(stage.chat, broken);
    session.receive('{"event":"session:enter","id":1,"data":{"name":"Ada"}}');
    session.receive('{"event":"session:enter","id":2,"data":{"name":"Ada"}}');
    await stage.chat.idle();
    expect(stage.logger.lines.map(({ level }) => level)).toEqual(['error', 'error']);
    await stage.client().enter('Bob');
  });
});

describe('a connection that came with a token', () => {
  it('is told by the hello whether the token is good, and before anything else', async () => {
    const stage = stageChat();
    const { token, member } = await stage.member('Ada');
    const client = stage.client({ credential: token });
    const early = client.ok('heartbeat:ping', {});
    client.sendText('garbage');
    expect(client.events).toEqual([]);
    await early;
    expect(client.events.map(({ event }) => event)).toEqual(['server:hello', 'reply:error', 'reply:ok']);
    expect(client.events[0]).toMatchObject({ data: { known: true } });
    const entrance = await client.ok('session:resume', {});
    expect(entrance).toMatchObject({ member });
    expect(entrance).not.toHaveProperty('token');
    const stranger = stage.client({ credential: `${token.slice(0, -3)}xxx` });
    await stranger.ok('heartbeat:ping', {});
    expect(stranger.events[0]).toMatchObject({ event: 'server:hello', data: { known: false } });
    expect((await stranger.refused('session:resume', {})).code).toBe('token-unknown');
  });

  it('may end while the token is looked at', async () => {
    const stage = stageChat();
    const { token } = await stage.member('Ada');
    const client = stage.client({ credential: token });
    client.sendText('{"event":"heartbeat:ping","id":1}');
    client.disconnect();
    await stage.chat.idle();
    expect(client.events).toEqual([]);
    expect(stage.chat.peerCount).toBe(1);
  });

  it('gets its hello, as one who is not known, when the token cannot be looked at', async () => {
    const stage = stageChat();
    stage.identities.authenticate = () => Promise.reject(new Error('disk broken'));
    const client = stage.client({ credential: 'x'.repeat(40) });
    await stage.chat.idle();
    expect(client.events).toMatchObject([{ event: 'server:hello', data: { known: false } }]);
    expect(stage.logger.lines).toMatchObject([
      { level: 'error', details: { err: new Error('disk broken') } },
    ]);
  });

  it('is resumed for by its transport, with the cursor that an event stream keeps', async () => {
    const stage = stageChat();
    const ada = await stage.member('Ada');
    const { offset } = await ada.say('before');
    const stream = stage.client({ credential: ada.token });
    stream.session.resume({ epoch: stage.log.epoch, offset });
    await ada.say('missed');
    await stage.chat.idle();
    await ada.say('live');
    const [hello, entered, live] = stream.events;
    expect(hello?.event).toBe('server:hello');
    expect(entered).toMatchObject({
      event: 'session:entered',
      data: { recovered: true, member: ada.member },
    });
    expect(stream.cursors).toEqual([
      undefined,
      `${stage.log.epoch}:${offset + 1}`,
      `${stage.log.epoch}:${offset + 2}`,
    ]);
    const recovered = entered?.event === 'session:entered' ? entered.data.events : [];
    expect(recovered.map((event) => event.offset)).toEqual([offset + 1]);
    expect(live).toMatchObject({ event: 'room:event', data: { event: { content: text('live') } } });
    expect(stream.events).toHaveLength(3);
  });

  it('is told by an error without an id that it cannot be resumed for', async () => {
    const stage = stageChat();
    const stream = stage.client({ credential: 'x'.repeat(40) });
    stream.session.resume(undefined);
    await stage.chat.idle();
    expect(stream.events.map(({ event }) => event)).toEqual(['server:hello', 'reply:error']);
    expect(stream.events[1]).not.toHaveProperty('id');
    expect(stream.events[1]).toMatchObject({ data: { code: 'token-unknown' } });
  });
});

describe('guests', () => {
  it.each([
    ['message:send', { nonce: '12345678', content: text('hi') }],
    ['message:page', { before: 10 }],
    ['message:search', { query: 'a' }],
    ['message:edit', { room: 'general', nonce: '12345678', target: 'a', text: 'b' }],
    ['message:delete', { room: 'general', nonce: '12345678', target: 'a' }],
    ['message:react', { room: 'general', nonce: '12345678', target: 'a', emoji: '👍', on: true }],
    ['message:versions', { room: 'general', target: 'a' }],
    ['room:list', {}],
    ['room:create', { nonce: '12345678', name: 'Room' }],
    ['room:open', { room: 'general' }],
    ['room:join', { room: 'general', nonce: '12345678' }],
    ['room:leave', { room: 'general', nonce: '12345678' }],
    ['room:rename', { room: 'general', nonce: '12345678', name: 'a' }],
    ['room:topic', { room: 'general', nonce: '12345678', topic: 'a' }],
    ['room:direct', { member: 'a', nonce: '12345678' }],
    ['room:read', { room: 'general', offset: 1 }],
    ['room:mute', { room: 'general', muted: true }],
    ['room:typing', { room: 'general', typing: true }],
    ['session:leave', {}],
    ['session:state', {}],
  ] as const)('may not %s', async (event, data) => {
    const failure = await stageChat().client().refused(event, data);
    expect(failure.code).toBe('signed-out');
  });

  it('hear nothing of what goes on', async () => {
    const stage = stageChat();
    const guest = stage.client();
    const ada = await stage.member('Ada');
    await ada.say('secret');
    await ada.make('Room');
    await ada.ok('session:leave', {});
    stage.clock.advance(60_000);
    expect(guest.events.map(({ event }) => event)).toEqual(['server:hello']);
  });
});

it('tells guests and members alike that the server is about to restart', async () => {
  const stage = stageChat();
  const [guest, ada] = [stage.client(), stage.client()];
  await ada.enter('Ada');
  stage.chat.announceRestart(5000);
  for (const client of [guest, ada]) {
    expect(parseServerEvent(client.texts.at(-1) ?? '')).toEqual({
      event: 'server:restart',
      data: { retryWithin: 5000 },
    });
  }
});

it('knows when all that was asked is done', async () => {
  const stage = stageChat();
  const client = stage.client();
  await stage.chat.idle();
  client.sendText('{"event":"session:enter","data":{"name":"Ada"}}');
  for (let number = 0; number < 5; number++) {
    const data = { nonce: `idle-nonce-${number}`, content: text('x') };
    client.sendText(JSON.stringify({ event: 'message:send', data }));
  }
  await stage.chat.idle();
  expect(client.heard.map(({ type }) => type)).toEqual(new Array(5).fill('message'));
});

it('forgets connections that ended', async () => {
  const stage = stageChat();
  const clients = [stage.client(), stage.client()];
  expect(stage.chat.peerCount).toBe(2);
  for (const client of clients) client.disconnect();
  clients[0]?.disconnect();
  expect(stage.chat.peerCount).toBe(0);
});
