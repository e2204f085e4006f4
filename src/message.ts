/**
 * One message being put together from what arrives of it (RFC 6455 §5.4, §8.1): its octets, its limit and, for text
 * that is not compressed, its UTF-8. Called by decoder.ts, one per connection, for messages that do not lie whole in
 * one chunk.
 */
import { Buffer, constants } from 'node:buffer';
import { CloseCode, ProtocolError } from './close.ts';
import { maximumCompressedLength } from './deflate.ts';
import { Opcode } from './frame.ts';
import { Utf8Validator } from './utf8.ts';

const nothing = Buffer.alloc(0);

/** A fragment may always be empty, so headers have a budget of their own; this much is allowed to any message. */
const smallestOverhead = 64 * 1024;

export class MessageAssembler {
  readonly #maxMessageLength: number;
  /** The same for text, which has to become one string; an octet makes at most one unit of its length. */
  readonly #maxTextLength: number;
  readonly #maxOverhead: number;
  /** Opcode of the message that is under way: text or binary; undefined between messages. */
  #opcode: number | undefined;
  /** Whether that message is compressed: then its octets are what they will be, text or not, after inflating. */
  #compressed = false;
  /** The octets so far are `#bytes[0, #length)`. It doubles, so at most twice what was received is held. */
  #bytes: Buffer = nothing;
  #length = 0;
  #overhead = 0;
  readonly #utf8 = new Utf8Validator();
  /** Whether all octets so far are known to be ASCII. */
  #isAscii = true;

  /** @param maxMessageLength octets of payload in one message, all fragments together */
  constructor(maxMessageLength: number) {
    this.#maxMessageLength = maxMessageLength;
    this.#maxTextLength = Math.min(maxMessageLength, constants.MAX_STRING_LENGTH);
    this.#maxOverhead = Math.max(maxMessageLength, smallestOverhead);
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

  /** Octets of memory held for the message that is under way. */
  get heldAmount(): number {
    return this.#bytes.length;
  }

  /**
   * Judges a data frame by its header, before any of its payload is looked at, and counts the header.
   * @param opcode of this frame
   * @param compressed whether this frame begins a compressed message, whose limit is what a legal one may take
   * @throws ProtocolError 1009 when the message would exceed its limit, or its fragments' headers theirs (§10.4)
   */
  checkLength(opcode: number, headerLength: number, payloadLength: number, compressed = false): void {
    const whole = (this.#opcode ?? opcode) === Opcode.text ? this.#maxTextLength : this.#maxMessageLength;
    const isCompressed = compressed || this.#compressed;
    const limit = isCompressed ? maximumCompressedLength(whole) : whole;
    const length = this.#length + payloadLength;
    if (length > limit) {
      throw new ProtocolError(
        CloseCode.messageTooBig,
        'RFC 6455 §10.4',
        `A ${isCompressed ? 'compressed ' : ''}message of ${length} octets or more is over the limit of ${limit}.`,
      );
    }
    this.#overhead += headerLength;
    if (this.#overhead > this.#maxOverhead) {
      throw new ProtocolError(
        CloseCode.messageTooBig,
        'RFC 6455 §10.4',
        `The fragments of a message have more than ${this.#maxOverhead} octets of headers.`,
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
   *   Infinity before that. A hint for growing, never trusted beyond twice what has arrived
   * @param isAscii whether these octets are known to be ASCII, which spares looking at them again. Default false
   * @throws ProtocolError 1007 when they cannot be part of UTF-8 text
   */
  push(bytes: Buffer, start: number, end: number, expected: number, isAscii = false): void {
    const isKnown = isAscii && this.#utf8.complete;
    if (!isKnown && this.#isPlainText && !this.#utf8.push(bytes, start, end)) throw notUtf8();
    if (!isAscii) this.#isAscii = false;
    const length = this.#length + (end - start);
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(length * 2, this.#length + expected, this.#longest));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    bytes.copy(this.#bytes, this.#length, start, end);
    this.#length = length;
  }

  /**
   * Ends the message and hands it over: a string for text, octets that the taker owns for binary and for what is
   * still compressed.
   * @throws ProtocolError 1007 when text ends inside a character
   */
  take(): string | Uint8Array {
    const text = this.#isPlainText;
    if (text && !this.#utf8.complete) throw notUtf8();
    const bytes = this.#bytes;
    const length = this.#length;
    // ASCII reads the same as Latin-1, which is copied and not decoded.
    const encoding = this.#isAscii ? 'latin1' : 'utf8';
    this.clear();
    return text
      ? bytes.toString(encoding, 0, length)
      : new Uint8Array(bytes.buffer, bytes.byteOffset, length);
  }

  /** Drops what there is, and its memory. */
  clear(): void {
    this.#opcode = undefined;
    this.#compressed = false;
    this.#bytes = nothing;
    this.#length = 0;
    this.#overhead = 0;
    this.#utf8.reset();
    this.#isAscii = true;
  }

  /** The most octets that there can be of the message that is under way. */
  get #longest(): number {
    return this.#compressed ? maximumCompressedLength(this.#maxMessageLength) : this.#maxMessageLength;
  }

  get #isPlainText(): boolean {
    return this.#opcode === Opcode.text && !this.#compressed;
  }
}

/** The error for text that is not UTF-8 (§8.1). */
export function notUtf8(): ProtocolError {
  return new ProtocolError(CloseCode.invalidPayload, 'RFC 6455 §8.1', 'A text message is not UTF-8.');
}
