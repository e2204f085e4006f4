/**
 * What has come while the reader looked elsewhere (further up, or at another tab): how much, and above which line it
 * begins. Also tells what is really new from what was only loaded, for the announcements.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { TimelineItem } from '../model.ts';
import type { NewLine } from './grouping.ts';

export interface Unseen {
  /** Messages by others that have come below the view and have not been seen. */
  readonly count: number;
  /** Where the line stands; it stays for a while after all is seen, so that the eye finds it. */
  readonly line: NewLine | undefined;
  /** Takes the line away. */
  readonly clear: () => void;
}

/** Messages by others that stand after the newest line that was there before; none on the first call. */
export function useArrivals(
  timeline: readonly TimelineItem[],
  onArrive: (items: readonly TimelineItem[]) => void,
): void {
  const newest = useRef<string | undefined>(undefined);
  const ready = useRef(false);
  const latest = useRef(onArrive);
  latest.current = onArrive;
  useEffect(() => {
    const before = newest.current;
    newest.current = timeline.at(-1)?.key;
    if (!ready.current) {
      ready.current = true;
      return;
    }
    const index = before === undefined ? -1 : timeline.findLastIndex((item) => item.key === before);
    // The line may have been folded away (a notice replaced by a newer one): look no further back than one screenful.
    const from = index === -1 && before !== undefined ? Math.max(0, timeline.length - 1) : index + 1;
    const arrived = timeline.slice(from).filter((item) => item.kind === 'message' && !item.own);
    if (arrived.length > 0) latest.current(arrived);
  }, [timeline]);
}

export function useUnseen(timeline: readonly TimelineItem[], atNewest: boolean): Unseen {
  const [count, setCount] = useState(0);
  const [line, setLine] = useState<NewLine | undefined>(undefined);
  const state = useRef({ atNewest, count: 0 });
  state.current.atNewest = atNewest;

  useArrivals(timeline, (items) => {
    if (state.current.atNewest && !document.hidden) return;
    const first = items[0];
    if (first === undefined) return;
    const before = state.current.count;
    const total = before + items.length;
    state.current.count = total;
    setCount(total);
    setLine((current) =>
      before > 0 && current !== undefined ? { ...current, count: total } : { key: first.key, count: total },
    );
  });

  useEffect(() => {
    const see = (): void => {
      if (document.hidden || !state.current.atNewest) return;
      state.current.count = 0;
      setCount(0);
    };
    see();
    document.addEventListener('visibilitychange', see);
    return () => document.removeEventListener('visibilitychange', see);
  }, [atNewest]);

  return { count, line, clear: () => setLine(undefined) };
}
