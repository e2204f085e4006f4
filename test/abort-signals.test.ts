import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { onAbort } from '../src/abort-signals.ts';

describe('onAbort', () => {
  it('calls back everybody who waits, once, in their order', () => {
    const controller = new AbortController();
    const calls: number[] = [];
    for (const index of [1, 2, 3]) onAbort(controller.signal, () => calls.push(index));
    expect(calls).toEqual([]);
    controller.abort();
    controller.abort();
    expect(calls).toEqual([1, 2, 3]);
  });

  it('does not call whom nobody waits for any more, and lets those who are called end their waiting', () => {
    const controller = new AbortController();
    const other = vi.fn();
    const stopOther = onAbort(controller.signal, other);
    const calls: string[] = [];
    const stops = ['a', 'b'].map((name, index) =>
      onAbort(controller.signal, () => {
        calls.push(name);
        stops[index]?.();
      }),
    );
    stopOther();
    stopOther();
    controller.abort();
    expect(calls).toEqual(['a', 'b']);
    expect(other).not.toHaveBeenCalled();
  });

  it('keeps signals apart', () => {
    const [one, two] = [new AbortController(), new AbortController()];
    const [first, second] = [vi.fn(), vi.fn()];
    onAbort(one.signal, first);
    onAbort(two.signal, second);
    two.abort();
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([0, 1]);
  });

  it('has one listener at a signal, and none when nobody waits', () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    const stops = Array.from({ length: 100 }, () => onAbort(signal, () => {}));
    expect(add).toHaveBeenCalledTimes(1);
    for (const stop of stops.slice(1)) stop();
    expect(remove).not.toHaveBeenCalled();
    stops[0]?.();
    expect(remove).toHaveBeenCalledTimes(1);
    stops[0]?.();
    expect(remove).toHaveBeenCalledTimes(1);
    // Waiting can begin anew, and who stopped before has no say in it.
    const again = vi.fn();
    onAbort(signal, again);
    expect(add).toHaveBeenCalledTimes(2);
    stops[0]?.();
    signal.dispatchEvent(new Event('abort'));
    expect(again).toHaveBeenCalledTimes(1);
  });

  it('makes Node warn of no leak', async () => {
    const warned = vi.fn();
    process.on('warning', warned);
    onTestFinished(() => void process.off('warning', warned));
    const { signal } = new AbortController();
    for (let count = 0; count < 50; count++) onAbort(signal, () => {});
    // Warnings are told in the next tick.
    await new Promise((resolve) => setImmediate(resolve));
    expect(warned).not.toHaveBeenCalled();
  });
});
