/**
 * Which transport next. A WebSocket is tried first, then an event stream, then polling; what worked last time goes before
 * all. The decisions are functions of values; `openFirst` is the thin shell that opens one link after another until one
 * is greeted. connector.ts uses it for the connection itself and, while that is a lesser one, to look for a better.
 */
import { CloseCode, retryAfterOf } from '../close.ts';
import { type TransportName, transportNames } from '../transports/channel.ts';
import { type Hello, type OwnLink, openLink, openTimeout, type Push } from './link.ts';
import type { Carriers, ConnectEnvironment } from './platform.ts';
import type { WireTick } from './state.ts';

/** Milliseconds that a transport has to bring the greeting while there is another one to try. */
export const greetingTimeouts: { readonly [Name in TransportName]: number } = {
  websocket: 4_000,
  'event-stream': 6_000,
  'fetch-stream': 6_000,
  'long-poll': 6_000,
  'short-poll': 6_000,
};

/** Milliseconds before a better transport is looked for the first time, and at most. */
export const firstProbeWait = 30_000;
export const longestProbeWait = 600_000;

/** The greater, the better. The two event streams are as good as each other. */
const ranks: { readonly [Name in TransportName]: number } = {
  websocket: 3,
  'event-stream': 2,
  'fetch-stream': 2,
  'long-poll': 1,
  'short-poll': 0,
};

/** The transports that there are, best first. */
export function availableTransports(carriers: Carriers): TransportName[] {
  return transportNames.filter((name) => carriers[name] !== undefined);
}

/**
 * In which order to try.
 * @param available best first @param remembered what worked last time
 * @param mistrusted what was greeted and then carried nothing: tried last
 */
export function transportOrder(
  available: readonly TransportName[],
  remembered: TransportName | undefined,
  mistrusted: ReadonlySet<TransportName>,
): TransportName[] {
  const place = (name: TransportName) => (mistrusted.has(name) ? 2 : name === remembered ? 0 : 1);
  // Sorting keeps the order of equals.
  return [...available].sort((one, other) => place(one) - place(other));
}

/** What is better than the transport in use, best first. */
export function betterTransports(
  available: readonly TransportName[],
  current: TransportName,
): TransportName[] {
  return available.filter((name) => ranks[name] > ranks[current]);
}

/** Milliseconds until a better transport is looked for again. @param failures how often that has come to nothing */
export function probeWait(failures: number): number {
  return Math.min(longestProbeWait, firstProbeWait * 2 ** Math.min(failures, 16));
}

/**
 * Whether an end before the greeting may be the transport's fault, so that another could do better. A server that says
 * when to come back has been reached; it would say the same over every other transport.
 */
export function mayBeTransport(code: number, reason: string): boolean {
  if (retryAfterOf(reason) !== undefined) return false;
  return code !== CloseCode.serviceRestart && code !== CloseCode.tryAgainLater;
}

export interface ClimbEvents {
  /** One of them is greeted: from here on it is the caller's. */
  greeted(link: OwnLink, hello: Hello): void;
  push(link: OwnLink, push: Push): void;
  roundTrip(link: OwnLink, milliseconds: number | undefined, slow: boolean): void;
  tick(tick: WireTick): void;
  /** A link that was greeted has ended. */
  closed(link: OwnLink, code: number, reason: string): void;
  /** None was greeted; what the last one said. `opened`: it had come about. Not after `cancel`. */
  failed(transport: TransportName, code: number, reason: string, opened: boolean): void;
}

export interface Climb {
  /** Gives up, unless one was greeted. Nothing is told after this. */
  cancel(): void;
}

/** Opens the transports in this order until one is greeted. */
export function openFirst(
  environment: Pick<ConnectEnvironment, 'carriers' | 'now' | 'after'>,
  order: readonly TransportName[],
  events: ClimbEvents,
): Climb {
  let cancelled = false;
  let closeUngreeted = () => {};

  function open(index: number) {
    const transport = order[index];
    const openSocket = transport === undefined ? undefined : environment.carriers[transport];
    if (transport === undefined || openSocket === undefined) {
      throw new RangeError(`There is no transport ${transport ?? 'at all'} here.`);
    }
    const isLast = index === order.length - 1;
    const greetingTimeout = isLast ? openTimeout : greetingTimeouts[transport];
    let greeted = false;
    const link = openLink(
      environment,
      { transport, openSocket, greetingTimeout },
      {
        hello(hello) {
          greeted = true;
          events.greeted(link, hello);
        },
        push: (push) => events.push(link, push),
        roundTrip: (milliseconds, slow) => events.roundTrip(link, milliseconds, slow),
        tick: events.tick,
        closed(code, reason, opened) {
          if (greeted) return events.closed(link, code, reason);
          if (cancelled) return;
          if (!isLast && mayBeTransport(code, reason)) return open(index + 1);
          events.failed(transport, code, reason, opened);
        },
      },
    );
    closeUngreeted = () => {
      if (!greeted) link.close(CloseCode.normal, 'given up');
    };
  }

  open(0);
  return {
    cancel() {
      cancelled = true;
      closeUngreeted();
    },
  };
}
