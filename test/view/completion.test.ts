// What the message field completes: the word under the caret, who matches, and the text with the choice in it.
import { describe, expect, test } from 'vitest';
import {
  complete,
  findCompletion,
  matchMembers,
  maximumSuggestions,
} from '../../public/chat/view/completion.ts';

describe('findCompletion', () => {
  test.each([
    ['@', '@', ''],
    ['hi @ad', '@', 'ad'],
    ['hi @Ada Lo', '@', 'Ada Lo'],
    ['(@张', '@', '张'],
    ['你好，@张', '@', '张'],
    [':ta', ':', 'ta'],
    ['yes :+1', ':', '+1'],
  ])('%j asks for %s%s', (text, sign, query) => {
    expect(findCompletion(text, text.length)).toEqual({
      sign,
      query,
      start: text.length - query.length - 1,
    });
  });

  test.each([['me@example'], ['10:30'], [':t'], ['a :D'], ['@a\nb'], ['http://a'], [''], ['std::ve']])(
    '%j asks for nothing',
    (text) => {
      expect(findCompletion(text, text.length)).toBeUndefined();
    },
  );

  test('looks at what stands before the caret only', () => {
    expect(findCompletion('@ada and more', 3)).toEqual({ sign: '@', query: 'ad', start: 0 });
    expect(findCompletion(`${'x '.repeat(500)}@a`, 1002)).toEqual({ sign: '@', query: 'a', start: 1000 });
  });
});

describe('matchMembers', () => {
  const members = ['Mei', 'Ada Lovelace', 'Lo', 'Björn', '张伟', 'LÖWE'].map((name, index) => ({
    id: String(index),
    name,
  }));
  const names = (query: string) => matchMembers(members, query).map((member) => member.name);

  test('names that begin as typed come before later words', () => {
    expect(names('lo')).toEqual(['Lo', 'Ada Lovelace']);
    expect(names('LÖ')).toEqual(['LÖWE']);
    expect(names('张')).toEqual(['张伟']);
    expect(names('ada lov')).toEqual(['Ada Lovelace']);
  });

  test('nobody for a name that is typed out, unless it begins or stands in another, too', () => {
    expect(names('mei')).toEqual([]);
    expect(names('lo')).toContain('Lo');
  });

  test('everyone for nothing typed, nobody for a finished name with more behind it', () => {
    expect(names('')).toHaveLength(members.length);
    expect(names('Mei and')).toEqual([]);
    expect(names(' ')).toEqual([]);
  });

  test('not more than fit', () => {
    const crowd = Array.from({ length: 100 }, (_, index) => ({ id: String(index), name: `a${index}` }));
    expect(matchMembers(crowd, 'a')).toHaveLength(maximumSuggestions);
  });
});

test.each([
  ['hi @ad', 6, '@Ada', 'hi @Ada ', 8],
  ['@ad, so', 3, '@Ada', '@Ada , so', 5],
  ['@ad you', 3, '@Ada', '@Ada you', 5],
  [':ta', 3, '🎉', '🎉 ', 3],
])('%j at %i takes %s', (text, caret, choice, expected, after) => {
  const query = findCompletion(text, caret);
  if (query === undefined) throw new Error('There is nothing to complete.');
  expect(complete(text, query, choice)).toEqual({ text: expected, caret: after });
});
