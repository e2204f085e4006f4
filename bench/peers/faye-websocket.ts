/** The peer `faye-websocket`, as its own documentation uses it. Started by bench/server/subjects.ts. */
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import { listening, maxMessageLength, readPeerFlags } from './control.ts';

interface Socket {
  on(event: 'message', listener: (event: { readonly data: string | Buffer }) => void): void;
  on(event: 'close', listener: () => void): void;
  send(data: string | Buffer): void;
}
type Library = new (
  request: IncomingMessage,
  tcp: Duplex,
  rest: Buffer,
  protocols: null,
  options: { maxLength: number },
) => Socket;

const library: Library = createRequire(`${readPeerFlags().library}/`)('faye-websocket');
const http = createServer();
const members = new Set<Socket>();

http.on('upgrade', (request, tcp, rest) => {
  const socket = new library(request, tcp, rest, null, { maxLength: maxMessageLength });
  if (request.url !== '/fanout') {
    socket.on('message', ({ data }) => socket.send(data));
    return;
  }
  members.add(socket);
  socket.on('close', () => members.delete(socket));
  socket.on('message', ({ data }) => {
    for (const member of members) member.send(data);
  });
});
http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  if (address !== null && typeof address === 'object') listening(address.port);
});
