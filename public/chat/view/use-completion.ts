/** The completion of the message field: what is under the caret, what matches it, which match is chosen, the keys. */
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import {
  type CompletionQuery,
  complete,
  findCompletion,
  matchMembers,
  maximumSuggestions,
} from './completion.ts';
import { searchEmoji } from './emoji-data.ts';
import type { Mentionable } from './markdown.ts';
import { usePage } from './page.ts';

export interface Suggestion {
  readonly key: string;
  /** What is put into the text. */
  readonly insert: string;
  readonly name: string;
  readonly hint: string | undefined;
  /** Instead of a face. */
  readonly emoji: string | undefined;
}

export interface Completion {
  readonly open: boolean;
  readonly sign: CompletionQuery['sign'];
  readonly suggestions: readonly Suggestion[];
  readonly active: number;
  readonly setActive: (index: number) => void;
  readonly pick: (index: number) => void;
  readonly close: () => void;
  /** Looks again what stands under the caret. */
  readonly look: () => void;
  /** @returns whether the key was for the list */
  readonly onKeyDown: (event: KeyboardEvent) => boolean;
}

interface CompletionOptions {
  readonly people: readonly (Mentionable & { readonly hint?: string })[];
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  /** Replaces the text and puts the caret somewhere. */
  readonly write: (text: string, caret: number) => void;
}

export function useCompletion({ people, field, text, write }: CompletionOptions): Completion {
  const { settingsState } = usePage();
  const { language } = settingsState;
  const [query, setQuery] = useState<CompletionQuery | undefined>(undefined);
  const [emoji, setEmoji] = useState<readonly Suggestion[]>([]);
  const [active, setActive] = useState(0);
  /** Where a list was closed by Esc: it stays closed for that word. */
  const dismissed = useRef<number | undefined>(undefined);

  const look = (): void => {
    const area = field.current;
    if (area === null || document.activeElement !== area || area.selectionStart !== area.selectionEnd) {
      setQuery(undefined);
      return;
    }
    const found = findCompletion(area.value, area.selectionStart);
    if (found?.start !== dismissed.current) dismissed.current = undefined;
    const next = found === undefined || found.start === dismissed.current ? undefined : found;
    if (next?.start === query?.start && next?.query === query?.query && next?.sign === query?.sign) return;
    setQuery(next);
    setActive(0);
  };
  // After each key, once the caret is where the text says
  useEffect(look, [text]);

  const wanted = query?.sign === ':' ? query.query : undefined;
  useEffect(() => {
    setEmoji([]);
    if (wanted === undefined) return;
    let current = true;
    void searchEmoji(language, wanted, maximumSuggestions).then((found) => {
      if (!current) return;
      setEmoji(
        found.map((one) => ({
          key: one.emoji,
          insert: one.emoji,
          name: `:${one.name}:`,
          hint: undefined,
          emoji: one.emoji,
        })),
      );
    });
    return () => {
      current = false;
    };
  }, [wanted, language]);

  const suggestions: readonly Suggestion[] =
    query === undefined
      ? []
      : query.sign === ':'
        ? emoji
        : matchMembers(people, query.query).map(({ id, name, hint }) => ({
            key: id,
            insert: `@${name}`,
            name,
            hint,
            emoji: undefined,
          }));
  const open = suggestions.length > 0;

  const close = (): void => setQuery(undefined);
  const pick = (index: number): void => {
    const choice = suggestions[index];
    const area = field.current;
    if (choice === undefined || query === undefined || area === null) return;
    const done = complete(area.value, query, choice.insert);
    close();
    write(done.text, done.caret);
    area.focus();
  };
  const onKeyDown = (event: KeyboardEvent): boolean => {
    if (!open || event.ctrlKey || event.metaKey || event.altKey) return false;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) setActive((active + step + suggestions.length) % suggestions.length);
    else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey) pick(active);
    else if (event.key === 'Escape') {
      dismissed.current = query?.start;
      close();
    } else return false;
    event.preventDefault();
    return true;
  };

  return {
    open,
    sign: query?.sign ?? '@',
    suggestions,
    active: Math.min(active, Math.max(0, suggestions.length - 1)),
    setActive,
    pick,
    close,
    look,
    onKeyDown,
  };
}
