/**
 * The address of a WebSocket, as a client takes it apart: where to connect, and what to say there (RFC 6455 §3). Called
 * by client.ts.
 */
import { isAuthority } from './request-target.ts';

export interface ClientAddress {
  /** As the WHATWG URL rules write it: percent-encoded, without a port that is the scheme's own. */
  readonly url: string;
  /** Whether TLS comes first: the scheme is wss. */
  readonly secure: boolean;
  /** Name or IP address to connect to; an IPv6 one without its brackets. */
  readonly hostname: string;
  readonly port: number;
  /** For the field Host: IPv6 in brackets, the port only when it is not the scheme's own. */
  readonly host: string;
  /** The request target: path and query. */
  readonly target: string;
  /** What events name as their origin, as in `wss://example.com`. */
  readonly origin: string;
}

/**
 * Takes an address apart. Only ws and wss, as in RFC 6455 §3; browsers also take http and https for them. No user and
 * password, which the grammar there has no place for: a field Authorization does not end up in logs.
 * @throws DOMException named SyntaxError, as `new WebSocket` does in browsers
 */
export function parseAddress(address: string | URL): ClientAddress {
  const text = String(address);
  if (!URL.canParse(text)) throw invalid(`${JSON.stringify(text)} is not an absolute address.`);
  const url = new URL(text);
  const secure = url.protocol === 'wss:';
  if (!secure && url.protocol !== 'ws:') {
    throw invalid(`The scheme of a WebSocket's address is ws or wss, not ${url.protocol.slice(0, -1)}.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid('A WebSocket address has no user and password: send a field Authorization instead.');
  }
  // An empty fragment is one too, and `hash` would not show it.
  if (url.href.includes('#')) {
    throw invalid('A WebSocket address has no fragment; a "#" in its path or query is written %23.');
  }
  // The URL rules let pass what RFC 3986 has no place for in a host.
  if (!isAuthority(url.host)) throw invalid(`${JSON.stringify(url.host)} is no host with an optional port.`);
  return {
    url: url.href,
    secure,
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    host: url.host,
    target: `${url.pathname}${url.search}`,
    origin: url.origin,
  };
}

function invalid(explanation: string): DOMException {
  return new DOMException(explanation, 'SyntaxError');
}
