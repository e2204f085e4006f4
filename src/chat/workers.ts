/** A bounded number of things done at one time, and a bounded queue before them. Called by images.ts. */
export class Workers {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param most how many at one time @param mostWaiting how many more may wait for their turn */
  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /** Does the work, now or in its turn, first come first served; undefined when too many wait already. */
  run<Result>(work: () => Promise<Result>): Promise<Result> | undefined {
    if (this.#running < this.#most) {
      this.#running++;
      return this.#do(work);
    }
    if (this.#waiting.length >= this.#mostWaiting) return undefined;
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.#do(work));
  }

  async #do<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } finally {
      // Whoever waits takes over the place, so nobody can slip in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
