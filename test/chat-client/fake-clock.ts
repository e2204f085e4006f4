/** A clock that stands still until a test moves it; timers run in the order of their times. */

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

export class FakeClock {
  time = 1_700_000_000_000;
  readonly #timers = new Set<Timer>();
  #order = 0;

  now = (): number => this.time;

  after = (milliseconds: number, callback: () => void): (() => void) => {
    this.#order += 1;
    const timer = { at: this.time + Math.max(0, milliseconds), order: this.#order, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Lets so many milliseconds go by, with all that falls due in them. */
  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (let next = this.#next(); next !== undefined && next.at <= end; next = this.#next()) {
      this.#timers.delete(next);
      this.time = next.at;
      next.callback();
    }
    this.time = end;
  }

  /** Lets time go by until something holds. @throws Error after `limit` milliseconds */
  advanceUntil(holds: () => boolean, limit = 600_000): void {
    const end = this.time + limit;
    while (!holds()) {
      const next = this.#next();
      if (next === undefined || next.at > end) throw new Error(`did not come about within ${limit} ms`);
      this.#timers.delete(next);
      this.time = next.at;
      next.callback();
    }
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  }
}
