/**
 * What the API's routes have in common: JSON in, JSON out, and refusals as `{"error": {"code", "message", …}}` with a
 * fitting status. Called by events-api.ts.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readJson, sendJson } from '../../transports/answers.ts';
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
  'password-needed': 403,
  'password-wrong': 403,
  'invitation-needed': 403,
  'invitation-unknown': 403,
  banned: 403,
  muted: 403,
  'room-unknown': 404,
  'member-unknown': 404,
  'message-unknown': 404,
  'image-unknown': 404,
  'name-taken': 409,
  'nonce-reused': 409,
  'rate-limited': 429,
  'slow-mode': 429,
  internal: 500,
};

/** Answers with what was thrown. @returns false when it is no refusal, and nothing was done */
export function refuseWith(error: unknown, response: ServerResponse): boolean {
  response.setHeader('Cache-Control', 'no-store');
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

/** @throws ApiError 405 for any other method */
export function allowMethods(request: IncomingMessage, response: ServerResponse, ...methods: string[]): void {
  if (methods.includes(request.method ?? '')) return;
  response.setHeader('Allow', methods.join(', '));
  throw new ApiError(405, 'method-not-allowed', `Only ${methods.join(' and ')} can be done here.`);
}

/**
 * The value that a request's body stands for.
 * @param limit octets
 * @throws ApiError when it is too long, no JSON, or does not arrive
 */
export async function takeJson(request: IncomingMessage, limit: number): Promise<unknown> {
  const body = await readJson(request, limit);
  if (!('problem' in body)) return body.value;
  throw new ApiError(body.problem.status, body.problem.code, body.problem.message);
}
