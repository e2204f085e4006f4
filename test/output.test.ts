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
/** The same in a buffer that is used again. */
const reusedReferenceLength = 32 * 1024;
/** What a buffer that is used again has: a small block and a large one. */
const firstReusedBlock = 8 * 1024;
const largestBlock = 64 * 1024;
const mostIdleBuffers = 20;

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

describe('text whose header is guessed from its characters', () => {
  const characters = ['a', 'é', '€', '😀', '\ud800', '\udfff'];
  const borders = [0, 1, 23, 24, 25, 62, 63, 124, 125, 126, 127, 21_845, 32_767, 32_768, 65_535, 65_536];
  // Around each of them: as many characters, and as many as have so many octets.
  const lengths = [
    ...new Set(borders.flatMap((border) => [1, 2, 3, 4].map((octets) => Math.ceil(border / octets)))),
  ].flatMap((length) => [length, length + 1]);

  for (const reusable of [false, true]) {
    for (const maskingKey of [undefined, 0xfedcba98]) {
      test(`every length: ${reusable ? 'used again' : 'one’s own'}, mask ${maskingKey}`, () => {
        new OutputBuffer().reuse();
        const mask = maskingKey === undefined ? {} : { maskingKey };
        for (const length of lengths) {
          for (const [index, character] of characters.entries()) {
            // All of one kind, and one of that kind as the last of many that are ASCII.
            for (const text of [character.repeat(length), 'x'.repeat(length) + character]) {
              const payload = Buffer.from(text, 'utf8');
              const expected = encodeFrame({ opcode: Opcode.text, payload, ...mask });
              const neighbour = encodeFrame({ opcode: Opcode.ping, payload: Uint8Array.of(index) });
              const output = reusable ? OutputBuffer.borrow() : new OutputBuffer();
              expect(output.reusable).toBe(reusable);
              output.appendEncoded(neighbour);
              expect(output.appendTextFrame(fin | Opcode.text, text, maskingKey)).toBe(payload.length);
              output.appendEncoded(neighbour);
              const whole = Buffer.concat([neighbour, expected, neighbour]);
              expect(output.length).toBe(whole.length);
              expect(Buffer.concat(output.take()).equals(whole)).toBe(true);
              if (reusable) output.reuse();
            }
          }
        }
      });
    }
  }
});

describe('blocks that are used again', () => {
  /** All that are idle, so that a test has the only ones there are. */
  const borrowAll = (): OutputBuffer[] => {
    const all: OutputBuffer[] = [];
    for (;;) {
      const next = OutputBuffer.borrow();
      if (!next.reusable) return all;
      all.push(next);
    }
  };
  const append = (output: OutputBuffer, length: number, octet: number): void =>
    output.appendFrame(fin | Opcode.binary, new Uint8Array(length).fill(octet), undefined);
  const framed = (length: number, octet: number): Uint8Array =>
    encodeFrame({ opcode: Opcode.binary, payload: new Uint8Array(length).fill(octet) });

  test('borrowing gives one’s own blocks until one is idle, and then that one', () => {
    borrowAll();
    const own = OutputBuffer.borrow();
    expect(own.reusable).toBe(false);
    own.reuse();
    const lent = OutputBuffer.borrow();
    expect(lent.reusable).toBe(true);
    expect(OutputBuffer.borrow().reusable).toBe(false);
    lent.reuse();
    expect(OutputBuffer.borrow()).toBe(lent);
  });

  test('no more than twenty are kept', () => {
    borrowAll();
    for (let count = 0; count < 2 * mostIdleBuffers; count++) new OutputBuffer().reuse();
    expect(borrowAll()).toHaveLength(mostIdleBuffers);
    expect(OutputBuffer.borrow().reusable).toBe(false);
  });

  test('the same memory serves every time', () => {
    const output = new OutputBuffer(true);
    const memory = new Set<ArrayBufferLike>();
    for (let round = 0; round < 50; round++) {
      borrowAll();
      append(output, 100, round);
      append(output, firstReusedBlock, round);
      const chunks = output.take();
      for (const chunk of chunks) memory.add(chunk.buffer);
      expect(concat(...chunks)).toEqual(concat(framed(100, round), framed(firstReusedBlock, round)));
      output.reuse();
      expect(OutputBuffer.borrow()).toBe(output);
    }
    expect([...memory].map(({ byteLength }) => byteLength)).toEqual([firstReusedBlock, largestBlock]);
  });

  test('what does not fit in them has blocks that are not used again', () => {
    const output = new OutputBuffer(true);
    const memory: ArrayBufferLike[][] = [];
    for (let round = 0; round < 2; round++) {
      borrowAll();
      // Masked payloads are copied at any length.
      output.appendFrame(fin | Opcode.binary, new Uint8Array(largestBlock), 1);
      append(output, firstReusedBlock, 1);
      append(output, 30_000, 2);
      append(output, 30_000, 3);
      const chunks = output.take();
      memory.push(chunks.map((chunk) => chunk.buffer));
      expect(concat(...chunks)).toEqual(
        concat(
          encodeFrame({ opcode: Opcode.binary, payload: new Uint8Array(largestBlock), maskingKey: 1 }),
          framed(firstReusedBlock, 1),
          framed(30_000, 2),
          framed(30_000, 3),
        ),
      );
      output.reuse();
    }
    const [first, second] = memory;
    expect([first?.length, second?.length]).toEqual([3, 3]);
    expect(second?.map((buffer, index) => buffer === first?.[index])).toEqual([false, true, false]);
    borrowAll();
  });

  test('a payload from 32 KiB on goes out by reference, a shorter one is copied', () => {
    const output = new OutputBuffer(true);
    const long = countedOctets(reusedReferenceLength);
    const short = countedOctets(reusedReferenceLength - 1);
    output.appendFrame(fin | Opcode.binary, long, undefined);
    output.appendFrame(fin | Opcode.binary, short, undefined);
    const chunks = output.take();
    expect(chunks.map((chunk) => chunk.length)).toEqual([4, long.length, 4 + short.length]);
    expect(chunks[1]).toBe(long);
    expect(chunks[2]?.subarray(4)).toEqual(Buffer.from(short));
  });

  test('taken twice before it is given back: both are intact', () => {
    const output = new OutputBuffer(true);
    const kept: (readonly Uint8Array[])[] = [];
    for (let round = 0; round < 5; round++) {
      append(output, 1000, round);
      kept.push(output.take());
    }
    for (const [round, chunks] of kept.entries()) expect(concat(...chunks)).toEqual(framed(1000, round));
  });

  for (const length of [1, 125, 16_000, 16_384, 20_000, 32_767, 32_768, 60_000, 100_000]) {
    test(`settled: frames of ${length} octets stay as they are when the blocks are used again`, () => {
      borrowAll();
      const lent = new OutputBuffer(true);
      const expected: Uint8Array[] = [];
      for (let octet = 1; octet < 5; octet++) {
        append(lent, length, octet);
        expected.push(framed(length, octet));
      }
      const own = lent.settled();
      expect([own.reusable, own.length]).toEqual([false, 4 * framed(length, 0).length]);
      const next = OutputBuffer.borrow();
      expect(next).toBe(lent);
      for (let count = 0; count < 4; count++) append(next, length, 0xee);
      next.take();
      append(own, length, 5);
      expected.push(framed(length, 5));
      expect(Buffer.compare(taken(own), concat(...expected))).toBe(0);
    });
  }

  test('settled: what has blocks of its own stays as it is', () => {
    const own = new OutputBuffer();
    append(own, 100, 1);
    const settled = own.settled();
    expect([settled.reusable, settled.length, own.length]).toEqual([false, 102, 0]);
    expect(taken(settled)).toEqual(framed(100, 1));
    borrowAll();
  });

  test('settled: so many small frames that they fill the large block', () => {
    borrowAll();
    const lent = new OutputBuffer(true);
    const count = 1000;
    for (let index = 0; index < count; index++) append(lent, 60, index);
    const own = lent.settled();
    const next = OutputBuffer.borrow();
    for (let index = 0; index < count; index++) append(next, 60, 0xee);
    next.take();
    const expected = Array.from({ length: count }, (_, index) => framed(60, index));
    expect(Buffer.compare(taken(own), concat(...expected))).toBe(0);
  });

  test('whatever is appended, taken, settled and given back, by several at once: what was taken stays', () => {
    const length = fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 7000, max: 70_000 }));
    const step = fc.record({
      who: fc.nat({ max: 4 }),
      kind: fc.constantFrom('frame', 'text', 'masked', 'encoded', 'take', 'written', 'settle', 'clear'),
      length,
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
        /** What somebody has, and what is in it. */
        const places: { output: OutputBuffer | undefined; expected: Uint8Array[] }[] = Array.from(
          { length: 5 },
          () => ({ output: undefined, expected: [] }),
        );
        const kept: { readonly chunks: readonly Uint8Array[]; readonly expected: Uint8Array }[] = [];
        for (const [index, { who, kind, length: octets }] of steps.entries()) {
          const place = places[who];
          if (place === undefined) throw new RangeError('There are five.');
          const payload = new Uint8Array(octets).fill(index & 0x7f);
          switch (kind) {
            case 'take':
            case 'written': {
              if (place.output === undefined) break;
              const chunks = place.output.take();
              const expected = concat(...place.expected);
              expect(Buffer.compare(concat(...chunks), expected)).toBe(0);
              if (kind === 'written') place.output.reuse();
              else kept.push({ chunks, expected });
              place.output = undefined;
              place.expected = [];
              break;
            }
            case 'settle':
              if (place.output?.reusable) place.output = place.output.settled();
              break;
            case 'clear':
              place.output?.clear();
              place.expected = [];
              break;
            default: {
              place.output ??= OutputBuffer.borrow();
              const text = String.fromCharCode(index & 0x7f).repeat(octets);
              if (kind === 'text') place.output.appendTextFrame(fin | Opcode.text, text, undefined);
              else if (kind === 'encoded') place.output.appendEncoded(payload);
              else place.output.appendFrame(fin | Opcode.binary, payload, kind === 'masked' ? 7 : undefined);
              place.expected.push(
                kind === 'encoded'
                  ? payload
                  : encodeFrame({
                      opcode: kind === 'text' ? Opcode.text : Opcode.binary,
                      payload,
                      ...(kind === 'masked' ? { maskingKey: 7 } : {}),
                    }),
              );
            }
          }
        }
        for (const { chunks, expected } of kept) {
          expect(Buffer.compare(concat(...chunks), expected)).toBe(0);
        }
        for (const { output, expected } of places) {
          if (output !== undefined) expect(Buffer.compare(taken(output), concat(...expected))).toBe(0);
        }
      }),
      { seed, numRuns: 300 },
    );
  });
});
