/** barewire as a subject of the codec bench, with the defaults of its server and client. */
import { Connection } from '../../src/connection.ts';
import { DeflateWindow, deflate, inflate } from '../../src/deflate.ts';
import { applyMask } from '../../src/mask.ts';
import { createReadBuffer } from '../../src/mask-kernel.ts';
import { maskingKeys } from '../../src/masking-keys.ts';
import { decodeUtf8 } from '../../src/utf8.ts';
import type { Subject } from './subject.ts';

const maskingKey = maskingKeys();
const maxMessageLength = 1024 * 1024;

export const subject: Subject = {
  decoder(masked, receive) {
    const connection = new Connection(masked ? 'server' : 'client', { maskingKey });
    const sink = { message: receive };
    // A server's reads are lent, for one read buffer serves all its connections; a client's are its own.
    return (read) => connection.receive(read, sink, masked);
  },

  // A server's memory for reads comes with the code that unmasks it.
  readMemory: createReadBuffer,

  encoder(masked, wire) {
    const connection = new Connection(masked ? 'client' : 'server', { maskingKey });
    return {
      send: (data) => connection.send(data),
      flush() {
        const { chunks, buffer } = connection.takeOutput();
        for (const chunk of chunks) wire.octets(chunk);
        // As the server does when TCP has taken the octets at once.
        buffer?.reuse();
      },
    };
  },

  unmask: (octets, { number }) => applyMask(octets, 0, octets.length, number),

  // As its output buffer does it.
  mask(source, { number }, target, offset) {
    target.set(source, offset);
    applyMask(target, offset, offset + source.length, number);
  },

  decodeText(octets) {
    const text = decodeUtf8(octets, 0, octets.length);
    if (text === undefined) throw new Error('Text that is UTF-8 was refused.');
    return text;
  },

  compressor({ bits, level, takeover }) {
    let window = DeflateWindow.fresh(bits, takeover);
    return (octets) => {
      const payload = deflate(octets, window, level);
      window = window.after(octets);
      return payload;
    };
  },

  inflater({ bits, takeover }) {
    let window = DeflateWindow.fresh(bits, takeover);
    return (payload) => {
      const octets = inflate(payload, window, maxMessageLength);
      window = window.after(octets);
      return octets;
    };
  },
};
