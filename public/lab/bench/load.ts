/**
 * Gets the recorded results: the same files that the page offers for download, checked by the schema of the benches.
 * Called by app.tsx. The build puts them beside the page (vite.config.ts).
 */
import * as v from 'valibot';
import { type Results, resultsSchema } from '../../../bench/results-schema.ts';

const place = '/lab/bench/results/';

export interface ResultsFile {
  readonly url: string;
  readonly name: string;
  readonly results: Results;
}

/** All results files, by name; empty when none were recorded. @throws when one cannot be had or is none */
export async function loadResults(): Promise<ResultsFile[]> {
  const names = v.parse(v.array(v.string()), await loadJson(`${place}index.json`));
  return Promise.all(
    names.map(async (name) => {
      const url = place + name;
      return { url, name, results: v.parse(resultsSchema, await loadJson(url)) };
    }),
  );
}

async function loadJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} was answered with ${response.status}.`);
  return response.json();
}
