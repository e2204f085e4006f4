/**
 * What the API's routes have in common: JSON in, JSON out, and refusals as `{"error": {"code", "message", …}}` with a
 * fitting status. Called by events-api.ts.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode } from '../events.ts';
import { Refusal } from '../handler.ts';

/** A refusal that the wire of the chat has no code for. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  /** What else stands in the error, as the present epoch. */
  readonly more: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, more: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.more = more;
  }
}

const statuses: Partial<Record<ErrorCode, number>> = {
  'signed-out': 401,
  'token-unknown': 401,
  'token-expired': 401,
  'not-joined': 403,
  forbidden: 403,
  banned: 403,
  muted: 403,
  'room-unknown': 404,
  'member-unknown': 404,
  'message-unknown': 404,
  'image-unknown': 404,
  'nonce-reused': 409,
  'rate-limited': 429,
  'slow-mode': 429,
  internal: 500,
};

/** Answers with what was thrown. @returns false when it is no refusal, and nothing was done */
export function refuseWith(error: unknown, response: ServerResponse): boolean {
  if (error instanceof ApiError) {
    sendJson(response, error.status, { error: { code: error.code, message: error.message, ...error.more } });
    return true;
  }
  if (!(error instanceof Refusal)) return false;
  const { failure } = error;
  if (failure.retryAfter !== undefined)
    response.setHeader('Retry-After', Math.ceil(failure.retryAfter / 1000));
  const status = statuses[failure.code] ?? 400;
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  sendJson(response, status, { error: failure });
  return true;
}

export function sendJson(response: ServerResponse, status: number, value: object): void {
  response.statusCode = status;
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(`${JSON.stringify(value)}\n`);
}

/** @throws ApiError 405 for any other method */
export function allowMethods(request: IncomingMessage, response: ServerResponse, ...methods: string[]): void {
  if (methods.includes(request.method ?? '')) return;
  response.setHeader('Allow', methods.join(', '));
  throw new ApiError(405, 'method-not-allowed', `Only ${methods.join(' and ')} can be done here.`);
}

/**
 * The value that a request's body stands for.
 * @param limit octets
 * @throws ApiError 413, 415; Refusal `malformed`; and whatever the request throws when it breaks off
 */
export async function takeJson(request: IncomingMessage, limit: number): Promise<unknown> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    request.resume();
    const message = 'The body has to be JSON: send “Content-Type: application/json” with it.';
    throw new ApiError(415, 'media-type', message);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  // Left open when it is given up early, so that the answer can arrive.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Buffer)) continue;
    length += chunk.length;
    if (length > limit) {
      request.resume();
      throw new ApiError(413, 'too-large', `The body may have ${limit} octets at most.`);
    }
    chunks.push(chunk);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw new Refusal('malformed', 'The body is not JSON in UTF-8.');
  }
}
