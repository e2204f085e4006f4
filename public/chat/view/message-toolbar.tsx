/** The first things that can be done with a message, at its upper edge; everything else is behind “more”. */
import type { JSX, TargetedMouseEvent } from 'preact';
import type { Message } from '../../../src/chat/events.ts';
import { type Overlay, useConversation } from './conversation-context.ts';
import { Icon, type IconName } from './icons.tsx';
import { useWords } from './words.ts';

interface MessageToolbarProps {
  readonly message: Message;
  readonly own: boolean;
}

export function MessageToolbar({ message, own }: MessageToolbarProps): JSX.Element {
  const words = useWords().message;
  const { writes, open, reply, edit } = useConversation();
  const openAt = (kind: Overlay['kind']) => (event: TargetedMouseEvent<HTMLElement>) =>
    open({ kind, message, own, anchor: event.currentTarget.getBoundingClientRect() });
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is filled in
    <div class="message-actions" role="group" aria-label={words.actions}>
      {writes ? (
        <>
          <Tool icon="smile" label={words.react} popup onClick={openAt('picker')} />
          <Tool icon="reply" label={words.reply} onClick={() => reply(message)} />
          {own && message.content.type === 'text' ? (
            <Tool icon="edit" label={words.edit} onClick={() => edit(message)} />
          ) : null}
        </>
      ) : null}
      <Tool icon="more" label={words.more} popup onClick={openAt('menu')} />
    </div>
  );
}

interface ToolProps {
  readonly icon: IconName;
  readonly label: string;
  readonly popup?: boolean;
  readonly onClick: (event: TargetedMouseEvent<HTMLElement>) => void;
}

function Tool({ icon, label, popup = false, onClick }: ToolProps): JSX.Element {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      aria-haspopup={popup ? 'dialog' : undefined}
      onClick={onClick}
    >
      <Icon name={icon} size={16} />
    </button>
  );
}
