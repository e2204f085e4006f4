/**
 * Fuzz target: single frames and what is in them (RFC 6455 §5.2, §5.3, §5.5.1, §8.1), against readings of the same
 * octets that share nothing with src/.
 */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { decodeClosePayload, encodeClosePayload, ProtocolError, truncateReason } from '../../src/close.ts';
import {
  checkFrameLength,
  checkFrameStart,
  decodeFrameHeader,
  encodeFrame,
  encodeFrameHeader,
  type FrameHeader,
  frameHeaderLength,
} from '../../src/frame.ts';
import { applyMask } from '../../src/mask.ts';
import { decodeUtf8, Utf8Validator } from '../../src/utf8.ts';
import { exampleFrames, lengthForms } from '../support/frame-vectors.ts';
import { concat, hex, utf8 } from '../support/octets.ts';
import {
  classOf,
  cutAtRandom,
  magnitude,
  numberAt,
  octetByOctet,
  orProtocolError,
  sameOctets,
} from './claims.ts';
import type { Target } from './fuzzer.ts';
import { interestingText } from './mutator.ts';

/** Role, extension and where the octets are cut; then what is read. */
const optionsLength = 4;

/** A header as §5.2 draws it, with its length not rounded. */
interface PlainHeader {
  readonly first: number;
  readonly masked: boolean;
  readonly maskingKey: number;
  readonly payloadLength: bigint;
  readonly lengthOctets: 0 | 2 | 8;
  readonly headerLength: number;
}

function readHeader(octets: Uint8Array): PlainHeader | undefined {
  const view = Buffer.from(octets);
  const [first, second] = octets;
  if (first === undefined || second === undefined) return undefined;
  const short = second & 0x7f;
  const lengthOctets = short === 127 ? 8 : short === 126 ? 2 : 0;
  const masked = second >= 0x80;
  const headerLength = 2 + lengthOctets + (masked ? 4 : 0);
  if (octets.length < headerLength) return undefined;
  const payloadLength =
    lengthOctets === 8 ? view.readBigUInt64BE(2) : BigInt(lengthOctets === 2 ? view.readUInt16BE(2) : short);
  const maskingKey = masked ? view.readUInt32BE(2 + lengthOctets) : 0;
  return { first, masked, maskingKey, payloadLength, lengthOctets, headerLength };
}

function checkHeader(octets: Uint8Array): FrameHeader | undefined {
  const plain = readHeader(octets);
  const header = decodeFrameHeader(octets);
  // Somewhere in a longer array it reads the same, and nothing behind `end`.
  const moved = decodeFrameHeader(concat(Uint8Array.of(0xff, 0x00, 0xff), octets), 3);
  assert.deepEqual(moved, header);
  if (plain === undefined || header === undefined) {
    assert.equal(header, undefined);
    assert.equal(plain, undefined);
    return undefined;
  }
  const { first, masked, maskingKey, payloadLength, lengthOctets, headerLength } = plain;
  assert.equal(decodeFrameHeader(octets, 0, headerLength - 1), undefined);
  const firstRead =
    (header.fin ? 0x80 : 0) |
    (header.rsv1 ? 0x40 : 0) |
    (header.rsv2 ? 0x20 : 0) |
    (header.rsv3 ? 0x10 : 0) |
    header.opcode;
  assert.equal(firstRead, first);
  assert.equal(header.masked, masked);
  assert.equal(header.maskingKey, maskingKey);
  assert.equal(header.headerLength, headerLength);
  if (payloadLength < 2n ** 53n) assert.equal(header.payloadLength, Number(payloadLength));
  else assert(BigInt(header.payloadLength) <= payloadLength && header.payloadLength >= 2 ** 53);

  if (payloadLength < 2n ** 53n) {
    const length = frameHeaderLength(header.payloadLength, masked);
    const target = new Uint8Array(length + 2).fill(0xee);
    const end = encodeFrameHeader(target, 1, first, header.payloadLength, masked ? maskingKey : undefined);
    assert.equal(end, 1 + length);
    assert.deepEqual([target[0], target[end]], [0xee, 0xee]);
    const shortest = payloadLength < 126n ? 0 : payloadLength < 65_536n ? 2 : 8;
    if (shortest === lengthOctets) {
      sameOctets(target.subarray(1, end), octets.subarray(0, headerLength), 'the header encoded again');
    }
    assert.deepEqual(decodeFrameHeader(target, 1), { ...header, headerLength: length });
  }
  return header;
}

/** Whether the rules allow the header, in the words of §5.2, §5.1, §5.5 and RFC 7692 §6.1. */
function isLegal(plain: PlainHeader, fromClient: boolean, deflate: boolean): boolean {
  const opcode = plain.first & 0x0f;
  const isMessage = opcode === 1 || opcode === 2;
  const isControl = opcode >= 8 && opcode <= 10;
  if (!isMessage && !isControl && opcode !== 0) return false;
  if ((plain.first & 0x30) !== 0) return false;
  if ((plain.first & 0x40) !== 0 && !(deflate && isMessage)) return false;
  if (plain.masked !== fromClient) return false;
  if (isControl && (plain.first < 0x80 || plain.lengthOctets > 0)) return false;
  if (plain.lengthOctets === 2 && plain.payloadLength < 126n) return false;
  if (plain.lengthOctets === 8 && plain.payloadLength < 65_536n) return false;
  return plain.payloadLength < 2n ** 63n;
}

function judge(octets: Uint8Array, header: FrameHeader, fromClient: boolean, deflate: boolean): string {
  const verdict = orProtocolError([1002], () => {
    checkFrameStart(octets[0] ?? 0, octets[1] ?? 0, fromClient, deflate);
    checkFrameLength(header);
  });
  const plain = readHeader(octets);
  assert(plain !== undefined);
  assert.equal(verdict === undefined, isLegal(plain, fromClient, deflate), 'the rules say otherwise');
  return verdict === undefined ? `legal ${header.opcode} ${header.fin}` : classOf(verdict);
}

/** The rest of the octets as a payload: masked, framed and read again. */
function checkPayload(header: FrameHeader, payload: Uint8Array, cutSeed: number): void {
  const maskingKey = header.masked ? header.maskingKey : undefined;
  const { fin, rsv1, rsv2, rsv3, opcode } = header;
  const bytes = encodeFrame({
    fin,
    rsv1,
    rsv2,
    rsv3,
    opcode,
    payload,
    ...(maskingKey !== undefined && { maskingKey }),
  });
  const again = decodeFrameHeader(bytes);
  assert.deepEqual(again, {
    ...header,
    payloadLength: payload.length,
    headerLength: frameHeaderLength(payload.length, header.masked),
  });
  const masked = bytes.subarray(bytes.length - payload.length);
  const key = [24, 16, 8, 0].map((bits) => (header.maskingKey >>> bits) & 0xff);
  sameOctets(
    masked,
    payload.map((octet, index) => octet ^ (key[index % 4] ?? 0)),
    'the masked payload',
  );

  const pieces = cutAtRandom(masked, cutSeed);
  let position = 0;
  for (const piece of pieces) {
    applyMask(piece, 0, piece.length, header.maskingKey, position);
    position += piece.length;
  }
  sameOctets(concat(...pieces), payload, 'the payload unmasked in pieces');
}

const fatal = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(octets: Uint8Array): string | undefined {
  try {
    return fatal.decode(octets);
  } catch {
    return undefined;
  }
}

function checkText(payload: Uint8Array, cutSeed: number): string {
  const text = textOf(payload);
  const bytes = Buffer.from(payload);
  assert.equal(decodeUtf8(bytes, 0, bytes.length), text);
  let stoppedAt = -1;
  for (const pieces of [[payload], octetByOctet(payload), cutAtRandom(payload, cutSeed)]) {
    const validator = new Utf8Validator();
    const accepted = pieces.every((piece) => validator.push(piece, 0, piece.length));
    assert.equal(
      accepted && validator.complete,
      text !== undefined,
      'pieces are judged otherwise than the whole',
    );
  }
  // The octet that spoils it is known at once: the ones before it can go on to something good.
  const validator = new Utf8Validator();
  for (const [index, octet] of payload.entries()) {
    if (validator.push(Uint8Array.of(octet), 0, 1)) continue;
    stoppedAt = index;
    break;
  }
  if (stoppedAt >= 0) {
    const before = payload.subarray(0, stoppedAt);
    const endings = [[], [0x80], [0xa0, 0x80], [0x80, 0x80], [0x90, 0x80, 0x80], [0x80, 0x80, 0x80]];
    assert(
      endings.some((ending) => textOf(concat(before, Uint8Array.from(ending))) !== undefined),
      'an octet too late',
    );
  }
  if (text !== undefined) return 'text';
  return stoppedAt < 0 ? 'unfinished text' : `no text from ${magnitude(stoppedAt)} on`;
}

function checkClose(payload: Uint8Array): string {
  const close = orProtocolError([1002, 1007], () => decodeClosePayload(payload));
  if (close instanceof ProtocolError) return classOf(close);
  if (payload.length <= 125)
    sameOctets(encodeClosePayload(close.code, close.reason), payload, 'the Close again');
  const reason = truncateReason(close.reason);
  assert(close.reason.startsWith(reason) && Buffer.byteLength(reason) <= 123);
  assert(close.reason === reason || Buffer.byteLength(reason) > 119, 'cut too short');
  return `close ${magnitude(close.code)} ${close.reason === reason}`;
}

const seeds = [
  ...exampleFrames.filter(({ bytes }) => bytes.length < 1000).map(({ bytes }) => bytes),
  ...lengthForms.map(([, octets]) => concat(Uint8Array.of(0x82), hex(octets))),
  ...lengthForms.map(([, octets]) => {
    const [second = 0, ...rest] = hex(octets);
    return Uint8Array.of(0x82, second | 0x80, ...rest, 0x37, 0xfa, 0x21, 0x3d);
  }),
  hex('88 02 03 e8'),
  hex('88 00'),
  concat(hex('88 07 0f a0'), utf8('later')),
  hex('82 ff 7f ff ff ff ff ff ff ff 00 00 00 00'),
  hex('82 7f 80 00 00 00 00 00 00 00'),
  hex('c1 07 f2 48 cd c9 c9 07 00'),
  ...interestingText.map((text) => concat(Uint8Array.of(0x81, text.length), text)),
].flatMap((octets) => [concat(hex('00 00 00 01'), octets), concat(hex('03 00 00 02'), octets)]);

export const frameTarget: Target = {
  name: 'frame',
  seeds,
  mutations: [],
  together: 1,
  run(input) {
    const choice = numberAt(input, 0);
    const cutSeed = numberAt(input, 1, 3);
    const octets = Uint8Array.from(input.subarray(optionsLength));
    const header = checkHeader(octets);
    const payload = octets.subarray(header?.headerLength ?? 0);
    const verdict =
      header === undefined ? 'no header' : judge(octets, header, (choice & 1) !== 0, (choice & 2) !== 0);
    if (header !== undefined) checkPayload(header, payload, cutSeed);
    return [verdict, checkText(payload, cutSeed), checkClose(payload)].join('; ');
  },
};
