/**
 * A text in the conversation and what can be done with it: copy it. The action shows while a mouse is over the text,
 * while the text has the focus, and after a long press. Only one text at a time is a stop for the Tab key
 * (see reading.ts), so that a long conversation does not stand between the reader and the message field.
 */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icons.tsx';
import { usePressOutside } from './layers.tsx';
import { usePage } from './page.ts';
import { TextBody } from './rich-text.tsx';

/** A press of this length is a long one, in milliseconds. */
const longPress = 450;
/** How long "Copied" is said. */
const saidFor = 2000;

interface TextMessageProps {
  readonly text: string;
  /** Who said it and when, for those who do not see where it stands. */
  readonly label: string;
}

export function TextMessage({ text, label }: TextMessageProps): JSX.Element {
  const element = useRef<HTMLElement>(null);
  const press = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [hovered, setHovered] = useState(false);
  const [focused, setFocused] = useState(false);
  /** How far below the text's upper edge it was pressed, in CSS pixels. */
  const [held, setHeld] = useState<number | undefined>(undefined);
  const endPress = (): void => clearTimeout(press.current);
  usePressOutside(held !== undefined, [element], () => setHeld(undefined));
  useEffect(() => endPress, []);

  return (
    <article
      ref={element}
      class="text-message"
      tabIndex={-1}
      onPointerEnter={(event) => setHovered(event.pointerType === 'mouse')}
      onPointerLeave={() => {
        setHovered(false);
        endPress();
      }}
      onPointerDown={(event) => {
        endPress();
        const at = event.clientY - event.currentTarget.getBoundingClientRect().top;
        if (event.pointerType !== 'mouse') press.current = setTimeout(() => setHeld(at), longPress);
      }}
      onPointerUp={endPress}
      onPointerCancel={endPress}
      onFocusIn={(event) => setFocused(event.currentTarget.matches(':focus-visible, :has(:focus-visible)'))}
      onFocusOut={(event) => {
        const next = event.relatedTarget;
        if (!(next instanceof Node && event.currentTarget.contains(next))) setFocused(false);
      }}
    >
      <span class="visually-hidden">{label}: </span>
      <TextBody text={text} />
      {hovered || focused || held !== undefined ? <CopyAction text={text} held={held} /> : null}
    </article>
  );
}

interface CopyActionProps {
  readonly text: string;
  readonly held: number | undefined;
}

function CopyAction({ text, held }: CopyActionProps): JSX.Element {
  const words = usePage().texts.message;
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), saidFor);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is filled in
    <div
      class={held === undefined ? 'message-actions' : 'message-actions held'}
      style={held === undefined ? undefined : { '--held': `${held}px` }}
      role="group"
      aria-label={words.actions}
    >
      <button
        type="button"
        class={copied ? 'icon-button done' : 'icon-button'}
        aria-label={words.copy}
        title={copied ? words.copied : words.copy}
        onClick={() => {
          navigator.clipboard?.writeText(text).then(
            () => setCopied(true),
            () => undefined,
          );
        }}
      >
        <Icon name={copied ? 'check' : 'copy'} size={16} />
      </button>
      <span class="visually-hidden" role="status">
        {copied ? words.copied : ''}
      </span>
    </div>
  );
}
