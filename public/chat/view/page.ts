/** What every component may need: the texts, the settings and what a person can do, handed down by one context. */
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { ChatActions, ChatStore, WireTick } from '../model.ts';
import type { Settings, SettingsState } from '../settings.ts';
import type { Texts } from '../texts.ts';

export interface Page {
  readonly texts: Texts;
  readonly settings: Settings;
  readonly settingsState: SettingsState;
  readonly actions: ChatActions;
  readonly onWire: ChatStore['onWire'];
  readonly onArrival: ChatStore['onArrival'];
}

export const PageContext = createContext<Page | undefined>(undefined);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error('This component is drawn outside of PageContext.');
  return page;
}

/** The state of a store, drawn anew on each change. */
export function useStore<State>(store: {
  getState(): State;
  subscribe(listener: () => void): () => void;
}): State {
  const [state, setState] = useState(store.getState());
  useEffect(() => {
    setState(store.getState());
    return store.subscribe(() => setState(store.getState()));
  }, [store]);
  return state;
}

/** The most frames of the connection's past that a newly drawn strip shows. */
const rememberedTicks = 300;

/**
 * The wire with a memory: whoever begins to listen is first told what was heard before. Nothing is heard, and nothing
 * is asked of the store, while nobody listens.
 */
export function rememberWire(onWire: ChatStore['onWire']): ChatStore['onWire'] {
  const past: WireTick[] = [];
  const listeners = new Set<(tick: WireTick) => void>();
  let stop: (() => void) | undefined;
  const hear = (tick: WireTick): void => {
    past.push(tick);
    if (past.length > rememberedTicks) past.shift();
    for (const listener of [...listeners]) listener(tick);
  };
  return (listener) => {
    for (const tick of past) listener(tick);
    listeners.add(listener);
    stop ??= onWire(hear);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      stop?.();
      stop = undefined;
    };
  };
}

/** The time by the page's clock, drawn anew each `interval` milliseconds while there is one. */
export function useNow(interval: number | undefined): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (interval === undefined) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), interval);
    return () => clearInterval(timer);
  }, [interval]);
  return now;
}

export const messageFieldId = 'message-field';

/** Puts the caret back into the message field, if there is one. */
export function focusMessageField(): void {
  document.getElementById(messageFieldId)?.focus();
}

export function prefersReducedMotion(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** Whether the pointer is a finger: then an opening layer must not raise the keyboard by itself. */
export function hasCoarsePointer(): boolean {
  return matchMedia('(pointer: coarse)').matches;
}
