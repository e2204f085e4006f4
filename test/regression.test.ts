/**
 * What killed or fooled earlier chats of this kind (docs/chat-protocol.md is what ours promises instead): each known
 * probe, by name, against the real program over TCP. After each one the process must be alive and serve a newcomer.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Failure, ServerEvent } from '../src/chat/events.ts';
import { parseServerEvent } from '../src/chat/events.ts';
import { ChatClient } from './support/chat-server.ts';
import { seededRandom } from './support/chopping.ts';
import { Program } from './support/process.ts';
import { closeFrame, maskedFrame, RawClient, upgradeHead } from './support/raw-client.ts';
import { decodeClose } from './support/raw-stream.ts';

const data = mkdtempSync(join(tmpdir(), 'barewire-'));
let program: Program;
let port = 0;
let alive = true;
let token = '';
/** What it says at the start, to whoever started it. */
let greeting = '';

beforeAll(async () => {
  const environment = { ...process.env, PORT: '', HOST: '', DATA: '', LOG_LEVEL: '', ALLOWED_ORIGINS: '' };
  const flags = ['--port', '0', '--data', data, '--trust-proxy', 'loopback'];
  program = new Program(['--import', 'tsx', 'src/main.ts', ...flags], { environment });
  void program.ended.then(() => {
    alive = false;
  });
  const [, printed] = await program.output(/^barewire chat on http:\/\/127\.0\.0\.1:(\d+)\n/);
  port = Number(printed);
  [greeting] = await program.output(/^barewire: nobody owns this server yet.*\n$/, 'stderr');
  const keeper = await ChatClient.connect(port);
  token = (await keeper.ok('session:enter', { name: 'Keeper' })).token ?? '';
});
afterAll(async () => {
  await program.stop();
  rmSync(data, { recursive: true, force: true });
});

afterEach(async () => {
  expect(alive).toBe(true);
  const client = await ChatClient.connect(port);
  expect((await client.ok('session:resume', { token })).member.name).toBe('Keeper');
  expect(await client.ok('heartbeat:ping', {})).toEqual({ time: expect.any(Number) });
  client.socket.terminate();
  // A handler that threw would have been written down.
  expect(program.stderr).toBe(greeting);
});

async function guest(headers: Record<string, string> = {}): Promise<ChatClient> {
  return ChatClient.connect(port, headers);
}

let names = 0;
async function member(name = `Member ${++names}`) {
  const client = await guest();
  const entrance = await client.ok('session:enter', { name });
  return { client, name, entrance, token: entrance.token ?? '' };
}

/** Who is in the room that all are in. */
async function membersOf(client: ChatClient): Promise<readonly { id: string; name: string }[]> {
  const { members } = await client.ok('room:open', { room: 'general' });
  return members.map(({ id, name }) => ({ id, name }));
}

async function raw(): Promise<RawClient> {
  const client = await RawClient.open(port, '/chat');
  expect((await event(client)).event).toBe('server:hello');
  return client;
}

async function event(client: RawClient): Promise<ServerEvent> {
  const { opcode, payload } = await client.frame();
  const parsed = opcode === 0x1 ? parseServerEvent(payload.toString()) : undefined;
  if (parsed === undefined) throw new Error(`No event: opcode ${opcode}, ${payload.toString()}`);
  return parsed;
}

/** Sends text as it is; the failure that comes back. */
async function refused(text: string): Promise<Failure> {
  const client = await guest();
  client.socket.send(text);
  const reply = await client.seen(({ event }) => event === 'reply:error');
  client.socket.terminate();
  if (reply.event !== 'reply:error') throw new Error('not refused');
  return reply.data;
}

/** A request of an exact length in octets, padded where JSON allows it. */
function padded(length: number, id: number): string {
  const request = `{"event":"heartbeat:ping","id":${id}}`;
  return request + ' '.repeat(length - request.length);
}

const text = (payload: string | Uint8Array) => maskedFrame({ opcode: 0x1, payload });

describe('one message from a stranger', () => {
  it.each([
    'x',
    'null',
    '{"type":3}',
    '{"type":1}',
    '{"type":"1","data":{}}',
    '{"type":"3","data":{"name":"alice"}}',
    '{"type":"24","data":{"id":9999,"name":"ghost"}}',
    '',
    '{',
    '[]',
    '0',
    'false',
    '""',
    '{"event":null}',
    '{"event":"session:enter","data":null}',
    '{"event":"session:enter","data":0}',
    '{"event":"session:enter","data":{"name":null}}',
    '{"event":"toString"}',
    '{"__proto__":{"event":"session:enter"}}',
    `${'['.repeat(30_000)}`,
    `{"event":"${'x'.repeat(60_000)}"}`,
    '{"event":"heartbeat:ping","id":1e999}',
    '\u0000',
    '\ufeff{"event":"heartbeat:ping","id":1}',
  ])('does not stop the chat, and is answered: %.40s', async (sent) => {
    expect(['malformed', 'invalid', 'unknown-event']).toContain((await refused(sent)).code);
  });

  it('is answered when it is binary', async () => {
    const client = await raw();
    client.send(maskedFrame({ opcode: 0x2, payload: Uint8Array.of(1, 2, 3) }));
    expect(await event(client)).toMatchObject({ event: 'reply:error', data: { code: 'malformed' } });
    client.destroy();
  });

  it('may be any of 3,000 bent requests (seeded)', async () => {
    const seed = Number(process.env.BAREWIRE_SEED ?? 20_260_101);
    const random = seededRandom(seed);
    const good = [
      '{"event":"session:enter","id":1,"data":{"name":"Bent"}}',
      `{"event":"session:resume","id":2,"data":{"token":"${'A'.repeat(43)}","since":{"epoch":"e","offset":3}}}`,
      '{"event":"message:send","id":3,"data":{"nonce":"12345678","content":{"type":"text","text":"hi"}}}',
      '{"event":"message:page","id":4,"data":{"before":50,"limit":10}}',
      '{"event":"session:leave","id":5,"data":{}}',
    ];
    const pieces = [
      'null',
      '-1',
      '""',
      '{}',
      '[]',
      '1e308',
      '"\\u0000"',
      '"__proto__"',
      'true',
      '{"a":1}',
      '\\',
      '"',
      ',',
    ];
    const pick = <Value>(values: readonly Value[]): Value =>
      values[Math.floor(random() * values.length)] as Value;
    for (let round = 0; round < 60; round++) {
      // From elsewhere: many are sign-ins that fail, of which one address has so many.
      const client = await guest({ 'X-Forwarded-For': '203.0.113.9' });
      for (let index = 0; index < 50; index++) {
        const request = pick(good);
        const from = Math.floor(random() * request.length);
        const to = from + Math.floor(random() * 12);
        client.socket.send(request.slice(0, from) + pick(pieces) + request.slice(to));
      }
      client.send('heartbeat:ping', {});
      const answered = client.seen((candidate) => 'id' in candidate && candidate.event === 'reply:ok');
      // Too many mistakes end a connection, in good order; that is an answer too.
      const ended = await answered.then(
        () => undefined,
        () => client.closed,
      );
      if (ended !== undefined) expect([seed, round, ended.code]).toEqual([seed, round, 1008]);
      client.socket.terminate();
    }
  });
});

describe('identity', () => {
  it('is not taken over by who knows somebody’s id and name', async () => {
    const ada = await member('Ada');
    const thief = await guest();
    const { id, name } = ada.entrance.member;
    for (const [event, data] of [
      ['session:enter', { name }],
      ['session:enter', { name: name.toUpperCase() }],
      ['session:enter', { id, name }],
      ['session:resume', { id, name }],
      ['session:resume', { token: id }],
      ['session:resume', { token: 'A'.repeat(43) }],
    ] as const) {
      thief.socket.send(JSON.stringify({ event, id: 100, data }));
      await thief.seen((candidate) => candidate.event === 'reply:error' && candidate.id === 100);
      thief.events.length = 0;
    }
    thief.socket.send(
      JSON.stringify({
        event: 'message:send',
        id: 101,
        data: { nonce: '12345678', content: { type: 'text', text: 'I am Ada' } },
      }),
    );
    const reply = await thief.seen((candidate) => 'id' in candidate && candidate.id === 101);
    expect(reply).toMatchObject({ event: 'reply:error', data: { code: 'signed-out' } });
    await ada.client.ok('heartbeat:ping', {});
  });

  it('is not logged out by somebody else', async () => {
    const bob = await member('Bob');
    const thief = await member();
    thief.client.socket.send(JSON.stringify({ event: 'session:leave', id: 100, data: bob.entrance.member }));
    const reply = await thief.client.seen((candidate) => 'id' in candidate && candidate.id === 100);
    expect(reply).toMatchObject({ event: 'reply:error', data: { code: 'invalid' } });
    expect(await membersOf((await member()).client)).toContainEqual(bob.entrance.member);
    await bob.client.ok('heartbeat:ping', {});
  });

  it('is needed to read: a sign-in with nothing gives nothing', async () => {
    const writer = await member();
    await writer.client.ok('message:send', {
      nonce: 'a-secret-01',
      content: { type: 'text', text: 'for members' },
    });
    const stranger = await guest();
    for (const name of ['session:enter', 'session:resume', 'message:page']) {
      stranger.socket.send(JSON.stringify({ event: name, data: {} }));
    }
    await writer.client.ok('message:send', {
      nonce: 'a-secret-02',
      content: { type: 'text', text: 'for members' },
    });
    await stranger.ok('heartbeat:ping', {});
    expect(JSON.stringify(stranger.events)).not.toContain('for members');
    expect(stranger.events.map(({ event }) => event)).toEqual([
      'server:hello',
      ...['reply:error', 'reply:error', 'reply:error'],
      'reply:ok',
    ]);
  });

  it('is one for a socket: 60 names claimed are 59 refusals, and block nobody', async () => {
    const { client } = await member('Greedy 0');
    for (let number = 1; number < 60; number++) {
      const id = client.send('session:enter', { name: `Greedy ${number}` });
      const reply = await client.seen((candidate) => 'id' in candidate && candidate.id === id);
      expect(reply).toMatchObject({ event: 'reply:error', data: { code: 'signed-in' } });
    }
    const members = await membersOf((await member('Greedy 59')).client);
    expect(members.filter(({ name }) => name.startsWith('Greedy'))).toHaveLength(2);
  });

  it('comes back at once after the socket died', async () => {
    const client = await raw();
    client.send(text('{"event":"session:enter","id":1,"data":{"name":"Phoenix"}}'));
    const reply = await event(client);
    if (reply.event !== 'reply:ok') throw new Error(JSON.stringify(reply));
    const { token: own } = reply.data as { token: string };
    client.reset();
    const again = await guest();
    await again.ok('session:resume', { token: own });
    const members = await membersOf(again);
    expect(members.filter(({ name }) => name === 'Phoenix')).toHaveLength(1);
  });

  it('stamps what is said: nobody writes under another name, in another kind, or with no text', async () => {
    const { client, entrance } = await member();
    const content = { type: 'text', text: 'hi' };
    for (const more of [
      { author: { id: 'x', name: 'Ada' } },
      { userName: 'Ada' },
      { time: 0 },
      { offset: 1 },
      { content: { ...content, type: 'info' } },
      { content: { ...content, html: '<b>' } },
      { content: { type: 'text', text: ' \n' } },
      { content: { type: 'image', image: 'data:image/png;base64,AAAA' } },
    ]) {
      const request = { event: 'message:send', id: 100, data: { nonce: 'spoofing', content, ...more } };
      client.socket.send(JSON.stringify(request));
      await client.seen((candidate) => candidate.event === 'reply:error' && candidate.id === 100);
      client.events.length = 0;
    }
    const script = '<img src=x onerror=alert(1)>';
    await client.ok('message:send', { nonce: 'a-script-1', content: { type: 'text', text: script } });
    const pushed = await client.seen(
      (candidate) => candidate.event === 'room:event' && candidate.data.event.nonce === 'a-script-1',
    );
    expect(pushed).toMatchObject({
      data: { event: { author: entrance.member, content: { type: 'text', text: script } } },
    });
  });
});

describe('a broadcast', () => {
  it('reaches those who read, past one who does not, one who was cut and one who closed', async () => {
    const [sender, reader] = [await member(), await member()];
    const stalled = await raw();
    stalled.send(text('{"event":"session:enter","id":1,"data":{"name":"Stalled"}}'));
    const cut = await raw();
    cut.send(text('{"event":"session:enter","id":1,"data":{"name":"Cut"}}'));
    await event(cut);
    cut.reset();
    const gone = await member();
    gone.client.socket.close();
    await gone.client.closed;
    for (let number = 0; number < 20; number++) {
      const content = { type: 'text', text: `${number} ${'x'.repeat(3900)}` } as const;
      await sender.client.ok('message:send', { nonce: `broadcast-${number}`, content });
    }
    await reader.client.seen(
      (candidate) => candidate.event === 'room:event' && candidate.data.event.nonce === 'broadcast-19',
    );
    stalled.destroy();
  });
});

describe('frames', () => {
  it.each([125, 126, 127, 128, 1000, 65_535, 65_536])(
    'of %i octets are read as long as they are',
    async (length) => {
      const client = await raw();
      client.send(text(padded(length, length)));
      expect(await event(client)).toMatchObject({ event: 'reply:ok', id: length });
      client.destroy();
    },
  );

  it.each([65_537, 70_000])('of %i octets are over the limit that was announced: 1009', async (length) => {
    const client = await raw();
    client.send(text(padded(length, 1)));
    expect((await client.close()).code).toBe(1009);
    client.destroy();
  });

  it('over 65,535 octets are written as long as they are', async () => {
    const { client } = await member();
    const written = 'é'.repeat(4000);
    for (let number = 0; number < 30; number++) {
      await client.ok('message:send', {
        nonce: `long-text-${number}`,
        content: { type: 'text', text: written },
      });
    }
    const page = await client.ok('message:page', { before: 1_000_000, limit: 30 });
    expect(JSON.stringify(page).length).toBeGreaterThan(70_000);
    const messages = page.items.filter((item) => item.type === 'message');
    expect(messages).toHaveLength(30);
    expect(messages.every(({ content }) => content.type === 'text' && content.text === written)).toBe(true);
  });

  it('that come together in one read are both carried out', async () => {
    const client = await raw();
    client.send(Buffer.concat([text(padded(127, 1)), text(padded(50, 2)), text(padded(300, 3))]));
    for (const id of [1, 2, 3]) expect(await event(client)).toMatchObject({ event: 'reply:ok', id });
    client.destroy();
  });

  it('that come octet by octet are one message', async () => {
    const client = await raw();
    await client.sendInPieces([...text(padded(127, 1))].map((octet) => Uint8Array.of(octet)));
    expect(await event(client)).toMatchObject({ event: 'reply:ok', id: 1 });
    client.destroy();
  });

  it('in fragments are one message, with a ping answered in between', async () => {
    const client = await raw();
    const whole = padded(127, 7);
    client.send(maskedFrame({ fin: false, opcode: 0x1, payload: whole.slice(0, 20) }));
    client.send(maskedFrame({ opcode: 0x9, payload: 'are you there' }));
    client.send(maskedFrame({ fin: false, opcode: 0x0, payload: whole.slice(20, 21) }));
    client.send(maskedFrame({ opcode: 0x0, payload: whole.slice(21) }));
    expect(await client.frame()).toMatchObject({ opcode: 0xa, payload: Buffer.from('are you there') });
    expect(await event(client)).toMatchObject({ event: 'reply:ok', id: 7 });
    client.destroy();
  });

  it.each([
    ['without a mask', maskedFrame({ opcode: 0x1, payload: 'x', mask: null }), 1002],
    ['with a reserved bit', maskedFrame({ opcode: 0x1, payload: 'x', reserved: 0x40 }), 1002],
    ['with a reserved opcode', maskedFrame({ opcode: 0x3, payload: 'x' }), 1002],
    ['that continue nothing', maskedFrame({ opcode: 0x0, payload: 'x' }), 1002],
    [
      'with a 64-bit length whose top bit is set',
      maskedFrame({ opcode: 0x1, lengthBits: 64, announced: 2n ** 63n }),
      1002,
    ],
    [
      'with a 64-bit length over four octets',
      maskedFrame({ opcode: 0x1, lengthBits: 64, announced: 2n ** 32n + 5n }),
      1009,
    ],
    [
      'with a length that is longer than it must be',
      maskedFrame({ opcode: 0x1, payload: 'x', lengthBits: 16 }),
      1002,
    ],
    ['of text that is no UTF-8', maskedFrame({ opcode: 0x1, payload: Uint8Array.of(0xff) }), 1007],
  ])('%s are refused with a Close frame', async (_name, octets, code) => {
    const client = await raw();
    client.send(octets);
    expect((await client.close()).code).toBe(code);
    client.destroy();
  });

  it('of falsy values are not lost: 0, "", false and id 0 are answered', async () => {
    for (const value of ['0', '""', 'false']) {
      expect(await refused(`{"event":"heartbeat:ping","data":${value}}`)).toMatchObject({
        code: 'invalid',
        field: 'data',
      });
    }
    const client = await raw();
    client.send(text('{"event":"heartbeat:ping","id":0}'));
    expect(await event(client)).toMatchObject({ event: 'reply:ok', id: 0 });
    client.destroy();
  });

  it('of ping are answered by pong, of close by close', async () => {
    const client = await raw();
    client.send(maskedFrame({ opcode: 0x9, payload: 'ping' }));
    expect(await client.frame()).toMatchObject({ opcode: 0xa, payload: Buffer.from('ping') });
    client.send(closeFrame(1000, 'bye'));
    const { opcode, payload } = await client.frame();
    expect([opcode, decodeClose(payload).code]).toEqual([0x8, 1000]);
    client.destroy();
  });

  it('may be cut by a reset anywhere', async () => {
    for (const octets of ['', '\x81', '\x81\xfe', Buffer.from(text(padded(127, 1)).subarray(0, 60))]) {
      const client = await raw();
      client.send(octets);
      client.reset();
    }
    const half = await RawClient.connect(port);
    half.send('GET /chat HT');
    half.reset();
  });
});

describe('HTTP', () => {
  async function ask(request: string) {
    const client = await RawClient.connect(port);
    client.send(request);
    const response = await client.response();
    client.destroy();
    return response;
  }

  it('serves no file outside of the pages', async () => {
    writeFileSync(join(dirname(data), 'barewire-outside'), 'outside');
    for (const target of [
      '/../../file',
      '/../../package.json',
      '/../../../../../../../../etc/passwd',
      '/%2e%2e/%2e%2e/package.json',
      '/..%2f..%2fpackage.json',
      '/images/../../barewire-outside',
      '/images/..%2f..%2fbarewire-outside',
    ]) {
      const { status, body } = await ask(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect([400, 404]).toContain(status);
      expect(body).not.toMatch(/outside|"barewire"|root:/);
    }
    rmSync(join(dirname(data), 'barewire-outside'));
  });

  it('leaves no upgrade hanging: not WebSocket, another version, a foreign origin, another path', async () => {
    const other = upgradeHead('/chat').replace('Upgrade: websocket', 'Upgrade: h2c');
    expect((await ask(other)).status).toBe(426);
    const version = await ask(upgradeHead('/chat').replace('Version: 13', 'Version: 8'));
    expect([version.status, version.headers.get('sec-websocket-version')]).toEqual([426, '13']);
    const foreign = await ask(upgradeHead('/chat', ['Origin: https://evil.example']));
    expect(foreign.status).toBe(403);
    expect(foreign.body).not.toBe('');
    expect((await ask(upgradeHead('/elsewhere'))).status).toBe(404);
    expect((await ask(upgradeHead('/chat').replace(/Sec-WebSocket-Key.*\r\n/, ''))).status).toBe(400);
  });

  it('has the chat on the port that has the pages', async () => {
    expect((await ask('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')).status).toBe(200);
    expect((await ask('GET /chat HTTP/1.1\r\nHost: a\r\n\r\n')).status).toBe(426);
  });
});
