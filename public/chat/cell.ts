/** Holds the page's one state: replaced whole on every change, and each change is told at once. */

export interface Cell<State> {
  get(): State;
  /** Replaces the given fields in one change. Nothing is told when each of them is what it was. */
  update(change: Partial<State>): void;
  /** Makes all updates within `run` one change: it is told at the end, and nobody sees what is between. */
  batch(run: () => void): void;
  /** @returns what ends the subscription */
  subscribe(listener: () => void): () => void;
}

export function createCell<State extends object>(initial: State): Cell<State> {
  const listeners = new Set<() => void>();
  let state = initial;
  let told = initial;
  let depth = 0;

  function tell() {
    if (depth > 0 || told === state) return;
    told = state;
    for (const listener of [...listeners]) listener();
  }

  return {
    get: () => state,
    update(change) {
      const next = { ...state, ...change };
      const changed = (Object.keys(change) as (keyof State)[]).some((key) => next[key] !== state[key]);
      if (!changed) return;
      state = next;
      tell();
    },
    batch(run) {
      depth += 1;
      try {
        run();
      } finally {
        depth -= 1;
        tell();
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
