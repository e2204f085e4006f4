/**
 * The process of one subject in the codec bench: takes the name of a case and what to do with it, does that, answers
 * with figures. Started by codec.bench.ts, which gives turns to one process at a time.
 */
import { GCProfiler } from 'node:v8';
import { cases } from './cases.ts';
import type { Subject } from './subject.ts';
import type { Task } from './task.ts';
import { buildTask } from './tasks.ts';

/** What to do: warm up and check, time one round, or see what it allocates. */
export interface Order {
  readonly id: string;
  readonly step: 'check' | 'time' | 'memory';
  /** CPU time to spend in the step, about. */
  readonly milliseconds: number;
}

/** CPU nanoseconds, or octets and nanoseconds of garbage collection, for each frame. */
export interface Answer {
  readonly nanoseconds: number;
  readonly allocated: number;
  readonly collecting: number;
  readonly octetsPerFrame: number;
  /** What the task found besides. */
  readonly also: Readonly<Record<string, number>>;
}

/** Microseconds of CPU that this process has had, all its threads: what the JIT and the collector do beside us counts. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** What reading the clock twice costs, to be taken off each run. */
function clockCost(): number {
  const costs = Array.from({ length: 2000 }, () => {
    const start = cpu();
    return cpu() - start;
  });
  return costs.slice(1000).reduce((sum, cost) => sum + cost, 0) / 1000;
}

let cost = 0;

/**
 * From this payload on, each run begins with a young generation that was just collected, untimed. Otherwise the figure
 * tells how often malloc got pages from the system, sixteen faults to 64 KiB, which varies tenfold from round to round
 * and says nothing about the codec. What collecting costs is a figure of its own.
 */
const largeLength = 16 * 1024;

function prepare(task: Task): void {
  if (task.octets >= task.frames * largeLength) globalThis.gc?.({ type: 'minor', execution: 'sync' });
  task.prepare();
}

/** Runs until the time is spent. @returns CPU nanoseconds of the runs alone, for each frame */
async function time(task: Task, milliseconds: number): Promise<number> {
  let spent = 0;
  let frames = 0;
  while (spent < milliseconds * 1000) {
    prepare(task);
    const start = cpu();
    const pending = task.run();
    if (pending !== undefined) await pending;
    spent += Math.max(cpu() - start - cost, 0.1);
    frames += task.frames;
  }
  return (spent * 1000) / frames;
}

/** What the runs allocate, on V8's heap and outside, from what each collection found and left; and the collections' time. */
async function memory(task: Task, milliseconds: number): Promise<{ allocated: number; collecting: number }> {
  const held = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const profiler = new GCProfiler();
  task.prepare();
  profiler.start();
  let before = held();
  let frames = 0;
  const end = cpu() + milliseconds * 1000;
  while (cpu() < end) {
    task.prepare();
    const pending = task.run();
    if (pending !== undefined) await pending;
    frames += task.frames;
  }
  const after = held();
  let allocated = 0;
  let collecting = 0;
  for (const { beforeGC, afterGC, cost: microseconds } of profiler.stop().statistics) {
    const { usedHeapSize, externalMemory } = beforeGC.heapStatistics;
    allocated += Math.max(usedHeapSize + externalMemory - before, 0);
    before = afterGC.heapStatistics.usedHeapSize + afterGC.heapStatistics.externalMemory;
    collecting += microseconds * 1000;
  }
  allocated += Math.max(after - before, 0);
  return { allocated: allocated / frames, collecting: collecting / frames };
}

const tasks = new Map<string, Task>();

async function obey({ id, step, milliseconds }: Order, subject: Subject): Promise<Answer> {
  const found = cases.find((each) => each.id === id);
  if (found === undefined) throw new RangeError(`There is no case ${id}.`);
  let task = tasks.get(id);
  if (task === undefined) {
    // One at a time: the memory of those before is let go.
    tasks.clear();
    task = buildTask(found, subject);
    tasks.set(id, task);
  }
  const answer = {
    nanoseconds: 0,
    allocated: 0,
    collecting: 0,
    octetsPerFrame: task.octets / task.frames,
    also: task.also ?? {},
  };
  if (step === 'memory') return { ...answer, ...(await memory(task, milliseconds)) };
  if (step === 'check') await task.check();
  return { ...answer, nanoseconds: await time(task, milliseconds) };
}

const isOrder = (value: unknown): value is Order =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  'step' in value &&
  (value.step === 'check' || value.step === 'time' || value.step === 'memory') &&
  'milliseconds' in value &&
  typeof value.milliseconds === 'number';

if (process.send !== undefined) {
  const { subject } = await (process.argv[2] === 'barewire' ? import('./barewire.ts') : import('./ws.ts'));
  clockCost();
  cost = clockCost();
  process.on('message', (order: unknown) => {
    if (!isOrder(order)) throw new TypeError('That is no order.');
    obey(order, subject).then(
      (answer) => process.send?.(answer),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.send('ready');
}
