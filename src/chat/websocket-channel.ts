/**
 * The chat over WebSocket: the handlers object that server.ts takes, each socket's data being its Session. A push is
 * framed once for all sockets that get it. Called by main.ts.
 */
import { type Handlers, PreparedMessage, type WebSocket } from '../index.ts';
import type { Channel, Push } from './channel.ts';
import type { Chat } from './chat.ts';
import { Session } from './session.ts';

/** Where the chat is. */
export const chatPath = '/chat';

/** What a socket carries: its session, from the moment it is open. */
export interface ChatSocketData {
  session: Session | undefined;
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
      if (request.path === chatPath) return { data: { session: undefined } };
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
      chat.logger.info({ ...record, remoteAddress: socket.remoteAddress }, 'connection closed');
    },
    error(error, socket) {
      chat.logger.error({ err: error, remoteAddress: socket?.remoteAddress }, 'a WebSocket handler failed');
    },
  };
}

function channelOf(socket: WebSocket<ChatSocketData>, prepare: (push: Push) => PreparedMessage): Channel {
  return {
    remoteAddress: socket.remoteAddress,
    send: (text) => {
      socket.send(text);
    },
    push: (push) => {
      socket.send(prepare(push));
    },
    close: (code, reason) => socket.close(code, reason),
  };
}
