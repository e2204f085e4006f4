/**
 * What the codec bench feeds and expects: payloads of each kind, and frames built and taken apart octet by octet as
 * RFC 6455 §5.2 and §5.3 have them, by no code that is measured. Called by the tasks of codec.bench.ts and by gate.ts.
 */
import { Buffer } from 'node:buffer';

/** `text` is ASCII; `cjk` has three octets to a character, `emoji` four; `binary` is any octets. */
export const kinds = ['text', 'cjk', 'emoji', 'binary'] as const;
export type Kind = (typeof kinds)[number];

/** A message as an application has it: a string for text, octets for binary. */
export type Message = string | Uint8Array;

/** Whole numbers from 0 to below `below`, the same in each run. */
export type Random = (below: number) => number;

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** First code point, how many follow it, and octets of UTF-8 for each. */
const characters = {
  text: [0x20, 95, 1],
  cjk: [0x4e00, 0x5000, 3],
  emoji: [0x1f600, 64, 4],
} as const;

/** A message of that many octets; where the kind's characters do not come out even, letters fill the rest. */
export function message(kind: Kind, length: number, random: Random): Message {
  if (kind === 'binary') return Buffer.from(Array.from({ length }, () => random(256)));
  const [first, count, octets] = characters[kind];
  const points = Array.from({ length: Math.floor(length / octets) }, () => first + random(count));
  const parts: string[] = [];
  for (let at = 0; at < points.length; at += 1024) {
    parts.push(String.fromCodePoint(...points.slice(at, at + 1024)));
  }
  return parts.join('') + 'x'.repeat(length % octets);
}

export function octetsOf(data: Message): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
}

/** Octets of one frame's header. */
export function headerLength(payloadLength: number, masked: boolean): number {
  return 2 + (payloadLength < 126 ? 0 : payloadLength < 65_536 ? 2 : 8) + (masked ? 4 : 0);
}

/** One whole message as one frame, FIN set (§5.2); masked with that key when there is one (§5.3). */
export function encodeReference(data: Message, key?: readonly number[]): Buffer {
  const payload = octetsOf(data);
  const length = payload.length;
  const frame = Buffer.alloc(headerLength(length, key !== undefined) + length);
  frame[0] = 0x80 | (typeof data === 'string' ? 1 : 2);
  const mask = key === undefined ? 0 : 0x80;
  let at = 2;
  if (length < 126) {
    frame[1] = mask | length;
  } else if (length < 65_536) {
    frame[1] = mask | 126;
    at = frame.writeUInt16BE(length, at);
  } else {
    frame[1] = mask | 127;
    at = frame.writeBigUInt64BE(BigInt(length), at);
  }
  for (const octet of key ?? []) frame[at++] = octet;
  for (let index = 0; index < length; index++) {
    frame[at + index] = (payload[index] ?? 0) ^ (key?.[index % 4] ?? 0);
  }
  return frame;
}

/** A masking key without a zero, so that no octet passes unchanged. */
export function maskingKey(random: Random): number[] {
  return Array.from({ length: 4 }, () => 1 + random(255));
}

/**
 * The messages in these octets, whole frames all.
 * @throws Error when a frame is none of ours: another first octet, masked or not against what was asked, a length in
 *   too long a form, octets that are missing
 */
export function decodeReference(octets: Uint8Array, masked: boolean): Message[] {
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  const messages: Message[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [first = 0, second = 0] = bytes.subarray(at, at + 2);
    const short = second & 0x7f;
    const length =
      short === 127
        ? Number(bytes.readBigUInt64BE(at + 2))
        : short === 126
          ? bytes.readUInt16BE(at + 2)
          : short;
    const start = at + headerLength(length, masked);
    const key = masked ? bytes.subarray(start - 4, start) : undefined;
    const payload = bytes
      .subarray(start, start + length)
      .map((octet, index) => octet ^ (key?.[index % 4] ?? 0));
    const data = first === 0x81 ? Buffer.from(payload).toString('utf8') : payload;
    const again = encodeReference(data, key && [...key]);
    if (!again.equals(bytes.subarray(at, at + again.length))) {
      throw new Error(`Octet ${at} begins no frame as it should be.`);
    }
    messages.push(data);
    at += again.length;
  }
  return messages;
}

/**
 * @throws Error when the messages are not those that were expected, in number, kind, length or content
 */
export function checkMessages(got: readonly Message[], expected: readonly Message[], what: string): void {
  if (got.length !== expected.length) {
    throw new Error(`${what}: ${got.length} messages came where ${expected.length} were expected.`);
  }
  for (const [index, data] of got.entries()) {
    const wanted = expected[index] ?? '';
    const same =
      typeof data === 'string' || typeof wanted === 'string'
        ? data === wanted
        : Buffer.compare(data, wanted) === 0;
    if (!same) throw new Error(`${what}: message ${index} is not what was sent.`);
  }
}
