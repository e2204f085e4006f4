/** Whether the way in asks for more than a name, and for what: decided from what the server said. Pure. */
import type { Failure } from '../../../src/chat/events.ts';
import type { ChatState } from '../model.ts';

type Known = Pick<ChatState, 'entry' | 'invitation'>;

/** Whose password the server asked for or would not take; undefined when it said something else. */
export function askedSecret(failure: Failure): 'name' | 'server' | undefined {
  if (failure.code !== 'password-needed' && failure.code !== 'password-wrong') return undefined;
  return (failure.field ?? '').toLowerCase().includes('server') ? 'server' : 'name';
}

/**
 * Which password there is a field for: the name's, once the server has said that it has one; the server's, where it is
 * the only way in, was asked for, or the person says that they know it.
 */
export function secretOf(given: {
  readonly state: Known;
  readonly failure: Failure | undefined;
  /** The name in the field turned out to have a password. */
  readonly kept: boolean;
  readonly wantsServer: boolean;
}): 'name' | 'server' | undefined {
  const { state, failure, kept, wantsServer } = given;
  const asked = failure === undefined ? undefined : askedSecret(failure);
  if (asked !== undefined) return asked;
  if (kept) return 'name';
  if (wantsServer) return 'server';
  const { entry, invitation } = state;
  if (entry === undefined || !entry.serverPassword || invitation !== undefined) return undefined;
  return entry.invitation ? undefined : 'server';
}

/** What the page says of it. */
export function aboutEntry(state: Known): {
  /** In place of the usual lead; undefined where a name is enough. */
  readonly needed: 'password' | 'invitation' | 'either' | undefined;
  /** Whether there is a way to say that one knows the server's password. */
  readonly offersServer: boolean;
} {
  const { entry, invitation } = state;
  if (entry === undefined || invitation !== undefined) return { needed: undefined, offersServer: false };
  const { serverPassword, invitation: invited } = entry;
  const needed = serverPassword ? (invited ? 'either' : 'password') : invited ? 'invitation' : undefined;
  return { needed, offersServer: serverPassword && invited };
}
