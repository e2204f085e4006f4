/**
 * Layers over the page: Esc closes the top one and only that, a press outside closes what is light, and focus goes
 * back to where it was. Dialogs are the browser's own, which keep the focus inside by themselves.
 */
import type { ComponentChildren, JSX, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { focusMessageField } from './page.ts';

const layers: { readonly close: () => void }[] = [];

function onKeyDown(event: KeyboardEvent): void {
  if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented) return;
  const top = layers.at(-1);
  if (top === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  top.close();
}

/** Whether something lies over the page. */
export function hasLayer(): boolean {
  return layers.length > 0;
}

/** Registers a layer for as long as `open` holds: Esc calls `close` when it is the top one. */
export function useLayer(open: boolean, close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  useLayoutEffect(() => {
    if (!open) return;
    const layer = { close: () => latest.current() };
    if (layers.length === 0) document.addEventListener('keydown', onKeyDown, true);
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
      if (layers.length === 0) document.removeEventListener('keydown', onKeyDown, true);
    };
  }, [open]);
}

/** Calls `close` on a press outside all of the given elements. */
export function usePressOutside(
  open: boolean,
  inside: readonly RefObject<HTMLElement | null>[],
  close: () => void,
): void {
  const latest = useRef({ inside, close });
  latest.current = { inside, close };
  useEffect(() => {
    if (!open) return;
    const onPress = (event: PointerEvent): void => {
      const path = event.composedPath();
      if (latest.current.inside.some((ref) => ref.current !== null && path.includes(ref.current))) return;
      latest.current.close();
    };
    document.addEventListener('pointerdown', onPress, true);
    return () => document.removeEventListener('pointerdown', onPress, true);
  }, [open]);
}

interface DialogProps {
  readonly label: string;
  /** The look: `panel`, `drawer start`, `drawer end`, `viewer`. */
  readonly look: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A modal dialog, open for as long as it is drawn. */
export function Dialog({ label, look, onClose, children }: DialogProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  useLayer(true, onClose);
  useLayoutEffect(() => {
    const dialog = element.current;
    if (dialog === null) return;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected && before !== document.body) before.focus();
      else focusMessageField();
    };
  }, []);
  return (
    // The browser's Esc handling is replaced by the stack of layers; what is pressed here is only the backdrop.
    <dialog
      ref={element}
      class={`layer ${look}`}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div class="layer-body">{children}</div>
    </dialog>
  );
}
