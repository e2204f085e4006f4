import { describe, expect, it } from 'vitest';
import {
  combined,
  endOfToken,
  type Fields,
  findFields,
  HeadFields,
  isFieldValue,
  isToken,
  listElements,
  singleton,
  trimWhitespace,
} from '../src/http-fields.ts';
import { octets } from './support/http.ts';
import { refusal } from './support/refusal.ts';

/** The fields of these lines, which stand in a text somewhere. */
function fieldsOf(...lines: string[]): Fields {
  const before = 'GET / HTTP/1.1\r\n';
  const text = `${before}${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
  return new HeadFields(text, findFields(octets(text), text, before.length, text.length - 2));
}

describe('HeadFields', () => {
  it('finds values by name in any case, in order, trimmed', () => {
    const fields = fieldsOf(
      'Host: a',
      'X-ONE:1',
      'x-one: \t two words\t ',
      'Empty:',
      'Blank: \t ',
      'L: caf\xe9',
    );
    expect(fields.get('host')).toEqual(['a']);
    expect(fields.get('x-one')).toEqual(['1', 'two words']);
    expect(fields.get('empty')).toEqual(['']);
    expect(fields.get('blank')).toEqual(['']);
    expect(fields.get('l')).toEqual(['caf\xe9']);
    expect([fields.get('hos'), fields.get('hosu'), fields.get('x-two')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([fields.has('x-one'), fields.has('x-two')]).toEqual([true, false]);
    expect([...fields]).toEqual([
      ['host', ['a']],
      ['x-one', ['1', 'two words']],
      ['empty', ['']],
      ['blank', ['']],
      ['l', ['caf\xe9']],
    ]);
  });

  it('takes characters for the same only when they are one letter in two cases', () => {
    // What differs in the bit that makes a letter small: "^" and "~", "_" and DEL.
    expect(fieldsOf('A^: 1', 'A_: 2').has('a~')).toBe(false);
    expect(fieldsOf('A~: 1').has('a^')).toBe(false);
    expect(fieldsOf('A_B^C: 1').get('a_b^c')).toEqual(['1']);
  });

  it('of two heads do not mix', () => {
    const [one, other] = [fieldsOf('A: 1', 'B: 2'), fieldsOf('B: 3')];
    expect([one.get('b'), other.get('b'), one.get('a')]).toEqual([['2'], ['3'], ['1']]);
  });

  it('may be any number', () => {
    const fields = fieldsOf(...Array.from({ length: 500 }, (_, index) => `A${index}: ${index}`));
    expect(fields.get('a499')).toEqual(['499']);
    expect([...fields]).toHaveLength(500);
    expect([...fieldsOf()]).toEqual([]);
  });
});

describe('findFields', () => {
  it.each([
    [' a: b', 'RFC 9112 §5.2'],
    ['\ta: b', 'RFC 9112 §5.2'],
    ['a', 'RFC 9112 §5'],
    ['a b', 'RFC 9112 §5'],
    [': b', 'RFC 9112 §5'],
    ['', 'RFC 9112 §5'],
    ['a : b', 'RFC 9112 §5.1'],
    ['a\t: b', 'RFC 9112 §5.1'],
    ['a b: c', 'RFC 9110 §5.1'],
    ['(a): b', 'RFC 9110 §5.1'],
    ['\xe9: b', 'RFC 9110 §5.1'],
    ['a\rb: c', 'RFC 9110 §5.1'],
    ['a: \0', 'RFC 9110 §5.5'],
    ['a: b\rc', 'RFC 9110 §5.5'],
    ['a: b\nc: d', 'RFC 9110 §5.5'],
    ['a: b\r', 'RFC 9110 §5.5'],
    ['a:\x7f', 'RFC 9110 §5.5'],
  ])('refuses the line %j, the first that is wrong', (line, section) => {
    expect(refusal(() => fieldsOf('x: y', line, '\0'))).toEqual({ status: 400, section });
  });

  it('names the field whose value is wrong', () => {
    expect(() => fieldsOf('Some-Name: \x01')).toThrow(
      'The value of the field Some-Name holds a control character.',
    );
  });
});

describe('fields', () => {
  it('may stand once, or as a list over several lines', () => {
    const fields = fieldsOf('A: 1', 'B: x , ,y', 'B:', 'b:\tz');
    expect(singleton(fields, 'a')).toBe('1');
    expect(singleton(fields, 'c')).toBeUndefined();
    expect(combined(fields, 'b')).toBe('x , ,y, , z');
    expect(combined(fields, 'c')).toBeUndefined();
    expect(listElements(fields, 'b')).toEqual(['x', 'y', 'z']);
    expect(listElements(fields, 'c')).toEqual([]);
    expect([listElements(fields, 'a'), listElements(fieldsOf('A:'), 'a')]).toEqual([['1'], []]);
    // A Map's values need not be trimmed.
    expect(listElements(new Map([['a', [' x\t']]]), 'a')).toEqual(['x']);
  });

  it('are refused when a singleton is repeated, with the rule that the caller names', () => {
    const fields = fieldsOf('A: 1', 'a: 1');
    expect(refusal(() => singleton(fields, 'a'))).toEqual({ status: 400, section: 'RFC 9110 §5.3' });
    expect(refusal(() => singleton(fields, 'a', 'RFC 0 §1'))).toEqual({ status: 400, section: 'RFC 0 §1' });
  });

  it('are trimmed of spaces and tabs only', () => {
    expect(trimWhitespace(' \t a b\t ')).toBe('a b');
    expect(trimWhitespace(' \t ')).toBe('');
    expect(trimWhitespace('\xa0a\x0b')).toBe('\xa0a\x0b');
  });

  it('know tokens and values by the octet', () => {
    const all = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet));
    expect(all.filter(isToken).join('')).toBe(
      "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~",
    );
    expect(all.filter((character) => !isFieldValue(character))).toEqual(
      all.filter((_, octet) => (octet < 32 && octet !== 9) || octet === 127),
    );
    expect([isToken(''), isToken('a\n'), isFieldValue(''), isFieldValue('a\n'), isFieldValue('€')]).toEqual([
      false,
      false,
      true,
      false,
      false,
    ]);
  });
});

describe('endOfToken', () => {
  it('is where the token ends, in text or at its end', () => {
    expect(endOfToken('ab;c', 0)).toBe(2);
    expect(endOfToken('ab;c', 2)).toBe(2);
    expect(endOfToken('ab;c', 3)).toBe(4);
    expect(endOfToken('a€', 0)).toBe(1);
    expect(endOfToken('', 0)).toBe(0);
  });
});
