/**
 * Writes HTTP/1.1 heads and the response that refuses a request (RFC 9112 §4-5, RFC 9110 §15). Nothing that a caller
 * gives can end a line. Called by handshake.ts for its requests and replies, by server.ts for refusals.
 */
import { Buffer } from 'node:buffer';
import { isFieldValue, isToken } from './http-head.ts';

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  505: 'HTTP Version Not Supported',
};

// What our callers may not set by hand: it would stand twice, or contradict the body.
const setHere = new Set(['connection', 'content-length', 'content-type', 'transfer-encoding']);

/**
 * A complete response that refuses the request, after which the connection is closed. RFC 9110 §6.6.1 wants a Date
 * from servers that have a clock: the shell has one and gives it in `headers`.
 * @param status 300-599
 * @param explanation one plain sentence for a person; the body
 * @throws RangeError for another status, TypeError for headers that would break the head or are set here
 */
export function encodeRefusal(
  status: number,
  explanation: string,
  headers: Readonly<Record<string, string>> = {},
): Uint8Array {
  if (!Number.isInteger(status) || status < 300 || status > 599) {
    throw new RangeError(`A request is refused with a status from 300 to 599, not ${status}.`);
  }
  const body = Buffer.from(`${explanation}\n`, 'utf8');
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const head = encodeHead([
    // The space stays when there is no reason to give (RFC 9112 §4).
    `HTTP/1.1 ${status} ${reasons[status] ?? ''}`,
    // Whoever sends Upgrade must name it in Connection (RFC 9110 §7.8).
    names.includes('upgrade') ? 'Connection: close, Upgrade' : 'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${body.length}`,
    ...encodeFields(headers, setHere),
  ]);
  return Buffer.concat([head, body]);
}

/**
 * Field lines, without their ends.
 * @param own names in lower case that the caller may not set
 * @throws TypeError for one of these, and as `encodeField`
 */
export function encodeFields(headers: Readonly<Record<string, string>>, own: ReadonlySet<string>): string[] {
  return Object.entries(headers).map(([name, value]) => {
    if (own.has(name.toLowerCase())) throw new TypeError(`The field ${name} is not the caller's to set.`);
    return encodeField(name, value);
  });
}

/**
 * One field line, without its end.
 * @throws TypeError when the name is not a token or the value could not be read as one value
 */
export function encodeField(name: string, value: string): string {
  if (!isToken(name)) throw new TypeError(`The field name ${JSON.stringify(name)} is not a token.`);
  if (!isFieldValue(value)) {
    throw new TypeError(`The value of the field ${name} holds a control character or one outside Latin-1.`);
  }
  return `${name}: ${value}`;
}

/** The octets of a head from its start line and field lines, which are not checked again. */
export function encodeHead(lines: readonly string[]): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
