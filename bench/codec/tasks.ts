/**
 * The work of each case: what is timed, what is put back between two turns without being timed, and the check that has
 * to pass before either. Built by worker.ts, in the process of one subject. The ends of a connection are here; what
 * works on octets alone is in octet-tasks.ts.
 */
import { Buffer } from 'node:buffer';
import type { Case, DecodeWork, EncodeWork } from './cases.ts';
import {
  checkMessages,
  decodeReference,
  encodeReference,
  type Message,
  maskingKey,
  message,
  octetsOf,
  seeded,
} from './frames.ts';
import { deflateTask, maskTask, textTask } from './octet-tasks.ts';
import type { Subject } from './subject.ts';
import { manyItems, streamLength, type Task } from './task.ts';

const readLength = 64 * 1024;
/** Messages in one run that differ. */
const manyDifferent = 256;

/** The task of a case. It has not been checked. */
export function buildTask({ id, work }: Case, subject: Subject): Task {
  switch (work.type) {
    case 'decode':
      return decodeTask(id, work, subject);
    case 'encode':
      return encodeTask(id, work, subject);
    case 'utf-8':
      return textTask(id, work, subject);
    case 'deflate':
    case 'inflate':
      return deflateTask(id, work, subject);
    default:
      return maskTask(id, work, subject);
  }
}

/** As many as that, the same ones again and again. */
function round<Item>(items: readonly Item[], count: number): Item[] {
  return Array.from({ length: count }, (_, at) => items[at % items.length] as Item);
}

/** The frames' octets in the reads that they come in. */
function cut(frames: readonly Buffer[], shape: DecodeWork['shape']): Buffer[] {
  if (shape === '1-per-read') return [...frames];
  if (shape === '100-per-read') {
    return Array.from({ length: Math.ceil(frames.length / 100) }, (_, at) =>
      Buffer.concat(frames.slice(at * 100, (at + 1) * 100)),
    );
  }
  const stream = Buffer.concat(frames);
  const length = shape === '1-octet-reads' ? 1 : readLength;
  return Array.from({ length: Math.ceil(stream.length / length) }, (_, at) =>
    stream.subarray(at * length, (at + 1) * length),
  );
}

function frameCount({ length, shape }: DecodeWork): number {
  const all = Math.ceil(streamLength / (length + 8));
  if (shape === '64k-reads') return all;
  if (shape === '1-octet-reads') return Math.ceil(all / 16);
  const some = Math.min(manyItems, all);
  return shape === '100-per-read' ? Math.ceil(some / 100) * 100 : some;
}

function decodeTask(id: string, work: DecodeWork, subject: Subject): Task {
  const random = seeded(work.length + 1);
  const count = frameCount(work);
  const different = Array.from({ length: Math.min(count, manyDifferent) }, () =>
    message(work.kind, work.length, random),
  );
  const encoded = different.map((data) =>
    encodeReference(data, work.masked ? maskingKey(random) : undefined),
  );
  const messages = round(different, count);
  const frames = round(encoded, count);
  const pristine = cut(frames, work.shape);
  // Decoders unmask in place, so each run gets the octets anew, in the same reads' memory, each of its own as from
  // node:net, or else the memory that the subject's server reads into.
  const memory = work.masked
    ? subject.readMemory?.(pristine.reduce((sum, read) => sum + read.length, 0))
    : undefined;
  let at = 0;
  const reads = pristine.map((read) => {
    at += read.length;
    return memory?.subarray(at - read.length, at) ?? Buffer.from(Uint8Array.from(read).buffer);
  });
  const prepare = (): void => {
    for (const [index, read] of reads.entries()) pristine[index]?.copy(read);
  };
  let came = 0;
  const counting = (): void => {
    came++;
  };
  let receive: (data: Message) => void = counting;
  const decode = subject.decoder(work.masked, (data) => receive(data));
  return {
    frames: count,
    octets: count * work.length,
    prepare,
    run() {
      came = 0;
      for (const read of reads) decode(read);
      if (came !== count) throw new Error(`${id}: ${came} of ${count} messages came.`);
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

function encodeTask(id: string, { kind, length, masked, batch }: EncodeWork, subject: Subject): Task {
  const random = seeded(length + 1);
  const count = Math.min(manyItems, Math.ceil(streamLength / (length + 8)));
  const different = Array.from({ length: Math.min(count, manyDifferent) }, () =>
    message(kind, length, random),
  );
  const messages = round(different, Math.ceil(count / batch) * batch);
  // A socket turns strings into octets when it is given any, so that is done here as well; then they are dropped.
  const scratch = Buffer.allocUnsafeSlow(length * 4 + 16);
  let written = 0;
  const dropping = {
    octets(chunk: Uint8Array) {
      written += chunk.length;
    },
    text(chunk: string) {
      written += scratch.write(chunk);
    },
  };
  const encoder = subject.encoder(masked, dropping);
  const run = (to = encoder): void => {
    for (let at = 0; at < messages.length; ) {
      for (const end = at + batch; at < end; at++) to.send(messages[at] as Message);
      to.flush();
    }
  };
  const expected = messages.reduce(
    (sum, data) => sum + encodeReference(data, masked ? [1, 1, 1, 1] : undefined).length,
    0,
  );
  return {
    frames: messages.length,
    octets: messages.length * length,
    prepare() {},
    run() {
      written = 0;
      run();
      if (written !== expected) throw new Error(`${id}: ${written} octets went out instead of ${expected}.`);
    },
    check() {
      const chunks: Uint8Array[] = [];
      const keep = (chunk: Message): void => {
        chunks.push(Uint8Array.from(octetsOf(chunk)));
      };
      run(subject.encoder(masked, { octets: keep, text: keep }));
      checkMessages(decodeReference(Buffer.concat(chunks), masked), messages, id);
    },
  };
}
