/**
 * The work of each case: what is timed, what is put back between two turns without being timed, and the check that has
 * to pass before either. Built by worker.ts, in the process of one subject.
 */
import type { Case, DecodeWork } from './cases.ts';
import { checkMessages, encodeReference, type Message, maskingKey, message, seeded } from './frames.ts';
import type { Subject } from './subject.ts';

export interface Task {
  /** Frames, or other operations, and octets of payload, in one run. */
  readonly frames: number;
  readonly octets: number;
  /** Makes the next run possible. Not timed. */
  prepare(): void;
  run(): void | Promise<void>;
  /** One run whose results are compared with what they should be. @throws Error when they differ */
  check(): void | Promise<void>;
}

/**
 * Octets of frames in one run: so many that taking the time does not count, so few that they stay in a second-level
 * cache, as what a server has just read does.
 */
const streamLength = 512 * 1024;
/** Reads in one run where each has few frames. */
const manyReads = 2048;
const readLength = 64 * 1024;

export function buildTask({ id, work }: Case, subject: Subject): Task {
  return decodeTask(id, work, subject);
}

/** The frames' octets, cut as the shape has it, each read in memory of its own as node:net would have it. */
function cut(frames: readonly Buffer[], shape: DecodeWork['shape']): Buffer[] {
  if (shape === '1-per-read') return frames.map((frame) => Buffer.from(frame));
  const lengths = { '64k-reads': readLength, '1-octet-reads': 1, '100-per-read': 0 };
  const together =
    shape === '100-per-read'
      ? Array.from({ length: Math.ceil(frames.length / 100) }, (_, at) =>
          Buffer.concat(frames.slice(at * 100, at * 100 + 100)),
        )
      : [Buffer.concat(frames)];
  if (shape === '100-per-read') return together;
  const [stream = Buffer.alloc(0)] = together;
  const length = lengths[shape];
  return Array.from({ length: Math.ceil(stream.length / length) }, (_, at) =>
    stream.subarray(at * length, (at + 1) * length),
  );
}

function frameCount({ length, shape }: DecodeWork): number {
  if (shape === '64k-reads') return Math.ceil(streamLength / (length + 8));
  if (shape === '1-octet-reads') return Math.ceil(streamLength / 16 / (length + 8));
  const reads = Math.min(manyReads, Math.ceil(streamLength / (length + 8)));
  return shape === '100-per-read' ? Math.ceil(reads / 100) * 100 : reads;
}

function decodeTask(id: string, work: DecodeWork, subject: Subject): Task {
  const random = seeded(work.length + 1);
  const messages = Array.from({ length: frameCount(work) }, () => message(work.kind, work.length, random));
  const frames = messages.map((data) => encodeReference(data, work.masked ? maskingKey(random) : undefined));
  const pristine = cut(frames, work.shape);
  // Decoders unmask in place, so each run gets the octets anew, in the same reads' memory.
  const reads = pristine.map((read) => Buffer.from(Uint8Array.from(read).buffer));
  const prepare = (): void => {
    for (const [index, read] of reads.entries()) pristine[index]?.copy(read);
  };
  let receive = (_data: Message): void => {};
  const decode = subject.decoder(work.masked, (data) => receive(data));
  let count = 0;
  const counting = (): void => {
    count++;
  };
  return {
    frames: frames.length,
    octets: frames.length * work.length,
    prepare,
    run() {
      count = 0;
      for (const read of reads) decode(read);
      if (count !== frames.length) throw new Error(`${id}: ${count} of ${frames.length} messages came.`);
    },
    check() {
      const got: Message[] = [];
      receive = (data) => got.push(typeof data === 'string' ? data : Uint8Array.from(data));
      prepare();
      for (const read of reads) decode(read);
      checkMessages(got, messages, id);
      receive = counting;
    },
  };
}
