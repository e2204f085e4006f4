/** Which handler carries out which request. Called by session.ts. */
import type { Chat } from './chat.ts';
import type { ClientRequest, ReplyData, RequestName } from './events.ts';
import type { Caller, Handler } from './handler.ts';
import { heartbeatHandlers } from './handlers/heartbeat.ts';
import { invitationHandlers } from './handlers/invitation.ts';
import { messageHandlers } from './handlers/message.ts';
import { moderationHandlers } from './handlers/moderation.ts';
import { roomHandlers } from './handlers/room.ts';
import { sessionHandlers } from './handlers/session.ts';

const handlers: { readonly [Name in RequestName]: Handler<Name> } = {
  ...sessionHandlers,
  ...roomHandlers,
  ...invitationHandlers,
  ...messageHandlers,
  ...moderationHandlers,
  ...heartbeatHandlers,
};

/** @throws Refusal when it is refused */
export function carryOut(
  chat: Chat,
  caller: Caller,
  request: ClientRequest,
): ReplyData<RequestName> | Promise<ReplyData<RequestName>> {
  // The table ties each name to its data; the compiler cannot follow that through a union of requests.
  const handler = handlers[request.event] as Handler<RequestName>;
  return handler(chat, caller, request.data);
}
