/** Time as the chat sees it: the wall clock, because messages are stamped with it. Tests give one that they move by hand. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
  /** Calls back every so many milliseconds until what it returns is called. Does not keep the process alive. */
  every(milliseconds: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  every(milliseconds, callback) {
    const timer = setInterval(callback, milliseconds).unref();
    return () => clearInterval(timer);
  },
};
