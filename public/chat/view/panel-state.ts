/**
 * Which panel stands beside the conversation: the people, a search, the settings of the room… A tiny store of the
 * view, because buttons all over the page open and close it and nothing of it concerns the chat. room.tsx draws the
 * place, panels/panel.tsx what is in it; both read it by `usePanel`.
 */
import { useEffect, useState } from 'preact/hooks';

/** A panel, and what it is about when it is about something. All of them are of the room that is shown. */
export type PanelView =
  | { readonly kind: 'none' }
  | { readonly kind: 'members' }
  /** `query` fills in the field. */
  | { readonly kind: 'search'; readonly query?: string }
  /** The room's name, topic, invitations, notifications, leaving. */
  | { readonly kind: 'room' }
  /** Public rooms to find and join. */
  | { readonly kind: 'browse' }
  | { readonly kind: 'create' }
  | { readonly kind: 'devices' }
  /** `member` is the id of whom it is about; without one it lists bans and the audit. */
  | { readonly kind: 'moderation'; readonly member?: string }
  /** A message and what answers it. */
  | { readonly kind: 'notifications' }
  | { readonly kind: 'password' };

export type PanelKind = PanelView['kind'];

/** From this width on, in CSS pixels, a panel is a column; below it lies over the conversation. */
export const columnWidth = 1024;

let current: PanelView | undefined;
const listeners = new Set<() => void>();

/** The panel that is open. People stand beside the conversation from the start where there is room for a column. */
export function getPanel(): PanelView {
  if (current !== undefined) return current;
  const first: PanelView = {
    kind: matchMedia(`(min-width: ${columnWidth}px)`).matches ? 'members' : 'none',
  };
  current = first;
  return first;
}

/** Opens a panel, in place of the one that was open. */
export function openPanel(panel: PanelView): void {
  current = panel;
  for (const listener of [...listeners]) listener();
}

export function closePanel(): void {
  openPanel({ kind: 'none' });
}

/** Opens a panel, or closes it when it is the one that is open: what a button in the head does. */
export function togglePanel(panel: PanelView): void {
  if (getPanel().kind === panel.kind) closePanel();
  else openPanel(panel);
}

/** Calls back after each change. @returns what ends the subscription */
export function subscribePanel(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The panel that is open, drawn anew on each change. */
export function usePanel(): PanelView {
  const [panel, setPanel] = useState(getPanel);
  useEffect(() => {
    const update = (): void => setPanel(getPanel());
    update();
    return subscribePanel(update);
  }, []);
  return panel;
}
