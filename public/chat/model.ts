/**
 * What the chat page knows and what a person can do on it. The store (store.ts) holds one ChatState, replaces it
 * whole on every change and decides everything; the components only draw it and call the actions. Nothing in here
 * touches the DOM, so the store is tested in Node with a fake socket and a fake clock.
 */
import type { Failure, Image, Limits, Member, Message } from '../../src/chat/events.ts';

/** How the page is connected, in the order in which it usually happens. */
export type ConnectionState =
  /** A WebSocket is being opened, or opened and not yet let in. */
  | { readonly status: 'connecting'; readonly attempt: number }
  | {
      readonly status: 'open';
      readonly since: number;
      readonly roundTripTime: number | undefined;
      readonly slow: boolean;
    }
  /** The next attempt is made at `retryAt` (ms, page clock); `restarting` when the server said that it would be back. */
  | {
      readonly status: 'waiting';
      readonly attempt: number;
      readonly retryAt: number;
      readonly restarting: boolean;
    }
  /** The browser says that there is no network. */
  | { readonly status: 'offline' }
  /** Retrying cannot help (another protocol version). `reason` is a key of the text table. */
  | { readonly status: 'stopped'; readonly reason: 'protocol-version' };

/** Why the last connection ended, for the connection popover. */
export interface LastClose {
  readonly time: number;
  readonly code: number;
  readonly reason: string;
}

/** Something said, waiting to be acknowledged. It survives a reconnect and is sent once (same nonce). */
export interface Outgoing {
  readonly nonce: string;
  readonly time: number;
  readonly content:
    | { readonly type: 'text'; readonly text: string }
    /** `image` is there once the upload is done; until then `upload` tells how far it is. */
    | { readonly type: 'image'; readonly file: OutgoingFile; readonly image: Image | undefined };
  readonly status: 'pending' | 'uploading' | 'sending' | 'failed';
  /** 0 to 1 while uploading. */
  readonly progress: number | undefined;
  readonly failure: Failure | undefined;
}

export interface OutgoingFile {
  readonly name: string;
  readonly length: number;
  /** Object URL of the picked file, for the placeholder. */
  readonly url: string;
  /** Pixels, read before the item appears, so that the placeholder has its final shape; undefined when unreadable. */
  readonly width: number | undefined;
  readonly height: number | undefined;
}

/** A line of the conversation, oldest first. `key` is stable for the life of the item. */
export type TimelineItem =
  | { readonly kind: 'message'; readonly key: string; readonly message: Message; readonly own: boolean }
  | { readonly kind: 'joined' | 'left'; readonly key: string; readonly member: Member; readonly time: number }
  /** History between the lines above and below could not be recovered in full. */
  | { readonly kind: 'gap'; readonly key: string; readonly time: number };

/** One WebSocket message as the wire strip draws it. */
export interface WireTick {
  readonly time: number;
  readonly direction: 'up' | 'down';
  readonly kind: 'text' | 'binary' | 'ping' | 'pong' | 'close' | 'error';
  /** Payload octets. */
  readonly length: number;
}

/** A short notice that goes away by itself or on click: an image refused, a rate limit. */
export interface Toast {
  readonly key: string;
  readonly tone: 'info' | 'error';
  readonly text: ToastText;
}

/** What a toast says; the texts are in texts.ts. */
export type ToastText =
  | { readonly id: 'image-too-large'; readonly file: string; readonly length: number; readonly limit: number }
  | { readonly id: 'image-type'; readonly file: string }
  | { readonly id: 'image-unreadable'; readonly file: string }
  | { readonly id: 'rate-limited'; readonly retryAfter: number }
  | { readonly id: 'signed-out-elsewhere' }
  | { readonly id: 'history-failed' };

/** A file as a browser's `File` gives it, without the DOM's types. */
export interface PickedFile {
  readonly name: string;
  /** Octets. */
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

export interface ChatState {
  /** `restoring`: a kept token is being tried, so no sign-in form yet. */
  readonly phase: 'restoring' | 'signed-out' | 'entering' | 'chatting';
  /** What the server or the page has against the name just tried. */
  readonly signInFailure: Failure | undefined;
  readonly me: Member | undefined;
  /** The name last used in this browser, to fill in the sign-in field; missing when there was none. */
  readonly lastName?: string;
  readonly room: string;
  readonly connection: ConnectionState;
  readonly lastClose: LastClose | undefined;
  /** Who is here, by name. */
  readonly members: readonly Member[];
  readonly timeline: readonly TimelineItem[];
  readonly outbox: readonly Outgoing[];
  readonly hasMore: boolean;
  readonly loadingOlder: boolean;
  /** Announced by the server; undefined before the first connection. */
  readonly limits: Limits | undefined;
  readonly toasts: readonly Toast[];
  /** Totals of this page's connections, for the connection popover. */
  readonly traffic: {
    readonly sent: number;
    readonly received: number;
    readonly octetsSent: number;
    readonly octetsReceived: number;
    readonly reconnects: number;
  };
}

/** Everything a person can do. None of these throws; what goes wrong shows in the state. */
export interface ChatActions {
  signIn(name: string): void;
  /** Clears the sign-in failure, when the field is edited. */
  clearSignInFailure(): void;
  logOut(): void;
  /** Sends now or when the connection is back. Blank text is ignored. Too long text is refused by the composer. */
  sendText(text: string): void;
  /** Checks each file (type by content, length) and sends the good ones, in order. */
  sendImages(files: readonly PickedFile[]): void;
  retry(nonce: string): void;
  /** Drops a pending or failed item; cancels its upload. */
  discard(nonce: string): void;
  /** Loads what came before the first line; with the key of a gap, what is missing just above the line after that gap. */
  loadOlder(gap?: string): void;
  /** Stop waiting and try to connect at once. */
  reconnectNow(): void;
  dismissToast(key: string): void;
}

export interface ChatStore {
  readonly actions: ChatActions;
  getState(): ChatState;
  /** Calls back after each change. @returns what ends the subscription */
  subscribe(listener: () => void): () => void;
  /** Calls back for each WebSocket message in either direction. @returns what ends the subscription */
  onWire(listener: (tick: WireTick) => void): () => void;
  /** Stops timers, listeners and the connection. */
  dispose(): void;
}
