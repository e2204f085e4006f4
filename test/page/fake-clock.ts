/**
 * A clock that stands still until a test moves it. What promises have to say is heard after each timer, so a test sees the
 * same order of things every time.
 */
import { type FakeTimer, FakeTimers } from '../support/fake-timers.ts';

export class FakeClock extends FakeTimers {
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
    for (let next = this.nextBy(end); next !== undefined; next = this.nextBy(end))
      await this.#runAndSettle(next);
    this.time = end;
  }

  /** Lets time go by until something holds. @throws Error after `limit` milliseconds */
  async advanceUntil(holds: () => boolean, limit = 600_000): Promise<void> {
    const end = this.time + limit;
    await this.settle();
    while (!holds()) {
      const next = this.nextBy(end);
      if (next === undefined) throw new Error(`did not come about within ${limit} ms`);
      await this.#runAndSettle(next);
    }
  }

  async #runAndSettle(timer: FakeTimer): Promise<void> {
    this.run(timer);
    await this.settle();
  }
}
