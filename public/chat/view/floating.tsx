/**
 * A light layer beside something: a menu, a picker. It stands below or above its anchor, wherever there is more room,
 * and never outside of the window; on a phone it is a sheet from below. Esc and a press outside close it.
 */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { useLayer, usePressOutside } from './layers.tsx';
import { placeBeside } from './placing.ts';

interface FloatingProps {
  readonly label: string;
  readonly role: 'dialog' | 'menu';
  /** More classes, for its size. */
  readonly look: string;
  readonly anchor: DOMRect;
  /** Which edges lie in one line with the anchor's. */
  readonly align: 'start' | 'end';
  /** Closed by Esc or a choice: the focus goes back. */
  readonly onClose: () => void;
  /** Closed because the person went elsewhere: the focus stays there. */
  readonly onLeave: () => void;
  readonly children: ComponentChildren;
}

export function Floating({
  label,
  role,
  look,
  anchor,
  align,
  onClose,
  onLeave,
  children,
}: FloatingProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  useLayer(true, onClose);
  usePressOutside(true, [element], onLeave);

  // Placed before it is painted, and again when what is in it changes its size
  useLayoutEffect(() => {
    const box = element.current;
    if (box === null) return;
    const place = (): void => {
      const { width, height } = box.getBoundingClientRect();
      const { left, top } = placeBeside(anchor, { width, height }, align, {
        width: document.documentElement.clientWidth,
        height: document.documentElement.clientHeight,
      });
      box.style.setProperty('--left', `${left}px`);
      box.style.setProperty('--top', `${top}px`);
    };
    place();
    const observer = new ResizeObserver(place);
    observer.observe(box);
    return () => observer.disconnect();
  }, [anchor, align]);

  useEffect(() => {
    const box = element.current;
    if (box !== null && !box.contains(document.activeElement)) box.focus({ preventScroll: true });
  }, []);

  return (
    <>
      <div class="sheet-backdrop" aria-hidden="true" />
      {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: the role is one of two that take a name */}
      <div
        ref={element}
        class={`floating ${look}`}
        role={role}
        aria-label={label}
        tabIndex={-1}
        onFocusOut={(event) => {
          const next = event.relatedTarget;
          if (next instanceof Node && !event.currentTarget.contains(next)) onLeave();
        }}
      >
        {children}
      </div>
    </>
  );
}
