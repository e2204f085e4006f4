/**
 * The transport `fetch-stream`: the same event stream as the answer to a POST by `fetch`, where there is no EventSource,
 * or where the request needs fields of its own.
 */
import { CloseCode } from '../../close.ts';
import { createEventStreamParser } from '../event-stream-parser.ts';
import type { OpenSocket } from '../platform.ts';
import { closeOf, cut, type Downstream, type HttpContext, httpSocket } from './http.ts';

export function fetchStreamCarrier(context: HttpContext): OpenSocket {
  return (handlers) => httpSocket(context, handlers, (down) => void listen(context, down));
}

async function listen(context: HttpContext, down: Downstream): Promise<void> {
  try {
    const response = await context.fetch(new URL('/api/stream', context.url).href, {
      method: 'POST',
      headers: { Accept: 'text/event-stream', 'Content-Type': 'application/json', ...context.headers },
      body: '{}',
      signal: down.signal,
      cache: 'no-store',
    });
    if (!response.ok) return down.closed(await closeOf(response));
    const type = response.headers.get('Content-Type') ?? '';
    if (response.body === null || !type.toLowerCase().startsWith('text/event-stream')) {
      return down.closed({ code: CloseCode.abnormalClosure, reason: 'The answer is no event stream.' });
    }
    down.opened();
    const reader = response.body.getReader();
    const parser = createEventStreamParser();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (part.value === undefined) continue;
      for (const { data } of parser.push(part.value)) down.received(data);
    }
    down.closed(cut);
  } catch (error) {
    if (!(error instanceof RangeError)) return down.closed(cut);
    down.closed({ code: CloseCode.messageTooBig, reason: error.message });
  }
}
