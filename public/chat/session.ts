/**
 * Who the person is: sign-in, coming back, log-out here and in other tabs. The token is in a cookie that no script can
 * read: signing in and out go over HTTP, and a connection that is opened afterwards is known by its cookie. All that is
 * kept here is a marker of who is signed in, so that the page knows what to show before there is a connection, and
 * other tabs hear of it. Speaks first on every new link, and lets it in once the server has answered.
 */
import * as v from 'valibot';
import { type Entrance, type Failure, failureSchema, member as memberSchema } from '../../src/chat/events.ts';
import { judgeName } from '../../src/chat/names.ts';
import type { Hello, Link } from '../../src/chat-client/link.ts';
import type { SignIn } from './model.ts';
import type { Environment } from './platform.ts';
import type { StoreCell, Toaster } from './state.ts';
import { readStored, writeStored } from './stored.ts';

export const memberKey = 'barewire.member';
export const leavingKey = 'barewire.leaving';
export const nameStoreKey = 'barewire.name';

/** Where one signs in and out, and keeps the cookie good. */
export const sessionPath = '/api/session';
export const refreshPath = '/api/session/refresh';

/** Milliseconds between two renewals of the cookie. */
export const refreshInterval = 3_600_000;

const nameSchema = v.pipe(v.string(), v.maxLength(1024));
const markerSchema = v.object({ id: v.string() });
const leavingSchema = v.object({ everywhere: v.boolean() });
const signedInSchema = v.object({ member: memberSchema });
const refusalSchema = v.object({ error: failureSchema });

/** Milliseconds before another try when the server says "too often" without saying how long. */
const defaultRetry = 1_000;

const unreachable: Failure = {
  code: 'internal',
  message: 'The server could not be reached: check the network, and try again.',
};
const ended: Failure = { code: 'token-unknown', message: 'The session has ended: sign in again.' };

export interface SessionDependencies {
  readonly environment: Environment;
  readonly cell: StoreCell;
  readonly toaster: Toaster;
  since(): { readonly epoch: string; readonly offset: number } | undefined;
  /** A kept session is to be tried: what this browser remembers of that member may be shown. */
  restore(member: string): void;
  /** The person is in: `entrance` is to be shown, and what waits may go out over `link`. `fresh`: they just signed in. */
  entered(entrance: Entrance, link: Link, fresh: boolean): void;
  /** The session has ended; `forget`: on purpose, so that nothing of it must stay. */
  left(member: string | undefined, forget: boolean): void;
  /** Whether this tab keeps the session going for all of them. */
  keeps(): boolean;
  /** Whether this tab has a connection of its own. */
  isAlone(): boolean;
  /** The link is ready for use. */
  letIn(): void;
  connectNow(): void;
  /** Gives up on the link and tries again later. */
  drop(reason: string): void;
  /** Changes to a new link at once. */
  renew(reason: string): void;
}

export interface Session {
  /** Shows what there is before there is a connection. */
  start(): void;
  /** A link has been greeted. */
  ready(link: Link, hello: Hello, entered: boolean): void;
  lost(code: number, reason: string): void;
  signIn(as: SignIn): void;
  logOut(everywhere: boolean): void;
  /** The server has forgotten this connection's member: comes back over the same link. */
  resume(): void;
  dispose(): void;
}

export function createSession(dependencies: SessionDependencies): Session {
  const { environment, cell, toaster } = dependencies;
  const { storage } = environment;
  /** Who is signed in, as far as this browser knows. */
  let marker = readStored(storage, memberKey, markerSchema)?.id;
  let link: Link | undefined;
  /** What to enter with once there is a link. */
  let wanted: SignIn | undefined;
  let fresh = false;
  let asking = false;
  let disposed = false;
  let cancelRetry = () => {};
  let cancelRefresh = () => {};
  const endStorage = environment.onStorage(storageChanged);

  function setMarker(id: string | undefined) {
    marker = id;
    writeStored(storage, memberKey, id === undefined ? undefined : { id });
  }

  async function enter(as: SignIn) {
    if (asking) return;
    asking = true;
    const { invitation } = cell.get();
    const body = { ...as, ...(invitation === undefined ? {} : { invitation }) };
    const answer = await environment.ask('POST', sessionPath, body);
    asking = false;
    if (disposed || wanted !== as) return;
    const entered = answer?.status === 201 ? v.safeParse(signedInSchema, answer.body) : undefined;
    if (entered?.success) {
      wanted = undefined;
      fresh = true;
      writeStored(storage, leavingKey, undefined);
      setMarker(entered.output.member.id);
      remember(entered.output.member.name);
      dependencies.restore(entered.output.member.id);
      return renew('signed in');
    }
    // Without a connection it is tried again as soon as there is one.
    if (answer === undefined && link === undefined) return;
    wanted = undefined;
    const refused = v.safeParse(refusalSchema, answer?.body);
    cell.update({
      phase: 'signed-out',
      signInFailure: refused.success ? refused.output.error : unreachable,
    });
  }

  function renew(reason: string) {
    if (link === undefined) dependencies.connectNow();
    else dependencies.renew(reason);
  }

  /** @param again what was asked before, when the server said that this was not how things are */
  function comeBack(current: Link, isIn: boolean, again = false) {
    const since = dependencies.since();
    const data = since === undefined ? {} : { since };
    current.request(isIn ? 'session:state' : 'session:resume', data, (outcome) => {
      if (link !== current || outcome.status === 'lost') return;
      if (outcome.status === 'ok') return welcome(outcome.data, current);
      const { failure } = outcome;
      const otherwise = isIn ? failure.code === 'signed-out' : failure.code === 'signed-in';
      if (otherwise && !again) return comeBack(current, !isIn, true);
      if (failure.code === 'rate-limited') {
        cancelRetry = environment.after(failure.retryAfter ?? defaultRetry, () => comeBack(current, isIn));
      } else if (failure.code === 'internal') {
        dependencies.drop('could not come back');
      } else {
        const over = failure.code === 'banned' ? failure : { ...ended, message: failure.message };
        end(over, false);
        dependencies.letIn();
      }
    });
  }

  function welcome(entrance: Entrance, current: Link) {
    const { member, owner, hasPassword } = entrance;
    if (marker !== member.id) setMarker(member.id);
    remember(member.name);
    wanted = undefined;
    const isFresh = fresh;
    fresh = false;
    cell.batch(() => {
      const { me } = cell.get();
      if (me !== undefined && me.id !== member.id) dependencies.left(me.id, false);
      cell.update({ phase: 'chatting', me: member, owner, hasPassword, signInFailure: undefined });
      dependencies.entered(entrance, current, isFresh);
    });
    dependencies.letIn();
    cancelRefresh();
    cancelRefresh = environment.after(refreshInterval, () => void refresh());
  }

  async function refresh() {
    cancelRefresh = environment.after(refreshInterval, () => void refresh());
    if (!dependencies.keeps()) return;
    const answer = await environment.ask('POST', refreshPath, {});
    if (disposed || answer?.status !== 401 || cell.get().phase !== 'chatting') return;
    end(ended, false);
    renew('the session has ended');
  }

  function remember(name: string) {
    writeStored(storage, nameStoreKey, name);
    cell.update({ lastName: name });
  }

  function end(failure: Failure | undefined, forget: boolean) {
    const old = cell.get().me?.id ?? marker;
    cancelRetry();
    cancelRefresh();
    fresh = false;
    wanted = undefined;
    if (marker !== undefined) setMarker(undefined);
    cell.batch(() => {
      dependencies.left(old, forget);
      cell.update({
        phase: 'signed-out',
        me: undefined,
        owner: false,
        hasPassword: false,
        signInFailure: failure,
      });
    });
  }

  function endedElsewhere() {
    end(undefined, false);
    toaster.show({ id: 'signed-out-elsewhere' });
  }

  /** Tells the server what the page has done already: nobody is signed in here any more. */
  async function tellLeaving(everywhere: boolean) {
    if (asking) return;
    asking = true;
    const answer = await environment.ask(
      'DELETE',
      everywhere ? `${sessionPath}?everywhere=1` : sessionPath,
      undefined,
    );
    asking = false;
    if (disposed) return;
    if (answer !== undefined && answer.status < 500) writeStored(storage, leavingKey, undefined);
    else if (link !== undefined) return dependencies.drop('could not sign out');
    if (wanted !== undefined) return enter(wanted);
    if (link !== undefined) dependencies.renew('signed out');
  }

  /** Another tab has signed in or out. */
  function storageChanged(key: string | undefined) {
    if (key !== undefined && key !== memberKey) return;
    const stored = readStored(storage, memberKey, markerSchema)?.id;
    if (stored === marker) return;
    const wasIn = marker !== undefined;
    // Not to be removed by us: it may be the other tab's new one.
    marker = undefined;
    if (wasIn) endedElsewhere();
    if (stored !== undefined) {
      marker = stored;
      wanted = undefined;
      cell.update({ phase: 'restoring', signInFailure: undefined });
      dependencies.restore(stored);
    }
    // Of a shared connection the other tab takes care.
    if (dependencies.isAlone()) renew('signed in or out in another tab');
  }

  return {
    start() {
      const lastName = readStored(storage, nameStoreKey, nameSchema);
      cell.update({
        phase: marker === undefined ? 'signed-out' : 'restoring',
        ...(lastName === undefined ? {} : { lastName }),
      });
      if (marker !== undefined) dependencies.restore(marker);
    },
    ready(current, hello, entered) {
      link = current;
      cancelRetry();
      const leaving = readStored(storage, leavingKey, leavingSchema);
      if (leaving !== undefined && hello.known) return void tellLeaving(leaving.everywhere);
      if (leaving !== undefined) writeStored(storage, leavingKey, undefined);
      if (hello.known || entered) return comeBack(current, entered);
      if (wanted !== undefined) {
        dependencies.letIn();
        return void enter(wanted);
      }
      if (marker !== undefined || cell.get().phase !== 'signed-out') end(ended, false);
      dependencies.letIn();
    },
    lost(code, reason) {
      link = undefined;
      cancelRetry();
      const byServer = code === 1000 && /^(signed|logged) out/.test(reason);
      if (byServer && cell.get().phase === 'chatting') endedElsewhere();
    },
    signIn(as) {
      if (cell.get().phase !== 'signed-out') return;
      const verdict = judgeName(as.name);
      if ('problem' in verdict) {
        const message = `The name cannot be used: ${verdict.problem}.`;
        return cell.update({ signInFailure: { code: 'invalid', message, field: 'data.name' } });
      }
      wanted = { ...as, name: verdict.name };
      cell.update({ phase: 'entering', signInFailure: undefined, lastName: verdict.name });
      if (link === undefined) dependencies.connectNow();
      else void enter(wanted);
    },
    logOut(everywhere) {
      if (marker === undefined && cell.get().me === undefined) return;
      writeStored(storage, leavingKey, { everywhere });
      end(undefined, true);
      void tellLeaving(everywhere);
    },
    resume() {
      if (link !== undefined) comeBack(link, false);
    },
    dispose() {
      disposed = true;
      endStorage();
      cancelRetry();
      cancelRefresh();
    },
  };
}
