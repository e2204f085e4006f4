/**
 * What the codec bench asks of each library that it measures, so that one task runs on all. Implemented in
 * barewire.ts and ws.ts; used by the tasks.
 */
import type { Message } from './frames.ts';

export interface Subject {
  /**
   * The receiving half of a connection, as the library's own server (`masked`) or client has it. The function takes
   * the octets of one read, which are the caller's again afterwards, and calls `receive` with each message, text as a
   * string, before it returns.
   */
  decoder(masked: boolean, receive: (data: Message) => void): (read: Buffer) => void;
}
