/**
 * Hears of the end of AbortSignals with one listener for each signal, however many wait for it: Node warns of a leak at
 * the eleventh listener, and one signal may well stop a hundred clients. Called by client.ts.
 */

const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when the signal is aborted, once. For a signal that is not aborted yet.
 * @param callback must not throw
 * @returns ends the waiting; nothing of ours stays at a signal that nobody waits for
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const callbacks = waiting.get(signal) ?? beginWaiting(signal);
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    // Others may have begun to wait anew since these were all gone.
    if (callbacks.size > 0 || waiting.get(signal) !== callbacks) return;
    waiting.delete(signal);
    signal.removeEventListener('abort', aborted);
  };
}

function beginWaiting(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>();
  waiting.set(signal, callbacks);
  signal.addEventListener('abort', aborted);
  return callbacks;
}

function aborted(this: AbortSignal): void {
  // A copy: who is called ends its waiting.
  for (const callback of [...(waiting.get(this) ?? [])]) callback();
}
