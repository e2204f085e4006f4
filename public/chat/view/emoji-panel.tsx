/**
 * The emoji picker, as it stands beside the message field; message-overlay.tsx shows the same for reactions. The picker
 * and its data are loaded when it is first opened, from this server; what is used often and the skin tone are
 * remembered in IndexedDB.
 */
import type { JSX, RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type EmojiPicker, loadEmojiPicker } from './emoji-picker.ts';
import { useLayer, usePressOutside } from './layers.tsx';
import { hasCoarsePointer, usePage } from './page.ts';

interface EmojiPanelProps {
  readonly opener: RefObject<HTMLElement | null>;
  /** `keepOpen` when Shift was held, to pick several. */
  readonly onPick: (emoji: string, keepOpen: boolean) => void;
  /** Closed by Esc or a pick: the focus goes back to the field. */
  readonly onClose: () => void;
  /** Closed because the person went elsewhere: the focus stays there. */
  readonly onLeave: () => void;
}

export function EmojiPanel({ opener, onPick, onClose, onLeave }: EmojiPanelProps): JSX.Element {
  const { texts } = usePage();
  const panel = useRef<HTMLDivElement>(null);
  useLayer(true, onClose);
  usePressOutside(true, [panel, opener], onLeave);
  return (
    <>
      <div class="sheet-backdrop" aria-hidden="true" />
      <div
        ref={panel}
        class="emoji-panel"
        role="dialog"
        aria-label={texts.emoji.heading}
        onFocusOut={(event) => {
          const next = event.relatedTarget;
          // The button that opened it closes it too; it must not find it closed already.
          if (!(next instanceof Node) || opener.current?.contains(next)) return;
          if (!event.currentTarget.contains(next)) onLeave();
        }}
      >
        <EmojiPlace onPick={onPick} />
      </div>
    </>
  );
}

/** The picker itself, filling what it stands in; words in its place until it is there. */
export function EmojiPlace({ onPick }: Pick<EmojiPanelProps, 'onPick'>): JSX.Element {
  const { texts, settingsState } = usePage();
  const root = useRef<HTMLDivElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const pick = useRef(onPick);
  pick.current = onPick;
  const [status, setStatus] = useState<'loading' | 'ready' | 'failed'>('loading');

  // Built anew for another language only
  useEffect(() => {
    let wanted = true;
    let picker: EmojiPicker | undefined;
    let shift = false;
    const watchShift = (event: MouseEvent | KeyboardEvent): void => {
      shift = event.shiftKey;
    };
    const target = root.current;
    target?.addEventListener('click', watchShift, true);
    target?.addEventListener('keydown', watchShift, true);
    loadEmojiPicker(texts).then(
      (made) => {
        if (!wanted) return;
        picker = made;
        picker.addEventListener('emoji-click', (event) => {
          const { unicode } = event.detail;
          if (unicode !== undefined) pick.current(unicode, shift);
        });
        place.current?.replaceChildren(picker);
        setStatus('ready');
        if (!hasCoarsePointer()) requestAnimationFrame(() => focusSearch(made));
      },
      () => {
        if (wanted) setStatus('failed');
      },
    );
    return () => {
      wanted = false;
      picker?.remove();
      target?.removeEventListener('click', watchShift, true);
      target?.removeEventListener('keydown', watchShift, true);
    };
  }, [settingsState.language]);

  return (
    <div ref={root} class="emoji-root">
      {status === 'ready' ? null : (
        <p class={`emoji-status ${status}`} role="status">
          {status === 'failed' ? texts.emoji.loadFailed : texts.emoji.loading}
        </p>
      )}
      <div ref={place} class="emoji-place" />
    </div>
  );
}

function focusSearch(picker: EmojiPicker): void {
  picker.shadowRoot?.querySelector<HTMLInputElement>('input[type="search"]')?.focus();
}
