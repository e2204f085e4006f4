/**
 * What is used of the DOM's EventSource (HTML §9.2), found on globalThis unless it is passed. Used by event-stream.ts and
 * frames.ts.
 */

export interface EventSourceLike {
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void;
  close(): void;
}

export type EventSourceConstructor = new (url: string) => EventSourceLike;

/** A new EventSource, or undefined where there is none. */
export function createEventSource(
  url: string,
  Constructor: EventSourceConstructor | undefined = globalEventSource(),
): EventSourceLike | undefined {
  return Constructor === undefined ? undefined : new Constructor(url);
}

/** What globalThis has by that name. */
export function globalEventSource(): EventSourceConstructor | undefined {
  const found: unknown = Reflect.get(globalThis, 'EventSource');
  return isConstructor(found) ? found : undefined;
}

function isConstructor(value: unknown): value is EventSourceConstructor {
  return typeof value === 'function';
}
