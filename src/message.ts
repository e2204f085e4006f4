/**
 * One message being put together from what arrives of it (RFC 6455 §5.4, §8.1): its limit, its octets and, for text
 * that is not compressed, its UTF-8. No step takes long, however long the message is: octets move to a larger block a
 * little with each push, and text becomes a string piece by piece. Called by decoder.ts, one per connection, for
 * messages that do not lie whole in one chunk.
 */
import { Buffer, constants, isAscii } from 'node:buffer';
import { CloseCode, ProtocolError } from './close.ts';
import { maximumCompressedLength } from './deflate.ts';
import { Opcode } from './frame.ts';
import { decodeValidUtf8, Utf8Validator } from './utf8.ts';

const nothing = Buffer.alloc(0);

/** A fragment may always be empty, so headers have a budget of their own; this much is allowed to any message. */
const smallestOverhead = 64 * 1024;

/**
 * How much larger than what has come a block may be when it is known how much is to come. From `largeLength` on, memory
 * that nobody has written to is address space and no more, so a message of 1 MiB needs one block from its first read on:
 * what a larger block costs is its fresh pages, once each, and that is more than all else that is done here.
 */
const usualFactor = 2;
const middleFactor = 4;
const middleLength = 16 * 1024;
const largeFactor = 16;
const largeLength = 64 * 1024;

/** A block up to this length is copied in one go when it has become too small; that takes some ten microseconds. */
const wholeCopyLength = 256 * 1024;

/**
 * Text becomes a string by so many octets: as one step that takes less than a millisecond, and as strings these are too
 * large for V8's young generation, whose collector would copy them twice. ASCII is decoded so much faster that it may
 * be more, and a longer piece spares whoever reads the string the joining.
 */
const pieceLength = 256 * 1024;
const asciiPieceLength = 1024 * 1024;

export class MessageAssembler {
  readonly #maxMessageLength: number;
  /** Opcode of the message that is under way: text or binary; undefined between messages. */
  #opcode: number | undefined;
  /** Whether that message is compressed: then its octets are what they will be, text or not, after inflating. */
  #compressed = false;
  /** Octets of payload so far, and of the headers of its frames. */
  #length = 0;
  #overhead = 0;
  /** What there is of it; undefined before the first octet, so that a connection without such messages has none. */
  #body: GrowingOctets | GrowingText | undefined;

  /** @param maxMessageLength octets of payload in one message, all fragments together */
  constructor(maxMessageLength: number) {
    this.#maxMessageLength = maxMessageLength;
  }

  /** Whether a message has begun and not ended. */
  get underWay(): boolean {
    return this.#opcode !== undefined;
  }

  /** Opcode of the message that is under way; undefined between messages. */
  get opcode(): number | undefined {
    return this.#opcode;
  }

  /** Whether the message that is under way is compressed (RFC 7692 §6). */
  get compressed(): boolean {
    return this.#compressed;
  }

  /**
   * Octets of memory held for the message that is under way, at most four times its octets so far. A block over 256 KiB
   * counts as far as it has been written to, in powers of two; a shorter one counts whole.
   */
  get heldAmount(): number {
    return this.#body === undefined ? 0 : this.#body.heldAmount;
  }

  /**
   * Judges a data frame by its header, before any of its payload is looked at, and counts the header.
   * @param opcode of this frame
   * @param compressed whether this frame begins a compressed message, whose limit is what a legal one may take
   * @throws ProtocolError 1009 when the message would exceed its limit, or its fragments' headers theirs (§10.4)
   */
  checkLength(opcode: number, headerLength: number, payloadLength: number, compressed = false): void {
    const limit = this.#limit(this.#opcode ?? opcode, compressed || this.#compressed);
    const length = this.#length + payloadLength;
    if (length > limit) {
      throw new ProtocolError(
        CloseCode.messageTooBig,
        'RFC 6455 §10.4',
        `A ${compressed || this.#compressed ? 'compressed ' : ''}message of ${length} octets or more is over the limit of ${limit}.`,
      );
    }
    this.#overhead += headerLength;
    if (this.#overhead > smallestOverhead && this.#overhead > this.#maxMessageLength) {
      throw new ProtocolError(
        CloseCode.messageTooBig,
        'RFC 6455 §10.4',
        `The fragments of a message have more than ${Math.max(smallestOverhead, this.#maxMessageLength)} octets of headers.`,
      );
    }
  }

  /** Begins a message of that opcode. checkLength of its first frame has passed. */
  begin(opcode: number, compressed = false): void {
    this.#opcode = opcode;
    this.#compressed = compressed;
  }

  /**
   * Takes the next octets of the payload, unmasked: `bytes[start, end)`, copied.
   * @param expected octets that the message may still bring, these included, as far as its last fragment tells;
   *   Infinity before that. A hint for growing, never trusted beyond a multiple of what has arrived
   * @param ascii whether all of them are ASCII, where that has been looked at
   * @throws ProtocolError 1007 when they cannot be part of UTF-8 text
   */
  push(bytes: Buffer, start: number, end: number, expected: number, ascii?: boolean): void {
    const isText = this.#opcode === Opcode.text && !this.#compressed;
    this.#body ??= isText ? new GrowingText() : new GrowingOctets();
    const most = Math.min(this.#length + expected, this.#limit(this.#opcode, this.#compressed));
    this.#body.push(bytes, start, end, most, expected !== Number.POSITIVE_INFINITY, ascii);
    this.#length += end - start;
  }

  /**
   * Ends the message and hands it over: a string for text, octets that the taker owns for binary and for what is
   * still compressed.
   * @throws ProtocolError 1007 when text ends inside a character
   */
  take(): string | Uint8Array {
    const message =
      this.#body?.take() ?? (this.#opcode === Opcode.text && !this.#compressed ? '' : new Uint8Array());
    this.clear();
    return message;
  }

  /** Drops what there is, and its memory. */
  clear(): void {
    this.#overhead = 0;
    if (this.#opcode === undefined) return;
    this.#opcode = undefined;
    this.#compressed = false;
    this.#length = 0;
    this.#body = undefined;
  }

  /** The most octets of payload; text has to become one string, and an octet makes at most one unit of its length. */
  #limit(opcode: number | undefined, compressed: boolean): number {
    const whole =
      opcode === Opcode.text
        ? Math.min(this.#maxMessageLength, constants.MAX_STRING_LENGTH)
        : this.#maxMessageLength;
    return compressed ? maximumCompressedLength(whole) : whole;
  }
}

/** Octets in one piece of memory that grows. */
class GrowingOctets {
  /** The octets are `#block[0, #length)`. */
  #block: Buffer = nothing;
  #length = 0;
  /** The block after this one, once this one is half full and too short: it has `#block[0, #moved)` already. */
  #next: Buffer | undefined;
  #moved = 0;

  get length(): number {
    return this.#length;
  }

  get heldAmount(): number {
    const capacity = this.#block.length;
    if (this.#next !== undefined) return 2 * capacity;
    return capacity <= wholeCopyLength ? capacity : Math.min(capacity, powerOfTwo(this.#length));
  }

  /**
   * @param most octets that there can be in the end
   * @param known whether there will be that many
   */
  push(bytes: Buffer, start: number, end: number, most: number, known: boolean): void {
    const length = this.#length + (end - start);
    if (length > this.#block.length) this.#grow(length, most, known);
    bytes.copy(this.#block, this.#length, start, end);
    this.#length = length;
    if (length * 2 > this.#block.length) this.#moveAhead(most, known);
  }

  /** All octets; they are the taker's. */
  take(): Uint8Array {
    return new Uint8Array(this.#block.buffer, this.#block.byteOffset, this.#length);
  }

  /** The block itself, to read from. */
  get block(): Buffer {
    return this.#block;
  }

  /** Keeps only the octets from `start` on, at the beginning of the same block. */
  keepFrom(start: number): void {
    this.#block.copyWithin(0, start, this.#length);
    this.#length -= start;
  }

  #grow(length: number, most: number, known: boolean): void {
    let next = this.#next;
    if (next === undefined || next.length < length) {
      next = blockFor(length, most, known);
      this.#moved = 0;
    }
    this.#block.copy(next, this.#moved, this.#moved, this.#length);
    this.#block = next;
    this.#next = undefined;
    this.#moved = 0;
  }

  /**
   * Moves twice as many octets as came, so that the next block has all of them when this one is full. Until then this
   * one stays whole, for the message may end at any time.
   */
  #moveAhead(most: number, known: boolean): void {
    const capacity = this.#block.length;
    if (capacity <= wholeCopyLength || most <= capacity) return;
    this.#next ??= blockFor(capacity, most, known);
    const end = 2 * this.#length - capacity;
    this.#block.copy(this.#next, this.#moved, this.#moved, end);
    this.#moved = end;
  }
}

/** The least power of two from `length` on, 1 to 2^30. */
function powerOfTwo(length: number): number {
  return 2 ** (32 - Math.clz32(length - 1));
}

/** A block for `length` octets and for some of those that follow. */
function blockFor(length: number, most: number, known: boolean): Buffer {
  const factor =
    !known || length < middleLength ? usualFactor : length < largeLength ? middleFactor : largeFactor;
  if (factor === largeFactor) keepFreedMemory();
  return Buffer.allocUnsafeSlow(Math.min(length * factor, most));
}

/** Text that becomes a string while it arrives. */
class GrowingText {
  readonly #validator = new Utf8Validator();
  /** Octets that are not in the string yet, and whether they are ASCII but for a character that a piece cut. */
  readonly #octets = new GrowingOctets();
  #ascii = true;
  #text = '';
  #textAmount = 0;

  get heldAmount(): number {
    return this.#octets.heldAmount + this.#textAmount;
  }

  /** As GrowingOctets has it. @throws ProtocolError 1007 for octets that cannot be part of UTF-8 text */
  push(
    bytes: Buffer,
    start: number,
    end: number,
    most: number,
    known: boolean,
    ascii = isAscii(bytes.subarray(start, end)),
  ): void {
    const validator = this.#validator;
    // ASCII is UTF-8, where it does not cut a character short.
    if (!(ascii && validator.complete) && !validator.push(bytes, start, end)) throw notUtf8();
    for (let index = start; index < end; ) {
      if (this.#ascii && !ascii) {
        if (this.#octets.length > pieceLength) this.#decode(this.#octets.length);
        this.#ascii = false;
      }
      const longest = this.#ascii ? asciiPieceLength : pieceLength;
      const stop = Math.min(end, index + longest - this.#octets.length);
      this.#octets.push(bytes, index, stop, Math.min(most, longest), known);
      index = stop;
      if (this.#octets.length === longest) this.#decode(endOfWhole(this.#octets.block, longest));
    }
  }

  /** @throws ProtocolError 1007 when it ends inside a character */
  take(): string {
    if (!this.#validator.complete) throw notUtf8();
    this.#decode(this.#octets.length);
    return this.#text;
  }

  /** Makes a string of the first octets, which are whole characters; what is left keeps its block. */
  #decode(end: number): void {
    // ASCII reads the same as Latin-1, which needs no decoding. Anything else may take two octets for each unit.
    const { block } = this.#octets;
    const piece = this.#ascii ? block.toString('latin1', 0, end) : decodeValidUtf8(block, 0, end);
    this.#text = this.#text === '' ? piece : this.#text + piece;
    this.#textAmount += this.#ascii ? end : piece.length * 2;
    this.#octets.keepFrom(end);
    this.#ascii = true;
  }
}

/** Where the last whole character of valid UTF-8 ends in `block[0, end)`. */
function endOfWhole(block: Buffer, end: number): number {
  let start = end - 1;
  while (((block[start] as number) & 0xc0) === 0x80) start--;
  const lead = block[start] as number;
  const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return start + length <= end ? start + length : start;
}

/** The error for text that is not UTF-8 (§8.1). */
export function notUtf8(): ProtocolError {
  return new ProtocolError(CloseCode.invalidPayload, 'RFC 6455 §8.1', 'A text message is not UTF-8.');
}

let keepsFreedMemory = false;

/**
 * Has glibc keep large blocks that are freed for the next message, up to 64 MiB in all, instead of giving them back to the
 * system, which then hands out fresh pages for each: a third of the time of a message of 1 MiB. It begins to do so when
 * it frees a block of nearly 32 MiB, which this one is; nothing is ever written to it, so it is address space alone.
 * Other allocators take no notice.
 */
function keepFreedMemory(): void {
  if (keepsFreedMemory) return;
  keepsFreedMemory = true;
  Buffer.allocUnsafeSlow(32 * 1024 * 1024 - 64 * 1024);
}
