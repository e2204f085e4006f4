/**
 * Masking (RFC 6455 §5.3): the XOR that every octet from a client goes through. Called by decoder.ts for what
 * arrives, by output.ts and frame.ts for what a client sends. Runs in the browser as well.
 */

/** In memory that is not known yet, shorter payloads go octet by octet: a view of its words would take longer. */
const wideLength = 128;
/** Memory from this many octets on is taken for a buffer that is read into again and again, and worth its view. */
const readBufferLength = 64 * 1024;
/** Longer memory never becomes known, because that keeps it from being freed. */
const longestKnown = 1024 * 1024;

/**
 * Code that masks the octets `[start, end)` of the one memory that it belongs to (see mask-kernel.ts).
 * @param key as it stands on the octet at `start`, read as a little-endian number
 * @returns 0 when all these octets are ASCII now
 */
export type MaskKernel = (start: number, end: number, key: number) => number;

const kernels = new WeakMap<ArrayBufferLike, MaskKernel>();

/** Has applyMask use that code from now on for all that lies in that memory. */
export function lendMaskKernel(memory: ArrayBuffer, kernel: MaskKernel): void {
  kernels.set(memory, kernel);
}

/** What was masked last, where it begins in its memory, and that memory as words of 64 bits or with its own code. */
let knownBytes: Uint8Array | undefined;
let knownOffset = 0;
let knownBuffer: ArrayBufferLike | undefined;
let knownWords: BigInt64Array = new BigInt64Array(0);
let knownKernel: MaskKernel | undefined;

/** One word. It is filled and asked through its octets, so all of this is right on either byte order. */
const word = new BigInt64Array(1);
const wordOctets = new DataView(word.buffer);
const wordHalves = new Int32Array(word.buffer);

/** Of a word's eight octets: `fromOctet[n]` has ones in those from the nth on, `beforeOctet[n]` in those before it. */
const fromOctet = new BigInt64Array(8);
const beforeOctet = new BigInt64Array(8);
new Uint8Array(fromOctet.buffer).forEach((_, index, octets) => {
  octets[index] = (index & 7) >= index >>> 3 ? 0xff : 0;
});
fromOctet.forEach((ones, index) => {
  beforeOctet[index] = ~ones;
});

/**
 * Masks or unmasks `bytes[start, end)` in place; doing it twice gives the octets back.
 * @param maskingKey the four octets of the key read as one big-endian number, 0 to 2^32 - 1
 * @param position how many octets of the same payload came before `start`, so that a payload may arrive in pieces
 * @returns whether all these octets are ASCII now, which costs next to nothing to tell here
 */
export function applyMask(
  bytes: Uint8Array,
  start: number,
  end: number,
  maskingKey: number,
  position = 0,
): boolean {
  const key = turn(maskingKey, position);
  // Only for another array its buffer is asked for: that getter alone takes longer than a short payload.
  if (bytes !== knownBytes) {
    const { buffer, byteOffset } = bytes;
    if (buffer !== knownBuffer) {
      const { byteLength } = buffer;
      if (end - start < wideLength && byteLength < readBufferLength)
        return maskOctets(bytes, start, end, key);
      if (byteLength > longestKnown && !kernels.has(buffer)) return maskUnknown(bytes, start, end, key);
      knownBuffer = buffer;
      knownKernel = kernels.get(buffer);
      if (knownKernel === undefined) knownWords = new BigInt64Array(buffer, 0, Math.floor(byteLength / 8));
    }
    knownBytes = bytes;
    knownOffset = byteOffset;
  }
  if (knownKernel !== undefined)
    return knownKernel(knownOffset + start, knownOffset + end, swapOctets(key)) === 0;
  return maskWithin(knownWords, knownOffset, bytes, start, end, key);
}

/** The octets of a key the other way round. */
function swapOctets(key: number): number {
  return (key >>> 24) | ((key >>> 8) & 0xff00) | ((key & 0xff00) << 8) | (key << 24);
}

/** The same for memory whose words are made each time. */
function maskUnknown(bytes: Uint8Array, start: number, end: number, key: number): boolean {
  const { buffer, byteOffset } = bytes;
  // A word lies on a multiple of eight in its buffer.
  const first = Math.floor((byteOffset + start) / 8) * 8;
  const words = new BigInt64Array(buffer, first, Math.floor((buffer.byteLength - first) / 8));
  return maskWithin(words, byteOffset - first, bytes, start, end, key);
}

/** Masks by words, and by octets what lies behind the last whole word of the memory. */
function maskWithin(
  words: BigInt64Array,
  offset: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  key: number,
): boolean {
  const wordsEnd = words.length * 8 - offset;
  if (end <= wordsEnd) return maskWords(words, offset + start, offset + end, key);
  if (start >= wordsEnd) return maskOctets(bytes, start, end, key);
  const isAscii = maskOctets(bytes, wordsEnd, end, turn(key, wordsEnd - start));
  return maskWords(words, offset + start, offset + wordsEnd, key) && isAscii;
}

/** The key as it stands on the octet that many behind its first. */
function turn(key: number, octets: number): number {
  const bits = (octets & 3) * 8;
  return bits === 0 ? key : (key << bits) | (key >>> (32 - bits));
}

/**
 * The octets `[start, end)` of these words, eight at a time. Those of the first and of the last word that belong to
 * others are met with zeros, which leaves them as they are.
 */
function maskWords(words: BigInt64Array, start: number, end: number, key: number): boolean {
  if (start === end) return true;
  const turned = turn(key, -start);
  wordOctets.setInt32(0, turned);
  wordOctets.setInt32(4, turned);
  // `as bigint`: the indices are within, and a branch on undefined would cost more here than the XOR itself.
  const pattern = word[0] as bigint;
  const last = end >>> 3;
  let index = start >>> 3;
  const head = fromOctet[start & 7] as bigint;
  const tail = beforeOctet[end & 7] as bigint;
  // From here on `word` takes the union of the octets: a variable that changes would be a new object each time.
  if (index === last) {
    const masked = (words[index] as bigint) ^ (pattern & head & tail);
    words[index] = masked;
    word[0] = masked & head & tail;
    return isAsciiWord();
  }
  const masked = (words[index] as bigint) ^ (pattern & head);
  words[index++] = masked;
  word[0] = masked & head;
  for (; index < last - 7; index += 8) {
    const a = (words[index] as bigint) ^ pattern;
    const b = (words[index + 1] as bigint) ^ pattern;
    const c = (words[index + 2] as bigint) ^ pattern;
    const d = (words[index + 3] as bigint) ^ pattern;
    const e = (words[index + 4] as bigint) ^ pattern;
    const f = (words[index + 5] as bigint) ^ pattern;
    const g = (words[index + 6] as bigint) ^ pattern;
    const h = (words[index + 7] as bigint) ^ pattern;
    words[index] = a;
    words[index + 1] = b;
    words[index + 2] = c;
    words[index + 3] = d;
    words[index + 4] = e;
    words[index + 5] = f;
    words[index + 6] = g;
    words[index + 7] = h;
    word[0] = (word[0] as bigint) | (a | b | (c | d)) | (e | f | (g | h));
  }
  for (; index < last; index++) {
    const masked = (words[index] as bigint) ^ pattern;
    words[index] = masked;
    word[0] = (word[0] as bigint) | masked;
  }
  if ((end & 7) !== 0) {
    const masked = (words[index] as bigint) ^ (pattern & tail);
    words[index] = masked;
    word[0] = (word[0] as bigint) | (masked & tail);
  }
  return isAsciiWord();
}

function isAsciiWord(): boolean {
  return (((wordHalves[0] as number) | (wordHalves[1] as number)) & 0x80808080) === 0;
}

function maskOctets(bytes: Uint8Array, start: number, end: number, key: number): boolean {
  let union = 0;
  let shift = 24;
  for (let index = start; index < end; index++) {
    const masked = (bytes[index] as number) ^ ((key >>> shift) & 0xff);
    bytes[index] = masked;
    union |= masked;
    shift = (shift - 8) & 31;
  }
  return union < 0x80;
}
