/**
 * Frames (RFC 6455 §5.1-§5.3, §5.5): reading a header, judging a header, writing a frame. Reading never judges and
 * judging never reads. Called by decoder.ts for what arrives, by output.ts and connection.ts for what is sent, by bench/
 * and the lab; runs in the browser as well.
 */
import { CloseCode, ProtocolError } from './close.ts';
import { applyMask } from './mask.ts';

/** The opcodes that are defined (RFC 6455 §11.8); 0x3-0x7 and 0xB-0xF are reserved. */
export const Opcode = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** The most octets in the payload of a Close, Ping or Pong (§5.5). */
export const maximumControlLength = 125;

/** The most octets in a frame header: two, eight of extended length, four of masking key. */
export const maximumHeaderLength = 14;

/** A frame header as it stood on the wire (§5.2). */
export interface FrameHeader {
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly rsv2: boolean;
  readonly rsv3: boolean;
  /** 0x0 to 0xF. */
  readonly opcode: number;
  readonly masked: boolean;
  /** The four octets of the key read as one big-endian number, 0 to 2^32 - 1; 0 when not masked. */
  readonly maskingKey: number;
  /** Octets of payload, 0 to 2^64 - 1. From 2^53 on it is rounded down, which still is far above any limit. */
  readonly payloadLength: number;
  /** Octets of this header, 2 to 14; with `masked` it tells which length form was used. */
  readonly headerLength: number;
}

/** True for Close, Ping, Pong and the reserved control opcodes (§5.5): those with the high bit of four. */
export function isControl(opcode: number): boolean {
  return opcode >= 0x8;
}

/**
 * Reads the header that begins at `start`. Only reads: a header that breaks every rule is still returned.
 * @returns undefined when `bytes[start, end)` ends before the header does
 */
export function decodeFrameHeader(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): FrameHeader | undefined {
  if (end - start < 2) return undefined;
  const first = bytes[start] as number;
  const second = bytes[start + 1] as number;
  const masked = (second & 0x80) !== 0;
  let payloadLength = second & 0x7f;
  let index = start + 2;
  const headerLength = 2 + (payloadLength < 126 ? 0 : payloadLength === 126 ? 2 : 8) + (masked ? 4 : 0);
  if (end - start < headerLength) return undefined;
  if (payloadLength === 126) {
    payloadLength = ((bytes[index] as number) << 8) | (bytes[index + 1] as number);
    index += 2;
  } else if (payloadLength === 127) {
    payloadLength = readUint64(bytes, index);
    index += 8;
  }
  return {
    fin: (first & 0x80) !== 0,
    rsv1: (first & 0x40) !== 0,
    rsv2: (first & 0x20) !== 0,
    rsv3: (first & 0x10) !== 0,
    opcode: first & 0x0f,
    masked,
    maskingKey: masked ? readUint32(bytes, index) : 0,
    payloadLength,
    headerLength,
  };
}

/** Rounds down where a number cannot hold all 64 bits, so that 2^63 - 1 is not taken for 2^63, which is illegal. */
function readUint64(bytes: Uint8Array, index: number): number {
  const high = readUint32(bytes, index);
  const low = readUint32(bytes, index + 4);
  return high * 2 ** 32 + (high < 2 ** 21 ? low : low - (low % 2 ** 11));
}

/** Four octets as one big-endian number, 0 to 2^32 - 1. They must be there. */
export function readUint32(bytes: Uint8Array, index: number): number {
  return (
    (((bytes[index] as number) << 24) |
      ((bytes[index + 1] as number) << 16) |
      ((bytes[index + 2] as number) << 8) |
      (bytes[index + 3] as number)) >>>
    0
  );
}

/**
 * Judges the first two octets of a frame, which is all that most rules need, so that a frame which can only be
 * refused is refused before the rest of its header is there.
 * @param masked whether frames from this peer must be masked: true from clients, false from servers
 * @param deflate whether permessage-deflate was agreed on, which gives RSV1 a meaning (RFC 7692 §6). Default false
 * @throws ProtocolError 1002
 */
export function checkFrameStart(first: number, second: number, masked: boolean, deflate = false): void {
  const opcode = first & 0x0f;
  if ((first & 0x70) !== 0) checkReservedBits(first, opcode, deflate);
  if ((opcode > Opcode.binary && opcode < Opcode.close) || opcode > Opcode.pong) {
    refuse('§5.2', `A frame has the reserved opcode ${hex(opcode)}.`);
  }
  if (masked && (second & 0x80) === 0) refuse('§5.1', 'A frame from the client is not masked.');
  if (!masked && (second & 0x80) !== 0) refuse('§5.1', 'A frame from the server is masked.');
  if (opcode >= Opcode.close) {
    if ((first & 0x80) === 0) refuse('§5.5', 'A control frame is fragmented (FIN is 0).');
    if ((second & 0x7f) > maximumControlLength) {
      refuse('§5.5', `A control frame has more than ${maximumControlLength} octets of payload.`);
    }
  }
}

/** RSV1 may stand on the first frame of a data message once compression was agreed on; RSV2 and RSV3 never. */
function checkReservedBits(first: number, opcode: number, deflate: boolean): void {
  if (!deflate || (first & 0x30) !== 0) {
    refuse('§5.2', `A frame has a reserved bit set (first octet ${hex(first)}).`);
  }
  if (opcode === Opcode.text || opcode === Opcode.binary) return;
  const what = opcode === Opcode.continuation ? 'continuation' : 'control';
  throw new ProtocolError(
    CloseCode.protocolError,
    'RFC 7692 §6.1',
    `A ${what} frame has RSV1 set, which marks the first frame of a compressed message.`,
  );
}

/**
 * Judges what only the whole header tells: the length has to be in its shortest form, and below 2^63 (§5.2).
 * checkFrameStart has passed before.
 * @throws ProtocolError 1002
 */
export function checkFrameLength(header: FrameHeader): void {
  const lengthOctets = header.headerLength - (header.masked ? 6 : 2);
  if (lengthOctets === 2 && header.payloadLength < 126) {
    refuse('§5.2', `A length of ${header.payloadLength} is written with 16 bits; it fits in 7.`);
  }
  if (lengthOctets === 8 && header.payloadLength < 65536) {
    refuse('§5.2', `A length of ${header.payloadLength} is written with 64 bits; it fits in fewer.`);
  }
  if (header.payloadLength >= 2 ** 63) {
    refuse('§5.2', 'The most significant bit of a 64-bit length is set.');
  }
}

function refuse(section: string, explanation: string): never {
  throw new ProtocolError(CloseCode.protocolError, `RFC 6455 ${section}`, explanation);
}

function hex(octet: number): string {
  return `0x${octet.toString(16).toUpperCase()}`;
}

/** Octets that a header takes for a payload of that many octets, in the shortest form. */
export function frameHeaderLength(payloadLength: number, masked: boolean): number {
  return (payloadLength < 126 ? 2 : payloadLength < 65536 ? 4 : 10) + (masked ? 4 : 0);
}

/**
 * Writes a header in its shortest form at `start` of `target`, which must have room for frameHeaderLength octets.
 * @param first the first octet: FIN, RSV1-RSV3 and the opcode
 * @param payloadLength octets, 0 to 2^53 - 1
 * @param maskingKey as in FrameHeader; undefined writes an unmasked frame's header
 * @returns the index after the header
 */
export function encodeFrameHeader(
  target: Uint8Array,
  start: number,
  first: number,
  payloadLength: number,
  maskingKey: number | undefined,
): number {
  const maskBit = maskingKey === undefined ? 0 : 0x80;
  let index = start;
  target[index++] = first;
  if (payloadLength < 126) {
    target[index++] = maskBit | payloadLength;
  } else if (payloadLength < 65536) {
    target[index++] = maskBit | 126;
    target[index++] = payloadLength >>> 8;
    target[index++] = payloadLength & 0xff;
  } else {
    target[index++] = maskBit | 127;
    index = writeUint32(target, index, Math.floor(payloadLength / 2 ** 32));
    index = writeUint32(target, index, payloadLength >>> 0);
  }
  return maskingKey === undefined ? index : writeUint32(target, index, maskingKey);
}

function writeUint32(target: Uint8Array, index: number, value: number): number {
  target[index] = value >>> 24;
  target[index + 1] = (value >>> 16) & 0xff;
  target[index + 2] = (value >>> 8) & 0xff;
  target[index + 3] = value & 0xff;
  return index + 4;
}

/** A frame to encode. Nothing is judged, so that tests and the lab can build bad frames too. */
export interface Frame {
  /** Default true. */
  readonly fin?: boolean;
  /** Default false, all three. */
  readonly rsv1?: boolean;
  readonly rsv2?: boolean;
  readonly rsv3?: boolean;
  readonly opcode: number;
  /** Not masked yet; only read. Default empty. */
  readonly payload?: Uint8Array;
  /** As in FrameHeader; the frame is masked when it is there. */
  readonly maskingKey?: number;
}

/** Encodes one whole frame, the inverse of decodeFrameHeader and applyMask. The caller owns the result. */
export function encodeFrame(frame: Frame): Uint8Array {
  const { fin = true, rsv1 = false, rsv2 = false, rsv3 = false, opcode, payload, maskingKey } = frame;
  const payloadLength = payload?.length ?? 0;
  const bytes = new Uint8Array(frameHeaderLength(payloadLength, maskingKey !== undefined) + payloadLength);
  const first = (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | (rsv2 ? 0x20 : 0) | (rsv3 ? 0x10 : 0) | opcode;
  const start = encodeFrameHeader(bytes, 0, first, payloadLength, maskingKey);
  if (payload !== undefined) bytes.set(payload, start);
  if (maskingKey !== undefined) applyMask(bytes, start, bytes.length, maskingKey);
  return bytes;
}
