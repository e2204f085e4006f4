/** Holds the page's one state: replaced whole on every change, and each change is told at once. */

export interface Cell<State> {
  get(): State;
  /** Replaces the given fields in one change. Nothing is told when each of them is what it was. */
  update(change: Partial<State>): void;
  /** @returns what ends the subscription */
  subscribe(listener: () => void): () => void;
}

export function createCell<State extends object>(initial: State): Cell<State> {
  const listeners = new Set<() => void>();
  let state = initial;
  return {
    get: () => state,
    update(change) {
      const next = { ...state, ...change };
      const changed = (Object.keys(change) as (keyof State)[]).some((key) => next[key] !== state[key]);
      if (!changed) return;
      state = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
