/**
 * The text table's door: both languages, the choice between them, and the few texts that need a rule rather than a
 * look-up. Components import from here; the words are in texts/en.ts and texts/zh.ts.
 */
import type { Failure } from '../../src/chat/events.ts';
import { judgeName } from '../../src/chat/names.ts';
import { en } from './texts/en.ts';
import type { Language, Texts } from './texts/table.ts';
import { zh } from './texts/zh.ts';

export type { Formats } from './texts/formats.ts';
export type { Language, Texts } from './texts/table.ts';

/** Every language that the page speaks. */
export const texts: Readonly<Record<Language, Texts>> = { en, zh };

/** The first language of a browser's list (`navigator.languages`) that the page speaks; English when there is none. */
export function chooseLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const primary = tag.toLowerCase().split('-')[0];
    if (primary === 'en' || primary === 'zh') return primary;
  }
  return 'en';
}

/** What to say under the name field: the page's own verdict on the name first, then what the server answered. */
export function signInProblem(table: Texts, failure: Failure, name: string): string {
  if (failure.code === 'token-unknown') return table.signIn.ended;
  const verdict = judgeName(name);
  if ('problem' in verdict) return table.signIn.problem[verdict.problem];
  if (failure.code === 'name-taken') return table.signIn.taken(verdict.name);
  return failureText(table, failure);
}

/** What to say about something that could not be sent. */
export function failureText(table: Texts, failure: Failure): string {
  return table.failure[failure.code](failure);
}
