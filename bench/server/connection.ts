/**
 * One raw TCP connection of the generator, through the opening handshake (RFC 6455 §4.1) and then nothing but octets.
 * All connections read into one buffer, so that receiving costs next to nothing.
 */
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { maskedFrame, Opcode } from './frames.ts';
import { inflateMessage, readFrames } from './readers.ts';
import type { Target, Workload } from './workload.ts';

/** Shared by all: a chunk is looked at before the next one is read. */
const readBuffer = Buffer.allocUnsafeSlow(1024 * 1024);

const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
const offer = 'permessage-deflate; client_max_window_bits';

/** Gets `length` octets at the start of a buffer that is written over afterwards. */
export type Receive = (octets: Buffer, length: number) => void;

export class RawConnection {
  readonly #tcp: Socket;
  /** Who gets what arrives. */
  receive: Receive = () => this.fail('It sent what nobody asked for.');
  /** Called once when the peer has ended the connection. */
  closed: () => void = () => this.fail('It ended a connection.');
  /** Called with what went wrong. */
  fail: (sentence: string) => void = () => {};
  /** What was agreed on, empty for nothing. */
  extensions = '';
  /** Compressed messages that belong to opening it: they are in the server's window. */
  receivedCompressed = Buffer.alloc(0);

  constructor(port: number) {
    this.#tcp = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length) => {
          this.receive(readBuffer, length);
          return true;
        },
      },
    });
    this.#tcp.on('error', (error) => this.fail(`TCP: ${error.message}.`));
    this.#tcp.on('close', () => this.closed());
  }

  write(octets: Buffer): void {
    this.#tcp.write(octets);
  }

  /** Sends FIN. */
  end(): void {
    this.#tcp.end();
  }

  /** Cuts it, without TIME_WAIT. */
  destroy(): void {
    this.receive = () => {};
    this.closed = () => {};
    this.fail = () => {};
    this.#tcp.resetAndDestroy();
  }

  /** Resolves when frames may be sent. */
  open(target: Target, workload: Workload): Promise<void> {
    return new Promise((resolve, reject) => {
      this.fail = (sentence) => reject(new Error(sentence));
      const answered = (rest: Buffer): void => {
        if (target.dialect === 'socket.io') this.#enterSocketIo(rest, resolve);
        else if (rest.length > 0) this.fail('It sent octets behind its answer to the handshake.');
        else resolve();
      };
      this.#readHead(workload.deflate, answered);
      this.write(requestHead(target, workload));
    });
  }

  #readHead(deflate: boolean, answered: (rest: Buffer) => void): void {
    let text = '';
    this.receive = (octets, length) => {
      text += octets.toString('latin1', 0, length);
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const fields = text.slice(0, end).toLowerCase();
      this.extensions = /\r\nsec-websocket-extensions: *(.*)/.exec(fields)?.[1]?.trim() ?? '';
      if (!text.startsWith('HTTP/1.1 101 ') || !text.slice(0, end).includes(accept)) {
        this.fail(`It refused the handshake: ${JSON.stringify(text.slice(0, 100))}.`);
      } else if (deflate !== this.extensions.startsWith('permessage-deflate')) {
        this.fail(
          deflate ? 'It did not agree to permessage-deflate.' : 'It wants an extension that was not offered.',
        );
      } else answered(Buffer.from(text.slice(end + 4), 'latin1'));
    };
  }

  /** Engine.IO's packet 0 comes with the session; 40 asks for the namespace and is answered with 40. */
  #enterSocketIo(rest: Buffer, resolve: () => void): void {
    let kept = rest;
    let asked = false;
    const look = (): void => {
      let window = Buffer.alloc(0);
      for (const { compressed, payload } of readFrames(kept)) {
        const packet = (compressed ? inflateMessage(payload, window) : payload) ?? Buffer.alloc(0);
        if (compressed) window = Buffer.concat([window, packet]);
        if (packet.toString('latin1', 0, 2) === '40') {
          this.receivedCompressed = window;
          resolve();
        } else if (packet[0] !== 0x30) {
          this.fail('It does not begin with a session of Engine.IO.');
        } else if (!asked) {
          asked = true;
          this.write(maskedFrame(Opcode.text, Buffer.from('40'), Buffer.from([1, 2, 3, 4])));
        }
      }
    };
    this.receive = (octets, length) => {
      kept = Buffer.concat([kept, octets.subarray(0, length)]);
      look();
    };
    look();
  }
}

export function requestHead(target: Target, workload: Workload): Buffer {
  const mode = workload.kind === 'fanout' ? 'fanout' : 'echo';
  const path =
    target.dialect === 'socket.io' ? `/socket.io/?EIO=4&transport=websocket&mode=${mode}` : `/${mode}`;
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${target.port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
  ];
  if (workload.deflate) lines.push(`Sec-WebSocket-Extensions: ${offer}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}
