/**
 * What every panel is framed by: its head with the way back and out, what scrolls, and where the focus goes; and the few
 * things that all of them need to know of the room that is shown.
 */
import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { RoomKind, RoomSummary } from '../../../../src/chat/events.ts';
import type { ChatState } from '../../model.ts';
import type { Formats } from '../../texts.ts';
import { Icon } from '../icons.tsx';
import { focusMessageField, hasCoarsePointer, usePage } from '../page.ts';
import { closePanel, columnWidth } from '../panel-state.ts';

/** The room that is shown, as this member sees it; undefined when they are not in it. */
export function shownRoom(state: ChatState): RoomSummary | undefined {
  return state.rooms.find((room) => room.id === state.conversation.room);
}

interface FrameProps {
  readonly title: string;
  /** Leads back to another panel; without one there is only the way out. */
  readonly onBack?: (() => void) | undefined;
  /** Between the head and what scrolls. */
  readonly top?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** The first panel of a page stands there from the start: it must not take the focus from the message field. */
let begun = false;

/** Head, way back, way out, and what scrolls. The first field with `data-first` takes the focus, else the head does. */
export function Frame({ title, onBack, top, children }: FrameProps): JSX.Element {
  const { texts } = usePage();
  const element = useRef<HTMLDivElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    const frame = element.current;
    const first = !begun;
    begun = true;
    if (frame === null || (first && frame.closest('dialog') === null)) return;
    const before = document.activeElement;
    const field = frame.querySelector<HTMLElement>('[data-first]');
    // A field would raise the keyboard of a phone over what the panel shows.
    const target = field !== null && !hasCoarsePointer() ? field : heading.current;
    target?.focus();
    // A dialog around it opens only after this, and then takes its first button.
    if (frame.closest('dialog') !== null) queueMicrotask(() => target?.focus());
    return () => {
      if (!frame.contains(document.activeElement)) return;
      if (before instanceof HTMLElement && before.isConnected && before !== document.body) before.focus();
      else focusMessageField();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys bubble up to here from the controls inside
    <div
      ref={element}
      class="frame"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
        event.preventDefault();
        event.stopPropagation();
        if (onBack === undefined) closePanel();
        else onBack();
      }}
    >
      <header class="frame-head">
        {onBack === undefined ? null : (
          <button type="button" class="icon-button" aria-label={texts.panel.back} onClick={onBack}>
            <Icon name="left" />
          </button>
        )}
        <h2 ref={heading} tabIndex={-1} class="ellipsis">
          {title}
        </h2>
        <button
          type="button"
          class="icon-button"
          aria-label={texts.panel.close}
          title={texts.panel.close}
          onClick={closePanel}
        >
          <Icon name="close" />
        </button>
      </header>
      {top === undefined ? null : <div class="frame-top">{top}</div>}
      <div class="frame-scroll">{children}</div>
    </div>
  );
}

/** Where a panel lies over the conversation, it gives way to it. */
export function leaveOverlay(): void {
  if (!matchMedia(`(min-width: ${columnWidth}px)`).matches) closePanel();
}

/** A room's name as it stands in a sentence. */
export function roomSign(kind: RoomKind, name: string): string {
  return kind === 'direct' ? name : `#${name}`;
}

/** A time that has been, in few signs: `10:42` of today, else the day. */
export function whenText(format: Formats, time: number, now: number): string {
  return format.sameDay(time, now) ? format.time(time) : format.day(time, now);
}

/** A time that is to come: `10:42` of today, else the date too. */
export function untilText(format: Formats, time: number, now: number): string {
  return format.sameDay(time, now) ? format.time(time) : format.dateShort(time);
}
