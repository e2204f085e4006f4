/**
 * The opening handshake (RFC 6455 §4) of both roles: heads are judged, and the octets to answer with are made. Pure:
 * server.ts and client.ts read the heads (http-head.ts), send the octets and keep the deadline.
 */
import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import { type Extension, encodeExtensions, parseExtensions } from './extensions.ts';
import { encodeField, encodeFields, encodeHead } from './http-encode.ts';
import {
  combined,
  type Fields,
  HttpError,
  isToken,
  listElements,
  type RequestHead,
  type ResponseHead,
  singleton,
} from './http-head.ts';
import { isAuthority, isEqualOrigin, isOrigin, isSameOrigin, resolveTarget } from './request-target.ts';
import { AcceptedRequest } from './upgrade-request.ts';

export { encodeRefusal } from './http-encode.ts';
export type { HandshakeRequest, UpgradeRequest } from './upgrade-request.ts';

export interface HandshakePolicy {
  /**
   * Whose pages may connect. Default `same-origin`: pages of the host that they call. A list allows these origins
   * besides, each as a browser sends it (`https://example.com`, or `null`). `any` lets every page on the web act with
   * its visitor's cookies: only for servers that use none (RFC 6455 §10.2). A request without Origin comes from no
   * browser and is always allowed.
   */
  readonly allowedOrigins?: 'same-origin' | 'any' | readonly string[];
}

/** A request that may be accepted: answer with `encodeUpgradeReply`. */
export interface AcceptableRequest {
  readonly request: AcceptedRequest;
  /** The Sec-WebSocket-Key, for the reply. */
  readonly key: string;
  /** The extensions offered, the ones that the client likes best first. All may be declined by silence. */
  readonly extensions: readonly Extension[];
}

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const version = '13';
// 22 digits are 132 bits, four more than 16 octets. They should be zero, but are free here: the RFC's own example in
// §4.1, AQIDBAUGBwgJCgsMDQ4PEC==, has them set, and the key is hashed as text, so nothing depends on them.
const keyGrammar = /^[A-Za-z0-9+/]{22}==$/;

/** The Sec-WebSocket-Accept for a key: SHA-1 of the key and the protocol's GUID, in base64 (RFC 6455 §4.2.2). */
export function acceptValue(key: string): string {
  // At one go, which is twice as fast as with a Hash object. Keys are ASCII, so their octets are the same in UTF-8.
  return hash('sha1', `${key}${guid}`, 'base64');
}

/**
 * Judges a policy when it is given, not at the first request.
 * @throws TypeError naming the origin that is none
 */
export function checkPolicy({ allowedOrigins = 'same-origin' }: HandshakePolicy): void {
  if (allowedOrigins === 'same-origin' || allowedOrigins === 'any') return;
  if (!Array.isArray(allowedOrigins)) {
    throw new TypeError(
      `allowedOrigins must be 'same-origin', 'any' or a list, not ${JSON.stringify(allowedOrigins)}.`,
    );
  }
  for (const origin of allowedOrigins) {
    if (typeof origin !== 'string' || !isOrigin(origin)) {
      throw new TypeError(
        `allowedOrigins holds ${JSON.stringify(origin)}, which is not an origin such as 'https://example.com' or 'null'.`,
      );
    }
  }
}

/**
 * Whether the request asks for WebSocket at all. When not, it is HTTP's business: hand it on with its octets.
 * When it does, `checkUpgradeRequest` says whether it does so rightly. HEAD asks what HTTP would answer, and a refusal
 * in words would be a body that it may not get (RFC 9110 §9.3.2).
 */
export function wantsWebSocket(head: RequestHead): boolean {
  return head.method !== 'HEAD' && listElements(head.fields, 'upgrade').some(isWebSocket);
}

function isWebSocket(element: string): boolean {
  return element.toLowerCase() === 'websocket';
}

/**
 * Judges an upgrade request (RFC 6455 §4.2.1). `policy` was given to `checkPolicy` before.
 * @throws HttpError 400, 403, 405, 413 or 426; answer with `encodeRefusal(status, explanation, headers)`
 */
export function checkUpgradeRequest(head: RequestHead, policy: HandshakePolicy = {}): AcceptableRequest {
  const { fields } = head;
  if (head.method !== 'GET') {
    throw new HttpError(405, 'RFC 6455 §4.2.1 item 1', 'A WebSocket is opened with the method GET.', {
      Allow: 'GET',
    });
  }
  if (head.version === '1.0') {
    throw new HttpError(
      400,
      'RFC 6455 §4.2.1 item 1',
      'A WebSocket is opened with HTTP/1.1, not with HTTP/1.0.',
    );
  }
  const { path, host } = resolveTarget(head);
  checkUpgradeFields(fields);
  checkNoBody(fields);
  const key = checkKey(fields);
  const origin = singleton(fields, 'origin', 'RFC 6455 §4.2.1 item 7');
  checkOrigin(origin, host, policy.allowedOrigins ?? 'same-origin');
  const protocols = offeredProtocols(fields);
  const extensions = parseExtensions(fields);
  return { request: new AcceptedRequest(head, { path, host, origin, protocols }), key, extensions };
}

function checkUpgradeFields(fields: Fields): void {
  const upgrades = listElements(fields, 'upgrade');
  if (!upgrades.every(isProtocolName)) {
    throw new HttpError(400, 'RFC 9110 §7.8', 'Upgrade is not a list of protocol names.');
  }
  if (!upgrades.some(isWebSocket)) {
    throw upgradeRequired(
      'RFC 6455 §4.2.1 item 3',
      'This address speaks WebSocket only: Upgrade must name websocket.',
    );
  }
  const options = listElements(fields, 'connection');
  if (!options.every(isToken))
    throw new HttpError(400, 'RFC 9110 §7.6.1', 'Connection is not a list of tokens.');
  if (!options.some((option) => option.toLowerCase() === 'upgrade')) {
    throw new HttpError(
      400,
      'RFC 6455 §4.2.1 item 4',
      'Connection does not name Upgrade; a proxy on the way may not pass WebSocket on.',
    );
  }
  const versionSent = singleton(fields, 'sec-websocket-version', 'RFC 6455 §11.3.5');
  if (versionSent !== version) {
    throw upgradeRequired(
      'RFC 6455 §4.4',
      `Sec-WebSocket-Version must be ${version}, the only version spoken here.`,
    );
  }
}

function isProtocolName(element: string): boolean {
  if (isToken(element)) return true;
  const [name = '', ...versions] = element.split('/');
  return versions.length < 2 && isToken(name) && versions.every(isToken);
}

function upgradeRequired(section: string, explanation: string): HttpError {
  return new HttpError(426, section, explanation, { Upgrade: 'websocket', 'Sec-WebSocket-Version': version });
}

/** A body before the upgrade would be read as frames (RFC 9110 §7.8), or be the way to smuggle some in. */
function checkNoBody(fields: Fields): void {
  const length = combined(fields, 'content-length');
  if (length !== undefined && !/^\d+$/.test(length)) {
    throw new HttpError(400, 'RFC 9112 §6.3', 'Content-Length is not a number.');
  }
  if (fields.has('transfer-encoding') || (length !== undefined && /[^0]/.test(length))) {
    throw new HttpError(413, 'RFC 9110 §15.5.14', 'A request that opens a WebSocket must not have a body.');
  }
}

function checkKey(fields: Fields): string {
  const key = singleton(fields, 'sec-websocket-key', 'RFC 6455 §11.3.1');
  if (key === undefined) {
    throw new HttpError(400, 'RFC 6455 §4.2.1 item 5', 'The request has no Sec-WebSocket-Key.');
  }
  if (!keyGrammar.test(key)) {
    throw new HttpError(400, 'RFC 6455 §4.2.1 item 5', 'Sec-WebSocket-Key is not the base64 of 16 octets.');
  }
  return key;
}

function checkOrigin(
  origin: string | undefined,
  host: string,
  allowed: 'same-origin' | 'any' | readonly string[],
): void {
  if (origin === undefined || allowed === 'any' || isSameOrigin(origin, host)) return;
  if (allowed !== 'same-origin' && allowed.some((entry) => isEqualOrigin(entry, origin))) return;
  throw new HttpError(
    403,
    'RFC 6455 §10.2',
    `Pages of the origin ${origin} may not open a WebSocket to ${host}.`,
  );
}

/** One for all requests that offer none, which are most. */
const noProtocols: readonly string[] = Object.freeze([]);

function offeredProtocols(fields: Fields): readonly string[] {
  if (!fields.has('sec-websocket-protocol')) return noProtocols;
  const section = 'RFC 6455 §4.1 item 10';
  const protocols = listElements(fields, 'sec-websocket-protocol');
  if (protocols.length === 0) {
    throw new HttpError(400, section, 'Sec-WebSocket-Protocol names no subprotocol.');
  }
  if (!protocols.every(isToken)) {
    throw new HttpError(400, section, 'Sec-WebSocket-Protocol is not a list of tokens.');
  }
  if (new Set(protocols).size < protocols.length) {
    throw new HttpError(400, section, 'Sec-WebSocket-Protocol names a subprotocol twice.');
  }
  return protocols;
}

/**
 * The subprotocol to speak: the first one offered that is supported, undefined for none. The client's order counts,
 * because the RFC makes its list an order of preference (§4.1 item 10) and says nothing of the server's. Names are
 * compared exactly.
 */
export function chooseProtocol(offered: readonly string[], supported: readonly string[]): string | undefined {
  return offered.find((protocol) => supported.includes(protocol));
}

export interface UpgradeReply {
  /** Of the request. */
  readonly key: string;
  /** One of those offered; undefined for none. */
  readonly protocol?: string | undefined;
  /** What was agreed on; none by default. */
  readonly extensions?: readonly Extension[];
  /** More fields, for example Set-Cookie. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * The 101 response that opens the WebSocket (RFC 6455 §4.2.2); frames may follow at once.
 * @throws TypeError for what would break the head, or a field that the handshake itself sets
 */
export function encodeUpgradeReply({ key, protocol, extensions = [], headers }: UpgradeReply): Uint8Array {
  let text = `${replyStart}${acceptValue(key)}`;
  if (protocol !== undefined) text += `\r\nSec-WebSocket-Protocol: ${checkProtocol(protocol)}`;
  if (extensions.length > 0) text += `\r\nSec-WebSocket-Extensions: ${encodeExtensions(extensions)}`;
  if (headers !== undefined) {
    for (const line of encodeFields(headers, replyFields)) text += `\r\n${line}`;
  }
  return Buffer.from(`${text}\r\n\r\n`, 'latin1');
}

/** What every reply begins with, down to where the accept value stands. */
const replyStart =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ';

export interface UpgradeRequestParts {
  /** Host and port as they stand in the address; the port only when it is not the scheme's default. */
  readonly host: string;
  /** Path and query, beginning with a slash. */
  readonly target: string;
  /** The base64 of 16 octets of randomness, new for each connection (RFC 6455 §4.1 item 7). */
  readonly key: string;
  /** The subprotocols to offer, the best liked first. None by default. */
  readonly protocols?: readonly string[];
  /** The extensions to offer, the best liked first. None by default. */
  readonly extensions?: readonly Extension[];
  /** Only browsers must send one; none by default. */
  readonly origin?: string | undefined;
  /** More fields, for example Cookie or Authorization. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The request that asks a server to open a WebSocket (RFC 6455 §4.1).
 * @throws TypeError for what would break the head, or a field that the handshake itself sets
 */
export function encodeUpgradeRequest(parts: UpgradeRequestParts): Uint8Array {
  const { host, target, key, protocols = [], extensions = [], origin, headers = {} } = parts;
  if (!isAuthority(host))
    throw new TypeError(`The host ${JSON.stringify(host)} is not a name with an optional port.`);
  if (!/^\/[\x21\x22\x24-\x7e]*$/.test(target)) {
    throw new TypeError(
      `The target ${JSON.stringify(target)} is not a path and query in ASCII without a fragment.`,
    );
  }
  if (!keyGrammar.test(key)) throw new TypeError('The key is not the base64 of 16 octets.');
  if (new Set(protocols).size < protocols.length) throw new TypeError('A subprotocol is offered twice.');
  const lines = [
    `GET ${target} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Version: ${version}`,
  ];
  if (origin !== undefined) lines.push(encodeField('Origin', origin));
  if (protocols.length > 0) lines.push(`Sec-WebSocket-Protocol: ${protocols.map(checkProtocol).join(', ')}`);
  if (extensions.length > 0) lines.push(`Sec-WebSocket-Extensions: ${encodeExtensions(extensions)}`);
  lines.push(...encodeFields(headers, requestFields));
  return encodeHead(lines);
}

/** What the client sent, to hold the response against. */
export interface SentHandshake {
  readonly key: string;
  readonly protocols?: readonly string[];
  readonly extensions?: readonly Extension[];
}

/** What the server chose. */
export interface OpenedHandshake {
  /** Empty for none, as in the browser's `WebSocket.protocol`. */
  readonly protocol: string;
  readonly extensions: readonly Extension[];
}

/**
 * Judges the response to an upgrade request (RFC 6455 §4.1, the list on page 19). After a throw the client must fail
 * the connection; there is nothing to send.
 * @throws HttpError, mostly with 502: what a gateway says when the server behind it answered wrongly
 */
export function checkUpgradeResponse(head: ResponseHead, sent: SentHandshake): OpenedHandshake {
  const { fields } = head;
  if (head.status !== 101) {
    throw badResponse('item 1', `The server answered ${`${head.status} ${head.reason}`.trim()}, not 101.`);
  }
  const upgrades = listElements(fields, 'upgrade');
  if (upgrades.length === 0 || !upgrades.every(isWebSocket)) {
    throw badResponse('item 2', 'The response does not upgrade to websocket alone.');
  }
  if (!listElements(fields, 'connection').some((option) => option.toLowerCase() === 'upgrade')) {
    throw badResponse('item 3', 'The response does not name Upgrade in Connection.');
  }
  if (singleton(fields, 'sec-websocket-accept', 'RFC 6455 §11.3.3') !== acceptValue(sent.key)) {
    throw badResponse('item 4', 'Sec-WebSocket-Accept is not the value for the key that was sent.');
  }
  const extensions = parseExtensions(fields);
  const offered = new Set(sent.extensions?.map((extension) => extension.name));
  if (!extensions.every(({ name }) => offered.has(name))) {
    throw badResponse('item 5', 'The server chose an extension that was not offered.');
  }
  const protocol = singleton(fields, 'sec-websocket-protocol', 'RFC 6455 §11.3.4');
  if (protocol !== undefined && sent.protocols?.includes(protocol) !== true) {
    throw badResponse('item 6', 'The server chose a subprotocol that was not offered.');
  }
  return { protocol: protocol ?? '', extensions };
}

function badResponse(item: string, explanation: string): HttpError {
  return new HttpError(502, `RFC 6455 §4.1 response ${item}`, explanation);
}

// What our callers may not set by hand: it would stand twice, or contradict the frames that follow.
const replyFields = new Set([
  'connection',
  'content-length',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'transfer-encoding',
  'upgrade',
]);
const requestFields = new Set([...replyFields, 'host', 'origin']);

function checkProtocol(protocol: string): string {
  if (!isToken(protocol)) throw new TypeError(`The subprotocol ${JSON.stringify(protocol)} is not a token.`);
  return protocol;
}
