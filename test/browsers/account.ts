/**
 * What the endpoints saw of one connection, told to the page after it is over: half of what a check looks at happens
 * at the other end. Made by endpoints.ts and raw-endpoint.ts, fetched by page/suite.ts.
 */
import type { FrameNote } from '../../src/recent-frames.ts';

export interface Account {
  /** The close code as the endpoint read it: 1005 for a Close without one, 1006 when no Close came. */
  readonly code: number;
  readonly reason: string;
  /** Sec-WebSocket-Extensions as the endpoint answered it, or ''. */
  readonly extensions: string;
  /** Whole messages that came. */
  readonly messagesReceived: number;
  /** The payload of each Pong that came, with one character an octet. */
  readonly pongs: readonly string[];
  /** The last frames both ways, the oldest first; the raw endpoint keeps only what came. */
  readonly frames: readonly FrameNote[];
}

/** What the page has to know of its endpoints, as JSON under /suite.json. */
export interface Addresses {
  /** By the names in endpoints.ts: `ws://host:port`. */
  readonly servers: Readonly<Record<string, string>>;
}
