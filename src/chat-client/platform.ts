/**
 * What the chat's client needs of where it runs, as small interfaces without DOM types, so that one source runs in
 * browsers, in Node and on a fake network with a fake clock. defaults.ts makes them from globalThis.
 */
import type { TransportName } from '../transports/channel.ts';

/** One connection over one transport, whatever it is. */
export interface Socket {
  /** Sends one text message. Only after `opened`. */
  send(text: string): void;
  /** Ends it. What the server says afterwards is not told any more, and `closed` need not follow. */
  close(code: number, reason: string): void;
}

/** Called by the socket, never within the call that opened it; `closed` at most once, and nothing after it. */
export interface SocketHandlers {
  opened(): void;
  /** A string for a text message; anything else for a binary one. */
  received(data: unknown): void;
  /** Ended by the other side or by the network: an RFC 6455 §7.4 code, and 1006 when nothing was said. */
  closed(code: number, reason: string): void;
}

export type OpenSocket = (handlers: SocketHandlers) => Socket;

/** The transports that there are here. One that is missing is never tried. */
export type Carriers = { readonly [Name in TransportName]?: OpenSocket };

/** `leaving`: the page is being closed, reloaded or put aside. `returning`: a page that was put aside is back. */
export type PageSignal = 'online' | 'offline' | 'visible' | 'leaving' | 'returning';

/** What is used of the DOM's `Storage` here. May throw where storage is forbidden. */
export interface SmallStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** What a connector needs. */
export interface ConnectEnvironment {
  readonly carriers: Carriers;
  /** Unix time in milliseconds, by this machine's clock. */
  now(): number;
  /** Calls back once after so many milliseconds. @returns what cancels it */
  after(milliseconds: number, callback: () => void): () => void;
  /** From 0 up to but not including 1. */
  random(): number;
  /** Whether there is believed to be a network. */
  online(): boolean;
  /** @returns what ends it */
  onSignal(listener: (signal: PageSignal) => void): () => void;
  /** Remembers for this tab which transport worked. */
  readonly tabStorage: SmallStorage;
}

/** What is used of the DOM's `LockManager` (Web Locks §4). */
export interface Locks {
  /**
   * Asks for the lock of that name; `held` runs once it is ours, and the lock is given back when its promise settles.
   * `steal` takes it from whoever has it, whose own promise then rejects, as ours does when somebody steals from us.
   */
  request(
    name: string,
    options: { steal?: boolean; signal?: AbortSignal },
    held: () => Promise<void>,
  ): Promise<unknown>;
}

/** What is used of the DOM's `BroadcastChannel`: others of the same name get what is posted, in order. */
export interface TabChannel {
  post(message: unknown): void;
  close(): void;
}

/** What it takes for several tabs to share one connection. With either missing, each tab has its own. */
export interface TabsEnvironment extends ConnectEnvironment {
  readonly locks: Locks | undefined;
  /** Opens a channel to the other tabs of this browser. */
  readonly openChannel: ((name: string, received: (message: unknown) => void) => TabChannel) | undefined;
  /** Unguessable characters out of [A-Za-z0-9_-]: names this tab among the others. */
  nonce(): string;
}
