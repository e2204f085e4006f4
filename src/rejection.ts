/** Handlers may be async: what became of the promise that one returned, if it did. Called wherever a handler is. */

/** Calls back when `result` is a promise, of whatever make, and it rejects. Anything else is no concern. */
export function onRejection(result: unknown, callback: (error: unknown) => void): void {
  if (typeof result !== 'object' || result === null || !('then' in result)) return;
  Promise.resolve(result).catch(callback);
}
