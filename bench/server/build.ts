/**
 * Compiles what is measured, and what measures, with tsc as `npm run build` does, into a directory of its own: users of
 * the package get that output and no loader, a loader adds to every function, and a run goes on measuring the same
 * sources while somebody edits them. Called by server.bench.ts.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'barewire-bench');

export interface Build {
  readonly directory: string;
  remove(): void;
}

function compile(sourceRoot: string, include: readonly string[], directory: string): void {
  const config = join(directory, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    noCheck: true,
    allowImportingTsExtensions: false,
    rootDir: sourceRoot,
    outDir: directory,
    types: [],
  };
  const files = include.map((path) => join(sourceRoot, path));
  writeFileSync(
    config,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: files, exclude: [] }),
  );
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
  const { stdout, stderr } = spawnSync(process.execPath, [join(typescript, 'bin', 'tsc'), '-p', config], {
    encoding: 'utf8',
  });
  if (!existsSync(join(directory, 'src', 'index.js'))) {
    throw new Error(`tsc made nothing of ${sourceRoot}:\n${stdout}${stderr}`);
  }
}

/** @param library where else `src/` is to come from: another checkout to measure beside this one */
export function build(library?: string): Build {
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, `build-${process.pid}-`));
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}\n');
  compile(root, ['bench/server.ts', 'bench/server/generator.ts', 'bench/peers/*.ts'], directory);
  if (library !== undefined) {
    rmSync(join(directory, 'src'), { recursive: true });
    compile(resolve(library), ['src/index.ts'], directory);
  }
  const remove = (): void => {
    process.off('exit', remove);
    rmSync(directory, { recursive: true, force: true });
  };
  // Also when somebody has had enough of waiting.
  process.on('exit', remove);
  return { directory, remove };
}
