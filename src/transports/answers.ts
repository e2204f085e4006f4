/**
 * What every HTTP route here shares: answers as JSON or words, refusals that say why, the body of a request within a
 * limit and a deadline, and whose pages may ask. Called by the transports' routes and by site.ts. Nothing here throws
 * for what a client did.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isEqualOrigin, isSameOrigin } from '../request-target.ts';

/** Whose pages may ask, besides those of the same origin, as the WebSocket's handshake has it. */
export type AllowedOrigins = 'same-origin' | readonly string[];

/** Why a request is refused. */
export interface Problem {
  readonly status: number;
  /** For programs. */
  readonly code: string;
  /** For people: one sentence that says what to do. */
  readonly message: string;
  /** Milliseconds after which to try again. */
  readonly retryAfter?: number;
}

/** Says no: as JSON under /api/, elsewhere as a sentence. */
export function refuse(response: ServerResponse, { status, code, message, retryAfter }: Problem): void {
  if (retryAfter !== undefined) response.setHeader('Retry-After', Math.ceil(retryAfter / 1000));
  response.setHeader('Cache-Control', 'no-store');
  if (response.req.url?.startsWith('/api/')) {
    const wait = retryAfter === undefined ? {} : { retryAfter };
    sendJson(response, status, { error: { code, message, ...wait } });
    return;
  }
  sendText(response, status, 'text/plain', `${message}\n`);
}

export function sendJson(response: ServerResponse, status: number, value: object): void {
  sendText(response, status, 'application/json', `${JSON.stringify(value)}\n`);
}

export function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', `${type}; charset=utf-8`);
  // All in one call, so node:http knows the length.
  response.end(text);
}

/** Whether that method can be used here; when not, it has been answered. */
export function allows(request: IncomingMessage, response: ServerResponse, ...methods: string[]): boolean {
  if (methods.includes(request.method ?? '')) return true;
  response.setHeader('Allow', methods.join(', '));
  const message = `Only ${methods.join(' and ')} can be done here.`;
  refuse(response, { status: 405, code: 'method-not-allowed', message });
  return false;
}

/**
 * Whether a page of that origin may ask. A request without Origin comes from a page of ours (a GET), or from no page;
 * a browser that says in Sec-Fetch-Site that it is neither is believed, for SameSite cookies take another port for the
 * same site.
 */
export function isAllowedOrigin(request: IncomingMessage, allowed: AllowedOrigins): boolean {
  const { origin, host = '' } = request.headers;
  if (origin === undefined) {
    const site = request.headers['sec-fetch-site'];
    return site === undefined || site === 'same-origin' || site === 'none';
  }
  if (isSameOrigin(origin, host)) return true;
  return allowed !== 'same-origin' && allowed.some((entry) => isEqualOrigin(entry, origin));
}

/** What a foreign page is told. */
export const foreignOrigin: Problem = {
  status: 403,
  code: 'origin-refused',
  message: 'Pages of another origin may not ask here; the host can allow them with --origin.',
};

/** Milliseconds in which a body must be there. */
export const bodyTimeout = 20_000;

/**
 * The body of a request as a JSON value; an empty one is undefined. Otherwise what is wrong with it: answer with that.
 * @param limit octets
 */
export async function readJson(
  request: IncomingMessage,
  limit: number,
): Promise<{ readonly value: unknown } | { readonly problem: Problem }> {
  const body = await readBody(request, limit);
  if ('problem' in body) return body;
  if (body.text === '') return { value: undefined };
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  // Also what makes a browser ask first before a foreign page may send it.
  if (type !== 'application/json') {
    const message = 'The body must be JSON, with “Content-Type: application/json”.';
    return { problem: { status: 415, code: 'malformed', message } };
  }
  try {
    return { value: JSON.parse(body.text) };
  } catch {
    return { problem: { status: 400, code: 'malformed', message: 'The body is not JSON.' } };
  }
}

/** The body as text. Octets that are not UTF-8 are a problem too. */
function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<{ readonly text: string } | { readonly problem: Problem }> {
  const tooLarge: Problem = {
    status: 413,
    code: 'malformed',
    message: `The body has more than ${limit} octets.`,
  };
  // The rest is let through and dropped; node:http ends who does not stop.
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    request.resume();
    return Promise.resolve({ problem: tooLarge });
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const finish = (outcome: { readonly text: string } | { readonly problem: Problem }): void => {
      clearTimeout(timer);
      request.off('data', take).off('end', end).off('close', cut);
      if (!request.complete) request.resume();
      resolve(outcome);
    };
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > limit) finish({ problem: tooLarge });
      else chunks.push(chunk);
    };
    const end = (): void => {
      try {
        finish({ text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)) });
      } catch {
        finish({ problem: { status: 400, code: 'malformed', message: 'The body is not UTF-8.' } });
      }
    };
    const cut = (): void =>
      finish({ problem: { status: 400, code: 'malformed', message: 'The body ended too early.' } });
    const timer = setTimeout(() => {
      const message = `The body did not come within ${bodyTimeout / 1000} seconds.`;
      finish({ problem: { status: 408, code: 'malformed', message } });
    }, bodyTimeout).unref();
    request.on('data', take).on('end', end).on('close', cut);
  });
}
