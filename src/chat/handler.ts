/** What a handler is given, and what it may answer. One handler per request, in handlers/, one file per domain. */
import type { Chat } from './chat.ts';
import type { Member, ReplyData, RequestData, RequestName } from './events.ts';
import { Refusal } from './refusal.ts';

export { checkRate, Refusal } from './refusal.ts';

/** The connection that asks. */
export interface Caller {
  readonly remoteAddress: string;
  readonly userAgent: string;
  /** The token that came with the connection, as in a cookie. */
  readonly credential: string | undefined;
  /** Who it is, and on which device; undefined before sign-in. */
  readonly member: Member | undefined;
  readonly device: string | undefined;
  readonly isClosed: boolean;
  /**
   * Makes it a member's. What is pushed from now on waits until the reply has gone out; events of the log that the
   * reply's cursor covers are then left out.
   */
  enter(member: Member, device: string): void;
  /** Undoes `enter`, as when the reply could not be made. */
  exit(): void;
  /** Called after the reply has gone out. */
  afterReply(callback: () => void): void;
  /**
   * Called once, when a request comes in after the reply has gone out: the client has what the reply said. Never called
   * when no reply was asked for.
   */
  whenReplyWasRead(callback: () => void): void;
}

export type Handler<Name extends RequestName> = (
  chat: Chat,
  caller: Caller,
  data: RequestData<Name>,
) => ReplyData<Name> | Promise<ReplyData<Name>>;

/** Who asks. @throws Refusal `signed-out` before sign-in */
export function memberOf(caller: Caller): Member {
  if (caller.member !== undefined) return caller.member;
  throw new Refusal('signed-out', 'Only members may do this: sign in with session:enter or session:resume.');
}

export function roomUnknown(field = 'data.room'): Refusal {
  return new Refusal('room-unknown', 'There is no room of that name that you may see.', { field });
}
