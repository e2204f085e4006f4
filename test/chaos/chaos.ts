/**
 * Chats over a bad network and looks at what has become of it: some clients, each over its own transport or changing
 * from one to the next, say many things through a FaultyProxy, and in the end each must have the log as the server has
 * it: everything once, in order. Knows nothing of vitest. Called by the tests here.
 */

import type { Cursor, RoomEvent } from '../../src/chat/events.ts';
import { type ChatClient, ChatError, connectChat } from '../../src/chat-client/client.ts';
import type { TransportName } from '../../src/transports/channel.ts';

/** What one client may use: one of them for all the time, or by turns. */
export const defaultTransports: readonly (readonly TransportName[])[] = [
  ['websocket'],
  ['websocket'],
  ['fetch-stream'],
  ['fetch-stream'],
  ['long-poll'],
  ['short-poll'],
  ['websocket', 'fetch-stream', 'long-poll', 'short-poll'],
  ['short-poll', 'websocket', 'long-poll', 'fetch-stream'],
];

/** Messages of one client that are under way at one time. */
const lanes = 4;
/** The clients' clocks run so many times faster, so that back-off and time-outs do not make up the whole test. */
const hurry = 5;
/** After how many messages a client that changes its transport does so. */
const turnLength = 7;

/** One who chats, however often the connection or the transport changes. */
export class Talker {
  readonly name: string;
  /** Everything that was told, in the order in which it was. */
  readonly events: RoomEvent[] = [];
  /** How often more was missed than one reply tells. */
  missed = 0;
  readonly #transports: readonly TransportName[];
  readonly #token: string;
  readonly #url: string;
  #turn = 0;
  #client: ChatClient;
  #said = 0;
  /** What is heard while pages are read. */
  #catchingUp: RoomEvent[] | undefined;
  /** Up to where they are read. */
  #until = 0;
  readonly #begun: number;
  #ended = false;
  readonly #waiting = new Set<() => void>();

  /** @param url where the chat is to be reached, as through the proxy @param since up to where it needs nothing */
  constructor(name: string, url: string, token: string, since: Cursor, transports: readonly TransportName[]) {
    this.name = name;
    this.#url = url;
    this.#token = token;
    this.#transports = transports;
    this.#begun = since.offset;
    this.#client = this.#connect(since);
  }

  get lastOffset(): number {
    return this.events.at(-1)?.offset ?? this.#begun;
  }

  /** Says so many things, each until it is acknowledged. Resolves with their nonces. */
  async say(count: number): Promise<string[]> {
    const nonces = Array.from({ length: count }, (_, index) => `${this.name}-message-${index}`);
    const left = [...nonces];
    const lane = async (): Promise<void> => {
      for (let nonce = left.shift(); nonce !== undefined; nonce = left.shift()) await this.#sayOne(nonce);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return nonces;
  }

  /** Resolves when everything up to that offset has been told. */
  reached(offset: number): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.lastOffset < offset || this.#catchingUp !== undefined) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Where it is, for who waits too long. */
  get status(): string {
    const { state, transport } = this.#client;
    return `${this.name} (${this.#transports.join(', ')}) is at ${this.lastOffset}: ${transport ?? 'none'} ${JSON.stringify(state)}`;
  }

  close(): void {
    this.#ended = true;
    this.#client.close();
  }

  async #sayOne(nonce: string): Promise<void> {
    const content = { type: 'text', text: `${nonce} over ${this.#transports.join(' and ')}` } as const;
    if (this.#transports.length > 1 && ++this.#said % turnLength === 0) this.#change();
    while (!this.#ended) {
      try {
        const receipt = await this.#client.emit('message:send', { room: 'general', nonce, content });
        if (receipt.nonce !== nonce) throw new RangeError(`${nonce} was answered with ${receipt.nonce}.`);
        return;
      } catch (error) {
        if (!(error instanceof ChatError)) throw error;
        if (error.code === 'rate-limited') {
          await new Promise((resolve) => setTimeout(resolve, error.retryAfter ?? 100));
        } else if (!['timeout', 'lost', 'closed'].includes(error.code)) {
          throw error;
        }
      }
    }
  }

  /** Ends the connection and goes on from its cursor over the next transport. */
  #change(): void {
    const { cursor } = this.#client;
    if (cursor === undefined || this.#catchingUp !== undefined) return;
    const old = this.#client;
    this.#turn++;
    this.#client = this.#connect(cursor);
    old.close();
  }

  #connect(since: Cursor): ChatClient {
    const transport = this.#transports[this.#turn % this.#transports.length] ?? 'websocket';
    const client = connectChat({
      url: this.#url,
      token: this.#token,
      since,
      transports: [transport],
      after: hurriedTimer,
      // The shortest wait each time: this is about coming back, not about staying away.
      environment: { random: () => 0 },
    });
    client.on('room:event', ({ event }) => {
      if (client === this.#client || this.#client === undefined) this.#take(event);
    });
    client.on('session:missed', ({ cursor }) => {
      if (client === this.#client) void this.#catchUp(client, cursor.offset);
    });
    client.on('session:refused', (failure) => {
      throw new Error(`${this.name} is refused: ${failure.message}`);
    });
    return client;
  }

  #take(event: RoomEvent): void {
    if (event.room !== 'general') return;
    if (this.#catchingUp !== undefined) this.#catchingUp.push(event);
    else this.events.push(event);
    for (const check of [...this.#waiting]) check();
  }

  /** Reads what no longer came by itself, page by page. Everything here is in pages: nothing is edited. */
  async #catchUp(client: ChatClient, until: number): Promise<void> {
    this.missed++;
    this.#until = Math.max(this.#until, until);
    if (this.#catchingUp !== undefined) return;
    const heard: RoomEvent[] = [];
    this.#catchingUp = heard;
    while (this.lastOffset < this.#until && !this.#ended) {
      const page = await client
        .emit('message:page', { room: 'general', after: this.lastOffset, limit: 100 })
        .catch(() => undefined);
      this.events.push(...(page?.items ?? []));
      // What is up to there may be in other rooms.
      if (page?.hasNewer === false) break;
    }
    this.#catchingUp = undefined;
    for (const event of heard) if (event.offset > this.lastOffset) this.events.push(event);
    for (const check of [...this.#waiting]) check();
  }
}

function hurriedTimer(milliseconds: number, callback: () => void): () => void {
  const timer = setTimeout(callback, milliseconds / hurry);
  return () => clearTimeout(timer);
}

/** A new member, signed in without the bad network. */
export async function signUp(url: string, name: string): Promise<{ token: string; cursor: Cursor }> {
  const client = connectChat({ url, name, transports: ['websocket'] });
  try {
    return await new Promise((resolve, reject) => {
      let token = '';
      client.on('session:token', (given) => {
        token = given.token;
      });
      client.on('session:refused', (failure) => reject(new Error(failure.message)));
      client.on('session:entered', (entrance) => {
        // Shows that the token has arrived: from now on the name is kept.
        client.emit('heartbeat:ping', {}).then(() => resolve({ token, cursor: entrance.cursor }), reject);
      });
    });
  } finally {
    client.close();
  }
}

/** The log of a room as the server has it, read without the bad network, by an API key. */
export async function readLog(url: string, key: string, room = 'general', after = 0): Promise<RoomEvent[]> {
  const events: RoomEvent[] = [];
  for (;;) {
    const address = `${url}/api/rooms/${room}/events?after=${after}&limit=500`;
    const response = await fetch(address, { headers: { Authorization: `Bearer ${key}` } });
    const page: { events: RoomEvent[]; newest: number } = JSON.parse(await response.text());
    events.push(...page.events);
    after = page.events.at(-1)?.offset ?? page.newest;
    if (after >= page.newest) return events;
  }
}
