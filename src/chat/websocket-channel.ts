/**
 * The chat over WebSocket: the handlers object that server.ts takes, each socket's data being its Session, and the
 * options that belong to it. A push is framed once for all sockets that get it, and compressed once for all that got
 * the same before it (RFC 7692 §7.2.3.2). Called by main.ts.
 */
import { type Handlers, PreparedMessage, type ServerOptions, type WebSocket } from '../index.ts';
import type { Channel, Push } from './channel.ts';
import type { Chat } from './chat.ts';
import { closeLine } from './close-line.ts';
import { maximumEventLength } from './events.ts';
import { Session } from './session.ts';

/** Where the chat is. */
export const chatPath = '/chat';

/**
 * What the chat asks of the server that carries it. Messages are compressed: a line of a conversation goes out in 128
 * octets instead of 298, 2.3 times smaller, with a window of 2 KiB. That lengths tell what secrets have in common with
 * what a stranger chose is no way in here: the only message that has a token beside others' words goes out once for
 * each token.
 */
export const chatServerOptions = {
  maxMessageLength: maximumEventLength,
  deflate: true,
} as const satisfies ServerOptions;

/**
 * Replies of so many UTF-16 units are compressed, others are not: they are for one member only, and what is compressed
 * enters that member's window, so that the next eight pushes or so have to be compressed for that one alone, at some
 * 12 µs each. A page of 16 messages, 4 KiB, becomes 2.5 times smaller, two packets less; with one message it saves 158
 * octets, which is none.
 */
export const longReply = 4096;

/** What a socket carries: its session, from the moment it is open. */
export interface ChatSocketData {
  session: Session | undefined;
  /** Whether a handler threw, which closed it. */
  failed: boolean;
}

export function chatHandlers(chat: Chat): Handlers<ChatSocketData> {
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
      if (request.path === chatPath) return { data: { session: undefined, failed: false } };
      return { refuse: 404, explanation: `There is no WebSocket here; the chat's is at ${chatPath}.` };
    },
    open(socket) {
      socket.data.session = new Session(chat, channelOf(socket, prepare));
    },
    message(socket, data) {
      socket.data.session?.receive(data);
    },
    close(socket, record) {
      socket.data.session?.closed();
      const level = socket.data.failed ? 'warn' : 'info';
      chat.logger[level]({ remoteAddress: socket.remoteAddress, ...closeLine(record) }, 'connection closed');
    },
    error(error, socket) {
      if (socket !== undefined) socket.data.failed = true;
      chat.logger.error({ err: error, remoteAddress: socket?.remoteAddress }, 'a WebSocket handler failed');
    },
  };
}

function channelOf(socket: WebSocket<ChatSocketData>, prepare: (push: Push) => PreparedMessage): Channel {
  return {
    remoteAddress: socket.remoteAddress,
    send: (text) => {
      socket.send(text, { compress: text.length >= longReply });
    },
    push: (push) => {
      socket.send(prepare(push));
    },
    close: (code, reason) => socket.close(code, reason),
  };
}
