/**
 * The chat over plain requests, for networks that let nothing else through: messages are numbered from 1 and kept until
 * the client says in its next poll that it has them (`after`), so an answer that is cut on its way loses nothing. A poll
 * may wait until there is something (long), or not (short). Routed by transports.ts.
 */
import type { ServerResponse } from 'node:http';
import { sendText } from './answers.ts';
import type { ChannelUser, Push, TransportName } from './channel.ts';
import type { Client, Closing, HttpConnection } from './connections.ts';

/** The most milliseconds that a poll waits: below the 30 s and more after which proxies give up. */
export const maximumWait = 25_000;
/** Milliseconds after the end of the last poll after which the connection is over. */
export const pollingLapse = 60_000;
/** UTF-16 units that one answer has, but for a single longer message; the rest comes with the next poll. */
export const maximumAnswerLength = 1024 * 1024;
/** UTF-16 units that may wait for one client when the next message comes; then it is closed. */
export const maximumWaitingLength = 4 * 1024 * 1024;

// RFC 6455 §11.7.
const tryAgainLater = 1013;

interface Message {
  readonly number: number;
  readonly text: string;
  readonly coalesce: string | undefined;
}

interface WaitingPoll {
  readonly response: ServerResponse;
  readonly after: number;
  readonly until: number;
}

export interface PollingOptions {
  readonly client: Client;
  readonly now: number;
  /** Called once, when nothing can be polled here any more. */
  readonly onEnd: (connection: PollingConnection) => void;
}

export class PollingConnection implements HttpConnection {
  readonly id: string;
  readonly remoteAddress: string;
  readonly userAgent: string;
  readonly credential: string | undefined;
  user: ChannelUser | undefined;
  readonly #onEnd: PollingOptions['onEnd'];
  /** What was not acknowledged, oldest first. */
  #messages: Message[] = [];
  #length = 0;
  #last = 0;
  /** Number of the newest message that was in an answer: those after it may still be replaced. */
  #shown = 0;
  #poll: WaitingPoll | undefined;
  #answering: NodeJS.Immediate | undefined;
  #isShort = false;
  #ended = false;
  #closing: Closing | undefined;
  #over = false;
  #lapsesAt: number;

  constructor({ client, now, onEnd }: PollingOptions) {
    this.id = client.id;
    this.remoteAddress = client.remoteAddress;
    this.userAgent = client.userAgent;
    this.credential = client.credential;
    this.#onEnd = onEnd;
    this.#lapsesAt = now + pollingLapse;
  }

  /** As the last poll asked. */
  get transport(): TransportName {
    return this.#isShort ? 'short-poll' : 'long-poll';
  }

  get ended(): boolean {
    return this.#ended;
  }

  get closing(): Closing | undefined {
    return this.#closing;
  }

  /** UTF-16 units of what was not acknowledged. */
  get bufferedAmount(): number {
    return this.#length;
  }

  // Channel ---------------------------------------------------------------------------------------------------------

  send(text: string): void {
    this.#add(text, undefined);
  }

  push(push: Push): void {
    this.#add(push.text, push.coalesce);
  }

  close(code: number, reason: string): void {
    if (this.#ended) return;
    this.#closing = { code, reason };
    this.#append(JSON.stringify({ event: 'connection:closed', data: this.#closing }), undefined);
    this.#finish();
  }

  // HttpConnection --------------------------------------------------------------------------------------------------

  end(): void {
    if (this.#over) return;
    this.#forget();
    this.#finish();
    this.#remove();
  }

  sweep(now: number): void {
    if (this.#poll !== undefined) {
      this.#lapsesAt = now + pollingLapse;
      if (now >= this.#poll.until) this.#answer();
    } else if (now >= this.#lapsesAt) {
      this.end();
    }
  }

  /**
   * A poll: drops what the client has, and answers with what it has not; at once when there is something, else after
   * `wait` milliseconds at the latest.
   * @param after number of the last message that the client has
   * @returns false, with nothing done, when no such message was ever shown
   */
  poll(response: ServerResponse, after: number, wait: number, now: number): boolean {
    if (after > this.#shown) return false;
    this.#acknowledge(after);
    this.#lapsesAt = now + pollingLapse;
    this.#isShort = wait === 0;
    // One waits at a time: the older may have been cut without our knowing.
    if (this.#poll !== undefined) this.#answer();
    if (this.#ended && this.#messages.length === 0) {
      // It has been told that this is over, and has said so.
      write(response, [], after);
      this.#remove();
      return true;
    }
    this.#poll = { response, after, until: now + wait };
    response.once('close', () => {
      if (this.#poll?.response === response) this.#poll = undefined;
    });
    if (this.#messages.length > 0 || wait === 0) this.#answer();
    return true;
  }

  // What waits ------------------------------------------------------------------------------------------------------

  #add(text: string, coalesce: string | undefined): void {
    if (this.#ended) return;
    if (this.#length > maximumWaitingLength) {
      this.#forget();
      this.close(tryAgainLater, 'You read too slowly: too much waits for you.');
      return;
    }
    this.#append(text, coalesce);
    // At the end of the tick, so that one answer has all that comes together.
    if (this.#poll !== undefined) this.#answering ??= setImmediate(() => this.#answer());
  }

  #append(text: string, coalesce: string | undefined): void {
    if (coalesce !== undefined) this.#replace(coalesce);
    this.#messages.push({ number: ++this.#last, text, coalesce });
    this.#length += text.length;
  }

  /** Drops what a newer message stands for, unless the client may have seen it. */
  #replace(coalesce: string): void {
    const index = this.#messages.findIndex(
      (message) => message.number > this.#shown && message.coalesce === coalesce,
    );
    if (index < 0) return;
    const [dropped] = this.#messages.splice(index, 1);
    this.#length -= dropped?.text.length ?? 0;
  }

  #acknowledge(after: number): void {
    const rest = this.#messages.findIndex(({ number }) => number > after);
    const taken = this.#messages.splice(0, rest < 0 ? this.#messages.length : rest);
    if (taken.length === 0) return;
    for (const { text } of taken) this.#length -= text.length;
    if (!this.#ended) this.user?.drained();
  }

  #forget(): void {
    this.#messages = [];
    this.#length = 0;
  }

  #answer(): void {
    clearImmediate(this.#answering);
    this.#answering = undefined;
    const poll = this.#poll;
    if (poll === undefined) return;
    this.#poll = undefined;
    const answered: Message[] = [];
    let length = 0;
    for (const message of this.#messages) {
      if (answered.length > 0 && length + message.text.length > maximumAnswerLength) break;
      answered.push(message);
      length += message.text.length;
    }
    const last = answered.at(-1)?.number ?? poll.after;
    this.#shown = Math.max(this.#shown, last);
    write(poll.response, answered, last);
  }

  /** Nothing more is received or sent; what waits can still be polled, until it lapses. */
  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#answer();
    const { user } = this;
    // Not in the middle of what made it close.
    queueMicrotask(() => user?.closed());
  }

  #remove(): void {
    if (this.#over) return;
    this.#over = true;
    this.#onEnd(this);
  }
}

/** The messages are JSON texts already. */
function write(response: ServerResponse, messages: readonly Message[], last: number): void {
  response.setHeader('Cache-Control', 'no-store');
  const pairs = messages.map(({ number, text }) => `[${number},${text}]`).join(',');
  sendText(response, 200, 'application/json', `{"messages":[${pairs}],"last":${last}}\n`);
}
