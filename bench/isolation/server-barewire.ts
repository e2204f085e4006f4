/**
 * barewire as the isolation bench asks for it: small messages and all of `/echo` come back, `/member` gets what is
 * published, and a large message is taken and answered with one word. Prints `listening N`. server-ws.ts and
 * server-bun.ts do the same.
 */
import { createServer, type Server } from '../../src/index.ts';

const messageLimit = 64 * 1024 * 1024;

const server: Server<string> = createServer<string>(
  {
    upgrade: ({ path }) => ({ data: path }),
    open(socket) {
      if (socket.data === '/member') socket.subscribe('all');
    },
    message(socket, data) {
      if (socket.data === '/control') server.publish('all', 'x'.repeat(Number(String(data).split(' ')[1])));
      else if (socket.data === '/take') socket.send('taken');
      else socket.send(data);
    },
  },
  {
    maxMessageLength: messageLimit,
    deflate: false,
    allowedOrigins: 'any',
    maxConnections: Number.MAX_SAFE_INTEGER,
    maxConnectionsPerAddress: Number.MAX_SAFE_INTEGER,
    maxPendingUpgrades: Number.MAX_SAFE_INTEGER,
    maxTotalHeldAmount: Number.MAX_SAFE_INTEGER,
    maxBufferedAmount: 4 * messageLimit,
    pingInterval: 2 ** 31 - 1,
  },
);
console.log(`listening ${(await server.listen()).port}`);
// Whoever started this has gone.
process.stdin.resume().once('end', () => process.exit(0));
