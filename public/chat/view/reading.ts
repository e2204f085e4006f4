/**
 * Going from message to message by keyboard. Of all texts and images of the conversation, the texts are one stop for
 * the Tab key together: the newest one, or the one that was last read. From there the arrow keys go on, and Esc
 * leads back to the message field.
 */
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { hasLayer } from './layers.tsx';
import { focusMessageField } from './page.ts';

const texts = '.text-message';
const stops = '.text-message, button.picture';

/**
 * @param content the rows
 * @param changed anything that is another value after each change of the rows
 */
export function useReading(content: RefObject<HTMLElement | null>, changed: unknown): void {
  // The newest text is the stop, unless somebody is reading further up
  useEffect(() => {
    const rows = content.current;
    if (rows === null || rows.contains(document.activeElement)) return;
    const all = rows.querySelectorAll<HTMLElement>(texts);
    moveStop(rows, all[all.length - 1]);
  }, [changed]);

  useEffect(() => {
    const rows = content.current;
    if (rows === null) return;
    const onFocus = (event: FocusEvent): void => {
      const text = event.target instanceof Element ? event.target.closest<HTMLElement>(texts) : null;
      if (text !== null) moveStop(rows, text);
    };
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      const here = event.target instanceof Element ? event.target.closest<HTMLElement>(stops) : null;
      if (here === null) return;
      if (event.key === 'Escape' && !hasLayer()) {
        event.preventDefault();
        focusMessageField();
        return;
      }
      const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
      if (step === 0) return;
      event.preventDefault();
      const all = [...rows.querySelectorAll<HTMLElement>(stops)];
      all[all.indexOf(here) + step]?.focus();
    };
    rows.addEventListener('focusin', onFocus);
    rows.addEventListener('keydown', onKeyDown);
    return () => {
      rows.removeEventListener('focusin', onFocus);
      rows.removeEventListener('keydown', onKeyDown);
    };
  }, []);
}

function moveStop(rows: HTMLElement, next: HTMLElement | undefined): void {
  for (const before of rows.querySelectorAll<HTMLElement>(`${texts}[tabindex="0"]`)) {
    if (before !== next) before.tabIndex = -1;
  }
  if (next !== undefined) next.tabIndex = 0;
}
