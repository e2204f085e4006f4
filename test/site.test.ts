// Pages, images and API over real HTTP, on the same port as the WebSocket.
import { once } from 'node:events';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { apiErrorSchema, type Image, uploadReplySchema } from '../src/chat/events.ts';
import { type ChatServer, serveChat } from './support/chat-server.ts';
import { animation, cameraPicture, picture } from './support/pictures.ts';
import { TcpPeer } from './support/tcp-peer.ts';

function build(pages: string): void {
  mkdirSync(join(pages, 'assets'), { recursive: true });
  writeFileSync(join(pages, 'index.html'), '<!doctype html><title>barewire</title>');
  writeFileSync(join(pages, 'assets', 'index-5f3a.js'), 'export {};');
  writeFileSync(join(pages, 'assets', 'index-5f3a.js.br'), 'compressed');
  mkdirSync(join(pages, 'lab', 'bench', 'results'), { recursive: true });
  writeFileSync(join(pages, 'lab', 'bench', 'index.html'), '<!doctype html><title>Benchmarks</title>');
  writeFileSync(join(pages, 'lab', 'bench', 'results', 'index.json'), '[]');
  writeFileSync(join(pages, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
}

function upload(
  server: ChatServer,
  token: string | undefined,
  body: Buffer,
  headers: Record<string, string> = {},
) {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(`${server.url}/api/images`, {
    method: 'POST',
    body,
    headers: { ...authorization, ...headers },
  });
}

async function uploaded(server: ChatServer, token: string, body: Buffer): Promise<Image> {
  const response = await upload(server, token, body);
  expect(response.status).toBe(201);
  return v.parse(uploadReplySchema, await response.json()).image;
}

async function errorOf(response: Response) {
  const { error } = v.parse(apiErrorSchema, await response.json());
  return { status: response.status, ...error };
}

/** One request as raw octets; the whole answer as text. */
async function raw(server: ChatServer, target: string, method = 'GET'): Promise<string> {
  const peer = await TcpPeer.connect(server.port);
  peer.send(`${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: close\r\n\r\n`);
  return (await peer.rest()).toString('latin1');
}

describe('every answer', () => {
  it.each([
    ['/', 200],
    ['/assets/index-5f3a.js', 200],
    ['/lab/bench', 200],
    ['/lab/bench/', 200],
    ['/lab/bench/results/index.json', 200],
    ['/lab', 404],
    ['/healthz', 200],
    ['/nowhere', 404],
    ['/images/nothing.png', 404],
    ['/api/images', 405],
    ['/api/nowhere', 404],
    ['/api/session', 405],
    ['/api/stream', 200],
    ['/api/connections', 405],
    ['/api/connections/nobody', 404],
    ['/api/rooms/general/events', 401],
    ['/chat', 426],
  ])('%s has the security headers', async (path, status) => {
    const server = await serveChat();
    build(server.pages);
    const response = await fetch(server.url + path);
    // A stream would not end by itself.
    await response.body?.cancel();
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()'),
    });
  });
});

async function get(server: ChatServer, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(server.url + path, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('pages', () => {
  it('come with their types; hashed ones for ever, the others looked after each time', async () => {
    const server = await serveChat();
    build(server.pages);
    const page = await get(server, '/?from=somewhere');
    expect([page.status, page.text]).toEqual([200, '<!doctype html><title>barewire</title>']);
    expect(page.headers.get('content-type')).toBe('text/html;charset=utf-8');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const script = await get(server, '/assets/index-5f3a.js', { 'accept-encoding': 'identity' });
    expect(script.headers.get('content-type')).toBe('text/javascript');
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const etag = page.headers.get('etag') ?? '';
    expect((await get(server, '/', { 'if-none-match': etag })).status).toBe(304);
    const head = await fetch(`${server.url}/`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '38']);
  });

  it('have a service worker and a manifest, at the root, that are asked for anew each time', async () => {
    const server = await serveChat();
    build(server.pages);
    writeFileSync(join(server.pages, 'worker.js'), 'self.skipWaiting();');
    writeFileSync(join(server.pages, 'manifest.webmanifest'), '{}');
    for (const [path, type] of [
      ['/worker.js', 'text/javascript'],
      ['/manifest.webmanifest', 'application/manifest+json'],
    ] as const) {
      const { status, headers } = await get(server, path, { 'accept-encoding': 'identity' });
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-cache']);
      expect(headers.get('content-type')).toContain(type);
    }
  });

  it('are there with and without a slash behind a directory, and their data looked after each time', async () => {
    const server = await serveChat();
    build(server.pages);
    for (const path of ['/lab/bench', '/lab/bench/', '/lab/bench?from=readme']) {
      const { status, text, headers } = await get(server, path);
      expect([status, text]).toEqual([200, '<!doctype html><title>Benchmarks</title>']);
      expect(headers.get('content-type')).toBe('text/html;charset=utf-8');
    }
    const { text, headers } = await get(server, '/lab/bench/results/index.json');
    expect([text, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      '[]',
      'application/json',
      'no-cache',
    ]);
  });

  it('come compressed when the build has them so', async () => {
    const server = await serveChat();
    build(server.pages);
    const answer = await new Promise<{ encoding: string | undefined; type: string | undefined }>(
      (resolve, reject) => {
        const headers = { 'accept-encoding': 'gzip, br' };
        httpRequest(`${server.url}/assets/index-5f3a.js`, { headers }, (response) => {
          response.resume();
          resolve({ encoding: response.headers['content-encoding'], type: response.headers['content-type'] });
        })
          .on('error', reject)
          .end();
      },
    );
    expect(answer).toEqual({ encoding: 'br', type: 'text/javascript' });
  });

  it('say what to do while they are not built, and are there once they are', async () => {
    const server = await serveChat();
    const before = await get(server, '/');
    expect([before.status, before.text]).toEqual([
      503,
      'The pages are not built yet: run “npm run build” and load this again.\n',
    ]);
    build(server.pages);
    expect((await get(server, '/')).status).toBe(200);
  });

  it('may go while the server runs', async () => {
    const server = await serveChat();
    build(server.pages);
    expect((await get(server, '/icon.svg')).status).toBe(200);
    renameSync(join(server.pages, 'icon.svg'), join(server.pages, 'gone.svg'));
    expect((await get(server, '/icon.svg')).status).toBe(404);
  });

  it('answer a strange Range, and a body where none belongs', async () => {
    const server = await serveChat();
    build(server.pages);
    for (const range of ['bytes=5-2', 'bytes=abc', 'bytes=-1', 'bytes=9999-']) {
      expect((await get(server, '/', { range })).status).toBe(200);
    }
    const post = await fetch(`${server.url}/`, { method: 'POST', body: 'x' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await get(server, '/')).status).toBe(200);
  });

  it('are all that can be reached: no path climbs out', async () => {
    const server = await serveChat();
    build(server.pages);
    writeFileSync(join(server.pages, '..', 'barewire-secret'), 'secret');
    writeFileSync(join(server.directory, 'secret'), 'secret');
    for (const target of [
      '/../barewire-secret',
      '/../../file',
      '/../../../../../../../../etc/passwd',
      '/%2e%2e/barewire-secret',
      '/%2e%2e%2fbarewire-secret',
      '/assets/../../barewire-secret',
      '/assets/..%2f..%2fbarewire-secret',
      '/..%5cbarewire-secret',
      '/..\\barewire-secret',
      '/images/../secret',
      '/images/..%2fsecret',
      '/images/%2e%2e/chat.db',
      '/%00',
      '/%',
      '/%ff',
      `http://127.0.0.1:${server.port}/../barewire-secret`,
    ]) {
      const answer = await raw(server, target);
      expect(answer).toMatch(/^HTTP\/1\.1 (400|404) /);
      expect(answer).not.toMatch(/secret$|root:/);
    }
    expect(await raw(server, '//barewire')).toMatch(/^HTTP\/1\.1 (400|404) /);
    expect(await raw(server, `http://127.0.0.1:${server.port}/`)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await raw(server, '*', 'OPTIONS')).toMatch(/^HTTP\/1\.1 (400|405) /);
  });
});

describe('what is no page', () => {
  it('/healthz tells that it is well', async () => {
    const server = await serveChat();
    await server.connect();
    const { status, text, headers } = await get(server, '/healthz');
    expect([status, JSON.parse(text)]).toEqual([
      200,
      {
        status: 'ok',
        version: '1.2.3',
        uptime: 0,
        connections: 1,
        transports: { websocket: 1, 'event-stream': 0, 'fetch-stream': 0, 'long-poll': 0, 'short-poll': 0 },
      },
    ]);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('/chat tells a visitor without an upgrade what it is', async () => {
    const server = await serveChat();
    const { status, text, headers } = await get(server, '/chat');
    expect(status).toBe(426);
    expect(headers.get('upgrade')).toBe('websocket');
    expect(text).toBe('This is the chat’s WebSocket: connect with a WebSocket client.\n');
  });

  it('a WebSocket anywhere else is refused in words', async () => {
    const server = await serveChat();
    const peer = await TcpPeer.connect(server.port);
    peer.send(
      `GET /nowhere HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    expect((await peer.rest()).toString()).toMatch(/^HTTP\/1\.1 404 [\s\S]*the chat's is at \/chat/);
  });

  it('the API is no other page’s: it is refused before anything is done', async () => {
    const server = await serveChat({ allowedOrigins: ['https://chat.example'] });
    const body = JSON.stringify({ name: 'Ada' });
    const type = { 'content-type': 'application/json' };
    for (const [method, path] of [
      ['POST', '/api/session'],
      ['DELETE', '/api/session'],
      ['POST', '/api/images'],
      ['GET', '/api/stream'],
      ['POST', '/api/connections'],
      ['GET', '/api/rooms/general/events'],
      ['GET', '/api/nowhere'],
    ] as const) {
      const response = await fetch(server.url + path, {
        method,
        headers: { ...type, origin: 'https://evil.example' },
        ...(method === 'POST' ? { body } : {}),
      });
      expect(await errorOf(response)).toMatchObject({ status: 403, code: 'origin-refused' });
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
    const allowed = await fetch(`${server.url}/api/session`, {
      method: 'POST',
      body,
      headers: { ...type, origin: 'https://chat.example' },
    });
    expect(allowed.status).toBe(201);
    // The page is https, whatever a proxy has made of it on its way here.
    expect(allowed.headers.get('set-cookie')).toMatch(/; Secure/);
  });

  it('an unknown address of the API is told so as JSON', async () => {
    const server = await serveChat();
    expect(await errorOf(await fetch(`${server.url}/api/nowhere`))).toMatchObject({
      status: 404,
      code: 'not-found',
    });
  });

  it('an unknown address is told so in words', async () => {
    const server = await serveChat();
    build(server.pages);
    const { status, text } = await get(server, '/nowhere');
    expect([status, text]).toEqual([404, 'There is nothing at this address. The chat is at /.\n']);
  });
});

describe('uploads', () => {
  it('give an image that can be shown, sent and seen by others', async () => {
    const server = await serveChat();
    const ada = await server.enter('Ada');
    const bob = await server.enter('Bob');
    const image = await uploaded(server, ada.token, await cameraPicture());
    expect(image).toMatchObject({ type: 'image/jpeg', width: 40, height: 60 });
    await ada.client.ok('message:send', { nonce: 'nonce-01', content: { type: 'image', image: image.id } });
    const event = await bob.client.seen(
      (pushed) => pushed.event === 'room:event' && pushed.data.event.type === 'message',
    );
    expect(event).toMatchObject({ data: { event: { content: { type: 'image', image } } } });
    for (const [url, type] of [
      [image.url, 'image/jpeg'],
      [image.thumbnail.url, 'image/webp'],
    ] as const) {
      const response = await fetch(server.url + url);
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': type,
        'cache-control': 'private, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
        'cross-origin-resource-policy': 'same-origin',
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(String(bytes.length)).toBe(response.headers.get('content-length'));
      expect(await sharp(bytes).metadata()).toMatchObject({ mediaType: type });
      const etag = response.headers.get('etag') ?? '';
      expect((await fetch(server.url + url, { headers: { 'if-none-match': etag } })).status).toBe(304);
      const head = await fetch(server.url + url, { method: 'HEAD' });
      expect(head.headers.get('content-length')).toBe(String(bytes.length));
    }
  });

  it('keep an animation moving on its way through', async () => {
    const server = await serveChat();
    const { token } = await server.enter('Ada');
    const image = await uploaded(server, token, await animation('image/gif'));
    const bytes = Buffer.from(await (await fetch(server.url + image.url)).arrayBuffer());
    expect(await sharp(bytes, { animated: true }).metadata()).toMatchObject({ pages: 3 });
  });

  it('go the same way twice', async () => {
    const server = await serveChat();
    const { token } = await server.enter('Ada');
    const bytes = await picture('image/png');
    expect(await uploaded(server, token, bytes)).toEqual(await uploaded(server, token, bytes));
  });

  it('may come with the cookie that signing in has set, from a page of ours', async () => {
    const server = await serveChat();
    const signedIn = await fetch(`${server.url}/api/session`, {
      method: 'POST',
      body: JSON.stringify({ name: 'Ada' }),
      headers: { 'content-type': 'application/json', origin: server.url },
    });
    expect(signedIn.status).toBe(201);
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    const bytes = await picture('image/png');
    for (const [headers, status] of [
      [{ cookie }, 201],
      [{ cookie, origin: server.url }, 201],
      [{ cookie, 'sec-fetch-site': 'same-origin' }, 201],
      [{ cookie, origin: 'https://evil.example' }, 403],
      [{ cookie, 'sec-fetch-site': 'same-site' }, 403],
      [{ cookie: cookie.replace(/^barewire_\d+/, 'barewire_1') }, 401],
    ] as const) {
      expect((await upload(server, undefined, bytes, headers)).status).toBe(status);
    }
  });

  it('need a live token', async () => {
    const server = await serveChat();
    const bytes = await picture('image/png');
    const { client, token } = await server.enter('Ada');
    for (const authorization of [
      undefined,
      `Bearer ${'A'.repeat(43)}`,
      `Basic ${token}`,
      token,
      'Bearer ',
      `Bearer ${token}x`,
    ]) {
      const response = await upload(
        server,
        undefined,
        bytes,
        authorization === undefined ? {} : { authorization },
      );
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await errorOf(response)).toMatchObject({ status: 401, code: 'signed-out' });
    }
    expect((await upload(server, token, bytes)).status).toBe(201);
    await client.ok('session:leave', {});
    expect((await upload(server, token, bytes)).status).toBe(401);
  });

  it.each([
    ['an SVG', 415, 'image-type', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/png'],
    ['HTML called a PNG', 415, 'image-type', '<!doctype html><script>alert(1)</script>', 'image/png'],
    ['nothing', 415, 'image-type', '', 'image/png'],
    ['a broken PNG', 422, 'image-unreadable', '\x89PNG\r\n\x1a\n broken', 'image/png'],
  ])('are refused in words: %s', async (_name, status, code, body, type) => {
    const server = await serveChat();
    const { token } = await server.enter('Ada');
    const response = await upload(server, token, Buffer.from(body, 'latin1'), { 'content-type': type });
    const error = await errorOf(response);
    expect(error).toMatchObject({ status, code });
    expect(error.message).toMatch(/^[A-Z].*\.$/);
  });

  it('are refused by their announced length before an octet is sent', async () => {
    const server = await serveChat();
    const { token } = await server.enter('Ada');
    const peer = await TcpPeer.connect(server.port);
    peer.send(
      `POST /api/images HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${8 * 1024 * 1024 + 1}\r\n\r\n`,
    );
    const head = await peer.head();
    expect(head).toMatch(/^HTTP\/1\.1 413 /);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    expect((await peer.take(length)).toString()).toContain('over the limit of 8 MiB');
    peer.destroy();
  });

  it('are refused at the octet that is too many when no length was announced, and nothing is kept', async () => {
    const server = await serveChat();
    const { token } = await server.enter('Ada');
    const peer = await TcpPeer.connect(server.port);
    peer.send(
      `POST /api/images HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const piece = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(64 * 1024 - 8)]);
    let sent = 0;
    while (sent <= 8 * 1024 * 1024) {
      peer.send(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]));
      sent += piece.length;
    }
    // The body has not ended; the answer is there.
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 413 /);
    peer.destroy();
    expect(readdirSync(join(server.directory, 'images', 'incoming'))).toEqual([]);
  });

  it('are refused as no image while they are still coming, and the connection lives on', async () => {
    const server = await serveChat();
    const { token } = await server.enter('Ada');
    const peer = await TcpPeer.connect(server.port);
    peer.send(
      `POST /api/images HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Length: 1000000\r\n\r\n`,
    );
    peer.send(Buffer.alloc(1000, 'x'));
    const head = await peer.head();
    expect(head).toMatch(/^HTTP\/1\.1 415 /);
    await peer.take(Number(/content-length: (\d+)/i.exec(head)?.[1]));
    peer.send(Buffer.alloc(999_000, 'x'));
    peer.send('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 200 /);
    peer.destroy();
  });

  it('may break off, and nothing is left of them', async () => {
    const server = await serveChat();
    const { token } = await server.enter('Ada');
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.write(
      `POST /api/images HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n`,
    );
    await once(socket, 'data');
    socket.write((await picture('image/png')).subarray(0, 500));
    socket.resetAndDestroy();
    await once(socket, 'close');
    // A later upload ends after the broken one's place was given back.
    await uploaded(server, token, await picture('image/png'));
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect(server.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('are slowed down, with the time to wait', async () => {
    const server = await serveChat({ rates: { uploads: { burst: 2, perSecond: 0.5 } } });
    const { token } = await server.enter('Ada');
    const bob = await server.enter('Bob');
    const bytes = await picture('image/png');
    await uploaded(server, token, bytes);
    await uploaded(server, token, bytes);
    const response = await upload(server, token, bytes);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await errorOf(response)).toMatchObject({ status: 429, code: 'rate-limited' });
    await uploaded(server, bob.token, bytes);
  });

  it('take POST only', async () => {
    const server = await serveChat();
    const response = await fetch(`${server.url}/api/images`);
    expect(response.headers.get('allow')).toBe('POST');
    expect(await errorOf(response)).toMatchObject({ status: 405, code: 'method-not-allowed' });
  });

  it('are not found, in words, when something else is where their file was; and one that fails is written down', async () => {
    const server = await serveChat({}, { trustedProxies: ['loopback'] });
    const { token } = await server.enter('Ada');
    const image = await uploaded(server, token, await picture('image/png'));
    const path = join(server.directory, image.url);
    rmSync(path);
    mkdirSync(path);
    const response = await fetch(server.url + image.url);
    expect([response.status, await response.text()]).toEqual([
      404,
      'There is nothing at this address. The chat is at /.\n',
    ]);
    rmdirSync(path);
    // A link that leads to itself: there, and not to be opened.
    symlinkSync(path, path);
    const failed = await get(server, image.url, { 'X-Forwarded-For': '203.0.113.9' });
    expect(failed.status).toBe(500);
    expect(server.lines.filter(({ level }) => level === 'error')).toMatchObject([
      { details: { err: { code: 'ELOOP' }, url: image.url, remoteAddress: '203.0.113.9' } },
    ]);
    expect((await fetch(server.url + image.thumbnail.url)).status).toBe(200);
  });

  it('are found under their own names only, and a lost file is not found', async () => {
    const server = await serveChat();
    const { token } = await server.enter('Ada');
    const { url } = await uploaded(server, token, await picture('image/png'));
    for (const path of [
      url.replace('.png', '.jpg'),
      `${url}/`,
      url.replace('.png', ''),
      `${url}%00`,
      '/images/',
      '/images',
    ]) {
      const { status } = await get(server, path);
      expect([400, 404, 503]).toContain(status);
    }
    const file = join(server.directory, url);
    expect(readFileSync(file).length).toBeGreaterThan(0);
    renameSync(file, `${file}.lost`);
    expect((await get(server, url)).status).toBe(404);
  });
});
