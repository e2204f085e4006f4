/**
 * `ws` as a subject of the codec bench: its own Receiver and Sender, with the options that its server gives them.
 * Whether it masks by bufferutil is settled when it is loaded, by WS_NO_BUFFER_UTIL in the environment.
 */
import { createRequire } from 'node:module';
import type { Message } from './frames.ts';
import type { Subject } from './subject.ts';

interface Receiver {
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  write(chunk: Buffer): boolean;
}

/** The parts of ws that its types do not tell of. */
interface Library {
  readonly Receiver: new (options: object) => Receiver;
}

const require = createRequire(import.meta.url);
const library: Library = require('ws');

const options = {
  allowSynchronousEvents: true,
  maxBufferedChunks: 256 * 1024,
  maxFragments: 16 * 1024,
  maxPayload: 100 * 1024 * 1024,
};

export const subject: Subject = {
  decoder(masked, receive: (data: Message) => void) {
    const receiver = new library.Receiver({ ...options, isServer: masked });
    receiver.on('error', (error) => {
      throw error;
    });
    // A string for text, as everybody needs it in the end: ws leaves that last step to its user.
    receiver.on('message', (data, isBinary) => receive(isBinary ? data : data.toString()));
    return (read) => receiver.write(read);
  },
};
