/**
 * Changes to octets that only a random generator decides: the plain ones that know no format, and those for text,
 * lengths and head lines. Called by fuzzer.ts for every target; the targets add the ones that know their own format.
 */
import { Buffer } from 'node:buffer';
import { utf8 } from '../support/octets.ts';

/** Numbers in [0, 1), as `seededRandom` gives them. */
export type Random = () => number;

/** Makes one changed copy. `other` is a second input, to take pieces from. Neither is written. */
export type Mutation = (input: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

/** A whole number from 0 to `limit` - 1; 0 when there is no such number. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** One of the values. There must be one. */
export function pick<Value>(random: Random, values: readonly Value[]): Value {
  const value = values[below(random, values.length)];
  if (value === undefined) throw new RangeError('There is nothing to pick from.');
  return value;
}

/** Puts `inserted` in place of `input[start, end)`. */
export function replaced(input: Uint8Array, start: number, end: number, inserted: Uint8Array): Uint8Array {
  return Buffer.concat([input.subarray(0, start), inserted, input.subarray(Math.max(start, end))]);
}

/** Octets at which a format changes its mind: ends of ranges, lengths, what begins and ends a line. */
const interestingOctets = [
  0x00, 0x01, 0x02, 0x07, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3a, 0x3b, 0x3d, 0x7d, 0x7e, 0x7f, 0x80, 0x81, 0x82,
  0x88, 0x89, 0x8a, 0xbf, 0xc0, 0xc1, 0xc2, 0xed, 0xf4, 0xf5, 0xfd, 0xfe, 0xff,
];

/** Numbers of two, four and eight octets that lengths and sums break at. */
const interestingNumbers = [
  0n,
  1n,
  125n,
  126n,
  127n,
  128n,
  255n,
  256n,
  1000n,
  1006n,
  4999n,
  5000n,
  65_535n,
  65_536n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** Text that UTF-8 decoders are wrong about: first and last of each length, and what must be refused (RFC 3629 §3-4). */
export const interestingText: readonly Uint8Array[] = [
  utf8('\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}'),
  utf8('\ufeff'),
  utf8('\u0000'),
  utf8('κόσμε 😀'),
  // A continuation alone, a character cut off after one, two and three octets.
  Uint8Array.of(0x80),
  Uint8Array.of(0xc3),
  Uint8Array.of(0xe2, 0x82),
  Uint8Array.of(0xf0, 0x9f, 0x98),
  // Too long a form, a surrogate, one above U+10FFFF, octets that no character has.
  Uint8Array.of(0xc0, 0xaf),
  Uint8Array.of(0xe0, 0x80, 0xaf),
  Uint8Array.of(0xf0, 0x80, 0x80, 0xaf),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xed, 0x9f, 0xbf),
  Uint8Array.of(0xf4, 0x8f, 0xbf, 0xbf),
  Uint8Array.of(0xf4, 0x90, 0x80, 0x80),
  Uint8Array.of(0xf5),
  Uint8Array.of(0xff),
];

/** Octets of any value. */
export function anyOctets(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(random, 256));
}

/** Mostly short, now and then long: most formats decide in a few octets. */
function shortLength(random: Random): number {
  return 1 + Math.floor(random() ** 3 * 64);
}

function flipBit(input: Uint8Array, random: Random): Uint8Array {
  const changed = Uint8Array.from(input);
  const at = below(random, input.length);
  changed[at] = (changed[at] ?? 0) ^ (1 << below(random, 8));
  return changed;
}

function setOctet(input: Uint8Array, random: Random): Uint8Array {
  const changed = Uint8Array.from(input);
  changed[below(random, input.length)] =
    random() < 0.5 ? pick(random, interestingOctets) : below(random, 256);
  return changed;
}

function addToOctet(input: Uint8Array, random: Random): Uint8Array {
  const changed = Uint8Array.from(input);
  const at = below(random, input.length);
  changed[at] = (changed[at] ?? 0) + pick(random, [-2, -1, 1, 2]);
  return changed;
}

/** A big-endian number in place of what stands there, or between it: a length field that lies. */
function setNumber(input: Uint8Array, random: Random): Uint8Array {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64BE(pick(random, interestingNumbers));
  const length = pick(random, [2, 4, 8]);
  const at = below(random, input.length + 1);
  return replaced(input, at, random() < 0.7 ? at + length : at, octets.subarray(8 - length));
}

function insertOctets(input: Uint8Array, random: Random): Uint8Array {
  const at = below(random, input.length + 1);
  return replaced(input, at, at, anyOctets(random, shortLength(random)));
}

function insertText(input: Uint8Array, random: Random): Uint8Array {
  const at = below(random, input.length + 1);
  const text = pick(random, interestingText);
  return replaced(input, at, random() < 0.5 ? at + text.length : at, text);
}

function remove(input: Uint8Array, random: Random): Uint8Array {
  const at = below(random, input.length);
  return replaced(input, at, at + shortLength(random), new Uint8Array(0));
}

function duplicate(input: Uint8Array, random: Random): Uint8Array {
  const at = below(random, input.length);
  const piece = input.subarray(at, at + shortLength(random) * (random() < 0.2 ? 16 : 1));
  const to = random() < 0.5 ? at : below(random, input.length + 1);
  return replaced(input, to, to, piece);
}

function truncate(input: Uint8Array, random: Random): Uint8Array {
  return Uint8Array.from(input.subarray(0, below(random, input.length)));
}

/** The start of one input with the end of the other. */
function splice(input: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const at = below(random, input.length + 1);
  return Buffer.concat([input.subarray(0, at), other.subarray(below(random, other.length + 1))]);
}

/** A piece of the other input put in between. */
function graft(input: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const start = below(random, other.length);
  const at = below(random, input.length + 1);
  return replaced(input, at, at, other.subarray(start, start + shortLength(random) * 2));
}

/** What can be done to any octets. */
export const plainMutations: readonly Mutation[] = [
  flipBit,
  setOctet,
  addToOctet,
  setNumber,
  insertOctets,
  insertText,
  remove,
  duplicate,
  truncate,
  splice,
  graft,
];

/** Puts one of the words in, or writes it over what is there. */
export function insertWord(words: readonly Uint8Array[]): Mutation {
  return (input, random) => {
    const word = pick(random, words);
    const at = below(random, input.length + 1);
    return replaced(input, at, random() < 0.5 ? at + word.length : at, word);
  };
}

/** Changes whole lines that end in CRLF: one is dropped, repeated, moved, or comes from the other input. */
export const changeLines: Mutation = (input, random, other) => {
  const lines = Buffer.from(input).toString('latin1').split('\r\n');
  const at = below(random, lines.length);
  const line = lines[at] ?? '';
  const to = below(random, lines.length + 1);
  switch (below(random, 6)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(to, 0, line);
      break;
    case 2:
      lines.splice(at, 1);
      lines.splice(to, 0, line);
      break;
    case 3:
      lines.splice(to, 0, pick(random, Buffer.from(other).toString('latin1').split('\r\n')));
      break;
    case 4:
      lines[at] = random() < 0.5 ? line.toUpperCase() : line.toLowerCase();
      break;
    default:
      // One field over two lines, as a list may be, or one that goes on after white space, which is refused.
      lines.splice(
        at,
        1,
        ...line.split(',').map((part, index) => (index === 0 ? part : pick(random, ['X:', ' ']) + part)),
      );
  }
  return Buffer.from(lines.join('\r\n'), 'latin1');
};

/** Leaves the first `length` octets, which choose a run's options, as they are nine times out of ten. */
export function afterOptions(length: number, mutation: Mutation): Mutation {
  return (input, random, other) => {
    if (random() < 0.1) return mutation(input, random, other);
    const body = mutation(input.subarray(length), random, other.subarray(length));
    return Buffer.concat([input.subarray(0, length), body]);
  };
}
