/** A clock that stands still until a test moves it; all that falls due happens within the call that moves it. */
import { FakeTimers } from '../support/fake-timers.ts';

export class FakeClock extends FakeTimers {
  /** Lets so many milliseconds go by, with all that falls due in them. */
  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (let next = this.nextBy(end); next !== undefined; next = this.nextBy(end)) this.run(next);
    this.time = end;
  }

  /** Lets time go by until something holds. @throws Error after `limit` milliseconds */
  advanceUntil(holds: () => boolean, limit = 600_000): void {
    const end = this.time + limit;
    while (!holds()) {
      const next = this.nextBy(end);
      if (next === undefined) throw new Error(`did not come about within ${limit} ms`);
      this.run(next);
    }
  }
}
