/**
 * What the reader is looking at stays where it is. At the newest, the view follows it; anywhere else the line at the
 * top of the view is held in place while anything above or below changes its height: older and newer pages, lines that
 * are shed, images, fonts, a turned phone. One mechanism for all browsers; the built-in scroll anchoring is switched
 * off in CSS. Also where a room is opened, jumps to a message, and what has been seen.
 */
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { findAnchor, type Held, lastSeen } from './scroll-lines.ts';

/** Nearer to the end than this counts as being at the newest, in CSS pixels. */
const nearEnd = 48;
/** More lines are asked for when the edge of the window is nearer than this. */
const nearEdge = 1200;
/** How long a message that was jumped to stands out; CSS fades it within that time. Milliseconds. */
const standOut = 2400;

export interface Scrolling {
  /** Whether the newest line is in view and the view follows it. */
  readonly atNewest: boolean;
  readonly toNewest: () => void;
  readonly onScroll: () => void;
}

export interface ScrollingOptions {
  /** The element that scrolls. */
  readonly scroller: RefObject<HTMLElement | null>;
  /** Its rows, with lines in them that have `data-key` and, when they are in the log, `data-offset`. */
  readonly content: RefObject<HTMLElement | null>;
  /** Another value after each change of the rows. */
  readonly rows: unknown;
  /** Whether the rows are what the server has, and not only what this device remembers. */
  readonly ready: boolean;
  /** Whether the window ends before the newest message. */
  readonly hasNewer: boolean;
  readonly target: { readonly id: string; readonly jump: number } | undefined;
  /** Called when an edge comes near, whether or not there is something behind it. */
  readonly needOlder: () => void;
  readonly needNewer: () => void;
  /** Loads the newest messages, when the window ends before them. */
  readonly loadNewest: () => void;
  /** Called with the offset of the last line that has been in view. It may be called with the same again. */
  readonly onSeen: (offset: number) => void;
}

/** Draw the component anew for another room: a hook belongs to one. */
export function useScrolling(options: ScrollingOptions): Scrolling {
  const { scroller, content, rows, ready, hasNewer, target } = options;
  const [atNewest, setAtNewest] = useState(true);
  const following = useRef(true);
  /** The newest is being loaded, to be followed then. */
  const seeking = useRef(false);
  const anchor = useRef<Held | undefined>(undefined);
  /** Where the view was put at the newest. */
  const followedTo = useRef(0);
  const placed = useRef(false);
  const jumped = useRef(0);
  const latest = useRef(options);
  latest.current = options;

  const follow = (on: boolean): void => {
    following.current = on;
    setAtNewest(on);
  };

  const settle = (): void => {
    const view = scroller.current;
    if (view === null) return;
    if (following.current) {
      view.scrollTop = view.scrollHeight;
      followedTo.current = view.scrollTop;
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

  /** Scrolls so that an element's top lies at a share of the view's height, and holds it there. */
  const show = (element: Element, share: number): void => {
    const view = scroller.current;
    if (view === null) return;
    const box = element.getBoundingClientRect();
    const edge = view.getBoundingClientRect().top;
    const room = Math.max(0, view.clientHeight - box.height);
    view.scrollTop += box.top - edge - Math.min(view.clientHeight * share, room);
    track();
  };

  /** Takes down where the reader is. */
  const track = (): void => {
    const view = scroller.current;
    if (view === null) return;
    const end = view.scrollHeight - view.clientHeight - view.scrollTop < nearEnd;
    follow(end && !latest.current.hasNewer);
    anchor.current = following.current ? undefined : findAnchor(view, content.current);
  };

  const look = (): void => {
    const view = scroller.current;
    if (view === null || document.hidden || !latest.current.ready) return;
    const offset = lastSeen(view, content.current);
    if (offset !== undefined) latest.current.onSeen(offset);
  };

  const fetchNearEdges = (): void => {
    const view = scroller.current;
    if (view === null || !placed.current) return;
    if (view.scrollTop < nearEdge) latest.current.needOlder();
    if (view.scrollHeight - view.clientHeight - view.scrollTop < nearEdge) latest.current.needNewer();
  };

  const onScroll = (): void => {
    const view = scroller.current;
    // The event of our own scrolling comes later, and there may be more below by then. Only a reader goes up.
    if (following.current && view !== null && view.scrollTop >= followedTo.current - 1) settle();
    else track();
    look();
    fetchNearEdges();
  };

  const toNewest = (): void => {
    if (hasNewer) {
      seeking.current = true;
      latest.current.loadNewest();
      return;
    }
    follow(true);
    anchor.current = undefined;
    settle();
  };

  // It has to run on each change of the rows, and only then
  useLayoutEffect(() => {
    const view = scroller.current;
    if (seeking.current && !hasNewer) {
      seeking.current = false;
      anchor.current = undefined;
      follow(true);
    }
    settle();
    if (view === null) return;
    if (ready && !placed.current && view.querySelector('[data-offset]') !== null) {
      placed.current = true;
      // What is new begins in the upper part of the view, unless all of it is in view at the end anyway.
      const line = view.querySelector('.divider.new');
      const edge = view.getBoundingClientRect().top;
      if (line !== null && line.getBoundingClientRect().top < edge) show(line, 0.2);
      else track();
    }
    if (target !== undefined && target.jump !== jumped.current) {
      const message = view.querySelector<HTMLElement>(`[data-message="${CSS.escape(target.id)}"]`);
      if (message !== null) {
        jumped.current = target.jump;
        placed.current = true;
        show(message, 0.35);
        markTarget(message);
      }
    }
    look();
    fetchNearEdges();
  }, [rows, ready, hasNewer, target]);

  // These read refs only
  useEffect(() => {
    const view = scroller.current;
    const list = content.current;
    if (view === null || list === null) return;
    const observer = new ResizeObserver(() => {
      settle();
      look();
      if (view.scrollHeight <= view.clientHeight) fetchNearEdges();
    });
    observer.observe(view);
    observer.observe(list);
    // What stands above and below the rows grows and shrinks, too.
    if (list.parentElement !== null) observer.observe(list.parentElement);
    document.addEventListener('visibilitychange', look);
    return () => {
      observer.disconnect();
      document.removeEventListener('visibilitychange', look);
    };
  }, []);

  return { atNewest, toNewest, onScroll };
}

/** Lets a message stand out for a moment, and takes the focus there when it is among the messages already. */
function markTarget(message: HTMLElement): void {
  const line = message.closest('.line');
  line?.classList.remove('target');
  // Read, so that the animation begins again for the same message.
  void message.offsetWidth;
  line?.classList.add('target');
  setTimeout(() => line?.classList.remove('target'), standOut);
  const focused = document.activeElement;
  if (focused === null || focused === document.body || focused.closest('.rows') !== null)
    message.focus({ preventScroll: true });
}
