/** Above the text while it answers or replaces a message: which one, and the way out of it. */
import type { JSX } from 'preact';
import type { Draft } from '../model.ts';
import { Icon } from './icons.tsx';
import { excerptOf } from './markdown.ts';
import { usePage } from './page.ts';
import { useWords } from './words.ts';

interface ComposerBarProps {
  readonly draft: Draft;
  readonly onCancel: () => void;
}

export function ComposerBar({ draft, onCancel }: ComposerBarProps): JSX.Element | null {
  const words = useWords();
  const { actions } = usePage();
  const message = draft.editing ?? draft.replyTo;
  if (message === undefined) return null;
  const editing = draft.editing !== undefined;
  const label = editing ? words.composer.cancelEdit : words.composer.cancelReply;
  return (
    <div class="composer-bar">
      <Icon name={editing ? 'edit' : 'reply'} size={16} />
      <button
        type="button"
        class="composer-bar-message"
        title={words.message.quoteOf(message.author.name)}
        onClick={() => actions.jumpTo(message.offset)}
      >
        <strong>{editing ? words.composer.editing : words.composer.replyingTo(message.author.name)}</strong>{' '}
        <span class="ellipsis" dir="auto">
          {message.content.type === 'text' ? excerptOf(message.content.text) : words.message.imageExcerpt}
        </span>
      </button>
      <button type="button" class="icon-button small" aria-label={label} title={label} onClick={onCancel}>
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}
