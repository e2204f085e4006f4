/**
 * The chat's wire, version 2, in one place to import from: events/things.ts has what is spoken of, events/requests.ts
 * what a client may ask, events/replies.ts and events/failure.ts what it is answered, events/pushes.ts what it is told
 * unasked. The server validates what comes in, the client validates what it gets; nothing else parses JSON off the wire.
 * Runs in Node and in the browser.
 */
export * from './events/failure.ts';
export * from './events/pushes.ts';
export * from './events/replies.ts';
export * from './events/requests.ts';
export * from './events/things.ts';
