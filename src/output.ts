/**
 * What a connection has to say and has not handed over yet: frames one behind the other, small ones written straight
 * into one growing block, large payloads by reference (RFC 6455 §5, §6.1). connection.ts appends; the shell takes all
 * of it at once and writes it with one system call.
 */
import { Buffer } from 'node:buffer';
import { encodeFrameHeader, frameHeaderLength, maximumHeaderLength } from './frame.ts';
import { applyMask } from './mask.ts';

/** The first block: a handful of chat-sized frames. Blocks double up to the largest while frames keep coming. */
const smallestBlock = 512;
const largestBlock = 64 * 1024;

/** Blocks up to this come from Node's pool; a larger one out of it would keep up to 64 KiB of others' octets alive. */
const pooledBlock = 4096;

/** From this many octets on a payload is passed on as it is: copying it would cost more than one more iovec. */
const referenceLength = 16 * 1024;

export class OutputBuffer {
  #chunks: Uint8Array[] = [];
  #block: Buffer | undefined;
  /** The octets in the block are `#block[0, #blockLength)`; those before `#blockStart` are in a chunk already. */
  #blockStart = 0;
  #blockLength = 0;
  #nextBlock = smallestBlock;
  #length = 0;

  /** Octets that wait to be taken. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends one frame. A payload from 16 KiB up that is not masked is kept by reference and must not change until it
   * has been written; anything else is copied.
   * @param first the first octet: FIN, RSV1-RSV3 and the opcode
   * @param maskingKey undefined from a server, required from a client
   */
  appendFrame(first: number, payload: Uint8Array, maskingKey: number | undefined): void {
    const payloadLength = payload.length;
    if (payloadLength >= referenceLength && maskingKey === undefined) {
      const block = this.#reserve(maximumHeaderLength);
      this.#advance(encodeFrameHeader(block, this.#blockLength, first, payloadLength, undefined));
      this.appendEncoded(payload);
      return;
    }
    const block = this.#reserve(frameHeaderLength(payloadLength, maskingKey !== undefined) + payloadLength);
    const start = encodeFrameHeader(block, this.#blockLength, first, payloadLength, maskingKey);
    block.set(payload, start);
    if (maskingKey !== undefined) applyMask(block, start, start + payloadLength, maskingKey);
    this.#advance(start + payloadLength);
  }

  /**
   * Appends one frame with a string as payload, encoded in place. A lone surrogate becomes U+FFFD.
   * @returns octets of payload
   */
  appendTextFrame(first: number, text: string, maskingKey: number | undefined): number {
    const payloadLength = Buffer.byteLength(text, 'utf8');
    const block = this.#reserve(frameHeaderLength(payloadLength, maskingKey !== undefined) + payloadLength);
    const start = encodeFrameHeader(block, this.#blockLength, first, payloadLength, maskingKey);
    block.write(text, start, 'utf8');
    if (maskingKey !== undefined) applyMask(block, start, start + payloadLength, maskingKey);
    this.#advance(start + payloadLength);
    return payloadLength;
  }

  /** Appends octets that are frames already, copied when they are few, else by reference (see appendFrame). */
  appendEncoded(bytes: Uint8Array): void {
    if (bytes.length < referenceLength) {
      this.#reserve(bytes.length).set(bytes, this.#blockLength);
      this.#advance(this.#blockLength + bytes.length);
      return;
    }
    this.#cutBlock();
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** Hands everything over, in order; the taker may keep it. */
  take(): readonly Uint8Array[] {
    this.#endBlock();
    const chunks = this.#chunks;
    this.clear();
    return chunks;
  }

  /** Drops everything that was not taken. These are whole frames, so the stream stays in step. */
  clear(): void {
    this.#chunks = [];
    this.#block = undefined;
    this.#blockStart = 0;
    this.#blockLength = 0;
    this.#nextBlock = smallestBlock;
    this.#length = 0;
  }

  /** A block with room for `length` octets at #blockLength. */
  #reserve(length: number): Buffer {
    if (this.#block !== undefined && this.#block.length - this.#blockLength >= length) return this.#block;
    this.#endBlock();
    const size = Math.max(length, this.#nextBlock);
    const block = size <= pooledBlock ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size);
    if (this.#nextBlock < largestBlock) this.#nextBlock *= 2;
    this.#block = block;
    return block;
  }

  #advance(end: number): void {
    this.#length += end - this.#blockLength;
    this.#blockLength = end;
  }

  /** Makes a chunk of what the block has; the room behind it stays for what follows. */
  #cutBlock(): void {
    if (this.#block !== undefined && this.#blockLength > this.#blockStart) {
      this.#chunks.push(this.#block.subarray(this.#blockStart, this.#blockLength));
    }
    this.#blockStart = this.#blockLength;
  }

  #endBlock(): void {
    this.#cutBlock();
    this.#block = undefined;
    this.#blockStart = 0;
    this.#blockLength = 0;
  }
}
