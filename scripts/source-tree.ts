// Reads the repository's sources for the import rules. Called by `npm run check` and test/imports.test.ts.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceTree } from './import-rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const directories = ['src', 'public', 'test', 'bench', 'examples', 'scripts'];

/** Every .ts and .tsx file of the repository but declarations, and the names of the runtime dependencies. */
export function readSourceTree(): SourceTree {
  const sources = new Map<string, string>();
  for (const directory of directories.map((name) => join(root, name)).filter(existsSync)) {
    for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || !/(?<!\.d)\.tsx?$/.test(entry.name)) continue;
      sources.set(relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8'));
    }
  }
  const manifest: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  return { sources, dependencies: new Set(Object.keys(manifest.dependencies)) };
}
