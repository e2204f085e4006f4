/**
 * What the reader is looking at stays where it is. At the newest, the view follows it; anywhere else the line at
 * the top of the view is held in place while anything above or below changes its height: older pages, images,
 * fonts, a turned phone. One mechanism for all browsers; the built-in scroll anchoring is switched off in CSS.
 */
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Nearer to the end than this counts as being at the newest, in CSS pixels. */
const nearEnd = 48;
/** Older lines are asked for when the start is nearer than this. */
const nearStart = 1200;

export interface Scrolling {
  /** Whether the newest line is in view and the view follows it. */
  readonly atNewest: boolean;
  readonly toNewest: () => void;
  readonly onScroll: () => void;
}

/**
 * @param scroller the element that scrolls
 * @param content its one child: rows as children, lines within with `data-key`
 * @param changed anything that is another value after each change of the rows
 * @param needOlder called when the start comes near, whether or not there is something older
 */
export function useScrolling(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  changed: unknown,
  needOlder: () => void,
): Scrolling {
  const [atNewest, setAtNewest] = useState(true);
  const following = useRef(true);
  const anchor = useRef<Anchor | undefined>(undefined);
  const latest = useRef(needOlder);
  latest.current = needOlder;

  const settle = (): void => {
    const view = scroller.current;
    if (view === null) return;
    if (following.current) {
      view.scrollTop = view.scrollHeight;
      return;
    }
    const held = anchor.current;
    if (held === undefined) return;
    const line = content.current?.querySelector(`[data-key="${CSS.escape(held.key)}"]`);
    if (line === null || line === undefined) return;
    // The reader may have scrolled since, and the event is still to come: that much is theirs and stays.
    const wanted = held.top - (view.scrollTop - held.scrollTop);
    const moved = line.getBoundingClientRect().top - view.getBoundingClientRect().top - wanted;
    if (Math.abs(moved) < 0.5) return;
    view.scrollTop += moved;
    anchor.current = { key: held.key, top: wanted, scrollTop: view.scrollTop };
  };

  const onScroll = (): void => {
    const view = scroller.current;
    if (view === null) return;
    const end = view.scrollHeight - view.clientHeight - view.scrollTop < nearEnd;
    following.current = end;
    setAtNewest(end);
    anchor.current = end ? undefined : findAnchor(view, content.current);
    if (view.scrollTop < nearStart) latest.current();
  };

  const toNewest = (): void => {
    following.current = true;
    setAtNewest(true);
    settle();
  };

  // It has to run on each change of the rows, and only then
  useLayoutEffect(settle, [changed]);

  // Settle reads refs only
  useEffect(() => {
    const view = scroller.current;
    const rows = content.current;
    if (view === null || rows === null) return;
    const observer = new ResizeObserver(() => {
      settle();
      if (view.scrollHeight <= view.clientHeight) latest.current();
    });
    observer.observe(view);
    observer.observe(rows);
    return () => observer.disconnect();
  }, []);

  return { atNewest, toNewest, onScroll };
}

/** A line that is held in place, how far below the top edge of the view it begins, and where the view was then. */
interface Anchor {
  readonly key: string;
  readonly top: number;
  readonly scrollTop: number;
}

/** The first line that reaches into the view. */
function findAnchor(view: HTMLElement, content: HTMLElement | null): Anchor | undefined {
  if (content === null) return undefined;
  const edge = view.getBoundingClientRect().top;
  const rows = content.children;
  let first = 0;
  let last = rows.length - 1;
  while (first < last) {
    const middle = (first + last) >> 1;
    if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) > edge) last = middle;
    else first = middle + 1;
  }
  for (let index = first; index < rows.length; index += 1) {
    for (const line of rows[index]?.querySelectorAll<HTMLElement>('[data-key]') ?? []) {
      const box = line.getBoundingClientRect();
      const key = line.dataset.key;
      if (box.bottom > edge && key !== undefined)
        return { key, top: box.top - edge, scrollTop: view.scrollTop };
    }
  }
  return undefined;
}
