/** Tells screen readers, politely and once, what the eyes see: new messages, and the connection lost and found. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ChatState } from '../model.ts';
import { usePage } from './page.ts';
import { useArrivals } from './unseen.ts';

/** More than this at once are counted, not read. */
const readAtOnce = 3;

export function Announcer({ state }: { readonly state: ChatState }): JSX.Element {
  const { texts } = usePage();
  const words = texts.announce;
  const [said, setSaid] = useState<{ readonly key: number; readonly text: string }>({ key: 0, text: '' });
  const say = (text: string): void => setSaid((before) => ({ key: before.key + 1, text }));

  useArrivals(state.timeline, (items) => {
    const messages = items.flatMap((item) => (item.kind === 'message' ? [item.message] : []));
    if (messages.length > readAtOnce) say(words.messages(messages.length));
    else
      say(
        messages
          .map(({ author, content }) =>
            content.type === 'text' ? words.message(author.name, content.text) : words.image(author.name),
          )
          .join('\n'),
      );
  });

  const connected = state.connection.status === 'open';
  const wasConnected = useRef<boolean | undefined>(undefined);
  // Said once per change of the connection, not of the language
  useEffect(() => {
    if (wasConnected.current !== undefined) say(connected ? words.connected : words.disconnected);
    else say(words.entered(state.room, state.members.length));
    wasConnected.current = connected;
  }, [connected]);

  const failed = state.outbox.filter((item) => item.status === 'failed').length;
  const failedBefore = useRef(failed);
  // Said once per failure
  useEffect(() => {
    if (failed > failedBefore.current) say(words.failed);
    failedBefore.current = failed;
  }, [failed]);

  return (
    <div class="visually-hidden" aria-live="polite" aria-atomic="true" data-announcer="">
      <p key={said.key}>{said.text}</p>
    </div>
  );
}
