/** The suggestions above the message field. The field keeps the focus and names the active one (ARIA listbox). */
import type { JSX } from 'preact';
import { Avatar } from './avatar.tsx';
import type { Suggestion } from './use-completion.ts';

export const completionId = 'completion';

interface CompletionListProps {
  readonly suggestions: readonly Suggestion[];
  readonly active: number;
  readonly label: string;
  readonly onActive: (index: number) => void;
  readonly onPick: (index: number) => void;
}

export function CompletionList({
  suggestions,
  active,
  label,
  onActive,
  onPick,
}: CompletionListProps): JSX.Element {
  return (
    <div id={completionId} class="completion" role="listbox" aria-label={label}>
      {suggestions.map((suggestion, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the active one
        <div
          key={suggestion.key}
          id={`${completionId}-${index}`}
          class="option"
          role="option"
          aria-selected={index === active}
          onPointerMove={() => {
            if (index !== active) onActive(index);
          }}
          // The field must not lose the focus by the press.
          onPointerDown={(event) => {
            event.preventDefault();
            onPick(index);
          }}
        >
          {suggestion.emoji === undefined ? (
            suggestion.hint === undefined ? (
              <Avatar name={suggestion.name} size={24} />
            ) : (
              <span class="option-sign" aria-hidden="true">
                @
              </span>
            )
          ) : (
            <span class="option-sign emoji" aria-hidden="true">
              {suggestion.emoji}
            </span>
          )}
          <span class="ellipsis">{suggestion.name}</span>
          {suggestion.hint === undefined ? null : <span class="tag">{suggestion.hint}</span>}
        </div>
      ))}
    </div>
  );
}
