/**
 * The page's side of the service worker: registers it where the browser has one and the page is safe, opens the room of
 * a notification that was clicked, and forgets images when somebody signs out. Called by main.tsx once.
 */
import * as v from 'valibot';
import type { ChatStore } from '../model.ts';

/**
 * What the names of image caches begin with. The same word stands in routing.ts: the service worker has to be built as
 * one file, so it can share none with the page.
 */
export const imagePrefix = 'barewire images ';

const clickedSchema = v.object({
  type: v.literal('notification-clicked'),
  data: v.object({ room: v.string(), offset: v.number() }),
});

/** @returns what ends the listening; the service worker stays */
export function registerWorker(store: Pick<ChatStore, 'actions' | 'getState' | 'subscribe'>): () => void {
  const stopForgetting = forgetOnSignOut(store);
  // A service worker that was built for other files would stand in the way of the development server's.
  if (!('serviceWorker' in navigator) || !window.isSecureContext || import.meta.env.DEV)
    return stopForgetting;
  const { serviceWorker } = navigator;
  const onMessage = (event: MessageEvent): void => {
    const message = v.safeParse(clickedSchema, event.data);
    if (message.success) store.actions.openRoom(message.output.data.room, message.output.data.offset);
  };
  const register = (): void => {
    // Without it the page works as well, only not without a network.
    serviceWorker.register('/service-worker.js').catch(() => undefined);
  };
  serviceWorker.addEventListener('message', onMessage);
  // After the page itself: the files of the shell must not stand in line before it.
  if (document.readyState === 'complete') register();
  else window.addEventListener('load', register, { once: true });
  return () => {
    stopForgetting();
    window.removeEventListener('load', register);
    serviceWorker.removeEventListener('message', onMessage);
  };
}

/** Who signs out leaves no images behind on this device. */
function forgetOnSignOut({ getState, subscribe }: Pick<ChatStore, 'getState' | 'subscribe'>): () => void {
  let before = getState().phase;
  return subscribe(() => {
    const { phase } = getState();
    if (before === 'chatting' && phase === 'signed-out' && 'caches' in window)
      forgetImages().catch(() => undefined);
    before = phase;
  });
}

async function forgetImages(): Promise<void> {
  const names = (await caches.keys()).filter((name) => name.startsWith(imagePrefix));
  await Promise.all(names.map((name) => caches.delete(name)));
}
