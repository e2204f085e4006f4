// What a search asks of the index: bounded, whatever somebody types.
import { describe, expect, it } from 'vitest';
import { searchExpression } from '../../src/chat/search-text.ts';

describe('what is looked for', () => {
  it.each([
    ['hel wor', '"hel" * "wor" *'],
    ['say "hel"', '"say" * "hel" *'],
    ['东京', '"东  京"'],
    ['e-mai', '"e-mai" *'],
    ['한', '"한" *'],
    ['?! …', undefined],
  ])('for %j', (query, expression) => {
    expect(searchExpression(query)).toBe(expression);
  });

  it.each(['é', 'e\u0301', 'я', 'e', '“é”', 'ab-é', 'x.y!'])(
    'is no beginning of one letter, which half of all words have: %j',
    (query) => {
      expect(searchExpression(query)).not.toContain('*');
    },
  );

  it('is each word once, and not many', () => {
    expect(searchExpression('one '.repeat(25))).toBe('"one" *');
    const many = Array.from({ length: 30 }, (_, index) => `w${index}`).join(' ');
    expect(searchExpression(many)?.match(/\*/g)).toHaveLength(12);
  });
});
