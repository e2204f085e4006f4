/**
 * The server that run.ts attacks, in a process of its own: every limit at its default, compression on. `/echo` sends
 * back, `/room` publishes what it gets to everybody on that path. It tells its port and, when asked, its memory.
 */
import { createServer, type Server } from '../../src/index.ts';

const server: Server<string> = createServer<string>(
  {
    upgrade: (request) => ({ data: request.path }),
    open(socket) {
      if (socket.data === '/room') socket.subscribe('room');
    },
    message(socket, data) {
      if (socket.data === '/room') server.publish('room', data, { except: socket });
      else socket.send(data);
    },
    close(_socket, record) {
      process.send?.({ closed: { code: record.code, explanation: record.explanation } });
    },
  },
  { deflate: true },
);

process.on('message', () => {
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ memory: { rss, heapUsed, external } });
});
process.on('disconnect', () => process.exit(0));

const { port } = await server.listen();
process.send?.({ port });
