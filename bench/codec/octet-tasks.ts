/**
 * The work of the codec bench below frames: masking (RFC 6455 §5.3), UTF-8 (§8.1) and permessage-deflate's payloads
 * (RFC 7692 §7.2), each checked against plain code or zlib itself. Called by tasks.ts.
 */
import { Buffer } from 'node:buffer';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { DeflateWork, MaskWork, TextWork } from './cases.ts';
import { maskingKey, message, octetsOf, type Random, seeded } from './frames.ts';
import type { Key, Subject, Transform } from './subject.ts';
import { manyItems, streamLength, type Task } from './task.ts';

function keyOf(octets: readonly number[]): Key {
  const buffer = Buffer.from(octets);
  return { octets: buffer, number: buffer.readUInt32BE() };
}

/** Payloads one behind the other as frames have them, so that they begin at every distance from a multiple of eight. */
function payloads(count: number, length: number, random: Random): Buffer[] {
  const gap = 6 + (length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const stream = Buffer.from(Array.from({ length: count * (gap + length) }, () => random(256)));
  return Array.from({ length: count }, (_, at) =>
    stream.subarray(at * (gap + length) + gap, (at + 1) * (gap + length)),
  );
}

const countOf = (length: number): number => Math.min(manyItems, Math.ceil(streamLength / (length + 8)));

/** In place, or into a target where a header would have gone before. */
export function maskTask(id: string, { type, length }: MaskWork, subject: Subject): Task {
  const random = seeded(length + 2);
  const items = payloads(countOf(length), length, random);
  const keys = items.map(() => keyOf(maskingKey(random)));
  const headerLength = 8;
  const targets = items.map(() => Buffer.alloc(headerLength + length));
  const run = (): void => {
    for (let at = 0; at < items.length; at++) {
      const [item, key, target] = [items[at] as Buffer, keys[at] as Key, targets[at] as Buffer];
      if (type === 'unmask') subject.unmask(item, key);
      else subject.mask(item, key, target, headerLength);
    }
  };
  return {
    frames: items.length,
    octets: items.length * length,
    prepare() {},
    run,
    check() {
      const before = items.map((item) => Uint8Array.from(item));
      run();
      for (const [at, was] of before.entries()) {
        const got = type === 'unmask' ? items[at] : targets[at]?.subarray(headerLength);
        const wanted = was.map((octet, index) => octet ^ (keys[at]?.octets[index % 4] ?? 0));
        if (got === undefined || Buffer.compare(got, wanted) !== 0) {
          throw new Error(`${id}: payload ${at} is not what it should be.`);
        }
      }
    },
  };
}

export function textTask(id: string, { kind, length }: TextWork, subject: Subject): Task {
  const random = seeded(length + 3);
  const texts = Array.from({ length: countOf(length) }, () => message(kind, length, random));
  const items = texts.map((text) => Buffer.from(octetsOf(text)));
  return {
    frames: items.length,
    octets: items.length * length,
    prepare() {},
    run() {
      let units = 0;
      for (let at = 0; at < items.length; at++) units += subject.decodeText(items[at] as Buffer).length;
      if (units === 0) throw new Error(`${id}: nothing was decoded.`);
    },
    check() {
      for (const [at, item] of items.entries()) {
        if (subject.decodeText(item) !== texts[at])
          throw new Error(`${id}: text ${at} is not what it should be.`);
      }
    },
  };
}

/** JSON of exactly that length, as a chat or a feed sends it: the same names again and again, values that differ. */
function json(length: number, random: Random): Buffer {
  const word = (): string => (random(2 ** 31) * 16).toString(36);
  const entry = () => ({ id: word(), time: 1_767_225_610_000 + random(1e9), name: word(), text: word() });
  const entries = [entry()];
  const encode = (): string => JSON.stringify({ event: 'message:new', room: 'general', entries });
  while (encode().length + 100 < length) entries.push(entry());
  const [last] = entries;
  if (last !== undefined) {
    while (encode().length < length) last.text += ` ${word()}`;
    last.text = last.text.slice(0, last.text.length - (encode().length - length));
  }
  return Buffer.from(encode());
}

/** The default of barewire's server, in either direction; what ws would be given when asked for as much. */
const bits = 11;
const level = 6;
const tail = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** The last octets before message `at`, when the messages come round and round. */
function history(messages: readonly Buffer[], at: number): Buffer {
  return Buffer.concat([...messages, ...messages.slice(0, at)]).subarray(-(2 ** bits));
}

/** A message's payload as zlib makes it, which is `payload` without the tail (RFC 7692 §7.2.1). */
function compressReference(octets: Buffer, dictionary: Buffer | undefined): Buffer {
  const compressed = deflateRawSync(octets, {
    level,
    windowBits: bits,
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(dictionary !== undefined && { dictionary }),
  });
  return compressed.subarray(0, -tail.length);
}

function inflateReference(payload: Uint8Array, dictionary: Buffer | undefined): Buffer {
  return inflateRawSync(Buffer.concat([payload, tail]), {
    windowBits: bits,
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(dictionary !== undefined && { dictionary }),
  });
}

/** The same messages round and round through one connection's context. */
export function deflateTask(id: string, { type, length, takeover }: DeflateWork, subject: Subject): Task {
  const random = seeded(length + 4);
  const messages = Array.from({ length: 64 }, () => json(length, random));
  const dictionary = (at: number): Buffer | undefined => (takeover ? history(messages, at) : undefined);
  const setting = { bits, level, takeover };
  const inflates = type === 'inflate';
  const transform = inflates ? subject.inflater(setting) : subject.compressor(setting);
  const items = inflates ? messages.map((octets, at) => compressReference(octets, dictionary(at))) : messages;
  const also: Record<string, number> = {};
  const total = messages.reduce((sum, octets) => sum + octets.length, 0);

  /** Before the first time round there is nothing to refer back to. */
  async function begin(): Promise<void> {
    for (const [at, octets] of messages.entries()) {
      const before =
        takeover && at > 0 ? Buffer.concat(messages.slice(0, at)).subarray(-(2 ** bits)) : undefined;
      await transform(inflates ? compressReference(octets, before) : octets);
    }
  }

  return {
    frames: messages.length,
    octets: total,
    also,
    prepare() {},
    run: () => all(items, transform),
    async check() {
      await begin();
      let compressed = 0;
      for (const [at, item] of items.entries()) {
        const result = await transform(item);
        compressed += inflates ? item.length : result.length;
        const octets = inflates ? result : inflateReference(result, dictionary(at));
        if (Buffer.compare(octets, messages[at] ?? tail) !== 0) {
          throw new Error(`${id}: message ${at} is not what it should be.`);
        }
      }
      also['times smaller'] = total / compressed;
    },
  };
}

/** One after the other; only where the library answers later is it waited for. */
function all(items: readonly Buffer[], transform: Transform): void | Promise<void> {
  for (const [at, item] of items.entries()) {
    const result = transform(item);
    if (result instanceof Promise) return rest(result, items.slice(at + 1), transform);
  }
  return undefined;
}

async function rest(first: Promise<unknown>, items: readonly Buffer[], transform: Transform): Promise<void> {
  await first;
  for (const item of items) await transform(item);
}
