/**
 * The seam between the chat and what carries it. A transport (websocket-channel.ts, later others) makes one channel
 * per connection and gives it to a Session; the chat knows nothing else of it.
 */
import type { PushName } from './events.ts';

/**
 * One push, encoded once for everybody who gets it. The object is the same for every channel, so a transport may key
 * its own encoding of it by identity.
 */
export interface Push {
  readonly event: PushName;
  /** The whole JSON text. */
  readonly text: string;
  /** Place in the room's log, for pushes that are in it. */
  readonly offset: number | undefined;
}

/** A way to one client. Nothing here throws; what is sent after the end is dropped. */
export interface Channel {
  /** IP address of the client, for the limits. */
  readonly remoteAddress: string;
  /** Sends text that is for this client only: a reply. */
  send(text: string): void;
  /** Sends what others get too. Order is kept between `send` and `push`. */
  push(push: Push): void;
  /** Ends the connection with an RFC 6455 §7.4 code and a reason of at most 123 octets, after what was sent before. */
  close(code: number, reason: string): void;
}

/** What the chat needs of a log; pino has it. */
export interface Logger {
  info(details: object, text: string): void;
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}
