// Wall-clock time as the chat sees it, moved by hand.
import type { Clock } from '../../src/chat/clock.ts';

export class FakeClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  readonly #timers = new Set<{ interval: number; due: number; callback: () => void }>();

  now(): number {
    return this.#now;
  }

  every(milliseconds: number, callback: () => void): () => void {
    const timer = { interval: milliseconds, due: this.#now + milliseconds, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** As when somebody corrects the wall clock. Timers do not mind. */
  setBack(milliseconds: number): void {
    this.#now -= milliseconds;
    for (const timer of this.#timers) timer.due -= milliseconds;
  }

  /** Moves on, calling back what falls due, in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.due - b.due)[0];
      if (next === undefined || next.due > end) break;
      this.#now = next.due;
      next.due += next.interval;
      next.callback();
    }
    this.#now = end;
  }
}
