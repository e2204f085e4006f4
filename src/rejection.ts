/** Handlers may be async: what became of the promise that one returned, if it did. Called wherever a handler is. */

/** Whether it is a promise, of whatever make. */
export function isThenable<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Calls back when `result` is a promise, of whatever make, and it rejects. Anything else is no concern. */
export function onRejection(result: unknown, callback: (error: unknown) => void): void {
  if (isThenable(result)) Promise.resolve(result).catch(callback);
}
