/**
 * Masking (RFC 6455 §5.3): the XOR that every octet from a client goes through. Called by decoder.ts for what
 * arrives, by output.ts and frame.ts for what a client sends. Runs in the browser as well.
 */

/**
 * From this many octets on, eight at a time is quicker than one at a time; below it, building the 64-bit view costs
 * more than it saves (bench/codec.bench.ts measures both).
 */
const wideLength = 128;

/**
 * Masks or unmasks `bytes[start, end)` in place; doing it twice gives the octets back.
 * @param maskingKey the four octets of the key read as one big-endian number, 0 to 2^32 - 1
 * @param position how many octets of the same payload came before `start`, so that a payload may arrive in pieces
 */
export function applyMask(
  bytes: Uint8Array,
  start: number,
  end: number,
  maskingKey: number,
  position = 0,
): void {
  if (maskingKey === 0) return;
  const turn = (position & 3) * 8;
  const key = turn === 0 ? maskingKey : (maskingKey << turn) | (maskingKey >>> (32 - turn));
  if (end - start >= wideLength) applyMaskWide(bytes, start, end, key);
  else applyMaskNarrow(bytes, start, end, key);
}

function applyMaskNarrow(bytes: Uint8Array, start: number, end: number, key: number): void {
  const first = key >>> 24;
  const second = (key >>> 16) & 0xff;
  const third = (key >>> 8) & 0xff;
  const fourth = key & 0xff;
  let index = start;
  // `as number`: the index is below `end`, and a branch on undefined would cost more here than the XOR itself.
  for (const last = end - 3; index < last; index += 4) {
    bytes[index] = (bytes[index] as number) ^ first;
    bytes[index + 1] = (bytes[index + 1] as number) ^ second;
    bytes[index + 2] = (bytes[index + 2] as number) ^ third;
    bytes[index + 3] = (bytes[index + 3] as number) ^ fourth;
  }
  if (index < end) bytes[index] = (bytes[index] as number) ^ first;
  if (index + 1 < end) bytes[index + 1] = (bytes[index + 1] as number) ^ second;
  if (index + 2 < end) bytes[index + 2] = (bytes[index + 2] as number) ^ third;
}

const wordOctets = new Uint8Array(8);
const word = new BigUint64Array(wordOctets.buffer);

/** The same with the middle part as 64-bit words, which have to lie on multiples of eight in the buffer. */
function applyMaskWide(bytes: Uint8Array, start: number, end: number, key: number): void {
  const aligned = start + (-(bytes.byteOffset + start) & 7);
  const words = (end - aligned) >>> 3;
  applyMaskNarrow(bytes, start, aligned, key);
  const turn = ((aligned - start) & 3) * 8;
  const turned = turn === 0 ? key : (key << turn) | (key >>> (32 - turn));
  // Filling the word through its octets makes it right on either byte order.
  for (let index = 0; index < 8; index++) wordOctets[index] = turned >>> (24 - (index & 3) * 8);
  const pattern = word[0] as bigint;
  const view = new BigUint64Array(bytes.buffer, bytes.byteOffset + aligned, words);
  for (let index = 0; index < words; index++) view[index] = (view[index] as bigint) ^ pattern;
  applyMaskNarrow(bytes, aligned + words * 8, end, turned);
}
