/**
 * A clock that stands still until a test moves it; timers run in the order of their times. What promises have to say
 * is heard after each of them, so a test sees the same order of things every time.
 */

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

  /** A promise that settles after so many milliseconds. */
  wait = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      this.after(milliseconds, resolve);
    });

  /** Lets everything happen that needs no time. */
  settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  /** Lets so many milliseconds go by, with all that falls due in them. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await this.settle();
    for (let next = this.#next(); next !== undefined && next.at <= end; next = this.#next())
      await this.#run(next);
    this.time = end;
  }

  /** Lets time go by until something holds. @throws Error after `limit` milliseconds */
  async advanceUntil(holds: () => boolean, limit = 600_000): Promise<void> {
    const end = this.time + limit;
    await this.settle();
    while (!holds()) {
      const next = this.#next();
      if (next === undefined || next.at > end) throw new Error(`did not come about within ${limit} ms`);
      await this.#run(next);
    }
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  async #run(timer: Timer): Promise<void> {
    this.#timers.delete(timer);
    this.time = timer.at;
    timer.callback();
    await this.settle();
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
