// The thread of watchdog.ts. Plain JavaScript, because a thread does not get the loader that reads TypeScript.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';

const { numbers, octets, patience, directory } = workerData;

for (let batch = 0; ; ) {
  // A place that nobody changes or wakes: it is a wait for time to pass.
  Atomics.wait(numbers, numbers.length - 1, 0, patience);
  const next = Atomics.load(numbers, 0);
  if (next === batch) break;
  batch = next;
}

const [, seed = 0, count = 0] = numbers;
const text = Buffer.from(octets);
let end = 0;
const parts = Array.from(numbers.subarray(3, 3 + count), (length) => {
  end += length;
  return text.subarray(end - length, end);
});
const [target, ...inputs] = parts;
const message = `It did not end within ${patience / 1000} seconds.`;
mkdirSync(directory, { recursive: true });
for (const [index, input] of inputs.entries()) {
  const path = join(directory, `${target}-endless-${seed}-${index}.json`);
  const finding = { target: String(target), seed, message, octets: input.toString('hex') };
  writeFileSync(path, `${JSON.stringify(finding, null, 2)}\n`);
  console.error(`FOUND ${path}\n${message}`);
}
process.kill(process.pid, 'SIGKILL');
