/**
 * What the service worker does with a request, and which old caches it drops: decided here, purely, so that it is
 * tested without a browser. service-worker.ts carries it out.
 */

/** The parts of a `Request` that matter. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  /** As `Request.mode`: `navigate` when a page is opened. */
  readonly mode: string;
  /** Whether the request is for a part of the file (`Range`). */
  readonly partial: boolean;
}

export type Route =
  /** Not ours: as if there were no service worker. */
  | 'pass'
  /** The chat page: from the server, and what was kept of it when there is none. */
  | 'page'
  /** A file of the shell, which is the same for ever under its name, or was kept with this version. */
  | 'shell'
  /** An uploaded image: what is kept is good for ever. */
  | 'image';

/** Names of caches: one for each version of the shell, and one for images. */
export const shellPrefix = 'barewire shell ';
export const imageCache = 'barewire images 1';
/** The most images that are kept; those that came first go first. */
export const mostImages = 240;

/** @param shell paths of the files that were kept when this version was installed @param origin of this server */
export function routeOf(asked: Asked, shell: ReadonlySet<string>, origin: string): Route {
  if (asked.method !== 'GET' || asked.partial) return 'pass';
  const url = new URL(asked.url);
  if (url.origin !== origin) return 'pass';
  if (asked.mode === 'navigate') return isChatPage(url.pathname) ? 'page' : 'pass';
  // Never the API: what it says is only true now, and some of it is secret.
  if (url.pathname.startsWith('/api/')) return 'pass';
  if (url.pathname.startsWith('/images/')) return url.search === '' ? 'image' : 'pass';
  return shell.has(url.pathname) ? 'shell' : 'pass';
}

function isChatPage(path: string): boolean {
  return path === '/' || path === '/index.html';
}

/**
 * The caches to delete when a version begins to work. The version before stays for one more turn, because a page of it
 * may still be open and want a file that the server no longer has.
 * @param names of all caches of this origin, the oldest first
 */
export function oldCaches(names: readonly string[], current: string): readonly string[] {
  const shells = names.filter((name) => name.startsWith(shellPrefix) && name !== current);
  const images = names.filter((name) => name.startsWith('barewire images ') && name !== imageCache);
  return [...shells.slice(0, -1), ...images];
}

/** Whether an answer may stand for the page; an error of a proxy before a server that restarts may not. */
export function isPage(status: number): boolean {
  return status < 500;
}
