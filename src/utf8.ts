/**
 * UTF-8 of text messages (RFC 6455 §8.1, RFC 3629): decoding what is whole, and judging what arrives in pieces so
 * that a bad octet fails as soon as it is there (§7.1.7, §8.1). Called by decoder.ts and message.ts.
 */
import { type Buffer, isAscii, isUtf8 } from 'node:buffer';

/** Up to this many octets a loop in JavaScript tells ASCII faster than the call into native code. */
const shortLength = 48;

/**
 * Decodes `bytes[start, end)`; undefined when that is not UTF-8. A leading BOM is kept: it is part of the message.
 * @param known whether all of it is ASCII, where that has been looked at; default: it is looked at here
 */
export function decodeUtf8(bytes: Buffer, start: number, end: number, known?: boolean): string | undefined {
  // ASCII reads the same as Latin-1, which needs no decoding: one copy, and half the time of UTF-8.
  if (known ?? isAsciiRange(bytes, start, end)) return bytes.toString('latin1', start, end);
  return isUtf8(bytes.subarray(start, end)) ? bytes.toString('utf8', start, end) : undefined;
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
