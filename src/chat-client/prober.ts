/**
 * Looks for a better transport while a lesser one is in use: after half a minute, then less and less often, and at once
 * when the network is another. One that has greeted and answered a heartbeat is handed over. Called by connector.ts.
 */
import { CloseCode } from '../close.ts';
import type { TransportName } from '../transports/channel.ts';
import { betterTransports, type Climb, type ClimbEvents, openFirst, probeWait } from './fallback.ts';
import type { Hello, OwnLink } from './link.ts';
import type { ConnectEnvironment } from './platform.ts';

export interface Prober {
  /** Begins to look for something better than this. */
  watch(current: TransportName): void;
  /** What was handed over came to nothing: looks again later. */
  failed(): void;
  /** Looks at once, if it looks at all. */
  now(): void;
  stop(): void;
}

/**
 * @param available best first
 * @param events of links that were found, and of those that are being looked at
 * @param found gets a link that carries both ways; it is the caller's from then on
 */
export function createProber(
  environment: Pick<ConnectEnvironment, 'carriers' | 'now' | 'after'>,
  available: readonly TransportName[],
  events: Pick<ClimbEvents, 'push' | 'roundTrip' | 'tick' | 'closed'>,
  found: (link: OwnLink, hello: Hello) => void,
): Prober {
  let better: readonly TransportName[] = [];
  let failures = 0;
  let climb: Climb | undefined;
  let candidate: { readonly link: OwnLink; readonly hello: Hello } | undefined;
  let cancelWait = () => {};

  function schedule() {
    cancelWait();
    if (better.length > 0) cancelWait = environment.after(probeWait(failures), look);
  }

  function look() {
    if (better.length === 0 || climb !== undefined || candidate !== undefined) return;
    cancelWait();
    climb = openFirst(environment, better, {
      push: events.push,
      tick: events.tick,
      greeted(link, hello) {
        climb = undefined;
        candidate = { link, hello };
      },
      roundTrip(link, milliseconds, slow) {
        if (link !== candidate?.link) return events.roundTrip(link, milliseconds, slow);
        if (milliseconds === undefined) return;
        const { hello } = candidate;
        candidate = undefined;
        found(link, hello);
        events.roundTrip(link, milliseconds, slow);
      },
      closed(link, code, reason) {
        if (link !== candidate?.link) return events.closed(link, code, reason);
        candidate = undefined;
        fail();
      },
      failed() {
        climb = undefined;
        fail();
      },
    });
  }

  function fail() {
    failures += 1;
    schedule();
  }

  function stop() {
    better = [];
    cancelWait();
    climb?.cancel();
    climb = undefined;
    const link = candidate?.link;
    candidate = undefined;
    link?.close(CloseCode.normal, 'given up');
  }

  return {
    watch(current) {
      stop();
      better = betterTransports(available, current);
      if (better.length === 0) failures = 0;
      schedule();
    },
    failed: fail,
    now() {
      failures = 0;
      look();
    },
    stop,
  };
}
