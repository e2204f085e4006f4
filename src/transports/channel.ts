/**
 * The seam between the chat and what carries it. Each transport (websocket.ts, event-stream.ts, polling.ts) makes one
 * channel per connection, gives it to `accept`, and tells the user that it gets back what comes in. The chat knows
 * nothing else of a transport; a transport knows nothing of the chat.
 */

/** How a connection is carried. The page shows it; docs/chat-protocol.md describes each. */
export const transportNames = [
  'websocket',
  'event-stream',
  'fetch-stream',
  'long-poll',
  'short-poll',
] as const;
export type TransportName = (typeof transportNames)[number];

/**
 * One push, encoded once for everybody who gets it. The object is the same for every channel, so a transport may key
 * its own encoding of it by identity.
 */
export interface Push {
  /** Name of the event, as `room:event`; an event stream has it in its `event` field. */
  readonly event: string;
  /** The whole JSON text. */
  readonly text: string;
  /** `epoch:offset`, for pushes that are in the log; an event stream has it in its `id` field. */
  readonly cursor: string | undefined;
  /** What a newer push with the same key replaces while a slow reader has not taken it; undefined when each one counts. */
  readonly coalesce: string | undefined;
}

/** A way to one client. Nothing here throws; what is sent after the end is dropped. */
export interface Channel {
  /**
   * Name of this connection that nobody can guess: 18 random octets as base64url. `server:hello` says it; over HTTP it
   * is part of the addresses to which requests are sent.
   */
  readonly id: string;
  readonly transport: TransportName;
  /** IP address of the client, for the limits. */
  readonly remoteAddress: string;
  /** What the client says it is (`User-Agent`), for the list of devices; empty when it says nothing. */
  readonly userAgent: string;
  /** The token that came with it, from a cookie or an Authorization field; undefined when there was none. */
  readonly credential: string | undefined;
  /** Octets, about, that wait to be taken by the client. */
  readonly bufferedAmount: number;
  /** Sends text that is for this client only: a reply. `event` and `cursor` as of a push. */
  send(text: string, event: string, cursor?: string): void;
  /** Sends what others get too. Order is kept between `send` and `push`. */
  push(push: Push): void;
  /** Ends the connection with an RFC 6455 §7.4 code and a reason of at most 123 octets, after what was sent before. */
  close(code: number, reason: string): void;
}

/** What uses a channel. Nothing here throws. */
export interface ChannelUser {
  /** A message from the client: a string for text, octets for binary. */
  receive(data: string | Uint8Array): void;
  /** What had waited has been taken: `bufferedAmount` is low again. */
  drained(): void;
  /**
   * Does what the request `session:resume` with the channel's credential would do, after the hello, and says how it
   * went by a push: `session:entered`, or `reply:error` without an id. For streams, whose request says it all. To be
   * called at most once, right after `accept`.
   * @param since up to where the client has everything; undefined to begin
   */
  resume?(since: { readonly epoch: string; readonly offset: number } | undefined): void;
  /** The connection is gone, once, however that came. */
  closed(): void;
}

/** Takes a new connection in. Called once per channel, before anything is received. */
export type Accept = (channel: Channel) => ChannelUser;
