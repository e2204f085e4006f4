/**
 * A bare echo of TCP on the server's core, with a higher priority than the server: what a round trip of the probe costs
 * when nothing is in its way, in the same moments. Started by isolation.bench.ts; prints `listening N`.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.on('data', (octets) => socket.write(octets));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (typeof address !== 'object' || address === null) throw new Error('The floor does not listen on TCP.');
console.log(`listening ${address.port}`);
// Whoever started this has gone. Not by exit, which waits for threads: see place in processes.ts.
process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGKILL'));
