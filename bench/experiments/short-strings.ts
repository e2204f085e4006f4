/**
 * `node --import tsx bench/experiments/short-strings.ts`: strings of short ASCII made in JavaScript, where a call into
 * native code takes longer than the copying. Not taken, though it is quicker: `String.fromCharCode` with one argument for
 * each octet makes 8 octets in 18 ns against 69 of `toString('latin1')` (16 in 26 against 68, and 58 of the undocumented
 * `latin1Slice`), but takes a line of its own for each length, and without it 16 octets are decoded 4.6 times as fast as
 * by ws with bufferutil. What takes any length hardly wins below a dozen octets and loses above: a list that is filled
 * and applied, 78 ns for 16; joining one by one, 99 ns, and that string is a tree which its reader has to flatten.
 */
import { Buffer } from 'node:buffer';
import { median } from '../statistics.ts';

const bytes = Buffer.from('What is to become a string, a few octets of it. '.repeat(1000), 'latin1');
const code = String.fromCharCode;
const at = (index: number): number => bytes[index] ?? 0;

const list: number[] = [];
function applied(start: number, length: number): string {
  list.length = length;
  for (let index = 0; index < length; index++) list[index] = at(start + index);
  return code.apply(null, list);
}

function joined(start: number, length: number): string {
  let text = '';
  for (let index = start; index < start + length; index++) text += code(at(index));
  return text;
}

function eight(start: number): string {
  const [i, b] = [start, bytes];
  // biome-ignore format: one line for one string
  return code(b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0, b[i + 3] ?? 0, b[i + 4] ?? 0, b[i + 5] ?? 0, b[i + 6] ?? 0, b[i + 7] ?? 0);
}

const ways: Readonly<Record<string, (start: number, length: number) => string>> = {
  "toString('latin1')": (start, length) => bytes.toString('latin1', start, start + length),
  'a list, applied': applied,
  'joined one by one': joined,
  'eight arguments, for 8 octets': eight,
};

const count = 40_000;
for (const length of [1, 4, 8, 12, 16, 24, 48]) {
  const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
  for (let round = 0; round < 9; round++) {
    for (const [name, way] of Object.entries(ways)) {
      if (way === ways['eight arguments, for 8 octets'] && length !== 8) continue;
      let units = 0;
      const before = process.cpuUsage();
      for (let turn = 0; turn < count; turn++) units += way(turn & 0x3fff, length).length;
      const { user, system } = process.cpuUsage(before);
      if (units !== count * length) throw new Error(`${name} made ${units} units.`);
      times.get(name)?.push(((user + system) * 1000) / count);
    }
  }
  console.log(`${length} octets`);
  for (const [name, all] of times) {
    if (all.length > 0) console.log(`  ${name.padEnd(32)} ${median(all).toFixed(0).padStart(5)} ns`);
  }
}
