/**
 * The chat for programs, in Node and in browsers: `on` to hear events, `emit` to ask. It signs in, comes back after every
 * loss, changes transports, and tells each event of the log once and in order. docs/chat-protocol.md has the events.
 */
import { type Entrance, type RequestInput, type RequestName, requestData } from '../chat/events.ts';
import { createCarriers } from './carriers.ts';
import { createRequests } from './client-requests.ts';
import { createClientSession } from './client-session.ts';
import {
  type ChatClient,
  ChatError,
  type ChatOptions,
  type ClientEventName,
  type ClientEvents,
  type EmitInput,
  refusedError,
} from './client-types.ts';
import { createConnector } from './connector.ts';
import { isOnline, memoryStorage, onNetworkSignal, randomNonce, realTimer } from './defaults.ts';
import type { Link, Outcome, Push } from './link.ts';
import type { ConnectEnvironment } from './platform.ts';
import type { ConnectionState } from './state.ts';

export * from './client-types.ts';

/** Milliseconds that a request may take, waits for a connection included. */
export const emitTimeout = 30_000;

type Handler = (name: ClientEventName, data: ClientEvents[ClientEventName]) => void;

/**
 * Connects to a chat and keeps it so until `close`. Returns at once.
 * @throws TypeError for a URL that is none, RangeError when none of the transports works here
 */
export function connectChat(options: ChatOptions): ChatClient {
  const url = options.url.replace(/^ws/, 'http');
  const environment: ConnectEnvironment = {
    carriers: options.environment?.carriers ?? createCarriers({ ...options, url }),
    now: () => Date.now(),
    after: options.after ?? realTimer,
    random: () => Math.random(),
    online: isOnline,
    onSignal: onNetworkSignal,
    tabStorage: memoryStorage(),
    ...options.environment,
  };
  const handlers = new Map<ClientEventName | '*', Set<Handler>>();
  const requests = createRequests(environment.after);
  let state: ConnectionState = { status: 'connecting', attempt: 0 };

  function tell<Name extends ClientEventName>(name: Name, data: ClientEvents[Name]) {
    for (const handler of [...(handlers.get(name) ?? []), ...(handlers.get('*') ?? [])]) {
      try {
        handler(name, data);
      } catch (error) {
        // A mistake of the program is the program's to see, and none of the connection.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  const session = createClientSession(options, environment, {
    open(link, entrance) {
      connector.letIn();
      requests.use(watched(link));
      if (entrance !== undefined) tell('session:entered', entrance);
    },
    event: (event) => tell('room:event', { event }),
    missed: (entrance) => tell('session:missed', entrance),
    token: (token, expires) => tell('session:token', { token, expires }),
    refused(failure) {
      end(refusedError(failure));
      tell('session:refused', failure);
    },
    drop: (reason) => connector.drop(reason),
  });

  /** A program that signs in by hand is signed in like any other. */
  function watched(link: Link): Link {
    return {
      ...link,
      request(event, data, done) {
        link.request(event, data, (outcome: Outcome<typeof event>) => {
          if (event === 'session:enter' && outcome.status === 'ok') {
            // The name of the request says what its answer is; the compiler does not follow that.
            session.adopt(link, outcome.data as Entrance);
          }
          done(outcome);
        });
      },
    };
  }

  const connector = createConnector(environment, {
    ready(link, hello, { entered }) {
      // What is open on a link that is being replaced is answered there; what is new waits for the new one.
      requests.use(undefined);
      session.ready(link, hello, entered);
    },
    push: heardPush,
    lost() {
      requests.use(undefined);
      session.lost();
    },
    changed(next) {
      state = next;
      tell('connection:changed', next);
    },
    tick() {},
  });

  function heardPush(push: Push) {
    switch (push.event) {
      case 'room:event':
        return session.push(push.data.event);
      // The connector's, and the answer to what is not asked here.
      case 'server:restart':
      case 'session:entered':
        return;
      default:
        return tellPush(push.event, push.data);
    }
  }

  // Name and data come from one push; the compiler does not follow that through two arguments.
  function tellPush(name: ClientEventName, data: ClientEvents[ClientEventName]) {
    tell(name, data as never);
  }

  function end(error: ChatError) {
    requests.end(error);
    session.dispose();
    connector.dispose();
  }

  function on(name: ClientEventName | '*', handler: (...args: never[]) => void): () => void {
    // The overloads of ChatClient tie the handler to its name.
    const called = handler as (...args: unknown[]) => void;
    const entry: Handler = (event, data) => (name === '*' ? called(event, data) : called(data));
    const ofName = handlers.get(name) ?? new Set();
    handlers.set(name, ofName.add(entry));
    return () => ofName.delete(entry);
  }

  // So that handlers which are added right after this call miss nothing.
  queueMicrotask(() => closed || connector.start());
  let closed = false;

  return {
    on,
    emit(name, data, { timeout = emitTimeout } = {}) {
      return requests.emit(name, withNonce(name, data), timeout);
    },
    get cursor() {
      return session.cursor;
    },
    get state() {
      return state;
    },
    get transport() {
      return state.status === 'open' ? state.transport : undefined;
    },
    close() {
      closed = true;
      end(new ChatError('closed', 'The client was closed.'));
    },
  };
}

function withNonce<Name extends RequestName>(name: Name, data: EmitInput<Name>): RequestInput<Name> {
  const whole =
    'nonce' in requestData[name].entries && !('nonce' in data) ? { ...data, nonce: randomNonce() } : data;
  // EmitInput is RequestInput but for the nonce, which is there now.
  return whole as RequestInput<Name>;
}
