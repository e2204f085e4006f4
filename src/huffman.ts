/**
 * Huffman codes to write by (RFC 1951 §3.2.2): from how often each symbol comes to the lengths of the codes, and from
 * those to the codes. Called by deflate-small.ts; the reader's side is in inflate-small.ts.
 */
import { literalSymbols, longestCode } from './deflate-tables.ts';

/** Symbols that occur, the rarest first, each as how often it does times 512 and itself. */
const leaves = new Uint32Array(literalSymbols);
const unsorted = new Uint32Array(literalSymbols);
/** The tree: leaves, then what joins two of them or of its own kind, the root last. */
const weights = new Uint32Array(literalSymbols * 2);
const parents = new Uint16Array(literalSymbols * 2);
const depths = new Uint8Array(literalSymbols * 2);

/** How often symbols come is sorted in so many steps at once; what comes more often, one by one. */
const steps = 64;
const places = new Uint16Array(steps + 1);

/**
 * The lengths of the best code: `lengths[symbol]` for each symbol, 0 for one that does not occur. At least two get a
 * code, because a code of one is not whole.
 * @param counts how often each symbol occurs, all together less than 2^23
 * @param longest no length is above this; where the best code has one that is, it is a little worse than the best
 */
export function codeLengths(counts: Uint32Array, longest: number, lengths: Uint8Array): void {
  const used = sortLeaves(counts);
  while (plantTree(used) > longest) {
    // Rare symbols become more alike. The order stays as it is.
    for (let leaf = 0; leaf < used; leaf++) {
      const entry = leaves[leaf] as number;
      leaves[leaf] = (((entry >>> 10) | 1) << 9) | (entry & 511);
    }
  }
  for (let symbol = 0; symbol < counts.length; symbol++) lengths[symbol] = 0;
  for (let leaf = 0; leaf < used; leaf++) lengths[(leaves[leaf] as number) & 511] = depths[leaf] as number;
}

/** Fills `leaves`. @returns how many there are */
function sortLeaves(counts: Uint32Array): number {
  places.fill(0);
  let used = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    const count = counts[symbol] as number;
    if (count > 0) used = addLeaf(count, symbol, used);
  }
  for (let symbol = 0; used < 2; symbol++) if (counts[symbol] === 0) used = addLeaf(1, symbol, used);
  for (let step = 1; step <= steps; step++) {
    places[step] = (places[step] as number) + (places[step - 1] as number);
  }
  // From behind: `places` tells where the leaves of a step end.
  for (let index = used - 1; index >= 0; index--) {
    const entry = unsorted[index] as number;
    const step = Math.min(entry >>> 9, steps);
    const place = (places[step] as number) - 1;
    places[step] = place;
    leaves[place] = entry;
  }
  for (let index = (places[steps] as number) + 1; index < used; index++) {
    const entry = leaves[index] as number;
    let place = index;
    for (; (leaves[place - 1] as number) > entry; place--) leaves[place] = leaves[place - 1] as number;
    leaves[place] = entry;
  }
  return used;
}

function addLeaf(count: number, symbol: number, used: number): number {
  unsorted[used] = (count << 9) | symbol;
  const step = Math.min(count, steps);
  places[step] = (places[step] as number) + 1;
  return used + 1;
}

/**
 * Huffman's algorithm. What is joined is joined in the order of its weight, so the two lightest are always next in one
 * of two rows: the leaves, and what was joined. Fills `depths`.
 * @returns the depth of the deepest leaf, which is the first
 */
function plantTree(used: number): number {
  for (let leaf = 0; leaf < used; leaf++) weights[leaf] = (leaves[leaf] as number) >>> 9;
  const root = used * 2 - 2;
  let leaf = 0;
  let joined = used;
  for (let node = used; node <= root; node++) {
    let weight = 0;
    for (let child = 0; child < 2; child++) {
      const takesLeaf =
        leaf < used && (joined === node || (weights[leaf] as number) <= (weights[joined] as number));
      const lightest = takesLeaf ? leaf++ : joined++;
      weight += weights[lightest] as number;
      parents[lightest] = node;
    }
    weights[node] = weight;
  }
  depths[root] = 0;
  for (let node = root - 1; node >= 0; node--) depths[node] = (depths[parents[node] as number] as number) + 1;
  return depths[0] as number;
}

const lengthCounts = new Uint16Array(longestCode + 1);
const nextCodes = new Uint16Array(longestCode + 1);
const reversedOctets = Uint8Array.from({ length: 256 }, (_, octet) => {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) reversed |= ((octet >> bit) & 1) << (7 - bit);
  return reversed;
});

/**
 * The codes with these lengths, of symbol 0 and so on. Each becomes one number: its bits, in the order in which they
 * are sent, times 16 and its length. Places of symbols without a code are left as they are.
 */
export function codesOf(lengths: Uint8Array, codes: Uint32Array): void {
  lengthCounts.fill(0);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] as number;
    lengthCounts[length] = (lengthCounts[length] as number) + 1;
  }
  lengthCounts[0] = 0;
  let code = 0;
  for (let length = 1; length <= longestCode; length++) {
    code = (code + (lengthCounts[length - 1] as number)) << 1;
    nextCodes[length] = code;
  }
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] as number;
    if (length === 0) continue;
    const next = nextCodes[length] as number;
    nextCodes[length] = next + 1;
    const sixteen = ((reversedOctets[next & 255] as number) << 8) | (reversedOctets[next >> 8] as number);
    codes[symbol] = ((sixteen >> (16 - length)) << 4) | length;
  }
}
