/**
 * The transports on a real port with a user that is told what to do: no chat. Also readers for what they send: an event
 * stream as its events, a poll as its messages.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import * as v from 'valibot';
import { onTestFinished } from 'vitest';
import { createServer, type Server, type ServerOptions } from '../../src/index.ts';
import type { Channel, ChannelUser } from '../../src/transports/channel.ts';
import {
  createTransports,
  type Transports,
  type TransportsOptions,
} from '../../src/transports/transports.ts';
import type { SocketData } from '../../src/transports/websocket.ts';
import { type LoggedLine, recordingLogger } from './logger.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

/** What stands in for the chat's session: it says a hello, and notes everything. */
export class FakeUser implements ChannelUser {
  readonly channel: Channel;
  readonly received: (string | Uint8Array)[] = [];
  readonly resumed: unknown[] = [];
  drains = 0;
  closes = 0;
  onReceive: (data: string | Uint8Array) => void = () => {};
  onDrained: () => void = () => {};
  readonly #changes = new Set<() => void>();

  constructor(channel: Channel) {
    this.channel = channel;
    channel.send(JSON.stringify({ event: 'server:hello', data: { connection: channel.id } }), 'server:hello');
  }

  receive(data: string | Uint8Array): void {
    this.received.push(data);
    this.onReceive(data);
    this.#changed();
  }

  drained(): void {
    this.drains++;
    this.onDrained();
    this.#changed();
  }

  resume(since: { readonly epoch: string; readonly offset: number } | undefined): void {
    this.resumed.push(since);
  }

  closed(): void {
    this.closes++;
    this.#changed();
  }

  /** A reply of that many characters, or with that text. */
  say(text: string, cursor?: string): void {
    this.channel.send(JSON.stringify({ event: 'say', data: text }), 'say', cursor);
  }

  /** Resolves when that is so: looks now, and whenever something has come. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#changes.delete(check);
        resolve();
      };
      this.#changes.add(check);
      check();
    });
  }

  #changed(): void {
    for (const check of [...this.#changes]) check();
  }
}

export interface ServingTransports {
  readonly url: string;
  readonly port: number;
  readonly server: Server<SocketData>;
  readonly transports: Transports;
  readonly clock: ManualClock;
  readonly lines: readonly LoggedLine[];
  /** Resolves when so many requests have come, in all, and been begun with. */
  requested(count: number): Promise<void>;
  /** How many have. */
  readonly requests: number;
  /** Who has been accepted, in order. */
  readonly users: readonly FakeUser[];
  /** The one whose channel has that id. */
  user(id: string): FakeUser;
}

/** The credential is what stands behind `Bearer` or `token=` in a cookie. */
export async function serveTransports(
  options: Partial<TransportsOptions> & { readonly onAccept?: (user: FakeUser) => void } = {},
  serverOptions: ServerOptions = {},
): Promise<ServingTransports> {
  const clock = manualClock();
  const logger = recordingLogger();
  const users: FakeUser[] = [];
  const waiting = new Set<() => void>();
  let requests = 0;
  const { onAccept, ...rest } = options;
  const transports = createTransports({
    accept: (channel) => {
      const user = new FakeUser(channel);
      users.push(user);
      onAccept?.(user);
      return user;
    },
    credentialOf: ({ cookie, authorization }) =>
      /^Bearer (\w+)$/.exec(authorization ?? '')?.[1] ?? /token=(\w+)/.exec(cookie ?? '')?.[1],
    addressOf: (request) => server.addressOf(request),
    maxMessageLength: 1000,
    clock,
    logger,
    ...rest,
  });
  const server: Server<SocketData> = createServer(transports.handlers, {
    clock,
    ...serverOptions,
    http: async (request, response) => {
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      const handled = transports.handle(path, request, response);
      requests++;
      for (const check of [...waiting]) check();
      if (!(await handled)) response.writeHead(404).end('nobody’s');
    },
  });
  const { port } = await server.listen();
  onTestFinished(async () => {
    transports.stop();
    const stopped = server.close();
    clock.advance(60_000);
    await stopped;
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    transports,
    clock,
    lines: logger.lines,
    users,
    get requests() {
      return requests;
    },
    requested: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (requests < count) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    user(id) {
      const user = users.find(({ channel }) => channel.id === id);
      if (user === undefined) throw new Error(`Nobody was accepted as ${id}.`);
      return user;
    },
  };
}

export interface StreamedEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

const connectionSchema = v.object({ data: v.object({ connection: v.string() }) });

/** A client of an event stream, over a TCP connection of its own. */
export class StreamReader {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly events: StreamedEvent[] = [];
  /** Everything, as it came. */
  text = '';
  over = false;
  readonly #response: IncomingMessage;
  #rest = '';
  #taken = 0;
  readonly #changes = new Set<() => void>();

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.#take(chunk));
    response.on('error', () => {});
    response.on('close', () => {
      this.over = true;
      this.#changed();
    });
  }

  static open(
    url: string,
    init: {
      readonly method?: string;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    } = {},
  ): Promise<StreamReader> {
    return new Promise((resolve, reject) => {
      const { method = 'GET', headers = {}, body } = init;
      const request = httpRequest(url, { method, headers, agent: false });
      request.on('error', reject);
      request.on('response', (response) => resolve(new StreamReader(response)));
      request.end(body);
    });
  }

  /** The id that the hello said. */
  async connection(): Promise<string> {
    await this.until(() => this.events.length > 0);
    return v.parse(connectionSchema, this.events[0]?.data).data.connection;
  }

  /** The next event that was not taken. Rejects when the stream is over. */
  async next(): Promise<StreamedEvent> {
    await this.until(() => this.events.length > this.#taken || this.over);
    const event = this.events[this.#taken++];
    if (event === undefined) throw new Error('The stream is over.');
    return event;
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#changes.delete(check);
        resolve();
      };
      this.#changes.add(check);
      check();
    });
  }

  ended(): Promise<void> {
    return this.until(() => this.over);
  }

  /** Reads nothing more, until `resume`. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  destroy(): void {
    this.#response.destroy();
  }

  #take(chunk: string): void {
    this.text += chunk;
    this.#rest += chunk;
    const blocks = this.#rest.split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map<string, string>();
      for (const line of block.split('\n')) {
        const [name = '', value = ''] = line.split(/: ?(.*)/s, 2);
        fields.set(name, value);
      }
      const event = fields.get('event');
      const data = fields.get('data');
      if (event === undefined || data === undefined) continue;
      this.events.push({ event, id: fields.get('id'), data: JSON.parse(data) });
    }
    this.#changed();
  }

  #changed(): void {
    for (const check of [...this.#changes]) check();
  }
}

const polledSchema = v.strictObject({
  messages: v.array(v.tuple([v.number(), v.unknown()])),
  last: v.number(),
});
export type Polled = v.InferOutput<typeof polledSchema>;

/** One poll that is answered with messages. */
export async function poll(
  { url }: { readonly url: string },
  connection: string,
  query = '',
  signal?: AbortSignal,
): Promise<Polled> {
  const response = await fetch(`${url}/api/connections/${connection}${query}`, signal ? { signal } : {});
  if (response.status !== 200) throw new Error(`The poll was refused: ${await response.text()}`);
  return v.parse(polledSchema, await response.json());
}

/** A connection that is polled. */
export async function openPolling(
  { url }: { readonly url: string },
  init: { readonly headers?: Record<string, string>; readonly body?: string } = {},
): Promise<string> {
  const type = init.body === undefined ? {} : { 'content-type': 'application/json' };
  const headers = { ...type, ...init.headers };
  const response = await fetch(`${url}/api/connections`, { method: 'POST', ...init, headers });
  if (response.status !== 201) throw new Error(`It was refused: ${await response.text()}`);
  return v.parse(v.object({ connection: v.string() }), await response.json()).connection;
}

export function postJson(
  url: string,
  value: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json', ...headers },
  });
}

const errorSchema = v.object({ error: v.object({ code: v.string(), message: v.string() }) });

/** What a refusal said. */
export async function refusalOf(response: Response) {
  const { error } = v.parse(errorSchema, await response.json());
  return { status: response.status, ...error };
}
