/**
 * The chat page's store: one state, the actions on it, and the parts that change it wired together. session.ts says
 * who the person is, src/chat-client/ keeps the connection, conversations.ts the rooms, courier.ts what is unsent,
 * drafts.ts what is unsaid, history.ts what is remembered. Nothing here knows the DOM; main.tsx passes
 * `browserEnvironment()`.
 */

import * as v from 'valibot';
import { backOff, type Connector } from '../../src/chat-client/connector.ts';
import type { Link } from '../../src/chat-client/link.ts';
import { createSharedConnector } from '../../src/chat-client/tabs.ts';
import { createCell } from './cell.ts';
import { createComposing } from './composing.ts';
import { createConversations } from './conversations.ts';
import { createCourier } from './courier.ts';
import { createDrafts } from './drafts.ts';
import { createHistory } from './history.ts';
import type { Arrival, ChatActions, ChatStore, Outgoing } from './model.ts';
import { createNavigation } from './navigation.ts';
import type { Role } from './ownership.ts';
import { createAsk } from './panel-requests.ts';
import type { Environment } from './platform.ts';
import { createSession } from './session.ts';
import { createToaster, initialState, type StoreState } from './state.ts';
import { readStored, writeStored } from './stored.ts';
import { createWire } from './wire.ts';

export type { Environment } from './platform.ts';

const tabKey = 'barewire.tab';

/** Makes the store and connects at once. */
export function createStore(environment: Environment): ChatStore {
  const cell = createCell<StoreState>(initialState);
  const arrivals = new Set<(arrival: Arrival) => void>();
  const toaster = createToaster(environment, cell);
  const drafts = createDrafts(environment, cell);
  const wire = createWire(environment, cell, () => connector);
  /** The link over which the person is in. */
  let link: Link | undefined;
  /** Whose memory was looked up. */
  let restored: string | undefined;

  const conversations = createConversations({
    environment,
    cell,
    toaster,
    arrived(arrival) {
      for (const listener of [...arrivals]) listener(arrival);
    },
    moved: (room) => navigation.moved(room),
    gone(room) {
      drafts.drop(room);
      courier.roomGone(room);
    },
  });

  const connector: Connector = createSharedConnector(environment, {
    ready(next, hello, { entered }) {
      cell.update({ limits: hello.limits, entry: hello.entry });
      wire.named(hello.connection);
      session.ready(next, hello, entered);
    },
    push: (push) => conversations.push(push),
    lost(code, reason) {
      // What is there now is all that there will be until it comes back.
      void history.flush();
      link = undefined;
      cell.batch(() => {
        conversations.lost();
        courier.lost();
        drafts.lost();
        navigation.lost();
        session.lost(code, reason);
      });
    },
    changed(connection, lastClose) {
      cell.update({ connection, lastClose });
      wire.changed(connection);
    },
    tick: wire.tick,
  });

  /** Where another tab holds the connection, it also does what is to be done once. */
  function role(): Role {
    if (environment.locks === undefined || environment.openChannel === undefined) return 'alone';
    return connector.isLeader() ? 'holder' : 'guest';
  }

  const courier = createCourier({
    environment,
    cell,
    toaster,
    tab: nameOfTab(environment),
    role,
    awaits: conversations.awaits,
    isStored: conversations.isStored,
    missed: conversations.missed,
    signedOut: () => session.resume(),
    backOff: (attempt) => backOff(attempt, environment.random()),
  });
  const endLeader = connector.onLeader(() => courier.roleChanged());

  const history = createHistory(environment, cell, conversations, () => link !== undefined);
  const navigation = createNavigation({
    environment,
    cell,
    toaster,
    show: conversations.show,
    summary: conversations.summary,
  });
  const composing = createComposing({
    environment,
    cell,
    toaster,
    courier,
    drafts,
    jumpToNewest: conversations.jumpToNewest,
  });

  function restore(member: string) {
    if (restored === member) return;
    restored = member;
    void history.load(member);
    void courier.load(member);
    void drafts.load(member);
  }

  const session = createSession({
    environment,
    cell,
    toaster,
    since: conversations.since,
    restore,
    entered(entrance, next, fresh) {
      link = next;
      const { traffic, connection } = cell.get();
      // A change to another transport is no loss.
      if (entrance.recovered && conversations.since() !== undefined && connection.status !== 'open') {
        cell.update({ traffic: { ...traffic, resumes: traffic.resumes + 1 } });
      }
      restore(entrance.member.id);
      conversations.entered(entrance, next);
      courier.entered(next);
      drafts.connected(next);
      navigation.entered(next, fresh);
    },
    left(member, forget) {
      link = undefined;
      restored = undefined;
      conversations.clear();
      courier.clear(forget);
      drafts.clear(forget);
      navigation.lost();
      if (forget && member !== undefined) history.forget(member);
    },
    keeps: () => role() !== 'guest',
    isAlone: () => role() === 'alone',
    letIn: connector.letIn,
    connectNow: connector.connectNow,
    drop: connector.drop,
    renew: connector.renew,
  });

  const endWatch = cell.subscribe(history.touch);
  const endSignals = environment.onSignal((signal) => {
    if (signal !== 'leaving') return;
    void drafts.flush();
    void history.flush();
  });

  const ask = createAsk({
    cell,
    link: () => link,
    now: environment.now,
    summary: conversations.summary,
    setMembers: conversations.setMembers,
    signedOut: () => session.resume(),
  });

  function command(room: string, what: Outgoing['command']) {
    if (cell.get().me !== undefined) void courier.add(room, what);
  }

  const actions: ChatActions = {
    signIn: session.signIn,
    clearSignInFailure: () => cell.update({ signInFailure: undefined }),
    logOut: (everywhere = false) => session.logOut(everywhere),
    openRoom(room, around) {
      drafts.leave(cell.get().conversation.room);
      navigation.go(room, around);
    },
    jumpTo: conversations.jumpTo,
    jumpToNewest: conversations.jumpToNewest,
    loadOlder: () => conversations.loadOlder(),
    loadNewer: () => conversations.loadNewer(),
    markRead: conversations.markRead,
    setDraft(change) {
      if (cell.get().me !== undefined) drafts.change(cell.get().conversation.room, change);
    },
    sendDraft: composing.sendDraft,
    sendImages: composing.sendImages,
    react: (message, emoji, on) => command(message.room, { type: 'reaction', target: message, emoji, on }),
    remove: (message) => command(message.room, { type: 'delete', target: message }),
    retry: courier.retry,
    discard: courier.discard,
    request: ask,
    nonce: environment.nonce,
    notify: toaster.show,
    reconnectNow: connector.connectNow,
    dismissToast: toaster.dismiss,
  };

  session.start();
  navigation.start();
  connector.start();

  return {
    actions,
    getState: cell.get,
    subscribe: cell.subscribe,
    onArrival(listener) {
      arrivals.add(listener);
      return () => arrivals.delete(listener);
    },
    onWire: wire.listen,
    dispose() {
      endSignals();
      endWatch();
      endLeader();
      connector.dispose();
      session.dispose();
      navigation.dispose();
      courier.dispose();
      composing.dispose();
      drafts.dispose();
      history.dispose();
      conversations.dispose();
      toaster.dispose();
      wire.dispose();
      environment.database.close();
      arrivals.clear();
    },
  };
}

/** Names this tab, also after a reload. A copied tab has its original's name, which does no harm: nonces guard. */
function nameOfTab({ tabStorage, nonce }: Environment): string {
  const known = readStored(tabStorage, tabKey, v.string());
  const name = known ?? nonce();
  if (known === undefined) writeStored(tabStorage, tabKey, name);
  return name;
}
