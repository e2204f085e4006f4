/**
 * Signing in, however it is asked for: by `session:enter` on a connection, or by `POST /api/session`. Limits, the name
 * and what it takes to have it, and what follows: the room that one was invited to. Called by handlers/session.ts and
 * http/session-api.ts.
 */
import { countedAddress } from '../ip-address.ts';
import type { Clock } from './clock.ts';
import type { Member, RequestData } from './events.ts';
import type { Entered, Identities } from './identity.ts';
import type { KeyedBuckets } from './limits.ts';
import { checkRate } from './refusal.ts';
import { deviceLabel } from './user-agent.ts';

/** What this needs of the chat. */
export interface SignInChat {
  readonly clock: Clock;
  readonly identities: Identities;
  readonly signInBuckets: KeyedBuckets;
  /** Puts a member into a room that they were invited to; nothing when the room is gone. */
  letIn(room: string, member: Member): Promise<void>;
  /** Closes every connection of these devices: they are signed out. */
  endDevices(devices: readonly string[], code: number, reason: string): void;
}

/** Where a request came from. */
export interface Origin {
  readonly remoteAddress: string;
  readonly userAgent: string;
  readonly credential: string | undefined;
}

/** Signs a device in. Resolves when that is durable. @throws Refusal for what a person may get wrong */
export async function signIn(
  chat: SignInChat,
  data: RequestData<'session:enter'>,
  { remoteAddress, userAgent, credential }: Origin,
): Promise<Entered> {
  const now = chat.clock.now();
  const address = countedAddress(remoteAddress);
  checkRate(chat.signInBuckets.take(address, now), 'Too many sign-ins from your address');
  const label = data.device === '' ? deviceLabel(userAgent) : data.device;
  const entered = await chat.identities.enter({ ...data, label, remoteAddress, credential }, now);
  // Only new names count: a person who has a password may sign in from everything that they have.
  if (!entered.isNew) chat.signInBuckets.giveBack(address);
  if (entered.ended.length > 0) chat.endDevices(entered.ended, normalClosure, 'signed out: too many devices');
  if (entered.invitedTo !== undefined) await chat.letIn(entered.invitedTo, entered.member);
  return entered;
}

/** RFC 6455 §7.4.1. */
export const normalClosure = 1000;
