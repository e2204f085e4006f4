/**
 * What a client says when its messages come over HTTP: `POST /api/connections/ID` with one JSON object or an array of
 * them, each handed to the connection's user as a WebSocket message would be, in the order in which the requests came.
 * Called by transports.ts.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Problem, readJson, refuse, sendJson } from './answers.ts';
import type { HttpConnection } from './connections.ts';

/** So many of the longest messages may be in one body. */
export const messagesInBody = 4;
/** The most messages in one array. */
export const maximumBatchLength = 256;
/** Bodies of one connection that may be under way at one time; a client needs one. */
const maximumUnderWay = 8;

/** What every route says of a connection that is not there. */
export const connectionUnknown: Problem = {
  status: 404,
  code: 'connection-unknown',
  message: 'There is no such connection, or it has ended: make a new one, and resume by the cursor.',
};

export class Upstream {
  readonly #maxMessageLength: number;
  /** Resolves when the bodies that came before have been handed on. */
  readonly #turns = new WeakMap<HttpConnection, { count: number; last: Promise<void> }>();

  /** @param maxMessageLength UTF-16 units in one message, as over WebSocket */
  constructor(maxMessageLength: number) {
    this.#maxMessageLength = maxMessageLength;
  }

  async take(connection: HttpConnection, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const turn = this.#turns.get(connection) ?? { count: 0, last: Promise.resolve() };
    this.#turns.set(connection, turn);
    if (turn.count >= maximumUnderWay) {
      request.resume();
      const message = 'Too many bodies are under way at one time: wait for the answer to one.';
      refuse(response, { status: 429, code: 'rate-limited', message, retryAfter: 1000 });
      return;
    }
    turn.count++;
    const body = readJson(request, this.#maxMessageLength * messagesInBody);
    const before = turn.last;
    const work = (async () => {
      const read = await body;
      await before;
      if ('problem' in read) refuse(response, read.problem);
      else this.#hand(connection, read.value, response);
    })();
    // It never rejects: readJson does not throw, and neither does a user.
    turn.last = work.finally(() => turn.count--).catch(() => {});
    await work;
  }

  #hand(connection: HttpConnection, value: unknown, response: ServerResponse): void {
    if (connection.ended || connection.user === undefined) {
      refuse(response, connectionUnknown);
      return;
    }
    if (typeof value !== 'object' || value === null) {
      const message = 'The body must be one JSON object, or an array of them.';
      refuse(response, { status: 400, code: 'malformed', message });
      return;
    }
    const messages: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (messages.length > maximumBatchLength) {
      const message = `One body may have ${maximumBatchLength} messages, not ${messages.length}.`;
      refuse(response, { status: 413, code: 'malformed', message });
      return;
    }
    const texts = encodeAll(messages);
    if (texts === undefined) {
      const message = 'Something in the body is nested too deeply: no request needs that.';
      refuse(response, { status: 400, code: 'malformed', message });
      return;
    }
    if (texts.some((text) => text.length > this.#maxMessageLength)) {
      const message = `One message may have ${this.#maxMessageLength} characters.`;
      refuse(response, { status: 413, code: 'malformed', message });
      return;
    }
    let taken = 0;
    for (const text of texts) {
      // One of them may have had it closed.
      if (connection.ended) break;
      connection.user.receive(text);
      taken++;
    }
    sendJson(response, 202, { taken });
  }
}

/** Each as its JSON text; undefined when one is nested too deeply for that, which reading it was not. */
function encodeAll(messages: readonly unknown[]): string[] | undefined {
  try {
    return messages.map((message) => JSON.stringify(message));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
