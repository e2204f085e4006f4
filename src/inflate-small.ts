/**
 * DEFLATE data read by hand (RFC 1951 §3.2), for messages that are too short for zlib to be worth the object that each
 * call of it makes. Called by deflate.ts, which chooses by size and gives both readers the same rules: RFC 7692 §7.2.2
 * with its final blocks inside a message (§7.2.3.4).
 */
import { CloseCode, ProtocolError } from './close.ts';
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
} from './deflate-tables.ts';

/** Codes of up to so many bits are found by one look into a table. Longer ones are rare by design. */
const tableBits = 9;

/** Every number of tableBits bits, the other way round: Huffman codes come with their highest bit first (§3.1.1). */
const reversed = Uint16Array.from({ length: 2 ** tableBits }, (_, number) => {
  let result = 0;
  for (let bit = 0; bit < tableBits; bit++) result |= ((number >> bit) & 1) << (tableBits - 1 - bit);
  return result;
});

/** Where the next symbol of each code length goes, while a code is being made. */
const nextPlaces = new Uint16Array(longestCode + 1);

/** A Huffman code to read by (§3.2.2). */
class Code {
  /** For the next bits: a symbol times 16 and how many of the bits are its code; 0 when they are no whole code. */
  readonly table = new Uint16Array(2 ** tableBits);
  /** Which of the bits the table is for. */
  mask = 0;
  /** How many codes there are of each length. */
  readonly #counts = new Uint16Array(longestCode + 1);
  /** The symbols in the order of their codes. */
  readonly #symbols = new Uint16Array(fixedLiteralLengths.length);

  /**
   * Makes it the code with these lengths, of symbol 0 and so on: `lengths[start, end)`.
   * @returns how many codes of 15 bits are left over; less than 0 when there are too many codes, and none is made
   */
  set(lengths: Uint8Array, start: number, end: number): number {
    const counts = this.#counts;
    for (let length = 0; length <= longestCode; length++) counts[length] = 0;
    for (let index = start; index < end; index++) {
      const length = lengths[index] as number;
      counts[length] = (counts[length] as number) + 1;
    }
    counts[0] = 0;
    let left = 1;
    let place = 0;
    let longest = 0;
    for (let length = 1; length <= longestCode; length++) {
      const count = counts[length] as number;
      left = left * 2 - count;
      if (left < 0) return left;
      nextPlaces[length] = place;
      place += count;
      if (count > 0) longest = length;
    }
    const symbols = this.#symbols;
    for (let index = start; index < end; index++) {
      const length = lengths[index] as number;
      if (length === 0) continue;
      const next = nextPlaces[length] as number;
      symbols[next] = index - start;
      nextPlaces[length] = next + 1;
    }
    this.#fillTable(Math.min(longest, tableBits));
    return left;
  }

  /** Each code goes to every place whose lowest bits are the code; places of longer codes, or of none, get 0. */
  #fillTable(bits: number): void {
    const size = 2 ** bits;
    this.mask = size - 1;
    let code = 0;
    let place = 0;
    for (let length = 1; length <= bits; length++) {
      const step = 1 << length;
      const next = 1 << (tableBits - length);
      for (let count = this.#counts[length] as number; count > 0; count--) {
        const entry = ((this.#symbols[place++] as number) << 4) | length;
        for (let at = reversed[code] as number; at < size; at += step) this.table[at] = entry;
        code += next;
      }
    }
    for (; code < 2 ** tableBits; code += 1 << (tableBits - bits)) this.table[reversed[code] as number] = 0;
  }

  /**
   * The entry for a code that is not in the table, bit after bit: the codes of one length are consecutive numbers.
   * @param bits the next 15 or more, the first one lowest
   * @throws ProtocolError 1007 when they begin no code
   */
  find(bits: number): number {
    let code = 0;
    let first = 0;
    let place = 0;
    for (let length = 1; length <= longestCode; length++) {
      code |= (bits >> (length - 1)) & 1;
      const count = this.#counts[length] as number;
      if (code < first + count) return ((this.#symbols[place + code - first] as number) << 4) | length;
      place += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw notDeflate('it has a code that stands for nothing');
  }
}

const fixedLiterals = new Code();
fixedLiterals.set(fixedLiteralLengths, 0, fixedLiteralLengths.length);
const fixedDistances = new Code();
fixedDistances.set(fixedDistanceLengths, 0, fixedDistanceLengths.length);
const literals = new Code();
const distances = new Code();
const codeLengths = new Code();
const lengths = new Uint8Array(literalSymbols + distanceSymbols);

/** How each message's DEFLATE data end, and what is not sent of them (RFC 7692 §7.2.1). */
export const tail = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
/** So much may be read behind the end before it is noticed: one symbol with its distance, and a look at 32 bits. */
const margin = 12;
/** The data, and the octets that they may point back to with those that they became, from message to message. */
let input = new DataView(new ArrayBuffer(4096));
const usualLength = 65_536;
let output: Uint8Array = new Uint8Array(usualLength);
/** The next bit of the input, and how many there are. */
let position = 0;
let end = 0;
/** Where the next octet of output goes, and where the last one may. */
let written = 0;
let mostWritten = 0;
let windowLength = 0;
/** Octets that the message may have. */
let mostLength = 0;

/** The next bits, 25 of them at least; those behind the end have no meaning, and make `position` pass it. */
function peek(): number {
  return input.getUint32(position >>> 3, true) >>> (position & 7);
}

/** A number of so many bits, the lowest first (§3.1.1). At most 16. */
function take(count: number): number {
  const bits = peek();
  position += count;
  return bits & ((1 << count) - 1);
}

/**
 * The message in a compressed payload, as `inflate` of deflate.ts has it. The caller owns it.
 * @param payload at most 2^20 octets
 * @param window what it may point back to before its start
 * @param bits how far back it may point, as their logarithm
 * @throws ProtocolError 1007, 1009 as there; 1007 for a pointer further back than `bits` allow, too
 */
export function inflateSmall(
  payload: Uint8Array,
  window: Uint8Array,
  bits: number,
  limit: number,
): Uint8Array {
  load(payload);
  output.set(window);
  written = window.length;
  mostLength = limit;
  mostWritten = window.length + limit;
  windowLength = 2 ** bits;
  try {
    readBlocks(mostFinalBlocks(payload.length));
    return output.slice(window.length, written);
  } finally {
    if (output.length > usualLength) output = new Uint8Array(usualLength);
  }
}

function load(payload: Uint8Array): void {
  const length = payload.length + tail.length;
  if (input.byteLength < length + margin) input = new DataView(new ArrayBuffer(length * 2 + margin));
  const octets = new Uint8Array(input.buffer);
  octets.set(payload);
  octets.set(tail, payload.length);
  octets.fill(0, length, length + margin);
  position = 0;
  end = length * 8;
}

/** @param mostFinal after how many final blocks the next one is refused */
function readBlocks(mostFinal: number): void {
  let finalBlocks = 0;
  while (position < end) {
    const final = take(1);
    readBlock(take(2));
    if (position > end) throw cut();
    if (final === 0) continue;
    if (++finalBlocks > mostFinal) throw tooManyEnds();
    // What follows begins in an octet of its own (RFC 7692 §7.2.3.4).
    position = (position + 7) & ~7;
  }
}

function readBlock(type: number): void {
  if (type === 0) readStored();
  else if (type === 1) readCompressed(fixedLiterals, fixedDistances);
  else if (type === 2) {
    readCodes();
    readCompressed(literals, distances);
  } else throw notDeflate('a block has a type that does not exist');
}

/** §3.2.4. */
function readStored(): void {
  position = (position + 7) & ~7;
  const start = (position >> 3) + 4;
  const length = input.getUint16(start - 4, true);
  const complement = input.getUint16(start - 2, true);
  position = (start + length) * 8;
  if (start * 8 > end) throw cut();
  if (length !== (complement ^ 0xffff)) throw notDeflate('the length of a stored block contradicts itself');
  if (position > end) throw cut();
  makeRoom(length);
  output.set(new Uint8Array(input.buffer, start, length), written);
  written += length;
}

/** The codes of a block that brings its own (§3.2.7). */
function readCodes(): void {
  const literalCount = take(5) + 257;
  const total = literalCount + take(5) + 1;
  const lengthCount = take(4) + 4;
  if (literalCount > literalSymbols || total - literalCount > distanceSymbols) {
    throw notDeflate('a block has codes for too many symbols');
  }
  lengths.fill(0, 0, codeLengthOrder.length);
  for (let index = 0; index < lengthCount; index++) lengths[codeLengthOrder[index] as number] = take(3);
  if (codeLengths.set(lengths, 0, codeLengthOrder.length) !== 0) throw wrongCode('code lengths');
  let known = 0;
  while (known < total) {
    if (position >= end) throw cut();
    const bits = peek();
    const entry = codeLengths.table[bits & codeLengths.mask] as number;
    position += entry & 15;
    const symbol = entry >> 4;
    if (symbol < repeatLast) {
      lengths[known++] = symbol;
      continue;
    }
    if (symbol === repeatLast && known === 0) throw notDeflate('it repeats a code length before the first');
    const value = symbol === repeatLast ? (lengths[known - 1] as number) : 0;
    let times = symbol === repeatLast ? 3 + take(2) : symbol === repeatNone ? 3 + take(3) : 11 + take(7);
    if (known + times > total) throw notDeflate('it repeats a code length behind the last');
    for (; times > 0; times--) lengths[known++] = value;
  }
  if (lengths[endOfBlock] === 0) throw notDeflate('a block cannot end');
  if (isWrong(literals.set(lengths, 0, literalCount), literals)) throw wrongCode('literals and lengths');
  if (isWrong(distances.set(lengths, literalCount, total), distances)) throw wrongCode('distances');
}

/** A code must use up all its bits, but for one that has no symbol or one of one bit (§3.2.7), as zlib has it. */
function isWrong(left: number, code: Code): boolean {
  return left !== 0 && (left < 0 || code.mask > 1);
}

/** Symbols up to the end of the block (§3.2.3). */
function readCompressed(literalCode: Code, distanceCode: Code): void {
  const { table: literalTable, mask: literalMask } = literalCode;
  const { table: distanceTable, mask: distanceMask } = distanceCode;
  // In this loop all is in local variables, which is what makes it fast.
  const data = input;
  const last = end;
  const lengthBase = lengthBases;
  const lengthExtra = lengthExtraBits;
  const distanceBase = distanceBases;
  const distanceExtra = distanceExtraBits;
  let octets = output;
  let room = Math.min(mostWritten, octets.length);
  let at = position;
  let to = written;
  for (;;) {
    if (at >= last) throw cut();
    let bits = data.getUint32(at >>> 3, true) >>> (at & 7);
    let entry = literalTable[bits & literalMask] as number;
    if (entry === 0) entry = literalCode.find(bits);
    at += entry & 15;
    const literal = entry >> 4;
    if (literal < endOfBlock) {
      if (to >= room) {
        written = to;
        octets = makeRoom(1);
        room = Math.min(mostWritten, octets.length);
      }
      octets[to++] = literal;
      continue;
    }
    if (literal === endOfBlock) break;
    const lengthSymbol = literal - 257;
    if (lengthSymbol >= lengthBase.length) throw notDeflate('it has a length that does not exist');
    let extra = lengthExtra[lengthSymbol] as number;
    const length = (lengthBase[lengthSymbol] as number) + ((bits >>> (entry & 15)) & ((1 << extra) - 1));
    at += extra;
    bits = data.getUint32(at >>> 3, true) >>> (at & 7);
    entry = distanceTable[bits & distanceMask] as number;
    if (entry === 0) entry = distanceCode.find(bits);
    at += entry & 15;
    const distanceSymbol = entry >> 4;
    if (distanceSymbol >= distanceBase.length) throw notDeflate('it has a distance that does not exist');
    extra = distanceExtra[distanceSymbol] as number;
    bits = data.getUint32(at >>> 3, true) >>> (at & 7);
    const distance = (distanceBase[distanceSymbol] as number) + (bits & ((1 << extra) - 1));
    at += extra;
    if (distance > to || distance > windowLength) throw notDeflate('it points back behind the window');
    if (to + length > room) {
      written = to;
      octets = makeRoom(length);
      room = Math.min(mostWritten, octets.length);
    }
    let from = to - distance;
    const stop = to + length;
    if (length > 32 && distance >= length) octets.copyWithin(to, from, from + length);
    else for (let copy = to; copy < stop; copy++) octets[copy] = octets[from++] as number;
    to = stop;
  }
  position = at;
  written = to;
}

/** @throws ProtocolError 1009 when so many octets more are more than the limit */
function makeRoom(length: number): Uint8Array {
  const needed = written + length;
  if (needed > mostWritten) throw tooBig(mostLength);
  if (needed > output.length) {
    const grown = new Uint8Array(Math.min(Math.max(needed, output.length * 2), mostWritten));
    grown.set(output.subarray(0, written));
    output = grown;
  }
  return output;
}

/** How many final blocks a message may have: eight, and as many more as a sender has who flushes by them (§7.2.3.4). */
export function mostFinalBlocks(payloadLength: number): number {
  return 8 + Math.floor(payloadLength / 256);
}

/** The error for a message over its limit. */
export function tooBig(limit: number): ProtocolError {
  return refusal(`has more than ${limit} octets`);
}

/** The error for more final blocks than a message may have. */
export function tooManyEnds(): ProtocolError {
  return refusal('ends its DEFLATE data again and again, in tiny blocks');
}

function refusal(what: string): ProtocolError {
  return new ProtocolError(CloseCode.messageTooBig, 'RFC 6455 §10.4', `A compressed message ${what}.`);
}

/** The error for data that are no DEFLATE data. */
export function notDeflate(reason: string): ProtocolError {
  return new ProtocolError(
    CloseCode.invalidPayload,
    'RFC 7692 §7.2.2',
    `A compressed message cannot be inflated: ${reason}.`,
  );
}

function cut(): ProtocolError {
  return notDeflate('a block takes more octets than came');
}

function wrongCode(what: string): ProtocolError {
  return notDeflate(`its code for ${what} has codes too many or too few`);
}
