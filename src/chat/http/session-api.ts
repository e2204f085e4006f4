/**
 * Signing in and out over HTTP, for pages, whose token stays in a cookie that no script can read: `POST /api/session`,
 * `POST /api/session/refresh`, `DELETE /api/session`. Refusals are those of `session:enter`, as `{"error": Failure}`.
 * Mounted by site.ts.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as v from 'valibot';
import { foreignOrigin, sendJson } from '../../transports/answers.ts';
import { invalid, requestData } from '../events.ts';
import type { Authenticated } from '../identity.ts';
import { Refusal } from '../refusal.ts';
import { endSession, type SignInChat, signIn } from '../sign-in.ts';
import { tokenRefusal } from '../tokens.ts';

export { credentialOf } from './credential.ts';

import { type Credential, cookieFor, findCredential, isEncrypted } from './credential.ts';
import { ApiError, allowMethods, refuseWith, takeJson } from './json.ts';

export interface SessionApiOptions {
  readonly chat: SignInChat;
  /** Whether a request comes from a page of ours, or of an origin that the host allows, or from no page. */
  readonly allowsOrigin: (request: IncomingMessage) => boolean;
  /** IP address of the client, for the limits. */
  readonly addressOf: (request: IncomingMessage) => string;
  /** Whether the browser got here over TLS, so that the cookie may be Secure. Default: whether we did. */
  readonly isSecure?: (request: IncomingMessage) => boolean;
}

export interface SessionApi {
  /** Answers a request for its paths. @returns false, with nothing done, when the path is somebody else's */
  handle(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

const sessionPath = '/api/session';
const refreshPath = '/api/session/refresh';
/** The most octets in a body: 4 KiB. */
const maximumBodyLength = 4096;

type Known = Extract<Authenticated, { status: 'known' }>;

export function createSessionApi(options: SessionApiOptions): SessionApi {
  const api = new Api(options);
  return { handle: (path, request, response) => api.handle(path, request, response) };
}

class Api {
  readonly #chat: SignInChat;
  readonly #options: SessionApiOptions;

  constructor(options: SessionApiOptions) {
    this.#chat = options.chat;
    this.#options = options;
  }

  async handle(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (path !== sessionPath && path !== refreshPath) return false;
    response.setHeader('Cache-Control', 'no-store');
    try {
      if (path === refreshPath) allowMethods(request, response, 'POST');
      else allowMethods(request, response, 'POST', 'DELETE');
      if (!this.#options.allowsOrigin(request)) {
        throw new ApiError(foreignOrigin.status, foreignOrigin.code, foreignOrigin.message);
      }
      if (path === refreshPath) await this.#refresh(request, response);
      else if (request.method === 'POST') await this.#enter(request, response);
      else await this.#leave(request, response);
    } catch (error) {
      // A client that went away in the middle gets no answer.
      if (response.headersSent || response.destroyed) return true;
      if (!refuseWith(error, response)) throw error;
    }
    return true;
  }

  async #enter(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await takeJson(request, maximumBodyLength);
    const parsed = v.safeParse(requestData['session:enter'], body);
    if (!parsed.success) {
      const { code, message, ...more } = invalid('data', parsed.issues[0]);
      throw new Refusal(code, message, more);
    }
    const credential = findCredential(request.headers);
    const before = await this.#authenticate(credential);
    const { member, token, expires } = await signIn(this.#chat, parsed.output, {
      remoteAddress: this.#options.addressOf(request),
      userAgent: request.headers['user-agent'] ?? '',
      credential: credential?.token,
    });
    // The cookie is the other member's no more, so nobody could sign that device out. The same member's stays good, for
    // this answer may be lost.
    const isOther =
      credential?.from === 'cookie' && before.status === 'known' && before.member.id !== member.id;
    const finish = isOther ? await endSession(this.#chat, before.device, false) : undefined;
    this.#setCookie(request, response, token, expires);
    sendJson(response, 201, { member, expires });
    finish?.();
  }

  async #refresh(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const credential = findCredential(request.headers);
    const known = await this.#known(credential, request, response);
    const { token, expires } = await this.#chat.identities.refreshToken(known.device, this.#chat.clock.now());
    // A program that came without a cookie has no use for one.
    if (credential?.from === 'authorization') {
      sendJson(response, 200, { member: known.member, expires, token });
      return;
    }
    this.#setCookie(request, response, token, expires);
    sendJson(response, 200, { member: known.member, expires });
  }

  async #leave(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const everywhere = new URLSearchParams(request.url?.split('?')[1] ?? '').get('everywhere') === '1';
    const known = await this.#known(findCredential(request.headers), request, response);
    const finish = await endSession(this.#chat, known.device, everywhere);
    this.#setCookie(request, response, '', this.#chat.clock.now());
    response.statusCode = 204;
    response.end();
    finish();
  }

  async #authenticate(credential: Credential | undefined): Promise<Authenticated> {
    if (credential === undefined) return { status: 'token-unknown' };
    return this.#chat.identities.authenticate(credential.token, this.#chat.clock.now());
  }

  /** Whose request that is. @throws Refusal `signed-out`, `token-unknown`, `token-expired`, `banned` */
  async #known(
    credential: Credential | undefined,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Known> {
    if (credential === undefined) {
      throw new Refusal('signed-out', 'You are not signed in: the request has no token of a session.');
    }
    const found = await this.#authenticate(credential);
    if (found.status === 'known') return found;
    if (found.status === 'banned') throw found.refusal;
    // It will not get better: the browser need not send it again.
    if (credential.from === 'cookie') this.#setCookie(request, response, '', this.#chat.clock.now());
    throw tokenRefusal(found.status);
  }

  #setCookie(request: IncomingMessage, response: ServerResponse, token: string, expires: number): void {
    const seconds = Math.max(0, Math.ceil((expires - this.#chat.clock.now()) / 1000));
    const isSecure = this.#options.isSecure?.(request) ?? isEncrypted(request);
    response.setHeader('Set-Cookie', cookieFor(request.headers, token, seconds, isSecure));
  }
}
