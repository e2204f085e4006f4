/**
 * How the generator looks at answers. Uncompressed ones are known octet by octet beforehand and are compared as they
 * arrive. Compressed ones differ from server to server: their frames are counted as they arrive, and what was kept of
 * them is inflated and compared after the round, when nobody's time is being taken.
 */
import { constants, inflateRawSync } from 'node:zlib';
import { Opcode, rsv1 } from './frames.ts';

/** @throws Error in `take` and `verify` when the server answers wrongly */
export interface Reader {
  /** Looks at the first `length` octets. @returns how many batches they completed */
  take(octets: Buffer, length: number): number;
  /** From now on what is needed for `verify` is kept, or not any more. */
  keep(wanted: boolean): void;
  /** Compares all that was kept, and forgets it. */
  verify(): void;
}

/** Compares with the right answers to the batches, which come one after the other, again and again. */
export class ExactReader implements Reader {
  readonly #answers: readonly Buffer[];
  /** Number of the batch that is being answered. */
  #at = 0;
  #position = 0;

  constructor(answers: readonly Buffer[]) {
    this.#answers = answers;
  }

  take(octets: Buffer, length: number): number {
    let batches = 0;
    for (let offset = 0; offset < length; ) {
      const answer = this.#answers[this.#at] ?? octets;
      const count = Math.min(length - offset, answer.length - this.#position);
      const end = this.#position + count;
      if (octets.compare(answer, this.#position, end, offset, offset + count) !== 0) {
        throw new Error(`It answers wrongly within octets ${this.#position} to ${end} of a batch.`);
      }
      offset += count;
      this.#position = end;
      if (end === answer.length) {
        this.#position = 0;
        this.#at = (this.#at + 1) % this.#answers.length;
        batches++;
      }
    }
    return batches;
  }

  keep(): void {}
  verify(): void {}
}

/** Counts octets alone. */
export class LengthReader implements Reader {
  readonly #batch: number;
  #position = 0;

  constructor(batch: number) {
    this.#batch = batch;
  }

  take(_octets: Buffer, length: number): number {
    const position = this.#position + length;
    this.#position = position % this.#batch;
    return Math.floor(position / this.#batch);
  }

  keep(): void {}
  verify(): void {}
}

const tail = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const largestWindow = 32_768;
/** Compressed messages remembered; together they must fill the largest window. */
const remembered = 64;

/** Counts frames of text that may be compressed, and can inflate what they were. */
export class DeflateReader implements Reader {
  /** What the messages must be, in this order, again and again. */
  readonly #messages: readonly Buffer[];
  readonly #depth: number;
  readonly #before: Buffer;
  readonly #header = Buffer.alloc(10);
  #headerLength = 0;
  #remaining = 0;
  /** Messages that came, all in all. */
  #count = 0;
  #inBatch = 0;
  /** The last compressed messages, by number: the sender's window holds these. */
  readonly #compressed = new Uint32Array(remembered);
  #compressedCount = 0;
  #kept: Buffer[] | undefined;
  #keptFrom = 0;
  #window = Buffer.alloc(0);

  /** @param before compressed messages that came before the first of these, one behind the other */
  constructor(messages: readonly Buffer[], depth: number, before: Buffer = Buffer.alloc(0)) {
    this.#messages = messages;
    this.#depth = depth;
    this.#before = before;
  }

  take(octets: Buffer, length: number): number {
    this.#kept?.push(Buffer.from(octets.subarray(0, length)));
    let batches = 0;
    for (let offset = 0; offset < length; ) {
      if (this.#remaining > 0) {
        const count = Math.min(this.#remaining, length - offset);
        this.#remaining -= count;
        offset += count;
      } else {
        this.#header[this.#headerLength++] = octets[offset++] ?? 0;
        const payloadLength = this.#payloadLength();
        if (payloadLength === undefined) continue;
        this.#remaining = payloadLength;
        this.#noteFrame();
      }
      if (this.#remaining === 0 && this.#headerLength === 0 && ++this.#inBatch === this.#depth) {
        this.#inBatch = 0;
        batches++;
      }
    }
    return batches;
  }

  keep(wanted: boolean): void {
    this.#kept = wanted ? [] : undefined;
    this.#keptFrom = this.#count;
    const held = Math.min(this.#compressedCount, remembered);
    const numbers = Array.from({ length: held }, (_, index) => this.#compressedCount - held + index);
    const texts = numbers.map((number) => this.#message(this.#compressed[number % remembered] ?? 0));
    const before = this.#compressedCount > remembered ? [] : [this.#before];
    this.#window = Buffer.concat([...before, ...texts]).subarray(-largestWindow);
  }

  verify(): void {
    if (this.#kept === undefined) return;
    const frames = readFrames(Buffer.concat(this.#kept));
    for (let at = 0; at < frames.length; ) {
      const first = this.#keptFrom + at;
      let end = at + 1;
      while (end < frames.length && end - at < 256 && frames[end]?.compressed === frames[at]?.compressed)
        end++;
      const group = frames.slice(at, end);
      const wanted = group.map((_, index) => this.#message(first + index));
      const right = group[0]?.compressed
        ? this.#inflatesTo(group, wanted)
        : group.every(({ payload }, index) => payload.equals(wanted[index] ?? tail));
      if (!right) throw new Error(`It answers wrongly in messages ${first} to ${first + group.length - 1}.`);
      at = end;
    }
    this.keep(true);
  }

  #message(number: number): Buffer {
    return this.#messages[number % this.#messages.length] ?? tail;
  }

  #payloadLength(): number | undefined {
    const short = (this.#header[1] ?? 0) & 0x7f;
    const needed = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (this.#headerLength < 2 || this.#headerLength < needed) return undefined;
    this.#headerLength = 0;
    if (needed === 10) return Number(this.#header.readBigUInt64BE(2));
    return needed === 4 ? this.#header.readUInt16BE(2) : short;
  }

  #noteFrame(): void {
    const first = this.#header[0] ?? 0;
    if ((first & ~rsv1) !== (0x80 | Opcode.text)) {
      throw new Error(`It sent a frame that begins with 0x${first.toString(16)}.`);
    }
    if ((first & rsv1) !== 0) this.#compressed[this.#compressedCount++ % remembered] = this.#count;
    this.#count++;
  }

  /** At once as one stream; one by one where the server ends a stream with each message (RFC 7692 §7.2.3.4). */
  #inflatesTo(group: readonly Frame[], wanted: readonly Buffer[]): boolean {
    const text = Buffer.concat(wanted);
    const stream = group.flatMap(({ payload }) => [payload, tail]);
    let right = inflate(Buffer.concat(stream), this.#window)?.equals(text) ?? false;
    if (!right) {
      let window = this.#window;
      right = group.every(({ payload }, index) => {
        const message = inflateMessage(payload, window);
        window = Buffer.concat([window, wanted[index] ?? tail]).subarray(-largestWindow);
        return message?.equals(wanted[index] ?? tail) ?? false;
      });
    }
    this.#window = Buffer.concat([this.#window, text]).subarray(-largestWindow);
    return right;
  }
}

export interface Frame {
  readonly compressed: boolean;
  readonly payload: Buffer;
}

/** A server's frames, as far as they are there whole. */
export function readFrames(octets: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 2 <= octets.length; ) {
    const compressed = ((octets[at] ?? 0) & rsv1) !== 0;
    const short = (octets[at + 1] ?? 0) & 0x7f;
    const start = at + (short === 127 ? 10 : short === 126 ? 4 : 2);
    if (start > octets.length) break;
    const length =
      short === 127
        ? Number(octets.readBigUInt64BE(at + 2))
        : short === 126
          ? octets.readUInt16BE(at + 2)
          : short;
    if (start + length > octets.length) break;
    frames.push({ compressed, payload: octets.subarray(start, start + length) });
    at = start + length;
  }
  return frames;
}

/** One compressed message; undefined when it is none. */
export function inflateMessage(payload: Buffer, window: Buffer): Buffer | undefined {
  return inflate(Buffer.concat([payload, tail]), window);
}

function inflate(stream: Buffer, window: Buffer): Buffer | undefined {
  const options = {
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(window.length > 0 ? { dictionary: window } : {}),
  };
  try {
    return inflateRawSync(stream, options);
  } catch {
    return undefined;
  }
}
