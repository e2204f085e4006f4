// Signing in and out over HTTP: cookies, refusals, and what pages of other sites and lost answers come to.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as v from 'valibot';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failureSchema, member as memberSchema } from '../../../src/chat/events.ts';
import { cookieFor, credentialOf, findCredential } from '../../../src/chat/http/credential.ts';
import { createSessionApi, type SessionApiOptions } from '../../../src/chat/http/session-api.ts';
import { tokenLifetime } from '../../../src/chat/tokens.ts';
import { isAllowedOrigin } from '../../../src/transports/answers.ts';
import { type Stage, type StageOptions, stageChat } from '../../support/chat.ts';

const password = 'correct horse';
const enteredSchema = v.strictObject({
  member: memberSchema,
  expires: v.number(),
  token: v.optional(v.string()),
});
const refusedSchema = v.strictObject({ error: v.looseObject({ code: v.string(), message: v.string() }) });

interface Served extends Stage {
  readonly origin: string;
  readonly port: number;
  /** Makes a request; a string is a body that stands for itself, an object is sent as JSON. */
  ask(method: string, path: string, options?: Asked): Promise<Answer>;
  signIn(name: string, more?: object, options?: Asked): Promise<Answer>;
}

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
  /** The value of the cookie that a browser would send. */
  readonly cookie?: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The value that the browser would keep; empty when it is to forget it; undefined when nothing is said. */
  readonly cookie: string | undefined;
}

async function serve(
  stageOptions: StageOptions = {},
  options: Partial<SessionApiOptions> = {},
): Promise<Served> {
  const stage = stageChat(stageOptions);
  const api = createSessionApi({
    chat: stage.chat,
    allowsOrigin: (request) => isAllowedOrigin(request, 'same-origin'),
    addressOf: (request: IncomingMessage) => String(request.headers['x-address'] ?? '192.0.2.1'),
    ...options,
  });
  const server = createServer((request, response) => {
    void api.handle(request.url?.split('?')[0] ?? '', request, response).then((isTaken) => {
      if (!isTaken) response.writeHead(404).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const ask = async (
    method: string,
    path: string,
    { headers = {}, body, cookie }: Asked = {},
  ): Promise<Answer> => {
    const isJson = typeof body === 'object';
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: {
        ...(isJson && { 'Content-Type': 'application/json' }),
        ...(cookie !== undefined && { Cookie: `other=1; barewire_${port}=${cookie}; barewire_1=no` }),
        ...headers,
      },
      ...(body !== undefined && { body: isJson ? JSON.stringify(body) : body }),
    });
    const [, kept] = /^barewire_\d+=([^;]*)/.exec(response.headers.get('set-cookie') ?? '') ?? [];
    return { status: response.status, headers: response.headers, text: await response.text(), cookie: kept };
  };
  const signIn = (name: string, more: object = {}, asked: Asked = {}) =>
    ask('POST', '/api/session', { body: { name, ...more }, ...asked });
  return { ...stage, origin, port, ask, signIn };
}

function failureOf({ text }: Answer): v.InferOutput<typeof failureSchema> {
  const { error } = v.parse(refusedSchema, JSON.parse(text));
  return v.parse(failureSchema, error);
}

const codeOf = ({ text }: Answer): string => v.parse(refusedSchema, JSON.parse(text)).error.code;
const entered = ({ text }: Answer) => v.parse(enteredSchema, JSON.parse(text));

describe('POST /api/session', () => {
  it('signs in, and gives the token to the browser and to no script', async () => {
    const { signIn, port, clock, client } = await serve();
    const answer = await signIn('Ada', { device: 'a page' });
    expect(answer.status).toBe(201);
    expect(entered(answer)).toEqual({
      member: { id: expect.any(String), name: 'Ada' },
      expires: clock.now() + tokenLifetime,
    });
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toBe(
      `barewire_${port}=${answer.cookie}; Path=/; Max-Age=${tokenLifetime / 1000}; HttpOnly; SameSite=Strict`,
    );
    expect(answer.text).not.toContain(answer.cookie);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const tab = client({ credential: answer.cookie ?? '' });
    expect((await tab.ok('session:resume', {})).member.name).toBe('Ada');
  });

  it('marks the cookie as one for TLS only when the browser came over it', async () => {
    const { signIn } = await serve({}, { isSecure: () => true });
    expect((await signIn('Ada')).headers.get('set-cookie')).toMatch(/; Secure$/);
  });

  it.each([
    ['name-taken', 409, { name: 'Ada' }],
    ['password-needed', 403, { name: 'Grace' }],
    ['password-wrong', 403, { name: 'Grace', password: 'wrong' }],
    ['invalid', 400, { name: '' }],
    ['invalid', 400, { name: 7 }],
    ['invalid', 400, { name: 'New', more: 1 }],
    ['invalid', 400, []],
  ])('refuses with %s and status %i', async (code, status, body) => {
    const { signIn, ask, client } = await serve();
    await signIn('Ada');
    const grace = client();
    await grace.enter('Grace');
    await grace.ok('session:password', { password });
    const answer = await ask('POST', '/api/session', { body });
    expect([codeOf(answer), answer.status, answer.cookie]).toEqual([code, status, undefined]);
    if (code !== 'invalid')
      expect(failureOf(answer)).toMatchObject({ field: expect.stringMatching(/^data\./) });
  });

  it('says what a closed server wants, with a status that fits', async () => {
    const entry = { serverPassword: 'sesame', invitationOnly: true };
    const { signIn } = await serve({ identity: { entry } });
    const outcomes = [
      await signIn('Ada'),
      await signIn('Ada', { serverPassword: 'wrong' }),
      await signIn('Ada', { invitation: 'no-such-invitation' }),
      await signIn('Ada', { serverPassword: 'sesame' }),
    ];
    expect(outcomes.map(({ status }) => status)).toEqual([403, 403, 403, 201]);
    expect(outcomes.slice(0, 3).map(codeOf)).toEqual([
      'invitation-needed',
      'password-wrong',
      'invitation-unknown',
    ]);
  });

  it('refuses what a form of another site could send', async () => {
    const { ask, origin } = await serve();
    const body = JSON.stringify({ name: 'Ada' });
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const answer = await ask('POST', '/api/session', { headers: { 'Content-Type': type }, body });
      expect(answer.status).toBe(415);
    }
    const json = { 'Content-Type': 'application/json' };
    for (const foreign of ['https://example.com', 'null', 'http://127.0.0.1:1', `${origin}.example.com`]) {
      const answer = await ask('POST', '/api/session', { headers: { ...json, Origin: foreign }, body });
      expect([answer.status, answer.cookie]).toEqual([403, undefined]);
    }
    expect((await ask('POST', '/api/session', { headers: { ...json, Origin: origin }, body })).status).toBe(
      201,
    );
  });

  it('refuses what is no JSON, and what is too much', async () => {
    const { ask } = await serve();
    const headers = { 'Content-Type': 'application/json; charset=utf-8' };
    const status = async (body: string) => (await ask('POST', '/api/session', { headers, body })).status;
    expect(await status('')).toBe(400);
    expect(await status('{')).toBe(400);
    expect(await status('null')).toBe(400);
    expect(await status(JSON.stringify({ name: 'Ada', device: 'x'.repeat(5000) }))).toBe(413);
    const whole = JSON.stringify({ name: 'Ada' });
    expect(await status(whole + ' '.repeat(4096 - whole.length))).toBe(201);
  });

  it('is limited by address, and says when to try again', async () => {
    const { signIn } = await serve({ rates: { signIns: { burst: 1, perSecond: 0.5 } } });
    await signIn('Ada');
    const answer = await signIn('Grace');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '2']);
    expect(failureOf(answer)).toMatchObject({ code: 'rate-limited', retryAfter: 2000 });
    expect((await signIn('Grace', {}, { headers: { 'X-Address': '192.0.2.9' } })).status).toBe(201);
  });

  it('counts wrong passwords as they are counted elsewhere', async () => {
    const { signIn, client } = await serve();
    const ada = client('198.51.100.1');
    await ada.enter('Ada');
    await ada.ok('session:password', { password });
    for (let count = 0; count < 10; count++) await signIn('Ada', { password: `guess ${count}` });
    expect(codeOf(await signIn('Ada', { password }))).toBe('rate-limited');
    const other = await client('192.0.2.1').refused('session:enter', { name: 'Ada', password });
    expect(other.code).toBe('rate-limited');
  });

  it('lets a browser that has the name’s cookie in again, as when the answer was lost', async () => {
    const { signIn, identities } = await serve();
    const first = await signIn('Ada');
    const again = await signIn('ada', {}, { cookie: first.cookie });
    expect(entered(again).member).toEqual(entered(first).member);
    const third = await signIn('Ada', {}, { cookie: first.cookie });
    expect(third.status).toBe(201);
    expect(identities.devices(entered(first).member.id)).toHaveLength(3);
    expect(codeOf(await signIn('Ada'))).toBe('name-taken');
  });

  it('signs out who had the cookie before it is somebody else’s', async () => {
    const { signIn, client, chat } = await serve();
    const ada = await signIn('Ada');
    const tab = client({ credential: ada.cookie ?? '' });
    await tab.ok('session:resume', {});
    const grace = await signIn('Grace', {}, { cookie: ada.cookie });
    expect(entered(grace).member.name).toBe('Grace');
    expect(tab.closed).toEqual({ code: 1000, reason: 'signed out' });
    await chat.idle();
    expect((await signIn('Ada')).status).toBe(201);
  });

  it('does not sign out a program that makes another name with its token', async () => {
    const { signIn, identities } = await serve();
    const ada = await signIn('Ada');
    await signIn('Grace', {}, { headers: { Authorization: `Bearer ${ada.cookie}` } });
    expect(identities.devices(entered(ada).member.id)).toHaveLength(1);
  });

  it('tells who is banned so', async () => {
    const { signIn, client, identities } = await serve();
    const host = client();
    await host.enter('Host');
    await host.ok('session:claim', { code: identities.ownerCode ?? '' });
    const ada = await signIn('Ada', {}, { headers: { 'X-Address': '198.51.100.7' } });
    const { id } = entered(ada).member;
    await client({ credential: ada.cookie ?? '', address: '198.51.100.7' }).ok('session:resume', {});
    await host.ok('moderation:ban', { nonce: 'nonce-banning', member: id, seconds: 60, reason: '' });
    const answer = await signIn('Other', {}, { headers: { 'X-Address': '198.51.100.7' } });
    expect([answer.status, codeOf(answer)]).toEqual([403, 'banned']);
  });
});

describe('POST /api/session/refresh', () => {
  const refresh = '/api/session/refresh';

  it('gives the browser a cookie that is good for longer', async () => {
    const { signIn, ask, clock, identities } = await serve();
    const first = await signIn('Ada');
    // The browser came back with it; a device that never does is forgotten soon.
    await identities.authenticate(first.cookie ?? '', clock.now());
    clock.advance(tokenLifetime / 2);
    const answer = await ask('POST', refresh, { cookie: first.cookie });
    expect(answer.status).toBe(200);
    expect(entered(answer)).toEqual({ member: entered(first).member, expires: clock.now() + tokenLifetime });
    clock.advance(tokenLifetime / 2);
    expect((await identities.authenticate(answer.cookie ?? '', clock.now())).status).toBe('known');
    const late = await ask('POST', refresh, { cookie: first.cookie });
    expect([late.status, codeOf(late), late.cookie]).toEqual([401, 'token-expired', '']);
  });

  it('gives a program its token in the answer, and no cookie', async () => {
    const { signIn, ask } = await serve();
    const { cookie } = await signIn('Ada');
    const answer = await ask('POST', refresh, { headers: { Authorization: `Bearer ${cookie}` } });
    expect(answer.cookie).toBeUndefined();
    expect(entered(answer).token).toMatch(/^eyJ/);
  });

  it('refuses who has no token, or one of no use, and has the browser forget it', async () => {
    const { signIn, ask, identities } = await serve();
    const none = await ask('POST', refresh);
    expect([none.status, codeOf(none), none.cookie]).toEqual([401, 'signed-out', undefined]);
    expect(none.headers.get('www-authenticate')).toBe('Bearer');
    const forged = await ask('POST', refresh, { cookie: 'eyJhbGciOiJub25lIn0.e30.' });
    expect([forged.status, codeOf(forged), forged.cookie]).toEqual([401, 'token-unknown', '']);
    const ada = await signIn('Ada');
    const [device] = identities.devices(entered(ada).member.id);
    await identities.leave(device?.id ?? '', true);
    const gone = await ask('POST', refresh, { cookie: ada.cookie });
    expect([gone.status, codeOf(gone), gone.cookie]).toEqual([401, 'token-unknown', '']);
  });

  it('is not for pages of other sites, even with the cookie', async () => {
    const { signIn, ask } = await serve();
    const { cookie } = await signIn('Ada');
    for (const headers of [{ Origin: 'https://example.com' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
      const answer = await ask('POST', refresh, { cookie, headers });
      expect([answer.status, answer.cookie]).toEqual([403, undefined]);
    }
  });
});

describe('DELETE /api/session', () => {
  it('signs the device out, closes its connections and takes the cookie away', async () => {
    const { signIn, ask, client, chat } = await serve();
    const { cookie } = await signIn('Ada');
    const tab = client({ credential: cookie ?? '' });
    await tab.ok('session:resume', {});
    const answer = await ask('DELETE', '/api/session', { cookie });
    expect([answer.status, answer.text, answer.cookie]).toEqual([204, '', '']);
    expect(answer.headers.get('set-cookie')).toContain('Max-Age=0;');
    expect(tab.closed).toEqual({ code: 1000, reason: 'signed out' });
    await chat.idle();
    const again = await ask('DELETE', '/api/session', { cookie });
    expect([again.status, codeOf(again)]).toEqual([401, 'token-unknown']);
    expect((await signIn('Ada')).status).toBe(201);
  });

  it('signs all devices out when it is everywhere', async () => {
    const { signIn, ask, identities } = await serve();
    const first = await signIn('Ada');
    const second = await signIn('Ada', {}, { cookie: first.cookie });
    const { id } = entered(first).member;
    await ask('DELETE', '/api/session', { cookie: second.cookie });
    expect(identities.devices(id)).toHaveLength(1);
    const third = await signIn('Ada', {}, { cookie: first.cookie });
    await ask('DELETE', '/api/session?everywhere=1', { cookie: third.cookie });
    expect(identities.devices(id)).toEqual([]);
  });

  it('is not for pages of other sites', async () => {
    const { signIn, ask, identities } = await serve();
    const ada = await signIn('Ada');
    const answer = await ask('DELETE', '/api/session', {
      cookie: ada.cookie,
      headers: { Origin: 'https://example.com' },
    });
    expect(answer.status).toBe(403);
    expect(identities.devices(entered(ada).member.id)).toHaveLength(1);
  });
});

it('answers for its own paths and methods only', async () => {
  const { ask } = await serve();
  expect((await ask('GET', '/api/session')).status).toBe(405);
  expect((await ask('GET', '/api/session')).headers.get('allow')).toBe('POST, DELETE');
  expect((await ask('DELETE', '/api/session/refresh')).headers.get('allow')).toBe('POST');
  expect((await ask('POST', '/api/sessions')).status).toBe(404);
  expect((await ask('POST', '/api/session/')).status).toBe(404);
});

describe('the token of a request', () => {
  it.each([
    ['a cookie of its port', { cookie: 'barewire_8080=abc', host: 'localhost:8080' }, 'abc'],
    ['among other cookies', { cookie: 'a=b; barewire_8080=abc;c=d', host: '[::1]:8080' }, 'abc'],
    ['a cookie without a port', { cookie: 'barewire_443=abc', host: 'chat.example.com' }, 'abc'],
    ['a cookie without a port and TLS', { cookie: 'barewire_80=abc', host: 'chat.example.com' }, 'abc'],
    ['another port’s cookie', { cookie: 'barewire_8081=abc', host: 'localhost:8080' }, undefined],
    ['a name that ends the same', { cookie: 'xbarewire_8080=abc', host: 'localhost:8080' }, undefined],
    ['an empty cookie', { cookie: 'barewire_8080=', host: 'localhost:8080' }, undefined],
    ['no host', { cookie: 'barewire_443=abc' }, 'abc'],
    ['a Bearer token', { authorization: 'Bearer abc.def' }, 'abc.def'],
    ['bearer, spelled otherwise', { authorization: 'bearer  abc' }, 'abc'],
    ['both', { authorization: 'Bearer abc', cookie: 'barewire_443=def' }, 'abc'],
    ['another scheme beside a cookie', { authorization: 'Basic abc', cookie: 'barewire_443=def' }, undefined],
    ['one that is too long', { authorization: `Bearer ${'x'.repeat(1025)}` }, undefined],
    ['nothing', {}, undefined],
  ])('in %s', (_what, fields, token) => {
    expect(credentialOf(fields)).toBe(token);
  });

  it('is found where it was set', () => {
    for (const host of ['localhost:8080', '[::1]:8443', 'chat.example.com']) {
      for (const isSecure of [true, false]) {
        const [cookie] = cookieFor({ host }, 'abc', 60, isSecure).split(';');
        expect(findCredential({ host, cookie })).toEqual({ token: 'abc', from: 'cookie' });
      }
    }
  });
});
