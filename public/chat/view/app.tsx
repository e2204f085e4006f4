/** The page as a whole: welcome back, sign-in or the room, and the notices over each. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ChatStore } from '../model.ts';
import type { Settings } from '../settings.ts';
import { texts as allTexts } from '../texts.ts';
import { applySettings } from './document.ts';
import { handshakeDuration } from './handshake-wire.tsx';
import { Mark } from './icons.tsx';
import { type Page, PageContext, prefersReducedMotion, rememberWire, useStore } from './page.ts';
import { Room } from './room.tsx';
import { SignIn } from './sign-in.tsx';
import { Skeleton } from './skeleton.tsx';
import { Toasts } from './toasts.tsx';

interface AppProps {
  readonly store: ChatStore;
  readonly settings: Settings;
}

export function App({ store, settings }: AppProps): JSX.Element {
  const state = useStore(store);
  const settingsState = useStore(settings);
  const texts = allTexts[settingsState.language];
  const onWire = useMemo(() => rememberWire(store.onWire), [store]);
  const page = useMemo(
    (): Page => ({
      texts,
      settings,
      settingsState,
      actions: store.actions,
      onWire,
      onArrival: store.onArrival,
    }),
    [texts, settings, settingsState, store, onWire],
  );
  const [drawing, setDrawing] = useState(false);
  useEffect(() => applySettings(settingsState, texts), [settingsState, texts]);
  useEffect(() => {
    if (state.phase !== 'chatting') document.title = 'barewire';
  }, [state.phase]);

  // The handshake is drawn to its end, also when the server is faster than the eye.
  useEffect(() => {
    if (!drawing) return;
    const timer = setTimeout(() => setDrawing(false), handshakeDuration);
    return () => clearTimeout(timer);
  }, [drawing]);

  return (
    <PageContext.Provider value={page}>
      {state.phase === 'restoring' ? (
        <main class="restoring" aria-busy="true">
          <Mark size={40} />
          <Skeleton label={texts.app.restoring} rows={0} />
          <p class="late" aria-hidden="true">
            {texts.app.restoring}
          </p>
        </main>
      ) : state.phase === 'chatting' && !drawing ? (
        <Room state={state} />
      ) : (
        <SignIn state={state} onHandshake={() => setDrawing(!prefersReducedMotion())} />
      )}
      <Toasts toasts={state.toasts} />
    </PageContext.Provider>
  );
}
