/** RFC 6455 §4.2 over RFC 9112 §2-§5: which request heads open a WebSocket, and what the others are told. */
import { type HandshakeCase, Opcode, ping, pong, text, textEcho } from './cases.ts';

const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const opened = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
};
const wrongVersion = { 'sec-websocket-version': '13' };

interface Change {
  /** Instead of `GET / HTTP/1.1`. */
  readonly line?: string;
  /** Field lines that take the place of the usual one of that name; several lines or none. */
  readonly [name: string]: string | readonly string[] | undefined;
  /** Whole lines at the end. */
  readonly more?: readonly string[];
}

/** A good request head, changed. */
function head({ line = 'GET / HTTP/1.1', more = [], ...changes }: Change = {}): string {
  const usual: Record<string, string | readonly string[]> = {
    Host: 'Host: example.com',
    Upgrade: 'Upgrade: websocket',
    Connection: 'Connection: Upgrade',
    Key: `Sec-WebSocket-Key: ${key}`,
    Version: 'Sec-WebSocket-Version: 13',
  };
  const lines = Object.entries(usual).flatMap(([name, field]) => changes[name] ?? field);
  return [line, ...lines, ...more, '', ''].join('\r\n');
}

function opens(
  name: string,
  section: string,
  change: Change,
  rest: Partial<Pick<HandshakeCase, 'fields' | 'early'>> = {},
): HandshakeCase {
  return { name, section, head: head(change), status: 101, ...rest, fields: { ...opened, ...rest.fields } };
}

function refuses(
  status: number,
  name: string,
  section: string,
  change: Change | string,
  says: RegExp,
  fields: Readonly<Record<string, string | null>> = {},
): HandshakeCase {
  return { name, section, head: typeof change === 'string' ? change : head(change), status, says, fields };
}

const requestLine: readonly HandshakeCase[] = [
  opens('the request of the RFC, accept value and all', 'RFC 6455 §1.3', {}),
  opens('path and query', 'RFC 6455 §3', { line: 'GET /chat/room?name=a%20b&x HTTP/1.1' }),
  opens('an absolute target', 'RFC 9112 §3.2.2', { line: 'GET http://example.com/chat HTTP/1.1' }),
  opens('an absolute ws target', 'RFC 6455 §4.2.1', { line: 'GET ws://example.com/ HTTP/1.1' }),
  opens('an absolute target without a path', 'RFC 9112 §3.2.2', { line: 'GET http://example.com HTTP/1.1' }),
  opens('a later minor version', 'RFC 9112 §2.3', { line: 'GET / HTTP/1.9' }),
  {
    ...opens('one empty line before the request', 'RFC 9112 §2.2', {}),
    head: `\r\n${head()}`,
  },
  refuses(405, 'POST', 'RFC 6455 §4.2.1', { line: 'POST / HTTP/1.1' }, /GET/, { allow: 'GET' }),
  refuses(405, 'get in lower case is another method', 'RFC 9110 §9.1', { line: 'get / HTTP/1.1' }, /GET/),
  refuses(400, 'HTTP/1.0', 'RFC 6455 §4.2.1', { line: 'GET / HTTP/1.0' }, /HTTP\/1\.1/),
  refuses(505, 'HTTP/2.0', 'RFC 9112 §2.3', { line: 'GET / HTTP/2.0' }, /HTTP\/1\.1/),
  refuses(400, 'no HTTP version', 'RFC 9112 §3', { line: 'GET /' }, /request line/),
  refuses(400, 'http in lower case', 'RFC 9112 §2.3', { line: 'GET / http/1.1' }, /request line/),
  refuses(400, 'two spaces', 'RFC 9112 §3', { line: 'GET  / HTTP/1.1' }, /request/),
  refuses(400, 'a space at the end', 'RFC 9112 §3', { line: 'GET / HTTP/1.1 ' }, /request line/),
  refuses(400, 'a tab for a space', 'RFC 9112 §3', { line: 'GET\t/ HTTP/1.1' }, /request line/),
  refuses(400, 'a space in the target', 'RFC 9112 §3.2', { line: 'GET /a b HTTP/1.1' }, /request line/),
  refuses(400, 'a fragment in the target', 'RFC 6455 §3', { line: 'GET /#top HTTP/1.1' }, /fragment/),
  refuses(400, 'a target that is no path', 'RFC 9112 §3.2', { line: 'GET chat HTTP/1.1' }, /target/),
  refuses(400, 'the asterisk form', 'RFC 9112 §3.2.4', { line: 'GET * HTTP/1.1' }, /target/),
  refuses(
    400,
    'an octet outside ASCII in the target',
    'RFC 9112 §3.2',
    { line: 'GET /\u00e9 HTTP/1.1' },
    /target/,
  ),
  refuses(400, 'a broken percent-encoding', 'RFC 9112 §3.2', { line: 'GET /%zz HTTP/1.1' }, /%/),
  refuses(
    414,
    'a target over the limit',
    'RFC 9112 §3',
    { line: `GET /${'a'.repeat(9000)} HTTP/1.1` },
    /longer/,
  ),
  opens('a target of 8,000 octets', 'RFC 9112 §3', { line: `GET /${'a'.repeat(7999)} HTTP/1.1` }),
];

const grammar: readonly HandshakeCase[] = [
  opens('field names in any case', 'RFC 9110 §5.1', {
    Upgrade: 'UPGRADE: websocket',
    Key: `sec-websocket-key: ${key}`,
    Version: 'SEC-WEBSOCKET-VERSION: 13',
  }),
  opens('no white space after the colon', 'RFC 9112 §5', {
    Upgrade: 'Upgrade:websocket',
    Key: `Sec-WebSocket-Key:${key}`,
  }),
  opens('spaces and tabs around values', 'RFC 9112 §5', {
    Host: 'Host: \t example.com\t ',
    Key: `Sec-WebSocket-Key:\t ${key} \t`,
    Version: 'Sec-WebSocket-Version:   13   ',
  }),
  opens('an empty field', 'RFC 9110 §5.5', { more: ['X-Empty:', 'X-Blank:   '] }),
  opens('octets above 0x7F in a field that means nothing here', 'RFC 9110 §5.5', {
    more: ['X-Latin: caf\u00e9'],
  }),
  opens('fields that nobody asked for', 'RFC 9110 §5.1', {
    more: ['Cookie: a=b', 'User-Agent: x', 'X-Y: z', 'X-Y: w'],
  }),
  refuses(
    400,
    'a bare LF at the end of a line',
    'RFC 9112 §2.2',
    `GET / HTTP/1.1\nHost: example.com\r\n\r\n`,
    /LF/,
  ),
  refuses(400, 'a bare LF inside a value', 'RFC 9112 §2.2', { more: ['X: a\nY: b'] }, /LF/),
  refuses(400, 'a bare CR inside a value', 'RFC 9112 §2.2', { more: ['X: a\rb'] }, /CR/),
  refuses(400, 'NUL in a value', 'RFC 9110 §5.5', { more: ['X: a\0b'] }, /control character/),
  refuses(400, 'NUL in the target', 'RFC 9112 §3.2', { line: 'GET /\0 HTTP/1.1' }, /control character/),
  refuses(400, 'DEL in a value', 'RFC 9110 §5.5', { more: ['X: \x7f'] }, /control character/),
  refuses(400, 'a folded field', 'RFC 9112 §5.2', { more: ['X: a', ' b'] }, /fold/),
  refuses(400, 'a folded field with a tab', 'RFC 9112 §5.2', { more: ['X: a', '\tb'] }, /fold/),
  refuses(
    400,
    'white space before the first field',
    'RFC 9112 §2.2',
    { Host: ' Host: example.com' },
    /white space/,
  ),
  refuses(400, 'a space before the colon', 'RFC 9112 §5.1', { more: ['X : a'] }, /white space/),
  refuses(400, 'a line without a colon', 'RFC 9112 §5', { more: ['nonsense'] }, /colon/),
  refuses(400, 'a field without a name', 'RFC 9112 §5', { more: [': a'] }, /name/),
  refuses(400, 'a name that is no token', 'RFC 9110 §5.1', { more: ['X(y): a'] }, /token/),
  refuses(400, 'two empty lines before the request', 'RFC 9112 §2.2', `\r\n\r\n${head()}`, /empty line/),
  opens('a hundred fields', 'RFC 6585 §5', {
    more: Array.from({ length: 95 }, (_, index) => `X-${index}: y`),
  }),
  refuses(
    431,
    'a hundred and one fields',
    'RFC 6585 §5',
    { more: Array.from({ length: 96 }, (_, index) => `X-${index}: y`) },
    /100 fields/,
  ),
  opens('a head of 16,384 octets', 'RFC 6585 §5', { more: [`X: ${'y'.repeat(16_384 - head().length - 5)}`] }),
  refuses(
    431,
    'a head of 16,385 octets',
    'RFC 6585 §5',
    { more: [`X: ${'y'.repeat(16_385 - head().length - 5)}`] },
    /16384 octets/,
  ),
];

const host: readonly HandshakeCase[] = [
  opens('a host with a port', 'RFC 9112 §3.2', { Host: 'Host: example.com:8080' }),
  opens('an IPv6 host', 'RFC 9112 §3.2', { Host: 'Host: [::1]:8080' }),
  refuses(400, 'no Host', 'RFC 6455 §4.2.1', { Host: [] }, /Host/),
  refuses(400, 'two Hosts', 'RFC 9112 §3.2', { Host: ['Host: example.com', 'Host: example.com'] }, /host/),
  refuses(400, 'an empty Host', 'RFC 9112 §3.2', { Host: 'Host:' }, /Host/),
  refuses(400, 'a Host with a path', 'RFC 9112 §3.2', { Host: 'Host: example.com/a' }, /Host/),
  refuses(400, 'a Host with user information', 'RFC 9112 §3.2', { Host: 'Host: me@example.com' }, /Host/),
  refuses(
    400,
    'a Host with a port that is none',
    'RFC 9112 §3.2',
    { Host: 'Host: example.com:99999' },
    /Host/,
  ),
  refuses(400, 'two hosts in one field', 'RFC 9112 §3.2', { Host: 'Host: a.example b.example' }, /Host/),
];

const upgrade: readonly HandshakeCase[] = [
  opens('Upgrade: WebSocket in capitals', 'RFC 6455 §4.2.1', { Upgrade: 'Upgrade: WebSocket' }),
  opens('Upgrade as a list', 'RFC 9110 §7.8', { Upgrade: 'Upgrade: h2c, websocket' }),
  opens('Upgrade over two fields', 'RFC 9110 §5.3', { Upgrade: ['Upgrade: h2c', 'Upgrade: websocket'] }),
  opens('Connection as a list, in any case', 'RFC 9110 §7.6.1', {
    Connection: 'Connection: keep-alive, UPGRADE',
  }),
  opens('Connection with empty elements', 'RFC 9110 §5.6.1', { Connection: 'Connection: , ,upgrade,' }),
  opens('Connection over two fields', 'RFC 9110 §5.3', {
    Connection: ['Connection: keep-alive', 'Connection: Upgrade'],
  }),
  refuses(426, 'no Upgrade: a plain request', 'RFC 6455 §4.2.1', { Upgrade: [] }, /WebSocket/),
  refuses(426, 'Upgrade to something else', 'RFC 6455 §4.2.1', { Upgrade: 'Upgrade: h2c' }, /WebSocket/),
  refuses(
    426,
    'Upgrade to something that begins like it',
    'RFC 6455 §4.2.1',
    { Upgrade: 'Upgrade: websockets' },
    /WebSocket/,
  ),
  refuses(400, 'no Connection', 'RFC 6455 §4.2.1', { Connection: [] }, /Connection/),
  refuses(
    400,
    'Connection without Upgrade',
    'RFC 6455 §4.2.1',
    { Connection: 'Connection: keep-alive' },
    /Connection/,
  ),
  refuses(
    400,
    'Connection with Upgrade inside a word',
    'RFC 6455 §4.2.1',
    { Connection: 'Connection: noupgrade' },
    /Connection/,
  ),
  refuses(
    400,
    'Connection that is no list of tokens',
    'RFC 9110 §7.6.1',
    { Connection: 'Connection: Upgrade, a b' },
    /Connection/,
  ),
];

const version: readonly HandshakeCase[] = [
  refuses(426, 'no WebSocket version', 'RFC 6455 §4.4', { Version: [] }, /13/, wrongVersion),
  ...['0', '7', '8', '12', '14', '25', '013', '13, 8', '13.0', 'thirteen', ''].map((value) =>
    refuses(
      426,
      `version ${JSON.stringify(value)}`,
      'RFC 6455 §4.4',
      { Version: `Sec-WebSocket-Version: ${value}` },
      /13/,
      {
        ...wrongVersion,
        upgrade: 'websocket',
      },
    ),
  ),
  refuses(
    400,
    'the version twice',
    'RFC 6455 §11.3.5',
    { Version: ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 13'] },
    /sec-websocket-version/i,
  ),
];

const keys: readonly HandshakeCase[] = [
  opens(
    'a key of zeros',
    'RFC 6455 §4.2.1',
    { Key: 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' },
    {
      fields: { 'sec-websocket-accept': 'ICX+Yqv66kxgM0FcWaLWlFLwTAI=' },
    },
  ),
  refuses(400, 'no key', 'RFC 6455 §4.2.1', { Key: [] }, /Sec-WebSocket-Key/),
  refuses(400, 'an empty key', 'RFC 6455 §4.2.1', { Key: 'Sec-WebSocket-Key:' }, /16 octets/),
  refuses(
    400,
    'a key of 15 octets',
    'RFC 6455 §4.2.1',
    { Key: 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA' },
    /16 octets/,
  ),
  refuses(
    400,
    'a key of 17 octets',
    'RFC 6455 §4.2.1',
    { Key: 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA=' },
    /16 octets/,
  ),
  refuses(
    400,
    'a key of 18 octets',
    'RFC 6455 §4.2.1',
    { Key: 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAAA' },
    /16 octets/,
  ),
  refuses(
    400,
    'a key without padding',
    'RFC 6455 §4.2.1',
    { Key: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ' },
    /16 octets/,
  ),
  // The RFC's own example in §4.1 has them set, and the key is hashed as text.
  opens(
    'a key whose spare bits are set',
    'RFC 6455 §4.1',
    { Key: 'Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==' },
    { fields: { 'sec-websocket-accept': 'OfS0wDaT5NoxF2gqm7Zj2YtetzM=' } },
  ),
  refuses(
    400,
    'a key in base64url',
    'RFC 6455 §4.2.1',
    { Key: 'Sec-WebSocket-Key: ----------------------==' },
    /16 octets/,
  ),
  refuses(
    400,
    'a key with a space',
    'RFC 6455 §4.2.1',
    { Key: 'Sec-WebSocket-Key: dGhlIHNhbXBs ZSBub25jZQ==' },
    /16 octets/,
  ),
  refuses(
    400,
    'two keys',
    'RFC 6455 §11.3.1',
    { Key: [`Sec-WebSocket-Key: ${key}`, `Sec-WebSocket-Key: ${key}`] },
    /sec-websocket-key/i,
  ),
];

const origins: readonly HandshakeCase[] = [
  opens('no Origin: no browser', 'RFC 6455 §10.2', {}),
  opens('the same origin', 'RFC 6455 §10.2', { more: ['Origin: http://example.com'] }),
  opens('the same origin behind TLS', 'RFC 6455 §10.2', { more: ['Origin: https://example.com'] }),
  opens('the same origin with its port', 'RFC 6455 §10.2', {
    Host: 'Host: example.com:8080',
    more: ['Origin: http://example.com:8080'],
  }),
  opens('an origin of the list', 'RFC 6455 §10.2', { more: ['Origin: https://allowed.example'] }),
  refuses(403, 'a foreign origin', 'RFC 6455 §10.2', { more: ['Origin: https://evil.example'] }, /origin/i),
  refuses(403, 'another port', 'RFC 6455 §10.2', { more: ['Origin: http://example.com:81'] }, /origin/i),
  refuses(
    403,
    'a host that ends like ours',
    'RFC 6455 §10.2',
    { more: ['Origin: http://notexample.com'] },
    /origin/i,
  ),
  refuses(
    403,
    'a host that begins like ours',
    'RFC 6455 §10.2',
    { more: ['Origin: http://example.com.evil.example'] },
    /origin/i,
  ),
  refuses(
    403,
    'an origin of the list over http',
    'RFC 6455 §10.2',
    { more: ['Origin: http://allowed.example'] },
    /origin/i,
  ),
  refuses(403, 'the origin null', 'RFC 6455 §10.2', { more: ['Origin: null'] }, /origin/i),
  refuses(
    403,
    'ours as user information',
    'RFC 6455 §10.2',
    { more: ['Origin: http://example.com@evil.example'] },
    /origin/i,
  ),
  refuses(
    400,
    'two Origins',
    'RFC 6454 §7',
    { more: ['Origin: http://example.com', 'Origin: https://evil.example'] },
    /origin/i,
  ),
];

const subprotocols: readonly HandshakeCase[] = [
  opens('none offered, none chosen', 'RFC 6455 §4.2.2', {}, { fields: { 'sec-websocket-protocol': null } }),
  opens(
    'one known',
    'RFC 6455 §4.2.2',
    { more: ['Sec-WebSocket-Protocol: chat.v1'] },
    { fields: { 'sec-websocket-protocol': 'chat.v1' } },
  ),
  opens(
    'the first that is known',
    'RFC 6455 §4.2.2',
    { more: ['Sec-WebSocket-Protocol: x, chat.v1, chat.v2'] },
    {
      fields: { 'sec-websocket-protocol': 'chat.v1' },
    },
  ),
  opens(
    'over two fields',
    'RFC 6455 §11.3.4',
    { more: ['Sec-WebSocket-Protocol: x', 'Sec-WebSocket-Protocol: chat.v2'] },
    {
      fields: { 'sec-websocket-protocol': 'chat.v2' },
    },
  ),
  opens(
    'only unknown ones: opened without',
    'RFC 6455 §4.2.2',
    { more: ['Sec-WebSocket-Protocol: x, y'] },
    {
      fields: { 'sec-websocket-protocol': null },
    },
  ),
  opens(
    'the same name in other letters is another',
    'RFC 6455 §11.5',
    { more: ['Sec-WebSocket-Protocol: CHAT.V1'] },
    {
      fields: { 'sec-websocket-protocol': null },
    },
  ),
  refuses(
    400,
    'an empty list',
    'RFC 6455 §4.1',
    { more: ['Sec-WebSocket-Protocol:'] },
    /Sec-WebSocket-Protocol/,
  ),
  refuses(
    400,
    'a name with a space',
    'RFC 6455 §4.1',
    { more: ['Sec-WebSocket-Protocol: chat v1'] },
    /Sec-WebSocket-Protocol/,
  ),
  refuses(400, 'a name twice', 'RFC 6455 §4.1', { more: ['Sec-WebSocket-Protocol: a, chat.v1, a'] }, /twice/),
];

const extensions: readonly HandshakeCase[] = [
  opens(
    'permessage-deflate is declined by silence',
    'RFC 6455 §9.1',
    {
      more: ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'],
    },
    { fields: { 'sec-websocket-extensions': null } },
  ),
  opens(
    'several offers, with parameters and quotes',
    'RFC 6455 §9.1',
    {
      more: ['Sec-WebSocket-Extensions: a; b=1; c="2", d', 'Sec-WebSocket-Extensions: e'],
    },
    { fields: { 'sec-websocket-extensions': null } },
  ),
  refuses(
    400,
    'an offer that is no token',
    'RFC 6455 §9.1',
    { more: ['Sec-WebSocket-Extensions: a b'] },
    /Extensions/i,
  ),
  refuses(
    400,
    'a quoted value that is no token',
    'RFC 6455 §9.1',
    { more: ['Sec-WebSocket-Extensions: a; b="c d"'] },
    /Extensions/i,
  ),
  refuses(
    400,
    'a quotation without end',
    'RFC 6455 §9.1',
    { more: ['Sec-WebSocket-Extensions: a; b="c'] },
    /Extensions/i,
  ),
];

const bodies: readonly HandshakeCase[] = [
  opens('a body of no octets', 'RFC 9110 §8.6', { more: ['Content-Length: 0'] }),
  refuses(413, 'a body', 'RFC 6455 §4.2.1', { more: ['Content-Length: 5'] }, /body/),
  refuses(413, 'a body in chunks', 'RFC 6455 §4.2.1', { more: ['Transfer-Encoding: chunked'] }, /body/),
  refuses(
    400,
    'a length that is no number',
    'RFC 9112 §6.3',
    { more: ['Content-Length: -1'] },
    /Content-Length/,
  ),
];

const early: readonly HandshakeCase[] = [
  opens(
    'a frame in the same write as the head',
    'RFC 6455 §4.2.2',
    {},
    {
      early: { octets: text('early'), frames: [textEcho('early')] },
    },
  ),
  opens(
    'two messages and a Ping with the head',
    'RFC 6455 §4.2.2',
    {},
    {
      early: {
        octets: Buffer.concat([text('one'), ping('p'), text('two')]),
        frames: [textEcho('one'), pong('p'), { opcode: Opcode.text, payload: Buffer.from('two') }],
      },
    },
  ),
];

export const handshake: readonly HandshakeCase[] = [
  ...requestLine,
  ...grammar,
  ...host,
  ...upgrade,
  ...version,
  ...keys,
  ...origins,
  ...subprotocols,
  ...extensions,
  ...bodies,
  ...early,
];
