import { describe, expect, it } from 'vitest';
import { type Extension, encodeExtensions, parseExtensions } from '../src/extensions.ts';
import type { Fields } from '../src/http-head.ts';
import { seededRandom } from './support/chopping.ts';
import { refusal } from './support/refusal.ts';

function fieldsWith(...values: string[]): Fields {
  return new Map([['sec-websocket-extensions', values]]);
}

describe('parseExtensions', () => {
  it('reads names, parameters and values, over several lines, in order', () => {
    expect(
      parseExtensions(fieldsWith('permessage-deflate; client_max_window_bits; a=10, x', 'y;b="c"')),
    ).toEqual([
      {
        name: 'permessage-deflate',
        parameters: [
          { name: 'client_max_window_bits', value: undefined },
          { name: 'a', value: '10' },
        ],
      },
      { name: 'x', parameters: [] },
      { name: 'y', parameters: [{ name: 'b', value: 'c' }] },
    ]);
  });

  it('finds nothing in an absent field', () => {
    expect(parseExtensions(new Map())).toEqual([]);
  });

  it('are those of the field that is asked about, whatever was read last', () => {
    const names = (value: string) => parseExtensions(fieldsWith(value)).map(({ name }) => name);
    expect([names('a, b'), names('a, b'), names('c')]).toEqual([['a', 'b'], ['a', 'b'], ['c']]);
    for (let time = 0; time < 2; time++) {
      expect(refusal(() => parseExtensions(fieldsWith('c;')))).toMatchObject({ status: 400 });
      expect(refusal(() => parseExtensions(fieldsWith('')))).toMatchObject({ status: 400 });
    }
    expect(names('c')).toEqual(['c']);
  });

  it('passes over white space between parts and empty elements', () => {
    expect(parseExtensions(fieldsWith(', ,a\t; b = c ;d= "e" ,, f ,'))).toEqual([
      {
        name: 'a',
        parameters: [
          { name: 'b', value: 'c' },
          { name: 'd', value: 'e' },
        ],
      },
      { name: 'f', parameters: [] },
    ]);
  });

  it('keeps repeated parameters and repeated offers', () => {
    expect(parseExtensions(fieldsWith('a; b; b, a'))).toEqual([
      {
        name: 'a',
        parameters: [
          { name: 'b', value: undefined },
          { name: 'b', value: undefined },
        ],
      },
      { name: 'a', parameters: [] },
    ]);
  });

  it('unquotes', () => {
    expect(parseExtensions(fieldsWith('a; b="\\c\\1d"'))).toEqual([
      { name: 'a', parameters: [{ name: 'b', value: 'c1d' }] },
    ]);
  });

  it.each([
    ['an empty field', ''],
    ['nothing but commas', ' , ,'],
    ['two tokens', 'a b'],
    ['a separator', 'a/b'],
    ['a parameter without an extension', '; b'],
    ['no parameter after the semicolon', 'a;'],
    ['no parameter between semicolons', 'a;;b'],
    ['no parameter name', 'a; =b'],
    ['no value', 'a; b='],
    ['no value before a comma', 'a; b=, c'],
    ['two values', 'a; b=c=d'],
    ['an empty quoted value', 'a; b=""'],
    ['a quoted value that is no token', 'a; b="c d"'],
    ['a quoted comma', 'a; b="c,d"'],
    ['an escaped quote, which is no token', 'a; b="\\""'],
    ['a quote without an end', 'a; b="c'],
    ['an escape without an end', 'a; b="c\\'],
    ['something after the quote', 'a; b="c"d'],
    ['a quoted name', '"a"'],
    ['a name beyond ASCII', '\xe9'],
  ])('refuses %s', (_, value) => {
    expect(refusal(() => parseExtensions(fieldsWith(value)))).toEqual({
      status: 400,
      section: 'RFC 6455 §9.1',
    });
  });

  it('reads what encodeExtensions writes, and gives a list or one HttpError for 5,000 random fields', () => {
    const seed = 6455;
    const random = seededRandom(seed);
    const alphabet = ['a', 'b-c', '7', ' ', '\t', ';', ';', '=', ',', '"', '\\', '/', '\xff'];
    let read = 0;
    for (let run = 0; run < 5_000; run++) {
      const parts = Array.from({ length: 1 + Math.floor(random() * 8) }, () => {
        return alphabet[Math.floor(random() * alphabet.length)] ?? '';
      });
      const value = parts.join('');
      let extensions: readonly Extension[] = [];
      try {
        extensions = parseExtensions(fieldsWith(value));
        read++;
      } catch (error) {
        expect(error, `seed ${seed}: ${JSON.stringify(value)}`).toHaveProperty('name', 'HttpError');
        continue;
      }
      expect(parseExtensions(fieldsWith(encodeExtensions(extensions))), value).toEqual(extensions);
    }
    expect(read).toBeGreaterThan(100);
  });
});

describe('encodeExtensions', () => {
  it('writes the field', () => {
    expect(
      encodeExtensions([
        {
          name: 'a',
          parameters: [
            { name: 'b', value: undefined },
            { name: 'c', value: '1' },
          ],
        },
        { name: 'd', parameters: [] },
      ]),
    ).toBe('a; b; c=1, d');
  });

  it.each<Extension>([
    { name: '', parameters: [] },
    { name: 'a\r\nb', parameters: [] },
    { name: 'a', parameters: [{ name: 'b c', value: undefined }] },
    { name: 'a', parameters: [{ name: 'b', value: '' }] },
  ])('refuses to write %j', (extension) => {
    expect(() => encodeExtensions([extension])).toThrow(TypeError);
  });
});
