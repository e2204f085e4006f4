/** Tells screen readers, politely and once, what the eyes see: new messages, and the connection lost and found. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Arrival, ChatState } from '../model.ts';
import { parseMarkdown, plainText } from './markdown.ts';
import { usePage } from './page.ts';
import { useWords } from './words.ts';

/** Arrivals within this time are said in one go, so that none cuts off the one before. Milliseconds. */
const gatherTime = 250;
/** Longer texts are cut: the message itself can be read at one's own pace. UTF-16 units. */
const saidLength = 400;

interface AnnouncerProps {
  readonly state: ChatState;
  /** What the room is called in a sentence. */
  readonly name: string;
}

export function Announcer({ state, name }: AnnouncerProps): JSX.Element {
  const words = useWords().announce;
  const { onArrival } = usePage();
  const { connection, conversation, outbox } = state;
  const { room } = conversation;
  const [said, setSaid] = useState<{ readonly key: number; readonly text: string }>({ key: 0, text: '' });
  const say = (text: string): void => setSaid((before) => ({ key: before.key + 1, text }));
  const latest = useRef({ say, words });
  latest.current = { say, words };

  useEffect(() => {
    const waiting: Arrival[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = onArrival((arrival) => {
      if (arrival.room.id !== room) return;
      waiting.push(arrival);
      timer ??= setTimeout(() => {
        timer = undefined;
        const texts = waiting.splice(0).map((one) => textOf(one, latest.current.words));
        latest.current.say(texts.join('\n'));
      }, gatherTime);
    });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [onArrival, room]);

  const here = conversation.members.filter((member) => member.here).length;
  const ready = conversation.status === 'ready';
  // Said once per room, when it is known who is there
  useEffect(() => {
    if (ready) say(words.entered(name, here));
  }, [room, ready]);

  const connected = connection.status === 'open';
  const wasConnected = useRef(connected);
  // Said once per change of the connection, not of the language
  useEffect(() => {
    if (wasConnected.current !== connected) say(connected ? words.connected : words.disconnected);
    wasConnected.current = connected;
  }, [connected]);

  const failed = outbox.filter((item) => item.status === 'failed').length;
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

function textOf({ message }: Arrival, words: ReturnType<typeof useWords>['announce']): string {
  const { author, content } = message;
  if (content.type !== 'text') return words.image(author.name);
  const text = plainText(parseMarkdown(content.text));
  return words.message(author.name, text.length > saidLength ? `${text.slice(0, saidLength)}…` : text);
}
