/**
 * The chat over WebSocket: the handlers object that server.ts takes, and the options that belong to it. A push is
 * framed once for all sockets that get it, and compressed once for all that got the same before it (RFC 7692 §7.2.3.2).
 * Made by transports.ts.
 */
import { type Handlers, PreparedMessage, type UpgradeRequest, type WebSocket } from '../index.ts';
import type { Logger } from '../logger.ts';
import type { Accept, Channel, ChannelUser, Push } from './channel.ts';
import { closeLine } from './close-line.ts';
import { type Client, type Connections, newConnectionId, type TracedConnection } from './connections.ts';

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
  readonly onEnd: (connection: TracedConnection) => void;
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
      const channel = channelOf(socket, prepare);
      connections.addWebSocket({ channel, trace: (listener) => socket.trace(listener) });
      socket.data.user = accept(channel);
    },
    message(socket, data) {
      socket.data.user?.receive(data);
    },
    drain(socket) {
      socket.data.user?.drained();
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

function channelOf(socket: WebSocket<SocketData>, prepare: (push: Push) => PreparedMessage): Channel {
  return {
    ...socket.data.client,
    transport: 'websocket',
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (text) => {
      socket.send(text, { compress: text.length >= longReply });
    },
    push: (push) => {
      socket.send(prepare(push));
    },
    close: (code, reason) => socket.close(code, reason),
  };
}
