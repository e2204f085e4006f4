/**
 * Everything on the port that is no WebSocket: the APIs of session, rooms and transports, the built pages, images up and
 * down, and the health check. The request handler that server.ts hands node:http's requests to; made by assembly.ts.
 * Every answer has the same security headers, every refusal says why in words.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Images } from './chat/images.ts';
import type { Logger } from './logger.ts';
import { notFound, securityHeaders } from './site/answers.ts';
import { sendImage } from './site/image-files.ts';
import { Pages } from './site/pages.ts';
import { Uploads, type UploadsOptions } from './site/uploads.ts';
import {
  type AllowedOrigins,
  allows,
  foreignOrigin,
  isAllowedOrigin,
  refuse,
  sendJson,
} from './transports/answers.ts';
import { chatPath } from './transports/websocket.ts';

/** A part of the API, with paths of its own. */
export interface Api {
  /** Answers a request for its paths. @returns false, with nothing done, when the path is somebody else's */
  handle(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

export interface SiteOptions extends UploadsOptions {
  readonly images: Images;
  /** What is under /api/ besides the images, asked in turn. */
  readonly apis: readonly Api[];
  readonly logger: Logger;
  /** Where the built pages are; they may be built after the start. */
  readonly pages: string;
  readonly version: string;
  /** What /healthz says besides, as how many are connected. */
  readonly health: () => object;
  /** IP address of the client, for the log: behind trusted proxies it is what they say. */
  readonly addressOf: (request: IncomingMessage) => string;
  /** Whose pages may use the API. Default `same-origin`. */
  readonly allowedOrigins?: AllowedOrigins;
}

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
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const message = 'The server failed on this request. It was written down; try again.';
      refuse(response, { status: 500, code: 'internal', message });
    });
  };
}

class Site {
  readonly #options: SiteOptions;
  readonly #startedAt: number;
  readonly #uploads: Uploads;
  readonly #pages: Pages;

  constructor(options: SiteOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#uploads = new Uploads(options);
    this.#pages = new Pages(options.pages);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    const path = pathOf(request);
    if (path === undefined) {
      const message = 'The request target is no path of this server.';
      refuse(response, { status: 400, code: 'malformed', message });
    } else if (path.startsWith('/api/')) {
      await this.#api(path, request, response);
    } else if (path.startsWith('/images/')) {
      if (allows(request, response, 'GET', 'HEAD'))
        await sendImage(this.#options, path.slice('/images/'.length), request, response);
    } else if (path === '/healthz') {
      if (allows(request, response, 'GET', 'HEAD')) this.#health(response);
    } else if (path === chatPath) {
      response.setHeader('Connection', 'Upgrade, close');
      response.setHeader('Upgrade', 'websocket');
      const message = 'This is the chat’s WebSocket: connect with a WebSocket client.';
      refuse(response, { status: 426, code: 'upgrade-required', message });
    } else if (allows(request, response, 'GET', 'HEAD')) {
      this.#pages.send(path, request, response);
    }
  }

  /** A cookie comes with every request that a browser makes, so whose page asks is looked at before anything else. */
  async #api(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isAllowedOrigin(request, this.#options.allowedOrigins ?? 'same-origin')) {
      request.resume();
      refuse(response, foreignOrigin);
      return;
    }
    if (path === '/api/images') {
      if (allows(request, response, 'POST')) await this.#uploads.take(request, response);
      return;
    }
    for (const api of this.#options.apis) {
      if (await api.handle(path, request, response)) return;
    }
    notFound(response);
  }

  #health(response: ServerResponse): void {
    const { clock, version, health } = this.#options;
    const uptime = Math.floor((clock.now() - this.#startedAt) / 1000);
    response.setHeader('Cache-Control', 'no-store');
    sendJson(response, 200, { status: 'ok', version, uptime, ...health() });
  }
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
