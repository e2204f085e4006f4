/** What happened to the room between the messages, quietly: who came and left in one sentence, many changes folded. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ConversationTexts } from '../texts/conversation-table.ts';
import { foldNotices, type Notice, type NoticeSentence } from './grouping.ts';
import { useWords } from './words.ts';

/** More sentences in a row than this are folded to the first ones. */
const shownSentences = 3;

export function NoticesRow({ notices }: { readonly notices: readonly Notice[] }): JSX.Element {
  const words = useWords();
  const [unfolded, setUnfolded] = useState(false);
  const sentences = foldNotices(notices);
  // One sentence more takes no more room than the button would.
  const folded = sentences.length > shownSentences + 1 && !unfolded;
  const shown = folded ? sentences.slice(0, shownSentences) : sentences;
  const last = notices.at(-1);
  return (
    <li class="notices" data-key={notices[0]?.id} data-offset={last?.offset}>
      {shown.map((sentence) => (
        <span key={sentence.key}>{say(words.notice, sentence)}</span>
      ))}
      {sentences.length > shownSentences + 1 ? (
        <button
          type="button"
          class="text-button"
          aria-expanded={unfolded}
          onClick={() => setUnfolded(!unfolded)}
        >
          {folded ? words.notice.more(sentences.length - shown.length) : words.notice.fewer}
        </button>
      ) : null}
    </li>
  );
}

function say(words: ConversationTexts['notice'], sentence: NoticeSentence): string {
  if (sentence.type !== 'other') return words[sentence.type](sentence.names);
  const { notice } = sentence;
  const by = notice.author.name;
  switch (notice.type) {
    case 'created':
      return words.created(by, notice.name);
    case 'joined':
      return words.joined([by]);
    case 'left':
      return words.left([by]);
    case 'kicked':
      return (notice.banned ? words.banned : words.kicked)(by, notice.member.name, notice.reason);
    case 'renamed':
      return words.renamed(by, notice.name);
    case 'topic':
      return notice.topic === '' ? words.topicCleared(by) : words.topic(by, notice.topic);
    case 'role':
      return words.role(by, notice.member.name, notice.role);
    case 'slow':
      return notice.seconds === 0 ? words.slowOff(by) : words.slow(by, notice.seconds);
  }
}
