/**
 * The list of what codec.bench.ts measures, as plain data: what each case is called, in which set of processes it runs,
 * and what it is made of. Read by the bench itself and by its workers, which build the work from it.
 */
import type { Goal } from '../results.ts';
import type { Kind } from './frames.ts';

/** How octets come: in reads of 64 KiB cut anywhere, a frame to a read, a hundred to a read, or an octet to a read. */
export const shapes = ['64k-reads', '1-per-read', '100-per-read', '1-octet-reads'] as const;
export type Shape = (typeof shapes)[number];

export interface DecodeWork {
  readonly type: 'decode';
  readonly kind: Kind;
  readonly length: number;
  readonly masked: boolean;
  readonly shape: Shape;
}

export type Work = DecodeWork;

export interface Case {
  /** Unique and lasting. */
  readonly id: string;
  readonly title: string;
  readonly group: 'decode' | 'encode' | 'mask' | 'utf-8' | 'deflate';
  /** Cases of one set run in the same processes, one per subject, so that no more than these share their JIT feedback. */
  readonly set: string;
  readonly unit: 'ns/frame' | 'GB/s';
  readonly goals: readonly Goal[];
  /** Whether `--quick` measures it. */
  readonly quick: boolean;
  readonly work: Work;
}

const names: Readonly<Record<number, string>> = {
  1024: '1k',
  16384: '16k',
  65536: '64k',
  1048576: '1m',
};
const titles: Readonly<Record<number, string>> = {
  1024: '1 KiB',
  16384: '16 KiB',
  65535: '65,535 B',
  65536: '64 KiB',
  1048576: '1 MiB',
};
const kindTitles: Readonly<Record<Kind, string>> = {
  text: 'ASCII text',
  cjk: 'CJK text',
  emoji: 'emoji',
  binary: 'binary',
};

const shapeTitles: Readonly<Record<Shape, string>> = {
  '64k-reads': '64 KiB reads',
  '1-per-read': 'one frame per read',
  '100-per-read': '100 frames per read',
  '1-octet-reads': 'one octet per read',
};

export const nameOf = (length: number): string => names[length] ?? String(length);
export const titleOf = (length: number): string => titles[length] ?? `${length} B`;
/** From 16 KiB on octets matter, below it frames do. */
const unitOf = (length: number): 'ns/frame' | 'GB/s' => (length < 16_384 ? 'ns/frame' : 'GB/s');

function decodeCase(
  set: string,
  quick: boolean,
  kind: Kind,
  length: number,
  masked = true,
  shape: Shape = '64k-reads',
  goal?: number,
): Case {
  const mask = masked ? 'masked' : 'unmasked';
  return {
    id: `decode-${nameOf(length)}-${kind}-${mask}${shape === '64k-reads' ? '' : `-${shape}`}`,
    title: `Decode ${titleOf(length)} ${kindTitles[kind]}, ${mask}, ${shapeTitles[shape]}`,
    group: 'decode',
    set,
    unit: unitOf(length),
    goals: goal === undefined ? [] : ['ws', 'ws+bufferutil'].map((against) => ({ against, ratio: goal })),
    quick,
    work: { type: 'decode', kind, length, masked, shape },
  };
}

export const cases: readonly Case[] = [
  // The rows that have a goal, by themselves.
  decodeCase('decode-goals', true, 'text', 16, true, '64k-reads', 3),
  decodeCase('decode-goals', true, 'text', 125, true, '64k-reads', 3),
  decodeCase('decode-goals', true, 'text', 1024, true, '64k-reads', 2),
  decodeCase('decode-goals', true, 'text', 65_536, true, '64k-reads', 1.5),
  decodeCase('decode-goals', true, 'binary', 65_536, true, '64k-reads', 1.5),
];
