/**
 * What the foreign client and the foreign server read from: the octets of one TCP connection, taken as they are asked
 * for, and the two things that both ends of a WebSocket write alike, a frame's length (RFC 6455 §5.2) and a Close's
 * payload (§5.5.1). Nothing here comes from src/. It waits for events, never for time.
 */
import type { Socket } from 'node:net';

/** The stream ended before what was asked for had come. */
export class StreamEnded extends Error {
  override readonly name = 'StreamEnded';
}

/** For one reader at a time. */
export class RawStream {
  #chunks: Buffer[] = [];
  #length = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  /** Reads all that comes from now on. */
  constructor(tcp: Socket) {
    tcp.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake?.();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    tcp.on('end', end);
    tcp.on('close', end);
    // A reset shows itself as the end of the stream: 'close' follows.
    tcp.on('error', () => {});
  }

  /** The next `length` octets, when they are there. @throws StreamEnded when it ends before */
  async take(length: number): Promise<Buffer> {
    while (this.#length < length) await this.#more();
    const all = this.#joined();
    this.#chunks = length < all.length ? [all.subarray(length)] : [];
    this.#length -= length;
    return all.subarray(0, length);
  }

  /** Everything up to the next `mark`, and the mark. @throws StreamEnded when none comes */
  async takeThrough(mark: string): Promise<Buffer> {
    for (;;) {
      const index = this.#joined().indexOf(mark, 0, 'latin1');
      if (index !== -1) return this.take(index + mark.length);
      await this.#more();
    }
  }

  /** Waits for the end. @returns the octets that came before it and were not taken */
  async rest(): Promise<Buffer> {
    while (!this.#ended) await this.#more();
    return this.take(this.#length);
  }

  /** Waits for an octet or the end. @returns whether there is an octet to take */
  async hasMore(): Promise<boolean> {
    while (this.#length === 0 && !this.#ended) await this.#more();
    return this.#length > 0;
  }

  #joined(): Buffer {
    const [only] = this.#chunks;
    const all = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  #more(): Promise<void> {
    if (this.#ended) {
      const untaken = this.#joined().subarray(0, 200).toString('latin1');
      throw new StreamEnded(`The stream ended; not taken: ${JSON.stringify(untaken)}`);
    }
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/**
 * The length of a frame's payload, from its header's second octet and the 2 or 8 that may follow.
 * @throws Error when the sender wrote it longer than it has to be
 */
export async function takeLength(
  stream: RawStream,
  second: number,
  sender: 'client' | 'server',
): Promise<number> {
  let length = BigInt(second & 0x7f);
  if (length === 126n) {
    length = BigInt((await stream.take(2)).readUInt16BE());
    if (length < 126n) throw new Error(`The ${sender} wrote a short length with 16 bits.`);
  } else if (length === 127n) {
    length = (await stream.take(8)).readBigUInt64BE();
    if (length < 65_536n) throw new Error(`The ${sender} wrote a short length with 64 bits.`);
  }
  return Number(length);
}

/** Reads a Close's payload; the code is 1005 when it is empty. @throws TypeError when the reason is not UTF-8 */
export function decodeClose(payload: Buffer): { code: number; reason: string } {
  if (payload.length === 0) return { code: 1005, reason: '' };
  const reason = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload.subarray(2));
  return { code: payload.readUInt16BE(0), reason };
}
