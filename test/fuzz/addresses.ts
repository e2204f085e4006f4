/**
 * Four kinds of input for the fuzz target `handshake`: addresses of every sort, from whoever may write them. A client's
 * user gives a WebSocket's address (RFC 6455 §3), operators and proxies give IP addresses and ranges (RFC 4291), and a
 * proxy, or who passes for one, says whose connection it is: in the PROXY protocol or in a field (RFC 7239).
 */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { isIP } from 'node:net';
import { parseAddress } from '../../src/client-address.ts';
import { checkUpgradeRequest, encodeUpgradeRequest } from '../../src/handshake.ts';
import { HeadReader, HttpError, parseRequestHead } from '../../src/http-head.ts';
import { AddressRange, formatIpAddress, normaliseIpAddress, parseIpAddress } from '../../src/ip-address.ts';
import { type ProxyHeader, ProxyHeaderReader } from '../../src/proxy-protocol.ts';
import { clientAddress, TrustedProxies } from '../../src/trusted-proxies.ts';
import { concat, hex, utf8 } from '../support/octets.ts';
import {
  classOf,
  cutAtRandom,
  magnitude,
  numberAt,
  octetByOctet,
  orHttpError,
  sameOctets,
} from './claims.ts';
import { template } from './fuzzer.ts';

const key = 'dGhlIHNhbXBsZSBub25jZQ==';

/** A WebSocket's address: what is taken can be asked for, and the server understands the same. */
function runAddress(octets: Uint8Array): string {
  const text = Buffer.from(octets).toString('utf8');
  let address: ReturnType<typeof parseAddress>;
  try {
    address = parseAddress(text);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'SyntaxError') return template(error.message);
    throw error;
  }
  const { host, target, port, secure, hostname, origin } = address;
  assert(Number.isInteger(port) && port >= 0 && port <= 65_535);
  const request = encodeUpgradeRequest({ host, target, key });
  const read = new HeadReader({ headLength: 65_536, startLineLength: 65_536 }).receive(request);
  assert(read !== undefined);
  const checked = orHttpError(() => checkUpgradeRequest(parseRequestHead(read.bytes)));
  // A browser's address may hold a lone "%" in its path, which the server does not take.
  if (checked instanceof HttpError) assert.match(checked.explanation, /%/);
  else assert.deepEqual([checked.request.host, checked.request.target], [host, target]);
  assert.equal(parseAddress(address.url).url, address.url);
  assert(origin.endsWith(`://${host}`));
  return `${secure} ${isIP(hostname)} ${host.includes(':')} ${magnitude(target.length)}`;
}

function runIpAddress(octets: Uint8Array): string {
  const text = Buffer.from(octets).toString('latin1');
  const address = parseIpAddress(text);
  // Node takes a zone behind an address, which is no part of it here.
  const isAddress = isIP(text) !== 0 && !text.includes('%');
  assert.equal(address !== undefined, isAddress, `${JSON.stringify(text)} is read otherwise by node:net`);
  if (address !== undefined) {
    const written = formatIpAddress(address);
    assert.deepEqual(parseIpAddress(written), address);
    assert(new AddressRange(written).has(address));
    // The URL parser writes IPv6 as RFC 5952 has it.
    if (isIP(written) === 6) assert.equal(new URL(`http://[${written}]/`).hostname, `[${written}]`);
  }
  try {
    new AddressRange(text).has(address ?? new Uint8Array(16));
    return `range ${isIP(text)} ${text.includes('/')}`;
  } catch (error) {
    assert(error instanceof TypeError);
    return `${isIP(text)} ${error.message.slice(-30)}`;
  }
}

/** The header in octets that come in these chunks, with all that follows it. */
function readProxyHeader(chunks: readonly Uint8Array[]): ProxyHeader | HttpError | undefined {
  const reader = new ProxyHeaderReader();
  for (const [index, chunk] of chunks.entries()) {
    const read = orHttpError(() => reader.receive(chunk));
    if (read === undefined) continue;
    if (read instanceof HttpError) return read;
    return { ...read, rest: concat(read.rest, ...chunks.slice(index + 1)) };
  }
  return undefined;
}

function runProxyHeader(options: Uint8Array, octets: Uint8Array): string {
  const whole = readProxyHeader([octets]);
  for (const chunks of [octetByOctet(octets), cutAtRandom(octets, numberAt(options, 0, 3))]) {
    const cut = readProxyHeader(chunks);
    if (whole instanceof HttpError || cut instanceof HttpError) {
      assert(whole instanceof HttpError && cut instanceof HttpError, 'refused only in one cut');
      assert.equal(cut.message, whole.message);
    } else if (whole === undefined || cut === undefined) {
      assert.equal(cut, whole);
    } else {
      sameOctets(cut.rest, whole.rest, 'what follows the header');
      assert.deepEqual({ ...cut, rest: undefined }, { ...whole, rest: undefined });
    }
  }
  // Version 1 has 107 octets at most, version 2 the 16 of its front and what they announce.
  if (whole === undefined) assert(octets.length < (octets[0] === 0x50 ? 107 : 16 + 4096), 'waits too long');
  if (whole === undefined) return `unfinished ${magnitude(octets.length)}`;
  if (whole instanceof HttpError) {
    assert.equal(whole.status, 400);
    return classOf(whole);
  }
  sameOctets(octets.subarray(octets.length - whole.rest.length), whole.rest, 'the end of the octets');
  if (whole.local) return 'local';
  assert.equal(normaliseIpAddress(whole.source), whole.source);
  assert(whole.port >= 0 && whole.port <= 65_535);
  return `IPv${isIP(whole.source)}`;
}

const peers = [
  '127.0.0.1',
  '::1',
  '10.1.2.3',
  '::ffff:192.168.0.1',
  'fe80::1%eth0',
  '203.0.113.9',
  '2001:db8::9',
  '',
];
const proxies = (['x-forwarded-for', 'forwarded'] as const).map(
  (kind) => new TrustedProxies(['loopback', 'private', '198.51.100.0/24'], { kind }),
);

function runForwarded(options: Uint8Array, octets: Uint8Array): string {
  const peer = peers[numberAt(options, 0) % peers.length] ?? '';
  const trusted = proxies[numberAt(options, 1) % proxies.length];
  assert(trusted !== undefined);
  const lines = Buffer.from(octets).toString('latin1').split('\r\n');
  const address = clientAddress(peer, new Map([[trusted.kind, lines]]), trusted);
  const own = normaliseIpAddress(peer.split('%')[0] ?? '') ?? peer;
  if (!trusted.has(own)) assert.equal(address, own, 'a stranger is believed');
  assert(
    address === own || normaliseIpAddress(address) === address,
    'it is no address, or in another spelling',
  );
  if (!trusted.has(address)) {
    // What stands further left is the client's own word: nothing there may change who it is.
    for (const said of ['198.51.100.7, ', '"', 'for="', '"\\', 'for=198.51.100.7;by="x, ']) {
      for (const fields of [
        [said, ...lines],
        [`${said}, ${lines[0] ?? ''}`, ...lines.slice(1)],
      ]) {
        const again = clientAddress(peer, new Map([[trusted.kind, fields]]), trusted);
        assert.equal(again, address, 'a client chose its own address');
      }
    }
  }
  return `${trusted.kind} ${isIP(address)} ${address === own} ${trusted.has(address)}`;
}

type Kind = (options: Uint8Array, octets: Uint8Array) => string;

export const addressKinds: readonly Kind[] = [
  (_, octets) => `address ${runAddress(octets)}`,
  (_, octets) => `IP address ${runIpAddress(octets)}`,
  (options, octets) => `PROXY ${runProxyHeader(options, octets)}`,
  (options, octets) => `client ${runForwarded(options, octets)}`,
];

const proxySignature = '0d0a0d0a000d0a515549540a';

/** Texts to begin with, for each of the kinds in turn. */
export const addressSeeds: readonly (readonly (string | Uint8Array)[])[] = [
  [
    'ws://example.com/chat?room=1',
    'wss://[2001:db8::1]:8443',
    'ws://user@h/',
    'http://a/',
    'ws://a/#b',
    'ws://a:80/%',
    utf8('ws://bücher.example/ü?ü'),
  ],
  [
    '127.0.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    '1::',
    '2001:db8::1',
    '::ffff:192.0.2.1',
    'fe80::1%eth0',
    '1:2:3:4:5:6:7:8',
    '10.0.0.0/8',
    'fd00::/8',
    '::ffff:10.0.0.0/104',
    '::/0',
    '0.0.0.0/0',
  ],
  [
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\nGET / HTTP/1.1\r\n',
    'PROXY TCP6 2001:db8::1 ::1 1 65535\r\n',
    'PROXY UNKNOWN ffff::1 whatever\r\n',
    `PROXY UNKNOWN ${'x'.repeat(91)}\r\n`,
    `PROXY UNKNOWN ${'x'.repeat(100)}`,
    hex(`${proxySignature} 21 11 000c c0000201 c6336401 dc04 01bb`),
    hex(
      `${proxySignature} 21 21 0024 20010db8000000000000000000000001 00000000000000000000000000000001 0001 ffff`,
    ),
    hex(`${proxySignature} 20 00 0000`),
    hex(`${proxySignature} 21 11 0013 c0000201 c6336401 dc04 01bb 04 0004 00000000 474554`),
    hex(`${proxySignature} 21 31 00d8 ${'2f'.repeat(216)}`),
  ],
  [
    '203.0.113.7',
    '203.0.113.7, 10.0.0.1, 127.0.0.1',
    '10.0.0.1\r\n192.168.1.1:80, [::1]:90',
    'for=192.0.2.60;proto=http;by=203.0.113.43',
    'For="[2001:db8:cafe::17]:4711", for=10.0.0.1',
    'for=unknown, for=_hidden;by="a\\"b,c", for="127.0.0.1:_port"',
    '2001:db8::1, "10.0.0.1',
  ],
];
