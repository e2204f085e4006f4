/**
 * The token that comes with an HTTP request: a cookie, for our own pages, or a field Authorization, for programs. One
 * place for its reading and its setting (RFC 6265). Called by session-api.ts, and by whatever carries the chat.
 */
import type { IncomingMessage } from 'node:http';

export interface Credential {
  readonly token: string;
  /** A browser sends a cookie unasked, so it is only to be believed from a page of ours. */
  readonly from: 'cookie' | 'authorization';
}

/** No token is longer: what is longer is not looked at. */
const maximumTokenLength = 1024;

/** The token that a request has; undefined when there is none. One in Authorization goes before a cookie. */
export function credentialOf(request: IncomingMessage): string | undefined {
  return findCredential(request)?.token;
}

/** As `credentialOf`, with where it stood. */
export function findCredential(request: IncomingMessage): Credential | undefined {
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) {
    const [, token] = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization) ?? [];
    // Whoever sends the field means it, also when it is none of ours: a cookie beside it does not count.
    return isPlausible(token) ? { token, from: 'authorization' } : undefined;
  }
  const token = readCookie(cookie ?? '', cookieName(request));
  return isPlausible(token) ? { token, from: 'cookie' } : undefined;
}

/** Cookies know no ports, so two chats on one machine would sign each other out if their names were the same. */
export function cookieName(request: IncomingMessage): string {
  const [, port] = /:(\d{1,5})$/.exec(request.headers.host ?? '') ?? [];
  return `barewire_${port ?? (isEncrypted(request) ? '443' : '80')}`;
}

/**
 * The field Set-Cookie for a token: no script can read it, and no other site's page makes a browser send it.
 * @param seconds until it expires; 0 takes it away
 */
export function cookieFor(
  request: IncomingMessage,
  token: string,
  seconds: number,
  isSecure: boolean,
): string {
  const secure = isSecure ? '; Secure' : '';
  return `${cookieName(request)}=${token}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}

/** Whether the request came to us over TLS. A proxy before us may have taken it off. */
export function isEncrypted(request: IncomingMessage): boolean {
  return 'encrypted' in request.socket && request.socket.encrypted === true;
}

function readCookie(field: string, name: string): string | undefined {
  for (const pair of field.split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

function isPlausible(token: string | undefined): token is string {
  return token !== undefined && token !== '' && token.length <= maximumTokenLength;
}
