/**
 * All transports that there are here, each by its file in carriers/. Nothing in here decides which to use: fallback.ts
 * does. Called by the page's environment and by client.ts.
 */
import type { TransportName } from '../transports/channel.ts';
import type { EventSourceConstructor } from './carriers/event-source.ts';
import type { Fetch } from './carriers/http.ts';
import type { WebSocketConstructor } from './carriers/websocket.ts';
import type { Carriers } from './platform.ts';

export interface CarrierOptions {
  /** Origin of the server, as `https://chat.example`. A path is not looked at. */
  readonly url: string;
  /** Which to have. Default: all that work here; of the two event streams, `fetch-stream` only where `event-stream` does not. */
  readonly transports?: readonly TransportName[] | undefined;
  /** For every HTTP request, as `Authorization`. With any, `event-stream` cannot be used: it takes none. Default none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What of the platform to use. Default: what globalThis has. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  readonly fetch?: Fetch | undefined;
  readonly EventSource?: EventSourceConstructor | undefined;
  /** Timers, for polling. Default: setTimeout. */
  readonly after?: ((milliseconds: number, callback: () => void) => () => void) | undefined;
}

/** The carriers for a server. A transport that has no means here is left out. */
export declare function createCarriers(options: CarrierOptions): Carriers;
