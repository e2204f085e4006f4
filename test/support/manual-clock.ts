/** A clock that tests move by hand: nothing happens until `advance`, and then everything that is due, in order. */
import type { Clock } from '../../src/options.ts';

export interface ManualClock extends Clock {
  /** Moves time on, calling back whatever comes due on the way. */
  advance(milliseconds: number): void;
}

export function manualClock(): ManualClock {
  let now = 0;
  const timers = new Set<{ readonly interval: number; due: number; readonly callback: () => void }>();
  return {
    now: () => now,
    every(interval, callback) {
      const timer = { interval, due: now + interval, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(milliseconds) {
      const end = now + milliseconds;
      for (;;) {
        const next = [...timers].sort((left, right) => left.due - right.due)[0];
        if (next === undefined || next.due > end) break;
        now = next.due;
        next.due += next.interval;
        next.callback();
      }
      now = end;
    },
  };
}
