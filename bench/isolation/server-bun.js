// Bun's own server as the isolation bench asks for it; see server-barewire.ts. Run by Bun, whose types nobody here has.
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request, bun) {
    return bun.upgrade(request, { data: new URL(request.url).pathname })
      ? undefined
      : new Response('', { status: 400 });
  },
  websocket: {
    maxPayloadLength: 64 * 1024 * 1024,
    backpressureLimit: 1024 * 1024 * 1024,
    idleTimeout: 0,
    perMessageDeflate: false,
    open(socket) {
      if (socket.data === '/member') socket.subscribe('all');
    },
    message(socket, data) {
      if (socket.data === '/control') server.publish('all', 'x'.repeat(Number(String(data).split(' ')[1])));
      else if (socket.data === '/take') socket.send('taken');
      else socket.send(data);
    },
  },
});
console.log(`listening ${server.port}`);
// Whoever started this has gone.
process.stdin.resume().once('end', () => process.exit(0));
