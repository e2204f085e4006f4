/** What somebody who comes back has missed, if it is not too much to send. Called by chat.ts. */
import type { Cursor, RoomEvent } from './events.ts';
import type { Log } from './log.ts';

/** The most that a recovery sends: beyond it opening the rooms anew serves a reader better. */
export const recoveryLimits = { events: 500, textUnits: 512 * 1024 } as const;

/**
 * All that came in these rooms after a cursor, oldest first; undefined when the cursor is another log's or ahead of this
 * one, when some of it is gone, or when that is too much.
 */
export function readMissed(
  log: Log,
  rooms: readonly string[],
  since: Cursor | undefined,
): RoomEvent[] | undefined {
  if (since === undefined || since.epoch !== log.epoch || since.offset > log.newest) return undefined;
  const events = log.readAfter(rooms, since.offset, recoveryLimits.events + 1);
  if (events.length > recoveryLimits.events) return undefined;
  let units = 0;
  const begun = new Set<string>();
  for (const event of events) {
    // Each names the one before it in its room: what came after the cursor and is not here was trimmed.
    if (!begun.has(event.room) && event.previous > since.offset) return undefined;
    begun.add(event.room);
    units += textUnitsOf(event);
  }
  return units > recoveryLimits.textUnits ? undefined : events;
}

function textUnitsOf(event: RoomEvent): number {
  if (event.type === 'edit') return event.text.length;
  return event.type === 'message' && event.content.type === 'text' ? event.content.text.length : 0;
}
