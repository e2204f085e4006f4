/**
 * Keeps one link going: opens it, notices its end, waits and opens the next, at once when the browser comes back online
 * or the tab becomes visible. How long it waits the server says in the reason of its Close (RFC 6455 §7.1.6), or before
 * in `server:restart`; else it backs off with full jitter. Owns the ConnectionState that the page shows. What is said
 * over a link is session.ts's business; it calls `letIn` when the link is ready for use.
 */
import { protocolVersion } from '../../src/chat/events.ts';
import { CloseCode, retryAfterOf } from '../../src/close.ts';
import { type Hello, type Link, openLink, type Push } from './link.ts';
import type { ConnectionState, LastClose, WireTick } from './model.ts';
import type { Environment, PageSignal } from './platform.ts';

/** Milliseconds: no wait is shorter, none longer. */
export const shortestWait = 500;
export const longestWait = 30_000;

/** A connection that lasted this many milliseconds was a good one: the next wait is short again. */
export const goodConnection = 5_000;

/**
 * How long to wait before an attempt, in milliseconds: anywhere between the shortest wait and a ceiling that doubles
 * from one second to the longest wait, so that many pages that lost one server do not come back in step.
 * @param attempt 0 for the first after a loss @param random from 0 up to 1
 */
export function backOff(attempt: number, random: number): number {
  const ceiling = Math.min(longestWait, 2 * shortestWait * 2 ** Math.min(attempt, 16));
  return Math.round(shortestWait + random * (ceiling - shortestWait));
}

export interface ConnectorEvents {
  /** The server has greeted over a new link. Answered, sooner or later, by `letIn`. */
  ready(link: Link, hello: Hello): void;
  push(push: Push): void;
  /** The link is gone; the state is changed after this. */
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
  dispose(): void;
}

export function createConnector(environment: Environment, events: ConnectorEvents): Connector {
  let state: ConnectionState = { status: 'connecting', attempt: 0 };
  let lastClose: LastClose | undefined;
  let link: Link | undefined;
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
  const endSignals = environment.onSignal(hear);

  function change(next: ConnectionState) {
    state = next;
    events.changed(state, lastClose);
  }

  function open() {
    cancelWait();
    roundTripTime = undefined;
    slow = false;
    let current: Link | undefined;
    const ours = () => link === current && current !== undefined;
    change({ status: 'connecting', attempt });
    current = openLink(environment, {
      hello(hello) {
        if (!ours() || current === undefined) return;
        if (hello.protocol === protocolVersion) return events.ready(current, hello);
        change({ status: 'stopped', reason: 'protocol-version' });
        current.close(1000, 'another protocol version');
      },
      push(push) {
        if (!ours()) return;
        if (push.event !== 'server:restart') return events.push(push);
        restarting = true;
        askedWait = Math.round(environment.random() * push.data.retryWithin);
      },
      roundTrip(milliseconds, isSlow) {
        roundTripTime = milliseconds ?? roundTripTime;
        slow = isSlow;
        if (state.status === 'open') change({ ...state, roundTripTime, slow });
      },
      tick: events.tick,
      closed(code, reason, opened) {
        if (!ours()) return;
        link = undefined;
        if (opened) lastClose = { time: environment.now(), code, reason };
        if (code === CloseCode.serviceRestart) restarting = true;
        // Chosen for this client, so that all together come evenly: better than what we drew ourselves.
        askedWait = retryAfterOf(reason) ?? askedWait;
        if (!disposed) afterLoss(code, reason);
      },
    });
    link = current;
  }

  function afterLoss(code: number, reason: string) {
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
      link?.check();
      if (state.status !== 'waiting') return;
      cancelWait();
      change({ status: 'offline' });
    } else if (signal === 'online' || signal === 'visible' || signal === 'returning') {
      link?.check();
      connectNow();
    }
  }

  function connectNow() {
    if (disposed || link !== undefined || state.status === 'stopped') return;
    open();
  }

  return {
    start: open,
    letIn() {
      if (link === undefined || state.status === 'open') return;
      restarting = false;
      askedWait = undefined;
      change({ status: 'open', since: environment.now(), roundTripTime, slow });
    },
    connectNow,
    drop(reason) {
      link?.close(1000, reason);
    },
    renew(reason) {
      atOnce = link !== undefined;
      link?.close(1000, reason);
    },
    dispose() {
      disposed = true;
      endSignals();
      cancelWait();
      link?.close(1000, '');
    },
  };
}
