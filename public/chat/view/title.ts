/** The document's title: the room, and while the tab is hidden how many messages have come. */
import { useEffect, useState } from 'preact/hooks';
import type { TimelineItem } from '../model.ts';
import { usePage } from './page.ts';
import { useArrivals } from './unseen.ts';

export function useTitle(room: string, timeline: readonly TimelineItem[]): void {
  const { texts } = usePage();
  const [count, setCount] = useState(0);
  useArrivals(timeline, (items) => {
    if (document.hidden) setCount((before) => before + items.length);
  });
  useEffect(() => {
    const onChange = (): void => {
      if (!document.hidden) setCount(0);
    };
    document.addEventListener('visibilitychange', onChange);
    return () => document.removeEventListener('visibilitychange', onChange);
  }, []);
  useEffect(() => {
    document.title = texts.app.title(room, count);
  }, [texts, room, count]);
}
