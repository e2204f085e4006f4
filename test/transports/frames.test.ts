// The frames of a WebSocket as an event stream: what is told, to whom, and when it ends.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { keepAliveInterval } from '../../src/transports/event-stream.ts';
import { refusalOf, type ServingTransports, StreamReader, serveTransports } from '../support/transports.ts';

async function connect(server: ServingTransports, headers: Record<string, string> = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/chat`, { headers });
  socket.on('error', () => {});
  await once(socket, 'message');
  const user = server.users.at(-1);
  if (user === undefined) throw new Error('Nobody was accepted.');
  const watch = (fields: Record<string, string> = headers) =>
    StreamReader.open(`${server.url}/api/connections/${user.channel.id}/frames`, { headers: fields });
  return { socket, user, watch };
}

describe('the frames of a WebSocket', () => {
  it('are told both ways with their time, from when somebody looks', async () => {
    const server = await serveTransports();
    const { socket, user, watch } = await connect(server, { cookie: 'token=ada' });
    const reader = await watch();
    expect(reader.status).toBe(200);
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
    server.clock.advance(1234);
    user.onReceive = () => user.say('answer');
    socket.send('hello');
    socket.ping('?');
    const events = [await reader.next(), await reader.next(), await reader.next(), await reader.next()];
    const frame = { fin: true, rsv1: false, time: 1234 };
    expect(events.map(({ event, data }) => ({ event, data }))).toEqual([
      { event: 'frame', data: { ...frame, direction: 'in', opcode: 1, masked: true, length: 5 } },
      { event: 'frame', data: { ...frame, direction: 'out', opcode: 1, masked: false, length: 31 } },
      { event: 'frame', data: { ...frame, direction: 'in', opcode: 9, masked: true, length: 1 } },
      { event: 'frame', data: { ...frame, direction: 'out', opcode: 10, masked: false, length: 1 } },
    ]);
  });

  it('end with it, its Close included', async () => {
    const server = await serveTransports();
    const { socket, watch } = await connect(server);
    const reader = await watch();
    socket.close(1000, 'bye');
    await reader.ended();
    expect(reader.events).toMatchObject([
      { data: { direction: 'in', opcode: 8, length: 5 } },
      { data: { direction: 'out', opcode: 8, length: 5 } },
    ]);
  });

  it('are not looked at any more when the reader has gone', async () => {
    const server = await serveTransports();
    const { socket, watch } = await connect(server);
    const [opened] = server.server.sockets;
    if (opened === undefined) throw new Error('There is no socket.');
    let tracing = 0;
    const trace = opened.trace.bind(opened);
    opened.trace = (listener) => {
      tracing++;
      const stop = trace(listener);
      return () => {
        tracing--;
        stop();
        socket.emit('tracing stopped');
      };
    };
    const [first, second] = [await watch(), await watch()];
    expect(tracing).toBe(2);
    const stopped = once(socket, 'tracing stopped');
    first.destroy();
    await stopped;
    expect(tracing).toBe(1);
    socket.send('one');
    expect((await second.next()).data).toMatchObject({ opcode: 1 });
  });

  it('that a slow reader does not take are counted, and not kept', async () => {
    const server = await serveTransports();
    const { user, watch } = await connect(server);
    const reader = await watch();
    // More in one moment than are gathered.
    for (let count = 0; count < 1000; count++) user.say('x');
    await reader.until(() => reader.events.some(({ event }) => event === 'skipped'));
    const frames = reader.events.filter(({ event }) => event === 'frame');
    const skipped = reader.events.find(({ event }) => event === 'skipped');
    expect(skipped?.data).toEqual({ count: 1000 - frames.length });
    user.say('y');
    await reader.until(() => reader.events.at(-1)?.event === 'frame');
  });

  it('are shown to two at one time', async () => {
    const server = await serveTransports();
    const { user, watch } = await connect(server);
    const readers = [await watch(), await watch()];
    const response = await fetch(`${server.url}/api/connections/${user.channel.id}/frames`);
    expect(await refusalOf(response)).toMatchObject({ status: 429, code: 'too-many' });
    for (const reader of readers) reader.destroy();
  });

  it.each([
    ['no credential', { cookie: 'token=ada' }, {}, 403],
    ['another’s credential', { cookie: 'token=ada' }, { cookie: 'token=eve' }, 403],
    ['one where there was none', {}, { cookie: 'token=eve' }, 403],
    ['a new token of the same member', { cookie: 'token=ada' }, { authorization: 'Bearer ada2' }, 200],
    ['none where there was none', {}, {}, 200],
  ])('are only its client’s: %s', async (_, own, fields, status) => {
    const server = await serveTransports({
      isSameClient: async (one, other) => one.slice(0, 3) === other.slice(0, 3),
    });
    const { watch } = await connect(server, own as Record<string, string>);
    const reader = await watch(fields as Record<string, string>);
    expect(reader.status).toBe(status);
    reader.destroy();
  });

  it('are no other page’s', async () => {
    const server = await serveTransports();
    const { watch } = await connect(server);
    const reader = await watch({ origin: 'https://evil.example' });
    expect(reader.status).toBe(403);
  });

  it('are kept alive while nothing passes', async () => {
    const server = await serveTransports();
    const { watch } = await connect(server);
    const reader = await watch();
    await reader.until(() => reader.text.length > 0);
    server.clock.advance(keepAliveInterval);
    await reader.until(() => reader.text === ':\n\n:\n\n' || reader.events.length > 0);
    reader.destroy();
  });

  it('end when the server stops', async () => {
    const server = await serveTransports();
    const { watch } = await connect(server);
    const reader = await watch();
    server.transports.drain();
    await reader.ended();
  });
});
