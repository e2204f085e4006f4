/**
 * The transports `long-poll` and `short-poll`: a connection by POST, then one GET after another with the number of the
 * last message that came. The server keeps messages until they are acknowledged so; a poll that was cut is made again
 * with the same number, and nothing is lost or told twice.
 */
import * as v from 'valibot';
import { count } from '../../chat/events.ts';
import type { OpenSocket, SocketHandlers } from '../platform.ts';
import {
  ask,
  type Close,
  closeOf,
  cut,
  type Downstream,
  type HttpContext,
  httpSocket,
  httpTimeout,
  parseJson,
} from './http.ts';

/** Milliseconds that the server may hold a long poll. */
export const longPollWait = 25_000;

/** Milliseconds between two short polls: at first, at most, and after something was sent. */
export const shortestPause = 1_000;
export const longestPause = 5_000;
export const pauseAfterSending = 150;

/** How often a poll that was cut is made again, and the milliseconds before the first time; each later wait is twice as long. */
export const pollTries = 4;
export const firstRetryPause = 250;

const madeSchema = v.object({ connection: v.string() });
const polledSchema = v.object({ messages: v.array(v.tuple([count, v.unknown()])) });

type Polled = { readonly messages: readonly (readonly [number, unknown])[] } | { readonly close: Close };

export function longPollCarrier(context: HttpContext): OpenSocket {
  return (handlers) => poll(context, handlers, longPollWait);
}

export function shortPollCarrier(context: HttpContext): OpenSocket {
  return (handlers) => poll(context, handlers, 0);
}

/** @param wait milliseconds that the server may hold each poll; 0 for short polls */
function poll(context: HttpContext, handlers: SocketHandlers, wait: number) {
  let pause = shortestPause;
  /** Ends the pause between two polls, when there is one. */
  let poke = () => {};
  let sent = false;

  async function run(down: Downstream) {
    const made = await make(context, down.signal).catch(() => cut);
    if (!('connection' in made)) return down.closed(made);
    if (down.signal.aborted) return release(context, made.connection);
    down.named(made.connection);
    down.opened();
    let after = 0;
    let failures = 0;
    while (!down.signal.aborted) {
      const polled = await pollOnce(context, made.connection, after, wait, down.signal).catch(
        () => undefined,
      );
      if (down.signal.aborted) return;
      if (polled === undefined) {
        failures += 1;
        if (failures > pollTries) return down.closed(cut);
        await sleep(context, firstRetryPause * 2 ** (failures - 1), down.signal);
        continue;
      }
      if ('close' in polled) return down.closed(polled.close);
      failures = 0;
      for (const [number, message] of polled.messages) {
        // A message that had been on its way in an answer that was cut.
        if (number <= after) continue;
        after = number;
        down.received(JSON.stringify(message));
      }
      if (wait === 0) await rest(polled.messages.length > 0, down.signal);
    }
  }

  async function rest(heard: boolean, signal: AbortSignal) {
    if (heard) pause = shortestPause;
    if (!sent) {
      const now = pause;
      pause = Math.min(longestPause, pause * 1.5);
      await sleep(context, now, signal, (wake) => {
        poke = wake;
      });
      poke = () => {};
    }
    if (!sent) return;
    // Something was asked: the answer is not far.
    sent = false;
    pause = shortestPause;
    await sleep(context, pauseAfterSending, signal);
  }

  return httpSocket(context, handlers, (down) => void run(down), {
    taken() {
      sent = true;
      poke();
    },
    release: (connection) => release(context, connection),
  });
}

async function make(
  context: HttpContext,
  signal: AbortSignal,
): Promise<{ readonly connection: string } | Close> {
  return ask(
    context,
    '/api/connections',
    { method: 'POST', body: '{}' },
    signal,
    httpTimeout,
    async (response) => {
      if (!response.ok) return closeOf(response);
      return v.parse(madeSchema, parseJson(await response.text()));
    },
  );
}

/** @returns undefined when the answer was cut or cannot be read */
async function pollOnce(
  context: HttpContext,
  connection: string,
  after: number,
  wait: number,
  signal: AbortSignal,
): Promise<Polled | undefined> {
  const path = `/api/connections/${encodeURIComponent(connection)}?after=${after}&wait=${wait}`;
  return ask(context, path, { method: 'GET' }, signal, wait + httpTimeout, async (response) => {
    // What a proxy says may be over in a moment; the server's own word is not asked for twice.
    if (response.status === 502 || response.status === 504) return undefined;
    if (!response.ok) return { close: await closeOf(response) };
    const polled = v.safeParse(polledSchema, parseJson(await response.text()));
    return polled.success ? polled.output : undefined;
  });
}

/** Tells the server that nobody comes back, also while the page goes away. */
function release(context: HttpContext, connection: string) {
  const url = new URL(`/api/connections/${encodeURIComponent(connection)}`, context.url).href;
  const { signal } = new AbortController();
  const headers = { ...context.headers };
  // A server that does not hear it notices by itself that nobody polls.
  context
    .fetch(url, { method: 'DELETE', headers, signal, cache: 'no-store', keepalive: true })
    .then((response) => response.text())
    .catch(() => {});
}

/** Resolves after so many milliseconds, when the signal aborts, or when `wake` is called. */
function sleep(
  context: HttpContext,
  milliseconds: number,
  signal: AbortSignal,
  share: (wake: () => void) => void = () => {},
): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      cancel();
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = context.after(milliseconds, wake);
    signal.addEventListener('abort', wake);
    if (signal.aborted) wake();
    share(wake);
  });
}
