/**
 * The page's environment in a real browser: the one file of the page's logic that touches the DOM. Decides nothing.
 * main.tsx makes one and gives it to the store and the settings.
 */
import { createCarriers } from '../../src/chat-client/carriers.ts';
import { globalChannels, globalLocks, randomNonce } from '../../src/chat-client/defaults.ts';
import { watchFrames } from '../../src/chat-client/frames.ts';
import type { PageSignal } from '../../src/chat-client/platform.ts';
import { browserDatabase } from './database.ts';
import type { Environment, HttpAnswer, PixelSize } from './platform.ts';
import type { KeyValueStore } from './stored.ts';
import { type Poster, uploadImage } from './upload.ts';

/** Milliseconds that a browser has to decode a picture's size, and a server to answer over HTTP. */
const measureTimeout = 5_000;
const askTimeout = 15_000;

export function browserEnvironment(): Environment {
  const after = (milliseconds: number, callback: () => void) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  };
  const storage = storageOr(() => window.localStorage);
  const tabStorage = storageOr(() => window.sessionStorage);
  return {
    carriers: createCarriers({ url: window.location.origin, after }),
    locks: globalLocks(),
    openChannel: globalChannels(),
    now: () => Date.now(),
    after,
    random: () => Math.random(),
    nonce: randomNonce,
    online: () => navigator.onLine,
    onSignal,
    watchFrames: (connection, listener, failed) =>
      watchFrames(connection, listener, { url: window.location.origin, failed }),
    storage,
    tabStorage,
    database: browserDatabase(),
    languages: () => navigator.languages,
    onStorage(listener) {
      const hear = (event: StorageEvent) => {
        if (event.storageArea === window.localStorage) listener(event.key ?? undefined);
      };
      window.addEventListener('storage', hear);
      return () => window.removeEventListener('storage', hear);
    },
    visible: () => document.visibilityState === 'visible',
    ask,
    address: () => window.location.hash,
    onAddress(listener) {
      window.addEventListener('hashchange', listener);
      return () => window.removeEventListener('hashchange', listener);
    },
    replaceAddress: (address) => window.history.replaceState(null, '', address),
    pushAddress: (address) => window.history.pushState(null, '', address),
    upload(file, handlers) {
      // A PickedFile is a File wherever there is a DOM.
      const body = file instanceof Blob ? file : new Blob();
      return uploadImage(createPoster(), body, handlers, after);
    },
    objectUrl: (file) => (file instanceof Blob ? URL.createObjectURL(file) : ''),
    revokeObjectUrl: (url) => URL.revokeObjectURL(url),
    measure,
  };
}

function onSignal(listener: (signal: PageSignal) => void): () => void {
  const ends: (() => void)[] = [];
  const hear = (target: EventTarget, type: string, signal: (event: Event) => PageSignal | undefined) => {
    const handle = (event: Event) => {
      const heard = signal(event);
      if (heard !== undefined) listener(heard);
    };
    target.addEventListener(type, handle);
    ends.push(() => target.removeEventListener(type, handle));
  };
  hear(window, 'online', () => 'online');
  hear(window, 'offline', () => 'offline');
  hear(document, 'visibilitychange', () => (document.visibilityState === 'visible' ? 'visible' : undefined));
  hear(window, 'pagehide', () => 'leaving');
  hear(window, 'pageshow', (event) =>
    event instanceof PageTransitionEvent && event.persisted ? 'returning' : undefined,
  );
  return () => {
    for (const end of ends) end();
  };
}

async function ask(method: string, path: string, body: unknown): Promise<HttpAnswer | undefined> {
  try {
    const response = await fetch(path, {
      method,
      // A page that is being left still signs out.
      keepalive: true,
      signal: AbortSignal.timeout(askTimeout),
      ...(body === undefined
        ? {}
        : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: parse(text) };
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function createPoster(): Poster<Blob> {
  const request = new XMLHttpRequest();
  return {
    post(path, fields, body, events) {
      request.upload.onprogress = ({ lengthComputable, loaded, total }) =>
        events.progressed(loaded, lengthComputable ? total : 0);
      request.onload = () =>
        events.answered(request.status, request.responseText, request.getResponseHeader('Retry-After'));
      request.onerror = () => events.failed();
      request.open('POST', path);
      for (const [name, value] of Object.entries(fields)) request.setRequestHeader(name, value);
      request.send(body);
    },
    abort: () => request.abort(),
  };
}

function measure(url: string): Promise<PixelSize | undefined> {
  return new Promise((resolve) => {
    const image = new Image();
    const timer = setTimeout(() => resolve(undefined), measureTimeout);
    image.onload = () => {
      clearTimeout(timer);
      const { naturalWidth: width, naturalHeight: height } = image;
      resolve(width > 0 && height > 0 ? { width, height } : undefined);
    };
    image.onerror = () => {
      clearTimeout(timer);
      resolve(undefined);
    };
    image.src = url;
  });
}

/** The browser's storage, or one in memory where reading it is forbidden: then nothing outlives the page. */
function storageOr(open: () => Storage): KeyValueStore {
  try {
    return open();
  } catch {
    const values = new Map<string, string>();
    return {
      get length() {
        return values.size;
      },
      key: (index) => [...values.keys()][index] ?? null,
      getItem: (key) => values.get(key) ?? null,
      setItem: (key, value) => values.set(key, value),
      removeItem: (key) => values.delete(key),
    };
  }
}
