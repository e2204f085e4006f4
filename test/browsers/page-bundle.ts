/** The page's script as one text, bundled when it is asked for: nothing of it is kept on disk. Called by endpoints.ts. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** @throws Error when page/ does not bundle */
export async function bundlePage(): Promise<string> {
  const result = await build({
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    build: {
      write: false,
      minify: false,
      target: 'es2022',
      lib: { entry: fileURLToPath(new URL('page/main.ts', import.meta.url)), formats: ['es'] },
    },
  });
  for (const { output } of [result].flat().filter((each) => 'output' in each)) {
    for (const chunk of output) if (chunk.type === 'chunk') return chunk.code;
  }
  throw new Error('The page has no script.');
}
