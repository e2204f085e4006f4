/**
 * One connection from its opening to its end, over whatever transport: requests and their replies by id, the greeting,
 * the heartbeat, round-trip time, and a tick for each message in either direction. It decides nothing about what comes
 * after it has closed; connector.ts does. Everything that comes in goes through the schemas, and what they do not know
 * is ignored.
 */
import {
  type Failure,
  parseReply,
  parseServerEvent,
  type ReplyData,
  type RequestInput,
  type RequestName,
  type ServerEvent,
} from '../chat/events.ts';
import type { TransportName } from '../transports/channel.ts';
import type { ConnectEnvironment, OpenSocket, Socket } from './platform.ts';
import type { WireTick } from './state.ts';

/** Milliseconds: until the greeting must be there, until any request must be answered. */
export const openTimeout = 10_000;
export const requestTimeout = 15_000;

/** Milliseconds between heartbeats, and until one must be answered. */
export const heartbeatInterval = 20_000;
export const heartbeatTimeout = 10_000;

/** The same when there is reason to doubt: the browser says that the network is gone, or the tab was asleep. */
export const doubtfulTimeout = 3_000;

/** A round trip longer than this many milliseconds is called slow, also while it is still under way. */
export const slowRoundTrip = 1_500;

/** The close code with which a client gives up on a server that does not answer. */
export const unansweredCode = 4000;

/** Milliseconds that a link which is being replaced has to finish what it was asked. */
export const retireTimeout = 5_000;

export type Outcome<Name extends RequestName> =
  | { readonly status: 'ok'; readonly data: ReplyData<Name> }
  | { readonly status: 'refused'; readonly failure: Failure }
  /** The connection ended first: nobody knows whether it was carried out. */
  | { readonly status: 'lost' };

export type Hello = Extract<ServerEvent, { event: 'server:hello' }>['data'];
export type Push = Exclude<
  ServerEvent,
  { event: 'reply:ok' | 'reply:error' | 'server:hello' | 'connection:closed' }
>;

export interface LinkEvents {
  /** The server has greeted: requests may be sent. */
  hello(hello: Hello): void;
  push(push: Push): void;
  /** A round trip was measured, or one is overdue (slow without a new time). */
  roundTrip(milliseconds: number | undefined, slow: boolean): void;
  tick(tick: WireTick): void;
  /** Once, at the end; every open request was told `lost` before. `opened`: the connection had come about. */
  closed(code: number, reason: string, opened: boolean): void;
}

export interface Link {
  readonly transport: TransportName;
  /** Sends a request; `done` is called once. Only after `hello`. */
  request<Name extends RequestName>(
    event: Name,
    data: RequestInput<Name>,
    done: (outcome: Outcome<Name>) => void,
  ): void;
  /** Makes sure, sooner than the heartbeat would, that the other side is still there. */
  check(): void;
  /** Ends it at once, whatever the network says; `closed` follows within this call. */
  close(code: number, reason: string): void;
}

/** A link as its owner has it. */
export interface OwnLink extends Link {
  /** A request has been answered: the transport carries both ways. */
  readonly answered: boolean;
  /** Takes no more requests and ends once the open ones are answered, after `retireTimeout` at the latest. */
  retire(code: number, reason: string): void;
}

export interface LinkOptions {
  readonly transport: TransportName;
  readonly openSocket: OpenSocket;
  /** Milliseconds until the greeting must be there. Default `openTimeout`. */
  readonly greetingTimeout?: number;
}

type Reply = { readonly data: unknown } | { readonly failure: Failure } | 'lost';

interface Waiting {
  readonly event: RequestName;
  readonly settle: (reply: Reply) => void;
  readonly cancelTimeout: () => void;
}

const unreadable: Failure = { code: 'internal', message: 'The reply of the server could not be read.' };

type LinkEnvironment = Pick<ConnectEnvironment, 'now' | 'after'>;

/** Opens a connection. Events come later, never within this call. */
export function openLink(environment: LinkEnvironment, options: LinkOptions, events: LinkEvents): OwnLink {
  const { transport, openSocket, greetingTimeout = openTimeout } = options;
  const waiting = new Map<number, Waiting>();
  const encoder = new TextEncoder();
  let nextId = 1;
  let opened = false;
  let greeted = false;
  let answered = false;
  let ended = false;
  /** Set once the link is to end: what to do when nothing is open any more. */
  let retirement: (() => void) | undefined;
  let cancelRetirement = () => {};
  let cancelHeartbeat = () => {};
  const cancelTimeout = environment.after(greetingTimeout, () => close(unansweredCode, 'no greeting'));

  const socket: Socket = openSocket({
    opened() {
      opened = true;
    },
    received(data) {
      if (!ended) receive(data);
    },
    closed: (code, reason) => end(code, reason, 'down'),
  });

  function receive(data: unknown) {
    if (typeof data !== 'string') return tick('down', 'binary', 0);
    const event = parseServerEvent(data);
    const request = event !== undefined && 'id' in event ? waiting.get(event.id ?? -1) : undefined;
    const isPong = request?.event === 'heartbeat:ping';
    tick('down', isPong ? 'pong' : 'text', encoder.encode(data).length);
    if (event === undefined) return;
    switch (event.event) {
      case 'reply:ok':
        return settle(event.id, { data: event.data });
      case 'reply:error':
        return event.id === undefined ? undefined : settle(event.id, { failure: event.data });
      case 'server:hello':
        return greet(event.data);
      case 'connection:closed':
        // Over HTTP the carrier has made an end of it; a WebSocket says the same in its Close frame.
        return;
      default:
        if (greeted) events.push(event);
    }
  }

  function greet(hello: Hello) {
    if (greeted) return;
    greeted = true;
    cancelTimeout();
    beat(heartbeatTimeout);
    events.hello(hello);
  }

  function settle(id: number, reply: Reply) {
    const request = waiting.get(id);
    if (request === undefined) return;
    waiting.delete(id);
    request.cancelTimeout();
    answered ||= reply !== 'lost';
    request.settle(reply);
    if (idle()) retirement?.();
  }

  function idle(): boolean {
    return [...waiting.values()].every(({ event }) => event === 'heartbeat:ping');
  }

  /** Pings now and, once answered, again after the interval. */
  function beat(timeout: number) {
    cancelHeartbeat();
    const sentAt = environment.now();
    const cancelOverdue = environment.after(slowRoundTrip, () => events.roundTrip(undefined, true));
    cancelHeartbeat = cancelOverdue;
    ask('heartbeat:ping', {}, timeout, 'no heartbeat', (outcome) => {
      cancelOverdue();
      if (outcome.status === 'lost') return;
      const roundTripTime = Math.max(0, environment.now() - sentAt);
      cancelHeartbeat();
      cancelHeartbeat = environment.after(heartbeatInterval, () => beat(heartbeatTimeout));
      events.roundTrip(roundTripTime, roundTripTime > slowRoundTrip);
    });
  }

  function ask<Name extends RequestName>(
    event: Name,
    data: RequestInput<Name>,
    timeout: number,
    complaint: string,
    done: (outcome: Outcome<Name>) => void,
  ) {
    if (ended || !greeted || retirement !== undefined) return done({ status: 'lost' });
    const id = nextId;
    nextId += 1;
    waiting.set(id, {
      event,
      settle(reply) {
        if (reply === 'lost') return done({ status: 'lost' });
        done('failure' in reply ? { status: 'refused', failure: reply.failure } : read(event, reply.data));
      },
      cancelTimeout: environment.after(timeout, () => close(unansweredCode, complaint)),
    });
    const text = JSON.stringify({ event, id, data });
    tick('up', event === 'heartbeat:ping' ? 'ping' : 'text', encoder.encode(text).length);
    socket.send(text);
  }

  function tick(direction: WireTick['direction'], kind: WireTick['kind'], length: number) {
    events.tick({ time: environment.now(), direction, kind, length });
  }

  function close(code: number, reason: string) {
    if (ended) return;
    socket.close(code, reason);
    end(code, reason, 'up');
  }

  function end(code: number, reason: string, direction: WireTick['direction']) {
    if (ended) return;
    ended = true;
    cancelTimeout();
    cancelHeartbeat();
    cancelRetirement();
    retirement = undefined;
    const kind = code === 1006 || code === unansweredCode ? 'error' : 'close';
    if (opened) tick(direction, kind, encoder.encode(reason).length);
    for (const id of [...waiting.keys()]) settle(id, 'lost');
    events.closed(code, reason, opened);
  }

  return {
    transport,
    get answered() {
      return answered;
    },
    request: (event, data, done) => ask(event, data, requestTimeout, `no reply to ${event}`, done),
    check() {
      if (greeted && !ended) beat(doubtfulTimeout);
    },
    close,
    retire(code, reason) {
      if (ended || retirement !== undefined) return;
      cancelHeartbeat();
      retirement = () => close(code, reason);
      cancelRetirement = environment.after(retireTimeout, retirement);
      if (idle()) retirement();
    },
  };
}

function read<Name extends RequestName>(event: Name, data: unknown): Outcome<Name> {
  try {
    return { status: 'ok', data: parseReply(event, data) };
  } catch {
    return { status: 'refused', failure: unreadable };
  }
}
