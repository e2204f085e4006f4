/**
 * `node --import tsx bench/experiments/unmasking.ts`: other ways to unmask (RFC 6455 §5.3) than those of mask.ts and
 * mask-kernel.ts, in nanoseconds of CPU time for one payload. Lost, measured for 125 octets and for 16 KiB against 30
 * and 1,550 of mask.ts's words, and 11 and 445 of the kernel: octet by octet, 119 and 14,700; words of 32 bits that tell
 * ASCII as well, 28 and 2,280; words of 64 bits whose union is a variable, 55 and 6,660, because each new BigInt in a
 * variable is an object, while one in a typed array is a register; and memory of its own that is copied into the
 * kernel's, unmasked there and copied back, 128 and 1,050: a third less from 16 KiB on, too little for a third way.
 * Slices of 16 KiB, unmasked and copied one after the other while they are in the first cache, made binary messages of
 * 64 KiB slower (0.59 against 0.85 of ws with bufferutil), because the block that they go to then grows in more steps.
 */
import { Buffer } from 'node:buffer';
import { applyMask } from '../../src/mask.ts';
import { createReadBuffer } from '../../src/mask-kernel.ts';
import { median } from '../statistics.ts';

const key = 0x01020304;
const longest = 64 * 1024;
const plain = Buffer.alloc(longest, 0x41);
const kernel = createReadBuffer(longest);
const words32 = new Int32Array(plain.buffer, plain.byteOffset, longest / 4);
const words64 = new BigInt64Array(plain.buffer, plain.byteOffset, longest / 8);
const pattern = BigInt(0x04030201) * 0x1_0000_0001n;

function byOctets(length: number): boolean {
  let union = 0;
  for (let index = 0; index < length; index++) {
    const octet = (plain[index] ?? 0) ^ (key >>> (24 - (index & 3) * 8));
    plain[index] = octet;
    union |= octet;
  }
  return (union & 0x80) === 0;
}

/** These two leave out what lies beside whole words. */
function byWords32(length: number): boolean {
  let union = 0;
  const end = length >>> 2;
  for (let index = 0; index < end; index++) {
    const word = (words32[index] ?? 0) ^ 0x04030201;
    words32[index] = word;
    union |= word;
  }
  return (union & 0x80808080) === 0;
}

function byVariable(length: number): boolean {
  let union = 0n;
  const end = length >>> 3;
  for (let index = 0; index < end; index++) {
    const word = (words64[index] ?? 0n) ^ pattern;
    words64[index] = word;
    union = BigInt.asIntN(64, union | word);
  }
  return (union & 0x0080_8080_8080_8080n) === 0n;
}

function byCopies(length: number): boolean {
  plain.copy(kernel, 0, 0, length);
  const isAscii = applyMask(kernel, 0, length, key);
  kernel.copy(plain, 0, 0, length);
  return isAscii;
}

const ways: Readonly<Record<string, (length: number) => boolean>> = {
  'octet by octet': byOctets,
  'words of 32 bits': byWords32,
  'words of 64 bits, union in a variable': byVariable,
  'mask.ts': (length) => applyMask(plain, 0, length, key),
  'mask-kernel.ts': (length) => applyMask(kernel, 0, length, key),
  'copied to the kernel and back': byCopies,
};

for (const length of [16, 125, 1024, 16_384, longest]) {
  const count = Math.ceil(4e6 / (length + 40));
  const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
  for (let round = 0; round < 9; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const before = process.cpuUsage();
      // Twice gives the octets back, so an even count leaves ASCII for the next.
      for (let turn = 0; turn < count * 2; turn++) way(length);
      const { user, system } = process.cpuUsage(before);
      times.get(name)?.push(((user + system) * 1000) / (count * 2));
    }
  }
  console.log(`${length} octets`);
  for (const [name, all] of times)
    console.log(`  ${name.padEnd(40)} ${median(all).toFixed(0).padStart(7)} ns`);
}
