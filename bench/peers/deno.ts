/** The peer Deno, with its own server. Run by Deno; started by bench/server/subjects.ts. */
import { listening } from './control.ts';

interface DenoSocket {
  binaryType: 'arraybuffer';
  onopen: () => void;
  onclose: () => void;
  onmessage: (event: { readonly data: string | ArrayBuffer }) => void;
  send(data: string | ArrayBuffer): void;
}
declare const Deno: {
  serve(
    options: { hostname: string; port: number; onListen(address: { port: number }): void },
    handler: (request: Request) => Response,
  ): void;
  upgradeWebSocket(
    request: Request,
    options: { idleTimeout: number },
  ): { socket: DenoSocket; response: Response };
};

const members = new Set<DenoSocket>();

Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => listening(port) }, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  socket.binaryType = 'arraybuffer';
  if (new URL(request.url).pathname === '/fanout') {
    socket.onopen = () => members.add(socket);
    socket.onclose = () => members.delete(socket);
    socket.onmessage = ({ data }) => {
      for (const member of members) member.send(data);
    };
  } else {
    socket.onmessage = ({ data }) => socket.send(data);
  }
  return response;
});
