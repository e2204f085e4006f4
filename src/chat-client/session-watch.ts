/**
 * A link that knows whether somebody is signed in over it, from the replies that pass through. connector.ts and tabs.ts
 * wrap links in it: who comes to a connection later must know whether to come back or just to ask where things stand.
 */
import type { RequestName } from '../chat/events.ts';
import type { Link, Outcome, Push } from './link.ts';

/** Requests whose answer is an Entrance: where everything stands at that moment. */
const entering: ReadonlySet<RequestName> = new Set(['session:enter', 'session:resume', 'session:state']);

export interface WatchedLink extends Link {
  /** Somebody is signed in over this connection. */
  readonly entered: boolean;
  /** This user has had an Entrance over it: the pushes that follow begin where that ended. */
  readonly caughtUp: boolean;
}

/**
 * @param entered whether somebody is signed in already
 * @param changed called after an answer has been delivered that changed `entered`
 */
export function watchSession(
  link: Link,
  entered: boolean,
  changed: (entered: boolean) => void = () => {},
): WatchedLink {
  let isIn = entered;
  let caughtUp = false;

  function set(now: boolean) {
    const differs = now !== isIn;
    isIn = now;
    return differs;
  }

  return {
    transport: link.transport,
    get entered() {
      return isIn;
    },
    get caughtUp() {
      return caughtUp;
    },
    request(event, data, done) {
      link.request(event, data, (outcome: Outcome<typeof event>) => {
        const ok = outcome.status === 'ok';
        const enters = ok && entering.has(event);
        const leaves = ok && event === 'session:leave';
        caughtUp ||= enters;
        const differs = (enters && set(true)) || (leaves && set(false));
        done(outcome);
        if (differs) changed(isIn);
      });
    },
    check: () => link.check(),
    close: (code, reason) => link.close(code, reason),
  };
}

const covered: ReadonlySet<Push['event']> = new Set(['room:event', 'room:changed', 'room:gone', 'room:read']);

/** Whether an Entrance tells what this push tells: to who still waits for theirs it says nothing new. */
export function isInEntrance(push: Push): boolean {
  return covered.has(push.event);
}
