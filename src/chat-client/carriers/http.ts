/**
 * What the transports over HTTP have in common: the part of `fetch` (WHATWG Fetch §5) that they use, what a refusal means
 * as a close, and the way up: requests go by POST, one at a time, and what comes up meanwhile goes together.
 */
import * as v from 'valibot';
import { CloseCode, retryAfterOf, retryReason } from '../../close.ts';
import type { Socket, SocketHandlers } from '../platform.ts';

export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  readonly cache: 'no-store';
  readonly keepalive?: boolean;
}

export interface FetchResponse {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: { getReader(): FetchReader } | null;
  text(): Promise<string>;
}

export interface FetchReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

/** How an HTTP transport reaches its server. */
export interface HttpContext {
  readonly fetch: Fetch;
  /** Origin of the server. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Calls back once after so many milliseconds. @returns what cancels it */
  after(milliseconds: number, callback: () => void): () => void;
}

/** Milliseconds until a request that does not wait must be answered. */
export const httpTimeout = 10_000;

/** The most requests, and about the most UTF-16 units, that go up together. */
const longestBatch = 32;
const largestBatch = 48 * 1024;

export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** Nothing was said: the network's end. */
export const cut: Close = { code: CloseCode.abnormalClosure, reason: '' };

const errorSchema = v.object({
  error: v.object({ message: v.string(), retryAfter: v.optional(v.number()) }),
});

/** What a refusal over HTTP would have been as a Close frame. Never rejects. */
export async function closeOf(response: FetchResponse): Promise<Close> {
  const text = await response.text().catch(() => '');
  const parsed = v.safeParse(errorSchema, parseJson(text));
  const { message = `HTTP ${response.status}`, retryAfter } = parsed.success ? parsed.output.error : {};
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
  const wait = retryAfter ?? seconds * 1000;
  const says = retryAfterOf(message) === undefined && wait >= 0 && wait < 1e9;
  return { code: closeCode(response.status), reason: says ? `${message} ${retryReason(wait)}` : message };
}

function closeCode(status: number): number {
  if (status === 429 || status === 503) return CloseCode.tryAgainLater;
  if (status === 401 || status === 403) return CloseCode.policyViolation;
  if (status === 502 || status === 504) return CloseCode.badGateway;
  return status >= 500 ? CloseCode.internalError : CloseCode.abnormalClosure;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * One request with a deadline.
 * @throws what `fetch` throws, also when the signal or the deadline ends it
 */
export async function ask<Result>(
  context: HttpContext,
  path: string,
  init: { readonly method: string; readonly body?: string; readonly headers?: Record<string, string> },
  signal: AbortSignal,
  timeout: number,
  read: (response: FetchResponse) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  const cancelTimeout = context.after(timeout, abort);
  try {
    const type = init.body === undefined ? {} : { 'Content-Type': 'application/json' };
    const response = await context.fetch(new URL(path, context.url).href, {
      method: init.method,
      headers: { ...type, ...init.headers, ...context.headers },
      ...(init.body === undefined ? {} : { body: init.body }),
      signal: controller.signal,
      cache: 'no-store',
    });
    return await read(response);
  } finally {
    cancelTimeout();
    signal.removeEventListener('abort', abort);
  }
}

/** What a transport tells of the way down. */
export interface Downstream {
  /** Aborted when this side closes. */
  readonly signal: AbortSignal;
  opened(): void;
  /** One JSON text from the server. */
  received(text: string): void;
  closed(close: Close): void;
  /** The connection's id, where it is known before the greeting says it. */
  named(connection: string): void;
}

const helloSchema = v.object({
  event: v.literal('server:hello'),
  data: v.object({ connection: v.string() }),
});
const closedSchema = v.object({
  event: v.literal('connection:closed'),
  data: v.object({ code: v.number(), reason: v.string() }),
});

/**
 * A connection over HTTP.
 * @param listen begins to listen for what comes down; called once, later than this
 * @param options.taken the server has taken requests: replies may be had
 * @param options.release ends the connection at the server, where the end of the way down does not
 */
export function httpSocket(
  context: HttpContext,
  handlers: SocketHandlers,
  listen: (down: Downstream) => void,
  options: { readonly taken?: () => void; readonly release?: (connection: string) => void } = {},
): Socket {
  const controller = new AbortController();
  const queue: string[] = [];
  let connection: string | undefined;
  let posting = false;
  let ended = false;

  function end() {
    ended = true;
    queue.length = 0;
    controller.abort();
  }

  const down: Downstream = {
    signal: controller.signal,
    opened: () => ended || handlers.opened(),
    received(text) {
      if (ended) return;
      if (connection === undefined) {
        const hello = v.safeParse(helloSchema, parseJson(text));
        if (hello.success) connection = hello.output.data.connection;
      }
      if (text.includes('"connection:closed"')) {
        const close = v.safeParse(closedSchema, parseJson(text));
        if (close.success) return down.closed(close.output.data);
      }
      handlers.received(text);
    },
    closed({ code, reason }) {
      if (ended) return;
      end();
      handlers.closed(code, reason);
    },
    named(id) {
      connection = id;
    },
  };

  /** Posts what waits, until nothing does. */
  async function post() {
    if (posting) return;
    posting = true;
    try {
      while (queue.length > 0 && !ended) {
        const close = await postBatch(takeBatch(queue));
        if (close !== undefined) return down.closed(close);
        if (!ended) options.taken?.();
      }
    } catch {
      // Whether it was carried out nobody knows; the request's nonce makes it harmless to send it again.
      down.closed(cut);
    } finally {
      posting = false;
    }
  }

  function postBatch(batch: readonly string[]): Promise<Close | undefined> {
    const body = batch.length === 1 ? `${batch[0]}` : `[${batch.join(',')}]`;
    const path = `/api/connections/${encodeURIComponent(connection ?? '')}`;
    return ask(context, path, { method: 'POST', body }, controller.signal, httpTimeout, async (response) => {
      if (!response.ok) return closeOf(response);
      await response.text();
      return undefined;
    });
  }

  queueMicrotask(() => ended || listen(down));
  return {
    send(text) {
      if (ended) return;
      queue.push(text);
      void post();
    },
    close() {
      if (ended) return;
      end();
      if (connection !== undefined) options.release?.(connection);
    },
  };
}

function takeBatch(queue: string[]): string[] {
  let length = 0;
  let count = 0;
  for (const text of queue) {
    length += text.length;
    if (count > 0 && (length > largestBatch || count === longestBatch)) break;
    count += 1;
  }
  return queue.splice(0, count);
}
