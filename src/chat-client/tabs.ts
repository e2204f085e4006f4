/**
 * One connection for all tabs of a browser: whoever gets a Web Lock holds it (tab-leader.ts), the others use it through a
 * BroadcastChannel (tab-follower.ts). A tab that is closed or put aside gives up the lock, and the next one has it within
 * moments; one that is frozen and does not answer is robbed of it. The interface is a connector's, so its user need not
 * know which of them it has.
 */
import { type Connector, type ConnectorEvents, createConnector } from './connector.ts';
import type { Locks, PageSignal, TabChannel, TabsEnvironment } from './platform.ts';
import { createFollower, type Follower, leaderGone } from './tab-follower.ts';
import { createLeader, type Leader } from './tab-leader.ts';
import { parseTabMessage, type TabMessage } from './tab-messages.ts';

/** Name of the lock and of the channel. The number is that of what the tabs say to each other. */
export const tabsName = 'barewire.tabs.2';

type Role =
  | { readonly is: 'leader'; readonly leader: Leader; readonly release: () => void }
  | { readonly is: 'follower'; readonly follower: Follower };

/** A connector that shares its connection with the other tabs, where there are locks and channels; else one of its own. */
export function createSharedConnector(environment: TabsEnvironment, events: ConnectorEvents): Connector {
  const { locks, openChannel } = environment;
  if (locks === undefined || openChannel === undefined) return createConnector(environment, events);
  return share(environment, locks, openChannel, events);
}

function share(
  environment: TabsEnvironment,
  locks: Locks,
  openChannel: NonNullable<TabsEnvironment['openChannel']>,
  events: ConnectorEvents,
): Connector {
  const tab = environment.nonce();
  const leaderListeners = new Set<(isLeader: boolean) => void>();
  let channel: TabChannel | undefined;
  let role: Role | undefined;
  /** Aborted when this tab's place in the queue for the lock, or the lock, is not wanted any more. */
  let place: AbortController | undefined;
  let ticksWanted = false;
  let disposed = false;
  const endSignals = environment.onSignal(hear);

  const post = (message: TabMessage) => channel?.post(message);

  function begin() {
    if (disposed || role !== undefined) return;
    channel = openChannel(tabsName, (data) => {
      const message = parseTabMessage(data);
      if (message === undefined) return;
      if (role?.is === 'leader') role.leader.receive(message);
      else role?.follower.receive(message);
    });
    events.changed({ status: 'connecting', attempt: 0 }, undefined);
    follow();
    queueUp();
  }

  function follow() {
    role = { is: 'follower', follower: createFollower(environment, tab, post, events, rob) };
    if (ticksWanted) role.follower.wantTicks(true);
  }

  function queueUp(steal = false) {
    place?.abort();
    const mine = new AbortController();
    place = mine;
    const held = (): Promise<void> =>
      mine.signal.aborted ? Promise.resolve() : new Promise((release) => lead(release));
    // A request that steals does not wait, so it cannot be called off.
    const options = steal ? { steal } : { signal: mine.signal };
    locks.request(tabsName, options, held).catch(() => {
      if (mine !== place || mine.signal.aborted) return;
      if (role?.is === 'leader') robbed();
      // No lock is to be had, as on a page without an origin: then every tab leads itself.
      else lead(() => {});
    });
  }

  function lead(release: () => void) {
    if (disposed || role?.is !== 'follower') return release();
    const { follower } = role;
    const leader = createLeader(environment, environment.nonce(), post, events);
    role = { is: 'leader', leader, release };
    endFollowing(follower);
    tellListeners(true);
    leader.start();
  }

  /** What is open is lost, and so is the link. */
  function endFollowing(follower: Follower) {
    const { hasLink } = follower;
    follower.dispose();
    if (hasLink) lost();
  }

  /** The leader is silent: takes its lock. */
  function rob() {
    if (role?.is === 'follower') queueUp(true);
  }

  /** Another tab took this one for dead. */
  function robbed() {
    stopLeading();
    follow();
    queueUp();
  }

  function stopLeading() {
    if (role?.is !== 'leader') return;
    const { leader, release } = role;
    const { hasLink } = leader;
    role = undefined;
    leader.dispose();
    release();
    tellListeners(false);
    if (hasLink) lost();
  }

  /** Gives up the lock, or the place in the queue for it. */
  function leave() {
    stopLeading();
    place?.abort();
    place = undefined;
    const left = role;
    role = undefined;
    if (left?.is === 'follower') endFollowing(left.follower);
    channel?.close();
    channel = undefined;
  }

  function lost() {
    if (disposed) return;
    events.lost(leaderGone.code, leaderGone.reason);
    events.changed({ status: 'connecting', attempt: 0 }, undefined);
  }

  function tellListeners(isLeader: boolean) {
    for (const listener of [...leaderListeners]) listener(isLeader);
  }

  function hear(signal: PageSignal) {
    if (signal === 'leaving') leave();
    else if (signal === 'returning') begin();
    else if (signal === 'visible' && role?.is === 'follower') {
      // The leader is perhaps not seen by anybody, and hears no such signal.
      role.follower.command('connectNow', '');
      role.follower.check();
    }
  }

  function command(name: 'connectNow' | 'drop' | 'renew', reason: string) {
    if (role?.is === 'leader') role.leader[name](reason);
    else role?.follower.command(name, reason);
  }

  return {
    start: begin,
    letIn() {
      if (role?.is === 'leader') role.leader.letIn();
      else role?.follower.letIn();
    },
    connectNow: () => command('connectNow', ''),
    drop: (reason) => command('drop', reason),
    renew: (reason) => command('renew', reason),
    isLeader: () => role?.is === 'leader',
    onLeader(listener) {
      leaderListeners.add(listener);
      return () => leaderListeners.delete(listener);
    },
    wantTicks(wanted) {
      ticksWanted = wanted;
      if (role?.is === 'follower') role.follower.wantTicks(wanted);
    },
    dispose() {
      disposed = true;
      endSignals();
      leave();
      leaderListeners.clear();
    },
  };
}
