/**
 * What the chat page knows and what a person can do on it. The store (store.ts) holds one ChatState, replaces it
 * whole on every change and decides everything; the components only draw it and call the actions. Nothing in here
 * touches the DOM, so the store is tested in Node with a fake connection and a fake clock.
 */
import type {
  Failure,
  Image,
  Item,
  Limits,
  Member,
  Message,
  ReplyData,
  RequestInput,
  RequestName,
  RoomMember,
  RoomSummary,
} from '../../src/chat/events.ts';
import type { ConnectionState, LastClose, WireTick } from '../../src/chat-client/state.ts';

export type { ConnectionState, LastClose, WireTick } from '../../src/chat-client/state.ts';

/** What the outbox holds: things to say, and changes to what was said. */
export type Command =
  | { readonly type: 'text'; readonly text: string; readonly replyTo: Message | undefined }
  /** `image` is there once the upload is done; until then `progress` tells how far it is. */
  | {
      readonly type: 'image';
      readonly file: OutgoingFile;
      readonly image: Image | undefined;
      readonly replyTo: Message | undefined;
    }
  | { readonly type: 'edit'; readonly target: Message; readonly text: string }
  | { readonly type: 'delete'; readonly target: Message }
  | {
      readonly type: 'reaction';
      readonly target: Message;
      readonly emoji: string;
      readonly on: boolean;
    };

/**
 * Something said or done, waiting to be acknowledged. It survives a reload and a crash (IndexedDB) and is carried out
 * once (same nonce). Edits, deletions and reactions show at once in the timeline, as if they were done.
 */
export interface Outgoing {
  readonly nonce: string;
  readonly room: string;
  readonly time: number;
  readonly command: Command;
  /** `sent`: acknowledged, and about to appear in the timeline. */
  readonly status: 'pending' | 'uploading' | 'sending' | 'sent' | 'failed';
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
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly message: Message;
      readonly own: boolean;
      /** Whether it mentions this person. */
      readonly mentioned: boolean;
      /** An edit, deletion or reaction of our own that is not acknowledged yet is in it already. */
      readonly pending: boolean;
    }
  | { readonly kind: 'notice'; readonly key: string; readonly item: Exclude<Item, { type: 'message' }> };

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
  | { readonly id: 'history-failed' }
  | { readonly id: 'message-gone' }
  | {
      readonly id: 'room-gone';
      readonly name: string;
      readonly why: 'left' | 'kicked' | 'banned';
      readonly reason: string;
    }
  | { readonly id: 'copied' }
  /** Something else was refused: the server's sentence, by its code. */
  | { readonly id: 'refused'; readonly failure: Failure };

/** A file as a browser's `File` gives it, without the DOM's types. */
export interface PickedFile {
  readonly name: string;
  /** Octets. */
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** What is being written in one room. Kept over a reload. */
export interface Draft {
  readonly text: string;
  readonly replyTo: Message | undefined;
  /** The message that this is to replace; `text` is then its new text. */
  readonly editing: Message | undefined;
}

/** The room that is shown. */
export interface Conversation {
  readonly room: string;
  /** `failed`: the room could not be opened; `failure` says why. `stale`: from the device's memory, without a connection. */
  readonly status: 'loading' | 'stale' | 'ready' | 'failed';
  readonly failure: Failure | undefined;
  /** A window on the log: at most some 300 lines, shed at the far end when more are loaded at the near one. */
  readonly timeline: readonly TimelineItem[];
  readonly hasOlder: boolean;
  /** The window does not reach the newest message: new ones are counted, not shown. */
  readonly hasNewer: boolean;
  readonly loading: 'older' | 'newer' | undefined;
  readonly members: readonly RoomMember[];
  /** Who types now, without oneself. */
  readonly typing: readonly Member[];
  /** The “new messages” line stands above the first message behind this offset; undefined for no line. */
  readonly newFrom: number | undefined;
  /** The message that was jumped to: scroll there and show it for a moment. `jump` counts, so that the same twice is two. */
  readonly target: { readonly id: string; readonly jump: number } | undefined;
}

export interface ChatState {
  /** `restoring`: a kept session is being tried, so no sign-in form yet. */
  readonly phase: 'restoring' | 'signed-out' | 'entering' | 'chatting';
  /** What the server or the page has against what was just tried. */
  readonly signInFailure: Failure | undefined;
  /** What it takes to get in; undefined before the first connection. */
  readonly entry: { readonly serverPassword: boolean; readonly invitation: boolean } | undefined;
  readonly me: Member | undefined;
  readonly owner: boolean;
  readonly hasPassword: boolean;
  /** The name last used in this browser, to fill in the sign-in field; missing when there was none. */
  readonly lastName?: string;
  /** The code in the address (`#/invite/CODE`), until it was used. */
  readonly invitation: string | undefined;
  readonly connection: ConnectionState;
  readonly lastClose: LastClose | undefined;
  /**
   * Rooms that one is in, and the one that is shown if one is only looking (`joined` false): general first, then rooms by
   * name, then direct ones by their newest message.
   */
  readonly rooms: readonly RoomSummary[];
  readonly conversation: Conversation;
  readonly outbox: readonly Outgoing[];
  /** By room id. */
  readonly drafts: Readonly<Record<string, Draft>>;
  /** Announced by the server; undefined before the first connection. */
  readonly limits: Limits | undefined;
  readonly toasts: readonly Toast[];
  /** Totals of this page's connections, for the connection popover. */
  readonly traffic: {
    readonly sent: number;
    readonly received: number;
    readonly octetsSent: number;
    readonly octetsReceived: number;
    /** How often a connection was lost and another went on from the cursor. */
    readonly resumes: number;
  };
}

/** How a request of a panel ended. `offline`: there was no connection, or it was lost: nobody knows. */
export type Answer<Name extends RequestName> =
  | { readonly status: 'ok'; readonly data: ReplyData<Name> }
  | { readonly status: 'refused'; readonly failure: Failure }
  | { readonly status: 'offline' };

export interface SignIn {
  readonly name: string;
  readonly password?: string;
  readonly serverPassword?: string;
}

/** Everything a person can do. None of these throws; what goes wrong shows in the state. */
export interface ChatActions {
  signIn(as: SignIn): void;
  /** Clears the sign-in failure, when a field is edited. */
  clearSignInFailure(): void;
  logOut(everywhere?: boolean): void;
  /** Shows a room, at its newest messages or around a place. Also what the address bar and a click on a link do. */
  openRoom(room: string, around?: number): void;
  /** Shows a message of the current room: scrolls there if it is loaded, loads around it if not. */
  jumpTo(offset: number): void;
  /** Back to the newest message. */
  jumpToNewest(): void;
  loadOlder(): void;
  loadNewer(): void;
  /** The person has seen up to there in the current room. The store tells the server, now and then. */
  markRead(offset: number): void;
  /** What is in the composer now. Says to others that the person types, and keeps it over a reload. */
  setDraft(change: Partial<Draft>): void;
  /** Sends the current room's draft: a message, a reply or an edit. Blank text is ignored; too long text is refused by the composer. */
  sendDraft(): void;
  /** Checks each file (type by content, length) and sends the good ones, in order. */
  sendImages(files: readonly PickedFile[]): void;
  react(message: Message, emoji: string, on: boolean): void;
  remove(message: Message): void;
  retry(nonce: string): void;
  /** Drops a pending or failed item; cancels its upload. */
  discard(nonce: string): void;
  /** Anything else that the protocol knows, for panels: rooms, devices, search, moderation. Takes a `nonce` from `nonce()`. */
  request<Name extends RequestName>(event: Name, data: RequestInput<Name>): Promise<Answer<Name>>;
  nonce(): string;
  /** Puts up a toast, as when something was copied. */
  notify(text: ToastText): void;
  /** Stop waiting and try to connect at once. */
  reconnectNow(): void;
  dismissToast(key: string): void;
}

/** Something that happened and may be worth a notification: a message that came in live, by somebody else. */
export interface Arrival {
  readonly room: RoomSummary;
  readonly message: Message;
  readonly mentioned: boolean;
}

export interface ChatStore {
  readonly actions: ChatActions;
  getState(): ChatState;
  /** Calls back after each change. @returns what ends the subscription */
  subscribe(listener: () => void): () => void;
  /** Calls back for each live message of others, in any room that is not muted. @returns what ends the subscription */
  onArrival(listener: (arrival: Arrival) => void): () => void;
  /**
   * Calls back for each frame of this page's connection, as the server's tracer saw it (over other transports: each
   * message). Costs nothing while nobody listens. @returns what ends the subscription
   */
  onWire(listener: (tick: WireTick) => void): () => void;
  /** Stops timers, listeners and the connection. */
  dispose(): void;
}
