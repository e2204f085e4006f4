import { describe, expect, it } from 'vitest';
import {
  acceptValue,
  checkPolicy,
  checkUpgradeRequest,
  checkUpgradeResponse,
  chooseProtocol,
  encodeUpgradeReply,
  encodeUpgradeRequest,
  type HandshakePolicy,
  wantsWebSocket,
} from '../src/handshake.ts';
import { HeadReader, HttpError, parseRequestHead, parseResponseHead } from '../src/http-head.ts';
import { forEachChopping, seededRandom } from './support/chopping.ts';
import {
  headText,
  octets,
  responseHead,
  sampleAccept,
  sampleKey,
  text,
  upgradeHead,
  upgradeText,
} from './support/http.ts';
import { refusal, refusalWithHeaders } from './support/refusal.ts';

type Changes = Record<string, string | readonly string[] | undefined>;

/** What the upgrade request with these changes is refused with. */
function refused(changes: Changes, line?: string, policy?: HandshakePolicy) {
  return refusal(() => checkUpgradeRequest(upgradeHead(changes, line), policy));
}

function accepted(changes: Changes, line?: string, policy?: HandshakePolicy) {
  return checkUpgradeRequest(upgradeHead(changes, line), policy);
}

describe('acceptValue', () => {
  it('is that of RFC 6455 §1.3', () => {
    expect(acceptValue(sampleKey)).toBe(sampleAccept);
  });

  it('is right for the other key in the RFC (§4.1)', () => {
    // Derived by hand with `printf %s KEY GUID | openssl sha1 -binary | base64`.
    expect(acceptValue('AQIDBAUGBwgJCgsMDQ4PEC==')).toBe('OfS0wDaT5NoxF2gqm7Zj2YtetzM=');
  });
});

describe('checkUpgradeRequest', () => {
  it("takes the RFC's own request (§1.2), however it is cut", () => {
    const request = headText('GET /chat HTTP/1.1', {
      Host: 'server.example.com',
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Key': sampleKey,
      Origin: 'http://example.com',
      'Sec-WebSocket-Protocol': 'chat, superchat',
      'Sec-WebSocket-Version': '13',
    });
    forEachChopping(octets(request), 455, ({ chunks, tail }) => {
      const reader = new HeadReader();
      let rest: Uint8Array | undefined;
      for (const chunk of chunks.filter(({ length }) => length > 0)) {
        const complete = reader.receive(chunk);
        if (complete === undefined) continue;
        rest = complete.rest;
        const head = parseRequestHead(complete.bytes);
        expect(wantsWebSocket(head)).toBe(true);
        const { request, ...others } = checkUpgradeRequest(head, { allowedOrigins: ['http://example.com'] });
        expect(others).toEqual({ key: sampleKey, extensions: [] });
        expect({ ...request, query: [...request.query], headers: [...request.headers] }).toEqual({
          target: '/chat',
          path: '/chat',
          query: [],
          host: 'server.example.com',
          origin: 'http://example.com',
          protocols: ['chat', 'superchat'],
          headers: [
            ['host', 'server.example.com'],
            ['upgrade', 'websocket'],
            ['connection', 'Upgrade'],
            ['sec-websocket-key', sampleKey],
            ['origin', 'http://example.com'],
            ['sec-websocket-protocol', 'chat, superchat'],
            ['sec-websocket-version', '13'],
          ],
        });
      }
      expect(rest).toEqual(tail);
    });
  });

  it('tells the target, the path and the query', () => {
    const { request } = accepted({}, 'GET /a%20b?room=1&room=%32 HTTP/1.1');
    expect(request).toMatchObject({ target: '/a%20b?room=1&room=%32', path: '/a%20b', host: 'example.com' });
    expect(request.query.getAll('room')).toEqual(['1', '2']);
  });

  it('lets the authority of an absolute target replace Host everywhere', () => {
    const { request } = accepted({ Origin: 'http://a.example' }, 'GET ws://a.example/chat?b HTTP/1.1');
    expect(request).toMatchObject({ target: 'ws://a.example/chat?b', path: '/chat', host: 'a.example' });
    expect(request.headers.get('host')).toBe('a.example');
    expect(refused({ Origin: 'http://example.com' }, 'GET ws://a.example/chat HTTP/1.1').status).toBe(403);
  });

  it('joins repeated fields', () => {
    expect(accepted({ 'X-A': ['1', '2'] }).request.headers.get('x-a')).toBe('1, 2');
  });

  it.each<[string, Changes, string?]>([
    ['a later HTTP/1', {}, 'GET / HTTP/1.2'],
    ['names in any case', { Upgrade: undefined, uPGRADE: 'WebSocket', Connection: 'keep-alive, UPGRADE' }],
    ['several protocols in Upgrade', { Upgrade: 'h2c, websocket , TLS/1.0' }],
    ['Upgrade over two lines', { Upgrade: ['h2c', 'websocket'] }],
    ['Connection over two lines', { Connection: ['keep-alive', ',, Upgrade'] }],
    ['a body of nothing', { 'Content-Length': '0' }],
    ['a body of nothing, at length', { 'Content-Length': '000' }],
    ['the key of §4.1, with bits behind its last octet', { 'Sec-WebSocket-Key': 'AQIDBAUGBwgJCgsMDQ4PEC==' }],
    ['a key of zeros', { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' }],
    ['a key of ones', { 'Sec-WebSocket-Key': '/////////////////////w==' }],
    ['white space around the key', { 'Sec-WebSocket-Key': `\t ${sampleKey} ` }],
  ])('takes %s', (_, changes, line) => {
    expect(accepted(changes, line).request.path).toBeTypeOf('string');
  });

  it.each<[string, Changes, string | undefined, number, string]>([
    ['HTTP/1.0', {}, 'GET / HTTP/1.0', 400, 'RFC 6455 §4.2.1 item 1'],
    ['the asterisk form', {}, 'GET * HTTP/1.1', 400, 'RFC 9112 §3.2'],
    ['a fragment', {}, 'GET /#a HTTP/1.1', 400, 'RFC 6455 §3'],
    ['no Host', { Host: undefined }, undefined, 400, 'RFC 9112 §3.2'],
    ['two Hosts', { Host: ['a', 'a'] }, undefined, 400, 'RFC 9112 §3.2'],
    ['Upgrade that is no list', { Upgrade: 'websocket; a' }, undefined, 400, 'RFC 9110 §7.8'],
    ['Upgrade with two versions', { Upgrade: 'websocket, a/1/2' }, undefined, 400, 'RFC 9110 §7.8'],
    ['Upgrade with an empty name', { Upgrade: 'websocket, /1' }, undefined, 400, 'RFC 9110 §7.8'],
    ['Upgrade with an empty version', { Upgrade: 'websocket, a/' }, undefined, 400, 'RFC 9110 §7.8'],
    ['no Connection', { Connection: undefined }, undefined, 400, 'RFC 6455 §4.2.1 item 4'],
    ['Connection without Upgrade', { Connection: 'keep-alive' }, undefined, 400, 'RFC 6455 §4.2.1 item 4'],
    [
      'Connection that holds Upgrade in a word',
      { Connection: 'upgrades' },
      undefined,
      400,
      'RFC 6455 §4.2.1 item 4',
    ],
    ['Connection that is no list', { Connection: 'Upgrade, "a"' }, undefined, 400, 'RFC 9110 §7.6.1'],
    ['no key', { 'Sec-WebSocket-Key': undefined }, undefined, 400, 'RFC 6455 §4.2.1 item 5'],
    ['two keys', { 'Sec-WebSocket-Key': [sampleKey, sampleKey] }, undefined, 400, 'RFC 6455 §11.3.1'],
    ['two versions', { 'Sec-WebSocket-Version': ['13', '13'] }, undefined, 400, 'RFC 6455 §11.3.5'],
    ['a body', { 'Content-Length': '5' }, undefined, 413, 'RFC 9110 §15.5.14'],
    ['a body of unknown length', { 'Transfer-Encoding': 'chunked' }, undefined, 413, 'RFC 9110 §15.5.14'],
    [
      'a coded body of nothing',
      { 'Transfer-Encoding': '', 'Content-Length': '0' },
      undefined,
      413,
      'RFC 9110 §15.5.14',
    ],
    ['Content-Length that is no number', { 'Content-Length': '+5' }, undefined, 400, 'RFC 9112 §6.3'],
    ['empty Content-Length', { 'Content-Length': '' }, undefined, 400, 'RFC 9112 §6.3'],
    ['two Content-Lengths', { 'Content-Length': ['0', '0'] }, undefined, 400, 'RFC 9112 §6.3'],
    [
      'two Origins',
      { Origin: ['http://example.com', 'http://example.com'] },
      undefined,
      400,
      'RFC 6455 §4.2.1 item 7',
    ],
    ['an extension list that is none', { 'Sec-WebSocket-Extensions': 'a;' }, undefined, 400, 'RFC 6455 §9.1'],
  ])('refuses %s', (_, changes, line, status, section) => {
    expect(refused(changes, line)).toEqual({ status, section });
  });

  it.each([
    ['empty', ''],
    ['no base64', 'not base64 at all!!!!!!!'],
    ['15 octets', 'AAAAAAAAAAAAAAAAAAAA'],
    ['17 octets', 'AAAAAAAAAAAAAAAAAAAAAAA='],
    ['18 octets', 'AAAAAAAAAAAAAAAAAAAAAAAA'],
    ['base64 without padding', sampleKey.slice(0, -2)],
    ['base64url', '-_____________________w=='],
    ['a list', `${sampleKey}, ${sampleKey}`],
  ])('refuses a key that is %s', (_, key) => {
    expect(refused({ 'Sec-WebSocket-Key': key })).toEqual({ status: 400, section: 'RFC 6455 §4.2.1 item 5' });
  });

  it.each(['POST', 'HEAD', 'get', 'OPTIONS'])('refuses the method %s and says which is allowed', (method) => {
    expect(refusalWithHeaders(() => accepted({}, `${method} /chat HTTP/1.1`))).toEqual({
      status: 405,
      section: 'RFC 6455 §4.2.1 item 1',
      headers: { Allow: 'GET' },
    });
  });

  it.each([undefined, '', '8', '0', '013', '14', '13, 8', '+13'])(
    'refuses the version %s and says which is spoken',
    (versionSent) => {
      expect(refusalWithHeaders(() => accepted({ 'Sec-WebSocket-Version': versionSent }))).toEqual({
        status: 426,
        section: 'RFC 6455 §4.4',
        headers: { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
      });
    },
  );

  it.each([undefined, '', 'h2c', 'websocket/13', 'web-socket'])(
    'asks for an upgrade when Upgrade is %s',
    (upgrade) => {
      expect(refusalWithHeaders(() => accepted({ Upgrade: upgrade }))).toEqual({
        status: 426,
        section: 'RFC 6455 §4.2.1 item 3',
        headers: { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
      });
    },
  );

  it('tells an old client its version before it judges a key in an old form', () => {
    expect(refused({ 'Sec-WebSocket-Version': '0', 'Sec-WebSocket-Key': undefined }).status).toBe(426);
  });
});

describe('the Origin policy', () => {
  const foreign = { status: 403, section: 'RFC 6455 §10.2' };

  it('allows pages of the same origin and clients that are no browser', () => {
    expect(accepted({}).request.origin).toBeUndefined();
    expect(accepted({ Origin: 'https://example.com' }).request.origin).toBe('https://example.com');
    expect(
      accepted({ Origin: 'http://Example.com:80' }, undefined, { allowedOrigins: 'same-origin' }),
    ).toBeDefined();
  });

  it.each([
    'https://evil.example',
    'null',
    '',
    'https://example.com.evil.example',
    'https://example.com:444',
  ])('refuses pages of %j by default', (origin) => {
    expect(refused({ Origin: origin })).toEqual(foreign);
    expect(refused({ Origin: origin }, undefined, { allowedOrigins: [] })).toEqual(foreign);
  });

  it('lets a list allow others besides', () => {
    const policy = { allowedOrigins: ['https://Friend.example:443', 'null'] };
    for (const origin of ['https://friend.example', 'null', 'http://example.com']) {
      expect(accepted({ Origin: origin }, undefined, policy).request.origin).toBe(origin);
    }
    for (const origin of ['http://friend.example', 'https://sub.friend.example', 'https://friend.example/']) {
      expect(refused({ Origin: origin }, undefined, policy)).toEqual(foreign);
    }
  });

  it('may be switched off', () => {
    const policy = { allowedOrigins: 'any' } as const;
    expect(accepted({ Origin: 'https://evil.example' }, undefined, policy)).toBeDefined();
    expect(accepted({ Origin: 'what is this' }, undefined, policy)).toBeDefined();
  });

  it('is judged when it is given', () => {
    for (const allowedOrigins of ['same-origin', 'any', [], ['null', 'https://a.example:8443']] as const) {
      expect(() => checkPolicy({ allowedOrigins })).not.toThrow();
    }
    expect(() => checkPolicy({})).not.toThrow();
    for (const bad of [['a.example'], ['*'], ['https://a.example/'], [7], 'https://a.example', null]) {
      const policy: HandshakePolicy = JSON.parse(JSON.stringify({ allowedOrigins: bad }));
      expect(() => checkPolicy(policy), JSON.stringify(bad)).toThrow(TypeError);
    }
  });
});

describe('subprotocols and extensions', () => {
  it('are told in the order of the client', () => {
    const { request, extensions } = accepted({
      'Sec-WebSocket-Protocol': ['b, a', ',c'],
      'Sec-WebSocket-Extensions': ['permessage-deflate; client_max_window_bits', 'x'],
    });
    expect(request.protocols).toEqual(['b', 'a', 'c']);
    expect(extensions.map(({ name }) => name)).toEqual(['permessage-deflate', 'x']);
  });

  it.each<[string, string | readonly string[]]>([
    ['empty', ''],
    ['of commas', ' , '],
    ['no tokens', 'a b'],
    ['quoted', '"a"'],
    ['repeated', 'a, b, a'],
    ['repeated over two lines', ['a', 'a']],
  ])('refuses a subprotocol list that is %s', (_, value) => {
    expect(refused({ 'Sec-WebSocket-Protocol': value })).toEqual({
      status: 400,
      section: 'RFC 6455 §4.1 item 10',
    });
  });

  it('are told apart by case', () => {
    expect(accepted({ 'Sec-WebSocket-Protocol': 'a, A' }).request.protocols).toEqual(['a', 'A']);
  });

  it("are chosen in the client's order, exactly", () => {
    expect(chooseProtocol(['b', 'a'], ['a', 'b'])).toBe('b');
    expect(chooseProtocol(['x', 'a'], ['a', 'b'])).toBe('a');
    expect(chooseProtocol(['A'], ['a'])).toBeUndefined();
    expect(chooseProtocol([], ['a'])).toBeUndefined();
  });
});

describe('wantsWebSocket', () => {
  it.each<[boolean, Changes]>([
    [true, {}],
    [true, { Upgrade: 'h2c, WEBSOCKET' }],
    // Asked for wrongly is still asked for: the refusal is ours to give.
    [true, { Upgrade: 'websocket, "a"', Connection: undefined, Host: undefined }],
    [false, { Upgrade: undefined }],
    [false, { Upgrade: 'h2c' }],
    [false, { Upgrade: 'websockets, web socket' }],
  ])('is %s for %j', (expected, changes) => {
    expect(wantsWebSocket(upgradeHead(changes))).toBe(expected);
  });
});

describe('encodeUpgradeReply', () => {
  it('is the 101 of RFC 6455 §1.3, octet by octet', () => {
    expect(text(encodeUpgradeReply({ key: sampleKey }))).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${sampleAccept}\r\n\r\n`,
    );
  });

  it('carries subprotocol, extensions and more fields', () => {
    const reply = encodeUpgradeReply({
      key: sampleKey,
      protocol: 'chat',
      extensions: [{ name: 'x', parameters: [{ name: 'a', value: '1' }] }],
      headers: { 'Set-Cookie': 'a=b' },
    });
    expect(text(reply).split('\r\n').slice(4)).toEqual([
      'Sec-WebSocket-Protocol: chat',
      'Sec-WebSocket-Extensions: x; a=1',
      'Set-Cookie: a=b',
      '',
      '',
    ]);
  });

  it('cannot be broken by what it is given', () => {
    expect(() => encodeUpgradeReply({ key: sampleKey, protocol: 'a\r\nb' })).toThrow(TypeError);
    expect(() => encodeUpgradeReply({ key: sampleKey, protocol: '' })).toThrow(TypeError);
    expect(() => encodeUpgradeReply({ key: sampleKey, headers: { A: 'b\r\nC: d' } })).toThrow(TypeError);
    for (const name of [
      'upgrade',
      'Connection',
      'Content-Length',
      'sec-websocket-accept',
      'Sec-WebSocket-Protocol',
    ]) {
      expect(() => encodeUpgradeReply({ key: sampleKey, headers: { [name]: 'x' } }), name).toThrow(TypeError);
    }
  });
});

describe('encodeUpgradeRequest', () => {
  const least = { host: 'example.com:8080', target: '/chat?a=1', key: sampleKey };

  it('is the request, octet by octet', () => {
    expect(text(encodeUpgradeRequest(least))).toBe(
      'GET /chat?a=1 HTTP/1.1\r\nHost: example.com:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Key: ${sampleKey}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
  });

  it('is accepted by our own server with all that it can carry, however it is cut', () => {
    const extensions = [{ name: 'x', parameters: [{ name: 'a', value: undefined }] }];
    const bytes = encodeUpgradeRequest({
      ...least,
      protocols: ['b', 'a'],
      extensions,
      origin: 'http://example.com:8080',
      headers: { Cookie: 'c=d' },
    });
    forEachChopping(bytes, 41, ({ chunks }) => {
      const reader = new HeadReader();
      const complete = chunks
        .filter(({ length }) => length > 0)
        .map((chunk) => reader.receive(chunk))
        .at(-1);
      const { request, ...others } = checkUpgradeRequest(parseRequestHead(complete?.bytes ?? bytes));
      expect(others).toEqual({ key: sampleKey, extensions });
      expect(request).toMatchObject({ target: '/chat?a=1', host: 'example.com:8080', protocols: ['b', 'a'] });
      expect(request.headers.get('cookie')).toBe('c=d');
    });
  });

  it.each([
    ['a host with user information', { host: 'a@b' }],
    ['a host that ends the line', { host: 'a\r\nb' }],
    ['a target without a slash', { target: 'chat' }],
    ['a target with a fragment', { target: '/#a' }],
    ['a target with a space', { target: '/a b' }],
    ['a target that ends the line', { target: '/\r\n' }],
    ['a target beyond ASCII', { target: '/é' }],
    ['a key of 15 octets', { key: 'AAAAAAAAAAAAAAAAAAAA' }],
    ['a subprotocol that is no token', { protocols: ['a b'] }],
    ['a subprotocol twice', { protocols: ['a', 'a'] }],
    ['an extension that is no token', { extensions: [{ name: 'a;b', parameters: [] }] }],
    ['an origin that ends the line', { origin: 'a\r\nb: c' }],
    ['a field that ends the line', { headers: { a: 'b\nc' } }],
    ['its own fields', { headers: { HOST: 'a' } }],
    ['its own Origin', { headers: { origin: 'a' } }],
    ['a body', { headers: { 'Transfer-Encoding': 'chunked' } }],
  ])('refuses %s', (_, change) => {
    expect(() => encodeUpgradeRequest({ ...least, ...change })).toThrow(TypeError);
  });
});

describe('checkUpgradeResponse', () => {
  const sent = { key: sampleKey, protocols: ['a', 'b'], extensions: [{ name: 'x', parameters: [] }] };
  const good: Changes = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': sampleAccept };
  const response = (changes: Changes, line = 'HTTP/1.1 101 Switching Protocols') =>
    responseHead(line, { ...good, ...changes });

  it('takes what our own server replies, however it is cut', () => {
    const extensions = [{ name: 'x', parameters: [{ name: 'a', value: '1' }] }];
    const reply = encodeUpgradeReply({ key: sampleKey, protocol: 'b', extensions });
    forEachChopping(reply, 42, ({ chunks, tail }) => {
      const reader = new HeadReader();
      const complete = chunks
        .filter(({ length }) => length > 0)
        .map((chunk) => reader.receive(chunk))
        .at(-1);
      const head = parseResponseHead(complete?.bytes ?? reply);
      expect(checkUpgradeResponse(head, sent)).toEqual({ protocol: 'b', extensions });
      expect(complete?.rest).toEqual(tail);
    });
  });

  it.each<[string, Changes]>([
    ['no subprotocol and no extension', {}],
    ['words in any case and company', { Upgrade: 'WebSocket', Connection: 'keep-alive, UPGRADE' }],
    ['white space around the accept value', { 'Sec-WebSocket-Accept': ` ${sampleAccept}\t` }],
  ])('takes %s', (_, changes) => {
    expect(checkUpgradeResponse(response(changes), { key: sampleKey })).toEqual({
      protocol: '',
      extensions: [],
    });
  });

  it.each<[string, Changes, string]>([
    ['no Upgrade', { Upgrade: undefined }, '§4.1 response item 2'],
    ['an empty Upgrade', { Upgrade: '' }, '§4.1 response item 2'],
    ['another Upgrade', { Upgrade: 'h2c' }, '§4.1 response item 2'],
    ['another Upgrade besides', { Upgrade: 'websocket, h2c' }, '§4.1 response item 2'],
    ['no Connection', { Connection: undefined }, '§4.1 response item 3'],
    ['another Connection', { Connection: 'close' }, '§4.1 response item 3'],
    ['no accept value', { 'Sec-WebSocket-Accept': undefined }, '§4.1 response item 4'],
    ['the key as accept value', { 'Sec-WebSocket-Accept': sampleKey }, '§4.1 response item 4'],
    [
      'an accept value in another case',
      { 'Sec-WebSocket-Accept': sampleAccept.toLowerCase() },
      '§4.1 response item 4',
    ],
    ['an extension not offered', { 'Sec-WebSocket-Extensions': 'x, y' }, '§4.1 response item 5'],
    ['a subprotocol not offered', { 'Sec-WebSocket-Protocol': 'c' }, '§4.1 response item 6'],
    ['two subprotocols', { 'Sec-WebSocket-Protocol': 'a, b' }, '§4.1 response item 6'],
    ['an empty subprotocol', { 'Sec-WebSocket-Protocol': '' }, '§4.1 response item 6'],
  ])('fails for %s', (_, changes, section) => {
    expect(refusal(() => checkUpgradeResponse(response(changes), sent))).toEqual({
      status: 502,
      section: `RFC 6455 ${section}`,
    });
  });

  it.each<[string, Changes, string]>([
    ['two accept values', { 'Sec-WebSocket-Accept': [sampleAccept, sampleAccept] }, 'RFC 6455 §11.3.3'],
    ['subprotocols on two lines', { 'Sec-WebSocket-Protocol': ['a', 'a'] }, 'RFC 6455 §11.3.4'],
    ['a bad extension list', { 'Sec-WebSocket-Extensions': ';' }, 'RFC 6455 §9.1'],
  ])('fails for %s', (_, changes, section) => {
    expect(refusal(() => checkUpgradeResponse(response(changes), sent))).toEqual({ status: 400, section });
  });

  it('fails for a choice where nothing was offered', () => {
    for (const changes of [{ 'Sec-WebSocket-Protocol': 'a' }, { 'Sec-WebSocket-Extensions': 'x' }]) {
      expect(refusal(() => checkUpgradeResponse(response(changes), { key: sampleKey })).status).toBe(502);
    }
  });

  it('says what the server answered instead of 101', () => {
    for (const [line, answer] of [
      ['HTTP/1.1 401 Unauthorized', 'The server answered 401 Unauthorized, not 101.'],
      ['HTTP/1.1 200 ', 'The server answered 200, not 101.'],
    ] as const) {
      const check = () => checkUpgradeResponse(response({}, line), sent);
      expect(check).toThrow(answer);
      expect(refusal(check)).toEqual({ status: 502, section: 'RFC 6455 §4.1 response item 1' });
    }
  });
});

describe('10,000 seeded random mutations of a valid request', () => {
  it('are accepted or refused with one HttpError that can be sent', () => {
    const seed = 13;
    const random = seededRandom(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const valid = upgradeText({
      Origin: 'http://example.com',
      'Sec-WebSocket-Protocol': 'a, b',
      'Sec-WebSocket-Extensions': 'x; y="z"',
    });
    const likely = 'aA0 \t,;:="/?#%[]@*\\\x80\xff';
    const outcomes = { accepted: 0, refused: 0, other: 0 };
    for (let run = 0; run < 10_000; run++) {
      let request = valid;
      for (let change = below(2); change >= 0; change--) {
        const at = below(request.length);
        const inserted = random() < 0.7 ? likely.charAt(below(likely.length)) : '';
        request = request.slice(0, at) + inserted + request.slice(at + below(3));
      }
      const where = `seed ${seed}, run ${run}: ${JSON.stringify(request)}`;
      try {
        const head = parseRequestHead(octets(request));
        if (wantsWebSocket(head)) {
          checkUpgradeRequest(head);
          outcomes.accepted++;
        } else outcomes.other++;
      } catch (error) {
        if (!(error instanceof HttpError)) throw new Error(where, { cause: error });
        expect([400, 403, 405, 413, 426, 505], where).toContain(error.status);
        outcomes.refused++;
      }
    }
    // The mutations are worth something: they fall on each side.
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(100);
  });
});
