/** UTF-8 of text: RFC 6455 §8.1, RFC 3629 §3-§4. The reference is the platform's own fatal TextDecoder. */
import { describe, expect, test } from 'vitest';
import { decodeUtf8, Utf8Validator } from '../src/utf8.ts';
import { forEachChopping, seededRandom } from './support/chopping.ts';

const seed = 0x8_01;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

function reference(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** What can complete any character that is begun: after E0 and F0 the upper octets may follow, after ED and F4 the lower. */
const completions = ['', '80', 'bf', '8080', 'bf80', '808080', 'bf8080'].map(bytesOf);

/** The index of the first octet after which nothing can make this UTF-8; undefined when there is none. */
function firstBad(bytes: Uint8Array): number | undefined {
  for (let length = 1; length <= bytes.length; length++) {
    const begun = bytes.subarray(0, length);
    if (completions.every((rest) => reference(Uint8Array.from([...begun, ...rest])) === undefined)) {
      return length - 1;
    }
  }
  return undefined;
}

/** Pushes the chunks until one is refused. @returns the index of that chunk; undefined when all were accepted */
function push(validator: Utf8Validator, chunks: readonly Uint8Array[]): number | undefined {
  const index = chunks.findIndex((chunk) => !validator.push(chunk, 0, chunk.length));
  return index === -1 ? undefined : index;
}

/** The index of the chunk in which the octet at `index` of all of them lies. */
function chunkOf(chunks: readonly Uint8Array[], index: number): number {
  let end = 0;
  return chunks.findIndex((chunk) => {
    end += chunk.length;
    return index < end;
  });
}

/** The first and last code point of each length, and those beside the surrogates and the BOM. */
const boundaries = [
  0x00, 0x7f, 0x80, 0x7ff, 0x800, 0xfff, 0x1000, 0xcfff, 0xd000, 0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xfffe,
  0xffff, 0x10000, 0x3ffff, 0x40000, 0xfffff, 0x100000, 0x10ffff,
];

const bad: readonly (readonly [string, string])[] = [
  ['a lone continuation octet', '80'],
  ['a lone continuation octet, highest', 'bf'],
  ['a continuation too many', 'c3 a9 a9'],
  ['four continuation octets', '61 80 80 80 80'],
  ['overlong in two octets, C0', 'c0 80'],
  ['overlong in two octets, C1', 'c1 bf'],
  ['overlong in three octets', 'e0 80 80'],
  ['overlong in three octets, highest', 'e0 9f bf'],
  ['overlong in four octets', 'f0 80 80 80'],
  ['overlong in four octets, highest', 'f0 8f bf bf'],
  ['the first surrogate', 'ed a0 80'],
  ['the last surrogate', 'ed bf bf'],
  ['a surrogate pair (CESU-8)', 'ed a0 bd ed b8 80'],
  ['above U+10FFFF', 'f4 90 80 80'],
  ['F5', 'f5 80 80 80'],
  ['F6', 'f6 80 80 80'],
  ['F7', 'f7 bf bf bf'],
  ['F8, five octets', 'f8 88 80 80 80'],
  ['F9', 'f9'],
  ['FA', 'fa'],
  ['FB', 'fb bf bf bf bf'],
  ['FC, six octets', 'fc 84 80 80 80 80'],
  ['FD', 'fd bf bf bf bf bf'],
  ['FE', 'fe'],
  ['FF', 'ff'],
  ['two octets, broken by a letter', 'c3 61'],
  ['three octets, broken after one', 'e2 61'],
  ['three octets, broken after two', 'e2 82 61'],
  ['four octets, broken after one', 'f0 61'],
  ['four octets, broken after two', 'f0 9f 61'],
  ['four octets, broken after three', 'f0 9f 98 61'],
  ['broken by the start of another', 'e2 82 c3 a9'],
  ['broken by the same lead', 'c3 c3 a9'],
];

describe('what is UTF-8', () => {
  for (const codePoint of boundaries) {
    test(`U+${codePoint.toString(16).toUpperCase().padStart(4, '0')} passes alone and among others, at every cut`, () => {
      const character = String.fromCodePoint(codePoint);
      for (const text of [character, `a${character}b`, `é€😀${character}${character}`]) {
        const bytes = Buffer.from(text, 'utf8');
        expect(decodeUtf8(bytes, 0, bytes.length)).toBe(text);
        forEachChopping(
          bytes,
          seed,
          ({ chunks }) => {
            const validator = new Utf8Validator();
            expect(push(validator, chunks)).toBeUndefined();
            expect(validator.complete).toBe(true);
          },
          { tail: Uint8Array.of(0x7a) },
        );
      }
    });
  }

  test('a BOM stays, wherever it stands', () => {
    for (const text of ['\ufeff', '\ufefftext', 'te\ufeffxt', `\ufeff${'long '.repeat(40)}`]) {
      const bytes = Buffer.from(text, 'utf8');
      expect(decodeUtf8(bytes, 0, bytes.length)).toBe(text);
    }
  });

  test('texts of any mixture and length are as TextDecoder has them', () => {
    const random = seededRandom(seed);
    const alphabets = ['a', 'ab é', 'ÿ\u0080\u00ff', 'àĀ', 'Привет, ', '漢字a', '😀', 'abc 漢é😀\u{10ffff}'];
    for (const alphabet of alphabets) {
      const letters = [...alphabet];
      for (const length of [1, 2, 3, 4, 5, 7, 20, 60, 1000, 16_000, 70_000, 262_145]) {
        let text = '';
        while (text.length < length) text += letters[Math.floor(random() * letters.length)];
        const bytes = Buffer.from(`\xff${text}\xff`, 'utf8');
        expect(decodeUtf8(bytes, 2, bytes.length - 2) === text, `${alphabet} × ${length}`).toBe(true);
        expect(decodeUtf8(bytes, 2, bytes.length - 2, false) === text, `${alphabet} × ${length}`).toBe(true);
      }
    }
  });

  test('what is known to be ASCII is not looked at again', () => {
    const bytes = Buffer.from('only ASCII', 'latin1');
    for (const known of [true, false, undefined]) {
      expect(decodeUtf8(bytes, 0, bytes.length, known)).toBe('only ASCII');
    }
  });

  test('only the range asked for is read', () => {
    const bytes = Buffer.from('ff 61 c3 a9 ff'.replaceAll(' ', ''), 'hex');
    expect(decodeUtf8(bytes, 1, 4)).toBe('aé');
    expect(decodeUtf8(bytes, 1, 2)).toBe('a');
    expect(decodeUtf8(bytes, 2, 2)).toBe('');
    expect(decodeUtf8(bytes, 1, 3)).toBeUndefined();
    const validator = new Utf8Validator();
    expect(validator.push(bytes, 1, 4)).toBe(true);
    expect(validator.push(bytes, 4, 4)).toBe(true);
    expect(validator.complete).toBe(true);
    expect(validator.push(bytes, 4, 5)).toBe(false);
  });

  test('texts around the length up to which ASCII is told by a loop', () => {
    for (let length = 40; length <= 56; length++) {
      for (const last of ['a', 'é', '€', '😀', '\x7f', '\x80']) {
        const text = 'x'.repeat(length) + last;
        const bytes = Buffer.from(text, 'utf8');
        expect(decodeUtf8(bytes, 0, bytes.length)).toBe(text);
        bytes[length] = 0xff;
        expect(decodeUtf8(bytes, 0, bytes.length)).toBeUndefined();
      }
    }
  });
});

describe('what is not', () => {
  for (const [name, hex] of bad) {
    test(`${name} (${hex}) fails in the piece that holds its first bad octet`, () => {
      for (const before of ['', 'plain ', 'é€😀', 'x'.repeat(70)]) {
        const bytes = Uint8Array.from([...Buffer.from(before, 'utf8'), ...bytesOf(hex)]);
        expect(decodeUtf8(Buffer.from(bytes), 0, bytes.length)).toBeUndefined();
        const index = firstBad(bytes);
        if (index === undefined) expect.unreachable('the vector is not bad');
        forEachChopping(
          bytes,
          seed,
          ({ chunks }) => expect(push(new Utf8Validator(), chunks)).toBe(chunkOf(chunks, index)),
          { randomRuns: 20 },
        );
      }
    });
  }

  for (const codePoint of boundaries.filter((each) => each >= 0x80)) {
    test(`U+${codePoint.toString(16).toUpperCase()} cut short is not complete`, () => {
      const character = Buffer.from(String.fromCodePoint(codePoint), 'utf8');
      for (let length = 1; length < character.length; length++) {
        const bytes = Buffer.concat([Buffer.from('ok '), character.subarray(0, length)]);
        expect(decodeUtf8(bytes, 0, bytes.length)).toBeUndefined();
        forEachChopping(
          bytes,
          seed,
          ({ name, chunks }) => {
            const validator = new Utf8Validator();
            // With a tail, a letter follows and is what fails.
            expect(push(validator, chunks)).toBe(name === 'with a tail' ? 0 : undefined);
            if (name !== 'with a tail') expect(validator.complete).toBe(false);
          },
          { tail: Uint8Array.of(0x7a) },
        );
      }
    });
  }
});

test('reset forgets the character begun, with its narrowed range', () => {
  for (const hex of ['c3', 'e0', 'ed', 'f0', 'f4', 'f09f', 'e282']) {
    const validator = new Utf8Validator();
    const begun = bytesOf(hex);
    expect(validator.push(begun, 0, begun.length)).toBe(true);
    expect(validator.complete).toBe(false);
    validator.reset();
    expect(validator.complete).toBe(true);
    // U+2000 and U+20BF use the lowest and the highest octet that may follow a lead without a rule of its own.
    for (const text of ['a', '\u2000', '\u20bf']) {
      const next = Buffer.from(text, 'utf8');
      expect(push(validator, [next.subarray(0, 1), next.subarray(1)])).toBeUndefined();
    }
  }
});

test('20,000 random short strings are judged as TextDecoder judges them, octet by octet', () => {
  const random = seededRandom(seed);
  const octets = bytesOf(
    '41 7f 80 8f 90 9f a0 bf c0 c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 f8 ff 80 a0 bf',
  );
  for (let run = 0; run < 20_000; run++) {
    const bytes = Uint8Array.from(
      { length: Math.floor(random() * 10) },
      () => octets[Math.floor(random() * octets.length)] as number,
    );
    const expected = reference(bytes);
    const decoded = decodeUtf8(Buffer.from(bytes), 0, bytes.length);
    const validator = new Utf8Validator();
    const refusedAt = push(
      validator,
      Array.from(bytes, (octet) => Uint8Array.of(octet)),
    );
    const whole = new Utf8Validator();
    const accepted = whole.push(bytes, 0, bytes.length);
    const bad = firstBad(bytes);
    const complete = bad === undefined && validator.complete;
    if (
      decoded !== expected ||
      refusedAt !== bad ||
      accepted !== (bad === undefined) ||
      complete !== (expected !== undefined) ||
      (accepted && whole.complete !== complete)
    ) {
      expect.unreachable(`${Buffer.from(bytes).toString('hex')} (seed ${seed}, run ${run})`);
    }
  }
});
