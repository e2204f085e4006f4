/** Inflates compressed messages as RFC 7692 §7.2.2 has it, with a live stream of zlib's and nothing from src/. */
import { createInflateRaw, type InflateRaw } from 'node:zlib';

export class MessageInflater {
  readonly #windowBits: number;
  readonly #takeover: boolean;
  #stream: InflateRaw;

  /**
   * @param windowBits no larger window than that is held, so a message that needs one fails
   * @param takeover one stream for all messages, or one for each
   */
  constructor(windowBits: number, takeover: boolean) {
    this.#windowBits = windowBits;
    this.#takeover = takeover;
    this.#stream = createInflateRaw({ windowBits });
  }

  inflate(payload: Uint8Array): Promise<Buffer> {
    if (!this.#takeover) this.#stream = createInflateRaw({ windowBits: this.#windowBits });
    const stream = this.#stream;
    const chunks: Buffer[] = [];
    const gather = (chunk: Buffer): void => {
      chunks.push(chunk);
    };
    return new Promise((resolve, reject) => {
      stream.on('data', gather);
      stream.once('error', reject);
      stream.write(payload);
      stream.write(Uint8Array.of(0x00, 0x00, 0xff, 0xff));
      stream.flush(() => {
        stream.off('data', gather);
        stream.off('error', reject);
        resolve(Buffer.concat(chunks));
      });
    });
  }
}
