/**
 * `node --import tsx bench/experiments/binary-copies.ts`: where a binary message goes when its chunk is lent. decoder.ts
 * makes an exact copy, which V8 keeps on its own heap up to 64 octets (75 ns); from 65 on it takes memory from malloc and
 * 190 to 400 ns, most of what such a message costs. Not taken: Buffer's pool, which takes 130 to 150 ns from 65 octets to
 * 1 KiB, because one message of 65 octets would keep 8 KiB alive for as long as somebody holds it, and because the
 * memory behind it would show what others sent to whoever looks at `.buffer`, or sends that by mistake.
 */
import { Buffer } from 'node:buffer';
import { median } from '../statistics.ts';

const chunk = Buffer.alloc(64 * 1024, 0x41);

const ways: Readonly<Record<string, (start: number, end: number) => Uint8Array>> = {
  'exact, from a part of the chunk': (start, end) => new Uint8Array(chunk.subarray(start, end)),
  'exact, filled afterwards': (start, end) => {
    const copy = new Uint8Array(end - start);
    chunk.copy(copy, 0, start, end);
    return copy;
  },
  'exact, allocUnsafeSlow': (start, end) => {
    const copy = Buffer.allocUnsafeSlow(end - start);
    chunk.copy(copy, 0, start, end);
    return copy;
  },
  'from the pool': (start, end) => {
    const copy = Buffer.allocUnsafe(end - start);
    chunk.copy(copy, 0, start, end);
    return copy;
  },
  'a view, as of a chunk that is ours': (start, end) =>
    new Uint8Array(chunk.buffer, chunk.byteOffset + start, end - start),
};

for (const length of [16, 64, 65, 125, 1024, 16_384]) {
  const count = Math.ceil(4e6 / (length + 200));
  const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
  for (let round = 0; round < 9; round++) {
    for (const [name, way] of Object.entries(ways)) {
      let octets = 0;
      const before = process.cpuUsage();
      for (let turn = 0; turn < count; turn++) octets += way(turn & 0x3fff, (turn & 0x3fff) + length).length;
      const { user, system } = process.cpuUsage(before);
      if (octets !== count * length) throw new Error(`${name} made ${octets} octets.`);
      times.get(name)?.push(((user + system) * 1000) / count);
    }
  }
  console.log(`${length} octets`);
  for (const [name, all] of times)
    console.log(`  ${name.padEnd(36)} ${median(all).toFixed(0).padStart(6)} ns`);
}
