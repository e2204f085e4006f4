/** Under the field, in words: how much room is left, and what keeps one from writing just now. */
import type { JSX } from 'preact';
import type { RoomSummary } from '../../../src/chat/events.ts';
import type { ChatState } from '../model.ts';
import { useNow, usePage } from './page.ts';
import { useWords } from './words.ts';

/** The counter appears when fewer characters than this are left. */
const counterFrom = 200;

/** What keeps one from writing: being muted until a time, or slow mode, whose wait is over at a time. */
export type Hindrance =
  | { readonly type: 'muted'; readonly until: number }
  | { readonly type: 'wait'; readonly milliseconds: number }
  | { readonly type: 'slow'; readonly seconds: number };

/** @param now by the page's clock, which may differ from the server's: the server has the last word */
export function hindranceOf(
  { me, conversation, outbox, owner }: ChatState,
  room: RoomSummary | undefined,
  now: number,
): Hindrance | undefined {
  const self = conversation.members.find((member) => member.id === me?.id);
  if (self?.mutedUntil !== undefined && self.mutedUntil > now)
    return { type: 'muted', until: self.mutedUntil };
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

/** The same, drawn anew while time passes. */
export function useHindrance(state: ChatState, room: RoomSummary | undefined): Hindrance | undefined {
  const waits = hindranceOf(state, room, Date.now());
  const now = useNow(waits === undefined || waits.type === 'slow' ? undefined : 1000);
  return hindranceOf(state, room, Math.max(now, Date.now()));
}

interface ComposerNotesProps {
  /** Characters; less than 0 for too many. */
  readonly left: number;
  readonly limit: number;
  readonly hindrance: Hindrance | undefined;
}

export function ComposerNotes({ left, limit, hindrance }: ComposerNotesProps): JSX.Element | null {
  const words = useWords().composer;
  const { format } = usePage().texts;
  const notes: JSX.Element[] = [];
  if (hindrance?.type === 'muted')
    notes.push(
      <p class="note bad" role="status">
        {words.muted(
          (format.sameDay(hindrance.until, Date.now()) ? format.time : format.dateTime)(hindrance.until),
        )}
      </p>,
    );
  // Not announced each second: it can be read at any time.
  if (hindrance?.type === 'wait')
    notes.push(<p class="note figure">{words.slowWait(format.seconds(hindrance.milliseconds))}</p>);
  if (hindrance?.type === 'slow')
    notes.push(<p class="note figure">{words.slowMode(format.seconds(hindrance.seconds * 1000))}</p>);
  if (left < counterFrom)
    notes.push(
      <p class={left < 0 ? 'note counter figure bad' : 'note counter figure'} role="status">
        {left < 0 ? `${words.charactersLeft(left)}. ${words.tooLong(limit)}` : words.charactersLeft(left)}
      </p>,
    );
  return notes.length === 0 ? null : <div class="notes">{notes}</div>;
}
