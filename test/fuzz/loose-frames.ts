/**
 * Octets as frames, right or wrong, and changes to them that keep the rest of the stream in step: what octets changed
 * at random rarely do, because the first length that lies swallows all that follows.
 */
import { Buffer } from 'node:buffer';
import { deflateRawSync, inflateRawSync, constants as zlib } from 'node:zlib';
import {
  anyOctets,
  below,
  interestingText,
  type Mutation,
  pick,
  plainMutations,
  type Random,
} from './mutator.ts';

/** A frame that need not follow any rule. */
export interface LooseFrame {
  /** FIN, RSV1-RSV3 and the opcode. */
  first: number;
  /** Octets that the length takes behind the second one: none, two or eight. */
  lengthOctets: 0 | 2 | 8;
  /** What the header says; undefined for the truth. */
  announced: bigint | undefined;
  /** Four octets; undefined for a frame that is not masked. */
  key: Uint8Array | undefined;
  /** Not masked. */
  payload: Uint8Array;
}

const tail = Uint8Array.of(0x00, 0x00, 0xff, 0xff);

/** Reads frames as long as there are whole ones. What is left over comes last, as it is. */
export function readFrames(octets: Uint8Array): { readonly frames: LooseFrame[]; readonly rest: Uint8Array } {
  const view = Buffer.from(octets);
  const frames: LooseFrame[] = [];
  let index = 0;
  for (;;) {
    const first = view[index];
    const second = view[index + 1];
    if (first === undefined || second === undefined) break;
    const short = second & 0x7f;
    const lengthOctets = short === 127 ? 8 : short === 126 ? 2 : 0;
    const keyAt = index + 2 + lengthOctets;
    const start = keyAt + (second >= 0x80 ? 4 : 0);
    if (start > view.length) break;
    const length =
      lengthOctets === 8
        ? view.readBigUInt64BE(index + 2)
        : BigInt(lengthOctets === 2 ? view.readUInt16BE(index + 2) : short);
    if (length > BigInt(view.length - start)) break;
    const key = second >= 0x80 ? view.subarray(keyAt, start) : undefined;
    const end = start + Number(length);
    frames.push({
      first,
      lengthOctets,
      announced: undefined,
      key,
      payload: masked(view.subarray(start, end), key),
    });
    index = end;
  }
  return { frames, rest: view.subarray(index) };
}

/** The octets of frames; a length form that is too short for the length becomes the shortest that is not. */
export function writeFrames(frames: readonly LooseFrame[], rest: Uint8Array): Uint8Array {
  return Buffer.concat([...frames.map(writeFrame), rest]);
}

function writeFrame({ first, lengthOctets, announced, key, payload }: LooseFrame): Uint8Array {
  const length = announced ?? BigInt(payload.length);
  const needed = length < 126n ? 0 : length < 65_536n ? 2 : 8;
  const octets = Math.max(lengthOctets, needed);
  const head = Buffer.alloc(2 + octets);
  head[0] = first;
  head[1] = (key === undefined ? 0 : 0x80) | (octets === 0 ? Number(length) : octets === 2 ? 126 : 127);
  if (octets === 2) head.writeUInt16BE(Number(length), 2);
  if (octets === 8) head.writeBigUInt64BE(BigInt.asUintN(64, length), 2);
  return Buffer.concat([head, key ?? new Uint8Array(0), masked(payload, key)]);
}

function masked(payload: Uint8Array, key: Uint8Array | undefined): Uint8Array {
  return payload.map((octet, index) => octet ^ (key?.[index % 4] ?? 0));
}

function frameOf(first: number, payload: Uint8Array, like: LooseFrame | undefined): LooseFrame {
  return { first, lengthOctets: 0, announced: undefined, key: like?.key, payload };
}

const lengths = [
  0n,
  1n,
  125n,
  126n,
  127n,
  65_535n,
  65_536n,
  2n ** 31n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** One change to one frame, in place. */
type FrameChange = (frames: LooseFrame[], at: number, random: Random, other: readonly LooseFrame[]) => void;

function toFrame(change: (frame: LooseFrame, random: Random) => void): FrameChange {
  return (frames, at, random) => {
    const frame = frames[at];
    if (frame !== undefined) change(frame, random);
  };
}

const changes: readonly FrameChange[] = [
  toFrame((frame) => {
    frame.first ^= 0x80;
  }),
  toFrame((frame, random) => {
    frame.first ^= pick(random, [0x40, 0x40, 0x20, 0x10]);
  }),
  toFrame((frame, random) => {
    frame.first = (frame.first & 0xf0) | pick(random, [0x0, 0x1, 0x2, 0x8, 0x9, 0xa, below(random, 16)]);
  }),
  toFrame((frame, random) => {
    frame.lengthOctets = pick(random, [0, 2, 8]);
  }),
  toFrame((frame, random) => {
    frame.announced =
      random() < 0.5 ? pick(random, lengths) : BigInt(frame.payload.length + below(random, 3));
  }),
  toFrame((frame, random) => {
    frame.key = frame.key === undefined || random() < 0.5 ? anyOctets(random, 4) : undefined;
  }),
  toFrame((frame, random) => {
    const mutation = pick(random, plainMutations);
    frame.payload = mutation(frame.payload, random, pick(random, interestingText));
  }),
  toFrame((frame, random) => {
    frame.payload = Buffer.concat([frame.payload, pick(random, interestingText)]);
  }),
  toFrame((frame, random) => {
    // Exactly as long as a form or a rule ends.
    const length = pick(random, [0, 1, 2, 123, 124, 125, 126, 127, 1000]);
    frame.payload = Buffer.alloc(length, frame.payload.length > 0 ? frame.payload : 'a');
  }),
  toFrame(compress),
  toFrame(changeInside),
  (frames, at, random) => {
    frames.splice(at, 1 + below(random, 2));
  },
  (frames, at, random) => {
    const frame = frames[at];
    if (frame !== undefined) frames.splice(below(random, frames.length + 1), 0, { ...frame });
  },
  (frames, at, random, other) => {
    const [frame] = frames.splice(at, 1);
    if (frame !== undefined) frames.splice(below(random, frames.length + 1), 0, frame);
    if (other.length > 0) frames.splice(below(random, frames.length + 1), 0, { ...pick(random, other) });
  },
  // A control frame in between, also inside a fragmented message.
  (frames, at, random) => {
    const opcode = pick(random, [0x9, 0x9, 0xa, 0x8]);
    const payload = opcode === 0x8 ? closePayload(random) : anyOctets(random, below(random, 6));
    frames.splice(at, 0, frameOf(0x80 | opcode, payload, frames[at] ?? frames[0]));
  },
  split,
];

function closePayload(random: Random): Uint8Array {
  const code = pick(random, [1000, 1001, 1002, 1004, 1005, 1006, 1011, 1015, 2999, 3000, 4999, 5000]);
  const reason = random() < 0.5 ? pick(random, interestingText) : new Uint8Array(0);
  return Buffer.concat([Uint8Array.of(code >> 8, code & 0xff), reason]);
}

/** One frame becomes fragments; those of a compressed message have RSV1 on the first alone. */
function split(frames: LooseFrame[], at: number, random: Random): void {
  const frame = frames[at];
  if (frame === undefined || (frame.first & 0x08) !== 0) return;
  const cut = below(random, frame.payload.length + 1);
  frames.splice(
    at,
    1,
    { ...frame, first: frame.first & 0x7f, payload: frame.payload.subarray(0, cut) },
    { ...frame, first: frame.first & 0x80, payload: frame.payload.subarray(cut) },
  );
}

/** The payload of a message becomes a compressed one. */
function compress(frame: LooseFrame, random: Random): void {
  const strategy = pick(random, [zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_RLE]);
  const level = pick(random, [0, 6]);
  const octets = deflateRawSync(frame.payload, { strategy, level, finishFlush: zlib.Z_SYNC_FLUSH });
  frame.payload = octets.subarray(0, -tail.length);
  frame.first |= 0x40;
}

/** What a compressed payload says is changed, and compressed again. */
function changeInside(frame: LooseFrame, random: Random): void {
  let inside: Uint8Array;
  try {
    const octets = Buffer.concat([frame.payload, tail]);
    inside = inflateRawSync(octets, { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: 65_536 });
  } catch {
    return;
  }
  frame.payload = pick(random, plainMutations)(inside, random, pick(random, interestingText));
  compress(frame, random);
}

/** Changes one frame of the stream. */
export const changeFrames: Mutation = (input, random, other) => {
  const { frames, rest } = readFrames(input);
  const at = below(random, frames.length);
  pick(random, changes)(frames, at, random, readFrames(other).frames);
  return writeFrames(frames, rest);
};
