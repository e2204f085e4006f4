// Whom a text mentions: names as people have them, in any writing.
import { describe, expect, it } from 'vitest';
import { findMentions } from '../../src/chat/mentions.ts';

const members = ['Ada', 'Ada Lovelace', 'Bob', '小明', 'Straße', 'O’Neil-2', '👩‍🚀 Ann', 'éa'].map(
  (name) => ({
    id: `id of ${name}`,
    name,
  }),
);
const found = (text: string, mayMentionAll = false) =>
  findMentions(text, members, mayMentionAll).map((id) => id.replace('id of ', ''));

describe('mentions', () => {
  it.each([
    ['@Ada', ['Ada']],
    ['hi @ada, and @BOB!', ['Ada', 'Bob']],
    ['@Ada @Ada @ada', ['Ada']],
    ['@ada lovelace', ['Ada Lovelace']],
    ['@Ada Lovelaces', ['Ada']],
    ['@Adam', []],
    ['@Ada_', []],
    ['(@Bob)', ['Bob']],
    ['@@Bob', ['Bob']],
    ['me@bob', []],
    ['é@bob', []],
    ['@小明你好', ['小明']],
    ['你好@小明', []],
    ['你好 @小明', ['小明']],
    ['@STRASSE', ['Straße']],
    ['@o’neil-2.', ['O’Neil-2']],
    ['@👩‍🚀 ann', ['👩‍🚀 Ann']],
    ['@Éa', ['éa']],
    ['@', []],
    ['@ Ada', []],
    ['@everyone', []],
    ['nobody', []],
    ['line\n@Bob', ['Bob']],
  ])('in %j are %j', (text, names) => {
    expect(found(text)).toEqual(names);
  });

  it('of everyone are for who may', () => {
    expect(found('@Everyone @Bob', true)).toEqual(['everyone', 'Bob']);
    expect(found('@everyones', true)).toEqual([]);
  });

  it('are looked for in the first fifty places only', () => {
    expect(found(`${'@x '.repeat(49)}@Bob`)).toEqual(['Bob']);
    expect(found(`${'@x '.repeat(50)}@Bob`)).toEqual([]);
  });
});
