/** ws as the isolation bench asks for it; see server-barewire.ts. Broadcasts are framed once, by its own Sender. */
import { once } from 'node:events';
import { type WebSocket, WebSocketServer } from 'ws';

const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  perMessageDeflate: false,
  maxPayload: 64 * 1024 * 1024,
  backlog: 4096,
});
const members = new Set<WebSocket>();

server.on('connection', (socket, request) => {
  const path = request.url;
  if (path === '/member') members.add(socket);
  socket.on('error', () => {});
  socket.on('close', () => members.delete(socket));
  socket.on('message', (data, isBinary) => {
    if (path === '/control') {
      const message = Buffer.alloc(Number(String(data).split(' ')[1]), 'x');
      for (const member of members) member.send(message, { binary: false });
    } else if (path === '/take') {
      // What barewire hands out for text is a string, so this one is made to be one too.
      if (!isBinary) String(data);
      socket.send('taken');
    } else {
      socket.send(data, { binary: isBinary });
    }
  });
});
await once(server, 'listening');
const address = server.address();
if (typeof address !== 'object' || address === null) throw new Error('ws does not listen on TCP.');
console.log(`listening ${address.port}`);
// Whoever started this has gone.
process.stdin.resume().once('end', () => process.exit(0));
