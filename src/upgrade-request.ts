/**
 * What an upgrade request says, as the `upgrade` handler and open WebSockets see it (RFC 6455 §4.2.1). Made by
 * handshake.ts once the request is judged, and by upgrades.ts, which adds the address. Every open WebSocket keeps one,
 * so it holds the head's text once and a few strings; what most programs never look at is made when they do.
 */
import { Buffer } from 'node:buffer';
import { parseRequestHead, type RequestHead } from './http-head.ts';
import { queryOf } from './request-target.ts';

/** What an upgrade request says, without the address that it came from. */
export interface HandshakeRequest {
  /** The request target as sent. */
  readonly target: string;
  /** The target without the query; percent-encoding as sent, so that `%2F` is no slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By name in lower case; the values of a repeated field are joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  /** The host and port that the client called: Host, or the authority of an absolute target. */
  readonly host: string;
  /** The page's origin; undefined when the client is no browser. */
  readonly origin: string | undefined;
  /** The subprotocols that the client offers, the ones it likes best first. */
  readonly protocols: readonly string[];
}

/**
 * What the `upgrade` handler decides on. `query`, `headers` and `signal` are made when they are first asked for, and stay
 * the same objects then; as getters they are not among what `{ ...request }` or `JSON.stringify` copies.
 */
export interface UpgradeRequest extends HandshakeRequest {
  /** IP address of the client: the TCP peer's own, or what trusted proxies say of it. */
  readonly remoteAddress: string;
  /** Whether it came to this server over TLS; what was before a proxy is not known. */
  readonly secure: boolean;
  /** Aborted when the client goes away, or the time for the decision is over, before there is one. */
  readonly signal: AbortSignal;
}

/** What judging a request has found out, and need not be found again. */
export type JudgedRequest = Pick<HandshakeRequest, 'path' | 'host' | 'origin' | 'protocols'>;

/** A request that was judged. */
export class AcceptedRequest implements HandshakeRequest {
  readonly target: string;
  readonly path: string;
  readonly host: string;
  readonly origin: string | undefined;
  readonly protocols: readonly string[];
  readonly #text: string;
  #query: URLSearchParams | undefined;
  #headers: ReadonlyMap<string, string> | undefined;

  /** @param head of which only the text and the target are kept */
  constructor(head: RequestHead, { path, host, origin, protocols }: JudgedRequest) {
    this.target = head.target;
    this.path = path;
    this.host = host;
    this.origin = origin;
    this.protocols = protocols;
    this.#text = head.text;
  }

  get query(): URLSearchParams {
    this.#query ??= queryOf(this.target);
    return this.#query;
  }

  get headers(): ReadonlyMap<string, string> {
    if (this.#headers === undefined) {
      const headers = new Map<string, string>();
      const { fields } = parseRequestHead(Buffer.from(this.#text, 'latin1'));
      for (const [name, values] of fields) headers.set(name, values.join(', '));
      headers.set('host', this.host);
      this.#headers = headers;
    }
    return this.#headers;
  }
}

/** A request that came to a server. */
export class IncomingRequest extends AcceptedRequest implements UpgradeRequest {
  readonly remoteAddress: string;
  readonly secure: boolean;
  #controller: AbortController | undefined;

  constructor(head: RequestHead, judged: JudgedRequest, remoteAddress: string, secure: boolean) {
    super(head, judged);
    this.remoteAddress = remoteAddress;
    this.secure = secure;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /** Aborts the signal, also for who asks for it later. For upgrades.ts; handlers' types do not have it. */
  cancel(): void {
    this.#controller ??= new AbortController();
    this.#controller.abort();
  }
}
