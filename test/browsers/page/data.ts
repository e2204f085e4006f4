/** Messages of any length that both ends can tell from any other, and how they are compared. */
import { expectEqual, expectThat } from './check.ts';

/** Octets that do not repeat early and do not compress: xorshift32 from a seed other than zero. */
export function noise(length: number, seed = 0x2545f491): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(length);
  let state = seed;
  for (let index = 0; index < length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    octets[index] = state;
  }
  return octets;
}

/** A text of that many octets in UTF-8, with characters of one to four octets as far as they fit. */
export function textOf(length: number): string {
  const part = 'aé€😀';
  const partLength = 10;
  return part.repeat(Math.floor(length / partLength)) + 'x'.repeat(length % partLength);
}

/** A message of a chat, JSON and all: short, a little compressible alone, and much like the one before. */
export function chatLine(index: number): string {
  const content = { type: 'text', text: `This is line ${index} of a long conversation.` };
  const data = { offset: index, author: { id: 'member-1', name: 'Ada' }, time: 1_773_312_840_000, content };
  return JSON.stringify({ event: 'message:new', data });
}

/** @throws Error unless `data` is an ArrayBuffer of these octets */
export function expectOctets(data: unknown, expected: Uint8Array): void {
  if (!(data instanceof ArrayBuffer)) {
    throw new Error(`What came back is ${kindOf(data)}, not an ArrayBuffer.`);
  }
  expectEqual('The length', data.byteLength, expected.length);
  const octets = new Uint8Array(data);
  const differs = octets.findIndex((octet, index) => octet !== expected[index]);
  expectThat(differs === -1, `The octet at ${differs} differs.`);
}

/** @throws Error unless `data` is this text */
export function expectText(data: unknown, expected: string): void {
  if (typeof data !== 'string') throw new Error(`What came back is ${kindOf(data)}, not a text.`);
  if (expected.length <= 100) expectEqual('The text', data, expected);
  else {
    expectEqual('The length', data.length, expected.length);
    expectThat(data === expected, 'The text differs.');
  }
}

function kindOf(data: unknown): string {
  if (typeof data === 'string') return 'a text';
  return data instanceof Blob ? 'a Blob' : Object.prototype.toString.call(data);
}
