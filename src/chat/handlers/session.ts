/** `session:…`: coming in under a new name, coming back with a token, logging out. */
import { countedAddress } from '../../ip-address.ts';
import type { Chat } from '../chat.ts';
import { type Entrance, entryMessageCount, type Member, type Message, type RequestData } from '../events.ts';
import { type Caller, checkRate, type Handler, memberOf, Refusal, roomUnknown } from '../handler.ts';
import { type NameProblem, nameLength } from '../names.ts';

/** The most that a recovery sends: beyond it the newest messages and paging serve a reader better. */
const recoveryLimits = { messages: 500, textUnits: 512 * 1024 } as const;

const nameProblems: Record<NameProblem, string> = {
  empty: 'A name needs at least one character.',
  'too-long': `A name has at most ${nameLength.maximum} characters.`,
  invisible: 'A name needs something to see, and no control or invisible characters.',
};

const enter: Handler<'session:enter'> = async (chat, caller, data) => {
  const now = chat.clock.now();
  checkEntrance(chat, caller, data.room, now);
  const issued = await chat.identities.issue(data.name, now);
  if (issued.status === 'invalid') {
    throw new Refusal('invalid', nameProblems[issued.problem], { field: 'data.name' });
  }
  if (issued.status === 'taken') {
    const message = `The name ${issued.name} is taken; ${issued.suggestion} is free.`;
    throw new Refusal('name-taken', message, { field: 'data.name', suggestion: issued.suggestion });
  }
  try {
    const entrance = await enterRoom(chat, caller, issued.member, data.room, undefined);
    checkOpen(caller);
    caller.whenReplyWasRead(() => chat.confirm(issued.member));
    return { ...entrance, token: issued.token };
  } catch (error) {
    // Nobody has heard of the token, so the name would be locked for a day.
    await chat.identities.revoke(issued.member.id);
    chat.logOut(issued.member);
    throw error;
  }
};

const resume: Handler<'session:resume'> = async (chat, caller, data) => {
  const now = chat.clock.now();
  checkEntrance(chat, caller, data.room, now);
  const member = await chat.identities.claim(data.token, now);
  if (member === undefined) {
    const message = 'That token is not known: it expired or was logged out. Sign in with a name.';
    throw new Refusal('token-unknown', message, { field: 'data.token' });
  }
  // Only guesses count: after a restart of the server a whole office comes back at once.
  chat.signInBuckets.giveBack(countedAddress(caller.remoteAddress));
  return enterRoom(chat, caller, member, data.room, data.since);
};

const leave: Handler<'session:leave'> = async (chat, caller) => {
  const member = memberOf(caller);
  await chat.identities.revoke(member.id);
  caller.afterReply(() => chat.logOut(member));
  return {};
};

export const sessionHandlers = {
  'session:enter': enter,
  'session:resume': resume,
  'session:leave': leave,
} as const;

/** What both ways in check first. An attempt that is refused for its caller or its room does not count. */
function checkEntrance(chat: Chat, caller: Caller, roomName: string, now: number): void {
  if (caller.member !== undefined) {
    const message = `This connection is ${caller.member.name} already: open another, or log out with session:leave.`;
    throw new Refusal('signed-in', message);
  }
  if (chat.room(roomName) === undefined) throw roomUnknown();
  const retryAfter = chat.signInBuckets.take(countedAddress(caller.remoteAddress), now);
  checkRate(retryAfter, 'Too many sign-ins from your address');
}

function checkOpen(caller: Caller): void {
  if (caller.isClosed) throw new Refusal('internal', 'The connection ended before sign-in was done.');
}

async function enterRoom(
  chat: Chat,
  caller: Caller,
  member: Member,
  roomName: string,
  since: RequestData<'session:resume'>['since'],
): Promise<Omit<Entrance, 'token'>> {
  const room = chat.room(roomName);
  if (room === undefined) throw roomUnknown();
  checkOpen(caller);
  // First in, then read: what is said in between is pushed, held until the reply is out, and not lost.
  caller.enter(member, roomName);
  try {
    const missed =
      since?.epoch === chat.log.epoch ? await readMissed(chat, roomName, since.offset) : undefined;
    const messages = missed ?? (await chat.log.readBefore(roomName, undefined, entryMessageCount));
    const before = messages[0]?.offset ?? (since?.offset ?? 0) + 1;
    caller.presenceRead();
    return {
      member,
      room: roomName,
      epoch: chat.log.epoch,
      members: room.members,
      messages,
      recovered: missed !== undefined,
      hasMore: before > 1 && (messages.length > 0 || missed !== undefined),
      time: chat.clock.now(),
    };
  } catch (error) {
    caller.exit();
    throw error;
  }
}

/** All that came after an offset, or undefined when the client is ahead of the log or that is too much to send. */
async function readMissed(chat: Chat, room: string, offset: number): Promise<Message[] | undefined> {
  if (offset > (await chat.log.newestOffset(room))) return undefined;
  const messages = await chat.log.readAfter(room, offset, recoveryLimits.messages + 1);
  if (messages.length > recoveryLimits.messages) return undefined;
  let units = 0;
  for (const { content } of messages) units += content.type === 'text' ? content.text.length : 0;
  return units > recoveryLimits.textUnits ? undefined : messages;
}
