/** What has to wait for a while: everything, what is for one room, or uploads. */
export interface Pauses {
  has(what: string): boolean;
  /** Begins a pause in place of the one that there is. */
  begin(what: string, milliseconds: number): void;
  /** Ends all, without a word. */
  clear(): void;
}

/** @param over called at the end of each pause */
export function createPauses(
  after: (milliseconds: number, callback: () => void) => () => void,
  over: () => void,
): Pauses {
  const cancels = new Map<string, () => void>();
  return {
    has: (what) => cancels.has(what),
    begin(what, milliseconds) {
      cancels.get(what)?.();
      const end = () => {
        cancels.delete(what);
        over();
      };
      cancels.set(what, after(milliseconds, end));
    },
    clear() {
      for (const cancel of cancels.values()) cancel();
      cancels.clear();
    },
  };
}
