/** The output buffer: frames one behind the other, few copies, few chunks (RFC 6455 §5, §6.1). */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFrame, Opcode } from '../src/frame.ts';
import { OutputBuffer } from '../src/output.ts';
import { exampleFrames, lengthForms } from './support/frame-vectors.ts';
import { concat, countedOctets, hex, utf8 } from './support/octets.ts';

const seed = 0x6_01;
const fin = 0x80;
/** From here on an unmasked payload is not copied. */
const referenceLength = 16 * 1024;

function taken(output: OutputBuffer): Uint8Array {
  return concat(...output.take());
}

describe('frames', () => {
  for (const { name, bytes, frame } of exampleFrames) {
    test(`§5.7: ${name}`, () => {
      const output = new OutputBuffer();
      const first = (frame.fin === false ? 0 : fin) | frame.opcode;
      output.appendFrame(first, frame.payload ?? new Uint8Array(0), frame.maskingKey);
      expect(output.length).toBe(bytes.length);
      expect(Buffer.compare(taken(output), bytes)).toBe(0);
    });
  }

  for (const maskingKey of [undefined, 0, 0xfedcba98]) {
    test(`each length, mask ${maskingKey}: octets and text`, () => {
      const output = new OutputBuffer();
      const frames: Uint8Array[] = [];
      const lengths = [...lengthForms.map(([length]) => length), referenceLength - 1, referenceLength];
      for (const length of lengths) {
        const payload = countedOctets(length).map((octet) => octet & 0x7f);
        const before = payload.slice();
        const mask = maskingKey === undefined ? {} : { maskingKey };
        output.appendFrame(fin | Opcode.binary, payload, maskingKey);
        frames.push(encodeFrame({ opcode: Opcode.binary, payload, ...mask }));
        output.appendTextFrame(fin | Opcode.text, Buffer.from(payload).toString('latin1'), maskingKey);
        frames.push(encodeFrame({ opcode: Opcode.text, payload, ...mask }));
        expect(Buffer.compare(payload, before)).toBe(0);
      }
      const expected = concat(...frames);
      expect(output.length).toBe(expected.length);
      expect(Buffer.compare(taken(output), expected)).toBe(0);
    });
  }

  test('text of every character length, and lone surrogates as U+FFFD', () => {
    const texts: readonly (readonly [string, string])[] = [
      ['', ''],
      ['aé€😀', 'aé€😀'],
      ['\ufeffBOM', '\ufeffBOM'],
      ['\ud800', '\ufffd'],
      ['a\udc00b', 'a\ufffdb'],
      ['\udc00\ud800', '\ufffd\ufffd'],
      ['\ud83d\ud83d\ude00', '\ufffd😀'],
      ['€'.repeat(41) + '\ud800'.repeat(3), '€'.repeat(41) + '\ufffd'.repeat(3)],
      ['\ud800'.repeat(30_000), '\ufffd'.repeat(30_000)],
    ];
    for (const [text, sent] of texts) {
      const output = new OutputBuffer();
      output.appendTextFrame(fin | Opcode.text, text, undefined);
      expect(Buffer.compare(taken(output), encodeFrame({ opcode: Opcode.text, payload: utf8(sent) }))).toBe(
        0,
      );
    }
  });

  test('what is encoded already goes out as it is, few octets or many', () => {
    for (const length of [0, 1, referenceLength - 1, referenceLength, 3 * referenceLength]) {
      const output = new OutputBuffer();
      output.appendEncoded(countedOctets(length));
      expect(output.length).toBe(length);
      expect(Buffer.compare(taken(output), countedOctets(length))).toBe(0);
    }
  });
});

describe('copies', () => {
  test('a payload under 16 KiB may change after the call', () => {
    const output = new OutputBuffer();
    const payload = countedOctets(referenceLength - 1);
    const expected = encodeFrame({ opcode: Opcode.binary, payload });
    output.appendFrame(fin | Opcode.binary, payload, undefined);
    payload.fill(0xee);
    expect(Buffer.compare(taken(output), expected)).toBe(0);
  });

  test('from 16 KiB on it goes out by reference', () => {
    const output = new OutputBuffer();
    const payload = countedOctets(referenceLength);
    output.appendFrame(fin | Opcode.binary, payload, undefined);
    const chunks = output.take();
    expect(chunks).toHaveLength(2);
    expect(chunks[0]).toEqual(Buffer.from(hex('82 7e 40 00')));
    expect(chunks[1]).toBe(payload);
  });

  test('a masked payload is copied at any length, for the caller’s octets are not ours to change', () => {
    const output = new OutputBuffer();
    const payload = countedOctets(2 * referenceLength);
    output.appendFrame(fin | Opcode.binary, payload, 0x01020304);
    expect(Buffer.compare(payload, countedOctets(2 * referenceLength))).toBe(0);
    expect(output.take()).toHaveLength(1);
  });
});

describe('chunks', () => {
  test('a small frame takes a small block, and many frames few blocks', () => {
    const output = new OutputBuffer();
    output.appendTextFrame(fin | Opcode.text, 'Hello', undefined);
    expect(output.take()).toHaveLength(1);
    const count = 20_000;
    for (let index = 0; index < count; index++) output.appendTextFrame(fin | Opcode.text, 'Hello', undefined);
    const chunks = output.take();
    expect(concat(...chunks)).toEqual(concat(...Array(count).fill(hex('81 05 48 65 6c 6c 6f'))));
    // Blocks of 512 B, 1, 2, … 64 KiB, then 64 KiB each.
    expect(chunks.length).toBeLessThanOrEqual(8 + Math.ceil((count * 7) / 65_536));
  });

  test('a block does not hold more than twice what a lone frame needs, or 512 octets', () => {
    const output = new OutputBuffer();
    output.appendFrame(fin | Opcode.binary, new Uint8Array(10_000), undefined);
    const [chunk] = output.take();
    expect(chunk?.buffer.byteLength).toBeLessThan(20_000);
  });

  test('long payloads do not cost a block each', () => {
    const output = new OutputBuffer();
    const long = new Uint8Array(referenceLength);
    for (let count = 0; count < 256; count++) output.appendFrame(fin | Opcode.binary, long, undefined);
    const buffers = new Set(output.take().map((chunk) => chunk.buffer));
    buffers.delete(long.buffer);
    let held = 0;
    for (const { byteLength } of buffers) held += byteLength;
    // 256 headers of 4 octets, in blocks out of Node's pools of 8 KiB (64 KiB from Node 24 on).
    expect(held).toBeLessThanOrEqual(2 * Buffer.poolSize);
  });

  test('a block is not handed out empty, and order is kept around references', () => {
    const output = new OutputBuffer();
    const long = countedOctets(referenceLength);
    output.appendEncoded(long);
    output.appendFrame(fin | Opcode.ping, hex('01'), undefined);
    output.appendEncoded(long);
    output.appendEncoded(long);
    output.appendFrame(fin | Opcode.pong, hex('02'), undefined);
    const chunks = output.take();
    expect(chunks.map((chunk) => chunk.length)).toEqual([16_384, 3, 16_384, 16_384, 3]);
    expect(concat(...chunks)).toEqual(concat(long, hex('89 01 01'), long, long, hex('8a 01 02')));
  });

  test('a block in which nothing stands yet is dropped', () => {
    const output = new OutputBuffer();
    output.appendEncoded(new Uint8Array(0));
    expect(output.take()).toEqual([]);
  });
});

describe('taking', () => {
  test('everything at once, once; what follows starts afresh', () => {
    const output = new OutputBuffer();
    expect(output.take()).toEqual([]);
    output.appendFrame(fin | Opcode.ping, hex('01'), undefined);
    const first = output.take();
    expect(output.length).toBe(0);
    expect(output.take()).toEqual([]);
    output.appendFrame(fin | Opcode.ping, hex('02'), undefined);
    expect(taken(output)).toEqual(hex('89 01 02'));
    expect(concat(...first)).toEqual(hex('89 01 01'));
  });

  test('clear drops whole frames: the next one is in step', () => {
    const output = new OutputBuffer();
    output.appendFrame(fin | Opcode.binary, countedOctets(40_000), undefined);
    output.appendTextFrame(fin | Opcode.text, 'dropped', undefined);
    output.clear();
    expect(output.length).toBe(0);
    output.appendFrame(fin | Opcode.close, hex('03 e8'), undefined);
    expect(taken(output)).toEqual(hex('88 02 03 e8'));
  });

  test('any sequence of appends comes out as the frames one by one', () => {
    const payloads = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 15_000, max: 70_000 }).map(countedOctets),
    );
    const steps = fc.array(fc.tuple(payloads, fc.option(fc.nat({ max: 0xffffffff })), fc.boolean()), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(steps, (list) => {
        const output = new OutputBuffer();
        const expected: Uint8Array[] = [];
        for (const [payload, key, encoded] of list) {
          const frame = encodeFrame({
            opcode: Opcode.binary,
            payload,
            ...(key === null ? {} : { maskingKey: key }),
          });
          if (encoded) output.appendEncoded(frame);
          else output.appendFrame(fin | Opcode.binary, payload, key ?? undefined);
          expected.push(frame);
          expect(output.length).toBe(expected.reduce((sum, each) => sum + each.length, 0));
        }
        expect(Buffer.compare(taken(output), concat(...expected))).toBe(0);
      }),
      { seed, numRuns: 200 },
    );
  });
});
