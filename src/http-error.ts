/**
 * The one error of floors 1-3 for what a peer says over HTTP: it carries what a refusal needs. Thrown by http-head.ts,
 * http-fields.ts, request-target.ts, extensions.ts and handshake.ts; caught by the shell, which answers with it.
 */

/**
 * A request that is refused, or a head that breaks the grammar. The shell answers with `encodeRefusal(status,
 * explanation, headers)` and ends the connection. Misuse by our own caller is a TypeError or RangeError instead.
 */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  /** The status to refuse with, as a server. A client that could not read a response has nobody to tell it. */
  readonly status: number;
  /** The rule that was broken, as in `RFC 9112 §5.1`. */
  readonly section: string;
  /** One plain sentence: what came and what was allowed. It goes out as the body of the refusal. */
  readonly explanation: string;
  /** Fields that the refusal must carry besides the usual ones, as in `{ Allow: 'GET' }`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    section: string,
    explanation: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(`${explanation} (${section})`);
    this.status = status;
    this.section = section;
    this.explanation = explanation;
    this.headers = headers;
  }
}
