/**
 * The batches of frames that each connection of the generator sends, made beforehand, and the reader for what has to
 * come back. A message differs from the others of its batch and from those of other connections, so answers in a wrong
 * order or at a wrong peer are found.
 */
import { constants, deflateRawSync } from 'node:zlib';
import {
  asciiPayload,
  binaryPayload,
  clientFrameLength,
  jsonPayload,
  maskedFrame,
  maskingKey,
  Opcode,
  rsv1,
  serverFrame,
  serverFrameLength,
} from './frames.ts';
import { DeflateReader, ExactReader, LengthReader, type Reader } from './readers.ts';
import type { Target, Workload } from './workload.ts';

/** One frame before it is framed. */
interface Message {
  readonly opcode: number;
  readonly payload: Buffer;
}

export interface Traffic {
  /** Sent one after the other, again and again. */
  readonly batches: readonly Buffer[];
  /** One for each connection that gets the answers; `before` is what the server has compressed for it already. */
  readonly reader: (before: Buffer) => Reader;
}

/**
 * Different messages that are sent compressed. The first refers to none before it, each other one to those before it:
 * so the whole row is a legal continuation whatever was in the window, and can be sent again and again.
 */
const cycleLength = 64;

/** Frames of a message: one, or two for octets in Socket.IO, which announces them in a text first. */
function encode(target: Target, workload: Workload, seed: number): Message[] {
  const { payload: kind, payloadLength } = workload;
  const make = kind === 'json' ? jsonPayload : kind === 'text' ? asciiPayload : binaryPayload;
  const payload = make(payloadLength, seed);
  const opcode = kind === 'binary' ? Opcode.binary : Opcode.text;
  if (target.dialect === 'websocket') return [{ opcode, payload }];
  const text = (packet: string): Message => ({ opcode: Opcode.text, payload: Buffer.from(packet, 'latin1') });
  const body = payload.toString('latin1');
  if (kind === 'json') return [text(`42["message",${body}]`)];
  if (kind === 'text') return [text(`42["message","${body}"]`)];
  return [text('451-["message",{"_placeholder":true,"num":0}]'), { opcode, payload }];
}

export function makeTraffic(
  target: Target,
  workload: Workload,
  connection: number,
  extensions: string,
): Traffic {
  if (workload.deflate) return makeCompressed(target, workload, connection, extensions);
  const key = maskingKey(connection);
  // Two that differ where a batch is one message, so that an answer given twice is not taken for the next one's.
  const count = workload.depth === 1 ? 2 : 1;
  const made = Array.from({ length: count }, (_, number) =>
    Array.from({ length: workload.depth }, (__, index) =>
      encode(target, workload, (connection * count + number) * workload.depth + index),
    ).flat(),
  );
  const batches = made.map((messages) =>
    Buffer.concat(messages.map(({ opcode, payload }) => maskedFrame(opcode, payload, key))),
  );
  if (target.check === 'length') {
    const answer = workload.depth * serverFrameLength(workload.payloadLength);
    return { batches, reader: () => new LengthReader(answer) };
  }
  const answers = made.map((messages) =>
    Buffer.concat(messages.map(({ opcode, payload }) => serverFrame(opcode, payload))),
  );
  return { batches, reader: () => new ExactReader(answers) };
}

function makeCompressed(target: Target, workload: Workload, connection: number, extensions: string): Traffic {
  const key = maskingKey(connection);
  const texts = Array.from({ length: cycleLength }, (_, index) => encode(target, workload, index)).flatMap(
    (messages) => messages.map(({ payload }) => payload),
  );
  const frames = compressed(texts, extensions).map((payload) =>
    maskedFrame(Opcode.text | rsv1, payload, key),
  );
  const batches = Array.from({ length: cycleLength / workload.depth }, (_, index) =>
    Buffer.concat(frames.slice(index * workload.depth, (index + 1) * workload.depth)),
  );
  return { batches, reader: (before) => new DeflateReader(texts, workload.depth, before) };
}

const compressedBefore = new Map<string, readonly Buffer[]>();

/** Each with those before it as its window, as far as was agreed on. The same for all connections. */
function compressed(texts: readonly Buffer[], extensions: string): readonly Buffer[] {
  const bits = Number(/client_max_window_bits="?(\d+)/.exec(extensions)?.[1] ?? 15);
  const takeover = !extensions.includes('client_no_context_takeover');
  const name = `${bits} ${takeover} ${texts[0]?.toString('latin1')}`;
  let made = compressedBefore.get(name);
  if (made !== undefined) return made;
  let window = Buffer.alloc(0);
  made = texts.map((text) => {
    const octets = deflateRawSync(text, {
      windowBits: Math.max(9, bits),
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(window.length > 0 ? { dictionary: window } : {}),
    });
    if (takeover) window = Buffer.concat([window, text]).subarray(-(2 ** bits));
    return octets.subarray(0, -4);
  });
  compressedBefore.set(name, made);
  return made;
}

/** For a server that answers prepared octets: how long a request and its answer are, on the wire. */
export function frameLengths(workload: Workload): { request: number; answer: number } {
  return {
    request: clientFrameLength(workload.payloadLength),
    answer: serverFrameLength(workload.payloadLength),
  };
}
