/** Frames: RFC 6455 §5.1-§5.3, §5.5, §5.7. Every vector is read and written. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkFrameLength,
  checkFrameStart,
  decodeFrameHeader,
  encodeFrame,
  encodeFrameHeader,
  type FrameHeader,
  frameHeaderLength,
  isControl,
  maximumHeaderLength,
  Opcode,
} from '../src/frame.ts';
import { applyMask } from '../src/mask.ts';
import { forEachChopping, seededRandom } from './support/chopping.ts';
import { exampleFrames, lengthForms } from './support/frame-vectors.ts';
import { concat, countedOctets, hex } from './support/octets.ts';
import { errorOf } from './support/protocol-error.ts';

const seed = 0x5_02;

/** Reads a header from reads cut anywhere, in the way of a caller that keeps what it has. */
function decodeChunks(chunks: readonly Uint8Array[]): FrameHeader | undefined {
  for (let count = 1; count <= chunks.length; count++) {
    const header = decodeFrameHeader(concat(...chunks.slice(0, count)));
    if (header !== undefined) return header;
  }
  return undefined;
}

describe('the examples of §5.7, both ways', () => {
  for (const { name, bytes, frame } of exampleFrames) {
    const payload = frame.payload ?? new Uint8Array(0);

    test(`${name}: encode`, () => {
      const before = payload.slice();
      expect(Buffer.compare(encodeFrame(frame), bytes)).toBe(0);
      expect(Buffer.compare(payload, before)).toBe(0);
    });

    test(`${name}: decode`, () => {
      const headerLength = bytes.length - payload.length;
      const expected: FrameHeader = {
        fin: frame.fin ?? true,
        rsv1: false,
        rsv2: false,
        rsv3: false,
        opcode: frame.opcode,
        masked: frame.maskingKey !== undefined,
        maskingKey: frame.maskingKey ?? 0,
        payloadLength: payload.length,
        headerLength,
      };
      // All of the header and a little of the payload: cut inside it, at its end, and behind it.
      forEachChopping(bytes.slice(0, headerLength + 2), seed, ({ chunks }) => {
        expect(decodeChunks(chunks)).toEqual(expected);
      });
      const unmasked = bytes.slice(headerLength);
      applyMask(unmasked, 0, unmasked.length, expected.maskingKey);
      expect(Buffer.compare(unmasked, payload)).toBe(0);
      checkFrameStart(bytes[0] as number, bytes[1] as number, expected.masked);
      checkFrameLength(expected);
    });
  }
});

describe('lengths (§5.2)', () => {
  for (const [length, octets] of lengthForms) {
    for (const maskingKey of [undefined, 0x01020304]) {
      test(`${length} octets ${maskingKey === undefined ? 'from a server' : 'from a client'}, both ways`, () => {
        const bytes = hex(`82 ${octets}`);
        if (maskingKey !== undefined) bytes[1] = (bytes[1] as number) | 0x80;
        const headerBytes = concat(bytes, hex(maskingKey === undefined ? '' : '01 02 03 04'));
        const encoded = encodeFrame({
          opcode: Opcode.binary,
          payload: countedOctets(length),
          ...(maskingKey === undefined ? {} : { maskingKey }),
        });
        expect(encoded).toHaveLength(headerBytes.length + length);
        expect(encoded.slice(0, headerBytes.length)).toEqual(headerBytes);
        expect(frameHeaderLength(length, maskingKey !== undefined)).toBe(headerBytes.length);
        forEachChopping(headerBytes, seed, ({ chunks }) => {
          const header = decodeChunks(chunks);
          expect(header).toMatchObject({ payloadLength: length, headerLength: headerBytes.length });
          if (header !== undefined) checkFrameLength(header);
        });
      });
    }
  }

  const overlong: readonly (readonly [string, number])[] = [
    ['82 7e 00 00', 0],
    ['82 7e 00 7d', 125],
    ['82 7f 00 00 00 00 00 00 00 00', 0],
    ['82 7f 00 00 00 00 00 00 00 7d', 125],
    ['82 7f 00 00 00 00 00 00 00 7e', 126],
    ['82 7f 00 00 00 00 00 00 ff ff', 65_535],
  ];
  for (const [octets, length] of overlong) {
    for (const mask of ['', '00 00 00 00', 'ff ff ff ff']) {
      test(`a length of ${length} must be shorter than in ${octets}, mask "${mask}"`, () => {
        const bytes = concat(hex(octets), hex(mask));
        if (mask !== '') bytes[1] = (bytes[1] as number) | 0x80;
        const header = decodeFrameHeader(bytes);
        if (header === undefined) expect.unreachable();
        expect(header.payloadLength).toBe(length);
        const error = errorOf(() => checkFrameLength(header));
        expect(error).toMatchObject({ closeCode: 1002, section: 'RFC 6455 §5.2' });
        expect(error?.explanation).toContain(`length of ${length} `);
      });
    }
  }

  test('the top bit of a 64-bit length is refused, and nothing below it', () => {
    const longest: readonly (readonly [string, number, boolean])[] = [
      ['00 1f ff ff ff ff ff ff', 2 ** 53 - 1, true],
      ['00 20 00 00 00 00 00 00', 2 ** 53, true],
      ['00 00 00 01 00 00 00 00', 2 ** 32, true],
      ['00 00 00 00 ff ff ff ff', 2 ** 32 - 1, true],
      ['40 00 00 00 00 00 00 00', 2 ** 62, true],
      // No number holds 2^63 - 1; it must not be taken for 2^63.
      ['7f ff ff ff ff ff ff ff', 2 ** 63 - 2048, true],
      ['80 00 00 00 00 00 00 00', 2 ** 63, false],
      ['80 00 00 00 00 00 00 01', 2 ** 63, false],
      ['ff ff ff ff ff ff ff ff', 2 ** 64 - 2048, false],
    ];
    for (const [octets, length, legal] of longest) {
      const header = decodeFrameHeader(hex(`82 7f ${octets}`));
      if (header === undefined) expect.unreachable();
      expect(header.payloadLength, octets).toBe(length);
      const error = errorOf(() => checkFrameLength(header));
      if (legal) expect(error, octets).toBeUndefined();
      else expect(error, octets).toMatchObject({ closeCode: 1002, section: 'RFC 6455 §5.2' });
    }
  });
});

describe('reading a header', () => {
  test('only reads what it is given: undefined for every beginning of it', () => {
    for (const octets of [
      '81 05',
      '81 85 01 02 03 04',
      '82 fe 01 00 01 02 03 04',
      '82 ff 00 00 00 00 00 01 00 00 01 02 03 04',
    ]) {
      const bytes = hex(octets);
      const around = concat(hex('ff ff ff'), bytes, hex('ff ff'));
      const before = around.slice();
      for (let length = 0; length < bytes.length; length++) {
        expect(decodeFrameHeader(bytes.subarray(0, length))).toBeUndefined();
        expect(decodeFrameHeader(around, 3, 3 + length)).toBeUndefined();
      }
      expect(decodeFrameHeader(around, 3, 3 + bytes.length)).toEqual(decodeFrameHeader(bytes));
      expect(decodeFrameHeader(around, 3)).toEqual(decodeFrameHeader(bytes));
      expect(around).toEqual(before);
    }
  });

  test('a header that breaks every rule is still read', () => {
    expect(decodeFrameHeader(hex('7f 7e 00 01'))).toEqual({
      fin: false,
      rsv1: true,
      rsv2: true,
      rsv3: true,
      opcode: 0xf,
      masked: false,
      maskingKey: 0,
      payloadLength: 1,
      headerLength: 4,
    });
  });

  test('10,000 random headers come back as they were written', () => {
    const random = seededRandom(seed);
    const pick = (count: number): number => Math.floor(random() * count);
    const bytes = new Uint8Array(maximumHeaderLength + 8);
    for (let run = 0; run < 10_000; run++) {
      const first = pick(256);
      // A length of any number of bits, so that each form is met as often as the others.
      const payloadLength = Math.floor(random() * 2 ** pick(54));
      const maskingKey = pick(2) === 0 ? undefined : Math.floor(random() * 2 ** 32);
      const start = pick(8);
      const end = encodeFrameHeader(bytes, start, first, payloadLength, maskingKey);
      const expected: FrameHeader = {
        fin: first >= 0x80,
        rsv1: (first & 0x40) > 0,
        rsv2: (first & 0x20) > 0,
        rsv3: (first & 0x10) > 0,
        opcode: first % 16,
        masked: maskingKey !== undefined,
        maskingKey: maskingKey ?? 0,
        payloadLength,
        headerLength: end - start,
      };
      const header = decodeFrameHeader(bytes, start, end);
      const where = `seed ${seed}, run ${run}`;
      expect(header, where).toEqual(expected);
      expect(end - start, where).toBe(frameHeaderLength(payloadLength, maskingKey !== undefined));
      if (header !== undefined) checkFrameLength(header);
    }
  });
});

describe('judging the first two octets', () => {
  /** The rule that these two octets break first, in the words of the RFC's sections; undefined when they are legal. */
  function brokenRule(first: number, second: number, fromClient: boolean): string | undefined {
    const opcode = first % 16;
    if ((first >> 4) % 8 !== 0) return '§5.2';
    if (![0x0, 0x1, 0x2, 0x8, 0x9, 0xa].includes(opcode)) return '§5.2';
    if (second >= 0x80 !== fromClient) return '§5.1';
    if (opcode >= 8 && (first < 0x80 || second % 128 > 125)) return '§5.5';
    return undefined;
  }

  /** The same where compression was agreed on: RSV1 is free on text and binary, and nowhere else (RFC 7692 §6.1). */
  function brokenRuleWithDeflate(first: number, second: number, fromClient: boolean): string | undefined {
    if ((first & 0x70) !== 0x40) return brokenRule(first, second, fromClient);
    if ((first & 0x0f) !== 0x1 && (first & 0x0f) !== 0x2) return 'RFC 7692 §6.1';
    return brokenRule(first & 0xbf, second, fromClient);
  }

  for (const deflate of [false, true]) {
    test(`each of the 65,536 pairs, from a client and from a server, ${deflate ? 'with' : 'without'} deflate`, () => {
      for (const fromClient of [true, false]) {
        for (let pair = 0; pair <= 0xffff; pair++) {
          const [first, second] = [pair >>> 8, pair & 0xff];
          const rule = (deflate ? brokenRuleWithDeflate : brokenRule)(first, second, fromClient);
          const error = errorOf(() => checkFrameStart(first, second, fromClient, deflate));
          const section = rule?.startsWith('§') ? `RFC 6455 ${rule}` : rule;
          if (error?.section !== section || (error?.closeCode ?? 1002) !== 1002) {
            expect.unreachable(`${pair.toString(16)}: ${error?.section} for ${section}`);
          }
        }
      }
    });
  }

  test('the sentence says what came', () => {
    const sentence = (first: number, second: number, fromClient = true) =>
      errorOf(() => checkFrameStart(first, second, fromClient))?.explanation;
    expect(sentence(0xc1, 0x80)).toBe('A frame has a reserved bit set (first octet 0xC1).');
    const withDeflate = (first: number) =>
      errorOf(() => checkFrameStart(first, 0x80, true, true))?.explanation;
    expect(withDeflate(0xc0)).toContain('A continuation frame has RSV1 set');
    expect(withDeflate(0xc9)).toContain('A control frame has RSV1 set');
    expect(sentence(0x83, 0x80)).toBe('A frame has the reserved opcode 0x3.');
    expect(sentence(0x8f, 0x80)).toBe('A frame has the reserved opcode 0xF.');
    expect(sentence(0x81, 0x00)).toBe('A frame from the client is not masked.');
    expect(sentence(0x81, 0x80, false)).toBe('A frame from the server is masked.');
    expect(sentence(0x09, 0x80)).toBe('A control frame is fragmented (FIN is 0).');
    expect(sentence(0x89, 0xfe)).toBe('A control frame has more than 125 octets of payload.');
  });

  test('control frames are those with the high bit of the opcode', () => {
    for (let opcode = 0; opcode < 16; opcode++) expect(isControl(opcode)).toBe(opcode > 7);
  });
});

describe('writing a frame', () => {
  test('bad frames can be built too: nothing is judged', () => {
    expect(encodeFrame({ fin: false, rsv1: true, opcode: 0x9 })).toEqual(hex('49 00'));
    expect(encodeFrame({ rsv2: true, opcode: 0xf, maskingKey: 0 })).toEqual(hex('af 80 00 00 00 00'));
    expect(encodeFrame({ rsv3: true, opcode: 0x0, payload: hex('01') })).toEqual(hex('90 01 01'));
  });

  test('the header goes where it is told, and the index after it comes back', () => {
    const bytes = new Uint8Array(16).fill(0xee);
    expect(encodeFrameHeader(bytes, 1, 0x81, 5, undefined)).toBe(3);
    expect(encodeFrameHeader(bytes, 3, 0x82, 300, 0xfffefdfc)).toBe(11);
    expect(bytes).toEqual(hex('ee 81 05 82 fe 01 2c ff fe fd fc ee ee ee ee ee'));
  });

  test('decode after encode is the identity', () => {
    const frames = fc.record({
      fin: fc.boolean(),
      rsv1: fc.boolean(),
      rsv2: fc.boolean(),
      rsv3: fc.boolean(),
      opcode: fc.nat({ max: 15 }),
      payload: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 120, maxLength: 300 })),
      maskingKey: fc.nat({ max: 0xffffffff }),
    });
    fc.assert(
      fc.property(frames, fc.boolean(), ({ maskingKey, payload, ...rest }, masked) => {
        const bytes = encodeFrame({ ...rest, payload, ...(masked ? { maskingKey } : {}) });
        const header = decodeFrameHeader(bytes);
        if (header === undefined) expect.unreachable();
        expect(header).toEqual({
          ...rest,
          masked,
          maskingKey: masked ? maskingKey : 0,
          payloadLength: payload.length,
          headerLength: bytes.length - payload.length,
        });
        applyMask(bytes, header.headerLength, bytes.length, header.maskingKey);
        expect(bytes.slice(header.headerLength)).toEqual(payload);
      }),
      { seed, numRuns: 1000 },
    );
  });
});
