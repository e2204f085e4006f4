/**
 * permessage-deflate's payloads (RFC 7692 §7.2): messages to compressed payloads and back, as functions of octets.
 * Called by connection.ts, decoder.ts, message.ts and prepared-message.ts; what two ends agree on before is in
 * deflate-negotiation.ts. There is no live zlib stream: a sliding window is what zlib calls a preset dictionary, so the
 * context that is taken over from message to message is a value (`DeflateWindow`) that many connections may share.
 */
import { Buffer, constants as bufferLimits } from 'node:buffer';
import { deflateRawSync, inflateRawSync, type ZlibOptions, constants as zlib } from 'node:zlib';
import { largestBits, smallestBits } from './deflate-negotiation.ts';
import { deflateSmall, mostSmallOctets } from './deflate-small.ts';
import { inflateSmall, mostFinalBlocks, notDeflate, tail, tooBig, tooManyEnds } from './inflate-small.ts';

/**
 * One direction's LZ77 window (§7.1.2): the last octets of the messages so far, which the next one may point back to.
 * An immutable value: one may stand for many connections, and its octets are never written.
 */
export class DeflateWindow {
  static readonly #fresh = new Map<string, DeflateWindow>();

  readonly bits: number;
  /** Whether messages leave anything in the window for the next (§7.1.1). */
  readonly takeover: boolean;
  /** At most 2^bits, the newest last. */
  readonly octets: Uint8Array;

  private constructor(bits: number, takeover: boolean, octets: Uint8Array) {
    this.bits = bits;
    this.takeover = takeover;
    this.octets = octets;
  }

  /**
   * The empty window; the same object for the same arguments.
   * @throws RangeError when bits are not 8 to 15
   */
  static fresh(bits: number, takeover: boolean): DeflateWindow {
    if (!Number.isInteger(bits) || bits < smallestBits || bits > largestBits) {
      throw new RangeError(`A window of ${bits} bits: it takes a whole number from 8 to 15.`);
    }
    const key = `${bits} ${takeover}`;
    let window = DeflateWindow.#fresh.get(key);
    if (window === undefined) {
      window = new DeflateWindow(bits, takeover, new Uint8Array(0));
      DeflateWindow.#fresh.set(key, window);
    }
    return window;
  }

  /** The window behind this message, as it was before compression. Itself when nothing is taken over, or empty. */
  after(message: Uint8Array): DeflateWindow {
    if (!this.takeover || message.length === 0) return this;
    return new DeflateWindow(this.bits, true, lastOctets(this.octets, message, 2 ** this.bits));
  }

  /** Whether the next message would be encoded the same. */
  equals(other: DeflateWindow): boolean {
    if (this === other) return true;
    return (
      this.bits === other.bits &&
      this.takeover === other.takeover &&
      Buffer.compare(this.octets, other.octets) === 0
    );
  }
}

/** The last octets of both, at most `size`, as a copy that keeps no larger buffer alive. */
function lastOctets(before: Uint8Array, message: Uint8Array, size: number): Uint8Array {
  const ofMessage = Math.min(message.length, size);
  const ofBefore = Math.min(before.length, size - ofMessage);
  const octets = new Uint8Array(ofBefore + ofMessage);
  octets.set(before.subarray(before.length - ofBefore));
  octets.set(message.subarray(message.length - ofMessage), ofBefore);
  return octets;
}

/**
 * A block with BFINAL that holds one X, in fixed codes. Behind the tail it lets zlib tell an end from a cut inside a
 * block, which it would take in silence. Whoever gets these octets as data, as a stored block does whose length counts
 * them in, ends in their last one and not in the X.
 */
const lastBlock = Uint8Array.of(0x8b, 0x00, 0x00);
const endMark = 0x58;

/** Longer messages are compressed at zlib's level 1. At level 6 64 KiB of two letters take 7 ms, at level 1 0.7. */
const largeMessage = 32 * 1024;
/** 256 KiB take 2 to 5 ms at that level, whatever they are and whatever window there is; nobody waits longer. */
const mostCompressed = 256 * 1024;

/** Whether a message of so many octets is to be compressed at all: from `threshold` to 256 KiB. */
export function isCompressible(length: number, threshold: number): boolean {
  return length >= threshold && length <= mostCompressed;
}

/**
 * The compressed payload of a message (§7.2.1), for a frame with RSV1; 0x00 for an empty one. The caller owns it, and
 * goes on with `window.after(message)` once it has been sent. The message is only read. Short ones are compressed by
 * hand, as long as the window is short, too: zlib takes 5 µs to begin, and three times as long for 140 octets.
 * @param level 1 (fast) to 9 (small): zlib's, and how long repetitions are looked for by hand. Above 32 KiB it is 1
 */
export function deflate(message: Uint8Array, window: DeflateWindow, level: number): Uint8Array {
  if (message.length === 0) return Uint8Array.of(0x00);
  if (message.length + window.octets.length <= mostSmallOctets) {
    return deflateSmall(message, window.octets, window.bits, 2 ** Math.max(level - 2, 0));
  }
  // zlib's own memLevel stays: a smaller one saved no time, and cost 1 to 4 % of the size from 10 kB.
  const compressed = deflateRawSync(message, {
    level: message.length > largeMessage ? 1 : level,
    // zlib has no raw streams of 8 bits. But it points back no further than the window less 262 octets, which is 250
    // for 9 bits, and so keeps to the 256 octets of 8 bits by itself.
    windowBits: Math.max(window.bits, 9),
    dictionary: window.octets.length > 0 ? window.octets : undefined,
    finishFlush: zlib.Z_SYNC_FLUSH,
    // Most results fit one chunk. Its size hardly tells in time.
    chunkSize: 4096,
  });
  return withoutSlack(compressed, compressed.length - tail.length);
}

/** A window of fewer octets has next to nothing to point back to. */
const seededLength = 256;
/** Octets that compression may cost to fill such a window: a block's head, its end, and the flush. */
const seedCost = 16;

/**
 * Whether a message goes out compressed: when that makes it shorter, or next to nothing longer while its window is all
 * but empty, because the messages behind it gain by that. JSON of 70 octets never gets shorter alone, and is halved
 * in company. Either is as right for the peer (§6).
 */
export function isWorthwhile(
  compressedLength: number,
  messageLength: number,
  window: DeflateWindow,
): boolean {
  if (compressedLength < messageLength) return true;
  const seeds = window.takeover && messageLength > 0 && window.octets.length < seededLength;
  return seeds && compressedLength <= messageLength + seedCost;
}

/**
 * Payloads of so many octets are read by hand: zlib reads faster, but takes 6 µs to begin. They are level at 750, which
 * are some 2 KiB of JSON, with a window of 11 bits, and at 1,200 with 15 bits.
 */
const smallPayload = 768;

/**
 * The message in a compressed payload (§7.2.2), put together from all its frames. The caller owns it, and goes on with
 * `window.after(result)`. The payload is only read. Data that are cut inside a block are an error, and so are data that
 * end in a final block without the empty one that must follow it (§7.2.3.4).
 * @param limit the most octets that the message may have. No more than about twice as many are held for a moment,
 *   whatever came, besides a copy of the payload
 * @throws ProtocolError 1007 for what is not DEFLATE data; 1009 for a message over the limit, as soon as it is, and for
 *   more final blocks than 8 and one for each 256 octets of payload
 */
export function inflate(payload: Uint8Array, window: DeflateWindow, limit: number): Uint8Array {
  if (payload.length === 0) throw notDeflate('it is empty, and even an empty message takes an octet');
  if (payload.length <= smallPayload) return inflateSmall(payload, window.octets, window.bits, limit);
  const mostStreams = mostFinalBlocks(payload.length) + 1;
  const streams: Uint8Array[] = [];
  let room = limit;
  let dictionary = window.octets;
  let rest: Uint8Array = Buffer.concat([payload, tail, lastBlock]);
  let expected = rest.length;
  // zlib stops at a final block, and what follows takes a new stream, up to 15 µs before its first octet. A peer may
  // flush by final blocks (§7.2.3.4), but 1 MiB of nothing else would stop us for seconds; what passes takes 60 ms.
  while (streams.length < mostStreams) {
    const { octets, consumed } = inflateStream(rest, {
      windowBits: window.bits,
      dictionary: dictionary.length > 0 ? dictionary : undefined,
      // One more for the X.
      maxOutputLength: Math.min(room + 1, bufferLimits.MAX_LENGTH),
      // One chunk for most messages.
      chunkSize: Math.min(Math.max(expected * 8, 1024), 65_536),
    });
    if (octets === undefined) throw tooBig(limit);
    const isLast = consumed === rest.length;
    if (isLast && octets.at(-1) !== endMark) throw notDeflate('a block takes more octets than came');
    const length = isLast ? octets.length - 1 : octets.length;
    if (length > room) throw tooBig(limit);
    const part = withoutSlack(octets, length);
    if (isLast) return streams.length === 0 ? part : withoutSlack(Buffer.concat([...streams, part]));
    streams.push(part);
    room -= length;
    dictionary = lastOctets(dictionary, part, 2 ** window.bits);
    rest = rest.subarray(consumed);
    expected = consumed;
  }
  throw tooManyEnds();
}

/**
 * What zlib makes of the data up to the end of the first final block, and how many octets it read for that; `octets`
 * are undefined when there are more than `maxOutputLength`.
 * @throws ProtocolError 1007
 */
function inflateStream(
  data: Uint8Array,
  options: ZlibOptions,
): { readonly octets: Uint8Array | undefined; readonly consumed: number } {
  try {
    // The types of Node.js do not say what `info` makes of the result.
    const result: object = inflateRawSync(data, { ...options, info: true });
    const octets = 'buffer' in result ? result.buffer : undefined;
    const engine = 'engine' in result ? result.engine : undefined;
    const consumed = engine instanceof Object && 'bytesWritten' in engine ? engine.bytesWritten : undefined;
    if (octets instanceof Uint8Array && typeof consumed === 'number') {
      return { octets, consumed };
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      if (error.code === 'ERR_BUFFER_TOO_LARGE') return { octets: undefined, consumed: 0 };
      if (error.code === 'Z_DATA_ERROR' || error.code === 'Z_BUF_ERROR') throw notDeflate(error.message);
    }
    throw error;
  }
  throw new TypeError('zlib did not say how much it read.');
}

/** The first octets: as a view where that wastes little, else as a copy, which keeps no long chunk alive. */
function withoutSlack(octets: Uint8Array, length = octets.length): Uint8Array {
  const view = new Uint8Array(octets.buffer, octets.byteOffset, length);
  return length * 2 < octets.buffer.byteLength ? new Uint8Array(view) : view;
}

/**
 * The most octets that a compressed message of `limit` octets may take, so that more can be refused before they are
 * there. What zlib promises for any of its settings, and some: more than that would not be compression.
 */
export function maximumCompressedLength(limit: number): number {
  return limit + Math.ceil(limit / 8) + Math.ceil(limit / 64) + 64;
}
