/**
 * Frames that many connections are sent one behind the other, joined once for all of them: sixteen broadcasts in one tick
 * become one write of the same octets to each member (RFC 6455 §5.6 lets frames be put together in any way). connection.ts
 * gathers; members that were sent the same frames have the same run, by identity.
 */

/** From this many octets on a frame is better written by itself, and a run is long enough. */
export const longestRun = 16 * 1024;

export class FrameRun {
  /** Octets of all its frames. */
  readonly length: number;
  readonly #before: FrameRun | undefined;
  readonly #frame: Uint8Array;
  #octets: Uint8Array | undefined;

  private constructor(before: FrameRun | undefined, frame: Uint8Array) {
    this.#before = before;
    this.#frame = frame;
    this.length = (before?.length ?? 0) + frame.length;
  }

  /**
   * That run with one more frame; the same object for all who ask the same in turn.
   * @param frame must not change any more
   */
  static of(before: FrameRun | undefined, frame: Uint8Array): FrameRun {
    for (const run of recent) {
      if (run.#frame === frame && run.#before === before) return run;
    }
    const run = new FrameRun(before, frame);
    recent[next] = run;
    next = (next + 1) % mostRecent;
    return run;
  }

  /** The frames, one behind the other. Only to be read: all who have the run write the same octets. */
  get octets(): Uint8Array {
    this.#octets ??= this.#before === undefined ? this.#frame : this.#join();
    return this.#octets;
  }

  #join(): Uint8Array {
    const octets = new Uint8Array(this.length);
    let end = this.length;
    for (let run: FrameRun | undefined = this; run !== undefined; run = run.#before) {
      end -= run.#frame.length;
      octets.set(run.#frame, end);
    }
    return octets;
  }
}

/**
 * The last runs that were made. A broadcast asks for the same one for each member, or, with permessage-deflate, for one
 * of a few; no more than these are kept alive by it, each with frames under `longestRun`.
 */
const recent: FrameRun[] = [];
const mostRecent = 4;
let next = 0;
