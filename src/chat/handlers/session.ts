/** `session:…`: coming in under a name, coming back with a token, devices and passwords, going. */
import { countedAddress } from '../../ip-address.ts';
import type { Chat } from '../chat.ts';
import type { Cursor, Entrance, Member } from '../events.ts';
import { type Caller, checkRate, type Handler, memberOf, Refusal } from '../handler.ts';
import { checkStillIn, endDevice, endSession, signIn } from '../sign-in.ts';
import { tokenRefusal } from '../tokens.ts';

const enter: Handler<'session:enter'> = async (chat, caller, data) => {
  checkSignedOut(caller);
  const { member, device, token, expires } = await signIn(chat, data, caller);
  try {
    const entrance = await comeIn(chat, caller, member, device, undefined);
    checkOpen(caller);
    caller.whenReplyWasRead(() => confirm(chat, device));
    return { ...entrance, token, expires };
  } catch (error) {
    // Nobody has heard of the token, so nobody could sign the device out.
    const finish = await endSession(chat, device, false);
    finish();
    throw error;
  }
};

const resume: Handler<'session:resume'> = async (chat, caller, data) => {
  checkSignedOut(caller);
  const token = data.token ?? caller.credential;
  if (token === undefined) {
    const message = 'There is no token: send one, or sign in with a name.';
    throw new Refusal('token-unknown', message, { field: 'data.token' });
  }
  const now = chat.clock.now();
  const address = countedAddress(caller.remoteAddress);
  checkRate(chat.signInBuckets.take(address, now), 'Too many sign-ins from your address');
  const found = await chat.identities.authenticate(token, now);
  if (found.status === 'banned') throw found.refusal;
  if (found.status !== 'known') throw tokenRefusal(found.status);
  // Only guesses count: after a restart of the server a whole office comes back at once.
  chat.signInBuckets.giveBack(address);
  return comeIn(chat, caller, found.member, found.device, data.since);
};

const state: Handler<'session:state'> = (chat, caller, { since }) => {
  const { member, device } = signedIn(caller);
  return chat.entrance(member, device, since);
};

const refresh: Handler<'session:refresh'> = (chat, caller) => {
  const { device } = signedIn(caller);
  return chat.identities.refreshToken(device, chat.clock.now());
};

const leave: Handler<'session:leave'> = async (chat, caller, { everywhere }) => {
  const { device } = signedIn(caller);
  caller.afterReply(await endSession(chat, device, everywhere));
  return {};
};

const devices: Handler<'session:devices'> = (chat, caller) => {
  const { member, device } = signedIn(caller);
  const here = new Set([...chat.presence.connectionsOf(member.id)].map((peer) => peer.device));
  return {
    devices: chat.identities.devices(member.id).map(({ id, label, createdAt, lastSeenAt }) => ({
      id,
      label,
      createdAt,
      lastSeenAt,
      current: id === device,
      here: here.has(id),
    })),
  };
};

const revoke: Handler<'session:revoke'> = async (chat, caller, data) => {
  const { member } = signedIn(caller);
  caller.afterReply(await endDevice(chat, member.id, data.device));
  return {};
};

const password: Handler<'session:password'> = async (chat, caller, data) => {
  const { id } = memberOf(caller);
  const now = chat.clock.now();
  await chat.identities.setPassword(id, data.password, data.current, caller.remoteAddress, now);
  return {};
};

const claim: Handler<'session:claim'> = async (chat, caller, { code }) => {
  const { id } = memberOf(caller);
  await chat.identities.claim(id, code, caller.remoteAddress, chat.clock.now());
  // They are an owner everywhere now.
  for (const room of chat.rooms.roomsOf(id)) chat.tellRoomChanged(room, id);
  return {};
};

export const sessionHandlers = {
  'session:enter': enter,
  'session:resume': resume,
  'session:state': state,
  'session:refresh': refresh,
  'session:leave': leave,
  'session:devices': devices,
  'session:revoke': revoke,
  'session:password': password,
  'session:claim': claim,
} as const;

/** @throws Refusal `signed-in` */
function checkSignedOut({ member }: Caller): void {
  if (member === undefined) return;
  const message = `This connection is ${member.name} already: open another, or sign out with session:leave.`;
  throw new Refusal('signed-in', message);
}

function checkOpen(caller: Caller): void {
  if (caller.isClosed) throw new Refusal('internal', 'The connection ended before sign-in was done.');
}

/** @throws Refusal `signed-out` */
function signedIn(caller: Caller): { readonly member: Member; readonly device: string } {
  const member = memberOf(caller);
  // Both are set by `enter`, and only by it.
  return { member, device: caller.device ?? '' };
}

async function comeIn(
  chat: Chat,
  caller: Caller,
  member: Member,
  device: string,
  since: Cursor | undefined,
): Promise<Omit<Entrance, 'token'>> {
  checkOpen(caller);
  checkStillIn(chat, member.id, device);
  // First in, then read: what is said in between is pushed, held until the reply is out, and not lost.
  caller.enter(member, device);
  try {
    return await chat.entrance(member, device, since);
  } catch (error) {
    caller.exit();
    throw error;
  }
}

/** The client has the token. When that cannot be written down, the chat goes on. */
function confirm(chat: Chat, device: string): void {
  chat.identities.confirm(device, chat.clock.now()).catch((error: unknown) => {
    chat.logger.error({ err: error }, 'that a token arrived was not stored');
  });
}
