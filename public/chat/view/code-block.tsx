/** Code in a message: as it was written, coloured once the colours of its language are loaded, and to be copied whole. */
import type { ComponentChild, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { copyText } from './clipboard.ts';
import type { CodePiece } from './highlight.ts';
import { Icon } from './icons.tsx';
import { usePage } from './page.ts';
import { useWords } from './words.ts';

interface CodeBlockProps {
  readonly text: string;
  /** As the author called it; empty for none. */
  readonly language: string;
}

export function CodeBlock({ text, language }: CodeBlockProps): JSX.Element {
  const words = useWords().message;
  const { actions } = usePage();
  const [pieces, setPieces] = useState<readonly CodePiece[] | undefined>(undefined);
  useEffect(() => {
    setPieces(undefined);
    if (language === '') return;
    let wanted = true;
    import('./highlight.ts')
      .then(({ highlight }) => highlight(text, language))
      .then((found) => {
        if (wanted) setPieces(found);
      })
      // Without the colours the code is still there.
      .catch(() => undefined);
    return () => {
      wanted = false;
    };
  }, [text, language]);

  return (
    <div class="code-block" dir="ltr">
      {/* What scrolls has to be reachable by keyboard. */}
      <pre tabIndex={isWide(text) ? 0 : undefined}>
        <code>{pieces === undefined ? text : pieces.map(drawPiece)}</code>
      </pre>
      <button
        type="button"
        class="icon-button small"
        aria-label={words.copyCode}
        title={words.copyCode}
        onClick={() => void copyText(text, actions)}
      >
        <Icon name="copy" size={16} />
      </button>
    </div>
  );
}

/** Whether a line may be too long for the narrowest column. */
function isWide(text: string): boolean {
  return text.split('\n').some((line) => line.length > 36);
}

function drawPiece(piece: CodePiece): ComponentChild {
  if (typeof piece === 'string') return piece;
  return <span class={classOf(piece.scope)}>{piece.children.map(drawPiece)}</span>;
}

/** `title.function` is drawn as `code-title`: the first part of a kind is all that our few colours tell apart. */
function classOf(scope: string): string {
  return `code-${scope.split('.')[0] ?? ''}`;
}
