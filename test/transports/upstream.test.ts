// What clients say over HTTP: in order, within limits, and what is wrong with a body said in words.
import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { maximumBatchLength } from '../../src/transports/upstream.ts';
import { TcpPeer } from '../support/tcp-peer.ts';
import { openPolling, postJson, refusalOf, serveTransports } from '../support/transports.ts';

async function stage() {
  const server = await serveTransports({ maxMessageLength: 100 });
  const id = await openPolling(server);
  return {
    server,
    user: server.user(id),
    path: `/api/connections/${id}`,
    url: `${server.url}/api/connections/${id}`,
  };
}

/** The head of a POST, whose body is sent by hand. */
function head(path: string, length: number, fields = ''): string {
  return `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${fields}\r\n`;
}

describe('bodies', () => {
  it('are handed on in the order in which the requests came, however slow the first one is', async () => {
    const { server, user, path } = await stage();
    const [slow, fast] = [await TcpPeer.connect(server.port), await TcpPeer.connect(server.port)];
    slow.send(head(path, 11, 'Expect: 100-continue\r\n'));
    // The server has read this head before the other one comes.
    expect(await slow.head()).toMatch(/^HTTP\/1\.1 100 /);
    fast.send(`${head(path, 11)}{"event":2}`);
    slow.send('{"event"');
    slow.send(':1}');
    expect(await slow.head()).toMatch(/^HTTP\/1\.1 202 /);
    expect(await fast.head()).toMatch(/^HTTP\/1\.1 202 /);
    expect(user.received).toEqual(['{"event":1}', '{"event":2}']);
    slow.destroy();
    fast.destroy();
  });

  it('that are cut count for nothing, and hold up nobody', async () => {
    const { server, user, path, url } = await stage();
    const peer = await TcpPeer.connect(server.port);
    peer.send(head(path, 50, 'Expect: 100-continue\r\n'));
    await peer.head();
    peer.send('{"event":1}');
    const after = postJson(url, { event: 2 });
    peer.destroy();
    expect((await after).status).toBe(202);
    expect(user.received).toEqual(['{"event":2}']);
  });

  it('may be several at one time, but not many', async () => {
    const { server, path, url } = await stage();
    const peers: TcpPeer[] = [];
    for (let count = 0; count < 8; count++) {
      const peer = await TcpPeer.connect(server.port);
      peer.send(head(path, 2, 'Expect: 100-continue\r\n'));
      await peer.head();
      peers.push(peer);
    }
    const response = await postJson(url, {});
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await refusalOf(response)).toMatchObject({ status: 429, code: 'rate-limited' });
    for (const peer of peers) peer.send('{}');
    for (const peer of peers) expect(await peer.head()).toMatch(/^HTTP\/1\.1 202 /);
    expect((await postJson(url, {})).status).toBe(202);
    for (const peer of peers) peer.destroy();
  });

  it('end with what closes the connection', async () => {
    const { user, url } = await stage();
    user.onReceive = () => user.channel.close(1008, 'enough');
    const response = await postJson(
      url,
      [1, 2, 3].map((event) => ({ event })),
    );
    expect([response.status, await response.json()]).toEqual([202, { taken: 1 }]);
    expect(user.received).toEqual(['{"event":1}']);
    expect((await postJson(url, {})).status).toBe(404);
  });

  it('are re-encoded, so that what the user gets is what was meant', async () => {
    const { user, url } = await stage();
    const response = await fetch(url, {
      method: 'POST',
      body: '[ {"a" : "\\u00e9"} ,\n 7, "x", null, [] ]',
      headers: { 'content-type': 'Application/JSON; charset=utf-8' },
    });
    expect(await response.json()).toEqual({ taken: 5 });
    expect(user.received).toEqual(['{"a":"é"}', '7', '"x"', 'null', '[]']);
  });

  it.each([
    ['nothing', '', 400, 'malformed', 'The body must be one JSON object, or an array of them.'],
    ['a string', '"x"', 400, 'malformed', 'The body must be one JSON object, or an array of them.'],
    ['null', 'null', 400, 'malformed', 'The body must be one JSON object, or an array of them.'],
    ['no JSON', '{"a"', 400, 'malformed', 'The body is not JSON.'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, 'malformed', 'The body is not UTF-8.'],
    [
      'a long message',
      JSON.stringify({ x: 'y'.repeat(100) }),
      413,
      'malformed',
      'One message may have 100 characters.',
    ],
    [
      'a long message among others',
      JSON.stringify([{}, { x: 'y'.repeat(100) }]),
      413,
      'malformed',
      'One message may have 100 characters.',
    ],
    [
      'more than four longest messages',
      JSON.stringify(['y'.repeat(400)]),
      413,
      'malformed',
      'The body has more than 400 octets.',
    ],
    ['too many', JSON.stringify(Array(maximumBatchLength / 2 + 60).fill(1)), 202, undefined, undefined],
  ])('of %s are answered in words', async (_, body, status, code, message) => {
    const { user, url } = await stage();
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    if (code === undefined) {
      expect(response.status).toBe(status);
      return;
    }
    expect(await refusalOf(response)).toEqual({ status, code, message });
    expect(user.received).toEqual([]);
    expect(user.closes).toBe(0);
  });

  it('that are nested too deeply are refused, and the connection goes on', async () => {
    const server = await serveTransports({ maxMessageLength: 64 * 1024 });
    const id = await openPolling(server);
    const url = `${server.url}/api/connections/${id}`;
    const depth = 60_000;
    const response = await fetch(url, {
      method: 'POST',
      body: '['.repeat(depth) + ']'.repeat(depth),
      headers: { 'content-type': 'application/json' },
    });
    expect(await refusalOf(response)).toMatchObject({ status: 400, code: 'malformed' });
    expect(server.user(id).received).toEqual([]);
    expect((await postJson(url, {})).status).toBe(202);
  });

  it('have at most so many messages', async () => {
    const server = await serveTransports();
    const id = await openPolling(server);
    const url = `${server.url}/api/connections/${id}`;
    expect(await (await postJson(url, Array(maximumBatchLength).fill(1))).json()).toEqual({
      taken: maximumBatchLength,
    });
    const response = await postJson(url, Array(maximumBatchLength + 1).fill(1));
    expect(await refusalOf(response)).toMatchObject({ status: 413, code: 'malformed' });
  });

  it('over the limit are refused by their length, or while they come, and the connection goes on', async () => {
    const { server, user, path } = await stage();
    const peer = await TcpPeer.connect(server.port);
    peer.send(head(path, 401));
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 413 /);
    peer.destroy();
    const chunked = await TcpPeer.connect(server.port);
    chunked.send(
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    for (let count = 0; count < 5; count++) chunked.send(`64\r\n${' '.repeat(100)}\r\n`);
    expect(await chunked.head()).toMatch(/^HTTP\/1\.1 413 /);
    chunked.destroy();
    expect(user.closes).toBe(0);
  });

  it('must say that they are JSON, so that no foreign page sends one unasked', async () => {
    const { user, url } = await stage();
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=a',
    ]) {
      const response = await fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': type } });
      expect(await refusalOf(response)).toMatchObject({ status: 415, code: 'malformed' });
    }
    expect(user.received).toEqual([]);
  });
});
