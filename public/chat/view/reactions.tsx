/** The row of reactions under a message. One's own are pressed; a click adds or takes one back. */
import type { JSX } from 'preact';
import type { Member, Message } from '../../../src/chat/events.ts';
import type { ConversationTexts } from '../texts/conversation-table.ts';
import { useConversation } from './conversation-context.ts';
import { Icon } from './icons.tsx';
import { usePage } from './page.ts';
import { useWords } from './words.ts';

/** More names than this are counted. */
const namesShown = 12;

export function Reactions({ message }: { readonly message: Message }): JSX.Element | null {
  const words = useWords();
  const { actions } = usePage();
  const { me, writes, open } = useConversation();
  const reactions = message.reactions?.filter((reaction) => reaction.members.length > 0) ?? [];
  if (reactions.length === 0) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is filled in
    <div class="reactions" role="group" aria-label={words.message.react}>
      {reactions.map(({ emoji, members }) => {
        const mine = members.some((member) => member.id === me?.id);
        const who = reactedWith(words, members, me, emoji);
        return (
          <button
            key={emoji}
            type="button"
            class="reaction figure"
            aria-pressed={mine}
            aria-label={`${emoji} ${members.length}, ${who}`}
            title={who}
            disabled={!writes}
            onClick={() => actions.react(message, emoji, !mine)}
          >
            <span class="reaction-sign">{emoji}</span>
            <span>{members.length}</span>
          </button>
        );
      })}
      {writes ? (
        <button
          type="button"
          class="reaction add"
          aria-label={words.message.addReaction}
          title={words.message.addReaction}
          aria-haspopup="dialog"
          onClick={(event) =>
            open({
              kind: 'picker',
              message,
              own: message.author.id === me?.id,
              anchor: event.currentTarget.getBoundingClientRect(),
            })
          }
        >
          <Icon name="smile" size={16} />
        </button>
      ) : null}
    </div>
  );
}

function reactedWith(
  { message }: ConversationTexts,
  members: readonly Member[],
  me: Member | undefined,
  emoji: string,
): string {
  const names = members
    .slice(0, namesShown)
    .map((member) => (member.id === me?.id ? message.you : member.name));
  const more = members.length - names.length;
  return message.reactedWith(more > 0 ? [...names, message.andOthers(more)] : names, emoji);
}
