/** The peer Bun, with its own server (uWebSockets within). Run by Bun; started by bench/server/subjects.ts. */
import { listening, maxMessageLength, readPeerFlags } from './control.ts';

interface BunSocket {
  readonly data: { readonly fanout: boolean };
  send(message: string | Uint8Array, compress: boolean): number;
  subscribe(topic: string): void;
}
interface BunServer {
  readonly port: number;
  upgrade(request: Request, options: { data: BunSocket['data'] }): boolean;
  publish(topic: string, message: string | Uint8Array, compress: boolean): number;
}
declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    fetch(request: Request, server: BunServer): Response | undefined;
    websocket: {
      open(socket: BunSocket): void;
      message(socket: BunSocket, message: string | Uint8Array): void;
      maxPayloadLength: number;
      backpressureLimit: number;
      idleTimeout: number;
      sendPings: boolean;
      perMessageDeflate: boolean;
    };
  }): BunServer;
};

const { deflate } = readPeerFlags();
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, upgrading) {
    const fanout = new URL(request.url).pathname === '/fanout';
    if (upgrading.upgrade(request, { data: { fanout } })) return undefined;
    return new Response('WebSocket alone', { status: 426 });
  },
  websocket: {
    open(socket) {
      if (socket.data.fanout) socket.subscribe('fanout');
    },
    message(socket, message) {
      if (socket.data.fanout) server.publish('fanout', message, deflate);
      else socket.send(message, deflate);
    },
    maxPayloadLength: maxMessageLength,
    // What is over it is dropped; an echo of 32 MiB is in flight in one row.
    backpressureLimit: 4 * maxMessageLength,
    idleTimeout: 0,
    sendPings: false,
    perMessageDeflate: deflate,
  },
});
listening(server.port);
