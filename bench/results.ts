/**
 * Reads the results files, which codec.bench.ts, server.bench.ts and isolation.bench.ts write into bench/results/; called
 * by report.ts, by `--compare`, and by the build of the pages. The shape is in results-schema.ts.
 */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { type Results, resultsSchema } from './results-schema.ts';

export type { Goal, Measure, Results, Series, Subject } from './results-schema.ts';

/** Reads a results file. @throws Error naming the file and what is wrong with it */
export function readResults(file: string): Results {
  const parsed = v.safeParse(resultsSchema, JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new Error(`${file} is no results file: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
}
