/** Who is writing now, in a line that is always there, so that nothing moves when somebody begins. */
import type { JSX } from 'preact';
import type { Member } from '../../../src/chat/events.ts';
import { useWords } from './words.ts';

/** The most people that are named. */
const named = 3;

export function TypingLine({ typing }: { readonly typing: readonly Member[] }): JSX.Element {
  const words = useWords().composer;
  const names = typing.slice(0, named).map((member) => member.name);
  return (
    <p class="typing" aria-hidden={typing.length === 0}>
      {typing.length === 0 ? null : (
        <>
          <span class="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <span class="ellipsis">{words.typing(names, typing.length - names.length)}</span>
        </>
      )}
    </p>
  );
}
