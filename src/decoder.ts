/**
 * The receiving half of a connection: octets in, whole messages and control frames out (RFC 6455 §5.4, §5.5, §6.2, §8.1,
 * RFC 7692 §6.2). It knows frames and their order, not what they do to the connection. Called by connection.ts alone.
 */
import { Buffer, constants } from 'node:buffer';
import { CloseCode, ProtocolError } from './close.ts';
import { type DeflateWindow, inflate } from './deflate.ts';
import {
  checkFrameLength,
  checkFrameStart,
  decodeFrameHeader,
  type FrameHeader,
  isControl,
  maximumHeaderLength,
  Opcode,
  readUint32,
} from './frame.ts';
import { applyMask } from './mask.ts';
import { MessageAssembler, notUtf8 } from './message.ts';
import { RecentFrames } from './recent-frames.ts';
import { decodeUtf8 } from './utf8.ts';

/** Where decoded frames go. */
export interface DecoderEvents {
  /** A whole message: a string for text; for binary octets that are now the receiver's. */
  message(data: string | Uint8Array): void;
  /** A Close, Ping or Pong. The payload is a view that is valid during the call. */
  control(opcode: number, payload: Uint8Array): void;
}

export interface DecoderOptions {
  /** Whether the peer must mask its frames: true from clients, false from servers. */
  readonly masked: boolean;
  /** Octets of payload in one message, decompressed. */
  readonly maxMessageLength: number;
  /** What the peer's compressed messages refer back to when none has come yet; undefined: no compression was agreed on. */
  readonly window?: DeflateWindow | undefined;
}

/** First octets of a frame that is a message by itself: FIN and the opcode, nothing else. */
const wholeText = 0x80 | Opcode.text;
const wholeBinary = 0x80 | Opcode.binary;

export class Decoder {
  readonly #masked: boolean;
  readonly #maxMessageLength: number;
  /** What is put together; made when a message does not lie whole in a chunk, and dropped with it. */
  #assembler: MessageAssembler | undefined;
  #frames: RecentFrames | undefined;
  #window: DeflateWindow | undefined;
  #stopped = false;

  // Two modes: it wants a header (#header is undefined), of which the first octets may wait in #carry, or it wants
  // #remaining octets of that header's payload.
  #header: FrameHeader | undefined;
  #remaining = 0;
  #carry: Buffer | undefined;
  #carryLength = 0;
  /** Payload so far of a control frame that is cut over chunks. */
  #control: Buffer | undefined;

  constructor({ masked, maxMessageLength, window }: DecoderOptions) {
    this.#masked = masked;
    this.#maxMessageLength = maxMessageLength;
    this.#window = window;
  }

  /** Whether a frame, or a fragmented message, has begun and not ended. */
  get midMessage(): boolean {
    return this.#header !== undefined || this.#carryLength > 0 || this.#underWay;
  }

  /** The frames that passed last, both ways: the decoder notes those that arrive, its connection those that it sends. */
  get frames(): RecentFrames {
    this.#frames ??= new RecentFrames();
    return this.#frames;
  }

  get #underWay(): boolean {
    return this.#assembler?.underWay === true;
  }

  get #assembly(): MessageAssembler {
    this.#assembler ??= new MessageAssembler(this.#maxMessageLength);
    return this.#assembler;
  }

  /** Octets of memory held: for a message that is not complete, and for what compressed ones may refer back to. */
  get heldAmount(): number {
    return (this.#assembler?.heldAmount ?? 0) + (this.#window?.octets.length ?? 0);
  }

  /** Nothing that follows means anything: drops what is held, and ends the loop in decode. */
  stop(): void {
    this.#stopped = true;
    this.#header = undefined;
    this.#control = undefined;
    this.#carryLength = 0;
    this.#assembler = undefined;
    this.#window = undefined;
  }

  /**
   * Takes the next octets. Payloads are unmasked in place, so the chunk must be writable.
   * @param lent whether the chunk is the caller's again after this call, as a read buffer that serves all connections
   *   is: then binary messages are copies. Default false: the chunk is the decoder's, and they may be views of it
   * @throws ProtocolError 1002 from the second octet of a frame on, 1009 with its header or while inflating, 1007 at the
   *   first octet that cannot be UTF-8, and for compressed data that is none
   */
  decode(chunk: Buffer, sink: DecoderEvents, lent = false): void {
    let index = 0;
    while (!this.#stopped) {
      let header = this.#header;
      if (header === undefined) {
        index = this.#decodeMessages(chunk, index, sink, lent);
        if (index === chunk.length || this.#stopped) return;
        const before = this.#carryLength;
        header = before === 0 ? this.#readHeader(chunk, index) : this.#readCarriedHeader(chunk);
        if (header === undefined) return;
        index += header.headerLength - before;
        const end = index + header.payloadLength;
        if (end <= chunk.length) {
          const isAscii = header.masked ? applyMask(chunk, index, end, header.maskingKey) : undefined;
          this.#receiveWhole(header, chunk, index, end, sink, lent, isAscii);
          index = end;
          continue;
        }
        this.#beginPayload(header);
      }
      if (index === chunk.length) return;
      const end = Math.min(chunk.length, index + this.#remaining);
      this.#receivePart(header, chunk, index, end, sink);
      index = end;
    }
  }

  /**
   * Hands out what nearly all frames are, from `index` on: whole messages, not compressed, which lie whole in the chunk.
   * No rule of #check would refuse what is taken here, so nothing is judged, and no object is made for the header.
   * @returns the index of the first frame that is anything else
   */
  #decodeMessages(chunk: Buffer, index: number, sink: DecoderEvents, lent: boolean): number {
    if (this.#carryLength > 0 || this.#underWay) return index;
    const masked = this.#masked;
    const maskBit = masked ? 0x80 : 0;
    const maskLength = masked ? 4 : 0;
    let next = index;
    // Six octets are the shortest masked frame, and enough to read either length below.
    while (next + 6 <= chunk.length && !this.#stopped) {
      const first = chunk[next] as number;
      if (first !== wholeText && first !== wholeBinary) return next;
      let start = next + 2 + maskLength;
      let length = (chunk[next + 1] as number) ^ maskBit;
      if (length === 126) {
        length = ((chunk[next + 2] as number) << 8) | (chunk[next + 3] as number);
        if (length < 126) return next;
        start += 2;
      } else if (length > 126) {
        // 64 bits of length, or a mask where there must be none, or none where there must be one.
        return next;
      }
      const end = start + length;
      if (end > chunk.length || length > this.#maxMessageLength) return next;
      this.frames.addReceived(first, masked, length);
      const isAscii = masked ? applyMask(chunk, start, end, readUint32(chunk, start - 4)) : undefined;
      next = end;
      sink.message(first === wholeText ? text(chunk, start, end, isAscii) : octets(chunk, start, end, lent));
    }
    return next;
  }

  /** A judged header that begins at `index`; when the chunk ends before it does, its octets are carried over. */
  #readHeader(chunk: Buffer, index: number): FrameHeader | undefined {
    const header = decodeFrameHeader(chunk, index);
    if (header !== undefined) return this.#check(header, chunk[index] as number, chunk[index + 1] as number);
    this.#carry ??= Buffer.alloc(maximumHeaderLength);
    this.#carryLength = chunk.copy(this.#carry, 0, index);
    this.#checkCarried(this.#carry);
    return undefined;
  }

  /** The same for a header that began in an earlier chunk. */
  #readCarriedHeader(chunk: Buffer): FrameHeader | undefined {
    const carry = this.#carry as Buffer;
    const length = this.#carryLength + chunk.copy(carry, this.#carryLength);
    const header = decodeFrameHeader(carry, 0, length);
    if (header === undefined) {
      this.#carryLength = length;
      this.#checkCarried(carry);
      return undefined;
    }
    this.#carryLength = 0;
    return this.#check(header, carry[0] as number, carry[1] as number);
  }

  /** Two octets are enough for most refusals, so a peer that stops there is not waited for. */
  #checkCarried(carry: Buffer): void {
    if (this.#carryLength < 2) return;
    const first = carry[0] as number;
    const second = carry[1] as number;
    try {
      this.#checkStart(first, second);
    } catch (error) {
      // The rest of this header will not be read: 126 and 127 stand for a length that did not come.
      const length = second & 0x7f;
      this.frames.addReceived(first, second >= 0x80, length < 126 ? length : 0);
      throw error;
    }
  }

  #check(header: FrameHeader, first: number, second: number): FrameHeader {
    const { opcode, headerLength, payloadLength } = header;
    this.frames.addReceived(first, header.masked, payloadLength);
    this.#checkStart(first, second);
    checkFrameLength(header);
    if (!isControl(opcode)) this.#assembly.checkLength(opcode, headerLength, payloadLength, header.rsv1);
    return header;
  }

  /** Everything that the first two octets tell, in this message's context (§5.1, §5.2, §5.4, §5.5). */
  #checkStart(first: number, second: number): void {
    checkFrameStart(first, second, this.#masked, this.#window !== undefined);
    const opcode = first & 0x0f;
    if (isControl(opcode)) return;
    if ((opcode === Opcode.continuation) === this.#underWay) return;
    throw new ProtocolError(
      CloseCode.protocolError,
      'RFC 6455 §5.4',
      opcode === Opcode.continuation
        ? 'A continuation frame came without a message to continue.'
        : 'A new message began before the last fragment of the one before it.',
    );
  }

  #beginPayload(header: FrameHeader): void {
    this.#header = header;
    this.#remaining = header.payloadLength;
    if (isControl(header.opcode)) this.#control = Buffer.allocUnsafe(header.payloadLength);
    else if (header.opcode !== Opcode.continuation) this.#assembly.begin(header.opcode, header.rsv1);
  }

  /** A frame whose payload lies whole, and unmasked, in `chunk[start, end)`. */
  #receiveWhole(
    header: FrameHeader,
    chunk: Buffer,
    start: number,
    end: number,
    sink: DecoderEvents,
    lent: boolean,
    isAscii: boolean | undefined,
  ): void {
    if (isControl(header.opcode)) {
      sink.control(header.opcode, chunk.subarray(start, end));
      return;
    }
    if (header.fin && header.opcode !== Opcode.continuation) {
      // Nothing is held, but the header was counted.
      this.#assembler = undefined;
      if (header.rsv1) sink.message(this.#decompress(header.opcode, chunk.subarray(start, end)));
      else
        sink.message(
          header.opcode === Opcode.text ? text(chunk, start, end, isAscii) : octets(chunk, start, end, lent),
        );
      return;
    }
    if (header.opcode !== Opcode.continuation) this.#assembly.begin(header.opcode, header.rsv1);
    this.#assembly.push(chunk, start, end, header.fin ? end - start : Number.POSITIVE_INFINITY, isAscii);
    if (header.fin) sink.message(this.#takeMessage());
  }

  /** The next octets of a payload that is cut over chunks: `chunk[start, end)`, still masked. */
  #receivePart(header: FrameHeader, chunk: Buffer, start: number, end: number, sink: DecoderEvents): void {
    const position = header.payloadLength - this.#remaining;
    const isAscii = header.masked ? applyMask(chunk, start, end, header.maskingKey, position) : undefined;
    if (this.#control !== undefined) chunk.copy(this.#control, position, start, end);
    else
      this.#assembly.push(
        chunk,
        start,
        end,
        header.fin ? this.#remaining : Number.POSITIVE_INFINITY,
        isAscii,
      );
    this.#remaining -= end - start;
    if (this.#remaining > 0) return;
    this.#header = undefined;
    if (this.#control !== undefined) {
      const payload = this.#control;
      this.#control = undefined;
      sink.control(header.opcode, payload);
    } else if (header.fin) {
      sink.message(this.#takeMessage());
    }
  }

  #takeMessage(): string | Uint8Array {
    const { opcode, compressed } = this.#assembly;
    const message = this.#assembly.take();
    this.#assembler = undefined;
    return compressed && typeof message !== 'string' ? this.#decompress(opcode, message) : message;
  }

  /** Inflates a whole message and lets the window slide over it (RFC 7692 §6.2, §7.2.2). */
  #decompress(opcode: number | undefined, payload: Uint8Array): string | Uint8Array {
    // A frame with RSV1 passes checkStart only when there is a window.
    const window = this.#window as DeflateWindow;
    const isText = opcode === Opcode.text;
    const limit = isText
      ? Math.min(this.#maxMessageLength, constants.MAX_STRING_LENGTH)
      : this.#maxMessageLength;
    const message = inflate(payload, window, limit);
    this.#window = window.after(message);
    // zlib's result may be a Buffer, which has other methods by the same names.
    if (!isText) return new Uint8Array(message.buffer, message.byteOffset, message.length);
    return text(Buffer.from(message.buffer, message.byteOffset, message.length), 0, message.length);
  }
}

function text(chunk: Buffer, start: number, end: number, isAscii?: boolean): string {
  const decoded = decodeUtf8(chunk, start, end, isAscii);
  if (decoded === undefined) throw notUtf8();
  return decoded;
}

/**
 * The octets as a view where the chunk is ours and that wastes little, else as a copy with memory of its own: a short
 * message must not keep a long chunk, or a pool, alive, nor show its taker what others sent.
 */
function octets(chunk: Buffer, start: number, end: number, lent: boolean): Uint8Array {
  const length = end - start;
  if (!lent && length * 2 >= chunk.buffer.byteLength)
    return new Uint8Array(chunk.buffer, chunk.byteOffset + start, length);
  return new Uint8Array(chunk.subarray(start, end));
}
