/**
 * What the codec bench asks of each library that it measures, so that one task runs on all. Implemented in
 * barewire.ts and ws.ts; used by the tasks.
 */
import type { Message } from './frames.ts';

/** A masking key in the two forms that libraries take it in. */
export interface Key {
  readonly octets: Buffer;
  /** The same as one big-endian number. */
  readonly number: number;
}

/** Where what goes out ends: the socket, if there were one. */
export interface Wire {
  octets(chunk: Uint8Array): void;
  /** Text that the library leaves to the socket to encode. */
  text(chunk: string): void;
}

export interface Encoder {
  send(data: Message): void;
  /** Whatever was sent is on the wire afterwards. */
  flush(): void;
}

/** Compresses or inflates one message after the other: the context goes from each to the next where it is taken over. */
export type Transform = (octets: Buffer) => Uint8Array | Promise<Uint8Array>;

export interface DeflateSetting {
  /** Of either window. */
  readonly bits: number;
  readonly level: number;
  readonly takeover: boolean;
}

export interface Subject {
  /**
   * The receiving half of a connection, as the library's own server (`masked`) or client has it. The function takes
   * the octets of one read, which are the caller's again afterwards, and calls `receive` with each message, text as a
   * string, before it returns.
   */
  decoder(masked: boolean, receive: (data: Message) => void): (read: Buffer) => void;
  /** Memory that its server reads into, filled by nobody yet. Without this, each read has memory of its own. */
  readonly readMemory?: (length: number) => Buffer;
  /** The sending half, of a client (`masked`) or a server. */
  encoder(masked: boolean, wire: Wire): Encoder;
  /** XOR with the key, in place. */
  unmask(octets: Buffer, key: Key): void;
  /** Writes `source` XOR key into `target` from `offset` on. */
  mask(source: Buffer, key: Key, target: Buffer, offset: number): void;
  /** The text, which must be valid UTF-8. @throws Error when it is not */
  decodeText(octets: Buffer): string;
  /** A server's compression of what it sends. */
  compressor(setting: DeflateSetting): Transform;
  /** A server's inflation of what it receives. */
  inflater(setting: DeflateSetting): Transform;
}
