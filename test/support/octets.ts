/** Octets for tests: written as hexadecimal, as in the RFCs, or drawn from a seeded generator. */
import { Buffer } from 'node:buffer';

/** `hex('81 05 48')` is three octets; white space is only for the eye. */
export function hex(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/\s/g, '');
  const bytes = Uint8Array.from(Buffer.from(digits, 'hex'));
  if (bytes.length * 2 !== digits.length) throw new TypeError(`This is not hexadecimal: ${text}`);
  return bytes;
}

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text, 'utf8'));
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts));
}

/** Octets that never repeat in step with a masking key: 0, 1, … 250, 0, 1, … */
export function countedOctets(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => index % 251);
}

export function randomOctets(length: number, random: () => number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => random() * 256);
}
