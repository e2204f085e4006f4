/**
 * The chat page's store: one state, the actions on it, and the parts that change it wired together. session.ts says
 * who the person is, reconnect.ts keeps the connection, conversation.ts the messages, courier.ts what is unsent.
 * Nothing here knows the DOM; main.tsx passes `browserEnvironment()`.
 */
import { maximumImageLength, maximumTextLength } from '../../src/chat/events.ts';
import { createCell } from './cell.ts';
import { createConversation } from './conversation.ts';
import { createCourier } from './courier.ts';
import { judgeFile } from './files.ts';
import type { ChatActions, ChatStore, PickedFile, WireTick } from './model.ts';
import type { Environment } from './platform.ts';
import { createConnector } from './reconnect.ts';
import { createSession } from './session.ts';
import { createToaster, initialState, type StoreState } from './state.ts';

export type { Environment } from './platform.ts';

/** Makes the store and connects at once. */
export function createStore(environment: Environment): ChatStore {
  const cell = createCell<StoreState>(initialState);
  const wireListeners = new Set<(tick: WireTick) => void>();
  const toaster = createToaster(environment, cell);
  const conversation = createConversation(environment, cell, toaster);
  /** Files are looked at one after another, so that pictures keep the order in which they were picked. */
  let looking: Promise<void> = Promise.resolve();
  let disposed = false;

  const connector = createConnector(environment, {
    ready(link, hello) {
      cell.update({ limits: hello.limits });
      session.ready(link);
    },
    push: (push) => conversation.push(push),
    lost(code, reason) {
      conversation.lost();
      courier.lost();
      session.lost(code, reason);
    },
    changed(connection, lastClose) {
      const { traffic, connection: before } = cell.get();
      const again = connection.status === 'open' && before.status !== 'open' && lastClose !== undefined;
      const reconnects = traffic.reconnects + (again ? 1 : 0);
      cell.update({ connection, lastClose, ...(again ? { traffic: { ...traffic, reconnects } } : {}) });
    },
    tick(tick) {
      count(tick);
      for (const listener of [...wireListeners]) listener(tick);
    },
  });

  const session = createSession({
    environment,
    cell,
    toaster,
    since: conversation.since,
    entered(entrance, link) {
      conversation.entered(entrance, link);
      courier.entered(link);
    },
    left(forget) {
      conversation.lost();
      conversation.clear();
      if (forget) courier.clear();
      else courier.lost();
    },
    letIn: connector.letIn,
    connectNow: connector.connectNow,
    drop: connector.drop,
    renew: connector.renew,
  });

  const courier = createCourier({
    environment,
    cell,
    toaster,
    conversation,
    token: session.token,
    signedOut: session.resume,
  });

  const endSignals = environment.onSignal((signal) => {
    if (signal === 'leaving') courier.leaving();
    if (signal === 'returning') courier.returning();
  });

  function count({ direction, kind, length }: WireTick) {
    if (kind === 'close' || kind === 'error') return;
    const { traffic } = cell.get();
    cell.update({
      traffic:
        direction === 'up'
          ? { ...traffic, sent: traffic.sent + 1, octetsSent: traffic.octetsSent + length }
          : {
              ...traffic,
              received: traffic.received + 1,
              octetsReceived: traffic.octetsReceived + length,
            },
    });
  }

  async function look(file: PickedFile) {
    const author = cell.get().me?.id;
    const verdict = await judgeFile(file, cell.get().limits?.imageLength ?? maximumImageLength);
    if (disposed) return;
    if ('problem' in verdict) return toaster.show(verdict.problem);
    const url = environment.objectUrl(file);
    const size = await environment.measure(url);
    // Somebody who has logged out meanwhile sends nothing any more.
    if (disposed || author === undefined || cell.get().me?.id !== author) {
      return environment.revokeObjectUrl(url);
    }
    const { name, size: length } = file;
    courier.addImage(file, { name, length, url, width: size?.width, height: size?.height });
  }

  const actions: ChatActions = {
    signIn: session.signIn,
    clearSignInFailure: () => cell.update({ signInFailure: undefined }),
    logOut: session.logOut,
    sendText(text) {
      const { me, limits } = cell.get();
      if (me === undefined || text.trim() === '') return;
      if (text.length > (limits?.textLength ?? maximumTextLength)) return;
      courier.addText(text.toWellFormed());
    },
    sendImages(files) {
      if (cell.get().me === undefined) return;
      for (const file of files) looking = looking.then(() => look(file));
    },
    retry: courier.retry,
    discard: courier.discard,
    loadOlder: conversation.loadOlder,
    reconnectNow: connector.connectNow,
    dismissToast: toaster.dismiss,
  };

  connector.start();

  return {
    actions,
    getState: cell.get,
    subscribe: cell.subscribe,
    onWire(listener) {
      wireListeners.add(listener);
      return () => wireListeners.delete(listener);
    },
    dispose() {
      disposed = true;
      endSignals();
      connector.dispose();
      session.dispose();
      courier.dispose();
      conversation.dispose();
      toaster.dispose();
      wireListeners.clear();
    },
  };
}
