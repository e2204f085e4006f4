/**
 * DEFLATE data written by hand (RFC 1951 §3.2, §4), for messages that are too short for zlib to be worth the object
 * that each call of it makes. One block for each message, in the fixed codes or in codes of its own, then the flush of
 * RFC 7692 §7.2.1. Called by deflate.ts, which chooses by size.
 */
import {
  codeLengthOrder,
  distanceBases,
  distanceExtraBits,
  distanceSymbols,
  endOfBlock,
  fixedDistanceLengths,
  fixedLiteralLengths,
  lengthBases,
  lengthExtraBits,
  literalSymbols,
  longestCode,
  repeatLast,
  repeatNone,
  repeatNoneLong,
} from './deflate-tables.ts';
import { codeLengths, codesOf } from './huffman.ts';

/** The most octets that a message and its window may have together. */
export const mostSmallOctets = 16_384;

/** The format has repetitions of three octets, too (§3.2.5); by far most of them save nothing. */
const shortestMatch = 4;
const longestMatch = 258;

/** The window and the message behind each other, from 1 on, and room to look at four octets behind the end. */
const text = new Uint8Array(1 + mostSmallOctets + 4);
const words = new DataView(text.buffer);
/** Where four octets with a hash were last seen, and for each place where those before it were; 0 is nowhere. */
const hashBits = 13;
const newest = new Uint16Array(2 ** hashBits);
const older = new Uint16Array(text.length);

/** What the message becomes: octets, and repetitions as their length times 65,536 and their distance. */
const steps = new Uint32Array(mostSmallOctets);
let stepCount = 0;
const literalCounts = new Uint32Array(literalSymbols);
const distanceCounts = new Uint32Array(distanceSymbols);

/** Which symbol, from 257 on, stands for a length. */
const lengthSymbols = new Uint8Array(longestMatch + 1);
for (const [symbol, base] of lengthBases.entries()) lengthSymbols.fill(symbol, base);

/** Which symbol stands for a distance: two for each number of bits. */
function distanceSymbol(distance: number): number {
  if (distance < 5) return distance - 1;
  const bits = 30 - Math.clz32(distance - 1);
  return 2 * bits + 2 + (((distance - 1) >>> bits) & 1);
}

/**
 * The compressed payload of a message, as `deflate` of deflate.ts has it. The caller owns it.
 * @param message at least one octet
 * @param window what may be pointed back to; with the message at most mostSmallOctets
 * @param bits how far back may be pointed, as their logarithm
 * @param attempts how many earlier places are tried for each repetition
 */
export function deflateSmall(
  message: Uint8Array,
  window: Uint8Array,
  bits: number,
  attempts: number,
): Uint8Array {
  const start = 1 + window.length;
  text.set(window, 1);
  text.set(message, start);
  findSteps(start, start + message.length, 2 ** bits, attempts);
  writeBlock();
  return finish();
}

function hashOf(word: number): number {
  return Math.imul(word, 0x9e37_79b1) >>> (32 - hashBits);
}

/** Fills steps, and counts the symbols that they take. */
function findSteps(start: number, end: number, farthest: number, attempts: number): void {
  const octets = text;
  const at4 = words;
  const heads = newest;
  const chain = older;
  heads.fill(0);
  literalCounts.fill(0);
  distanceCounts.fill(0);
  const lastWord = end - shortestMatch;
  let count = 0;
  let at = 1;
  for (; at < start && at <= lastWord; at++) {
    const hash = hashOf(at4.getUint32(at, true));
    chain[at] = heads[hash] as number;
    heads[hash] = at;
  }
  at = start;
  while (at <= lastWord) {
    const word = at4.getUint32(at, true);
    const hash = hashOf(word);
    let place = heads[hash] as number;
    chain[at] = place;
    heads[hash] = at;
    const most = Math.min(end - at, longestMatch);
    const oldest = Math.max(at - farthest, 1);
    let length = 0;
    let distance = 0;
    for (let attempt = attempts; place >= oldest && attempt > 0; attempt--) {
      // What is no longer than the longest so far differs from it in the octet behind that.
      if (octets[place + length] === octets[at + length] && at4.getUint32(place, true) === word) {
        const same = Math.min(sameOctets(at4, place, at, most), most);
        if (same > length) {
          length = same;
          distance = at - place;
        }
        if (same === most) break;
      }
      place = chain[place] as number;
    }
    if (length === 0) {
      const literal = word & 0xff;
      literalCounts[literal] = (literalCounts[literal] as number) + 1;
      steps[count++] = literal;
      at++;
      continue;
    }
    const lengthSymbol = 257 + (lengthSymbols[length] as number);
    literalCounts[lengthSymbol] = (literalCounts[lengthSymbol] as number) + 1;
    const symbol = distanceSymbol(distance);
    distanceCounts[symbol] = (distanceCounts[symbol] as number) + 1;
    steps[count++] = (length << 16) | distance;
    const next = at + length;
    const stop = Math.min(next, lastWord + 1);
    for (at++; at < stop; at++) {
      const covered = hashOf(at4.getUint32(at, true));
      chain[at] = heads[covered] as number;
      heads[covered] = at;
    }
    at = next;
  }
  for (; at < end; at++) {
    const literal = text[at] as number;
    literalCounts[literal] = (literalCounts[literal] as number) + 1;
    steps[count++] = literal;
  }
  literalCounts[endOfBlock] = 1;
  stepCount = count;
}

/** How many octets are the same from both places on, when the first four are: up to `most`, or three more. */
function sameOctets(at4: DataView, place: number, at: number, most: number): number {
  for (let same = 4; same < most; same += 4) {
    const different = at4.getUint32(place + same, true) ^ at4.getUint32(at + same, true);
    // The lowest octet comes first, and the lowest bit that is set is in the first octet that differs.
    if (different !== 0) return same + ((31 - Math.clz32(different & -different)) >> 3);
  }
  return most;
}

const fixedLiterals = new Uint32Array(fixedLiteralLengths.length);
codesOf(fixedLiteralLengths, fixedLiterals);
const fixedDistances = new Uint32Array(fixedDistanceLengths.length);
codesOf(fixedDistanceLengths, fixedDistances);

const literalLengths = new Uint8Array(literalSymbols);
const literals = new Uint32Array(literalSymbols);
const distanceLengths = new Uint8Array(distanceSymbols);
const distances = new Uint32Array(distanceSymbols);
const allLengths = new Uint8Array(literalSymbols + distanceSymbols);
/** The code for code lengths (§3.2.7): both codes' lengths as its symbols, each with what it repeats, times 32. */
const runs = new Uint16Array(literalSymbols + distanceSymbols);
let runCount = 0;
const runCounts = new Uint32Array(codeLengthOrder.length);
const runLengths = new Uint8Array(codeLengthOrder.length);
const runCodes = new Uint32Array(codeLengthOrder.length);

/** Longer ones are allowed (§3.2.7). These are written at once with the 12 bits that follow at most in such texts. */
const longestDistanceCode = 12;
/** With fewer steps than this the codes of a block take more than they could save. */
const fewestOwnSteps = 64;

function writeBlock(): void {
  if (stepCount < fewestOwnSteps || !writeOwnCodes()) {
    write(0b01_0, 3);
    writeSteps(fixedLiterals, fixedDistances);
  }
}

/** Makes codes for this block, and writes all of it when that takes less than the fixed ones would. */
function writeOwnCodes(): boolean {
  codeLengths(literalCounts, longestCode, literalLengths);
  codeLengths(distanceCounts, longestDistanceCode, distanceLengths);
  let literalCount = literalSymbols;
  while (literalLengths[literalCount - 1] === 0) literalCount--;
  let distanceCount = distanceSymbols;
  while (distanceLengths[distanceCount - 1] === 0) distanceCount--;
  findRuns(literalCount, distanceCount);
  codeLengths(runCounts, 7, runLengths);
  let orderCount = codeLengthOrder.length;
  while (runLengths[codeLengthOrder[orderCount - 1] as number] === 0) orderCount--;

  let saved = -(14 + 3 * orderCount);
  for (let symbol = 0; symbol < literalCount; symbol++) {
    const difference = (fixedLiteralLengths[symbol] as number) - (literalLengths[symbol] as number);
    saved += difference * (literalCounts[symbol] as number);
  }
  for (let symbol = 0; symbol < distanceCount; symbol++) {
    saved += (5 - (distanceLengths[symbol] as number)) * (distanceCounts[symbol] as number);
  }
  for (let symbol = 0; symbol < runLengths.length; symbol++) {
    saved -= ((runLengths[symbol] as number) + repeatBits(symbol)) * (runCounts[symbol] as number);
  }
  if (saved <= 0) return false;

  write(0b10_0, 3);
  write(literalCount - 257, 5);
  write(distanceCount - 1, 5);
  write(orderCount - 4, 4);
  for (let index = 0; index < orderCount; index++)
    write(runLengths[codeLengthOrder[index] as number] as number, 3);
  codesOf(runLengths, runCodes);
  for (let index = 0; index < runCount; index++) {
    const run = runs[index] as number;
    const code = runCodes[run & 31] as number;
    const length = code & 15;
    write((code >>> 4) | ((run >> 5) << length), length + repeatBits(run & 31));
  }
  codesOf(literalLengths, literals);
  codesOf(distanceLengths, distances);
  writeSteps(literals, distances);
  return true;
}

function repeatBits(symbol: number): number {
  if (symbol < repeatLast) return 0;
  return symbol === repeatLast ? 2 : symbol === repeatNone ? 3 : 7;
}

/** Both codes' lengths as one row, in which the same ones that follow each other are told together. */
function findRuns(literalCount: number, distanceCount: number): void {
  const row = allLengths;
  const total = literalCount + distanceCount;
  for (let symbol = 0; symbol < literalCount; symbol++) row[symbol] = literalLengths[symbol] as number;
  for (let symbol = 0; symbol < distanceCount; symbol++) {
    row[literalCount + symbol] = distanceLengths[symbol] as number;
  }
  runCounts.fill(0);
  runCount = 0;
  for (let index = 0; index < total; ) {
    const length = row[index] as number;
    const first = index++;
    while (index < total && row[index] === length) index++;
    let run = index - first;
    if (length === 0) {
      for (; run >= 11; run -= Math.min(run, 138)) addRun(repeatNoneLong, Math.min(run, 138) - 11);
      if (run >= 3) {
        addRun(repeatNone, run - 3);
        continue;
      }
    } else if (run >= 4) {
      addRun(length, 0);
      for (run--; run >= 3; run -= Math.min(run, 6)) addRun(repeatLast, Math.min(run, 6) - 3);
    }
    for (; run > 0; run--) addRun(length, 0);
  }
}

function addRun(symbol: number, more: number): void {
  runs[runCount++] = (more << 5) | symbol;
  runCounts[symbol] = (runCounts[symbol] as number) + 1;
}

/** Steps in fixed codes take at most 31 bits for four octets, or 9 for one. */
const result = new Uint8Array(mostSmallOctets * 1.25 + 64);
const resultWords = new DataView(result.buffer);
let written = 0;
/** Bits that do not fill an octet yet, the first one lowest (§3.1.1): at most seven between calls. */
let pending = 0;
let pendingBits = 0;

/** A number of at most 24 bits. */
function write(bits: number, count: number): void {
  pending |= bits << pendingBits;
  pendingBits += count;
  resultWords.setUint32(written, pending, true);
  written += pendingBits >> 3;
  pending >>>= pendingBits & ~7;
  pendingBits &= 7;
}

function writeCode(code: number): void {
  write(code >>> 4, code & 15);
}

function writeSteps(literalCodes: Uint32Array, distanceCodes: Uint32Array): void {
  // In this loop all is in local variables, which is what makes it fast.
  const octets = resultWords;
  const row = steps;
  const lengthSymbol = lengthSymbols;
  const lengthBase = lengthBases;
  const lengthExtra = lengthExtraBits;
  const distanceBase = distanceBases;
  const distanceExtra = distanceExtraBits;
  const rowLength = stepCount;
  let at = written;
  let bits = pending;
  let count = pendingBits;
  for (let index = 0; index < rowLength; index++) {
    const step = row[index] as number;
    if (step < 256) {
      const code = literalCodes[step] as number;
      bits |= (code >>> 4) << count;
      count += code & 15;
    } else {
      const length = step >>> 16;
      const symbol = lengthSymbol[length] as number;
      let code = literalCodes[257 + symbol] as number;
      bits |= (code >>> 4) << count;
      count += code & 15;
      bits |= (length - (lengthBase[symbol] as number)) << count;
      count += lengthExtra[symbol] as number;
      octets.setUint32(at, bits, true);
      at += count >> 3;
      bits >>>= count & ~7;
      count &= 7;
      const distance = step & 0xffff;
      const second = distanceSymbol(distance);
      code = distanceCodes[second] as number;
      // At most 7 bits that wait, 12 of the code and 12 of the distance, so that all fit 32.
      bits |= (code >>> 4) << count;
      count += code & 15;
      bits |= (distance - (distanceBase[second] as number)) << count;
      count += distanceExtra[second] as number;
    }
    octets.setUint32(at, bits, true);
    at += count >> 3;
    bits >>>= count & ~7;
    count &= 7;
  }
  written = at;
  pending = bits;
  pendingBits = count;
  writeCode(literalCodes[endOfBlock] as number);
}

/** The empty stored block of the flush, of which only the head is sent (RFC 7692 §7.2.1). */
function finish(): Uint8Array {
  write(0b00_0, 3);
  if (pendingBits > 0) write(0, 8 - pendingBits);
  const payload = result.slice(0, written);
  written = 0;
  return payload;
}
