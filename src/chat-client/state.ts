/**
 * What a connection is like, for whoever shows it: how far it is, why the last one ended, and a tick for each thing
 * that went over it. connector.ts and tabs.ts make these; the page's model has them in its state.
 */
import type { TransportName } from '../transports/channel.ts';

/** How a client is connected, in the order in which it usually happens. */
export type ConnectionState =
  /** A connection is being opened, or opened and not yet let in. */
  | { readonly status: 'connecting'; readonly attempt: number }
  | {
      readonly status: 'open';
      readonly since: number;
      readonly transport: TransportName;
      /** Another tab holds the connection, and this one uses it too. */
      readonly shared: boolean;
      readonly roundTripTime: number | undefined;
      readonly slow: boolean;
    }
  /** The next attempt is made at `retryAt` (ms, this client's clock); `restarting` when the server said that it would be back. */
  | {
      readonly status: 'waiting';
      readonly attempt: number;
      readonly retryAt: number;
      readonly restarting: boolean;
    }
  /** The browser says that there is no network. */
  | { readonly status: 'offline' }
  /** Retrying cannot help (another protocol version). `reason` is a key of the page's text table. */
  | { readonly status: 'stopped'; readonly reason: 'protocol-version' };

/** Why the last connection that had come about ended. */
export interface LastClose {
  readonly time: number;
  readonly code: number;
  readonly reason: string;
  readonly transport: TransportName;
}

/** One WebSocket frame, or one message over another transport, as the wire strip draws it. */
export interface WireTick {
  readonly time: number;
  readonly direction: 'up' | 'down';
  readonly kind: 'text' | 'binary' | 'continuation' | 'ping' | 'pong' | 'close' | 'error';
  /** Payload octets, on the wire. */
  readonly length: number;
  readonly compressed?: boolean;
}
