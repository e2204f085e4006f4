/** Copies a text and says so. Where the page may not (no secure context), the old way is tried. */
import type { ChatActions } from '../model.ts';

export async function copyText(text: string, actions: ChatActions): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyBySelection(text)) return;
  }
  actions.notify({ id: 'copied' });
}

/** Plain HTTP on another machine has no clipboard API; a selected field may still be copied during a click. */
function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'visually-hidden';
  // Inside the open dialog, when there is one: outside of it nothing can be focused.
  const host = before?.closest('dialog') ?? document.body;
  host.append(field);
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return copied;
}
