/**
 * Who a program is: sign-in, coming back with the token and the cursor, a new token before the old one runs out, and the
 * log told once and in order. Speaks first on every new link. client.ts owns it.
 */
import type { Cursor, Entrance, Failure, RoomEvent } from '../chat/events.ts';
import type { ChatOptions } from './client-types.ts';
import type { Hello, Link, Outcome } from './link.ts';
import type { ConnectEnvironment } from './platform.ts';

/** Milliseconds between two tries where the server did not say, and between renewals of a token of unknown life. */
export const sessionRetry = 1_000;
export const unknownRenewal = 12 * 3_600_000;

/** No timer is longer, in milliseconds: those of JavaScript end at 2^31. */
const longestTimer = 24 * 3_600_000;

export interface ClientSessionEvents {
  /** The link may be used: `entrance` says as whom, or it is undefined for nobody. */
  open(link: Link, entrance: Entrance | undefined): void;
  event(event: RoomEvent): void;
  missed(entrance: Entrance): void;
  token(token: string, expires: number): void;
  /** Cannot get in, and will not. */
  refused(failure: Failure): void;
  /** Gives up on the link, to come again later. */
  drop(reason: string): void;
}

export interface ClientSession {
  readonly cursor: Cursor | undefined;
  ready(link: Link, hello: Hello, entered: boolean): void;
  lost(): void;
  push(event: RoomEvent): void;
  /** The program has signed in over this link by itself. */
  adopt(link: Link, entrance: Entrance): void;
  dispose(): void;
}

export function createClientSession(
  options: Pick<
    ChatOptions,
    'token' | 'name' | 'password' | 'serverPassword' | 'invitation' | 'device' | 'since'
  >,
  environment: Pick<ConnectEnvironment, 'after' | 'now'>,
  events: ClientSessionEvents,
): ClientSession {
  let { token, since: cursor } = options;
  let expires = token === undefined ? undefined : tokenExpiry(token);
  let link: Link | undefined;
  let cancelRetry = () => {};
  let cancelRenewal = () => {};

  function begin(current: Link, hello: Hello, entered: boolean) {
    const since = cursor === undefined ? {} : { since: cursor };
    const done = (outcome: Outcome<'session:enter' | 'session:resume' | 'session:state'>) => {
      if (link !== current || outcome.status === 'lost') return;
      if (outcome.status === 'ok') return welcome(current, outcome.data);
      refused(current, hello, outcome.failure);
    };
    if (entered) current.request('session:state', since, done);
    else if (token !== undefined) current.request('session:resume', { ...since, token }, done);
    else if (hello.known) current.request('session:resume', since, done);
    else if (options.name !== undefined) enter(current, options.name, done);
    else events.open(current, undefined);
  }

  function enter(current: Link, name: string, done: (outcome: Outcome<'session:enter'>) => void) {
    const { password, serverPassword, invitation, device } = options;
    current.request(
      'session:enter',
      {
        name,
        ...(password === undefined ? {} : { password }),
        ...(serverPassword === undefined ? {} : { serverPassword }),
        ...(invitation === undefined ? {} : { invitation }),
        ...(device === undefined ? {} : { device }),
      },
      done,
    );
  }

  function refused(current: Link, hello: Hello, failure: Failure) {
    const { code } = failure;
    const tokenIsBad = code === 'token-unknown' || code === 'token-expired' || code === 'device-unknown';
    if (code === 'rate-limited') {
      cancelRetry = environment.after(failure.retryAfter ?? sessionRetry, () => begin(current, hello, false));
    } else if (code === 'signed-in') {
      begin(current, hello, true);
    } else if (code === 'signed-out') {
      begin(current, hello, false);
    } else if (code === 'internal') {
      events.drop('could not come back');
    } else if (tokenIsBad && token !== undefined && options.name !== undefined) {
      token = undefined;
      begin(current, { ...hello, known: false }, false);
    } else {
      events.refused(failure);
    }
  }

  function welcome(current: Link, entrance: Entrance) {
    if (entrance.token !== undefined) keep(entrance.token, entrance.expires);
    else expires = entrance.expires ?? expires;
    scheduleRenewal(entrance.time);
    const before = cursor;
    if (before !== undefined && entrance.recovered) for (const event of entrance.events) tell(event);
    cursor = entrance.cursor;
    if (before !== undefined && !entrance.recovered) events.missed(entrance);
    events.open(current, entrance);
  }

  function tell(event: RoomEvent) {
    if (cursor === undefined || event.offset <= cursor.offset) return;
    cursor = { epoch: cursor.epoch, offset: event.offset };
    events.event(event);
  }

  function keep(next: string, until: number | undefined) {
    token = next;
    expires = until ?? tokenExpiry(next);
    events.token(next, expires ?? 0);
  }

  /** @param now by the server's clock, which is the one that the token runs out by */
  function scheduleRenewal(now: number) {
    const life = expires === undefined ? unknownRenewal : (expires - now) * 0.8;
    renewAt(now, now + Math.max(sessionRetry, life));
  }

  /** Waits in steps that a timer can take. */
  function renewAt(now: number, due: number) {
    cancelRenewal();
    const wait = Math.min(due - now, longestTimer);
    cancelRenewal = environment.after(wait, () => {
      if (now + wait < due) renewAt(now + wait, due);
      else renew(due);
    });
  }

  function renew(now: number) {
    // Without a link it is done after the next sign-in, which schedules anew.
    if (link === undefined || token === undefined) return;
    link.request('session:refresh', {}, (outcome) => {
      if (outcome.status === 'ok') {
        keep(outcome.data.token, outcome.data.expires);
        scheduleRenewal(now);
      } else if (outcome.status === 'refused') {
        cancelRenewal();
        cancelRenewal = environment.after(60_000, () => renew(now + 60_000));
      }
    });
  }

  return {
    get cursor() {
      return cursor;
    },
    ready(current, hello, entered) {
      cancelRetry();
      link = current;
      begin(current, hello, entered);
    },
    lost() {
      cancelRetry();
      link = undefined;
    },
    push: tell,
    adopt(current, entrance) {
      if (link === current) welcome(current, entrance);
    },
    dispose() {
      cancelRetry();
      cancelRenewal();
      link = undefined;
    },
  };
}

/** When a token runs out, read from it without checking it; undefined when it does not say. */
function tokenExpiry(token: string): number | undefined {
  try {
    const payload = token.split('.')[1] ?? '';
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    const expiry: unknown =
      typeof claims === 'object' && claims !== null ? Reflect.get(claims, 'exp') : undefined;
    return typeof expiry === 'number' ? expiry * 1000 : undefined;
  } catch {
    return undefined;
  }
}
