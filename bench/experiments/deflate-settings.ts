/**
 * `node --import tsx bench/experiments/deflate-settings.ts`: what settings of zlib would have saved, beside writing
 * short messages by hand (src/deflate-small.ts). CPU time of zlib at level 6 divided by each one's, and how much longer
 * its payloads are, for a chat's pages of JSON, 1 KiB each, with 11 bits of context.
 *
 * What was learned: no setting helps. Level 1 is 1.1 times as fast and makes 4 % more octets; a memLevel of 2 is no
 * faster, and on pages with more names and numbers, where its few symbols fill up, it took 1.1 times as long for 4 %
 * more; fixed codes alone are 1.06 times as fast for 12 % more. Of level 6's 27 µs, 5 are for the object and 3 for
 * the window. An object cannot be used again: `_processChunk` closes it when it is done, and nothing that is documented
 * sets another dictionary. By hand it is 1.5 ×. What lost there: a search that looks one octet further before it takes
 * a repetition (1 to 2 % fewer octets for 5 to 10 % more time), hashes of 11 or 12 bits (5 %), and taking several
 * values out of an array by destructuring in front of the loop, which cost 4 of 20 µs. In the reader, a reservoir of
 * bits that is filled octet by octet took 1.25 to 1.5 times as long as looking at 32 bits at the place itself, because
 * nobody can guess how many octets it takes.
 */
import { Buffer } from 'node:buffer';
import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { deflateSmall } from '../../src/deflate-small.ts';
import { jsonPayload } from '../server/frames.ts';

const bits = 11;
const tail = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const messages = Array.from({ length: 300 }, (_, seed) => jsonPayload(1024, seed));
const windows = messages.map((_, index) =>
  Buffer.concat(messages.slice(Math.max(0, index - 3), index)).subarray(-(2 ** bits)),
);

type Compress = (message: Uint8Array, window: Uint8Array) => Uint8Array;

function zlibWith(settings: ZlibOptions): Compress {
  return (message, window) => {
    const dictionary = window.length > 0 ? { dictionary: window } : {};
    const options = { ...settings, ...dictionary, windowBits: bits, finishFlush: constants.Z_SYNC_FLUSH };
    return deflateRawSync(message, { ...options, chunkSize: 1024 }).subarray(0, -tail.length);
  };
}

const reference = zlibWith({ level: 6 });
const variants: Record<string, Compress> = {
  'zlib, level 6': reference,
  'level 1': zlibWith({ level: 1 }),
  'level 4': zlibWith({ level: 4 }),
  'memLevel 5': zlibWith({ level: 6, memLevel: 5 }),
  'memLevel 2': zlibWith({ level: 6, memLevel: 2 }),
  'fixed codes': zlibWith({ level: 6, strategy: constants.Z_FIXED }),
  'by hand, one place': (message, window) => deflateSmall(message, window, bits, 1),
  'by hand, sixteen': (message, window) => deflateSmall(message, window, bits, 16),
};

/** Microseconds of CPU time for one message, and octets for all. */
function measure(compress: Compress): { time: number; length: number } {
  let length = 0;
  const start = process.cpuUsage();
  for (const [index, message] of messages.entries())
    length += compress(message, windows[index] ?? tail).length;
  const { user, system } = process.cpuUsage(start);
  return { time: (user + system) / messages.length, length };
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

console.log('setting                 times as fast   longer');
for (const [name, compress] of Object.entries(variants)) {
  for (const [index, message] of messages.entries()) {
    const window = windows[index] ?? tail;
    const options = window.length > 0 ? { dictionary: window } : {};
    const data = Buffer.concat([compress(message, window), tail]);
    const read = inflateRawSync(data, { ...options, finishFlush: constants.Z_SYNC_FLUSH });
    if (!read.equals(message)) throw new Error(`${name}: message ${index} is not what it should be.`);
  }
  const rounds = Array.from({ length: 15 }, () => ({ theirs: measure(reference), ours: measure(compress) }));
  const ratio = median(rounds.map(({ theirs, ours }) => theirs.time / ours.time));
  const longer = measure(compress).length / measure(reference).length - 1;
  console.log(
    `${name.padEnd(24)}${ratio.toFixed(2).padStart(12)}${`${(longer * 100).toFixed(1)} %`.padStart(10)}`,
  );
}
