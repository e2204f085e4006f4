/** The built pages, with the service worker and the manifest of the chat: files of one directory. Called by site.ts. */
import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { refuse } from '../transports/answers.ts';
import { notFound } from './answers.ts';

export class Pages {
  readonly #directory: string;
  #serve: ReturnType<typeof sirv> | undefined;

  /** @param directory where they are; they may be built after the start */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Answers with the file of that path, or that there is none. */
  send(path: string, request: IncomingMessage, response: ServerResponse): void {
    if (!existsSync(join(this.#directory, 'index.html'))) {
      const message = 'The pages are not built yet: run “npm run build” and load this again.';
      refuse(response, { status: 503, code: 'not-built', message });
      return;
    }
    // Asks the disk each time, so a build under a running server is taken up, and no file goes missing under it.
    this.#serve ??= sirv(this.#directory, {
      dev: true,
      etag: true,
      gzip: true,
      brotli: true,
      setHeaders,
    });
    request.url = path;
    // Pages are small; ranges of them are more trouble than use.
    delete request.headers.range;
    // A file may still go between sirv's look and its read; an error that nobody hears would end the process.
    response.once('pipe', (file) => file.once('error', () => response.destroy()));
    this.#serve(request, response, () => notFound(response));
  }
}

function setHeaders(response: ServerResponse, path: string): void {
  // The build puts a hash of its content into the name of each file there. Everything else may change under its name,
  // the service worker above all: with an old one for a day, a fix would reach nobody.
  const isHashed = path.startsWith('/assets/');
  response.setHeader('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
}
