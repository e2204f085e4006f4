/**
 * Going from message to message by keyboard. Of all messages the conversation has one stop for the Tab key: the newest,
 * or the one that was last read. From there the arrow keys go on, Tab goes to what is in that message, and Esc leads
 * back to the message field.
 */
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { hasLayer } from './layers.tsx';
import { focusMessageField } from './page.ts';

const messages = '.message';
/** What is in a message that Tab can stop at. Not code that scrolls: it has to be reachable at any time. */
const controls = 'a[href], button';

/**
 * @param content the rows
 * @param changed another value after each change of the rows
 */
export function useReading(content: RefObject<HTMLElement | null>, changed: unknown): void {
  // The newest message is the stop, unless somebody is reading further up
  useEffect(() => {
    const rows = content.current;
    if (rows === null) return;
    const here = document.activeElement?.closest<HTMLElement>(messages) ?? null;
    const all = rows.querySelectorAll<HTMLElement>(messages);
    moveStop(rows, here !== null && rows.contains(here) ? here : all[all.length - 1]);
  }, [changed]);

  useEffect(() => {
    const rows = content.current;
    if (rows === null) return;
    const onFocus = (event: FocusEvent): void => {
      const message = event.target instanceof Element ? event.target.closest<HTMLElement>(messages) : null;
      if (message !== null) moveStop(rows, message);
    };
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      const here = event.target instanceof Element ? event.target.closest<HTMLElement>(messages) : null;
      if (here === null || hasLayer()) return;
      if (event.key === 'Escape') {
        event.preventDefault();
        if (event.target === here) focusMessageField();
        else here.focus();
        return;
      }
      const all = [...rows.querySelectorAll<HTMLElement>(messages)];
      const index = all.indexOf(here);
      const next = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: all.length - 1 }[event.key];
      if (next === undefined) return;
      // Wide code scrolls with the arrow keys, too, but only to the sides.
      event.preventDefault();
      all[next]?.focus();
    };
    rows.addEventListener('focusin', onFocus);
    rows.addEventListener('keydown', onKeyDown);
    return () => {
      rows.removeEventListener('focusin', onFocus);
      rows.removeEventListener('keydown', onKeyDown);
    };
  }, []);
}

/** Makes one message, with what is in it, the stop, and all others none. */
function moveStop(rows: HTMLElement, stop: HTMLElement | undefined): void {
  for (const message of rows.querySelectorAll<HTMLElement>(messages)) {
    const index = message === stop ? 0 : -1;
    if (message.tabIndex !== index) message.tabIndex = index;
    for (const control of message.querySelectorAll<HTMLElement>(controls)) {
      if (control.tabIndex !== index) control.tabIndex = index;
    }
  }
}
