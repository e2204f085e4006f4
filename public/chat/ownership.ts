/**
 * Which tab sends an item of the outbox. Where tabs share a connection, the one that holds it sends all; elsewhere each
 * sends its own, and after a while what another tab has gone silent about, as that may have been closed.
 */
import type { OutboxItem } from './outbox.ts';
import type { Environment } from './platform.ts';

/** Milliseconds of silence after which an item of another tab is taken for left behind. */
export const adoptionTime = 10_000;

/** `holder`: it sends for all tabs. `guest`: another one does. `alone`: there is no such thing here. */
export type Role = 'holder' | 'guest' | 'alone';

export interface Ownership {
  /** Whether this tab sends that item now. */
  isOurs(item: OutboxItem): boolean;
  /** Another tab has said what it does with an item. */
  heard(nonce: string): void;
  forget(nonce: string): void;
  dispose(): void;
}

/** @param tab names this tab @param adopt called when an item of another tab may have become ours */
export function createOwnership(
  { now, after }: Environment,
  tab: string,
  role: () => Role,
  adopt: () => void,
): Ownership {
  /** When an item of another tab was last heard of. */
  const heard = new Map<string, number>();
  let cancel: (() => void) | undefined;

  return {
    isOurs(item) {
      const mine = role();
      if (mine !== 'alone') return mine === 'holder';
      if (item.tab === tab) return true;
      const last = heard.get(item.nonce) ?? now();
      heard.set(item.nonce, last);
      const wait = last + adoptionTime - now();
      if (wait <= 0) return true;
      cancel ??= after(wait, () => {
        cancel = undefined;
        adopt();
      });
      return false;
    },
    heard: (nonce) => heard.set(nonce, now()),
    forget: (nonce) => heard.delete(nonce),
    dispose: () => cancel?.(),
  };
}
