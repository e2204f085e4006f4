/**
 * The worker of the codec bench as plain JavaScript, built from src/ as it is now. tsx, by which the benches run, makes
 * ws some 8 % slower; nobody is to be measured under it. Called by codec.bench.ts and gate.ts.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Bundle {
  /** The program for a process of its own. */
  readonly worker: string;
  /** Deletes it. */
  remove(): void;
}

/** Builds the worker where `ws` and bufferutil are found from. */
export async function bundleWorker(): Promise<Bundle> {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, 'codec-bench-'));
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      ssr: 'bench/codec/worker.ts',
      outDir: directory,
      target: 'node20',
      minify: false,
      rolldownOptions: { output: { entryFileNames: 'worker.mjs', chunkFileNames: '[name].mjs' } },
    },
  });
  return {
    worker: join(directory, 'worker.mjs'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
