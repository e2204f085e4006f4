/**
 * Uploads an image to `POST /api/images`: the file's octets as the body, and the page's cookie says whose. XMLHttpRequest,
 * because fetch cannot tell how far an upload is; here it is an interface, so that tests bring their own.
 */
import * as v from 'valibot';
import { apiErrorSchema, type Failure, uploadReplySchema } from '../../src/chat/events.ts';
import type { UploadHandlers, UploadOutcome } from './platform.ts';

export const uploadPath = '/api/images';

/** Milliseconds without any progress after which an upload is given up, to be tried again. */
export const uploadStall = 30_000;

/** One HTTP POST, as XMLHttpRequest does it. */
export interface Poster<Body> {
  post(path: string, fields: Readonly<Record<string, string>>, body: Body, events: PostEvents): void;
  abort(): void;
}

export interface PostEvents {
  /** `total` 0 when it is not known. */
  progressed(sent: number, total: number): void;
  /** `retryAfter` is the field of that name. */
  answered(status: number, text: string, retryAfter: string | null): void;
  failed(): void;
}

/**
 * Sends `body`; tells progress, then the outcome once.
 * @param after as in Environment: calls back once after so many milliseconds
 * @returns what cancels the upload, after which nothing is told any more
 */
export function uploadImage<Body>(
  poster: Poster<Body>,
  body: Body,
  handlers: UploadHandlers,
  after: (milliseconds: number, callback: () => void) => () => void,
): () => void {
  let over = false;
  let cancelStall = after(uploadStall, giveUp);

  function giveUp() {
    finish({ status: 'lost' });
    poster.abort();
  }

  function finish(outcome: UploadOutcome) {
    if (over) return;
    over = true;
    cancelStall();
    handlers.done(outcome);
  }

  const fields = { 'Content-Type': 'application/octet-stream' };
  poster.post(uploadPath, fields, body, {
    progressed(sent, total) {
      if (over) return;
      cancelStall();
      cancelStall = after(uploadStall, giveUp);
      if (total > 0) handlers.progress(sent / total);
    },
    answered: (status, text, retryAfter) => finish(readUploadReply(status, text, retryAfter)),
    failed: () => finish({ status: 'lost' }),
  });
  return () => {
    if (over) return;
    over = true;
    cancelStall();
    poster.abort();
  };
}

/** What an answer to an upload comes to. @param retryAfter the field of that name: seconds */
export function readUploadReply(status: number, text: string, retryAfter: string | null): UploadOutcome {
  const value = parse(text);
  if (status === 201) {
    const reply = v.safeParse(uploadReplySchema, value);
    if (reply.success) return { status: 'done', image: reply.output.image };
    return refused({ code: 'internal', message: 'The reply of the server could not be read.' });
  }
  const error = v.safeParse(apiErrorSchema, value);
  const message = error.success ? error.output.error.message : `The upload was answered with ${status}.`;
  switch (status) {
    case 401:
      return refused({ code: 'signed-out', message });
    case 413:
      return refused({ code: 'invalid', message, field: 'image.length' });
    case 415:
      return refused({ code: 'invalid', message, field: 'image.type' });
    case 422: {
      const tooMany = error.success && error.output.error.code === 'image-too-many-pixels';
      return refused({ code: 'invalid', message, field: tooMany ? 'image.pixels' : 'image.type' });
    }
    case 429: {
      const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
      const wait = Number.isFinite(seconds) && seconds >= 0 ? { retryAfter: Math.ceil(seconds * 1000) } : {};
      return refused({ code: 'rate-limited', message, ...wait });
    }
    // 0, and what a proxy says of a server that is away: it may get through next time.
    case 0:
    case 408:
    case 502:
    case 503:
    case 504:
      return { status: 'lost' };
    default:
      return refused({ code: 'internal', message });
  }
}

function refused(failure: Failure): UploadOutcome {
  return { status: 'refused', failure };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
