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

export interface EncodeWork {
  readonly type: 'encode';
  readonly kind: Kind;
  readonly length: number;
  readonly masked: boolean;
  /** Messages between two flushes. */
  readonly batch: number;
}

/** `unmask` is in place, `mask` into other octets, as it is received and sent. */
export interface MaskWork {
  readonly type: 'mask' | 'unmask';
  readonly length: number;
}

export interface TextWork {
  readonly type: 'utf-8';
  readonly kind: Kind;
  readonly length: number;
}

export interface DeflateWork {
  readonly type: 'deflate' | 'inflate';
  readonly length: number;
  readonly takeover: boolean;
}

export type Work = DecodeWork | EncodeWork | MaskWork | TextWork | DeflateWork;
export type Unit = 'ns/frame' | 'GB/s' | 'MB/s' | 'µs/message';

export interface Case {
  /** Unique and lasting. */
  readonly id: string;
  readonly title: string;
  readonly group: 'decode' | 'encode' | 'mask' | 'utf-8' | 'deflate';
  /** Cases of one set run in the same processes, one per subject, so that no more than these share their JIT feedback. */
  readonly set: string;
  readonly unit: Unit;
  readonly goals: readonly Goal[];
  /** Whether `--quick` measures it. */
  readonly quick: boolean;
  /** Whether bufferutil has a part in it. */
  readonly masks: boolean;
  readonly work: Work;
}

/** Every form of the length (RFC 6455 §5.2) on either side of where it changes, and sizes that people send. */
const ladder = [0, 1, 16, 20, 125, 126, 1024, 16_384, 65_535, 65_536, 1_048_576];

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

const nameOf = (length: number): string => names[length] ?? String(length);
const titleOf = (length: number): string => titles[length] ?? `${length} B`;
/** From 16 KiB on octets matter, below it frames do. */
const unitOf = (length: number): Unit => (length < 16_384 ? 'ns/frame' : 'GB/s');
const maskName = (masked: boolean): string => (masked ? 'masked' : 'unmasked');

/** A goal is a ratio to both forms of ws, which is one to the better. */
function goals(ratio: number | undefined): Goal[] {
  return ratio === undefined ? [] : ['ws', 'ws+bufferutil'].map((against) => ({ against, ratio }));
}

interface Choice {
  readonly quick?: boolean;
  readonly goal?: number;
}

function decodeCase(
  set: string,
  kind: Kind,
  length: number,
  {
    masked = true,
    shape = '64k-reads',
    quick = false,
    goal,
  }: Choice & { masked?: boolean; shape?: Shape } = {},
): Case {
  const suffix = shape === '64k-reads' ? '' : `-${shape}`;
  return {
    id: `decode-${nameOf(length)}-${kind}-${maskName(masked)}${suffix}`,
    title: `Decode ${titleOf(length)} ${kindTitles[kind]}, ${maskName(masked)}, ${shapeTitles[shape]}`,
    group: 'decode',
    set,
    unit: unitOf(length),
    goals: goals(goal),
    quick,
    masks: masked,
    work: { type: 'decode', kind, length, masked, shape },
  };
}

/** Messages that a tick's end flushes together: up to 32, as long as they are small. */
const batchOf = (length: number): number => Math.min(32, Math.max(1, Math.floor(65_536 / (length + 1))));

function encodeCase(
  kind: Kind,
  length: number,
  { masked, batch, quick = false }: Choice & { masked: boolean; batch?: number },
): Case {
  const each = batch ?? batchOf(length);
  const flush = each === 1 ? 'each flushed' : `${each} to a flush`;
  // Apart from the ladder, so that its feedback is neither that of wide strings nor of other ways to flush.
  const apart = batch === undefined ? (kind === 'cjk' || kind === 'emoji' ? '-kinds' : '') : '-each';
  return {
    id: `encode-${nameOf(length)}-${kind}-${maskName(masked)}${batch === undefined ? '' : `-${batch}-per-flush`}`,
    title: `Encode ${titleOf(length)} ${kindTitles[kind]}, ${maskName(masked)}, ${flush}`,
    group: 'encode',
    set: `encode-${maskName(masked)}${apart}`,
    unit: unitOf(length),
    goals: [],
    quick,
    masks: masked,
    work: { type: 'encode', kind, length, masked, batch: each },
  };
}

function maskCase(type: 'mask' | 'unmask', length: number, quick = false): Case {
  const where = type === 'mask' ? 'into other octets' : 'in place';
  return {
    id: `${type}-${nameOf(length)}`,
    title: `Masking of ${titleOf(length)}, ${where}`,
    group: 'mask',
    set: 'mask',
    unit: 'GB/s',
    goals: [],
    quick,
    masks: true,
    work: { type, length },
  };
}

function textCase(kind: Kind, length: number, quick = false): Case {
  return {
    id: `utf-8-${nameOf(length)}-${kind}`,
    title: `UTF-8 of ${titleOf(length)} ${kindTitles[kind]}, checked and decoded`,
    group: 'utf-8',
    set: 'utf-8',
    unit: 'MB/s',
    goals: [],
    quick,
    masks: false,
    work: { type: 'utf-8', kind, length },
  };
}

function deflateCase(type: 'deflate' | 'inflate', length: number, takeover: boolean, quick = false): Case {
  const context = takeover ? 'with context' : 'without context';
  return {
    id: `${type}-${nameOf(length)}-json-${takeover ? 'context' : 'alone'}`,
    title: `${type === 'deflate' ? 'Deflate' : 'Inflate'} JSON of ${titleOf(length)}, ${context}`,
    group: 'deflate',
    set: 'deflate',
    unit: 'µs/message',
    goals: [],
    quick,
    masks: false,
    work: { type, length, takeover },
  };
}

/** Lengths whose rows have a goal; they run in processes of their own, before all others. */
const goalLengths = [16, 125, 1024, 65_536];
const ladderRest = ladder.filter((length) => !goalLengths.includes(length));

export const cases: readonly Case[] = [
  decodeCase('decode-goals', 'text', 16, { quick: true, goal: 3 }),
  decodeCase('decode-goals', 'text', 125, { quick: true, goal: 3 }),
  decodeCase('decode-goals', 'text', 1024, { quick: true, goal: 2 }),
  decodeCase('decode-goals', 'text', 65_536, { quick: true, goal: 1.5 }),
  decodeCase('decode-goals', 'binary', 65_536, { quick: true, goal: 1.5 }),

  ...ladderRest.map((length) => decodeCase('decode-text', 'text', length, { quick: length === 16_384 })),
  ...ladder
    .filter((length) => length !== 65_536)
    .map((length) => decodeCase('decode-binary', 'binary', length, { quick: length === 125 })),
  ...[16, 125, 1024, 65_536].flatMap((length) =>
    (['cjk', 'emoji'] as const).map((kind) =>
      decodeCase('decode-kinds', kind, length, { quick: length === 1024 }),
    ),
  ),
  ...ladder.map((length) =>
    decodeCase('decode-unmasked', 'text', length, { masked: false, quick: length === 125 }),
  ),
  ...ladder.map((length) => decodeCase('decode-unmasked', 'binary', length, { masked: false })),
  ...[20, 125, 1024, 16_384].flatMap((length) =>
    (['1-per-read', '100-per-read'] as const).map((shape) =>
      decodeCase(`decode-${shape}`, 'text', length, { shape, quick: length === 125 }),
    ),
  ),
  ...[20, 125, 1024].map((length) =>
    decodeCase('decode-1-octet-reads', 'text', length, { shape: '1-octet-reads', quick: length === 125 }),
  ),

  ...[false, true].flatMap((masked) => [
    ...ladder.map((length) =>
      encodeCase('text', length, { masked, quick: [20, 125, 1024, 65_536].includes(length) }),
    ),
    ...ladder.map((length) => encodeCase('binary', length, { masked, quick: length === 125 })),
    ...[125, 1024].flatMap((length) =>
      (['cjk', 'emoji'] as const).map((kind) => encodeCase(kind, length, { masked })),
    ),
    ...[20, 125, 1024].map((length) =>
      encodeCase('text', length, { masked, batch: 1, quick: !masked && length === 125 }),
    ),
  ]),

  ...ladder
    .filter((length) => length > 0)
    .map((length) => maskCase('unmask', length, [20, 125, 1024, 65_536].includes(length))),
  ...[20, 125, 1024, 16_384, 65_536, 1_048_576].map((length) => maskCase('mask', length, length === 1024)),

  ...(['text', 'cjk', 'emoji'] as const).flatMap((kind) =>
    [16, 125, 1024, 65_536].map((length) => textCase(kind, length, length === 1024)),
  ),

  ...(['deflate', 'inflate'] as const).flatMap((type) =>
    [true, false].flatMap((takeover) =>
      [160, 1024].map((length) => deflateCase(type, length, takeover, takeover)),
    ),
  ),
];
