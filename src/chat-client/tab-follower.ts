/**
 * A tab that uses another tab's connection: its link goes through the channel, its state is the leader's. It sees from
 * the numbers of the pushes that it missed none, and asks anew where things stand when it did. tabs.ts makes one while
 * this tab does not have the lock.
 */
import { parseReply, type RequestInput, type RequestName } from '../chat/events.ts';
import type { ConnectorEvents } from './connector.ts';
import { type Link, type Outcome, requestTimeout } from './link.ts';
import type { ConnectEnvironment } from './platform.ts';
import { isInEntrance, type WatchedLink, watchSession } from './session-watch.ts';
import type { ConnectionState } from './state.ts';
import {
  parsePush,
  type SharedConnection,
  type Standing,
  type TabMessage,
  type TabOutcome,
} from './tab-messages.ts';

/** Milliseconds between two questions whether the leader is there, and until one must be answered. */
export const leaderInterval = 20_000;
export const leaderTimeout = 3_000;

/** Milliseconds until a request must be answered: by then the leader has had to give up its link. */
export const followerTimeout = requestTimeout + 2_000;

/** Milliseconds after the leader's next attempt is due until a follower reminds it: timers of a hidden tab are slow. */
export const reminderDelay = 250;

/** The code and reason of `lost` when there is no leader any more (RFC 6455 §7.4.1: going away). */
export const leaderGone = { code: 1001, reason: 'the tab that held the connection is gone' } as const;

export interface Follower {
  readonly hasLink: boolean;
  receive(message: TabMessage): void;
  letIn(): void;
  command(command: 'connectNow' | 'drop' | 'renew', reason: string): void;
  wantTicks(wanted: boolean): void;
  /** Makes sure that the leader is there. */
  check(): void;
  /** Everything open is lost. Tells its user no more than that. */
  dispose(): void;
}

/**
 * @param tab names this tab among the others
 * @param silent the leader does not answer: it is frozen, or never was
 */
export function createFollower(
  environment: Pick<ConnectEnvironment, 'now' | 'after'>,
  tab: string,
  post: (message: TabMessage) => void,
  events: ConnectorEvents,
  silent: () => void,
): Follower {
  const waiting = new Map<number, (outcome: TabOutcome) => void>();
  let nextId = 1;
  let term: string | undefined;
  let connection: SharedConnection | undefined;
  let link: WatchedLink | undefined;
  /** Number of the newest push that was seen. */
  let number = 0;
  let isIn = false;
  let standing: Standing | undefined;
  let ticks = false;
  let asked = false;
  let disposed = false;
  let cancelCheck = () => {};
  let cancelReminder = () => {};

  function receive(message: TabMessage) {
    if (disposed) return;
    switch (message.type) {
      case 'standing':
        return stand(message);
      case 'pong':
        if (message.to === tab && message.term === term) heardLeader();
        return;
      case 'reply':
        if (message.to === tab) settle(message.id, message.outcome);
        return;
      case 'push':
        if (message.term === term) push(message.number, message.push);
        return;
      case 'lost':
        if (message.term === term) lose(message.code, message.reason);
        return;
      case 'tick':
        if (ticks) events.tick(message.tick);
        return;
    }
  }

  function stand(next: Standing) {
    if (next.term !== term) {
      lose(leaderGone.code, leaderGone.reason);
      term = next.term;
    }
    heardLeader();
    standing = next;
    const { connection: now } = next;
    const isNew = now?.generation !== connection?.generation;
    const missed = number !== next.number;
    // Signed in by another tab: what is shown here has to become that member's.
    const enteredElsewhere = now?.entered === true && link?.entered === false;
    connection = now;
    number = next.number;
    if (now !== undefined && (isNew || missed || enteredElsewhere)) announce(now);
    tellState();
  }

  function announce(now: SharedConnection) {
    link = watchSession(channelLink(now), now.entered);
    events.ready(link, now.hello, { entered: now.entered });
  }

  /** The leader's state; open is what this tab's user has been let into. */
  function tellState() {
    if (standing === undefined) return;
    const { state, lastClose } = standing;
    cancelReminder();
    if (state.status === 'waiting') remind(state.retryAt);
    const own: ConnectionState =
      state.status !== 'open'
        ? state
        : isIn
          ? { ...state, shared: true }
          : { status: 'connecting', attempt: 0 };
    events.changed(own, lastClose);
  }

  function remind(dueAt: number) {
    cancelReminder = environment.after(dueAt - environment.now() + reminderDelay, () =>
      post({ type: 'command', command: 'connectNow', reason: '' }),
    );
  }

  function push(itsNumber: number, value: unknown) {
    if (itsNumber <= number) return;
    const missed = itsNumber !== number + 1;
    number = itsNumber;
    if (connection === undefined || link === undefined) return;
    if (missed) return announce(connection);
    const push = parsePush(value);
    if (push === undefined || (isInEntrance(push) && !link.caughtUp)) return;
    events.push(push);
  }

  function lose(code: number, reason: string) {
    const had = link !== undefined;
    link = undefined;
    connection = undefined;
    isIn = false;
    for (const id of [...waiting.keys()]) settle(id, { status: 'lost' });
    if (had) events.lost(code, reason);
  }

  function settle(id: number, outcome: TabOutcome) {
    const done = waiting.get(id);
    waiting.delete(id);
    done?.(outcome);
  }

  function channelLink({ transport }: SharedConnection): Link {
    const forTerm = term;
    return {
      transport,
      request(event, data, done) {
        if (disposed || term !== forTerm || connection === undefined) return done({ status: 'lost' });
        request(event, data, done);
      },
      check: () => post({ type: 'command', command: 'check', reason: '' }),
      close: (_, reason) => post({ type: 'command', command: 'drop', reason }),
    };
  }

  function request<Name extends RequestName>(
    event: Name,
    data: RequestInput<Name>,
    done: (outcome: Outcome<Name>) => void,
  ) {
    const id = nextId;
    nextId += 1;
    const cancelTimeout = environment.after(followerTimeout, () => {
      check();
      settle(id, { status: 'lost' });
    });
    waiting.set(id, (outcome) => {
      cancelTimeout();
      done(outcome.status === 'ok' ? read(event, outcome.data) : outcome);
    });
    post({ type: 'request', from: tab, id, event, data });
  }

  function check() {
    if (disposed || asked) return;
    asked = true;
    cancelCheck();
    const askedAt = environment.now();
    post({ type: 'ping', from: tab, ticks });
    cancelCheck = environment.after(leaderTimeout, () => {
      asked = false;
      // When this tab itself was frozen, the answer may wait behind this timer.
      if (environment.now() - askedAt > 2 * leaderTimeout) check();
      else silent();
    });
  }

  function heardLeader() {
    asked = false;
    cancelCheck();
    cancelCheck = environment.after(leaderInterval, check);
  }

  post({ type: 'join', from: tab });
  check();

  return {
    get hasLink() {
      return link !== undefined;
    },
    receive,
    letIn() {
      if (link === undefined || isIn) return;
      isIn = true;
      tellState();
    },
    command: (command, reason) => post({ type: 'command', command, reason }),
    wantTicks(wanted) {
      ticks = wanted;
      post({ type: 'ping', from: tab, ticks });
    },
    check,
    dispose() {
      disposed = true;
      cancelCheck();
      cancelReminder();
      link = undefined;
      for (const id of [...waiting.keys()]) settle(id, { status: 'lost' });
    },
  };
}

function read<Name extends RequestName>(event: Name, data: unknown): Outcome<Name> {
  try {
    return { status: 'ok', data: parseReply(event, data) };
  } catch {
    return {
      status: 'refused',
      failure: { code: 'internal', message: 'The reply of the server could not be read.' },
    };
  }
}
