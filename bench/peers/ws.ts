/**
 * The peer `ws`, as its own documentation uses it. With bufferutil unless WS_NO_BUFFER_UTIL is set. Started by
 * bench/server/subjects.ts.
 */
import { WebSocket, WebSocketServer } from 'ws';
import { deflateLevel, listening, maxMessageLength, readPeerFlags } from './control.ts';

const { deflate } = readPeerFlags();
const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  maxPayload: maxMessageLength,
  perMessageDeflate: deflate ? { zlibDeflateOptions: { level: deflateLevel } } : false,
});
const members = new Set<WebSocket>();

server.on('connection', (socket, request) => {
  socket.on('error', () => {});
  if (request.url === '/fanout') {
    members.add(socket);
    socket.on('close', () => members.delete(socket));
    socket.on('message', (data, isBinary) => {
      for (const member of members) {
        if (member.readyState === WebSocket.OPEN) member.send(data, { binary: isBinary });
      }
    });
  } else {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  }
});
server.on('listening', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') listening(address.port);
});
