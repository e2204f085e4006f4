/** Request heads for tests: a valid one, changed in one place, and octets from text with one octet a character. */
import { Buffer } from 'node:buffer';
import {
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from '../../src/http-head.ts';

/** The key of RFC 6455 §1.3, and the accept value that the RFC derives from it. */
export const sampleKey = 'dGhlIHNhbXBsZSBub25jZQ==';
export const sampleAccept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

export function octets(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** The least upgrade request that is valid, with `changes`: undefined takes a field out, a list repeats it. */
export function upgradeText(
  changes: Record<string, string | readonly string[] | undefined> = {},
  line = 'GET /chat HTTP/1.1',
): string {
  const fields: typeof changes = {
    Host: 'example.com',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': sampleKey,
    'Sec-WebSocket-Version': '13',
    ...changes,
  };
  return headText(line, fields);
}

/** A head of any kind. */
export function headText(
  line: string,
  fields: Record<string, string | readonly string[] | undefined>,
): string {
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    (value === undefined ? [] : typeof value === 'string' ? [value] : value).map(
      (each) => `${name}: ${each}`,
    ),
  );
  return `${[line, ...lines].join('\r\n')}\r\n\r\n`;
}

export function upgradeHead(...parameters: Parameters<typeof upgradeText>): RequestHead {
  return parseRequestHead(octets(upgradeText(...parameters)));
}

export function responseHead(
  line: string,
  fields: Record<string, string | readonly string[] | undefined>,
): ResponseHead {
  return parseResponseHead(octets(headText(line, fields)));
}
