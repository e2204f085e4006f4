/**
 * The numbers that both directions of DEFLATE share (RFC 1951 §3.2.5 to §3.2.7). Called by inflate-small.ts, which
 * reads blocks, and by deflate-small.ts, which writes them.
 */

/** The symbol of the literal/length alphabet that ends a block; those below are octets, those above lengths. */
export const endOfBlock = 256;
/** Symbols of the literal/length alphabet that a block may use; 286 and 287 only fill up the fixed code. */
export const literalSymbols = 286;
/** Symbols of the distance alphabet that a block may use; 30 and 31 only fill up the fixed code. */
export const distanceSymbols = 30;
/** No code is longer (§3.2.7). */
export const longestCode = 15;

/** The shortest length that symbol 257 and those behind it stand for (§3.2.5). */
export const lengthBases = Uint16Array.of(
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163],
  ...[195, 227, 258],
);
/** How many bits follow to be added to it. */
export const lengthExtraBits = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
);

/** The same for distances (§3.2.5). */
export const distanceBases = Uint16Array.of(
  ...[1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073],
  ...[4097, 6145, 8193, 12_289, 16_385, 24_577],
);
export const distanceExtraBits = Uint8Array.of(
  ...[0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13],
);

/** In which order the lengths of the code for code lengths come (§3.2.7). */
export const codeLengthOrder = Uint8Array.of(
  16,
  17,
  18,
  0,
  8,
  7,
  9,
  6,
  10,
  5,
  11,
  4,
  12,
  3,
  13,
  2,
  14,
  1,
  15,
);
/** The symbols of that code that repeat: the last length 3 to 6 times, none 3 to 10 times, none 11 to 138 times. */
export const repeatLast = 16;
export const repeatNone = 17;
export const repeatNoneLong = 18;

/** The code lengths of the fixed codes, unused symbols included (§3.2.6). */
export const fixedLiteralLengths = new Uint8Array(288)
  .fill(8, 0, 144)
  .fill(9, 144, 256)
  .fill(7, 256, 280)
  .fill(8, 280);
export const fixedDistanceLengths = new Uint8Array(32).fill(5);
