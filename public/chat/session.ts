/**
 * Who the person is: sign-in, coming back with the kept token, log-out here and in other tabs. Speaks first on every
 * new link, and lets it in once the server has answered. The token is kept in localStorage, shared by all tabs.
 */
import * as v from 'valibot';
import type { Entrance, Failure, Member } from '../../src/chat/events.ts';
import { judgeName } from '../../src/chat/names.ts';
import type { Link } from './link.ts';
import type { Environment } from './platform.ts';
import type { StoreCell, Toaster } from './state.ts';
import { readStored, writeStored } from './stored.ts';

export const tokenKey = 'barewire.token';
export const nameStoreKey = 'barewire.name';

/** The reason with which the server closes the sockets of one who has logged out. */
export const loggedOutReason = 'logged out';

const tokenSchema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/));
const nameSchema = v.pipe(v.string(), v.maxLength(1024));

/** Milliseconds before another try when the server says "too often" without saying how long. */
const defaultRetry = 1_000;

export interface SessionDependencies {
  readonly environment: Environment;
  readonly cell: StoreCell;
  readonly toaster: Toaster;
  since(): { readonly epoch: string; readonly offset: number } | undefined;
  /** The person is in: `entrance` is to be shown, and what waits may go out over `link`. */
  entered(entrance: Entrance, link: Link): void;
  /** The session has ended; `forget`: on purpose, so that nothing of it must stay. */
  left(forget: boolean): void;
  /** The link is ready for use. */
  letIn(): void;
  connectNow(): void;
  /** Gives up on the link and tries again later. */
  drop(reason: string): void;
  /** Changes to a new link at once. */
  renew(reason: string): void;
}

export interface Session {
  token(): string | undefined;
  /** A link has been greeted. */
  ready(link: Link): void;
  lost(code: number, reason: string): void;
  signIn(name: string): void;
  logOut(): void;
  /** The server has forgotten this socket's member: comes back with the token over the same link. */
  resume(): void;
  dispose(): void;
}

export function createSession(dependencies: SessionDependencies): Session {
  const { environment, cell, toaster } = dependencies;
  const { storage } = environment;
  let token = readStored(storage, tokenKey, tokenSchema);
  let link: Link | undefined;
  /** The name to enter under once there is a link. */
  let wanted: string | undefined;
  /** A token that was logged out while there was no link: the server is told when there is one. */
  let leaving: string | undefined;
  let cancelRetry = () => {};
  const endStorage = environment.onStorage(storageChanged);

  const lastName = readStored(storage, nameStoreKey, nameSchema);
  cell.update({
    phase: token === undefined ? 'signed-out' : 'restoring',
    ...(lastName === undefined ? {} : { lastName }),
  });

  function begin() {
    const current = link;
    if (current === undefined) return;
    if (leaving !== undefined) return leaveLate(leaving, current);
    if (token !== undefined) return comeBack(token, current);
    if (wanted !== undefined) return enter(wanted, current);
    dependencies.letIn();
  }

  function enter(name: string, current: Link) {
    current.request('session:enter', { name, room: cell.get().room }, (outcome) => {
      if (link !== current || outcome.status === 'lost' || wanted !== name) return;
      wanted = undefined;
      if (outcome.status === 'ok') return welcome(outcome.data, current);
      cell.update({ phase: 'signed-out', signInFailure: outcome.failure });
      dependencies.letIn();
    });
  }

  function comeBack(kept: string, current: Link) {
    const since = dependencies.since();
    const data = { token: kept, room: cell.get().room, ...(since === undefined ? {} : { since }) };
    current.request('session:resume', data, (outcome) => {
      if (link !== current || outcome.status === 'lost' || token !== kept) return;
      if (outcome.status === 'ok') return welcome(outcome.data, current);
      const { failure } = outcome;
      if (failure.code === 'token-unknown' || failure.code === 'invalid') {
        end({ code: 'token-unknown', message: failure.message }, false);
        dependencies.letIn();
      } else if (failure.code === 'rate-limited') {
        cancelRetry = environment.after(failure.retryAfter ?? defaultRetry, begin);
      } else {
        dependencies.drop('could not come back');
      }
    });
  }

  function leaveLate(kept: string, current: Link) {
    leaving = undefined;
    const fail = (outcome: { readonly status: string }) => {
      if (outcome.status === 'lost') leaving ??= kept;
      else if (link === current) dependencies.renew('logged out');
    };
    current.request('session:resume', { token: kept, room: cell.get().room }, (outcome) => {
      if (outcome.status === 'ok') current.request('session:leave', {}, fail);
      else fail(outcome);
    });
  }

  function welcome(entrance: Entrance, current: Link) {
    if (entrance.token !== undefined) {
      token = entrance.token;
      writeStored(storage, tokenKey, token);
      // Until the server hears from us again it must take the token for lost, and the name with it.
      current.request('heartbeat:ping', {}, () => {});
    }
    remember(entrance.member);
    cell.update({ phase: 'chatting', me: entrance.member, signInFailure: undefined });
    dependencies.letIn();
    dependencies.entered(entrance, current);
  }

  function remember({ name }: Member) {
    writeStored(storage, nameStoreKey, name);
    cell.update({ lastName: name });
  }

  /** Back to the sign-in page. The token goes from storage too, unless another tab has put a newer one there. */
  function end(failure: Failure | undefined, forget: boolean) {
    if (readStored(storage, tokenKey, tokenSchema) === token) writeStored(storage, tokenKey, undefined);
    token = undefined;
    wanted = undefined;
    cancelRetry();
    dependencies.left(forget);
    cell.update({ phase: 'signed-out', me: undefined, signInFailure: failure });
  }

  function endedElsewhere() {
    end(undefined, true);
    toaster.show({ id: 'signed-out-elsewhere' });
  }

  /** Another tab has signed in or out. */
  function storageChanged(key: string | undefined) {
    if (key !== undefined && key !== tokenKey) return;
    const stored = readStored(storage, tokenKey, tokenSchema);
    if (stored === token) return;
    const wasIn = token !== undefined;
    if (wasIn) endedElsewhere();
    if (stored !== undefined) {
      token = stored;
      wanted = undefined;
      cell.update({ phase: 'restoring', signInFailure: undefined });
    }
    if (wasIn) dependencies.renew('signed out in another tab');
    else begin();
  }

  return {
    token: () => token,
    ready(current) {
      link = current;
      begin();
    },
    lost(code, reason) {
      link = undefined;
      cancelRetry();
      if (code === 1000 && reason === loggedOutReason && token !== undefined) endedElsewhere();
    },
    signIn(name) {
      if (cell.get().phase !== 'signed-out') return;
      const verdict = judgeName(name);
      if ('problem' in verdict) {
        const message = `The name cannot be used: ${verdict.problem}.`;
        return cell.update({ signInFailure: { code: 'invalid', message, field: 'data.name' } });
      }
      wanted = verdict.name;
      cell.update({ phase: 'entering', signInFailure: undefined, lastName: verdict.name });
      if (link === undefined) dependencies.connectNow();
      else if (leaving === undefined) enter(wanted, link);
    },
    logOut() {
      const old = token;
      if (old === undefined) return;
      const current = link;
      const wasIn = cell.get().phase === 'chatting' && cell.get().connection.status === 'open';
      end(undefined, true);
      if (current === undefined || !wasIn) {
        leaving = old;
        return dependencies.renew('logging out');
      }
      current.request('session:leave', {}, (outcome) => {
        if (outcome.status === 'lost') leaving = old;
        else if (link === current) dependencies.renew('logged out');
      });
    },
    resume: begin,
    dispose() {
      endStorage();
      cancelRetry();
    },
  };
}
