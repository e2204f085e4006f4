/**
 * What globalThis has of what the client needs, in a browser or in Node: timers, randomness, signals of the page, Web
 * Locks and BroadcastChannel. The only file of the client that looks for them; all of it can be passed in instead.
 */
import type { Locks, PageSignal, SmallStorage, TabChannel } from './platform.ts';

/** Calls back once after so many milliseconds. @returns what cancels it */
export function realTimer(milliseconds: number, callback: () => void): () => void {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
}

/** 24 random octets as base64url. `crypto.randomUUID` is missing on pages without TLS, this is not. */
export function randomNonce(): string {
  const octets = globalThis.crypto.getRandomValues(new Uint8Array(24));
  return btoa(String.fromCharCode(...octets))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}

/** A storage that is gone with the page or the program. */
export function memoryStorage(): SmallStorage {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
  };
}

/** Whether there is believed to be a network; where nobody knows, there is. */
export function isOnline(): boolean {
  const navigator: unknown = Reflect.get(globalThis, 'navigator');
  return !isObject(navigator) || Reflect.get(navigator, 'onLine') !== false;
}

/** The browser's Web Locks; undefined where there are none, as on pages without TLS, and in Node. */
export function globalLocks(): Locks | undefined {
  const navigator: unknown = Reflect.get(globalThis, 'navigator');
  const found: unknown = isObject(navigator) ? Reflect.get(navigator, 'locks') : undefined;
  if (!isLocks(found)) return undefined;
  return { request: (name, options, held) => found.request(name, options, held) };
}

function isLocks(value: unknown): value is Locks {
  return isObject(value) && 'request' in value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

type OpenChannel = (name: string, received: (message: unknown) => void) => TabChannel;

interface BroadcastChannelLike {
  onmessage: unknown;
  postMessage(message: unknown): void;
  close(): void;
}

type BroadcastChannelConstructor = new (name: string) => BroadcastChannelLike;

/** Opens BroadcastChannels; undefined where there are none. */
export function globalChannels(): OpenChannel | undefined {
  const Channel: unknown = Reflect.get(globalThis, 'BroadcastChannel');
  if (!isChannelConstructor(Channel)) return undefined;
  return (name, received) => {
    const channel = new Channel(name);
    channel.onmessage = ({ data }: { readonly data: unknown }) => received(data);
    return { post: (message) => channel.postMessage(message), close: () => channel.close() };
  };
}

function isChannelConstructor(value: unknown): value is BroadcastChannelConstructor {
  return typeof value === 'function';
}

/** Hears of the network in a browser that is asked nothing else of; in Node there is nothing to hear. */
export function onNetworkSignal(listener: (signal: PageSignal) => void): () => void {
  const target: unknown = globalThis;
  if (!isEventTarget(target)) return () => {};
  const online = () => listener('online');
  const offline = () => listener('offline');
  target.addEventListener('online', online);
  target.addEventListener('offline', offline);
  return () => {
    target.removeEventListener('online', online);
    target.removeEventListener('offline', offline);
  };
}

function isEventTarget(value: unknown): value is EventTarget {
  return isObject(value) && 'addEventListener' in value && 'removeEventListener' in value;
}
