/**
 * All ways to the chat in one object: the WebSocket's handlers, and the HTTP routes of event streams, polling and what
 * clients send. It makes a channel for each connection and gives it to `accept`; of what is said it knows nothing. Made
 * by main.ts; site.ts hands it the requests under its paths.
 *
 *   GET, POST   /api/stream                   events, until either side ends (event-stream.ts)
 *   POST        /api/connections              a connection that is polled (polling.ts)
 *   GET         /api/connections/ID           a poll
 *   POST        /api/connections/ID           what the client says, for streams and polling (upstream.ts)
 *   DELETE      /api/connections/ID           the end; also POST /api/connections/ID/close, for pages that go away
 *   GET         /api/connections/ID/frames    the frames of a WebSocket (frames.ts)
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as v from 'valibot';
import type { Clock, DrainOptions, Handlers } from '../index.ts';
import type { Logger } from '../logger.ts';
import { queryOf } from '../request-target.ts';
import {
  type AllowedOrigins,
  allows,
  foreignOrigin,
  isAllowedOrigin,
  readJson,
  refuse,
  sendJson,
} from './answers.ts';
import type { Accept, ChannelUser, TransportName } from './channel.ts';
import { type Client, Connections, type HttpConnection, newConnectionId } from './connections.ts';
import { EventStream } from './event-stream.ts';
import { FrameStreams } from './frames.ts';
import { maximumWait, PollingConnection } from './polling.ts';
import { connectionUnknown, Upstream } from './upstream.ts';
import { type SocketData, webSocketHandlers } from './websocket.ts';

/** The fields of a request that may carry a token, and the host that names the cookie. */
export interface CredentialFields {
  readonly cookie: string | undefined;
  readonly authorization: string | undefined;
  readonly host: string | undefined;
}

export interface TransportsOptions {
  readonly accept: Accept;
  /** The token in a request's cookie or Authorization field. */
  readonly credentialOf: (fields: CredentialFields) => string | undefined;
  /** Whether two different tokens are one client's. Default: no two are. */
  readonly isSameClient?: (one: string, other: string) => boolean | Promise<boolean>;
  /** IP address of the client behind a request, as `addressOf` of the server finds it. */
  readonly addressOf: (request: IncomingMessage) => string;
  /** Whose pages may ask over HTTP. Default `same-origin`. The WebSocket's handshake is judged by the server. */
  readonly allowedOrigins?: AllowedOrigins;
  /** UTF-16 units in one message from a client. */
  readonly maxMessageLength: number;
  /** Counts from 1970, so that its times mean something to a client. */
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Transports {
  /** For the server that has the WebSockets. */
  readonly handlers: Handlers<SocketData>;
  /** How many are connected, by transport. */
  readonly counts: Readonly<Record<TransportName, number>>;
  /** Answers a request for one of its paths. @returns false, with nothing done, when the path is somebody else's */
  handle(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  /**
   * Ends everything that is connected over HTTP: each client is told why, and when to come back. Nobody new is taken.
   * WebSockets are the server's to drain.
   */
  drain(options?: DrainOptions): void;
  /** Stops the timer, and cuts what is left. */
  stop(): void;
}

/** Milliseconds between looks at deadlines, which are met up to so much late. */
const sweepInterval = 1000;
/** The most octets in the body that opens a stream. */
const openingLength = 4096;
/** Of what a client calls itself, so much is kept. */
const userAgentLength = 512;

const cursorSchema = v.strictObject({
  epoch: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  offset: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});
/** What opens a stream or a connection that is polled. */
const openingSchema = v.strictObject({
  since: v.optional(cursorSchema),
  resume: v.optional(v.boolean(), false),
});
type Since = v.InferOutput<typeof cursorSchema>;
type Opening = v.InferOutput<typeof openingSchema>;

const cursorText = /^([^:]{1,64}):(\d{1,15})$/;
const connectionPath = /^\/api\/connections\/([A-Za-z0-9_-]{1,64})(\/close|\/frames)?$/;

export function createTransports(options: TransportsOptions): Transports {
  return new Routes(options);
}

class Routes implements Transports {
  readonly handlers: Handlers<SocketData>;
  readonly #options: TransportsOptions;
  readonly #connections = new Connections();
  readonly #frames: FrameStreams;
  readonly #upstream: Upstream;
  readonly #stopSweeping: () => void;
  #draining = false;

  constructor(options: TransportsOptions) {
    this.#options = options;
    this.#frames = new FrameStreams(options.clock);
    this.#upstream = new Upstream(options.maxMessageLength);
    this.handlers = webSocketHandlers({
      accept: options.accept,
      connections: this.#connections,
      logger: options.logger,
      credentialOf: ({ headers, host }) => {
        const cookie = headers.get('cookie');
        return options.credentialOf({ cookie, authorization: headers.get('authorization'), host });
      },
      onEnd: (connection) => this.#frames.end(connection),
    });
    this.#stopSweeping = options.clock.every(sweepInterval, () => {
      const now = options.clock.now();
      this.#connections.sweep(now);
      this.#frames.sweep(now);
    });
  }

  get counts(): Readonly<Record<TransportName, number>> {
    return this.#connections.counts;
  }

  drain(options?: DrainOptions): void {
    this.#draining = true;
    this.#connections.drain(options);
    this.#frames.endAll();
  }

  stop(): void {
    this.#draining = true;
    this.#stopSweeping();
    this.#connections.endAll();
    this.#frames.endAll();
  }

  async handle(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const [, id, action] = connectionPath.exec(path) ?? [];
    if (path !== '/api/stream' && path !== '/api/connections' && id === undefined) return false;
    if (!isAllowedOrigin(request, this.#options.allowedOrigins ?? 'same-origin')) {
      request.resume();
      refuse(response, foreignOrigin);
    } else if (path === '/api/stream') {
      if (allows(request, response, 'GET', 'POST')) await this.#openStream(request, response);
    } else if (id === undefined) {
      if (allows(request, response, 'POST')) await this.#openPolling(request, response);
    } else if (action === '/frames') {
      if (allows(request, response, 'GET')) await this.#openFrames(id, request, response);
    } else if (action === '/close') {
      if (allows(request, response, 'POST')) this.#end(id, request, response);
    } else if (allows(request, response, 'GET', 'POST', 'DELETE')) {
      if (request.method === 'DELETE') this.#end(id, request, response);
      else if (request.method === 'GET') this.#poll(id, request, response);
      else await this.#take(id, request, response);
    }
    return true;
  }

  // Opening ---------------------------------------------------------------------------------------------------------

  async #openStream(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const opening =
      request.method === 'GET' ? readQuery(request, response) : await readOpening(request, response);
    if (opening === undefined || !this.#mayOpen(response)) return;
    const stream = new EventStream({
      client: this.#clientOf(request),
      transport: request.method === 'GET' ? 'event-stream' : 'fetch-stream',
      response,
      now: this.#options.clock.now(),
      onEnd: this.#forgetting(),
    });
    this.#connections.add(stream);
    this.#accept(stream, opening);
  }

  async #openPolling(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const opening = await readOpening(request, response);
    if (opening === undefined || !this.#mayOpen(response)) return;
    const connection = new PollingConnection({
      client: this.#clientOf(request),
      now: this.#options.clock.now(),
      onEnd: this.#forgetting(),
    });
    if (!this.#connections.addPolling(connection)) {
      const message = 'Too many connections poll here at one time: end one, or try again later.';
      refuse(response, { status: 503, code: 'too-many', message, retryAfter: 10_000 });
      return;
    }
    this.#accept(connection, opening);
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('Location', `/api/connections/${connection.id}`);
    sendJson(response, 201, { connection: connection.id });
  }

  /** What is to be done at the end of a connection that is opened now. */
  #forgetting(): (connection: HttpConnection) => void {
    const { clock, logger } = this.#options;
    const openedAt = clock.now();
    return (connection) => {
      this.#connections.remove(connection);
      const { remoteAddress, transport, closing } = connection;
      const duration = clock.now() - openedAt;
      const initiator = closing === undefined ? 'peer' : 'us';
      logger.info({ remoteAddress, transport, initiator, ...closing, duration }, 'connection closed');
    };
  }

  /** Whether there is somebody to open it for, and the server goes on. */
  #mayOpen(response: ServerResponse): boolean {
    if (response.destroyed) return false;
    if (!this.#draining) return true;
    const message = 'The server is stopping: try again in a moment.';
    refuse(response, { status: 503, code: 'unavailable', message, retryAfter: 1000 });
    return false;
  }

  #accept(connection: HttpConnection, { since, resume }: Opening): void {
    const user: ChannelUser = this.#options.accept(connection);
    connection.user = user;
    const resumes = resume || since !== undefined;
    if (resumes && connection.credential !== undefined) user.resume?.(since);
  }

  #clientOf(request: IncomingMessage): Client {
    const { headers } = request;
    const { cookie, authorization, host } = headers;
    return {
      id: newConnectionId(),
      remoteAddress: this.#options.addressOf(request),
      userAgent: (headers['user-agent'] ?? '').slice(0, userAgentLength),
      credential: this.#options.credentialOf({ cookie, authorization, host }),
    };
  }

  // What is open ----------------------------------------------------------------------------------------------------

  #poll(id: string, request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.find(id);
    if (!(connection instanceof PollingConnection)) {
      refuse(response, connectionUnknown);
      return;
    }
    const query = queryOf(request.url ?? '');
    const after = readCount(query.get('after') ?? '0');
    const wait = readCount(query.get('wait') ?? '0');
    if (after === undefined || wait === undefined) {
      const message = '“after” and “wait” must be whole numbers: of the last message, and of milliseconds.';
      refuse(response, { status: 400, code: 'invalid', message });
    } else if (!connection.poll(response, after, Math.min(wait, maximumWait), this.#options.clock.now())) {
      const message = '“after” is beyond the last message that was sent.';
      refuse(response, { status: 400, code: 'invalid', message });
    }
  }

  async #take(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const connection = this.#connections.find(id);
    if (connection === undefined || connection.ended) {
      request.resume();
      refuse(response, connectionUnknown);
      return;
    }
    await this.#upstream.take(connection, request, response);
  }

  #end(id: string, request: IncomingMessage, response: ServerResponse): void {
    // A beacon may bring a body, of which nobody asked.
    request.resume();
    const connection = this.#connections.find(id);
    if (connection === undefined) {
      refuse(response, connectionUnknown);
      return;
    }
    connection.end();
    response.setHeader('Cache-Control', 'no-store');
    response.writeHead(204).end();
  }

  async #openFrames(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const connection = this.#connections.findWebSocket(id);
    if (connection === undefined) {
      const message = 'There is no WebSocket of that name, or it has ended. Only a WebSocket has frames.';
      refuse(response, { ...connectionUnknown, message });
      return;
    }
    const { credential } = this.#clientOf(request);
    if (!(await this.#isSameClient(connection.credential, credential))) {
      const message = 'Only who opened a connection may see its frames: send the same cookie or token.';
      refuse(response, { status: 403, code: 'forbidden', message });
      return;
    }
    // It may have ended meanwhile.
    if (this.#connections.findWebSocket(id) === undefined) refuse(response, connectionUnknown);
    else if (this.#mayOpen(response)) this.#frames.open(connection, response);
  }

  async #isSameClient(one: string | undefined, other: string | undefined): Promise<boolean> {
    if (one === other) return true;
    if (one === undefined || other === undefined) return false;
    return (await this.#options.isSameClient?.(one, other)) === true;
  }
}

/** What the body that opens a connection says; undefined when it was wrong, and has been answered. */
async function readOpening(request: IncomingMessage, response: ServerResponse): Promise<Opening | undefined> {
  const body = await readJson(request, openingLength);
  if ('problem' in body) {
    refuse(response, body.problem);
    return undefined;
  }
  const opening = v.safeParse(openingSchema, body.value ?? {});
  // An array passes for an object in the schema.
  if (Array.isArray(body.value)) {
    refuse(response, { status: 400, code: 'invalid', message: 'The body must be a JSON object.' });
    return undefined;
  }
  if (opening.success) return opening.output;
  const [issue] = opening.issues;
  const message = `${v.getDotPath(issue) ?? 'the body'}: ${issue.message}`;
  refuse(response, { status: 400, code: 'invalid', message });
  return undefined;
}

/**
 * The same of a GET: `?since=epoch:offset` or `?resume=1`. What an EventSource has got since it was made, it says in
 * Last-Event-ID, and the address stays what it was.
 */
function readQuery(request: IncomingMessage, response: ServerResponse): Opening | undefined {
  const query = queryOf(request.url ?? '');
  const last = request.headers['last-event-id'];
  // What is none of ours, as from a page of long ago, begins anew: a refusal would end the EventSource for ever.
  if (typeof last === 'string' && last !== '') return { since: readCursor(last), resume: true };
  const since = query.get('since');
  const cursor = since === null ? undefined : readCursor(since);
  if (since !== null && cursor === undefined) {
    const message = '“since” must be a cursor as epoch:offset, as in the ids of the events.';
    refuse(response, { status: 400, code: 'invalid', message });
    return undefined;
  }
  return { since: cursor, resume: query.get('resume') === '1' };
}

function readCursor(text: string): Since | undefined {
  const [, epoch, offset] = cursorText.exec(text) ?? [];
  return epoch === undefined ? undefined : { epoch, offset: Number(offset) };
}

function readCount(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
