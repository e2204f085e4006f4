/**
 * WebSockets on an http or https server that somebody else runs, as Express and Fastify do: their upgrade requests come
 * from its 'upgrade' event. Several servers of ours may share one, each with paths of its own; what nobody wants is
 * left to other listeners, or refused when there are none. Called by server.ts.
 */
import { subscribe } from 'node:diagnostics_channel';
import { type Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { Socket as TcpSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { wantsWebSocket } from './handshake.ts';
import { encodeRequestHead, endSoon, OpenResponses } from './http-handover.ts';
import { HttpError, parseRequestHead, type RequestHead } from './http-head.ts';
import { ignore } from './refusals.ts';
import { resolveTarget } from './request-target.ts';

/** A server of node:http or node:https, or what a framework makes of it. */
export type AttachableServer = HttpServer | HttpsServer;

export interface AttachOptions {
  /** Which requests to take: an exact path, or a function of it (the target without its query). Default: all. */
  readonly path?: string | ((path: string) => boolean) | undefined;
}

/** One server of ours, as the other one sees it. */
export interface Attachment {
  /** Must not throw. */
  matches(path: string): boolean;
  /** A request for a WebSocket that matches. */
  upgrade(stream: TcpSocket, head: RequestHead, rest: Uint8Array): void;
  refuse(stream: TcpSocket, error: unknown): void;
}

/** One for each http server, so that those of ours which share it know of each other. */
const dispatchers = new WeakMap<object, Dispatcher>();

/**
 * Told of every request to any http server of the process, before it is answered. The event 'request' is not enough: node:http
 * answers some by itself (400 without a Host field, 417), and others go to 'checkContinue' or 'checkExpectation'.
 */
function requestStarted(message: unknown): void {
  if (typeof message !== 'object' || message === null) return;
  if (!('server' in message && 'request' in message && 'response' in message)) return;
  const { server, request, response } = message;
  if (typeof server !== 'object' || server === null) return;
  if (request instanceof IncomingMessage && response instanceof ServerResponse)
    dispatchers.get(server)?.started(request, response);
}

/** Whether we are told: from the first attachment on, for one listener serves all. */
let isSubscribed = false;

/** Begins to take upgrade requests. @returns a function that stops it; sockets that are open stay */
export function attachTo(server: AttachableServer, attachment: Attachment): () => void {
  if (!isSubscribed) subscribe('http.server.request.start', requestStarted);
  isSubscribed = true;
  let dispatcher = dispatchers.get(server);
  if (dispatcher === undefined) {
    dispatcher = new Dispatcher(server);
    dispatchers.set(server, dispatcher);
  }
  return dispatcher.add(attachment);
}

/** Reads the option. @throws TypeError for what is neither a path nor a function */
export function pathMatcher({ path }: AttachOptions): (path: string) => boolean {
  if (path === undefined) return () => true;
  if (typeof path === 'function') return path;
  if (typeof path === 'string' && path.startsWith('/')) return (other) => other === path;
  throw new TypeError(
    `path is ${JSON.stringify(path)}; it takes text that begins with a slash, or a function.`,
  );
}

class Dispatcher {
  readonly #server: AttachableServer;
  readonly #attachments = new Set<Attachment>();
  readonly #responses = new OpenResponses();

  constructor(server: AttachableServer) {
    this.#server = server;
  }

  add(attachment: Attachment): () => void {
    if (this.#attachments.size === 0) this.#server.on('upgrade', this.#upgrade);
    this.#attachments.add(attachment);
    return () => {
      if (!this.#attachments.delete(attachment) || this.#attachments.size > 0) return;
      this.#server.off('upgrade', this.#upgrade);
    };
  }

  started(request: IncomingMessage, response: ServerResponse): void {
    this.#responses.add(request, response);
  }

  readonly #upgrade = (request: IncomingMessage, stream: Duplex, rest: Buffer): void => {
    let head: RequestHead;
    let path: string;
    try {
      head = parseRequestHead(encodeRequestHead(request, false));
      if (!wantsWebSocket(head)) {
        if (this.#isAlone) this.#take(stream, (tcp) => this.#serve(request, tcp, rest));
        return;
      }
      path = resolveTarget(head).path;
    } catch (error) {
      this.#decline(stream, error);
      return;
    }
    const attachment = [...this.#attachments].find((each) => each.matches(path));
    if (attachment !== undefined) this.#take(stream, (tcp) => attachment.upgrade(tcp, head, rest));
    else this.#decline(stream, new HttpError(404, 'RFC 9110 §15.5.5', 'There is no WebSocket at this path.'));
  };

  /** Whether nobody else listens: then a request that we leave would wait for ever. */
  get #isAlone(): boolean {
    return this.#server.listenerCount('upgrade') === 1;
  }

  #decline(stream: Duplex, error: unknown): void {
    const [first] = this.#attachments;
    if (this.#isAlone) this.#take(stream, (tcp) => first?.refuse(tcp, error));
  }

  #take(stream: Duplex, use: (tcp: TcpSocket) => void): void {
    stream.on('error', ignore);
    // Only what has TCP under it can be written to as we do.
    if (stream instanceof TcpSocket && !this.#responses.forbid(stream)) use(stream);
    else endSoon(stream);
  }

  /** The offer of another protocol is declined by serving the request. */
  #serve(request: IncomingMessage, stream: TcpSocket, rest: Buffer): void {
    if (rest.length > 0) stream.unshift(rest);
    stream.unshift(encodeRequestHead(request, true));
    this.#server.emit('encrypted' in stream ? 'secureConnection' : 'connection', stream);
  }
}
