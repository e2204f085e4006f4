/**
 * What the generator is told to do and what it tells, as plain values: they cross a process border as JSON and are
 * checked on both sides. Used by generator.ts and by its driver.
 */
import * as v from 'valibot';

export const workloadSchema = v.object({
  /** `latency` is an echo in which each answer is timed. */
  kind: v.picklist(['echo', 'fanout', 'handshake', 'idle', 'latency']),
  payload: v.picklist(['text', 'binary', 'json']),
  payloadLength: v.number(),
  connections: v.number(),
  /** Messages that are written at once; the next are written when all of them are answered. */
  depth: v.number(),
  /** Whether permessage-deflate is offered, and must be agreed on. */
  deflate: v.boolean(),
});
export type Workload = v.InferOutput<typeof workloadSchema>;

export const targetSchema = v.object({
  name: v.string(),
  port: v.number(),
  /** `socket.io` wraps every message into its own protocol, on WebSocket alone. */
  dialect: v.picklist(['websocket', 'socket.io']),
  /** `length` for a server that answers prepared octets; only their number is looked at. */
  check: v.picklist(['content', 'length']),
});
export type Target = v.InferOutput<typeof targetSchema>;

export const requestSchema = v.variant('do', [
  v.object({ do: v.literal('open'), id: v.number(), target: targetSchema, workload: workloadSchema }),
  /** One batch on each connection, every answer looked at in full. */
  v.object({ do: v.literal('check'), id: v.number(), name: v.string() }),
  v.object({
    do: v.literal('round'),
    id: v.number(),
    name: v.string(),
    milliseconds: v.number(),
    /** It goes on until there were so many messages, however long that takes on a machine with other things to do. */
    minimum: v.number(),
    /** Messages a second, all connections together, at times that are fixed beforehand; without it as fast as answers come. */
    rate: v.optional(v.number()),
  }),
  v.object({ do: v.literal('close'), id: v.number(), name: v.string() }),
]);
export type Request = v.InferOutput<typeof requestSchema>;

export const answerSchema = v.object({
  id: v.number(),
  /** By name; `messages` counts what the row counts: messages, deliveries or handshakes. */
  figures: v.record(v.string(), v.number()),
  /** What was agreed on, for `open`. */
  extensions: v.optional(v.string()),
  error: v.optional(v.string()),
});
export type Answer = v.InferOutput<typeof answerSchema>;
