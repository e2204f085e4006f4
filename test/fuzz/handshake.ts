/**
 * Fuzz target: everything that is read before the first frame (RFC 6455 §4, §9.1, RFC 9112 §2-§5, RFC 7692 §7.1): heads
 * of both kinds cut anywhere, extensions and their negotiation, addresses. The first octet of an input chooses which.
 */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import {
  type AcceptableRequest,
  checkUpgradeRequest,
  checkUpgradeResponse,
  chooseProtocol,
  encodeRefusal,
  encodeUpgradeReply,
  encodeUpgradeRequest,
  wantsWebSocket,
} from '../../src/handshake.ts';
import {
  type CompleteHead,
  HeadReader,
  HttpError,
  headLimits,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from '../../src/http-head.ts';
import { RefusalBody } from '../../src/refusal-body.ts';
import { handshake as handshakeCases } from '../conformance/handshake.ts';
import { concat } from '../support/octets.ts';
import { addressKinds, addressSeeds } from './addresses.ts';
import {
  classOf,
  cutAtRandom,
  magnitude,
  numberAt,
  octetByOctet,
  orHttpError,
  sameOctets,
} from './claims.ts';
import type { Target } from './fuzzer.ts';
import { afterOptions, changeLines, insertWord } from './mutator.ts';
import { extensionFields, runExtensions, runNegotiation } from './negotiation.ts';

/** What is read; where it is cut, or which options apply. */
const optionsLength = 4;

const key = 'dGhlIHNhbXBsZSBub25jZQ==';

/** A head, or why it is none, from octets that come in these chunks. */
function readHead(octets: Uint8Array, chunks: readonly Uint8Array[]): CompleteHead | HttpError | undefined {
  const reader = new HeadReader();
  let length = 0;
  for (const chunk of chunks) {
    const read = orHttpError(() => reader.receive(chunk));
    length += chunk.length;
    if (read instanceof HttpError) return read;
    if (length < 16 || read !== undefined) {
      sameOctets(reader.received, octets.subarray(0, length), 'what can be put back');
    }
    if (read === undefined) assert(reader.received.length < headLimits.headLength);
    else {
      sameOctets(read.rest, octets.subarray(read.bytes.length, length), 'what follows the head');
      return { ...read, rest: octets.subarray(read.bytes.length) };
    }
  }
  return undefined;
}

function readHeadCut(octets: Uint8Array, cutSeed: number): CompleteHead | HttpError | undefined {
  const whole = readHead(octets, [octets]);
  for (const chunks of [octetByOctet(octets), cutAtRandom(octets, cutSeed)]) {
    const cut = readHead(octets, chunks);
    if (whole instanceof HttpError || cut instanceof HttpError) {
      assert(whole instanceof HttpError && cut instanceof HttpError, 'refused only in one cut');
      assert.deepEqual([cut.status, cut.message], [whole.status, whole.message]);
    } else if (whole === undefined || cut === undefined) {
      assert.equal(cut, whole);
    } else {
      sameOctets(cut.bytes, whole.bytes, 'the head');
    }
  }
  return whole;
}

/** The refusal that goes out for an error is a response that can be read, with the error's words in it. */
function checkRefusal(error: HttpError): string {
  const octets = encodeRefusal(error.status, error.explanation, error.headers);
  const read = new HeadReader({ headLength: 65_536 }).receive(octets);
  assert(read !== undefined, 'the refusal has no end of its head');
  const head = parseResponseHead(read.bytes);
  assert.equal(head.status, error.status);
  assert.equal(head.fields.get('content-length')?.[0], String(read.rest.length));
  assert.equal(Buffer.from(read.rest).toString('utf8'), `${error.explanation}\n`);
  for (const [name, value] of Object.entries(error.headers)) {
    assert.deepEqual(head.fields.get(name.toLowerCase()), [value]);
  }
  return classOf(error);
}

function runRequest(octets: Uint8Array, cutSeed: number): string {
  const read = readHeadCut(octets, cutSeed);
  if (read === undefined) return 'unfinished';
  if (read instanceof HttpError) return checkRefusal(read);
  const head = orHttpError(() => parseRequestHead(read.bytes));
  if (head instanceof HttpError) return checkRefusal(head);
  const wanted = orHttpError(() => wantsWebSocket(head));
  assert(!(wanted instanceof HttpError), 'whose business it is must be sayable');
  if (!wanted) return 'not for us';
  const outcomes = ['any' as const, 'same-origin' as const, ['https://allowed.example', 'null']].map(
    (allowedOrigins) => orHttpError(() => checkUpgradeRequest(head, { allowedOrigins })),
  );
  const [open, strict] = outcomes;
  // Whom the strictest policy lets in, the others do too.
  if (!(strict instanceof HttpError)) assert(outcomes.every((outcome) => !(outcome instanceof HttpError)));
  if (open === undefined || open instanceof HttpError) return open === undefined ? '' : checkRefusal(open);
  checkAccepted(head, open);
  const { protocols, origin } = open.request;
  return `open ${strict instanceof HttpError} ${origin === undefined} ${protocols.length} ${open.extensions.length}`;
}

function checkAccepted(head: RequestHead, { request, key: sentKey, extensions }: AcceptableRequest): void {
  assert(request.path.startsWith('/'));
  assert(request.host !== '');
  assert.equal(new Set(request.protocols).size, request.protocols.length);
  const protocol = chooseProtocol(request.protocols, ['chat', 'superchat', request.protocols.at(-1) ?? '']);
  assert(protocol === undefined || request.protocols.includes(protocol));

  // Our answer is one that the client of this request must take.
  const chosen = extensions.slice(0, 1);
  const reply = new HeadReader().receive(
    encodeUpgradeReply({ key: sentKey, protocol, extensions: chosen, headers: { 'Set-Cookie': 'a=b' } }),
  );
  assert(reply !== undefined && reply.rest.length === 0);
  const opened = checkUpgradeResponse(parseResponseHead(reply.bytes), {
    key: sentKey,
    protocols: request.protocols,
    extensions,
  });
  assert.deepEqual(opened, { protocol: protocol ?? '', extensions: chosen });

  // Asked again by our own client, it is the same request.
  if (!head.target.startsWith('/')) return;
  const { host, target, protocols, origin } = request;
  const again = new HeadReader({ headLength: 65_536, startLineLength: 65_536 }).receive(
    encodeUpgradeRequest({ host, target, key: sentKey, protocols, extensions, origin }),
  );
  assert(again !== undefined && again.rest.length === 0);
  const second = checkUpgradeRequest(parseRequestHead(again.bytes), { allowedOrigins: 'any' });
  assert.deepEqual(
    { ...second, request: { ...second.request, headers: undefined } },
    { key: sentKey, extensions, request: { ...request, headers: undefined } },
  );
}

/** The words of a refusal: the same in any cut, one line that may stand in a log. */
function readWords(head: ResponseHead, rest: Uint8Array, cutSeed: number): string {
  const bodies = [[rest], octetByOctet(rest), cutAtRandom(rest, cutSeed)].map((chunks) =>
    orHttpError(() => {
      const body = new RefusalBody(head);
      for (const chunk of chunks) if (!body.complete) body.receive(chunk);
      return body.words;
    }),
  );
  const [words] = bodies;
  if (words === undefined || words instanceof HttpError) return words === undefined ? '' : classOf(words);
  assert.deepEqual(bodies, [words, words, words], 'the words depend on the cut');
  assert(words.length <= 400 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(words));
  return String(magnitude(words.length));
}

function runResponse(octets: Uint8Array, cutSeed: number): string {
  const read = readHeadCut(octets, cutSeed);
  if (read === undefined) return 'unfinished';
  if (read instanceof HttpError) return classOf(read);
  const head = orHttpError(() => parseResponseHead(read.bytes));
  if (head instanceof HttpError) return classOf(head);
  const opened = orHttpError(() =>
    checkUpgradeResponse(head, {
      key,
      protocols: ['chat', 'superchat'],
      extensions: [{ name: 'permessage-deflate', parameters: [] }],
    }),
  );
  if (opened instanceof HttpError) {
    return head.status === 101
      ? classOf(opened)
      : `${classOf(opened)} ${readWords(head, read.rest, cutSeed)}`;
  }
  assert.equal(head.status, 101);
  assert(['', 'chat', 'superchat'].includes(opened.protocol));
  assert(opened.extensions.every(({ name }) => name === 'permessage-deflate'));
  return `opened ${opened.protocol} ${opened.extensions.length}`;
}

const kinds: readonly ((options: Uint8Array, octets: Uint8Array) => string)[] = [
  (options, octets) => `request ${runRequest(octets, numberAt(options, 0, 3))}`,
  (options, octets) => `response ${runResponse(octets, numberAt(options, 0, 3))}`,
  (_, octets) => `extensions ${runExtensions(octets)}`,
  (options, octets) => `negotiation ${runNegotiation(options, octets)}`,
  ...addressKinds,
];

const response = [
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  '',
  '',
].join('\r\n');

/** Seeds of one kind: its number, three octets of options, the text. */
function seedsOf(kind: number, texts: readonly (string | Uint8Array)[]): Uint8Array[] {
  return texts.map((text, index) =>
    concat(
      Uint8Array.of(kind, index, 0x5b, 0xac),
      typeof text === 'string' ? Buffer.from(text, 'latin1') : text,
    ),
  );
}

const words = [
  '\r\n',
  '\n',
  '\r',
  ': ',
  ' :',
  ',',
  ';',
  '=',
  '"',
  '\\',
  '%',
  '%2F',
  '#',
  '?',
  '..',
  '\t',
  '\0',
  '\xff',
  'HTTP/1.1',
  'HTTP/2.0',
  'GET ',
  'websocket',
  'Upgrade',
  'keep-alive, Upgrade',
  'Host: ',
  'Origin: null',
  'Sec-WebSocket-Protocol: chat, superchat',
  'Sec-WebSocket-Extensions: ',
  'Sec-WebSocket-Key: ',
  '==',
  'Transfer-Encoding: chunked',
  'Content-Length: 5',
  '101',
  '200 OK',
  'permessage-deflate',
  'server_max_window_bits',
  'client_max_window_bits',
  'server_no_context_takeover',
  '=8',
  '=15',
  '=16',
  '="10"',
  'ws://',
  'wss://',
  'http://',
  '[::1]',
  '::ffff:',
  '127.0.0.1',
  '/24',
  ':65536',
  ':80',
  '@',
  '\r\n ',
  '255',
].map((word) => Uint8Array.from(Buffer.from(word, 'latin1')));

export const handshakeTarget: Target = {
  name: 'handshake',
  seeds: [
    ...seedsOf(
      0,
      [...new Set(handshakeCases.map(({ head }) => head))].filter((head) => head.length < 4000),
    ),
    ...seedsOf(0, [
      `GET /a?b HTTP/1.1\r\nHost: [::1]:80\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nOrigin: https://allowed.example\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: ${extensionFields[1]}\r\n\r\n`,
    ]),
    ...seedsOf(1, [
      response,
      response.replace(
        '\r\n\r\n',
        `\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: ${extensionFields[0]}\r\n\r\n`,
      ),
      'HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno',
      'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n4\r\nnot \r\n3;a\r\nyou\r\n0\r\n\r\n',
      'HTTP/1.1 503 \r\nContent-Type: application/json\r\n\r\n{"message":"later"}',
      'HTTP/1.0 301 \r\nLocation: /elsewhere\r\n\r\n',
    ]),
    ...seedsOf(2, extensionFields),
    ...seedsOf(
      3,
      extensionFields.map((field) => `\x5b\xac${field}`),
    ),
    ...addressSeeds.flatMap((texts, index) => seedsOf(4 + index, texts)),
  ],
  mutations: [
    afterOptions(optionsLength, insertWord(words)),
    afterOptions(optionsLength, insertWord(words)),
    afterOptions(optionsLength, changeLines),
  ],
  together: 1,
  run(input) {
    const run = kinds[numberAt(input, 0) % kinds.length];
    assert(run !== undefined);
    return run(input.subarray(1, optionsLength), Uint8Array.from(input.subarray(optionsLength)));
  },
};
