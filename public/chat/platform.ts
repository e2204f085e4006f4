/**
 * What the page's logic needs of a browser, as small interfaces without DOM types: environment.ts implements them
 * for a real browser, the tests in Node with a fake network and a fake clock.
 */
import type { Failure, Image } from '../../src/chat/events.ts';
import type { PickedFile } from './model.ts';
import type { SettingsEnvironment } from './settings.ts';
import type { KeyValueStore } from './stored.ts';

/** One WebSocket to `/chat`. */
export interface Socket {
  /** Sends one text message. Only after `opened`. */
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** Called by the socket; `closed` exactly once, and nothing after it. */
export interface SocketHandlers {
  opened(): void;
  /** A string for a text message; anything else for a binary one. */
  received(data: unknown): void;
  closed(code: number, reason: string): void;
}

/** `leaving`: the page is being closed, reloaded or put aside. `returning`: a page that was put aside is back. */
export type PageSignal = 'online' | 'offline' | 'visible' | 'leaving' | 'returning';

export type UploadOutcome =
  | { readonly status: 'done'; readonly image: Image }
  /** The server's word is final. */
  | { readonly status: 'refused'; readonly failure: Failure }
  /** It did not get through, and may next time. */
  | { readonly status: 'lost' };

export interface UploadHandlers {
  /** From 0 to 1. */
  progress(share: number): void;
  /** Once, and never after a cancel. */
  done(outcome: UploadOutcome): void;
}

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

export interface Environment extends SettingsEnvironment {
  openSocket(handlers: SocketHandlers): Socket;
  /** Unix time in milliseconds, by this machine's clock. */
  now(): number;
  /** Calls back once after so many milliseconds. @returns what cancels it */
  after(milliseconds: number, callback: () => void): () => void;
  /** From 0 up to but not including 1. */
  random(): number;
  /** 32 unguessable characters out of [A-Za-z0-9_-]: names a send, a tab, a page load. */
  nonce(): string;
  /** Shared by all tabs. */
  readonly storage: KeyValueStore;
  /** This tab's own; survives a reload. */
  readonly tabStorage: KeyValueStore;
  /** Whether the browser believes that there is a network. */
  online(): boolean;
  /** @returns what ends it */
  onSignal(listener: (signal: PageSignal) => void): () => void;
  /** Uploads an image. @returns what cancels it */
  upload(file: PickedFile, token: string, handlers: UploadHandlers): () => void;
  /** A URL under which an `<img>` shows the file, until it is revoked. */
  objectUrl(file: PickedFile): string;
  revokeObjectUrl(url: string): void;
  /** The pixel size of the image at a URL, or undefined when the browser cannot read it. Never rejects. */
  measure(url: string): Promise<PixelSize | undefined>;
}
