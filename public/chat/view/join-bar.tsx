/** In the place of the message field in a public room that one is not in: what that means, and the way in. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { failureText } from '../texts.ts';
import { usePage } from './page.ts';
import { useWords } from './words.ts';

export function JoinBar({ room, name }: { readonly room: string; readonly name: string }): JSX.Element {
  const words = useWords().timeline;
  const { texts, actions } = usePage();
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const join = async (): Promise<void> => {
    setAsking(true);
    setProblem(undefined);
    const answer = await actions.request('room:join', { room, nonce: actions.nonce() });
    setAsking(false);
    if (answer.status === 'refused') setProblem(failureText(texts, answer.failure));
    if (answer.status === 'offline') setProblem(words.joinOffline);
    // The room, now with what only members get: live messages and what is read.
    if (answer.status === 'ok') actions.openRoom(room);
  };
  return (
    <div class="join-bar">
      <p role={problem === undefined ? undefined : 'alert'} class={problem === undefined ? undefined : 'bad'}>
        {problem ?? words.preview(name)}
      </p>
      <button
        type="button"
        class="button primary"
        aria-disabled={asking}
        onClick={() => asking || void join()}
      >
        {asking ? words.joining : words.join}
      </button>
    </div>
  );
}
