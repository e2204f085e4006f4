// The pages (public/) built by Vite into dist/public. Called by `npm start` and `npm test` before each run and by
// `npm run build`. It builds only when something the pages are made of has changed, by the hash of all their sources,
// and puts the finished directory in place at once: a server that is running never serves half a build.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const outDirectory = join(root, 'dist', 'public');
const stamp = join(root, 'dist', 'public.sha256');

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** SHA-256, in hex, of every file that can change the built pages, with its path. */
function hashOfSources(): string {
  const sources = [
    ...filesUnder(join(root, 'public')),
    ...filesUnder(join(root, 'src')),
    ...filesUnder(join(root, 'bench', 'report')),
    ...filesUnder(join(root, 'bench', 'results')),
    ...[
      'bench/results-schema.ts',
      'bench/results.ts',
      'bench/statistics.ts',
      'package-lock.json',
      'package.json',
      'vite.config.ts',
    ].map((name) => join(root, name)),
  ];
  const hash = createHash('sha256');
  for (const path of sources) {
    const content = readFileSync(path);
    hash.update(`${relative(root, path)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/** Builds the pages if their sources have changed since the last build. Answers whether it built. */
export async function buildPages(): Promise<boolean> {
  const hash = hashOfSources();
  if (
    existsSync(join(outDirectory, 'index.html')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === hash
  ) {
    return false;
  }
  const unfinished = join(root, 'dist', `public.${process.pid}`);
  const previous = `${unfinished}.previous`;
  mkdirSync(join(root, 'dist'), { recursive: true });
  try {
    await build({
      configFile: join(root, 'vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: unfinished, emptyOutDir: true },
    });
    if (existsSync(outDirectory)) renameSync(outDirectory, previous);
    renameSync(unfinished, outDirectory);
    writeFileSync(stamp, hash);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
    rmSync(previous, { recursive: true, force: true });
  }
  return true;
}
