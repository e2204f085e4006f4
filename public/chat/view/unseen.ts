/** How much of what others said has not been in view: the count on the way to the newest message. Pure. */
import type { TimelineItem } from '../model.ts';
import { isByOther, offsetOf } from './grouping.ts';

/**
 * @param seen up to which offset the reader has seen everything
 * @param beyond messages that are unread on the server, for when the window ends before the newest; else undefined
 */
export function countUnseen(
  timeline: readonly TimelineItem[],
  seen: number,
  beyond: number | undefined,
): number {
  const loaded = timeline.filter((item) => isByOther(item) && offsetOf(item) > seen).length;
  return Math.max(loaded, beyond ?? 0);
}
