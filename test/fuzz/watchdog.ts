/**
 * Sees that the fuzzer still runs. An input that never comes to an end stops the thread that runs it, timers included,
 * so watchdog-thread.js stands in a thread of its own: each batch is written into shared memory before it runs, and when
 * none follows for too long, the one that stands there is written down as a finding and the process is ended.
 */
import { Worker } from 'node:worker_threads';
import { findingsDirectory } from './findings.ts';
import type { Watch } from './fuzzer.ts';

/** Octets for one batch; what does not fit is cut off. */
const room = 1024 * 1024;

/** Milliseconds for one batch. Most take one; an input that is made small takes a few seconds. */
const patience = 60_000;

/** Starts watching. @returns what to call before each batch, and how to stop */
export function startWatchdog(): { readonly watch: Watch; stop(): void } {
  // The number of the batch, the seed, how many parts there are, and the length of each: first the target's name.
  const numbers = new Int32Array(new SharedArrayBuffer(4 * 64));
  const octets = new Uint8Array(new SharedArrayBuffer(room));
  const worker = new Worker(new URL('./watchdog-thread.js', import.meta.url), {
    workerData: { numbers, octets, patience, directory: findingsDirectory },
  });
  worker.unref();
  return {
    watch(fuzzer, inputs) {
      const parts = [new TextEncoder().encode(fuzzer.target.name), ...inputs];
      numbers[1] = fuzzer.seed;
      numbers[2] = parts.length;
      let end = 0;
      for (const [index, part] of parts.entries()) {
        const fitting = part.subarray(0, room - end);
        octets.set(fitting, end);
        numbers[3 + index] = fitting.length;
        end += fitting.length;
      }
      Atomics.add(numbers, 0, 1);
    },
    stop: () => void worker.terminate(),
  };
}
