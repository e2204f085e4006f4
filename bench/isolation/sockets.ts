/**
 * WebSocket connections as bare TCP, for the processes that make load and that look: the opening handshake, prebuilt
 * frames out, octets counted in. All sockets of a process read into one buffer, so that 10,000 of them cost little.
 * Used by probe.ts and load.ts.
 */
import { connect, type Socket } from 'node:net';
import { encodeFrame } from '../../src/frame.ts';

const buffer = new Uint8Array(256 * 1024);
const head = 'HTTP/1.1 101 ';

/** A handshake under way on more sockets than this at once would overflow the server's backlog. */
const batchLength = 100;

/** One frame as a client sends it. */
export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  return Buffer.from(encodeFrame({ opcode, payload, maskingKey: 0x37fa213d }));
}

/**
 * Opens a connection; with a path as a WebSocket, without one as bare TCP.
 * @param received told of each read: the octets lie in a buffer that is valid during the call
 */
export function open(
  port: number,
  path: string | undefined,
  received: (octets: Uint8Array) => void,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let upgraded = path === undefined;
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer,
        callback: (length) => {
          const octets = buffer.subarray(0, length);
          if (upgraded) {
            received(octets);
            return true;
          }
          const answer = Buffer.from(octets).toString('latin1');
          const end = answer.indexOf('\r\n\r\n') + 4;
          if (!answer.startsWith(head) || end < 4) reject(new Error(`No upgrade: ${answer}`));
          upgraded = true;
          resolve(socket);
          if (end < length) received(octets.subarray(end));
          return true;
        },
      },
    });
    socket.once('error', reject);
    socket.once('close', () => {
      if (!closing) throw new Error(`The server closed a connection to ${path ?? 'TCP'}.`);
    });
    if (path === undefined) {
      socket.once('connect', () => resolve(socket));
      return;
    }
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
  });
}

let closing = false;

/** From now on nobody minds that connections end. */
export function expectClosing(): void {
  closing = true;
}

/** Opens many, a batch at a time. @param received told of each read with the number of the socket */
export async function openMany(
  port: number,
  path: string,
  count: number,
  received: (index: number, octets: Uint8Array) => void,
): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const first = sockets.length;
    const length = Math.min(batchLength, count - first);
    const batch = Array.from({ length }, (_, index) =>
      open(port, path, (octets) => received(first + index, octets)),
    );
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}
