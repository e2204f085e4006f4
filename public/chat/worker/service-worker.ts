/**
 * The service worker: lets the chat page open without a network, from the files that were kept when this version was
 * installed, keeps images, and brings a page to the front when a notification is clicked. The data of the chat is none
 * of its business; the page keeps that by itself. A new version is installed in the background and serves the next
 * page that is opened. Built by Vite as /service-worker.js, which the browser looks at anew with each visit.
 */
import { imageCache, isPage, mostImages, oldCaches, routeOf, shellPrefix } from './routing.ts';

/** The part of a service worker's global scope that is used; the DOM's own types are of a page. */
interface Scope {
  readonly location: { readonly origin: string };
  readonly clients: {
    matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly Window[]>;
    openWindow(url: string): Promise<unknown>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: Waiting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
  addEventListener(type: 'notificationclick', listener: (event: Clicked) => void): void;
}
interface Window {
  focus(): Promise<unknown>;
  postMessage(message: unknown): void;
}
interface Waiting {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Waiting {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Clicked extends Waiting {
  readonly notification: { readonly data: unknown; close(): void };
}

/** Put in by the build (vite.config.ts): the files of the chat page, and a name for just these. */
declare const SHELL_FILES: readonly string[];
declare const SHELL_VERSION: string;

declare const self: Scope;

const cacheName = `${shellPrefix}${SHELL_VERSION}`;
const shell: ReadonlySet<string> = new Set(SHELL_FILES);
/** Milliseconds that the server has to answer for the page before what was kept is shown. */
const patience = 4_000;

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(cacheName);
      // All or nothing: half a shell would be worse than the old one.
      await cache.addAll([...shell].map((path) => new Request(path, { cache: 'no-cache' })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      const old = oldCaches(await caches.keys(), cacheName);
      await Promise.all(old.map((name) => caches.delete(name)));
    })(),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { method, url, mode } = request;
  const asked = { method, url, mode, partial: request.headers.has('Range') };
  switch (routeOf(asked, shell, self.location.origin)) {
    case 'page':
      event.respondWith(page(request));
      break;
    case 'shell':
      event.respondWith(kept(request));
      break;
    case 'image':
      event.respondWith(image(request, event));
      break;
    case 'pass':
      break;
  }
});

/** The server's page if it answers soon, else the one that was kept. */
async function page(request: Request): Promise<Response> {
  const fromServer = fetch(request);
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), patience));
  try {
    const response = await Promise.race([fromServer, late]);
    if (response !== undefined && isPage(response.status)) return response;
  } catch {
    // No network: the page that was kept.
  }
  return (await caches.match('/index.html', { cacheName })) ?? fromServer;
}

async function kept(request: Request): Promise<Response> {
  const own = await caches.match(request, { cacheName, ignoreVary: true });
  return own ?? (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}

async function image(request: Request, event: Waiting): Promise<Response> {
  const known = await caches.match(request, { cacheName: imageCache, ignoreVary: true });
  if (known !== undefined) return known;
  const response = await fetch(request);
  if (response.status === 200) event.waitUntil(keepImage(request, response.clone()));
  return response;
}

async function keepImage(request: Request, response: Response): Promise<void> {
  try {
    const cache = await caches.open(imageCache);
    await cache.put(request, response);
    const keys = await cache.keys();
    await Promise.all(keys.slice(0, Math.max(0, keys.length - mostImages)).map((key) => cache.delete(key)));
  } catch {
    // The disk is full: the image is shown all the same.
  }
}

self.addEventListener('notificationclick', (event) => {
  const { data } = event.notification;
  event.notification.close();
  event.waitUntil(
    (async () => {
      const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
      const first = windows[0];
      if (first === undefined) {
        await self.clients.openWindow('/');
        return;
      }
      first.postMessage({ type: 'notification-clicked', data });
      await first.focus();
    })(),
  );
});
