/** barewire as a subject of the codec bench, with the defaults of its server and client. */
import { Connection } from '../../src/connection.ts';
import { maskingKeys } from '../../src/masking-keys.ts';
import type { Message } from './frames.ts';
import type { Subject } from './subject.ts';

const maskingKey = maskingKeys();

export const subject: Subject = {
  decoder(masked, receive: (data: Message) => void) {
    const connection = new Connection(masked ? 'server' : 'client', { maskingKey });
    const sink = { message: receive };
    // Reads are lent, as the server's are: one read buffer serves all its connections.
    return (read) => connection.receive(read, sink, true);
  },
};
