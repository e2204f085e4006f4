/**
 * What the message field offers to complete: a name after `@`, an emoji after `:`. Finds the word under the caret and
 * who matches it. Pure; completion-list.tsx draws it, composer.tsx puts the choice in.
 */
import { nameKey } from '../../../src/chat/names.ts';
import type { Mentionable } from './markdown.ts';

/** What is being completed: where it begins in the text (at the sign), and what was typed behind the sign. */
export interface CompletionQuery {
  readonly sign: '@' | ':';
  readonly start: number;
  readonly query: string;
}

/** The most suggestions that are offered at once. */
export const maximumSuggestions = 8;

// A sign counts at the beginning of a word only: not in an address or a time. Names may have spaces in them.
const mention = /(?:^|[\s(（「“"'，。、])@([^@\n]{0,40})$/u;
const emoji = /(?:^|[\s(（]|\p{Extended_Pictographic}\uFE0F?):([a-z0-9_+-]{2,30})$/iu;

/** What the text before the caret asks to complete; undefined for nothing. @param caret in UTF-16 units */
export function findCompletion(text: string, caret: number): CompletionQuery | undefined {
  const before = text.slice(Math.max(0, caret - 64), caret);
  for (const [sign, pattern] of [
    ['@', mention],
    [':', emoji],
  ] as const) {
    const query = pattern.exec(before)?.[1];
    if (query !== undefined) return { sign, start: caret - query.length - 1, query };
  }
  return undefined;
}

/**
 * Who matches what was typed: names that begin with it first, then names in which a later word does; each in the order
 * given. Capitals and width make no difference. A name that is typed out is finished: no match, so that Enter sends.
 */
export function matchMembers<One extends Mentionable>(members: readonly One[], query: string): One[] {
  const key = nameKey(query);
  if (query !== '' && query.trim() === '') return [];
  const begins: One[] = [];
  const within: One[] = [];
  for (const member of members) {
    const name = nameKey(member.name);
    if (name.startsWith(key)) begins.push(member);
    else if (key !== '' && name.includes(` ${key}`)) within.push(member);
  }
  const found = [...begins, ...within];
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0 && nameKey(only.name) === key) return [];
  return found.slice(0, maximumSuggestions);
}

/** The text with the choice in the place of what was typed, and where the caret stands then. */
export function complete(
  text: string,
  query: CompletionQuery,
  choice: string,
): { readonly text: string; readonly caret: number } {
  const end = query.start + 1 + query.query.length;
  const rest = text.slice(end);
  const inserted = rest.startsWith(' ') ? choice : `${choice} `;
  return {
    text: text.slice(0, query.start) + inserted + rest,
    caret: query.start + choice.length + 1,
  };
}
