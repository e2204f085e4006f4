/** The flags of `npm run bench` and of server.bench.ts alone: read, judged, and refused in one sentence with exit code 2. */
import { parseArgs } from 'node:util';

export interface BenchFlags {
  readonly quick: boolean;
  readonly realtime: boolean;
  readonly only: string | undefined;
  readonly subjects: readonly string[] | undefined;
  readonly rounds: number | undefined;
  readonly scale: number;
  readonly against: string | undefined;
  readonly compare: string | undefined;
  readonly out: string | undefined;
}

export const benchUsage = `Usage: npm run bench -- [flags]
  --quick            a look: two minutes, nothing is installed or recorded
  --only PART        only measures with PART in their id
  --subjects A,B     only the servers of these names, and no other bench
  --rounds N         rounds of each server in each row, 1 to 1000; default 11, with --quick 3
  --compare FILE     shows what changed since FILE, the results of an earlier run
  --out DIRECTORY    writes the results there as JSON
  --against DIR      measures the src/ of another checkout too, as the server \`other\`, in the same run
  --realtime         servers and generator run before everything else on the machine; needs root
  --scale X          share of the usual work, above 0 and at most 1; below 1 the figures mean little`;

export function fail(sentence: string): never {
  console.error(`${sentence}\n${benchUsage}`);
  process.exit(2);
}

function readNumber(name: string, text: string, whole: boolean, highest: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= highest && (!whole || Number.isInteger(value)))
    return value;
  const range = whole ? `a whole number from 1 to ${highest}` : `a number above 0 and at most ${highest}`;
  return fail(`--${name} is ${JSON.stringify(text)}; it takes ${range}.`);
}

/** Lets Ctrl-C end the process with what it has to tidy up; servers and generators end when their driver does. */
export function endOnSignals(): void {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}

/** Reads the command line; does not come back from a wrong one. */
export function readBenchFlags(): BenchFlags {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        realtime: { type: 'boolean', default: false },
        only: { type: 'string' },
        subjects: { type: 'string' },
        rounds: { type: 'string' },
        scale: { type: 'string', default: '1' },
        against: { type: 'string' },
        compare: { type: 'string' },
        out: { type: 'string' },
      },
    });
    const { quick, realtime, only, subjects, rounds, scale, against, compare, out } = values;
    for (const name of ['only', 'subjects', 'against', 'compare', 'out'] as const) {
      if (values[name] === '') fail(`--${name} is empty.`);
    }
    return {
      quick,
      realtime,
      only,
      subjects: subjects?.split(',').map((name) => name.trim()),
      rounds: rounds === undefined ? undefined : readNumber('rounds', rounds, true, 1000),
      scale: readNumber('scale', scale, false, 1),
      against,
      compare,
      out,
    };
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}
