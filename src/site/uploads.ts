/**
 * Uploads: `POST /api/images` with the octets of a picture, by a member. How many may come in at one time, how often, how
 * large and in what time is bounded here; what a picture is, in images.ts. Called by site.ts.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../chat/clock.ts';
import { type Member, maximumImageLength } from '../chat/events.ts';
import { ImageError, type Images, imageTooLarge } from '../chat/images.ts';
import type { KeyedBuckets } from '../chat/limits.ts';
import { refuse, sendJson } from '../transports/answers.ts';

/** Uploads that may be coming in at one time, from all members and from one. Each holds a file open, not memory. */
const maximumUploads = { all: 64, member: 6 } as const;
/** Milliseconds in which an upload must be there: 8 MiB at 30 kB/s. */
const uploadTimeout = 5 * 60 * 1000;

export interface UploadsOptions {
  readonly images: Images;
  readonly clock: Clock;
  /** How often one member may upload. */
  readonly buckets: KeyedBuckets;
  /** Whose token came with a request, in a cookie or in Authorization. */
  readonly memberOf: (request: IncomingMessage) => Promise<Member | undefined>;
}

export class Uploads {
  readonly #options: UploadsOptions;
  readonly #underWay = new Map<string, number>();
  #count = 0;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { memberOf, buckets, clock } = this.#options;
    const member = await memberOf(request);
    if (member === undefined) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      const message = 'Only members may upload: sign in, or send “Authorization: Bearer” with your token.';
      return refuse(response, { status: 401, code: 'signed-out', message });
    }
    const length = request.headers['content-length'];
    if (length !== undefined && Number(length) > maximumImageLength) {
      return refuse(response, imageTooLarge(maximumImageLength));
    }
    const own = this.#underWay.get(member.id) ?? 0;
    if (own >= maximumUploads.member || this.#count >= maximumUploads.all) {
      const message = 'Too many uploads at one time: wait for one to end.';
      return refuse(response, { status: 429, code: 'rate-limited', message, retryAfter: 1000 });
    }
    const retryAfter = buckets.take(member.id, clock.now());
    if (retryAfter > 0) {
      const message = 'You send images too fast: wait a moment.';
      return refuse(response, { status: 429, code: 'rate-limited', message, retryAfter });
    }
    this.#underWay.set(member.id, own + 1);
    this.#count++;
    const timer = setTimeout(() => request.destroy(), uploadTimeout).unref();
    try {
      await this.#keep(request, response);
    } finally {
      clearTimeout(timer);
      this.#count--;
      const left = (this.#underWay.get(member.id) ?? 1) - 1;
      if (left === 0) this.#underWay.delete(member.id);
      else this.#underWay.set(member.id, left);
    }
  }

  async #keep(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      // Left open when it is given up early, so that the answer can arrive.
      const octets = request.iterator({ destroyOnReturn: false });
      const image = await this.#options.images.take(octets, this.#options.clock);
      sendJson(response, 201, { image });
    } catch (error) {
      if (error instanceof ImageError) {
        // The rest is let through and dropped; node:http's own deadline ends one that does not end.
        request.resume();
        const { status, code, message } = error;
        return refuse(response, {
          status,
          code,
          message,
          ...(status === 503 ? { retryAfter: 2000 } : {}),
        });
      }
      if (!request.complete) return;
      throw error;
    }
  }
}
