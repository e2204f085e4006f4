/** A text in the conversation: with its mentions, folded when it is very long, and marked when it was edited. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { Message } from '../../../src/chat/events.ts';
import { useConversation } from './conversation-context.ts';
import { usePage } from './page.ts';
import { TextBody } from './rich-text.tsx';
import { useWords } from './words.ts';

/** Longer than either is folded. By counting, not by measuring: nothing must move when the text is drawn. */
const longLines = 24;
const longLength = 1600;

interface TextMessageProps {
  readonly message: Message;
  readonly text: string;
  readonly own: boolean;
}

export function TextMessage({ message, text, own }: TextMessageProps): JSX.Element {
  const words = useWords().message;
  const { format } = usePage().texts;
  const { me, people, open } = useConversation();
  const [unfolded, setUnfolded] = useState(false);
  const { mentions, edited } = message;
  const long = text.length > longLength || text.split('\n', longLines + 1).length > longLines;
  const body = useMemo(() => {
    const mentioned = mentions === undefined ? [] : people.filter(({ id }) => mentions.includes(id));
    return <TextBody text={text} mentions={mentioned} me={me?.id} />;
  }, [text, mentions, people, me]);

  return (
    <>
      <div class={long && !unfolded ? 'folded' : undefined}>{body}</div>
      {long ? (
        <button
          type="button"
          class="text-button unfold"
          aria-expanded={unfolded}
          onClick={() => setUnfolded(!unfolded)}
        >
          {unfolded ? words.showLess : words.showAll}
        </button>
      ) : null}
      {edited === undefined ? null : (
        <button
          type="button"
          class="edited"
          aria-label={words.editedHint(format.dateTime(edited.time))}
          title={words.editedHint(format.dateTime(edited.time))}
          aria-haspopup="dialog"
          onClick={(event) =>
            open({
              kind: 'versions',
              message,
              own,
              anchor: event.currentTarget.getBoundingClientRect(),
            })
          }
        >
          {words.edited}
        </button>
      )}
    </>
  );
}
