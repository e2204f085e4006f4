/**
 * Fuzz target: compressed payloads (RFC 7692 §7.2), any octets as well as our own, with every window and limit, against
 * a reading of DEFLATE that is not zlib's.
 */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { deflateRawSync, constants as zlib } from 'node:zlib';
import { ProtocolError } from '../../src/close.ts';
import { DeflateWindow, deflate, inflate, maximumCompressedLength } from '../../src/deflate.ts';
import { seededRandom } from '../support/chopping.ts';
import { concat, countedOctets, hex, randomOctets, utf8 } from '../support/octets.ts';
import { classOf, magnitude, numberAt, orProtocolError, sameOctets } from './claims.ts';
import type { Target } from './fuzzer.ts';
import { afterOptions, interestingText, type Mutation, pick } from './mutator.ts';
import { type Inflated, NotDeflate, plainInflate } from './plain-inflate.ts';

/** What is done; window bits and level; a limit, or how messages are cut; how much stands in the window already. */
const optionsLength = 4;

const tail = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
const limits = [0, 1, 2, 10, 125, 1000, 4096, 65_536, 1024 * 1024];

/** What the payload says when zlib is not asked; undefined when it says nothing that is DEFLATE. */
function read(payload: Uint8Array, window: Uint8Array, limit: number): Inflated | 'too long' | undefined {
  try {
    return plainInflate(concat(payload, tail), window, limit);
  } catch (error) {
    if (error instanceof RangeError) return 'too long';
    if (error instanceof NotDeflate) return undefined;
    throw error;
  }
}

/** A payload is refused for a reason. */
function checkRefusal(
  { closeCode }: ProtocolError,
  payload: Uint8Array,
  bits: number,
  expected: Inflated | 'too long' | undefined,
): void {
  if (expected === undefined || expected === 'too long') return;
  // More final blocks than anybody needs count as too much.
  if (closeCode === 1009) assert(expected.finalBlocks > 8, 'it is not too long');
  // What points back farther than was agreed on may be refused or not: either way it is the peer's fault.
  else assert(payload.length === 0 || expected.farthest > 2 ** bits, 'nothing is wrong with it');
}

/** Any octets as a payload. */
function runInflate(options: Uint8Array, octets: Uint8Array): string {
  const bits = 8 + (numberAt(options, 0) & 7);
  const limit = limits[numberAt(options, 1) % limits.length] ?? 0;
  const split = 2 * numberAt(options, 2);
  const window = DeflateWindow.fresh(bits, true).after(octets.subarray(0, split));
  const payload = octets.subarray(split);
  const before = octets.slice(Math.max(0, Math.min(split, octets.length) - 2 ** bits), split);
  sameOctets(window.octets, before, 'the window');
  const sent = Uint8Array.from(payload);
  const message = orProtocolError([1007, 1009], () => inflate(payload, window, limit));
  sameOctets(window.octets, before, 'the window afterwards');
  sameOctets(payload, sent, 'the payload afterwards');
  const expected = read(payload, before, limit);

  if (message instanceof ProtocolError) {
    checkRefusal(message, payload, bits, expected);
    return classOf(message);
  }
  assert(message.length <= limit, `${message.length} octets over a limit of ${limit}`);
  assert(expected !== undefined, 'taken, and it is no DEFLATE');
  assert(expected !== 'too long', 'taken, and it is over the limit');
  sameOctets(message, expected.octets, 'the message');
  return `${bits} ${magnitude(message.length)} ${magnitude(expected.farthest)}`;
}

/** Any octets as messages: there and back, one after the other, through one window. */
function runBoth(options: Uint8Array, octets: Uint8Array): string {
  const bits = 8 + (numberAt(options, 0) & 7);
  const takeover = (numberAt(options, 0) & 8) !== 0;
  const level = 1 + ((numberAt(options, 0) >> 4) % 9);
  const messageLength = 1 + numberAt(options, 1) * 16;
  const times = 1 + (numberAt(options, 2) & 15);
  let sending = DeflateWindow.fresh(bits, takeover);
  let receiving = DeflateWindow.fresh(bits, takeover);
  const stream: Uint8Array[] = [];
  const messages: Uint8Array[] = [];
  let total = 0;
  for (let start = 0; start < octets.length && messages.length < 64; start += messageLength) {
    const piece = octets.subarray(start, start + messageLength);
    const message = concat(...Array<Uint8Array>(times).fill(piece));
    const payload = deflate(message, sending, level);
    total += payload.length;
    assert(payload.length <= maximumCompressedLength(message.length), 'longer than any legal message');
    const back = inflate(payload, receiving, message.length);
    sameOctets(back, message, 'the message there and back');
    if (message.length > 1) {
      const refused = orProtocolError([1009], () => inflate(payload, receiving, message.length - 1));
      assert(refused instanceof ProtocolError, 'one octet over the limit is taken');
    }
    sending = sending.after(message);
    receiving = receiving.after(back);
    assert(sending.equals(receiving) && sending.octets.length <= 2 ** bits);
    if (takeover) stream.push(payload, tail);
    else assert.equal(sending, DeflateWindow.fresh(bits, false));
    messages.push(message);
    const alone = takeover ? undefined : read(payload, new Uint8Array(0), message.length);
    if (alone !== undefined && alone !== 'too long') assert(alone.farthest <= 2 ** bits);
  }
  if (takeover) {
    // As one stream, which is what a peer's live inflater makes of it; and nothing points back too far.
    const all = concat(...messages);
    const read = plainInflate(concat(...stream), new Uint8Array(0), all.length);
    sameOctets(read.octets, all, 'the stream of all messages');
    assert(read.farthest <= 2 ** bits, `it points back ${read.farthest} with a window of ${2 ** bits}`);
  }
  return `${bits} ${takeover} ${magnitude(messages.length)} ${magnitude(messages[0]?.length ?? 0)} ${magnitude(total)}`;
}

const chat = utf8(
  '{"event":"message:posted","offset":17,"by":{"id":"u_8f2","name":"Mei"},"content":{"type":"text","text":"good morning"}}',
);

/** A payload as some other peer makes it. */
function compressed(
  message: Uint8Array,
  options: { level?: number; strategy?: number; windowBits?: number } = {},
): Uint8Array {
  const octets = deflateRawSync(message, { finishFlush: zlib.Z_SYNC_FLUSH, ...options });
  return octets.subarray(0, -tail.length);
}

const payloads = [
  // RFC 7692 §7.2.3: "Hello", again with context, in a stored block, with BFINAL, and in two blocks.
  hex('f2 48 cd c9 c9 07 00'),
  hex('00 05 00 fa ff 48 65 6c 6c 6f 00'),
  hex('f3 48 cd c9 c9 07 00 00'),
  hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00'),
  hex('00'),
  hex('02 00'),
  concat(...Array<Uint8Array>(8).fill(hex('03 00')), hex('00')),
  compressed(chat),
  compressed(chat, { level: 0 }),
  compressed(chat, { strategy: zlib.Z_FIXED }),
  compressed(chat, { strategy: zlib.Z_HUFFMAN_ONLY }),
  compressed(concat(chat, chat, chat), { windowBits: 9 }),
  compressed(new Uint8Array(50_000)),
  compressed(countedOctets(3000), { level: 9 }),
  ...interestingText.map((text) => compressed(text)),
];

const far = randomOctets(257, seededRandom(1));

/** What begins as these octets do, as a peer compresses it whose window holds them. */
function backTo(window: Uint8Array): Uint8Array {
  const message = window.subarray(0, 20);
  return deflateRawSync(message, { dictionary: window, finishFlush: zlib.Z_SYNC_FLUSH }).subarray(
    0,
    -tail.length,
  );
}

/** Blocks stay blocks: what the input says is taken for a message and compressed, whole or with a final block. */
const compressRest: Mutation = (input, random) => {
  const strategy = pick(random, [zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE]);
  const level = pick(random, [0, 1, 6, 9]);
  if (random() < 0.2) return Buffer.concat([deflateRawSync(input, { strategy, level }), Uint8Array.of(0)]);
  return compressed(input, { strategy, level });
};

/** One payload behind the other: more blocks, and after a final one a new stream. */
const append: Mutation = (input, random, other) =>
  Buffer.concat(random() < 0.5 ? [input, other] : [input, tail, other]);

export const deflateTarget: Target = {
  name: 'deflate',
  seeds: [
    ...payloads.flatMap((payload) => [
      concat(hex('00 07 08 00'), payload),
      concat(hex('00 03 04 00'), payload),
    ]),
    concat(hex('00 03 07 03'), utf8(' Hello'), hex('f2 00 11 00 00')),
    // It points back as far as the smallest window goes, and one octet further.
    concat(hex('00 00 07 80'), far.subarray(0, 256), backTo(far.subarray(0, 256))),
    concat(hex('00 00 07 80'), far.subarray(1, 257), backTo(far)),
    ...[chat, countedOctets(2000), utf8('Hello'), concat(chat, chat)].flatMap((message) => [
      concat(hex('01 0f 07 00'), message),
      concat(hex('01 58 01 03'), message),
      concat(hex('01 5b 10 0f'), message),
    ]),
  ],
  mutations: [afterOptions(optionsLength, compressRest), afterOptions(optionsLength, append)],
  together: 1,
  run(input) {
    const options = input.subarray(1, optionsLength);
    const octets = Uint8Array.from(input.subarray(optionsLength));
    const isBoth = (numberAt(input, 0) & 1) === 1;
    return isBoth ? `both ${runBoth(options, octets)}` : `inflate ${runInflate(options, octets)}`;
  },
};
