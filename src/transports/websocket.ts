/**
 * The chat over WebSocket: the handlers object that server.ts takes, and the options that belong to it. A push is
 * framed once for all sockets that get it, and compressed once for all that got the same before it (RFC 7692 §7.2.3.2).
 * Made by transports.ts.
 */
import { type Handlers, PreparedMessage, type UpgradeRequest, type WebSocket } from '../index.ts';
import type { Logger } from '../logger.ts';
import type { TraceListener } from '../trace.ts';
import type { Accept, Channel, ChannelUser, Push } from './channel.ts';
import { closeLine } from './close-line.ts';
import { type Client, type Connections, newConnectionId, type WebSocketConnection } from './connections.ts';

/** Where the chat is. */
export const chatPath = '/chat';

/**
 * What the chat asks of the server that carries it, besides the longest message. Messages are compressed: a line of a
 * conversation goes out in 128 octets instead of 298, 2.3 times smaller, with a window of 2 KiB. That lengths tell what
 * secrets have in common with what a stranger chose is no way in here: the only message that has a token beside others'
 * words goes out once for each token.
 */
export const webSocketOptions = { deflate: true } as const;

/**
 * Replies of so many UTF-16 units are compressed, others are not: they are for one member only, and what is compressed
 * enters that member's window, so that the next eight pushes or so have to be compressed for that one alone, at some
 * 12 µs each. A page of 16 messages, 4 KiB, becomes 2.5 times smaller, two packets less; with one message it saves 158
 * octets, which is none.
 */
export const longReply = 4096;

/** Octets that may wait without anybody being told. */
const littleAmount = 64 * 1024;

/** What a socket carries. */
export interface SocketData {
  readonly client: Client;
  /** What uses it, from the moment it is open. */
  user: ChannelUser | undefined;
  /** Whether a handler threw, which closed it. */
  failed: boolean;
}

export interface WebSocketOptions {
  readonly accept: Accept;
  readonly connections: Connections;
  /** The token that came with the handshake, if one did. */
  readonly credentialOf: (request: UpgradeRequest) => string | undefined;
  readonly logger: Logger;
  /** A WebSocket is over. */
  readonly onEnd: (connection: WebSocketConnection) => void;
}

export function webSocketHandlers(options: WebSocketOptions): Handlers<SocketData> {
  const { accept, connections, credentialOf, logger, onEnd } = options;
  const prepared = new WeakMap<Push, PreparedMessage>();
  const prepare = (push: Push): PreparedMessage => {
    let message = prepared.get(push);
    if (message === undefined) {
      message = new PreparedMessage(push.text);
      prepared.set(push, message);
    }
    return message;
  };
  return {
    upgrade(request) {
      const { path, headers, remoteAddress } = request;
      if (path !== chatPath)
        return { refuse: 404, explanation: `There is no WebSocket here; the chat's is at ${chatPath}.` };
      const client = {
        id: newConnectionId(),
        remoteAddress,
        userAgent: headers.get('user-agent') ?? '',
        credential: credentialOf(request),
      };
      return { data: { client, user: undefined, failed: false } };
    },
    open(socket) {
      const channel = new SocketChannel(socket, prepare);
      connections.addWebSocket(channel);
      socket.data.user = accept(channel);
    },
    message(socket, data) {
      socket.data.user?.receive(data);
    },
    drain(socket) {
      connections.findWebSocket(socket.data.client.id)?.look();
    },
    close(socket, record) {
      const connection = connections.removeWebSocket(socket.data.client.id);
      if (connection !== undefined) onEnd(connection);
      socket.data.user?.closed();
      const level = socket.data.failed ? 'warn' : 'info';
      logger[level]({ remoteAddress: socket.remoteAddress, ...closeLine(record) }, 'connection closed');
    },
    error(error, socket) {
      if (socket !== undefined) socket.data.failed = true;
      logger.error({ err: error, remoteAddress: socket?.remoteAddress }, 'a WebSocket handler failed');
    },
  };
}

class SocketChannel implements Channel, WebSocketConnection {
  readonly transport = 'websocket';
  readonly id: string;
  readonly remoteAddress: string;
  readonly userAgent: string;
  readonly credential: string | undefined;
  readonly #socket: WebSocket<SocketData>;
  readonly #prepare: (push: Push) => PreparedMessage;
  /** Whether much has waited since the user was last told that it does not. */
  #hasWaited = false;

  constructor(socket: WebSocket<SocketData>, prepare: (push: Push) => PreparedMessage) {
    const { id, remoteAddress, userAgent, credential } = socket.data.client;
    this.id = id;
    this.remoteAddress = remoteAddress;
    this.userAgent = userAgent;
    this.credential = credential;
    this.#socket = socket;
    this.#prepare = prepare;
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  send(text: string): void {
    this.#socket.send(text, { compress: text.length >= longReply });
    this.#watch();
  }

  push(push: Push): void {
    this.#socket.send(this.#prepare(push));
    this.#watch();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  trace(listener: TraceListener): () => void {
    return this.#socket.trace(listener);
  }

  /**
   * Tells the user when little waits again. The socket's own `drain` comes only after megabytes; the user holds things
   * back long before.
   */
  look(): void {
    if (!this.#hasWaited || this.bufferedAmount > littleAmount) return;
    this.#hasWaited = false;
    this.#socket.data.user?.drained();
  }

  /** Most of what waits is only waiting for the end of this tick. */
  #watch(): void {
    if (this.#hasWaited || this.bufferedAmount <= littleAmount) return;
    this.#hasWaited = true;
    setImmediate(() => this.look());
  }
}
