/**
 * Keeps one connection going: opens it over whatever transport works, notices its end, waits and opens the next, at once
 * when the network comes back or the tab becomes visible. How long it waits the server says in its close reason (RFC
 * 6455 §7.1.6), or before in `server:restart`; else it backs off with full jitter. While the transport is a lesser one it
 * looks for a better, and changes over without a gap. Owns the ConnectionState that is shown. What is said over a link is
 * its user's business, who calls `letIn` when the link is ready for use.
 */
import { protocolVersion } from '../chat/events.ts';
import { CloseCode, retryAfterOf } from '../close.ts';
import { type TransportName, transportNames } from '../transports/channel.ts';
import { availableTransports, type Climb, openFirst, transportOrder } from './fallback.ts';
import { type Hello, type Link, type OwnLink, type Push, unansweredCode } from './link.ts';
import type { ConnectEnvironment, PageSignal } from './platform.ts';
import { createProber } from './prober.ts';
import { isInEntrance, type WatchedLink, watchSession } from './session-watch.ts';
import type { ConnectionState, LastClose, WireTick } from './state.ts';

/** Milliseconds: no wait is shorter, none longer. */
export const shortestWait = 500;
export const longestWait = 30_000;

/** A connection that lasted this many milliseconds was a good one: the next wait is short again. */
export const goodConnection = 5_000;

/** Where the tab's storage has the transport that worked. */
export const transportKey = 'barewire.transport';

/**
 * How long to wait before an attempt, in milliseconds: anywhere between the shortest wait and a ceiling that doubles
 * from one second to the longest wait, so that many clients that lost one server do not come back in step.
 * @param attempt 0 for the first after a loss @param random from 0 up to 1
 */
export function backOff(attempt: number, random: number): number {
  const ceiling = Math.min(longestWait, 2 * shortestWait * 2 ** Math.min(attempt, 16));
  return Math.round(shortestWait + random * (ceiling - shortestWait));
}

/** How a user of a connection finds it. */
export interface Arrival {
  /**
   * Somebody is signed in over it already, as when another tab was there before: ask `session:state {since}`. Otherwise
   * `session:resume` or `session:enter`. Events of the log that arrive before the answer are in it, and not told.
   */
  readonly entered: boolean;
}

export interface ConnectorEvents {
  /**
   * The server has greeted over a new link, or the same one has to be caught up with anew. Use this link from now on,
   * and no older one. Answered, sooner or later, by `letIn`.
   */
  ready(link: Link, hello: Hello, arrival: Arrival): void;
  push(push: Push): void;
  /** There is no link any more; the state is changed after this. */
  lost(code: number, reason: string): void;
  changed(state: ConnectionState, lastClose: LastClose | undefined): void;
  tick(tick: WireTick): void;
}

export interface Connector {
  /** Opens the first link. */
  start(): void;
  /** The current link is ready for what the person does: counts as open. */
  letIn(): void;
  /** Tries now instead of waiting. Does nothing while a link is there or being made. */
  connectNow(): void;
  /** Gives up on the current link; the next follows after a wait. */
  drop(reason: string): void;
  /** Ends the current link on purpose and opens another at once. */
  renew(reason: string): void;
  /** Whether this tab holds the connection. Where nothing is shared: always. */
  isLeader(): boolean;
  /** Calls back when this tab begins or ceases to hold the connection. @returns what ends it */
  onLeader(listener: (isLeader: boolean) => void): () => void;
  /** Whether `tick` is wanted here even though another tab holds the connection. Default false. */
  wantTicks(wanted: boolean): void;
  dispose(): void;
}

/** One that was greeted. */
interface Connection {
  readonly own: OwnLink;
  readonly hello: Hello;
  /** What its user has of it; a new one each time that they have to catch up. */
  watched: WatchedLink;
}

/**
 * A connector of its own; `start` begins.
 * @throws RangeError when the environment has no transport
 */
export function createConnector(environment: ConnectEnvironment, events: ConnectorEvents): Connector {
  const available = availableTransports(environment.carriers);
  if (available.length === 0) throw new RangeError('There is no transport to connect with: pass carriers.');
  /** Were greeted over and then carried nothing. */
  const mistrusted = new Set<TransportName>();
  let state: ConnectionState = { status: 'connecting', attempt: 0 };
  let lastClose: LastClose | undefined;
  /** Being opened. */
  let climb: Climb | undefined;
  let current: Connection | undefined;
  /** What serves until `current`, over a better transport, is let in. */
  let previous: Connection | undefined;
  let retiring: OwnLink | undefined;
  let attempt = 0;
  let roundTripTime: number | undefined;
  let slow = false;
  /** From the news of a restart until a connection stands again. */
  let restarting = false;
  /** The wait that the server has asked for, in milliseconds. It holds for one attempt. */
  let askedWait: number | undefined;
  let atOnce = false;
  let disposed = false;
  let cancelWait = () => {};

  const linkEvents = { push: heardPush, roundTrip: heardRoundTrip, tick: events.tick, closed: ended };
  const prober = createProber(environment, available, linkEvents, changeOver);
  const endSignals = environment.onSignal(hear);

  function change(next: ConnectionState) {
    state = next;
    events.changed(state, lastClose);
  }

  function open() {
    cancelWait();
    change({ status: 'connecting', attempt });
    climb = openFirst(environment, transportOrder(available, remembered(environment), mistrusted), {
      ...linkEvents,
      greeted(own, hello) {
        climb = undefined;
        use(own, hello);
      },
      failed(transport, code, reason, opened) {
        climb = undefined;
        note(transport, code, reason, opened);
        afterLoss(code, reason);
      },
    });
  }

  function use(own: OwnLink, hello: Hello) {
    roundTripTime = undefined;
    slow = false;
    current = { own, hello, watched: watchSession(own, false) };
    if (hello.protocol === protocolVersion) return announce(current, false);
    change({ status: 'stopped', reason: 'protocol-version' });
    own.close(CloseCode.normal, 'another protocol version');
  }

  /** A better transport carries: from now on it is the link, and the old one goes when it is let in. */
  function changeOver(own: OwnLink, hello: Hello) {
    const wanted = current !== undefined && previous === undefined && state.status === 'open';
    if (!wanted || hello.protocol !== protocolVersion) {
      return own.close(CloseCode.normal, 'not needed');
    }
    previous = current;
    use(own, hello);
  }

  function announce(connection: Connection, entered: boolean) {
    connection.watched = watchSession(connection.own, entered);
    events.ready(connection.watched, connection.hello, { entered });
  }

  function heardPush(own: OwnLink, push: Push) {
    const ofPrevious = own === previous?.own;
    if (current === undefined || (own !== current.own && !ofPrevious)) return;
    if (push.event === 'server:restart') {
      restarting = true;
      askedWait = Math.round(environment.random() * push.data.retryWithin);
      return;
    }
    // What the new link's Entrance tells, the old one need not tell as well.
    if (isInEntrance(push) && (ofPrevious || !current.watched.caughtUp)) return;
    events.push(push);
  }

  function heardRoundTrip(own: OwnLink, milliseconds: number | undefined, isSlow: boolean) {
    if (own !== current?.own) return;
    roundTripTime = milliseconds ?? roundTripTime;
    slow = isSlow;
    if (state.status === 'open' && previous === undefined) change({ ...state, roundTripTime, slow });
  }

  function ended(own: OwnLink, code: number, reason: string) {
    if (own === previous?.own) previous = undefined;
    if (own !== current?.own) return;
    const carriedNothing = !own.answered && (code === CloseCode.abnormalClosure || code === unansweredCode);
    if (carriedNothing) mistrusted.add(own.transport);
    current = previous;
    previous = undefined;
    if (current !== undefined) {
      prober.failed();
      return announce(current, current.watched.entered);
    }
    note(own.transport, code, reason, true);
    if (!disposed) afterLoss(code, reason);
  }

  /** Remembers what the server or the network said at the end. */
  function note(transport: TransportName, code: number, reason: string, opened: boolean) {
    // Where another is opened on purpose, nothing was lost.
    if (opened && !atOnce) lastClose = { time: environment.now(), code, reason, transport };
    if (code === CloseCode.serviceRestart) restarting = true;
    // Chosen for this client, so that all together come evenly: better than what we drew ourselves.
    askedWait = retryAfterOf(reason) ?? askedWait;
  }

  function afterLoss(code: number, reason: string) {
    prober.stop();
    if (state.status === 'open' && environment.now() - state.since >= goodConnection) attempt = 0;
    events.lost(code, reason);
    if (state.status === 'stopped') return change(state);
    if (atOnce) {
      atOnce = false;
      return open();
    }
    if (!environment.online()) return change({ status: 'offline' });
    const wait = askedWait ?? backOff(attempt, environment.random());
    askedWait = undefined;
    attempt += 1;
    cancelWait = environment.after(wait, open);
    const retryAt = environment.now() + wait;
    change({ status: 'waiting', attempt, retryAt, restarting });
  }

  function hear(signal: PageSignal) {
    if (signal === 'offline') {
      // A server on this machine can be reached without any network: the link is doubted, not dropped.
      current?.own.check();
      if (state.status !== 'waiting') return;
      cancelWait();
      change({ status: 'offline' });
    } else if (signal !== 'leaving') {
      if (signal === 'online') {
        // Perhaps another network, with other proxies in the way.
        mistrusted.clear();
        prober.now();
      }
      current?.own.check();
      connectNow();
    }
  }

  function connectNow() {
    if (disposed || climb !== undefined || current !== undefined || state.status === 'stopped') return;
    open();
  }

  /** Ends what there is: what is being opened, or what is in use. */
  function end(reason: string) {
    if (climb === undefined) return current?.own.close(CloseCode.normal, reason);
    climb.cancel();
    climb = undefined;
    if (!disposed) afterLoss(CloseCode.normal, reason);
  }

  function closePrevious(reason: string) {
    const links = [previous?.own, retiring];
    previous = undefined;
    retiring = undefined;
    for (const link of links) link?.close(CloseCode.normal, reason);
  }

  return {
    start: open,
    letIn() {
      if (current === undefined) return;
      if (previous === undefined && state.status === 'open') return;
      const { transport } = current.own;
      retiring = previous?.own;
      previous = undefined;
      restarting = false;
      askedWait = undefined;
      mistrusted.delete(transport);
      remember(environment, transport);
      prober.watch(transport);
      change({ status: 'open', since: environment.now(), transport, shared: false, roundTripTime, slow });
      retiring?.retire(CloseCode.normal, `changed to ${transport}`);
    },
    connectNow,
    drop: end,
    renew(reason) {
      closePrevious(reason);
      atOnce = current !== undefined || climb !== undefined;
      end(reason);
    },
    isLeader: () => true,
    onLeader: () => () => {},
    wantTicks() {},
    dispose() {
      disposed = true;
      endSignals();
      cancelWait();
      prober.stop();
      closePrevious('');
      end('');
    },
  };
}

/** What worked last time in this tab. Storage may be forbidden: then nothing is remembered. */
function remembered({ tabStorage }: ConnectEnvironment): TransportName | undefined {
  try {
    const name = tabStorage.getItem(transportKey);
    return transportNames.find((known) => known === name);
  } catch {
    return undefined;
  }
}

function remember({ tabStorage }: ConnectEnvironment, transport: TransportName) {
  try {
    tabStorage.setItem(transportKey, transport);
  } catch {
    // The next connection then begins with the best transport.
  }
}
