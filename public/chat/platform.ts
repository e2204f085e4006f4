/**
 * What the page's logic needs of a browser, as small interfaces without DOM types: environment.ts implements them
 * for a real browser, the tests in Node with a fake network and a fake clock.
 */
import type { Failure, Image } from '../../src/chat/events.ts';
import type { TabsEnvironment } from '../../src/chat-client/platform.ts';
import type { PickedFile, WireTick } from './model.ts';
import type { SettingsEnvironment } from './settings.ts';
import type { KeyValueStore } from './stored.ts';

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

/** The answer to an HTTP request; `body` is the parsed JSON, undefined where there was none. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** What the page keeps in the database: one table for each kind of thing. */
export const tables = ['outbox', 'drafts', 'rooms', 'history'] as const;
export type Table = (typeof tables)[number];

/**
 * The page's database, shared by all tabs of this browser. What is written is there once its promise is settled, also
 * after a crash. Nothing rejects: where the browser has no database, or it fails, what is written lives as long as
 * the page. What comes out may be from another version of the page: it goes through a schema.
 */
export interface PageDatabase {
  /** Every value whose key begins with `prefix`, in the order of their keys. */
  all(table: Table, prefix: string): Promise<readonly unknown[]>;
  /** Values are structured clones: plain objects, and Blobs. */
  put(table: Table, key: string, value: unknown): Promise<void>;
  remove(table: Table, key: string): Promise<void>;
  /** Removes all whose key begins with `prefix`. */
  removeAll(table: Table, prefix: string): Promise<void>;
  close(): void;
}

export interface Environment extends SettingsEnvironment, TabsEnvironment {
  /** Shared by all tabs. */
  readonly storage: KeyValueStore;
  /** This tab's own; survives a reload. */
  readonly tabStorage: KeyValueStore;
  readonly database: PageDatabase;
  /** Whether somebody may be looking at the page. */
  visible(): boolean;
  /** Asks this page's server over HTTP, with its cookie. Undefined when there was no answer. Never rejects. */
  ask(method: 'POST' | 'DELETE', path: string, body: unknown): Promise<HttpAnswer | undefined>;
  /** The address behind the `#`. */
  address(): string;
  /** Calls back when the person changed it: by hand, a link, back or forward. @returns what ends it */
  onAddress(listener: () => void): () => void;
  /** Shows another address in place of this one, or as one more to come back from. */
  replaceAddress(address: string): void;
  pushAddress(address: string): void;
  /**
   * Shows the frames of a connection as the server's tracer sees them. `failed` is called when it does not work, or no
   * more. @returns what ends it
   */
  watchFrames(connection: string, listener: (tick: WireTick) => void, failed: () => void): () => void;
  /** Uploads an image. @returns what cancels it */
  upload(file: PickedFile, handlers: UploadHandlers): () => void;
  /** A URL under which an `<img>` shows the file, until it is revoked. */
  objectUrl(file: PickedFile): string;
  revokeObjectUrl(url: string): void;
  /** The pixel size of the image at a URL, or undefined when the browser cannot read it. Never rejects. */
  measure(url: string): Promise<PixelSize | undefined>;
}
