/**
 * What a program sees of the chat's client: the names that it can hear and ask, and what goes with them. client.ts makes
 * it.
 */
import type {
  Cursor,
  Entrance,
  ErrorCode,
  Failure,
  ReplyData,
  RequestInput,
  RequestName,
} from '../chat/events.ts';
import type { TransportName } from '../transports/channel.ts';
import type { CarrierOptions } from './carriers.ts';
import type { Push } from './link.ts';
import type { ConnectEnvironment } from './platform.ts';
import type { ConnectionState } from './state.ts';

/** What may be heard by `on`, besides `*` for all of it: the server's pushes, and what the client itself has to say. */
export type ClientEvents = {
  readonly [Name in Exclude<Push['event'], 'session:entered' | 'server:restart'>]: Extract<
    Push,
    { event: Name }
  >['data'];
} & {
  /** Signed in, or back: all events that came meanwhile have been told before this. */
  readonly 'session:entered': Entrance;
  /** A new token, to be kept for the next start. */
  readonly 'session:token': { readonly token: string; readonly expires: number };
  /** The server will not let this client in; it has stopped. */
  readonly 'session:refused': Failure;
  /** More happened than could be caught up with: rooms have to be opened anew. */
  readonly 'session:missed': Entrance;
  readonly 'connection:changed': ConnectionState;
};
export type ClientEventName = keyof ClientEvents;
export type ClientHandler<Name extends ClientEventName> = (data: ClientEvents[Name]) => void;

/** What a request takes here: its `nonce` may be left out, and is then made. */
export type EmitInput<Name extends RequestName> = 'nonce' extends keyof RequestInput<Name>
  ? Omit<RequestInput<Name>, 'nonce'> & { readonly nonce?: string }
  : RequestInput<Name>;

export interface EmitOptions {
  /** Milliseconds until it is given up, waits for a connection included. Default 30 seconds. */
  readonly timeout?: number;
}

export interface ChatOptions extends CarrierOptions {
  /** From an earlier sign-in. */
  readonly token?: string | undefined;
  /** To sign in under, when there is no token or it has run out. */
  readonly name?: string | undefined;
  /** Of the name, when it has one; of the server, when it wants one; and an invitation, when one is needed. */
  readonly password?: string | undefined;
  readonly serverPassword?: string | undefined;
  readonly invitation?: string | undefined;
  /** What this program calls itself in the list of devices. */
  readonly device?: string | undefined;
  /** Up to where everything is known from before: what came after is told first. */
  readonly since?: Cursor | undefined;
  /** Clock and the like, for tests. Default: those of globalThis. */
  readonly environment?: Partial<ConnectEnvironment> | undefined;
}

export interface ChatClient {
  /** Calls back for each event of that name, or with `*` for all. @returns what ends it */
  on<Name extends ClientEventName>(name: Name, handler: ClientHandler<Name>): () => void;
  on(name: '*', handler: (name: ClientEventName, data: ClientEvents[ClientEventName]) => void): () => void;
  /**
   * Asks the server. What carries a nonce is asked again after a loss, until it is answered; the server does it once.
   * Waits for the sign-in, when there is one to come.
   * @throws ChatError (by rejection) with the server's code, or `timeout`, `lost`, `closed`
   */
  emit<Name extends RequestName>(
    name: Name,
    data: EmitInput<Name>,
    options?: EmitOptions,
  ): Promise<ReplyData<Name>>;
  /** Up to where everything has been told; undefined before the first sign-in. */
  readonly cursor: Cursor | undefined;
  readonly state: ConnectionState;
  /** What carries the connection now; undefined without one. */
  readonly transport: TransportName | undefined;
  /** Ends it for good. What is open rejects with `closed`. */
  close(): void;
}

/** Why a request came to nothing. */
export class ChatError extends Error {
  override readonly name = 'ChatError';
  /** The server's code; or `timeout`, `lost` (nobody knows whether it was carried out) or `closed` (by this program). */
  readonly code: ErrorCode | 'timeout' | 'lost' | 'closed';
  /** Milliseconds after which it may be tried again, when the server said so. */
  readonly retryAfter: number | undefined;
  /** The whole refusal, when it was the server's. */
  readonly failure: Failure | undefined;

  constructor(code: ChatError['code'], message: string, failure?: Failure) {
    super(message);
    this.code = code;
    this.retryAfter = failure?.retryAfter;
    this.failure = failure;
  }
}

/** The error for a refusal. */
export function refusedError(failure: Failure): ChatError {
  return new ChatError(failure.code, failure.message, failure);
}
