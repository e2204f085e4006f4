/** The earlier texts of a message that was edited, newest first, asked for when they are looked at. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Message } from '../../../src/chat/events.ts';
import type { Answer } from '../model.ts';
import { failureText } from '../texts.ts';
import { usePage } from './page.ts';
import { TextBody } from './rich-text.tsx';
import { useWords } from './words.ts';

export function Versions({ message }: { readonly message: Message }): JSX.Element {
  const words = useWords().message;
  const { texts, actions } = usePage();
  const [answer, setAnswer] = useState<Answer<'message:versions'> | undefined>(undefined);
  const { room, id, content } = message;
  const now = content.type === 'text' ? content.text : undefined;
  useEffect(() => {
    let wanted = true;
    void actions.request('message:versions', { room, target: id }).then((got) => {
      if (wanted) setAnswer(got);
    });
    return () => {
      wanted = false;
    };
  }, [room, id]);

  return (
    <>
      <h2>{words.versions}</h2>
      {answer === undefined ? (
        <p class="quiet late" role="status">
          {words.loading}
        </p>
      ) : answer.status === 'ok' ? (
        <ol>
          {[...answer.data.versions].reverse().map((version) => (
            <li key={version.time}>
              <time class="time quiet" dateTime={new Date(version.time).toISOString()}>
                {texts.format.dateTime(version.time)}
              </time>
              {version.text === now ? <span class="tag"> · {words.versionNow}</span> : null}
              <TextBody text={version.text} />
            </li>
          ))}
        </ol>
      ) : (
        <p class="quiet" role="status">
          {answer.status === 'refused' ? failureText(texts, answer.failure) : words.versionsOffline}
        </p>
      )}
    </>
  );
}
