/** Close codes and the payload of a Close frame: RFC 6455 §5.5.1, §7.1.5, §7.4, §8.1. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Close,
  CloseCode,
  decodeClosePayload,
  encodeClosePayload,
  isCloseCode,
  maximumReasonLength,
  ProtocolError,
  retryAfterOf,
  retryReason,
  truncateReason,
} from '../src/close.ts';

const seed = 0x7_04;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** §7.4.1 with the IANA registry, written out once more: what may stand in a Close frame. */
const legalRanges = [
  [1000, 1003],
  [1007, 1014],
  [3000, 4999],
] as const;
const isLegal = (code: number): boolean => legalRanges.some(([low, high]) => code >= low && code <= high);

function payloadOf(code: number, reason: Uint8Array = new Uint8Array(0)): Uint8Array {
  return Uint8Array.of(code >>> 8, code & 0xff, ...reason);
}

function errorOf(run: () => unknown): ProtocolError {
  try {
    run();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('close codes (§7.4)', () => {
  test('each of the 65,536 is legal or not, in both directions', () => {
    for (let code = 0; code <= 0xffff; code++) {
      const legal = isLegal(code);
      const verdicts = [isCloseCode(code), decodes(code), encodes(code)];
      // 1005 is the name of an empty payload: it may be asked for, and is not written.
      const expected = [legal, legal, legal || code === CloseCode.noStatusReceived];
      if (verdicts.join() !== expected.join()) expect.unreachable(`${code}: ${verdicts} for ${expected}`);
    }
  });

  function decodes(code: number): boolean {
    try {
      const close = decodeClosePayload(payloadOf(code));
      return close.code === code && close.reason === '';
    } catch (error) {
      if (error instanceof ProtocolError && error.closeCode === 1002) return false;
      throw error;
    }
  }

  function encodes(code: number): boolean {
    try {
      const payload = encodeClosePayload(code);
      if (payload.length > 0 && decodeClosePayload(payload).code !== code) throw new Error(`${code} changed`);
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  test('an illegal code is named in the error', () => {
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535]) {
      const error = errorOf(() => decodeClosePayload(payloadOf(code)));
      expect(error).toMatchObject({ closeCode: 1002, section: 'RFC 6455 §7.4' });
      expect(error.explanation).toContain(` ${code},`);
    }
    expect(() => encodeClosePayload(1006)).toThrow('The close code 1006 must not be sent');
  });

  test('what is no 16-bit number is refused at the call', () => {
    for (const code of [-1, 999.5, 1000.5, 3000.5, 65_536, 66_536, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => encodeClosePayload(code)).toThrow(RangeError);
    }
  });

  test('the names are those of the registry', () => {
    expect(Object.values(CloseCode)).toEqual([
      1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015,
    ]);
  });
});

describe('the payload (§5.5.1)', () => {
  const vectors: readonly { readonly hex: string; readonly close: Close }[] = [
    { hex: '', close: { code: 1005, reason: '' } },
    { hex: '03e8', close: { code: 1000, reason: '' } },
    { hex: '03e9676f6f64', close: { code: 1001, reason: 'good' } },
    { hex: '0bb8e282ac', close: { code: 3000, reason: '€' } },
    { hex: '1387f09f9880', close: { code: 4999, reason: '😀' } },
    { hex: '03e8efbbbf61', close: { code: 1000, reason: '\ufeffa' } },
    { hex: `03f0${'61'.repeat(123)}`, close: { code: 1008, reason: 'a'.repeat(123) } },
  ];
  for (const { hex, close } of vectors) {
    test(`${hex.slice(0, 16) || '(empty)'} is ${close.code} "${close.reason.slice(0, 8)}", and back`, () => {
      const payload = Uint8Array.from(Buffer.from(hex, 'hex'));
      expect(decodeClosePayload(payload)).toEqual(close);
      expect(encodeClosePayload(close.code, close.reason)).toEqual(payload);
    });
  }

  test('without code and reason it is empty', () => {
    expect(encodeClosePayload()).toEqual(new Uint8Array(0));
    expect(() => encodeClosePayload(undefined, 'why')).toThrow('A close reason needs a code.');
    expect(() => encodeClosePayload(1005, 'why')).toThrow(RangeError);
  });

  test('one octet is no code', () => {
    for (const octet of [0x00, 0x03, 0xff]) {
      const error = errorOf(() => decodeClosePayload(Uint8Array.of(octet)));
      expect(error).toMatchObject({ closeCode: 1002, section: 'RFC 6455 §5.5.1' });
    }
  });

  test('the code is judged before the reason', () => {
    expect(errorOf(() => decodeClosePayload(payloadOf(1005, Uint8Array.of(0xff)))).closeCode).toBe(1002);
  });

  test('a reason that is not UTF-8 is 1007 (§8.1)', () => {
    for (const hex of ['80', 'c3', 'c080', 'e28228', 'eda080', 'f4908080', '61f09f98', 'fe', 'ff61']) {
      const payload = payloadOf(1000, Uint8Array.from(Buffer.from(hex, 'hex')));
      expect(errorOf(() => decodeClosePayload(payload))).toMatchObject({
        closeCode: CloseCode.invalidPayload,
        section: 'RFC 6455 §8.1',
      });
    }
  });

  test('reading changes nothing, and what was built is the caller’s', () => {
    const payload = payloadOf(1000, utf8('bye'));
    const before = payload.slice();
    decodeClosePayload(payload);
    expect(payload).toEqual(before);
    encodeClosePayload(1000, 'bye').fill(0);
    expect(encodeClosePayload(1000, 'bye')).toEqual(before);
  });

  test('a payload inside a larger buffer is read where it lies', () => {
    const bytes = Uint8Array.from([0xff, ...payloadOf(1001, utf8('ok')), 0xff]);
    expect(decodeClosePayload(bytes.subarray(1, -1))).toEqual({ code: 1001, reason: 'ok' });
  });

  test('decode after encode is the identity', () => {
    const codes = fc.oneof(...legalRanges.map(([min, max]) => fc.integer({ min, max })));
    const reasons = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => utf8(text).length <= 123);
    fc.assert(
      fc.property(codes, reasons, (code, reason) => {
        expect(decodeClosePayload(encodeClosePayload(code, reason))).toEqual({ code, reason });
      }),
      { seed, numRuns: 1000 },
    );
  });
});

describe('the length of a reason (§5.5)', () => {
  test('123 octets is the most, counted in octets', () => {
    expect(maximumReasonLength).toBe(123);
    for (const text of ['a'.repeat(123), '€'.repeat(41), `${'😀'.repeat(30)}abc`]) {
      expect(encodeClosePayload(1000, text)).toHaveLength(125);
    }
    for (const text of ['a'.repeat(124), '€'.repeat(42), '😀'.repeat(31)]) {
      expect(() => encodeClosePayload(1000, text)).toThrow(/has 12[46] octets; the most is 123/);
    }
  });

  test('a reason is cut at a character', () => {
    const cuts: readonly (readonly [string, string])[] = [
      ['', ''],
      ['short', 'short'],
      ['a'.repeat(123), 'a'.repeat(123)],
      ['a'.repeat(300), 'a'.repeat(123)],
      [`${'a'.repeat(122)}é`, 'a'.repeat(122)],
      [`${'a'.repeat(121)}é!`, `${'a'.repeat(121)}é`],
      [`${'a'.repeat(121)}€`, 'a'.repeat(121)],
      [`${'a'.repeat(120)}😀`, 'a'.repeat(120)],
      [`${'a'.repeat(119)}😀b`, `${'a'.repeat(119)}😀`],
    ];
    for (const [reason, cut] of cuts) expect(truncateReason(reason)).toBe(cut);
  });

  test('what is cut can always be sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (reason) => {
        const cut = truncateReason(reason);
        expect(reason.startsWith(cut)).toBe(true);
        expect(encodeClosePayload(1002, cut).length).toBeLessThanOrEqual(125);
        if (cut !== reason) expect(utf8(cut).length).toBeGreaterThan(123 - 4);
      }),
      { seed, numRuns: 1000 },
    );
  });
});

test('a ProtocolError says what, where and with which code', () => {
  const error = new ProtocolError(1002, 'RFC 6455 §5.2', 'A frame has a reserved bit set.');
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'ProtocolError',
    message: 'A frame has a reserved bit set. (RFC 6455 §5.2)',
    closeCode: 1002,
    section: 'RFC 6455 §5.2',
    explanation: 'A frame has a reserved bit set.',
  });
});

describe('the hint when to come back', () => {
  test('is plain words, and comes back as the number that it was', () => {
    expect(retryReason(3200)).toBe('retry after 3200 ms');
    expect(retryReason(0.6)).toBe('retry after 1 ms');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (milliseconds) => {
        expect(retryAfterOf(retryReason(milliseconds))).toBe(milliseconds);
      }),
      { seed },
    );
  });

  test('takes no number that nobody could wait for', () => {
    for (const milliseconds of [-1, 1e9, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => retryReason(milliseconds)).toThrow(RangeError);
    }
  });

  test('stands at the end of a reason, and nowhere else', () => {
    expect(retryAfterOf('The server restarts. retry after 15 ms')).toBe(15);
    for (const reason of [
      '',
      'retry after ms',
      'retry after 5 ms please',
      'retry after -5 ms',
      'retry after 5.5 ms',
      'noretry after 5 ms',
      'Retry after 5 ms',
      'retry after 1234567890 ms',
    ]) {
      expect(retryAfterOf(reason)).toBe(undefined);
    }
  });
});
