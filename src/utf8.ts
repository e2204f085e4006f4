/**
 * UTF-8 of text messages (RFC 6455 §8.1, RFC 3629): decoding what is whole, and judging what arrives in pieces so
 * that a bad octet fails as soon as it is there (§7.1.7, §8.1). Called by decoder.ts and message.ts.
 */
import { Buffer, isAscii, isUtf8 } from 'node:buffer';

/** Up to this many octets a loop in JavaScript tells ASCII faster than the call into native code. */
const shortLength = 48;

/**
 * Decodes `bytes[start, end)`; undefined when that is not UTF-8. A leading BOM is kept: it is part of the message.
 * @param known whether all of it is ASCII, where that has been looked at; default: it is looked at here
 */
export function decodeUtf8(bytes: Buffer, start: number, end: number, known?: boolean): string | undefined {
  // ASCII reads the same as Latin-1, which needs no decoding: one copy, and half the time of UTF-8.
  if (known ?? isAsciiRange(bytes, start, end)) return bytes.toString('latin1', start, end);
  return isUtf8(bytes.subarray(start, end)) ? decodeValidUtf8(bytes, start, end) : undefined;
}

/** UTF-16 of one text, before it is a string, and the same memory as octets. The system gives it as it is written to. */
const units = new Uint16Array(256 * 1024);
const unitOctets = Buffer.from(units.buffer);
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Decodes `bytes[start, end)`, which is known to be UTF-8, quicker than Buffer does where much of it is not ASCII: 3 to 4
 * times for Chinese, Cyrillic and emoji, and hardly for text in which they are rare. Longer than 256 KiB it is Buffer's.
 */
export function decodeValidUtf8(bytes: Buffer, start: number, end: number): string {
  // What Buffer calls UTF-16 is always little-endian; these units are as the machine has them.
  if (end - start > units.length || !isLittleEndian) return bytes.toString('utf8', start, end);
  let length = 0;
  let union = 0;
  for (let index = start; index < end; ) {
    const lead = bytes[index] as number;
    if (lead < 0x80) {
      // ASCII rarely comes alone, so four are tried at once.
      if (index + 4 <= end) {
        const second = bytes[index + 1] as number;
        const third = bytes[index + 2] as number;
        const fourth = bytes[index + 3] as number;
        if ((second | third | fourth) < 0x80) {
          units[length] = lead;
          units[length + 1] = second;
          units[length + 2] = third;
          units[length + 3] = fourth;
          length += 4;
          index += 4;
          continue;
        }
      }
      units[length++] = lead;
      index++;
    } else if (lead < 0xe0) {
      const unit = ((lead & 0x1f) << 6) | rest(bytes, index + 1);
      units[length++] = unit;
      union |= unit;
      index += 2;
    } else if (lead < 0xf0) {
      const unit = ((lead & 0x0f) << 12) | (rest(bytes, index + 1) << 6) | rest(bytes, index + 2);
      units[length++] = unit;
      union |= unit;
      index += 3;
    } else {
      const high = ((lead & 0x07) << 18) | (rest(bytes, index + 1) << 12);
      const codePoint = high | (rest(bytes, index + 2) << 6) | rest(bytes, index + 3);
      // A surrogate pair (RFC 2781 §2.1); the two constants have 0x10000 taken off already.
      units[length++] = 0xd7c0 + (codePoint >>> 10);
      units[length++] = 0xdc00 | (codePoint & 0x3ff);
      union = 0xffff;
      index += 4;
    }
  }
  if (union > 0xff) return unitOctets.toString('utf16le', 0, length * 2);
  // Latin-1 takes half the memory as a string. Each octet falls on a unit that has been read.
  for (let index = 0; index < length; index++) unitOctets[index] = units[index] as number;
  return unitOctets.toString('latin1', 0, length);
}

/** The six bits of a continuation octet. */
function rest(bytes: Buffer, index: number): number {
  return (bytes[index] as number) & 0x3f;
}

function isAsciiRange(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > shortLength) return isAscii(bytes.subarray(start, end));
  let union = 0;
  for (let index = start; index < end; index++) union |= bytes[index] as number;
  return union < 0x80;
}

/**
 * Judges UTF-8 that arrives in pieces cut anywhere, also inside a character. It keeps no octets, only what the next
 * one may be; the bulk of each piece is checked natively.
 */
export class Utf8Validator {
  /** How many continuation octets the character begun last still needs. */
  #missing = 0;
  /** What the next of them may be (RFC 3629 §4: the first one after E0, ED, F0 and F4 has a narrower range). */
  #lowest = 0x80;
  #highest = 0xbf;

  /** Whether all pieces so far end on a character's end. Must hold when the message ends. */
  get complete(): boolean {
    return this.#missing === 0;
  }

  /** Takes the next piece, `bytes[start, end)`, and only reads it. False: no continuation can make this UTF-8. */
  push(bytes: Uint8Array, start: number, end: number): boolean {
    const resumed = this.#continue(bytes, start, end);
    if (resumed === undefined) return false;
    if (resumed === end) return true;
    const tail = startOfUnfinished(bytes, resumed, end);
    if (tail > resumed && !isUtf8(bytes.subarray(resumed, tail))) return false;
    if (tail === end) return true;
    this.#begin(bytes[tail] as number);
    return this.#continue(bytes, tail + 1, end) !== undefined;
  }

  /** Forgets what was begun, for the next message. */
  reset(): void {
    this.#missing = 0;
    this.#lowest = 0x80;
    this.#highest = 0xbf;
  }

  /** Consumes the continuation octets that are due. @returns where the next character starts; undefined when one is bad */
  #continue(bytes: Uint8Array, start: number, end: number): number | undefined {
    let index = start;
    for (; this.#missing > 0 && index < end; index++) {
      const octet = bytes[index] as number;
      if (octet < this.#lowest || octet > this.#highest) return undefined;
      this.#missing--;
      this.#lowest = 0x80;
      this.#highest = 0xbf;
    }
    return index;
  }

  /** Notes what has to follow a leading octet of a character of two to four. */
  #begin(lead: number): void {
    this.#missing = characterLength(lead) - 1;
    if (lead === 0xe0) this.#lowest = 0xa0;
    else if (lead === 0xed) this.#highest = 0x9f;
    else if (lead === 0xf0) this.#lowest = 0x90;
    else if (lead === 0xf4) this.#highest = 0x8f;
  }
}

/** Octets in the character that `lead` begins. 1 for an octet that begins none: the bulk check then refuses it. */
function characterLength(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** Where a character starts that `end` cuts off; `end` when none is cut off. */
function startOfUnfinished(bytes: Uint8Array, start: number, end: number): number {
  for (let index = end - 1; index >= start && index >= end - 3; index--) {
    const octet = bytes[index] as number;
    if (octet >= 0x80 && octet < 0xc0) continue;
    return characterLength(octet) > end - index ? index : end;
  }
  return end;
}
