/**
 * The token that comes with an HTTP request: a cookie, for our own pages, or a field Authorization, for programs. One
 * place for its reading and its setting (RFC 6265 §4). Called by session-api.ts, and for whatever carries the chat.
 */
import type { IncomingMessage } from 'node:http';

/** The fields that may carry a token, and the host that names the cookie; `headers` of an IncomingMessage fits. */
export interface CredentialFields {
  readonly cookie?: string | undefined;
  readonly authorization?: string | undefined;
  readonly host?: string | undefined;
}

export interface Credential {
  readonly token: string;
  /** A browser sends a cookie unasked, so it is only to be believed from a page of ours. */
  readonly from: 'cookie' | 'authorization';
}

/** No token is longer: what is longer is not looked at. */
const maximumTokenLength = 1024;

/** The token that a request has; undefined when there is none. One in Authorization goes before a cookie. */
export function credentialOf(fields: CredentialFields): string | undefined {
  return findCredential(fields)?.token;
}

/** As `credentialOf`, with where it stood. */
export function findCredential({ authorization, cookie, host }: CredentialFields): Credential | undefined {
  if (authorization !== undefined) {
    const [, token] = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization) ?? [];
    // Whoever sends the field means it, also when it is none of ours: a cookie beside it does not count.
    return isPlausible(token) ? { token, from: 'authorization' } : undefined;
  }
  for (const name of cookieNames(host)) {
    const token = readCookie(cookie ?? '', name);
    if (isPlausible(token)) return { token, from: 'cookie' };
  }
  return undefined;
}

/**
 * The field Set-Cookie for a token: no script can read it, and no other site's page makes a browser send it.
 * @param seconds until it expires; 0 takes it away
 * @param isSecure whether the browser came over TLS: then it sends it over nothing else
 */
export function cookieFor(
  { host }: CredentialFields,
  token: string,
  seconds: number,
  isSecure: boolean,
): string {
  const [withTls, withoutTls] = cookieNames(host);
  const secure = isSecure ? '; Secure' : '';
  const name = isSecure ? withTls : withoutTls;
  return `${name}=${token}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}

/** Whether the request came to us over TLS. A proxy before us may have taken it off. */
export function isEncrypted(request: IncomingMessage): boolean {
  return 'encrypted' in request.socket && request.socket.encrypted === true;
}

/**
 * Cookies know no ports, so two chats on one machine would sign each other out if theirs had one name. A host without
 * a port has the one of https or of http: the latter comes second.
 */
function cookieNames(host = ''): readonly [withTls: string, withoutTls: string] {
  const [, port] = /:(\d{1,5})$/.exec(host) ?? [];
  return [`barewire_${port ?? 443}`, `barewire_${port ?? 80}`];
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
