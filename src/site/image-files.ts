/**
 * Downloads: `GET /images/NAME` gives what an upload was kept as. Whoever has the address may see it; nobody finds an
 * address by guessing. Called by site.ts.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Images } from '../chat/images.ts';
import type { Logger } from '../logger.ts';
import { notFound } from './answers.ts';

/** A picture opened by itself is only that, whatever may be in it. */
const imageSecurityPolicy = "default-src 'none'; sandbox";

/** Answers with that image, or that there is none. */
export async function sendImage(
  { images, logger }: { readonly images: Images; readonly logger: Logger },
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const image = images.file(name);
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
      logger.error({ err: error, url: request.url }, 'an image could not be read');
    });
  } finally {
    await file.close();
  }
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
