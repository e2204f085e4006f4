/**
 * What the tabs of one browser say to each other over a BroadcastChannel while they share a connection, as schemas: the
 * other tab may have been loaded from another version of the server. tab-leader.ts and tab-follower.ts speak it.
 */
import * as v from 'valibot';
import {
  count,
  failureSchema,
  pushes,
  type RequestName,
  requestData,
  serverEventSchema,
} from '../chat/events.ts';
import { transportNames } from '../transports/channel.ts';
import type { Push } from './link.ts';

const transport = v.picklist(transportNames);
const time = v.number();

const stateSchema = v.variant('status', [
  v.object({ status: v.literal('connecting'), attempt: count }),
  v.object({
    status: v.literal('open'),
    since: time,
    transport,
    shared: v.boolean(),
    roundTripTime: v.undefinedable(v.number()),
    slow: v.boolean(),
  }),
  v.object({ status: v.literal('waiting'), attempt: count, retryAt: time, restarting: v.boolean() }),
  v.object({ status: v.literal('offline') }),
  v.object({ status: v.literal('stopped'), reason: v.literal('protocol-version') }),
]);

const tickSchema = v.object({
  time,
  direction: v.picklist(['up', 'down']),
  kind: v.picklist(['text', 'binary', 'continuation', 'ping', 'pong', 'close', 'error']),
  length: count,
});

const requestName = v.custom<RequestName>(
  (input) => typeof input === 'string' && Object.hasOwn(requestData, input),
);

const outcomeSchema = v.variant('status', [
  v.object({ status: v.literal('ok'), data: v.unknown() }),
  v.object({ status: v.literal('refused'), failure: failureSchema }),
  v.object({ status: v.literal('lost') }),
]);

/** The connection that followers may use. */
const connectionSchema = v.object({
  /** Which one of this leader's; it counts up. */
  generation: count,
  transport,
  hello: pushes['server:hello'],
  entered: v.boolean(),
});

const messageSchema = v.variant('type', [
  // From a follower to whoever leads.
  v.object({ type: v.literal('join'), from: v.string() }),
  v.object({ type: v.literal('ping'), from: v.string(), ticks: v.boolean() }),
  v.object({
    type: v.literal('request'),
    from: v.string(),
    id: count,
    event: requestName,
    data: v.unknown(),
  }),
  v.object({
    type: v.literal('command'),
    command: v.picklist(['connectNow', 'drop', 'renew', 'check']),
    reason: v.string(),
  }),
  // From the leader. `term` names it and the time that it leads; `number` is that of its newest push.
  v.object({
    type: v.literal('standing'),
    term: v.string(),
    state: stateSchema,
    lastClose: v.undefinedable(v.object({ time, code: count, reason: v.string(), transport })),
    connection: v.undefinedable(connectionSchema),
    number: count,
  }),
  v.object({ type: v.literal('pong'), term: v.string(), to: v.string() }),
  v.object({ type: v.literal('reply'), to: v.string(), id: count, outcome: outcomeSchema }),
  v.object({ type: v.literal('push'), term: v.string(), number: count, push: v.unknown() }),
  v.object({ type: v.literal('lost'), term: v.string(), code: count, reason: v.string() }),
  v.object({ type: v.literal('tick'), tick: tickSchema }),
]);

export type TabMessage = v.InferOutput<typeof messageSchema>;
export type Standing = Extract<TabMessage, { type: 'standing' }>;
export type SharedConnection = v.InferOutput<typeof connectionSchema>;
export type TabOutcome = v.InferOutput<typeof outcomeSchema>;

/** One message of another tab; undefined when this version does not know it. */
export function parseTabMessage(value: unknown): TabMessage | undefined {
  const result = v.safeParse(messageSchema, value);
  return result.success ? result.output : undefined;
}

/** A push that came through another tab. */
export function parsePush(value: unknown): Push | undefined {
  const result = v.safeParse(serverEventSchema, value);
  if (!result.success) return undefined;
  const event = result.output;
  switch (event.event) {
    case 'reply:ok':
    case 'reply:error':
    case 'server:hello':
    case 'connection:closed':
      return undefined;
    default:
      return event;
  }
}
