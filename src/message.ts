/**
 * One message being put together from what arrives of it (RFC 6455 §5.4, §8.1): its octets, its limit and, for text,
 * its UTF-8. Called by decoder.ts, one per connection, for messages that do not lie whole in one chunk.
 */
import { Buffer, constants } from 'node:buffer';
import { CloseCode, ProtocolError } from './close.ts';
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
  /** The octets so far are `#bytes[0, #length)`. It doubles, so at most twice what was received is held. */
  #bytes: Buffer = nothing;
  #length = 0;
  #overhead = 0;
  readonly #utf8 = new Utf8Validator();

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

  /** Octets of memory held for the message that is under way. */
  get heldAmount(): number {
    return this.#bytes.length;
  }

  /**
   * Judges a data frame by its header, before any of its payload is looked at, and counts the header.
   * @param opcode of this frame
   * @throws ProtocolError 1009 when the message would exceed its limit, or its fragments' headers theirs (§10.4)
   */
  checkLength(opcode: number, headerLength: number, payloadLength: number): void {
    const limit = (this.#opcode ?? opcode) === Opcode.text ? this.#maxTextLength : this.#maxMessageLength;
    const length = this.#length + payloadLength;
    if (length > limit) {
      throw new ProtocolError(
        CloseCode.messageTooBig,
        'RFC 6455 §10.4',
        `A message of ${length} octets or more is over the limit of ${limit}.`,
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
  begin(opcode: number): void {
    this.#opcode = opcode;
  }

  /**
   * Takes the next octets of the payload, unmasked: `bytes[start, end)`, copied.
   * @param expected octets that the message may still bring, these included, as far as its last fragment tells;
   *   Infinity before that. A hint for growing, never trusted beyond twice what has arrived
   * @throws ProtocolError 1007 when they cannot be part of UTF-8 text
   */
  push(bytes: Buffer, start: number, end: number, expected: number): void {
    if (this.#opcode === Opcode.text && !this.#utf8.push(bytes, start, end)) throw notUtf8();
    const length = this.#length + (end - start);
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.min(length * 2, this.#length + expected, this.#maxMessageLength),
      );
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    bytes.copy(this.#bytes, this.#length, start, end);
    this.#length = length;
  }

  /**
   * Ends the message and hands it over: a string for text, octets that the taker owns for binary.
   * @throws ProtocolError 1007 when text ends inside a character
   */
  take(): string | Uint8Array {
    if (this.#opcode === Opcode.text && !this.#utf8.complete) throw notUtf8();
    const bytes = this.#bytes;
    const length = this.#length;
    const text = this.#opcode === Opcode.text;
    this.clear();
    return text ? bytes.toString('utf8', 0, length) : new Uint8Array(bytes.buffer, bytes.byteOffset, length);
  }

  /** Drops what there is, and its memory. */
  clear(): void {
    this.#opcode = undefined;
    this.#bytes = nothing;
    this.#length = 0;
    this.#overhead = 0;
    this.#utf8.reset();
  }
}

/** The error for text that is not UTF-8 (§8.1). */
export function notUtf8(): ProtocolError {
  return new ProtocolError(CloseCode.invalidPayload, 'RFC 6455 §8.1', 'A text message is not UTF-8.');
}
