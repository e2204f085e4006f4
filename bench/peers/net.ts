/**
 * The budget: bare node:net that answers the handshake and then reads no octet. It counts what arrives, and for each
 * whole frame of a length that it was told it writes one prepared answer, all of a chunk in one write: what the kernel
 * and Node cost when there is no WebSocket at all. Started by bench/server/subjects.ts.
 */
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { serverFrame } from '../server/frames.ts';
import { listening, readPeerFlags } from './control.ts';

const { request, answer } = readPeerFlags();
/** Octets of prepared answers: more than one chunk of 64 KiB asks for, and one of the largest. */
const many = Math.max(1, Math.ceil(65_536 / Math.max(1, request))) + 1;
const answers = Buffer.alloc(many * answer, 'x');
const members = new Set<Socket>();
const closeFrame = serverFrame(0x8, Buffer.from([0x03, 0xe8]));

function handshake(head: string): string {
  const key = /\r\nsec-websocket-key: *([^\r]+)/i.exec(head)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.once('data', (head) => {
    const text = head.toString('latin1');
    const isFanout = text.startsWith('GET /fanout ');
    if (isFanout) {
      members.add(socket);
      socket.on('close', () => members.delete(socket));
    }
    let pending = 0;
    socket.on('data', (chunk) => {
      if (request === 0) {
        socket.end(closeFrame);
        return;
      }
      pending += chunk.length;
      const whole = Math.floor(pending / request);
      if (whole === 0) return;
      pending -= whole * request;
      const octets = answers.subarray(0, whole * answer);
      if (!isFanout) socket.write(octets);
      else for (const member of members) member.write(octets);
    });
    socket.write(handshake(text));
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') listening(address.port);
});
