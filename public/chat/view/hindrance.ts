/** What keeps a person from writing just now, by the rules of the room. Pure; composer-notes.tsx says it in words. */
import type { RoomSummary } from '../../../src/chat/events.ts';
import type { ChatState } from '../model.ts';

/** What keeps one from writing: being muted until a time, or slow mode, whose wait is over at a time. */
export type Hindrance =
  | { readonly type: 'muted'; readonly until: number }
  | { readonly type: 'wait'; readonly milliseconds: number }
  | { readonly type: 'slow'; readonly seconds: number };

/** @param now by the page's clock, which may differ from the server's: the server has the last word */
export function hindranceOf(
  { conversation, outbox, owner }: ChatState,
  room: RoomSummary | undefined,
  now: number,
): Hindrance | undefined {
  if (room?.mutedUntil !== undefined && room.mutedUntil > now)
    return { type: 'muted', until: room.mutedUntil };
  if (room === undefined || room.slowMode === 0 || room.role !== 'member' || owner) return undefined;
  const said = conversation.timeline.findLast((item) => item.kind === 'message' && item.own);
  const waiting = outbox.findLast(
    (item) =>
      item.room === room.id &&
      item.status !== 'failed' &&
      (item.command.type === 'text' || item.command.type === 'image'),
  );
  const last = Math.max(said?.kind === 'message' ? said.message.time : 0, waiting?.time ?? 0);
  const milliseconds = last + room.slowMode * 1000 - now;
  // A clock that is ahead of the server's must not keep anybody waiting for longer than the rule.
  return milliseconds > 0
    ? { type: 'wait', milliseconds: Math.min(milliseconds, room.slowMode * 1000) }
    : { type: 'slow', seconds: room.slowMode };
}
