/**
 * A second reading of a stream of frames (RFC 6455 §5, §7, §8.1, RFC 7692 §6, §7.2.2), from whole octets, slow, and as
 * simple as it can be: what Connection is held against. Nothing here comes from src/ but how long a compressed message
 * may be, which is a number that somebody chose.
 */
import { Buffer } from 'node:buffer';
import { maximumCompressedLength } from '../../src/deflate.ts';
import { NotDeflate, plainInflate } from './plain-inflate.ts';

export type StreamEvent =
  | readonly ['message', string | Uint8Array]
  | readonly ['ping' | 'pong', Uint8Array]
  | readonly ['close', { readonly code: number; readonly reason: string }];

export interface StreamOptions {
  readonly fromClient: boolean;
  readonly maxMessageLength: number;
  /** How far back compressed messages may point, and whether into earlier ones; undefined without compression. */
  readonly deflate: { readonly bits: number; readonly takeover: boolean } | undefined;
}

/** How the stream ends: nothing wrong so far, a close code to fail with, or data that may be refused or taken. */
export type StreamEnd = 'open' | 'closed' | 'unclear' | 1002 | 1007 | 1009;

const fatal = { fatal: true, ignoreBOM: true };

/** Whether more octets can make this UTF-8, or, when it is all, whether it is. */
function isText(octets: Uint8Array, isAll: boolean): boolean {
  try {
    new TextDecoder('utf-8', fatal).decode(octets, { stream: !isAll });
    return true;
  } catch {
    return false;
  }
}

const textOf = (octets: Uint8Array): string => new TextDecoder('utf-8', fatal).decode(octets);

/** Hands out the events of the stream, one by one, and returns how it ends. */
export function* readStream(octets: Uint8Array, options: StreamOptions): Generator<StreamEvent, StreamEnd> {
  const { fromClient, maxMessageLength, deflate } = options;
  const view = Buffer.from(octets);
  let message: { opcode: number; compressed: boolean; payload: Buffer; headers: number } | undefined;
  let window: Uint8Array = new Uint8Array(0);

  for (let index = 0; index + 2 <= view.length; ) {
    const first = view.readUInt8(index);
    const second = view.readUInt8(index + 1);
    const opcode = first & 0x0f;
    const isData = opcode <= 2;
    const isControl = opcode >= 8 && opcode <= 10;
    const short = second & 0x7f;
    if (!isData && !isControl) return 1002;
    if ((first & 0x30) !== 0) return 1002;
    if ((first & 0x40) !== 0 && (deflate === undefined || !isData || opcode === 0)) return 1002;
    if (second >= 0x80 !== fromClient) return 1002;
    if (isControl && (first < 0x80 || short > 125)) return 1002;
    if (isData && (opcode === 0) !== (message !== undefined)) return 1002;

    const lengthOctets = short === 127 ? 8 : short === 126 ? 2 : 0;
    const start = index + 2 + lengthOctets + (fromClient ? 4 : 0);
    if (start > view.length) return 'open';
    const length =
      lengthOctets === 8
        ? view.readBigUInt64BE(index + 2)
        : BigInt(lengthOctets === 2 ? view.readUInt16BE(index + 2) : short);
    if (lengthOctets === 2 && length < 126n) return 1002;
    if (lengthOctets === 8 && (length < 65_536n || length >= 2n ** 63n)) return 1002;

    if (isData) {
      message ??= { opcode, compressed: (first & 0x40) !== 0, payload: Buffer.alloc(0), headers: 0 };
      const most = message.compressed ? maximumCompressedLength(maxMessageLength) : maxMessageLength;
      if (BigInt(message.payload.length) + length > BigInt(most)) return 1009;
      message.headers += start - index;
      if (message.headers > Math.max(maxMessageLength, 65_536)) return 1009;
    }

    const end = start + Number(length);
    const key = fromClient ? view.subarray(start - 4, start) : Buffer.alloc(4);
    const payload = Uint8Array.from(
      view.subarray(start, end),
      (octet, position) => octet ^ (key[position % 4] ?? 0),
    );
    const isWhole = end <= view.length;
    if (message !== undefined && isData) {
      message.payload = Buffer.concat([message.payload, payload]);
      const isAll = isWhole && first >= 0x80;
      if (message.opcode === 1 && !message.compressed && !isText(message.payload, isAll)) return 1007;
    }
    if (!isWhole) return 'open';
    index = end;

    if (isControl) {
      if (opcode !== 8) {
        yield [opcode === 9 ? 'ping' : 'pong', payload];
        continue;
      }
      const close = readClose(payload);
      if (typeof close === 'number') return close;
      yield ['close', close];
      return 'closed';
    }
    if (message === undefined || first < 0x80) continue;
    const { opcode: kind, compressed, payload: whole } = message;
    message = undefined;
    let data: Uint8Array = whole;
    if (compressed && deflate !== undefined) {
      const inflated = readCompressed(whole, window, deflate.bits, maxMessageLength);
      if (!(inflated instanceof Uint8Array)) return inflated;
      data = inflated;
      if (deflate.takeover) window = Buffer.concat([window, data]).subarray(-(2 ** deflate.bits));
      if (kind === 1 && !isText(data, true)) return 1007;
    }
    yield ['message', kind === 1 ? textOf(data) : Uint8Array.from(data)];
  }
  return 'open';
}

function readCompressed(
  payload: Uint8Array,
  window: Uint8Array,
  bits: number,
  limit: number,
): Uint8Array | StreamEnd {
  if (payload.length === 0) return 1007;
  try {
    const data = Buffer.concat([payload, Uint8Array.of(0x00, 0x00, 0xff, 0xff)]);
    const { octets, farthest, finalBlocks } = plainInflate(data, window, limit);
    const isClear = farthest <= 2 ** bits && finalBlocks <= 8;
    return isClear ? octets : 'unclear';
  } catch (error) {
    // Data that are both too long and no DEFLATE further on may be told to be either.
    if (error instanceof RangeError) return 'unclear';
    if (error instanceof NotDeflate) return error.finalBlocks > 8 ? 'unclear' : 1007;
    throw error;
  }
}

function readClose(payload: Uint8Array): { code: number; reason: string } | 1002 | 1007 {
  if (payload.length === 0) return { code: 1005, reason: '' };
  if (payload.length === 1) return 1002;
  const code = Buffer.from(payload).readUInt16BE(0);
  const isRegistered = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  if (!isRegistered && !(code >= 3000 && code <= 4999)) return 1002;
  const reason = payload.subarray(2);
  return isText(reason, true) ? { code, reason: textOf(reason) } : 1007;
}
