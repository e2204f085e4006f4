/** The sentences that stand below the results of server.bench.ts: how it was done, and what is missing. */
import type { Measure } from '../results.ts';
import type { Plan } from './contenders.ts';
import { idleConnections } from './idle-job.ts';
import { idleId } from './rows.ts';

/** Rows in which bare node:net shows what the generator can do. */
const ceilingRows = ['echo-125-64x1', 'echo-125-64x32', 'fanout-1000-64x16'];

/** The generator's ceiling: what it reached against a server that does nothing. */
function ceilings(measures: readonly Measure[]): string[] {
  const reached = measures.flatMap(({ id, series }) => {
    const also = series.find(({ subject }) => subject === 'node:net')?.also;
    const rate = also?.['messages/s'];
    const [own, load] = [also?.['generator load'], also?.['server load']];
    if (!ceilingRows.includes(id) || rate === undefined || own === undefined || load === undefined) return [];
    const percent = (share: number): string => `${Math.round(share * 100)} %`;
    const count = Math.round(rate).toLocaleString('en');
    return [`${count} a second in ${id} (generator ${percent(own)} of its core, server ${percent(load)})`];
  });
  if (reached.length === 0) return [];
  return [
    `The generator's ceiling, measured against bare node:net: ${reached.join('; ')}. Where it is the busy side a server could do more messages a second, but the CPU for each stays what it is.`,
  ];
}

interface Absent {
  /** Subjects that are not installed. */
  readonly missing: readonly string[];
  /** Measures for which there was no time. */
  readonly leftOut: readonly string[];
}

export function writeNotes(measures: readonly Measure[], plan: Plan, { missing, leftOut }: Absent): string[] {
  const has = (group: string): boolean => measures.some((measure) => measure.group === group);
  const notes = [
    plan.source === 'schedstat'
      ? 'CPU time is what the scheduler counted in nanoseconds for all threads of the server, user and kernel, between a round’s first frame and its last answer.'
      : 'CPU time is what the server’s process reports of itself, because /proc does not tell here.',
    plan.pinning.note,
    'In flight means a batch: so many frames go out in one write, and the next ones when all of them are answered. Frames are masked beforehand, each connection has its own key, and each answer is compared octet by octet; bare node:net is only counted.',
    'All subjects check UTF-8, take messages of up to 64 MiB, send no pings, have TCP_NODELAY on, and neither offer nor accept an extension outside the deflate rows.',
    ...ceilings(measures),
  ];
  if (has('deflate')) {
    notes.push(
      'Deflate: the generator offers permessage-deflate with client_max_window_bits, as browsers do, and sends 64 different messages again and again, compressed by zlib at level 6 with context; the first of the 64 refers to none before it, so the row can begin again at any time. What comes back is counted in the round and inflated and compared after it: all of it in an echo, 16 receivers of a fan-out, and all receivers before and after the rounds. What each subject agreed on stands with its figures: one without context has less to do and sends more octets.',
    );
  }
  if (has('latency')) {
    notes.push(
      'Latency is measured by the generator and has its own time in it. In an open loop messages are due at fixed times and an answer’s time runs from when its message was due (no coordinated omission); the loads are shares of what each subject reached itself in a closed loop, in messages/s of its row.',
    );
  }
  const idle = measures.find(({ id }) => id === idleId);
  if (idle !== undefined) {
    const count = idleConnections(plan);
    notes.push(
      `Idle: each sample is a new process; garbage is collected (V8’s and Bun’s own, several times) before both looks, after ${plan.quick ? 'no pause, so part of what opening them took is still there' : '16 seconds of quiet, because V8 gives memory back so late'}; the first look comes after 100 connections have come and gone.${count < 10_000 ? ` Only ${count.toLocaleString('en')} connections instead of 10,000, because ${plan.quick ? 'the run is a quick one' : 'of the limit of file descriptors'}.` : ''}`,
    );
  }
  notes.push('uWebSockets.js is not on npm and was not measured; Bun’s server is built on the same library.');
  if (missing.length > 0) {
    notes.push(`Not here and therefore not measured: ${missing.join(', ')}. A full run installs them.`);
  }
  if (leftOut.length > 0) {
    notes.push(
      `The machine was too slow or too busy for all of a quick run; left out: ${leftOut.join(', ')}.`,
    );
  }
  return notes;
}
