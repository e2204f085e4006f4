/**
 * The report of the benches: reads bench/results/*.json and writes docs/benchmarks.md. Called by run.ts at the end of a
 * recorded run, or alone after a change to the remarks: `node --import tsx bench/report.ts`. test/bench-report.test.ts
 * holds that the document is the one that the results make.
 */
import { readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderMarkdown } from './report/markdown.ts';
import { type Results, readResults } from './results.ts';

export { renderComparison, renderTable } from './report/terminal.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** All results files of a directory, by name; none when there are none. @throws Error when one is no results file */
export function readAllResults(directory: string): Results[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => readResults(join(directory, name)));
}

/** The document for the results of a directory, with the remarks that are written by hand. */
export function renderReport(directory: string): string {
  const remarks = readFileSync(join(root, 'bench', 'report', 'remarks.md'), 'utf8');
  return renderMarkdown(readAllResults(directory), remarks);
}

/**
 * Writes docs/benchmarks.md.
 * @param directory where the results are; default bench/results/
 * @returns the path of the document
 */
export function writeReport(directory: string = join(root, 'bench', 'results')): string {
  const path = join(root, 'docs', 'benchmarks.md');
  writeFileSync(path, renderReport(directory));
  return path;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(writeReport());
}
