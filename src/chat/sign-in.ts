/**
 * Signing in and out, however it is asked for: by `session:enter` and `session:leave` on a connection, or over HTTP.
 * Limits, the name and what it takes to have it, and what follows: the room that one was invited to, connections that
 * end, names that are free again. Called by handlers/session.ts and
 * http/session-api.ts.
 */
import { countedAddress } from '../ip-address.ts';
import type { Logger } from '../logger.ts';
import type { Clock } from './clock.ts';
import type { Member, RequestData } from './events.ts';
import type { Entered, Identities } from './identity.ts';
import type { KeyedBuckets } from './limits.ts';
import { checkRate } from './refusal.ts';
import { tokenRefusal } from './tokens.ts';
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
  /** Takes members whose names are over out of their rooms. */
  forget(members: readonly Member[]): Promise<void>;
  /** Notes work that is under way, until it is done. It must not reject. */
  track(work: Promise<void>): void;
  readonly logger: Logger;
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
  if (entered.ended.length > 0) chat.endDevices(entered.ended, normalClosure, 'signed out: too many devices');
  if (entered.invitedTo !== undefined) await chat.letIn(entered.invitedTo, entered.member);
  return entered;
}

/**
 * To be called in the moment in which a connection becomes a device's: what ends devices and members later finds the
 * connection, what did so before is found here. @throws Refusal `token-unknown`, `banned`
 */
export function checkStillIn({ identities, clock }: SignInChat, memberId: string, device: string): void {
  if (!identities.devices(memberId).some(({ id }) => id === device)) throw tokenRefusal('token-unknown');
  identities.bans.check(undefined, memberId, clock.now());
}

/**
 * Signs a device out, or all of its member's. Resolves when that is durable.
 * @returns what closes their connections, and frees the name when nobody is left: to be called after the answer
 */
export async function endSession(chat: SignInChat, device: string, everywhere: boolean): Promise<() => void> {
  const ended = await chat.identities.leave(device, everywhere);
  return () => {
    chat.endDevices(ended, normalClosure, 'signed out');
    forgetGone(chat);
  };
}

/** The same for one of a member's devices, on another one of them. @throws Refusal `device-unknown` */
export async function endDevice(chat: SignInChat, memberId: string, device: string): Promise<() => void> {
  await chat.identities.revokeDevice(memberId, device);
  return () => {
    chat.endDevices([device], normalClosure, 'signed out on another device');
    forgetGone(chat);
  };
}

/** Whose name is over leaves their rooms now, not at the next sweep. */
function forgetGone(chat: SignInChat): void {
  const work = chat.identities.sweep(chat.clock.now()).then((members) => chat.forget(members));
  chat.track(
    work.catch((error: unknown) => {
      chat.logger.error({ err: error }, 'names that are over were not forgotten');
    }),
  );
}

/** RFC 6455 §7.4.1. */
const normalClosure = 1000;
