/**
 * Everything on the port that is no WebSocket: the built pages, image uploads and downloads, and the health check. The
 * request handler that server.ts hands node:http's requests to; made by main.ts. Every answer has the same security
 * headers, every refusal says why in words.
 */
import { existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import sirv from 'sirv';
import type { Logger } from './chat/channel.ts';
import type { Chat } from './chat/chat.ts';
import { type Member, maximumImageLength } from './chat/events.ts';
import { ImageError, type Images, imageTooLarge } from './chat/images.ts';
import { chatPath } from './chat/websocket-channel.ts';

export interface SiteOptions {
  readonly chat: Chat;
  readonly images: Images;
  readonly logger: Logger;
  /** Where the built pages are; they may be built after the start. */
  readonly pages: string;
  readonly version: string;
  /** IP address of the client, for the log: behind trusted proxies it is what they say. */
  readonly addressOf: (request: IncomingMessage) => string;
}

/** Uploads that may be coming in at one time, from all members and from one. Each holds a file open, not memory. */
const maximumUploads = { all: 64, member: 6 } as const;
/** Milliseconds in which an upload must be there: 8 MiB at 30 kB/s. */
const uploadTimeout = 5 * 60 * 1000;

/**
 * What a page of ours may do: load its own scripts, styles, fonts and pictures, and talk to where it came from. `data:`
 * and `blob:` pictures are generated avatars and files that were just picked. No inline script or style, no frames.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy':
    'camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=(), serial=(), hid=(), midi=()',
};

/** A picture opened by itself is only that, whatever may be in it. */
const imageSecurityPolicy = "default-src 'none'; sandbox";

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

export function createSite(options: SiteOptions): Listener {
  const site = new Site(options);
  return (request, response) => {
    site.answer(request, response).catch((error: unknown) => {
      // A client that went away in the middle is no fault of ours.
      if (!request.socket.destroyed) {
        const details = { err: error, url: request.url, remoteAddress: options.addressOf(request) };
        options.logger.error(details, 'a request failed');
      }
      if (response.headersSent) response.destroy();
      else
        refuse(
          response,
          500,
          'internal',
          'The server failed on this request. It was written down; try again.',
        );
    });
  };
}

class Site {
  readonly #options: SiteOptions;
  readonly #startedAt: number;
  readonly #uploads = new Map<string, number>();
  #uploadCount = 0;
  #pages: ReturnType<typeof sirv> | undefined;

  constructor(options: SiteOptions) {
    this.#options = options;
    this.#startedAt = options.chat.clock.now();
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    const path = pathOf(request);
    if (path === undefined) {
      refuse(response, 400, 'malformed', 'The request target is no path of this server.');
    } else if (path === '/api/images') {
      if (allows(request, response, 'POST')) await this.#upload(request, response);
    } else if (path.startsWith('/images/')) {
      if (allows(request, response, 'GET', 'HEAD'))
        await this.#image(path.slice('/images/'.length), request, response);
    } else if (path === '/healthz') {
      if (allows(request, response, 'GET', 'HEAD')) this.#health(response);
    } else if (path === chatPath) {
      response.setHeader('Connection', 'Upgrade, close');
      response.setHeader('Upgrade', 'websocket');
      refuse(
        response,
        426,
        'upgrade-required',
        'This is the chat’s WebSocket: connect with a WebSocket client.',
      );
    } else if (path.startsWith('/api/')) {
      notFound(response);
    } else if (allows(request, response, 'GET', 'HEAD')) {
      request.url = path;
      this.#page(request, response);
    }
  }

  // Uploads ---------------------------------------------------------------------------------------------------------

  async #upload(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { chat } = this.#options;
    const now = chat.clock.now();
    const member = this.#memberOf(request, now);
    if (member === undefined) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      const message = 'Only members may upload: send “Authorization: Bearer” with the token of your session.';
      return refuse(response, 401, 'signed-out', message);
    }
    const length = request.headers['content-length'];
    if (length !== undefined && Number(length) > maximumImageLength) {
      const { status, code, message } = imageTooLarge(maximumImageLength);
      return refuse(response, status, code, message);
    }
    const own = this.#uploads.get(member.id) ?? 0;
    if (own >= maximumUploads.member || this.#uploadCount >= maximumUploads.all) {
      return refuse(
        response,
        429,
        'rate-limited',
        'Too many uploads at one time: wait for one to end.',
        1000,
      );
    }
    const retryAfter = chat.uploadBuckets.take(member.id, now);
    if (retryAfter > 0) {
      return refuse(response, 429, 'rate-limited', 'You send images too fast: wait a moment.', retryAfter);
    }
    this.#uploads.set(member.id, own + 1);
    this.#uploadCount++;
    const timer = setTimeout(() => request.destroy(), uploadTimeout).unref();
    try {
      await this.#take(request, response);
    } finally {
      clearTimeout(timer);
      this.#uploadCount--;
      const left = (this.#uploads.get(member.id) ?? 1) - 1;
      if (left === 0) this.#uploads.delete(member.id);
      else this.#uploads.set(member.id, left);
    }
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      // Left open when it is given up early, so that the answer can arrive.
      const octets = request.iterator({ destroyOnReturn: false });
      const image = await this.#options.images.take(octets, this.#options.chat.clock);
      sendJson(response, 201, { image });
    } catch (error) {
      if (error instanceof ImageError) {
        // The rest is let through and dropped; node:http's own deadline ends one that does not end.
        request.resume();
        return refuse(
          response,
          error.status,
          error.code,
          error.message,
          error.status === 503 ? 2000 : undefined,
        );
      }
      if (!request.complete) return;
      throw error;
    }
  }

  #memberOf(request: IncomingMessage, now: number): Member | undefined {
    const token = /^Bearer ([A-Za-z0-9_-]{43})$/i.exec(request.headers.authorization ?? '')?.[1];
    return token === undefined ? undefined : this.#options.chat.identities.find(token, now);
  }

  // Downloads -------------------------------------------------------------------------------------------------------

  async #image(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const image = this.#options.images.file(name);
    const file = image === undefined ? undefined : await openFile(image.path);
    if (image === undefined || file === undefined) return notFound(response);
    try {
      const found = await file.stat();
      if (!found.isFile()) return notFound(response);
      response.setHeader('Content-Security-Policy', imageSecurityPolicy);
      response.setHeader('Content-Type', image.type);
      response.setHeader('Content-Disposition', 'inline');
      // An id stands for one content for ever. Private, for whoever has the address may see it, and nobody else.
      response.setHeader('Cache-Control', 'private, max-age=31536000, immutable');
      response.setHeader('ETag', `"${name}"`);
      if (request.headers['if-none-match'] === `"${name}"`) {
        response.writeHead(304).end();
        return;
      }
      response.setHeader('Content-Length', found.size);
      if (request.method === 'HEAD') {
        response.end();
        return;
      }
      await pipeline(file.createReadStream({ autoClose: false }), response).catch((error: unknown) => {
        // Who goes away in the middle is no fault of ours; the response is destroyed in any case.
        if (codeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE') return;
        this.#options.logger.error({ err: error, url: request.url }, 'an image could not be read');
      });
    } finally {
      await file.close();
    }
  }

  #health(response: ServerResponse): void {
    const { chat, version } = this.#options;
    const uptime = Math.floor((chat.clock.now() - this.#startedAt) / 1000);
    response.setHeader('Cache-Control', 'no-store');
    sendJson(response, 200, { status: 'ok', version, uptime, connections: chat.peerCount });
  }

  #page(request: IncomingMessage, response: ServerResponse): void {
    if (!existsSync(join(this.#options.pages, 'index.html'))) {
      const message = 'The pages are not built yet: run “npm run build” and load this again.';
      refuse(response, 503, 'not-built', message);
      return;
    }
    // Asks the disk each time, so a build under a running server is taken up, and no file goes missing under it.
    this.#pages ??= sirv(this.#options.pages, {
      dev: true,
      etag: true,
      gzip: true,
      brotli: true,
      setHeaders,
    });
    // Pages are small; ranges of them are more trouble than use.
    delete request.headers.range;
    // A file may still go between sirv's look and its read; an error that nobody hears would end the process.
    response.once('pipe', (file) => file.once('error', () => response.destroy()));
    this.#pages(request, response, () => notFound(response));
  }
}

function setHeaders(response: ServerResponse, path: string): void {
  // The build puts a hash of its content into the name of each file there.
  const isHashed = path.startsWith('/assets/');
  response.setHeader('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
}

/** Opens a file for reading; undefined when there is none. */
async function openFile(path: string): Promise<FileHandle | undefined> {
  return open(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** The path of a request as it was sent, without its query; undefined when it is none, or climbs. */
function pathOf(request: IncomingMessage): string | undefined {
  const target = request.url ?? '';
  const path = target.startsWith('/') ? target.split(/[?#]/, 1)[0] : absolutePath(target);
  if (path === undefined) return undefined;
  try {
    const decoded = decodeURIComponent(path);
    return /[\0\\]|(^|\/)\.\.?(\/|$)/.test(decoded) ? undefined : path;
  } catch {
    return undefined;
  }
}

/** A request may also name the whole URL (RFC 9112 §3.2.2). */
function absolutePath(target: string): string | undefined {
  return /^https?:\/\//i.test(target) && URL.canParse(target) ? new URL(target).pathname : undefined;
}

function allows(request: IncomingMessage, response: ServerResponse, ...methods: string[]): boolean {
  if (methods.includes(request.method ?? '')) return true;
  response.setHeader('Allow', methods.join(', '));
  refuse(response, 405, 'method-not-allowed', `Only ${methods.join(' and ')} can be done here.`);
  return false;
}

function notFound(response: ServerResponse): void {
  refuse(response, 404, 'not-found', 'There is nothing at this address. The chat is at /.');
}

/** Says no: as JSON under /api/, elsewhere as a sentence. @param retryAfter milliseconds after which to try again */
function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  retryAfter?: number,
): void {
  if (retryAfter !== undefined) response.setHeader('Retry-After', Math.ceil(retryAfter / 1000));
  response.setHeader('Cache-Control', 'no-store');
  if (response.req.url?.startsWith('/api/')) {
    sendJson(response, status, { error: { code, message } });
    return;
  }
  send(response, status, 'text/plain', `${message}\n`);
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  send(response, status, 'application/json', `${JSON.stringify(value)}\n`);
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', `${type}; charset=utf-8`);
  // All in one call, so node:http knows the length.
  response.end(text);
}
