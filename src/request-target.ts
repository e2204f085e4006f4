/**
 * Where a request wants to go, and whether a page may send it there: the request target and Host (RFC 9112 §3.2),
 * and Origin (RFC 6454, RFC 6455 §10.2). Called by handshake.ts.
 */
import { HttpError, type RequestHead, singleton } from './http-head.ts';

export interface ResolvedTarget {
  /** Always with a leading slash; percent-encoding as sent, so that `%2F` is no slash. */
  readonly path: string;
  /** `name`, `name:port` or `[address]:port`, as sent: of an absolute target, else of Host. */
  readonly host: string;
}

const targetSection = 'RFC 9112 §3.2';
const hostSection = 'RFC 9112 §3.2';

/** What a `wss:` page may write before the authority; the four name the same resource here (RFC 6455 §4.2.1). */
const absoluteTarget = /^(?:https?|wss?):\/\/([^/?]*)(.*)$/i;
const brokenPercent = /%(?![0-9A-Fa-f]{2})/;

let lastGoodHost: string | undefined;

/**
 * Resolves an origin-form or absolute-form target against Host. An absolute target's authority replaces Host
 * (RFC 9112 §3.2.2), which must stand there nevertheless (§3.2).
 * @throws HttpError 400 for another form, a fragment, broken percent-encoding in the path, or a bad Host
 */
export function resolveTarget(head: Pick<RequestHead, 'target' | 'fields'>): ResolvedTarget {
  const host = singleton(head.fields, 'host', hostSection);
  if (host === undefined) throw new HttpError(400, hostSection, 'The request has no Host.');
  // Clients of one server nearly all name the same host, which then is judged once.
  if (host !== lastGoodHost) {
    if (!isAuthority(host))
      throw new HttpError(400, hostSection, 'Host is not a host name with an optional port.');
    lastGoodHost = host;
  }

  if (head.target.includes('#')) {
    throw new HttpError(400, 'RFC 6455 §3', 'The request target has a fragment; a "#" must be sent as %23.');
  }
  if (head.target.startsWith('/')) return splitTarget(head.target, host);

  const [, authority, rest = ''] = absoluteTarget.exec(head.target) ?? [];
  if (authority === undefined) {
    throw new HttpError(
      400,
      targetSection,
      'The request target is neither a path nor an absolute http, https, ws or wss address.',
    );
  }
  if (!isAuthority(authority)) {
    throw new HttpError(400, 'RFC 9112 §3.2.2', 'The request target has no host name with an optional port.');
  }
  return splitTarget(rest.startsWith('/') ? rest : `/${rest}`, authority);
}

function splitTarget(target: string, host: string): ResolvedTarget {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  if (path.includes('%') && brokenPercent.test(path)) {
    throw new HttpError(400, targetSection, 'The path has a "%" without two hexadecimal digits after it.');
  }
  return { path, host };
}

/** The query of a target of any form, empty when there is none. For a target that `resolveTarget` has taken. */
export function queryOf(target: string): URLSearchParams {
  const mark = target.indexOf('?');
  // It may hold a lone "%": URLSearchParams takes it as it is, and people type it. It takes one "?" off.
  return new URLSearchParams(mark < 0 ? '' : target.slice(mark));
}

const authorityGrammar = /^(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)(?::\d*)?$/;

/**
 * Whether the text is a host with an optional port (RFC 3986 §3.2.2-3.2.3): a name, an IPv4 address or an IPv6
 * address in brackets. No user information, and no empty host, which http and ws addresses cannot have.
 */
export function isAuthority(text: string): boolean {
  if (!authorityGrammar.test(text)) return false;
  const colon = text.lastIndexOf(':');
  if (colon > text.lastIndexOf(']') && Number(text.slice(colon + 1)) > 65_535) return false;
  return !text.startsWith('[') || URL.canParse(`http://${text}`);
}

/** `null` and serialised origins (RFC 6454 §6.2), also of schemes that are no web page's. */
const originGrammar = /^(?:null|[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+)$/i;
const webOrigin = /^(https?:)\/\/(.*)$/i;

/** Whether the text may stand in a list of allowed origins: `https://example.com`, without a path; or `null`. */
export function isOrigin(text: string): boolean {
  const [, , authority] = webOrigin.exec(text) ?? [];
  return authority === undefined ? originGrammar.test(text) : isAuthority(authority);
}

/** The question that was asked last, and its answer: a server's pages all ask the same, and URLs are slow to take apart. */
let lastOrigin = '';
let lastHost = '';
let lastAnswer = false;

/**
 * Whether a page's Origin is the host that it calls. The scheme is not compared, because a server behind a TLS proxy
 * does not know its own; a port that is not written is the default one of the page's scheme.
 */
export function isSameOrigin(origin: string, host: string): boolean {
  if (origin !== lastOrigin || host !== lastHost) {
    lastAnswer = compareOrigin(origin, host);
    lastOrigin = origin;
    lastHost = host;
  }
  return lastAnswer;
}

function compareOrigin(origin: string, host: string): boolean {
  const [, scheme, authority = ''] = webOrigin.exec(origin) ?? [];
  if (scheme === undefined || !isAuthority(authority)) return false;
  const page = `${scheme}//${authority}`;
  const here = `${scheme}//${host}`;
  return URL.canParse(page) && URL.canParse(here) && new URL(page).host === new URL(here).host;
}

/** Whether two origins are the same: case, default ports and the spellings of an address do not matter. */
export function isEqualOrigin(one: string, other: string): boolean {
  return originKey(one) === originKey(other);
}

function originKey(origin: string): string {
  const isUrl = webOrigin.test(origin) && isOrigin(origin) && URL.canParse(origin);
  return isUrl ? new URL(origin).origin : origin.toLowerCase();
}
