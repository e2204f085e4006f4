/**
 * All transports that there are here, each by its file in carriers/. Nothing in here decides which to use: fallback.ts
 * does. Called by the page's environment and by client.ts.
 */
import { type TransportName, transportNames } from '../transports/channel.ts';
import { type EventSourceConstructor, globalEventSource } from './carriers/event-source.ts';
import { eventStreamCarrier } from './carriers/event-stream.ts';
import { fetchStreamCarrier } from './carriers/fetch-stream.ts';
import type { Fetch, HttpContext } from './carriers/http.ts';
import { longPollCarrier, shortPollCarrier } from './carriers/poll.ts';
import { globalWebSocket, type WebSocketConstructor, webSocketCarrier } from './carriers/websocket.ts';
import { realTimer } from './defaults.ts';
import type { Carriers, OpenSocket } from './platform.ts';

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
export function createCarriers(options: CarrierOptions): Carriers {
  const { url, headers = {} } = options;
  const WebSocket = options.WebSocket ?? globalWebSocket();
  const EventSource = options.EventSource ?? globalEventSource();
  // A browser's fetch is one only as a call on its window.
  const fetch: Fetch = options.fetch ?? ((address, init) => globalThis.fetch(address, init));
  const context: HttpContext = { fetch, url, headers, after: options.after ?? realTimer };
  const canEventStream = EventSource !== undefined && Object.keys(headers).length === 0;

  const all: { [Name in TransportName]: OpenSocket | undefined } = {
    websocket: WebSocket === undefined ? undefined : webSocketCarrier(url, WebSocket),
    'event-stream': canEventStream ? eventStreamCarrier(context, EventSource) : undefined,
    'fetch-stream': fetchStreamCarrier(context),
    'long-poll': longPollCarrier(context),
    'short-poll': shortPollCarrier(context),
  };
  const wanted =
    options.transports ?? transportNames.filter((name) => name !== 'fetch-stream' || !canEventStream);
  const carriers: { [Name in TransportName]?: OpenSocket } = {};
  for (const name of wanted) {
    const carrier = all[name];
    if (carrier !== undefined) carriers[name] = carrier;
  }
  return carriers;
}
