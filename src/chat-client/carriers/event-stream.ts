/**
 * The transport `event-stream`: the browser's own EventSource (HTML §9.2) on `GET /api/stream`, with requests by POST.
 */
import { pushNames } from '../../chat/events.ts';
import type { OpenSocket } from '../platform.ts';
import type { EventSourceConstructor } from './event-source.ts';
import { cut, type HttpContext, httpSocket } from './http.ts';

/** An EventSource tells an event only to who listens to its name. */
const eventNames = [...pushNames, 'reply:ok', 'reply:error', 'message'];

export function eventStreamCarrier(context: HttpContext, EventSource: EventSourceConstructor): OpenSocket {
  const address = new URL('/api/stream', context.url).href;
  return (handlers) =>
    httpSocket(context, handlers, (down) => {
      const source = new EventSource(address);
      down.signal.addEventListener('abort', () => source.close());
      source.addEventListener('open', down.opened);
      for (const name of eventNames) {
        source.addEventListener(name, ({ data }) => {
          if (typeof data === 'string') down.received(data);
        });
      }
      // It would try again by itself; that, and when, is the connector's business. Why it failed it does not say.
      source.addEventListener('error', () => down.closed(cut));
    });
}
