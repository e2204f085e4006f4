/**
 * The page's environment in a real browser: the one file of the page's logic that touches the DOM. Decides nothing.
 * main.tsx makes one and gives it to the store and the settings.
 */
import type { Environment, PageSignal, PixelSize, Socket, SocketHandlers } from './platform.ts';
import type { KeyValueStore } from './stored.ts';
import { type Poster, uploadImage } from './upload.ts';

/** Milliseconds that a browser has to decode a picture's size. */
const measureTimeout = 5_000;

export function browserEnvironment(): Environment {
  const after = (milliseconds: number, callback: () => void) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  };
  return {
    openSocket,
    now: () => Date.now(),
    after,
    random: () => Math.random(),
    nonce,
    storage: storageOr(() => window.localStorage),
    tabStorage: storageOr(() => window.sessionStorage),
    languages: () => navigator.languages,
    onStorage(listener) {
      const hear = (event: StorageEvent) => {
        if (event.storageArea === window.localStorage) listener(event.key ?? undefined);
      };
      window.addEventListener('storage', hear);
      return () => window.removeEventListener('storage', hear);
    },
    online: () => navigator.onLine,
    onSignal,
    upload(file, token, handlers) {
      // A PickedFile is a File wherever there is a DOM.
      const body = file instanceof Blob ? file : new Blob();
      return uploadImage(createPoster(), body, token, handlers, after);
    },
    objectUrl: (file) => (file instanceof Blob ? URL.createObjectURL(file) : ''),
    revokeObjectUrl: (url) => URL.revokeObjectURL(url),
    measure,
  };
}

function openSocket(handlers: SocketHandlers): Socket {
  const url = new URL('/chat', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => handlers.opened();
  socket.onmessage = (event) => handlers.received(event.data);
  socket.onclose = (event) => handlers.closed(event.code, event.reason);
  return {
    // A socket that is closing drops what it is given; its close event is on the way and says so.
    send: (text) => socket.send(text),
    close: (code, reason) => socket.close(code, reason),
  };
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

/** 24 random octets as base64url. `crypto.randomUUID` is missing on pages without TLS, this is not. */
function nonce(): string {
  const octets = crypto.getRandomValues(new Uint8Array(24));
  return btoa(String.fromCharCode(...octets))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
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
