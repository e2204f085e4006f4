/**
 * A buffer to read into whose memory comes with code that masks it sixteen octets at a time (RFC 6455 §5.3): the vector
 * instructions of WebAssembly, which JavaScript has no words for. It is 159 octets, written out below, and it takes a
 * fifth of the time of mask.ts, which does the same everywhere else. Called by lent-socket.ts for the one buffer that
 * all connections are read into.
 */
import { Buffer } from 'node:buffer';
import { lendMaskKernel, type MaskKernel } from './mask.ts';

/** What is used of WebAssembly. It is not there at all where Node.js runs without a compiler (`--jitless`). */
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (octets: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: { readonly mask: MaskKernel } };
};

/** Octets of one page of WebAssembly's memory. */
const pageLength = 64 * 1024;

/** The buffer begins here. Before it are sixteen octets of ones and sixteen of zeros, from which `$tail` is cut. */
const bufferStart = 64;
/** Octets behind the buffer that the last sixteen may reach into. They are met with zeros, and stay as they are. */
const slack = 16;

// The operations that are used, as WebAssembly encodes them.
const [block, loop, branch, branchIf, end] = [0x02, 0x03, 0x0c, 0x0d, 0x0b];
const noResult = 0x40;
const [getLocal, setLocal, teeLocal] = [0x20, 0x21, 0x22];
const [i32, v128] = [0x7f, 0x7b];
const [i32Const, i32Add, i32Subtract, i32IsGreater] = [0x41, 0x6a, 0x6b, 0x4b];
/** The vector operations have a prefix; reading and writing name an alignment (none) and an offset (none). */
const load = [0xfd, 0x00, 0, 0];
const store = [0xfd, 0x0b, 0, 0];
const splat = [0xfd, 0x11];
const and = [0xfd, 0x4e];
const or = [0xfd, 0x50];
const xor = [0xfd, 0x51];
const highBits = [0xfd, 0x64];

// The parameters and the variables of the function.
const [$start, $end, $key, $pattern, $union, $octets, $tail] = [0, 1, 2, 3, 4, 5, 6];

/** mask($start, $end, $key): each line leaves the value that its comment tells, or does what it tells. */
const mask = [
  // The key four times over.
  ...[getLocal, $key, ...splat, setLocal, $pattern],
  // While there are sixteen octets:
  ...[block, noResult, loop, noResult],
  ...[getLocal, $start, i32Const, 16, i32Add, getLocal, $end, i32IsGreater, branchIf, 1],
  // they are masked,
  ...[getLocal, $start],
  ...[getLocal, $start, ...load, getLocal, $pattern, ...xor, teeLocal, $octets, ...store],
  // they enter the union,
  ...[getLocal, $union, getLocal, $octets, ...or, setLocal, $union],
  // and on to the next.
  ...[getLocal, $start, i32Const, 16, i32Add, setLocal, $start],
  ...[branch, 0, end, end],
  // As many ones as octets are left, then zeros, which leave what lies behind as it is.
  ...[i32Const, 16, getLocal, $end, getLocal, $start, i32Subtract, i32Subtract, ...load, setLocal, $tail],
  ...[getLocal, $start],
  ...[
    getLocal,
    $start,
    ...load,
    getLocal,
    $pattern,
    getLocal,
    $tail,
    ...and,
    ...xor,
    teeLocal,
    $octets,
    ...store,
  ],
  // The result: the high bits of all octets, one beside the other. None is set when all is ASCII.
  ...[getLocal, $union, getLocal, $octets, getLocal, $tail, ...and, ...or, ...highBits],
  end,
];

/** A list has its length in front, and so has a section behind its number. All here are below 128, which is one octet. */
const list = (...items: readonly (readonly number[])[]): number[] => [items.length, ...items.flat()];
const sized = (octets: readonly number[]): number[] => [octets.length, ...octets];
const section = (number: number, octets: readonly number[]): number[] => [number, ...sized(octets)];
const name = (text: string): number[] => sized([...Buffer.from(text)]);

/** The module: `\0asm`, version 1, then its sections. */
const octets = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  // One type of function, of three numbers to one,
  ...section(1, list([0x60, ...list([i32], [i32], [i32]), ...list([i32])])),
  // the memory, which comes from outside and has one page or more,
  ...section(2, list([...name(''), ...name('memory'), 0x02, 0x00, 1])),
  // one function of that type,
  ...section(3, list([0])),
  // which is to be seen from outside,
  ...section(7, list([...name('mask'), 0x00, 0])),
  // and what it does, with four variables of 128 bits.
  ...section(10, list(sized([...list([4, v128]), ...mask]))),
]);

/**
 * Memory to read into. applyMask finds out by itself that octets lie in it. Where WebAssembly is not to be had, or no
 * room in the address space for its memory, it is a buffer like any other and applyMask goes by words.
 * @param length octets, below 2^31
 */
export function createReadBuffer(length: number): Buffer {
  try {
    const pages = Math.ceil((bufferStart + length + slack) / pageLength);
    const memory = new WebAssembly.Memory({ initial: pages });
    new Uint8Array(memory.buffer).fill(0xff, 0, 16);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(octets), { '': { memory } });
    lendMaskKernel(memory.buffer, instance.exports.mask);
    return Buffer.from(memory.buffer, bufferStart, length);
  } catch {
    return Buffer.alloc(length);
  }
}
