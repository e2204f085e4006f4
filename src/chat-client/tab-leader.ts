/**
 * The tab that holds the connection for all: it has a connector, uses it itself, and lets the others ask through it and
 * hear what it hears. tabs.ts makes one when this tab gets the lock.
 */
import * as v from 'valibot';
import { invalid, requestData } from '../chat/events.ts';
import { type Connector, type ConnectorEvents, createConnector } from './connector.ts';
import type { Hello, Link } from './link.ts';
import type { ConnectEnvironment } from './platform.ts';
import { isInEntrance, type WatchedLink, watchSession } from './session-watch.ts';
import type { ConnectionState, LastClose } from './state.ts';
import type { TabMessage } from './tab-messages.ts';

/** Milliseconds for which a follower is sent ticks after it asked for them; it asks with each ping. */
const tickWish = 60_000;

/** A link as all tabs together use it. */
interface Use {
  readonly generation: number;
  /** Everybody's requests go over this, so it knows whether somebody is signed in. */
  readonly session: WatchedLink;
  readonly hello: Hello;
}

export interface Leader extends Connector {
  /** From another tab. */
  receive(message: TabMessage): void;
  readonly hasLink: boolean;
}

/**
 * @param term unguessable: names this leader for as long as it leads
 * @param post says something to the other tabs
 * @param events this tab's own user
 */
export function createLeader(
  environment: ConnectEnvironment,
  term: string,
  post: (message: TabMessage) => void,
  events: ConnectorEvents,
): Leader {
  let state: ConnectionState = { status: 'connecting', attempt: 0 };
  let lastClose: LastClose | undefined;
  let generations = 0;
  /** Number of the newest push that was told to the others. */
  let number = 0;
  /** What this tab uses, and what it has given to the others: the same, but while one replaces the other. */
  let own: Use | undefined;
  let shared: Use | undefined;
  /** This tab's view of its link; a new one each time that it has to catch up. */
  let local: WatchedLink | undefined;
  const tickWishes = new Map<string, number>();

  const connector = createConnector(environment, {
    ready(link, hello, { entered }) {
      generations += 1;
      const session = watchSession(link, entered, () => sessionChanged(use));
      const use: Use = { generation: generations, session, hello };
      own = use;
      announce(use);
    },
    push(push) {
      number += 1;
      post({ type: 'push', term, number, push });
      if (isInEntrance(push) && local?.caughtUp !== true) return;
      events.push(push);
    },
    lost(code, reason) {
      own = undefined;
      shared = undefined;
      local = undefined;
      post({ type: 'lost', term, code, reason });
      events.lost(code, reason);
    },
    changed(next, close) {
      state = next;
      lastClose = close;
      stand();
      events.changed(next, close);
    },
    tick(tick) {
      events.tick(tick);
      if (tickWishes.size === 0) return;
      const now = environment.now();
      for (const [tab, until] of tickWishes) if (until < now) tickWishes.delete(tab);
      const { time, direction, kind, length } = tick;
      if (tickWishes.size > 0) post({ type: 'tick', tick: { time, direction, kind, length } });
    },
  });

  function announce(use: Use) {
    const { entered } = use.session;
    local = watchSession(use.session, entered);
    events.ready(local, use.hello, { entered });
  }

  /** Somebody has signed in or out, in whatever tab. */
  function sessionChanged(use: Use) {
    if (use !== own) return;
    share();
    if (use.session.entered && local?.entered === false) announce(use);
  }

  function share() {
    shared = own;
    stand();
  }

  function stand() {
    const connection =
      shared === undefined
        ? undefined
        : {
            generation: shared.generation,
            transport: shared.session.transport,
            hello: shared.hello,
            entered: shared.session.entered,
          };
    post({ type: 'standing', term, state, lastClose, connection, number });
  }

  function request({ from, id, event, data }: Extract<TabMessage, { type: 'request' }>) {
    const reply = (outcome: Extract<TabMessage, { type: 'reply' }>['outcome']) =>
      post({ type: 'reply', to: from, id, outcome });
    const link: Link | undefined = shared?.session;
    if (link === undefined) return reply({ status: 'lost' });
    const parsed = v.safeParse(requestData[event], data);
    if (!parsed.success) return reply({ status: 'refused', failure: invalid('data', parsed.issues[0]) });
    // The schema was looked up by `event`, which ties the two together; the compiler cannot follow that.
    link.request(event, parsed.output as never, reply);
  }

  function command({ command, reason }: Extract<TabMessage, { type: 'command' }>) {
    if (command === 'check') shared?.session.check();
    else if (command === 'connectNow') connector.connectNow();
    else connector[command](reason);
  }

  return {
    ...connector,
    get hasLink() {
      return own !== undefined;
    },
    letIn() {
      // First the others, so that none of them asks over the link that goes.
      if (own !== undefined && shared !== own) share();
      connector.letIn();
    },
    receive(message) {
      switch (message.type) {
        case 'join':
          return stand();
        case 'ping':
          if (message.ticks) tickWishes.set(message.from, environment.now() + tickWish);
          else tickWishes.delete(message.from);
          return post({ type: 'pong', term, to: message.from });
        case 'request':
          return request(message);
        case 'command':
          return command(message);
      }
    },
  };
}
