/** The peer `websocket` (WebSocket-Node), as its own documentation uses it. Started by bench/server/subjects.ts. */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { listening, maxMessageLength, readPeerFlags } from './control.ts';

interface Message {
  readonly type: 'utf8' | 'binary';
  readonly utf8Data: string;
  readonly binaryData: Buffer;
}
interface Connection {
  on(event: 'message', listener: (message: Message) => void): void;
  on(event: 'close', listener: () => void): void;
  sendUTF(text: string): void;
  sendBytes(octets: Buffer): void;
}
interface Library {
  readonly server: new (
    options: object,
  ) => {
    on(
      event: 'request',
      listener: (request: { resource: string; accept(protocol: null): Connection }) => void,
    ): void;
  };
}

const library: Library = createRequire(`${readPeerFlags().library}/`)('websocket');
const http = createServer();
const server = new library.server({
  httpServer: http,
  maxReceivedFrameSize: maxMessageLength,
  maxReceivedMessageSize: maxMessageLength,
  // One message is one frame, as with everybody else.
  fragmentOutgoingMessages: false,
  keepalive: false,
});
const members = new Set<Connection>();

function send(connection: Connection, message: Message): void {
  if (message.type === 'utf8') connection.sendUTF(message.utf8Data);
  else connection.sendBytes(message.binaryData);
}

server.on('request', (request) => {
  const connection = request.accept(null);
  if (request.resource !== '/fanout') {
    connection.on('message', (message) => send(connection, message));
    return;
  }
  members.add(connection);
  connection.on('close', () => members.delete(connection));
  connection.on('message', (message) => {
    for (const member of members) send(member, message);
  });
});
http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  if (address !== null && typeof address === 'object') listening(address.port);
});
