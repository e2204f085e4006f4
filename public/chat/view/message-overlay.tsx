/** The layers that are about one message: its menu, the emoji to react with, its earlier versions, “delete?”. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Message } from '../../../src/chat/events.ts';
import { copyText } from './clipboard.ts';
import { type Overlay, placeOf, useConversation } from './conversation-context.ts';
import { EmojiPlace } from './emoji-panel.tsx';
import { reactionSign } from './emoji-sign.ts';
import { Floating } from './floating.tsx';
import { Icon, type IconName } from './icons.tsx';
import { Dialog } from './layers.tsx';
import { excerptOf } from './markdown.ts';
import { usePage } from './page.ts';
import { Versions } from './versions.tsx';
import { useWords } from './words.ts';

/** What most reactions are; the picker has the rest. */
const quickReactions = ['👍', '❤️', '😂', '🎉', '😮', '👀'] as const;

interface MessageOverlayProps {
  readonly overlay: Overlay;
  /** Shows another layer about the same message, or none. */
  readonly onChange: (overlay: Overlay | undefined) => void;
}

export function MessageOverlay({ overlay, onChange }: MessageOverlayProps): JSX.Element {
  const words = useWords().message;
  const { actions } = usePage();
  const { message, own, anchor, kind } = overlay;
  const leave = (): void => onChange(undefined);
  const close = (): void => {
    onChange(undefined);
    focusMessage(message);
  };
  const react = (emoji: string): void => {
    const sign = reactionSign(emoji);
    if (sign !== undefined) actions.react(message, sign, true);
    close();
  };
  const align = own && kind !== 'versions' ? 'end' : 'start';
  const floating = { anchor, align, onClose: close, onLeave: leave } as const;

  switch (kind) {
    case 'menu':
      return (
        <Floating {...floating} role="menu" look="message-menu" label={words.actions}>
          <Menu overlay={overlay} onReact={react} onChange={onChange} onClose={close} />
        </Floating>
      );
    case 'picker':
      return (
        <Floating {...floating} role="dialog" look="reaction-picker" label={words.addReaction}>
          <EmojiPlace onPick={react} />
        </Floating>
      );
    case 'versions':
      return (
        <Floating {...floating} role="dialog" look="versions" label={words.versions}>
          <Versions message={message} />
        </Floating>
      );
    case 'delete':
      return <ConfirmDelete message={message} own={own} onClose={close} />;
  }
}

function focusMessage(message: Message): void {
  document
    .querySelector<HTMLElement>(`[data-message="${CSS.escape(message.id)}"]`)
    ?.focus({ preventScroll: true });
}

interface MenuProps {
  readonly overlay: Overlay;
  readonly onReact: (emoji: string) => void;
  readonly onChange: (overlay: Overlay) => void;
  readonly onClose: () => void;
}

function Menu({ overlay, onReact, onChange, onClose }: MenuProps): JSX.Element {
  const { message, own } = overlay;
  const words = useWords().message;
  const { actions } = usePage();
  const { writes, moderates, reply, edit } = useConversation();
  const menu = useRef<HTMLDivElement>(null);
  const text = message.content.type === 'text' ? message.content.text : undefined;
  useLayoutEffect(() => menu.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus(), []);

  const onKeyDown = (event: KeyboardEvent): void => {
    const items = [...(menu.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
    const focused = document.activeElement;
    const here = focused instanceof HTMLElement ? items.indexOf(focused) : -1;
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const next =
      event.key === 'Home' ? 0 : event.key === 'End' ? -1 : step === undefined ? undefined : here + step;
    if (next === undefined) return;
    event.preventDefault();
    items.at(next % items.length)?.focus();
  };
  const item = (icon: IconName, label: string, onClick: () => void, look = 'menu-item') => (
    <button type="button" class={look} role="menuitem" tabIndex={-1} onClick={onClick}>
      <Icon name={icon} /> <span>{label}</span>
    </button>
  );
  const copy = (what: string) => () => {
    void copyText(what, actions);
    onClose();
  };
  const leaveTo = (go: (message: Message) => void) => () => {
    onClose();
    go(message);
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the menu around it has the role
    <div ref={menu} role="presentation" onKeyDown={onKeyDown}>
      {writes ? (
        <div class="quick-reactions" role="presentation">
          {quickReactions.map((emoji) => (
            <button
              key={emoji}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class="quick-reaction"
              onClick={() => onReact(emoji)}
            >
              {emoji}
            </button>
          ))}
          <button
            type="button"
            role="menuitem"
            tabIndex={-1}
            class="quick-reaction"
            aria-label={words.addReaction}
            title={words.addReaction}
            onClick={() => onChange({ ...overlay, kind: 'picker' })}
          >
            <Icon name="plus" />
          </button>
        </div>
      ) : null}
      {writes ? item('reply', words.reply, leaveTo(reply)) : null}
      {writes && own && text !== undefined ? item('edit', words.edit, leaveTo(edit)) : null}
      {text === undefined ? null : item('copy', words.copyText, copy(text))}
      {item('link', words.copyLink, copy(new URL(placeOf(message), location.href).href))}
      {own || moderates
        ? item('trash', words.delete, () => onChange({ ...overlay, kind: 'delete' }), 'menu-item danger')
        : null}
    </div>
  );
}

interface ConfirmDeleteProps {
  readonly message: Message;
  readonly own: boolean;
  readonly onClose: () => void;
}

function ConfirmDelete({ message, own, onClose }: ConfirmDeleteProps): JSX.Element {
  const words = useWords().message;
  const { actions } = usePage();
  const { content, author } = message;
  return (
    <Dialog label={words.deleteTitle} look="panel confirm" onClose={onClose}>
      <h2>{words.deleteTitle}</h2>
      <p class="confirm-excerpt" dir="auto">
        {content.type === 'text' ? excerptOf(content.text) : words.image(author.name)}
      </p>
      <p>{own ? words.deleteOwn : words.deleteOthers(author.name)}</p>
      <p class="confirm-buttons">
        <button type="button" class="button plain" onClick={onClose}>
          {words.cancel}
        </button>
        <button
          type="button"
          class="button danger"
          onClick={() => {
            actions.remove(message);
            onClose();
          }}
        >
          {words.deleteNow}
        </button>
      </p>
    </Dialog>
  );
}
