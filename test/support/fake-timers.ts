/**
 * Time that stands still until a test moves it, and the timers in it, which run in the order of their times. The clocks of
 * the chat client's tests and of the page's tests stand on it; how time goes by is theirs.
 */

export interface FakeTimer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

export class FakeTimers {
  time = 1_700_000_000_000;
  readonly #timers = new Set<FakeTimer>();
  #order = 0;

  now = (): number => this.time;

  after = (milliseconds: number, callback: () => void): (() => void) => {
    this.#order += 1;
    const timer = { at: this.time + Math.max(0, milliseconds), order: this.#order, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  get timerCount(): number {
    return this.#timers.size;
  }

  /** The timer that is next, if it is due by then. */
  protected nextBy(end: number): FakeTimer | undefined {
    let next: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) {
        next = timer;
      }
    }
    return next !== undefined && next.at <= end ? next : undefined;
  }

  /** Lets it be its time. */
  protected run(timer: FakeTimer): void {
    this.#timers.delete(timer);
    this.time = timer.at;
    timer.callback();
  }
}
