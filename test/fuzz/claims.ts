/** What every target claims things with: plain assertions, and the errors that alone may come out of the core. */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { ProtocolError } from '../../src/close.ts';
import { HttpError } from '../../src/http-head.ts';
import { seededRandom } from '../support/chopping.ts';
import { template } from './fuzzer.ts';
import { below } from './mutator.ts';

/** What `run` gives, or the ProtocolError with one of these codes that it throws. Anything else is a finding. */
export function orProtocolError<Value>(codes: readonly number[], run: () => Value): Value | ProtocolError {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    assert(
      codes.includes(error.closeCode),
      `The close code ${error.closeCode} is none of ${codes.join(', ')}.`,
    );
    checkWords(error);
    return error;
  }
}

/** What `run` gives, or the HttpError that it throws, which has to be one that can be answered with. */
export function orHttpError<Value>(run: () => Value): Value | HttpError {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const { status } = error;
    assert(Number.isInteger(status) && status >= 400 && status <= 599, `The status is ${status}.`);
    checkWords(error);
    return error;
  }
}

/** An error of the peer's says which rule, and what is wrong in one sentence. */
export function checkWords({ section, explanation }: { section: string; explanation: string }): void {
  assert.match(section, /^(?:RFC \d+ §|PROXY protocol )/);
  assert.match(explanation, /^[A-Z].*\.$/s);
}

/** The class of an error: which rule was broken. */
export function classOf(error: ProtocolError | HttpError): string {
  const code = error instanceof ProtocolError ? error.closeCode : error.status;
  return `${code} ${error.section} ${template(error.explanation)}`;
}

/** A count as its order of magnitude, so that one more is not another class. */
export function magnitude(count: number): number {
  return count < 4 ? count : 2 + Math.floor(Math.log2(count));
}

/** The octets cut at places that the seed chooses: fresh copies, at most `most` of them. */
export function cutAtRandom(octets: Uint8Array, seed: number, most = 12): Uint8Array[] {
  const random = seededRandom(seed);
  const cuts = Array.from({ length: below(random, most) }, () => {
    // Most of what can go wrong does so near the beginning: in heads and headers.
    const range = random() < 0.5 ? Math.min(40, octets.length) : octets.length;
    return below(random, range + 1);
  }).sort((left, right) => left - right);
  return [0, ...cuts].map((start, index) =>
    Uint8Array.from(octets.subarray(start, cuts[index] ?? octets.length)),
  );
}

/** One chunk for each octet. */
export function octetByOctet(octets: Uint8Array): Uint8Array[] {
  return Array.from(octets, (octet) => Uint8Array.of(octet));
}

/** A number from up to four octets at `start`, for seeds and choices that an input makes. */
export function numberAt(octets: Uint8Array, start: number, length = 1): number {
  let number = 0;
  for (let index = start; index < start + length; index++) number = number * 256 + (octets[index] ?? 0);
  return number;
}

/** Fails unless the two hold the same octets. */
export function sameOctets(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(actual, expected) === 0) return;
  assert.fail(`${what}: ${describeOctets(actual)} where ${describeOctets(expected)} was due`);
}

function describeOctets(octets: Uint8Array): string {
  const start = Buffer.from(octets.subarray(0, 64)).toString('hex');
  return `${octets.length} octets ${start}${octets.length > 64 ? '…' : ''}`;
}
