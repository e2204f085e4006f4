/**
 * One message: what it answers, what it says, what became of it, and what can be done with it. The actions show while a
 * mouse is over it and while it has the focus; a long press opens them as a menu. Only one message at a time is a stop
 * for the Tab key (see reading.ts), so that a long conversation does not stand between the reader and the field.
 */
import type { HTMLAttributes, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Message } from '../../../src/chat/events.ts';
import type { TimelineItem } from '../model.ts';
import { useConversation } from './conversation-context.ts';
import { isEmojiOnly } from './emoji-sign.ts';
import { ImageBody } from './image-message.tsx';
import { MessageToolbar } from './message-toolbar.tsx';
import { Quoted } from './quoted.tsx';
import { Reactions } from './reactions.tsx';
import { TextMessage } from './text-message.tsx';
import { useWords } from './words.ts';

/** A press of this length is a long one, in milliseconds. */
const longPress = 450;
/** A finger that moves further than this scrolls, in CSS pixels. */
const pressSlack = 10;

interface MessageViewProps {
  readonly item: Extract<TimelineItem, { kind: 'message' }>;
  /** Who said it and when, for those who do not see where it stands. */
  readonly label: string;
}

export function MessageView({ item, label }: MessageViewProps): JSX.Element {
  const { message, own, mentioned, pending } = item;
  const conversation = useConversation();
  const element = useRef<HTMLElement>(null);
  const [hovered, setHovered] = useState(false);
  const [focused, setFocused] = useState(false);
  const deleted = message.content.type === 'deleted';
  const press = useLongPress(() => {
    const box = element.current?.getBoundingClientRect();
    if (box !== undefined && !deleted) conversation.open({ kind: 'menu', message, own, anchor: box });
  });
  const looks = [
    'message',
    mentioned ? 'mentioned' : '',
    pending ? 'pending' : '',
    bare(message) ? 'bare' : '',
  ];

  return (
    <article
      ref={element}
      class={looks.filter((look) => look !== '').join(' ')}
      tabIndex={-1}
      data-message={message.id}
      onPointerEnter={(event) => setHovered(event.pointerType === 'mouse')}
      onPointerLeave={() => setHovered(false)}
      onFocusIn={(event) => setFocused(event.currentTarget.matches(':focus-visible, :has(:focus-visible)'))}
      onFocusOut={(event) => {
        const next = event.relatedTarget;
        if (!(next instanceof Node && event.currentTarget.contains(next))) setFocused(false);
      }}
      {...press}
    >
      <span class="visually-hidden">{label}: </span>
      <div class="bubble">
        {message.replyTo === undefined ? null : <Quoted quote={message.replyTo} />}
        <Body message={message} own={own} />
      </div>
      <Reactions message={message} />
      {(hovered || focused) && !deleted ? <MessageToolbar message={message} own={own} /> : null}
    </article>
  );
}

/** Whether it stands without a ground: an image or large emoji alone. */
function bare({ content, replyTo }: Message): boolean {
  return (
    replyTo === undefined &&
    (content.type === 'image' || (content.type === 'text' && isEmojiOnly(content.text)))
  );
}

function Body({ message, own }: { readonly message: Message; readonly own: boolean }): JSX.Element {
  const words = useWords().message;
  const { openImage } = useConversation();
  const { content, deleted } = message;
  switch (content.type) {
    case 'text':
      return <TextMessage message={message} text={content.text} own={own} />;
    case 'image':
      return (
        <ImageBody
          image={content.image}
          author={message.author.name}
          onOpen={() => openImage(content.image)}
        />
      );
    case 'deleted': {
      const by = deleted === undefined || deleted.by.id === message.author.id ? undefined : deleted.by.name;
      return <p class="said gone">{by === undefined ? words.deleted : words.deletedBy(by)}</p>;
    }
  }
}

/** Handlers that call back once a finger has rested for long, and keep the system's own menu away then. */
function useLongPress(
  onLongPress: () => void,
): Required<
  Pick<
    HTMLAttributes<HTMLElement>,
    'onPointerDown' | 'onPointerMove' | 'onPointerUp' | 'onPointerCancel' | 'onContextMenu'
  >
> {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const start = useRef({ x: 0, y: 0 });
  const pressed = useRef(false);
  const end = (): void => {
    clearTimeout(timer.current);
    timer.current = undefined;
  };
  useEffect(() => end, []);
  return {
    onPointerDown(event) {
      end();
      pressed.current = false;
      if (event.pointerType === 'mouse') return;
      start.current = { x: event.clientX, y: event.clientY };
      timer.current = setTimeout(() => {
        pressed.current = true;
        swallowRelease();
        onLongPress();
      }, longPress);
    },
    onPointerMove(event) {
      const { x, y } = start.current;
      if (Math.hypot(event.clientX - x, event.clientY - y) > pressSlack) end();
    },
    onPointerUp: end,
    onPointerCancel: end,
    onContextMenu(event) {
      if (timer.current !== undefined || pressed.current) event.preventDefault();
    },
  };
}

/** The finger that opened the menu lifts: that is no click on what lies under it by then, which may be the menu. */
function swallowRelease(): void {
  const swallow = (event: Event): void => {
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener('touchend', swallow, { capture: true, passive: false });
  document.addEventListener('click', swallow, { capture: true });
  const stop = (): void => {
    document.removeEventListener('pointerup', stop, { capture: true });
    document.removeEventListener('pointercancel', stop, { capture: true });
    // Both come in the same turn as the lifting, right after it.
    setTimeout(() => {
      document.removeEventListener('touchend', swallow, { capture: true });
      document.removeEventListener('click', swallow, { capture: true });
    }, 50);
  };
  document.addEventListener('pointerup', stop, { capture: true });
  document.addEventListener('pointercancel', stop, { capture: true });
}
