/**
 * What "Measure in this browser" runs: barewire's own frame.ts and mask.ts on octets in memory, over a few sizes. Each
 * task checks its output before it is timed. No clock of its own and no page: worker.ts runs it, tests run it in Node.
 */
import {
  checkFrameLength,
  checkFrameStart,
  decodeFrameHeader,
  encodeFrame,
  Opcode,
} from '../../../src/frame.ts';
import { applyMask } from '../../../src/mask.ts';

export interface Task {
  readonly id: string;
  readonly group: 'decode' | 'encode' | 'mask';
  /** Octets of payload in one frame. */
  readonly length: number;
  /** Frames in one call of `run`. */
  readonly frames: number;
  /** @throws Error when the output is wrong */
  check(): void;
  /** Does the work once. @returns a number made of the output, so that none of the work can be left out */
  run(): number;
}

const lengths = [16, 125, 1024, 16_384, 65_536] as const;
/** Octets of payload that one run goes through: a read from a socket has as many. */
const amount = 65_536;

export function makeTasks(): Task[] {
  return [
    ...lengths.map((length) => decodeTask(length)),
    ...lengths.map((length) => encodeTask(length)),
    ...lengths.map((length) => maskTask(length)),
  ];
}

/** ASCII of that many octets, another one for each number. */
function textOf(length: number, number: number): string {
  const words = `${number}: the quick brown fox jumps over the lazy dog; `;
  return words.repeat(Math.ceil(length / words.length)).slice(0, length);
}

/** Different for each frame and never 0, which would be no masking. */
function keyOf(number: number): number {
  return (Math.imul(number + 1, 0x9e3779b1) ^ 0x5bd1e995) >>> 0;
}

function framesOf(length: number): number {
  return Math.max(1, Math.floor(amount / length));
}

function decodeTask(length: number): Task {
  const frames = framesOf(length);
  const texts = Array.from({ length: frames }, (_, number) => textOf(length, number));
  const encoder = new TextEncoder();
  const parts = texts.map((text, number) => maskedFrame(encoder.encode(text), keyOf(number)));
  const wire = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    wire.set(part, at);
    at += part.length;
  }
  const work = new Uint8Array(wire.length);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const read = (take: (text: string) => void): void => {
    // Unmasking is done in place, so each run begins with a copy of what came over the wire.
    work.set(wire);
    for (let index = 0; index < work.length; ) {
      const header = decodeFrameHeader(work, index, work.length);
      if (header === undefined) throw new Error('A frame is cut off.');
      checkFrameStart(work[index] ?? 0, work[index + 1] ?? 0, true);
      checkFrameLength(header);
      const start = index + header.headerLength;
      index = start + header.payloadLength;
      applyMask(work, start, index, header.maskingKey);
      take(decoder.decode(work.subarray(start, index)));
    }
  };
  return {
    id: `decode-${length}`,
    group: 'decode',
    length,
    frames,
    check() {
      const found: string[] = [];
      read((text) => found.push(text));
      if (found.length !== frames || found.some((text, number) => text !== texts[number])) {
        throw new Error(`Decoding ${length} octets gave another text than was encoded.`);
      }
    },
    run() {
      let sum = 0;
      read((text) => {
        sum += text.length;
      });
      return sum;
    },
  };
}

/** A masked text frame, octet by octet and without the code that is measured (RFC 6455 §5.2, §5.3). */
function maskedFrame(payload: Uint8Array, key: number): Uint8Array {
  const keyOctets = [key >>> 24, (key >>> 16) & 0xff, (key >>> 8) & 0xff, key & 0xff];
  return Uint8Array.from([
    ...plainHeader(payload.length, 0x80),
    ...keyOctets,
    ...Array.from(payload, (octet, index) => octet ^ (keyOctets[index % 4] ?? 0)),
  ]);
}

function plainHeader(length: number, maskBit: number): number[] {
  if (length < 126) return [0x81, maskBit | length];
  if (length < 65_536) return [0x81, maskBit | 126, length >>> 8, length & 0xff];
  return [
    0x81,
    maskBit | 127,
    0,
    0,
    0,
    0,
    (length >>> 24) & 0xff,
    (length >>> 16) & 0xff,
    (length >>> 8) & 0xff,
    length & 0xff,
  ];
}

function encodeTask(length: number): Task {
  const frames = framesOf(length);
  const text = textOf(length, 0);
  const encoder = new TextEncoder();
  const encode = (): Uint8Array => encodeFrame({ opcode: Opcode.text, payload: encoder.encode(text) });
  return {
    id: `encode-${length}`,
    group: 'encode',
    length,
    frames,
    check() {
      const expected = [...plainHeader(length, 0), ...encoder.encode(text)];
      const found = encode();
      if (found.length !== expected.length || expected.some((octet, index) => octet !== found[index])) {
        throw new Error(`Encoding ${length} octets gave a wrong frame.`);
      }
    },
    run() {
      let sum = 0;
      for (let frame = 0; frame < frames; frame++) sum += encode().length;
      return sum;
    },
  };
}

function maskTask(length: number): Task {
  const frames = framesOf(length);
  const bytes = new Uint8Array(length);
  return {
    id: `mask-${length}`,
    group: 'mask',
    length,
    frames,
    check() {
      const key = keyOf(length);
      const found = Uint8Array.from(bytes, (_, index) => index & 0xff);
      applyMask(found, 0, length, key);
      const isRight = found.every(
        (octet, index) => octet === ((index & 0xff) ^ ((key >>> (24 - (index & 3) * 8)) & 0xff)),
      );
      if (!isRight) throw new Error(`Masking ${length} octets went wrong.`);
    },
    run() {
      for (let frame = 0; frame < frames; frame++) applyMask(bytes, 0, length, keyOf(frame));
      return bytes[length - 1] ?? 0;
    },
  };
}

export interface Plan {
  readonly rounds: number;
  /** Milliseconds of each step. */
  readonly warmUp: number;
  readonly round: number;
}

export interface TaskResult {
  readonly id: string;
  readonly group: 'decode' | 'encode' | 'mask';
  readonly length: number;
  /** Nanoseconds for one frame, a figure for each round. */
  readonly samples: number[];
}

/**
 * Checks all tasks, warms them up, and times them in turn, A B C A B C, so that what the machine does beside meets all
 * alike.
 * @param now milliseconds, as performance.now
 * @param progress called before each step with the steps that are done
 * @throws Error when an output is wrong
 */
export function measureTasks(
  tasks: readonly Task[],
  plan: Plan,
  now: () => number,
  progress: (done: number, total: number) => void,
): TaskResult[] {
  const total = tasks.length * (plan.rounds + 1);
  let done = 0;
  const results = tasks.map(({ id, group, length }): TaskResult => ({ id, group, length, samples: [] }));
  for (const task of tasks) {
    progress(done++, total);
    task.check();
    timeTask(task, plan.warmUp, now, warmUpRuns);
  }
  for (let round = 0; round < plan.rounds; round++) {
    for (const [index, task] of tasks.entries()) {
      progress(done++, total);
      results[index]?.samples.push(timeTask(task, plan.round, now));
    }
  }
  progress(total, total);
  return results;
}

/** On a busy machine the time of a warm-up may pass before the compiler has seen enough. */
const warmUpRuns = 50;

/** What the tasks gave: exported, so that no compiler can prove that nobody reads it. */
export const outputs = new Float64Array(1);

/** Runs for so many milliseconds and at least so often. @returns nanoseconds for one frame */
function timeTask(task: Task, milliseconds: number, now: () => number, least = 1): number {
  const start = now();
  let runs = 0;
  let elapsed = 0;
  do {
    outputs[0] = task.run();
    runs++;
    elapsed = now() - start;
  } while (elapsed < milliseconds || runs < least);
  return (elapsed * 1e6) / (runs * task.frames);
}
