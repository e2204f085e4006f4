/**
 * The requests that are no WebSocket upgrade: a node:http server that listens nowhere is given connections that
 * server.ts has accepted, with their octets put back, so that one port serves both and HTTP stays Node's business. A
 * later request on such a connection may be an upgrade after all; that comes back. Called by server.ts.
 */
import { Buffer } from 'node:buffer';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { Socket as TcpSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { wantsWebSocket } from './handshake.ts';
import { type HttpError, parseRequestHead, type RequestHead } from './http-head.ts';
import { onRejection } from './rejection.ts';

/**
 * Milliseconds in which no octet moves on a connection of plain HTTP; then it is cut. node:http waits for ever for a
 * client that does not read its response. Two minutes are more than a long poll or the silence of an event stream with
 * comments lasts; a handler that needs more says so with `response.setTimeout`.
 */
export const inactivityTimeout = 120_000;

export interface HandoverEvents {
  /** A kept-alive connection asks for a WebSocket. `rest` are the octets behind the head. May throw HttpError. */
  upgrade(tcp: Duplex, head: RequestHead, rest: Uint8Array): void;
  /** Answering that failed. */
  refuse(tcp: Duplex, error: unknown): void;
  /** The listener threw or rejected. The request has been answered with 500. */
  report(error: unknown): void;
}

export class HttpHandover {
  readonly #server: Server;
  readonly #listener: (request: IncomingMessage, response: ServerResponse) => unknown;
  readonly #events: HandoverEvents;
  readonly #responses = new OpenResponses();
  /** What requests are refused with, once there is something. */
  #refusal: HttpError | undefined;

  constructor(
    listener: (request: IncomingMessage, response: ServerResponse) => unknown,
    events: HandoverEvents,
  ) {
    this.#listener = listener;
    this.#events = events;
    const responses = this.#responses;
    // Made for every request, also for those that node:http answers by itself and tells nobody about: 400 without a Host
    // field, 417 for an Expect that it does not know.
    class CountedResponse extends ServerResponse {
      constructor(...parameters: ConstructorParameters<typeof ServerResponse>) {
        super(...parameters);
        responses.add(this.req, this);
      }
    }
    this.#server = createServer({ ServerResponse: CountedResponse }, (request, response) =>
      this.#serve(request, response),
    );
    this.#server.timeout = inactivityTimeout;
    this.#server.on('upgrade', (request, tcp, rest) => this.#upgrade(request, tcp, rest));
  }

  /** Begins to hold connections to node:http's own deadlines for heads, bodies and idleness. */
  start(): void {
    // It does so when it hears that it listens, which by itself it never will.
    this.#server.emit('listening');
  }

  /** Gives it a connection and the octets that were read from it. */
  take(tcp: Duplex, bytes: Uint8Array): void {
    tcp.unshift(bytes);
    this.#server.emit('connection', tcp);
  }

  /** Refuses every request from now on; those under way go on. */
  refuseAll(refusal: HttpError): void {
    this.#refusal = refusal;
    this.closeIdle();
  }

  /** Ends connections on which nothing is under way. */
  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  stop(): void {
    this.#server.close();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.#refusal !== undefined) {
      refuse(response, this.#refusal);
      return;
    }
    try {
      onRejection(this.#listener(request, response), (error) => this.#failed(error, response));
    } catch (error) {
      this.#failed(error, response);
    }
  }

  #failed(error: unknown, response: ServerResponse): void {
    this.#events.report(error);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
    response.end('The server failed on this request.\n');
  }

  /** An upgrade to WebSocket is handed back; the offer of another protocol is declined by serving the request. */
  #upgrade(request: IncomingMessage, tcp: Duplex, rest: Uint8Array): void {
    if (this.#responses.forbid(tcp)) {
      endSoon(tcp);
      return;
    }
    // A WebSocket may be silent; it has pings.
    if (tcp instanceof TcpSocket) tcp.setTimeout(0);
    try {
      const head = parseRequestHead(encodeRequestHead(request, false));
      if (wantsWebSocket(head)) this.#events.upgrade(tcp, head, rest);
      // node:http has let go of the connection; without the offer it takes the request up again.
      else this.take(tcp, Buffer.concat([encodeRequestHead(request, true), rest]));
    } catch (error) {
      this.#events.refuse(tcp, error);
    }
  }
}

/**
 * Which connections have a response that is not finished. An upgrade that is pipelined behind one must not be answered:
 * the reply would stand in the middle of it, or behind one that says `Connection: close` (RFC 9112 §9.6).
 */
export class OpenResponses {
  readonly #counts = new Map<Duplex, number>();

  /** Counts a response until it is closed. */
  add(request: IncomingMessage, response: ServerResponse): void {
    const tcp: Duplex = request.socket;
    this.#counts.set(tcp, (this.#counts.get(tcp) ?? 0) + 1);
    response.once('close', () => {
      const left = (this.#counts.get(tcp) ?? 1) - 1;
      if (left === 0) this.#counts.delete(tcp);
      else this.#counts.set(tcp, left);
    });
  }

  /** Whether nothing else may be written now: a response is open, or the last one has been and our side is ended. */
  forbid(tcp: Duplex): boolean {
    return this.#counts.has(tcp) || !tcp.writable;
  }
}

/** Ends a connection after what has been written to it. node:http has let go of it, so nobody else would. */
export function endSoon(tcp: Duplex): void {
  if (!(tcp instanceof TcpSocket)) {
    tcp.destroy();
    return;
  }
  tcp.setTimeout(inactivityTimeout, () => tcp.destroy());
  tcp.destroySoon();
}

/** Answers through node:http, and ends the connection. */
function refuse(response: ServerResponse, { status, explanation, headers }: HttpError): void {
  const body = Buffer.from(`${explanation}\n`, 'utf8');
  response.writeHead(status, {
    ...headers,
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': body.length,
    Connection: 'close',
  });
  response.end(body);
}

/** The head of a request that node:http has parsed, as octets again; without its upgrade when that is not wanted. */
export function encodeRequestHead(request: IncomingMessage, withoutUpgrade: boolean): Buffer {
  let text = `${request.method} ${request.url} HTTP/${request.httpVersion}\r\n`;
  const { rawHeaders } = request;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (withoutUpgrade && /^(?:upgrade|connection)$/i.test(name)) continue;
    text += `${name}: ${rawHeaders[index + 1] ?? ''}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, 'latin1');
}
