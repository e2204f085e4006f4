/** A bare TCP peer for tests of the shell: it sends what it is told and waits for octets, never for time. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { encodeFrame, type Frame } from '../../src/frame.ts';

/** A head that every check accepts, for path `/`. `extra` are whole field lines. */
export function upgradeHead(port: number, path = '/', extra: readonly string[] = []): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    ...extra,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

export class TcpPeer {
  readonly socket: Socket;
  /** Resolves once the other side has sent FIN, or TCP is gone: true when it ended well, false after a reset. */
  readonly ended: Promise<boolean>;
  #received = Buffer.alloc(0);
  #over = false;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    this.ended = new Promise((resolve) => {
      socket.on('end', () => resolve(true));
      socket.on('close', () => resolve(false));
    });
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      for (const check of this.#waiting) check();
    });
    const over = (): void => {
      this.#over = true;
      for (const check of this.#waiting) check();
    };
    socket.on('end', over);
    socket.on('close', over);
  }

  /** Connects, keeping our half open when the other side ends its own. */
  static connect(port: number): Promise<TcpPeer> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new TcpPeer(socket)));
    });
  }

  /** Connects over TLS, trusting that certificate alone. Rejects when the handshake fails. */
  static async secure(port: number, ca: string): Promise<TcpPeer> {
    const { socket } = await TcpPeer.connect(port);
    return TcpPeer.securely(socket, ca);
  }

  /** TLS on a connection that is open already; nothing may have been read from it. */
  static securely(tcp: Socket, ca: string): Promise<TcpPeer> {
    tcp.removeAllListeners('data');
    return new Promise((resolve, reject) => {
      const socket = connectTls({ socket: tcp, host: '127.0.0.1', ca });
      socket.once('error', reject);
      socket.once('secureConnect', () => resolve(new TcpPeer(socket)));
    });
  }

  /** Connects and has the WebSocket open; the reply's head is taken off. */
  static async open(port: number, path = '/', extra: readonly string[] = []): Promise<TcpPeer> {
    const peer = await TcpPeer.connect(port);
    await peer.upgrade(port, path, extra);
    return peer;
  }

  /** Has the WebSocket open. @returns the reply's head */
  async upgrade(port: number, path = '/', extra: readonly string[] = []): Promise<string> {
    this.send(upgradeHead(port, path, extra));
    const head = await this.head();
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`The upgrade was refused: ${head}`);
    return head;
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Sends a frame masked with a key that is no octet's identity. */
  sendFrame(frame: Frame): void {
    this.send(encodeFrame({ maskingKey: 0x37fa213d, ...frame }));
  }

  /** Takes the next `length` octets, when they are there. Rejects when the stream ends before. */
  take(length: number): Promise<Buffer> {
    return this.#until(() => {
      if (this.#received.length < length) return undefined;
      const taken = this.#received.subarray(0, length);
      this.#received = this.#received.subarray(length);
      return taken;
    });
  }

  /** Takes an HTTP head, as text. */
  async head(): Promise<string> {
    const length = await this.#until(() => {
      const end = this.#received.indexOf('\r\n\r\n');
      return end === -1 ? undefined : end + 4;
    });
    return (await this.take(length)).toString('latin1');
  }

  /** Everything up to the end of the stream that has not been taken. */
  async rest(): Promise<Buffer> {
    await this.ended;
    const rest = this.#received;
    this.#received = Buffer.alloc(0);
    return rest;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #until<Value>(check: () => Value | undefined): Promise<Value> {
    return new Promise((resolve, reject) => {
      const run = (): void => {
        const value = check();
        if (value !== undefined) {
          this.#waiting.delete(run);
          resolve(value);
        } else if (this.#over) {
          this.#waiting.delete(run);
          reject(new Error(`The stream ended; untaken: ${this.#received.toString('latin1').slice(0, 200)}`));
        }
      };
      this.#waiting.add(run);
      run();
    });
  }
}

/** Status line and body of the answer to a request that ends its connection. */
export async function answer(port: number, head: string): Promise<string> {
  const peer = await TcpPeer.connect(port);
  peer.send(head);
  const bytes = await peer.rest();
  peer.socket.end();
  return bytes.toString('latin1');
}
