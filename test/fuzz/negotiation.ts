/**
 * Two kinds of input for the fuzz target `handshake`: the field Sec-WebSocket-Extensions (RFC 6455 §9.1), against a
 * reading of it with patterns, and what both ends agree on about permessage-deflate (RFC 7692 §7.1).
 */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import {
  acceptOffer,
  checkAnswer,
  type DeflateOptions,
  makeOffer,
  resolveDeflateOptions,
} from '../../src/deflate-negotiation.ts';
import { type Extension, encodeExtensions, parseExtensions } from '../../src/extensions.ts';
import { HttpError } from '../../src/http-head.ts';
import { classOf, magnitude, numberAt, orHttpError } from './claims.ts';

/** Values of the field to begin with. */
export const extensionFields = [
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate; server_max_window_bits=10; client_max_window_bits=9; server_no_context_takeover',
  'permessage-deflate; client_no_context_takeover, permessage-deflate; server_max_window_bits="8"',
  'foo, bar; baz=2',
  'permessage-foo; use_y, permessage-deflate; client_max_window_bits="1\\5", x; y=""',
];

function extensionsIn(octets: Uint8Array): readonly Extension[] | HttpError {
  const lines = Buffer.from(octets).toString('latin1').split('\r\n');
  return orHttpError(() => parseExtensions(new Map([['sec-websocket-extensions', lines]])));
}

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const space = '[ \\t]*';
const value = `${space}=${space}(?:(${token})|"((?:[^"\\\\]|\\\\[\\s\\S])*)")`;
const parameters = `(?:;${space}${token}(?:${value.replaceAll(/\((?!\?)/g, '(?:')})?${space})*`;

/** The same field read with patterns, one element of the list after the other; undefined when it has another form. */
function readExtensions(octets: Uint8Array): readonly Extension[] | undefined {
  const text = Buffer.from(octets).toString('latin1').replaceAll('\r\n', ',');
  const element = new RegExp(`${space}(?:(${token})${space}(${parameters}))?(?:,|$)`, 'y');
  const extensions: Extension[] = [];
  while (element.lastIndex < text.length) {
    const match = element.exec(text);
    if (match === null) return undefined;
    const [, name, rest = ''] = match;
    if (name === undefined) continue;
    const read = [...rest.matchAll(new RegExp(`;${space}(${token})(?:${value})?`, 'g'))];
    extensions.push({
      name,
      parameters: read.map(([, parameter = '', plain, quoted]) => ({
        name: parameter,
        value: plain ?? quoted?.replaceAll(/\\([\s\S])/g, '$1'),
      })),
    });
  }
  const values = extensions.flatMap((extension) => extension.parameters.flatMap((one) => one.value ?? []));
  // What is quoted must be a token as well.
  const areTokens = values.every((one) => new RegExp(`^${token}$`).test(one));
  return areTokens && extensions.length > 0 ? extensions : undefined;
}

/** The grammar alone. */
export function runExtensions(octets: Uint8Array): string {
  const extensions = extensionsIn(octets);
  const expected = readExtensions(octets);
  assert.deepEqual(extensions instanceof HttpError ? undefined : extensions, expected);
  if (extensions instanceof HttpError) return classOf(extensions);
  const again = parseExtensions(new Map([['sec-websocket-extensions', [encodeExtensions(extensions)]]]));
  assert.deepEqual(again, extensions);
  const all = extensions.flatMap((extension) => extension.parameters);
  const valued = all.filter((one) => one.value !== undefined);
  return [extensions, all, valued].map(({ length }) => magnitude(length)).join(' ');
}

/** What an end wants, as 16 bits choose it. */
function deflateOptions(role: 'server' | 'client', bits: number): DeflateOptions {
  const windowBits = (nibble: number): { readonly bits?: number } => (nibble < 9 ? {} : { bits: nibble });
  const server = windowBits((bits >>> 4) & 15).bits;
  const client = windowBits((bits >>> 8) & 15).bits;
  return resolveDeflateOptions(role, {
    serverNoContextTakeover: (bits & 1) !== 0,
    clientNoContextTakeover: (bits & 2) !== 0,
    ...(server !== undefined && { serverMaxWindowBits: server }),
    ...(client !== undefined && { clientMaxWindowBits: client }),
  });
}

/** What two ends make of each other's offers and answers, ours and other people's. */
export function runNegotiation(options: Uint8Array, octets: Uint8Array): string {
  const server = resolveDeflateOptions('server', deflateOptions('server', numberAt(options, 0, 2)));
  const client = resolveDeflateOptions('client', deflateOptions('client', numberAt(octets, 0, 2)));
  // Our own client's offer is always taken, both ends understand the same, and nobody gets more than it allowed.
  const sent = [makeOffer(client)];
  const offers = parseExtensions(new Map([['sec-websocket-extensions', [encodeExtensions(sent)]]]));
  const accepted = acceptOffer(offers, server);
  assert(accepted !== undefined, 'our own offer is declined');
  const [answer] = parseExtensions(
    new Map([['sec-websocket-extensions', [encodeExtensions([accepted.response])]]]),
  );
  assert(answer !== undefined);
  const { agreement } = accepted;
  assert.deepEqual(checkAnswer(answer, client), agreement);
  assert(agreement.serverMaxWindowBits <= Math.min(server.serverMaxWindowBits, client.serverMaxWindowBits));
  assert(agreement.clientMaxWindowBits <= Math.min(server.clientMaxWindowBits, client.clientMaxWindowBits));

  // Somebody else's: an answer or silence, and what came for an answer is taken or refused in words.
  const foreign = extensionsIn(octets.subarray(2));
  if (foreign instanceof HttpError) return `ours ${JSON.stringify(agreement).length}`;
  const taken = acceptOffer(foreign, server);
  if (taken !== undefined) {
    const { serverMaxWindowBits, clientMaxWindowBits, clientNoContextTakeover } = taken.agreement;
    assert(serverMaxWindowBits >= 8 && serverMaxWindowBits <= server.serverMaxWindowBits);
    assert(clientMaxWindowBits >= 8 && clientMaxWindowBits <= 15);
    // What a peer may make us keep from message to message is ours to say.
    assert(clientNoContextTakeover || clientMaxWindowBits <= server.clientMaxWindowBits);
    assert.equal(encodeExtensions([taken.response]).startsWith('permessage-deflate'), true);
  }
  const answers = foreign.map((extension) => orHttpError(() => checkAnswer(extension, client)));
  for (const one of answers) {
    if (one instanceof HttpError) assert.equal(one.status, 502);
    else assert(one.serverMaxWindowBits <= client.serverMaxWindowBits);
  }
  const said = answers.slice(0, 1).map((one) => (one instanceof HttpError ? classOf(one) : 'taken'));
  return `${taken === undefined ? 'silence' : taken.response.parameters.map(({ name, value }) => `${name}=${value}`).join()} ${said}`;
}
