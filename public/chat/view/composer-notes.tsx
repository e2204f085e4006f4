/** Under the field, in words: how much room is left, and what keeps one from writing just now. */
import type { JSX } from 'preact';
import type { RoomSummary } from '../../../src/chat/events.ts';
import type { ChatState } from '../model.ts';
import { type Hindrance, hindranceOf } from './hindrance.ts';
import { useNow, usePage } from './page.ts';
import { useWords } from './words.ts';

/** The counter appears when fewer characters than this are left. */
const counterFrom = 200;

/** What keeps one from writing now, drawn anew while time passes. */
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
