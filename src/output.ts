/**
 * What a connection has to say and has not handed over yet: frames one behind the other, small ones written straight
 * into one block, large payloads by reference (RFC 6455 §5, §6.1). connection.ts appends; the shell takes all of it at
 * once and writes it with one system call. Most output is written whole in the moment in which it is taken, so its
 * blocks are lent by a few `OutputBuffer`s that are used again and again; only what has to wait gets memory of its own.
 */
import { Buffer } from 'node:buffer';
import { encodeFrameHeader, frameHeaderLength, maximumHeaderLength } from './frame.ts';
import { applyMask } from './mask.ts';

/** The first block of one's own: a handful of chat-sized frames. Blocks double up to the largest while frames come. */
const smallestBlock = 512;
const largestBlock = 64 * 1024;

/** Blocks up to this come from Node's pool; a larger one out of it would keep up to 64 KiB of others' octets alive. */
const pooledBlock = 4096;

/** The first block that is used again. TCP keeps it when it cannot write it at once, so it is no larger than Node's pool. */
const firstReusedBlock = 8 * 1024;

/** From this many octets on a payload is passed on as it is, for what waits would be there twice. */
const referenceLength = 16 * 1024;

/** The same where the block is used again: up to here a copy costs less than writing two chunks at once does. */
const reusedReferenceLength = 32 * 1024;

/** Up to this many characters a loop in JavaScript writes ASCII faster than the call into native code. */
const shortText = 24;

/** Buffers whose blocks nobody uses now: as many as answers wait for each other in server.ts, and a few for the rest. */
const idleBuffers: OutputBuffer[] = [];
const mostIdleBuffers = 20;

export class OutputBuffer {
  #chunks: Uint8Array[] = [];
  #block: Buffer | undefined;
  /** The octets in the block are `#block[0, #blockLength)`; those before `#blockStart` are in a chunk already. */
  #blockStart = 0;
  #blockLength = 0;
  #nextBlock = smallestBlock;
  #length = 0;
  /** Blocks for the next time, the small one and the large one; undefined in a buffer of one's own. */
  readonly #reused: [Buffer, Buffer | undefined] | undefined;
  /** How many of them are in use. */
  #reusedCount = 0;

  /** @param reusable whether its blocks are used again after `reuse`. Default false: they grow with what is appended */
  constructor(reusable = false) {
    this.#reused = reusable ? [Buffer.allocUnsafeSlow(firstReusedBlock), undefined] : undefined;
  }

  /** One that is used again if one is idle, else one whose blocks fit what is appended: many may be filled at a time. */
  static borrow(): OutputBuffer {
    return idleBuffers.pop() ?? new OutputBuffer();
  }

  /** Octets that wait to be taken. */
  get length(): number {
    return this.#length;
  }

  /** Whether its blocks are lent: what has to wait should not stay in them. */
  get reusable(): boolean {
    return this.#reused !== undefined;
  }

  /**
   * Appends one frame. A payload from 16 KiB up that is not masked may be kept by reference and must not change until it
   * has been written; anything else is copied.
   * @param first the first octet: FIN, RSV1-RSV3 and the opcode
   * @param maskingKey undefined from a server, required from a client
   */
  appendFrame(first: number, payload: Uint8Array, maskingKey: number | undefined): void {
    const payloadLength = payload.length;
    if (maskingKey === undefined && this.#keepsReference(payloadLength)) {
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
    const { length } = text;
    const masked = maskingKey !== undefined;
    // Most text is ASCII and has as many octets as characters, so the header for that is left room for, and moved to
    // only when it was wrong: counting the octets first would cost as much as writing them.
    const headerLength = frameHeaderLength(length, masked);
    const block = this.#reserveText(text, headerLength);
    let start = this.#blockLength + headerLength;
    const end = start + writeText(block, start, text);
    const payloadLength = end - start;
    const shift = payloadLength === length ? 0 : frameHeaderLength(payloadLength, masked) - headerLength;
    if (shift > 0) {
      block.copyWithin(start + shift, start, end);
      start += shift;
    }
    encodeFrameHeader(block, this.#blockLength, first, payloadLength, maskingKey);
    if (masked) applyMask(block, start, start + payloadLength, maskingKey);
    this.#advance(start + payloadLength);
    return payloadLength;
  }

  /** Appends octets that are frames already, copied when they are few, else by reference (see appendFrame). */
  appendEncoded(bytes: Uint8Array): void {
    if (!this.#keepsReference(bytes.length)) {
      this.#copy(bytes);
      return;
    }
    this.#cutBlock();
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  #copy(bytes: Uint8Array): void {
    this.#reserve(bytes.length).set(bytes, this.#blockLength);
    this.#advance(this.#blockLength + bytes.length);
  }

  /** Hands everything over, in order; the taker may keep it, unless `reuse` is called. */
  take(): readonly Uint8Array[] {
    this.#endBlock();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#nextBlock = smallestBlock;
    this.#length = 0;
    return chunks;
  }

  /** Drops everything that was not taken. These are whole frames, so the stream stays in step. */
  clear(): void {
    this.take();
  }

  /**
   * Nobody needs what was taken any more, nor will anybody append here: the blocks may be written over. Without this
   * they are the taker's.
   */
  reuse(): void {
    if (idleBuffers.length >= mostIdleBuffers) return;
    this.#reusedCount = 0;
    idleBuffers.push(this.#reused === undefined ? new OutputBuffer(true) : this);
  }

  /** The same octets in memory of their own, for a wait of unknown length; this buffer's blocks may be used again. */
  settled(): OutputBuffer {
    const own = new OutputBuffer();
    const [small, large] = this.#reused ?? [];
    for (const chunk of this.take()) {
      // However much lies in a block that others will write to: a reference would become theirs.
      if (chunk.buffer === small?.buffer || chunk.buffer === large?.buffer) own.#copy(chunk);
      else own.appendEncoded(chunk);
    }
    this.reuse();
    return own;
  }

  #keepsReference(length: number): boolean {
    return length >= (this.#reused === undefined ? referenceLength : reusedReferenceLength);
  }

  /** A block with room for `length` octets at #blockLength. */
  #reserve(length: number): Buffer {
    if (this.#block !== undefined && this.#block.length - this.#blockLength >= length) return this.#block;
    this.#endBlock();
    this.#block = this.#reusedBlock(length) ?? this.#newBlock(length);
    return this.#block;
  }

  /** A block with room for a header and the text, of which only the most octets are known that it may take. */
  #reserveText(text: string, headerLength: number): Buffer {
    const most = headerLength + maximumHeaderLength + text.length * 3;
    const block = this.#block;
    if (block !== undefined && block.length - this.#blockLength >= most) return block;
    if (most <= firstReusedBlock) return this.#reserve(most);
    return this.#reserve(headerLength + maximumHeaderLength + Buffer.byteLength(text, 'utf8'));
  }

  #newBlock(length: number): Buffer {
    const size = Math.max(length, this.#nextBlock);
    if (this.#nextBlock < largestBlock) this.#nextBlock *= 2;
    return size <= pooledBlock ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size);
  }

  /** The next block that is used again, when there is one with that room. */
  #reusedBlock(length: number): Buffer | undefined {
    const reused = this.#reused;
    if (reused === undefined) return undefined;
    if (this.#reusedCount === 0 && length <= firstReusedBlock) {
      this.#reusedCount = 1;
      return reused[0];
    }
    if (this.#reusedCount === 2 || length > largestBlock) return undefined;
    this.#reusedCount = 2;
    reused[1] ??= Buffer.allocUnsafeSlow(largestBlock);
    return reused[1];
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

/** Writes a string as UTF-8, for which there is room. @returns octets */
function writeText(block: Buffer, start: number, text: string): number {
  const { length } = text;
  if (length <= shortText) {
    let index = 0;
    for (; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) break;
      block[start + index] = unit;
    }
    if (index === length) return length;
  }
  return block.write(text, start, 'utf8');
}
