/**
 * `ws` as a subject of the codec bench: its own Receiver, Sender and PerMessageDeflate, with the options that its server
 * gives them. Whether it masks by bufferutil is settled when it is loaded, by WS_NO_BUFFER_UTIL in the environment.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DeflateSetting, Subject } from './subject.ts';

interface Receiver {
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  write(chunk: Buffer): boolean;
}

interface Sender {
  send(data: string | Uint8Array, options: object): void;
}

type Done = (error: Error | null, octets: Buffer) => void;

interface PerMessageDeflate {
  params: object;
  compress(octets: Buffer, fin: boolean, done: Done): void;
  decompress(octets: Buffer, fin: boolean, done: Done): void;
}

/** The parts of ws that its types do not tell of. */
interface Library {
  readonly Receiver: new (options: object) => Receiver;
  readonly Sender: new (socket: object) => Sender;
}

interface BufferUtilities {
  mask(source: Buffer, key: Buffer, target: Buffer, offset: number, length: number): void;
  unmask(octets: Buffer, key: Buffer): void;
}

const require = createRequire(import.meta.url);
const library: Library = require('ws');
const directory = join(dirname(require.resolve('ws')), 'lib');
const { mask, unmask }: BufferUtilities = require(join(directory, 'buffer-util.js'));
const { isValidUTF8 }: { isValidUTF8(octets: Buffer): boolean } = require(join(directory, 'validation.js'));
const Deflate: new (options: object) => PerMessageDeflate = require(join(directory, 'permessage-deflate.js'));

const limits = {
  allowSynchronousEvents: true,
  maxBufferedChunks: 256 * 1024,
  maxFragments: 16 * 1024,
  maxPayload: 100 * 1024 * 1024,
};
const empty = Buffer.alloc(0);

function perMessageDeflate({ bits, level, takeover }: DeflateSetting): PerMessageDeflate {
  const deflate = new Deflate({
    isServer: true,
    threshold: 0,
    maxPayload: limits.maxPayload,
    zlibDeflateOptions: { level },
  });
  const windows = { server_max_window_bits: bits, client_max_window_bits: bits };
  const alone = { server_no_context_takeover: true, client_no_context_takeover: true };
  deflate.params = takeover ? windows : { ...windows, ...alone };
  return deflate;
}

/** One message through a function that calls back. */
function promised(start: (done: Done) => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) =>
    start((error, octets) => (error === null ? resolve(octets) : reject(error))),
  );
}

export const subject: Subject = {
  decoder(masked, receive) {
    const receiver = new library.Receiver({ ...limits, isServer: masked });
    receiver.on('error', (error) => {
      throw error;
    });
    // A string for text, as everybody needs it in the end: ws leaves that last step to its user.
    receiver.on('message', (data, isBinary) => receive(isBinary ? data : data.toString()));
    return (read) => receiver.write(read);
  },

  encoder(masked, wire) {
    const sender = new library.Sender({
      cork() {},
      uncork() {},
      write(chunk: Buffer | string) {
        if (typeof chunk === 'string') wire.text(chunk);
        else wire.octets(chunk);
      },
    });
    // As its WebSocket calls it.
    const text = { binary: false, mask: masked, compress: false, fin: true };
    const binary = { ...text, binary: true };
    return {
      send: (data) => sender.send(data || empty, typeof data === 'string' ? text : binary),
      flush() {},
    };
  },

  unmask: (octets, { octets: key }) => unmask(octets, key),
  mask: (source, { octets: key }, target, offset) => mask(source, key, target, offset, source.length),

  decodeText(octets) {
    if (!isValidUTF8(octets)) throw new Error('Text that is UTF-8 was refused.');
    return octets.toString();
  },

  compressor(setting) {
    const deflate = perMessageDeflate(setting);
    return (octets) => promised((done) => deflate.compress(octets, true, done));
  },

  inflater(setting) {
    const deflate = perMessageDeflate(setting);
    return (octets) => promised((done) => deflate.decompress(octets, true, done));
  },
};
