/**
 * Emoji by name, for `:tada:` in texts and while writing. The names come from the picker's own database, which is
 * loaded from this server when the first of them is needed and kept by the browser.
 */
import type Database from 'emoji-picker-element/database.js';
import english from 'emoji-picker-element-data/en/emojibase/data.json?url';
import chinese from 'emoji-picker-element-data/zh/emojibase/data.json?url';
import type { Language } from '../texts.ts';

/** Where the emoji of a language come from; the picker takes the same. */
export const emojiSources: Readonly<Record<Language, string>> = { en: english, zh: chinese };

export interface FoundEmoji {
  readonly emoji: string;
  readonly name: string;
}

const databases = new Map<Language, Promise<Database>>();

function open(language: Language): Promise<Database> {
  const known = databases.get(language);
  if (known !== undefined) return known;
  const opening = import('emoji-picker-element/database.js').then(
    ({ default: EmojiDatabase }) =>
      new EmojiDatabase({ locale: language, dataSource: emojiSources[language] }),
  );
  databases.set(language, opening);
  // Another try when the file could not be loaded.
  opening.catch(() => databases.delete(language));
  return opening;
}

/** Emoji that match what was typed, by their names in a language, then by English short names. Never rejects. */
export async function searchEmoji(
  language: Language,
  query: string,
  limit: number,
): Promise<readonly FoundEmoji[]> {
  const found = new Map<string, FoundEmoji>();
  for (const one of new Set<Language>([language, 'en'])) {
    try {
      const database = await open(one);
      const exact = await database.getEmojiByShortcode(query);
      const results = await database.getEmojiBySearchQuery(query.replaceAll('_', ' '));
      for (const emoji of exact === null ? results : [exact, ...results]) {
        if (!('unicode' in emoji) || found.has(emoji.unicode)) continue;
        const name = emoji.shortcodes?.[0] ?? emoji.annotation;
        found.set(emoji.unicode, { emoji: emoji.unicode, name });
      }
    } catch {
      // Without the file there are no suggestions; the text is sent as it is written.
    }
  }
  // A name that begins as typed is meant sooner than one that has it within, and a short one sooner than a long one.
  const rank = ({ name }: FoundEmoji): number => (name.startsWith(query.toLowerCase()) ? name.length : 1000);
  return [...found.values()].sort((a, b) => rank(a) - rank(b)).slice(0, limit);
}

const byShortcode = new Map<string, Promise<string | undefined>>();

/** The emoji of a short name as `tada`, undefined when there is none. Never rejects. */
export function emojiOfShortcode(name: string): Promise<string | undefined> {
  const known = byShortcode.get(name);
  if (known !== undefined) return known;
  const looking = open('en')
    .then((database) => database.getEmojiByShortcode(name))
    .then((emoji) => (emoji !== null && 'unicode' in emoji ? emoji.unicode : undefined))
    .catch(() => {
      byShortcode.delete(name);
      return undefined;
    });
  byShortcode.set(name, looking);
  return looking;
}
