/**
 * The peer `socket.io`: not a WebSocket server but a protocol of its own on one; an event goes out as an event comes in.
 * Over WebSocket alone, so that nothing is upgraded meanwhile. Started by bench/server/subjects.ts.
 */
import { createServer, type Server as HttpServer } from 'node:http';
import { createRequire } from 'node:module';
import { deflateLevel, listening, maxMessageLength, readPeerFlags } from './control.ts';

interface Socket {
  readonly handshake: { readonly query: Readonly<Record<string, unknown>> };
  on(event: 'message', listener: (data: unknown) => void): void;
  emit(event: 'message', data: unknown): void;
}
interface Library {
  readonly Server: new (
    http: HttpServer,
    options: object,
  ) => {
    on(event: 'connection', listener: (socket: Socket) => void): void;
    emit(event: 'message', data: unknown): void;
  };
}

const { deflate, library: prefix } = readPeerFlags();
const library: Library = createRequire(`${prefix}/`)('socket.io');
const http = createServer();
const server = new library.Server(http, {
  transports: ['websocket'],
  serveClient: false,
  maxHttpBufferSize: maxMessageLength,
  // The threshold is its own default, which an object without one would switch off.
  perMessageDeflate: deflate ? { threshold: 1024, zlibDeflateOptions: { level: deflateLevel } } : false,
  pingInterval: 2 ** 31 - 1,
});

server.on('connection', (socket) => {
  const fanout = socket.handshake.query.mode === 'fanout';
  socket.on('message', (data) => (fanout ? server : socket).emit('message', data));
});
http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  if (address !== null && typeof address === 'object') listening(address.port);
});
