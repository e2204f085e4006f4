/**
 * What every bench writes and the report reads: the shape of the JSON in bench/results/, with each raw sample in it, so
 * that a figure can be taken apart again. Pure, so that the page at /lab/bench checks what it loads by the same schema;
 * results.ts reads the files.
 */
import * as v from 'valibot';

/** One program or library that was measured. */
const subjectSchema = v.object({
  /** Short and unique: `barewire`, `ws`, `ws+bufferutil`, `bun`, `node:net`. */
  name: v.string(),
  version: v.string(),
  /** What runs it, with its version: `Node v20.20.0`, `Bun 1.4.5`, `Chromium 150`. */
  runtime: v.string(),
  /** Options that differ from its defaults, in one line; empty for none. */
  options: v.string(),
});

/** What one subject did in one measure. */
const seriesSchema = v.object({
  subject: v.string(),
  /** One figure for each round, in the measure's unit, in the order of the rounds. */
  samples: v.array(v.number()),
  /** Other figures of the same rounds, by name with their unit: `messages/s`, `server load`, `B/frame`. Medians. */
  also: v.record(v.string(), v.number()),
  /** Why there is no sample, in one sentence, or what has to be known to read them. */
  note: v.optional(v.string()),
});

/** A ratio that is aimed for. */
const goalSchema = v.object({
  /** A subject's name. */
  against: v.string(),
  /** How many times better than it: 1.25 for a quarter better, 0.9 for "level", which is within 10 %. */
  ratio: v.number(),
});

const measureSchema = v.object({
  /** Unique and lasting, `--compare` goes by it: `echo-125-text-64x1`, `decode-16-text-masked`. */
  id: v.string(),
  /** For people: `Echo 125 B text, 64 connections, one in flight`. */
  title: v.string(),
  /** Which chart it belongs to: `echo`, `fan-out`, `handshake`, `idle`, `deflate`, `latency`, `decode`, `encode`, `mask`, `utf-8`, `isolation`. */
  group: v.string(),
  /** Of the samples: `µs`, `ns/frame`, `GB/s`, `B/connection`, `ms`. */
  unit: v.string(),
  better: v.picklist(['less', 'more']),
  goals: v.array(goalSchema),
  series: v.array(seriesSchema),
});

export const resultsSchema = v.object({
  schema: v.literal(1),
  kind: v.picklist(['codec', 'server', 'isolation']),
  mode: v.picklist(['full', 'quick']),
  /** ISO 8601, UTC. */
  startedAt: v.string(),
  /** Seconds that it took. */
  duration: v.number(),
  /** What to type to run it again. */
  command: v.string(),
  commit: v.string(),
  /** Whether the tree had changes that were not committed. */
  dirty: v.boolean(),
  machine: v.object({
    cpu: v.string(),
    cores: v.number(),
    memoryGiB: v.number(),
    kernel: v.string(),
    /** The CPU frequency governor; `unknown` in most virtual machines. */
    governor: v.string(),
    node: v.string(),
    v8: v.string(),
    /** node's own flags, as `--expose-gc`. */
    flags: v.array(v.string()),
  }),
  subjects: v.array(subjectSchema),
  measures: v.array(measureSchema),
  /** What has to be known to read the whole, one sentence each: the generator's ceiling, what was not run and why. */
  notes: v.array(v.string()),
});

export type Subject = v.InferOutput<typeof subjectSchema>;
export type Series = v.InferOutput<typeof seriesSchema>;
export type Goal = v.InferOutput<typeof goalSchema>;
export type Measure = v.InferOutput<typeof measureSchema>;
export type Results = v.InferOutput<typeof resultsSchema>;
