/**
 * How the pages are built: everything under public/ into dist/public/, with hashed names, and nothing that a
 * strict Content-Security-Policy would refuse: no inline script or style, no data: asset, no eval.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { defineConfig } from 'vite';
import { readResults } from './bench/results.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at('./public'),
  publicDir: at('./public/static'),
  base: '/',
  plugins: [strictPicker(), benchResults()],
  // The picker has to go through strictPicker, which pre-bundling would bypass.
  optimizeDeps: { exclude: ['emoji-picker-element'] },
  server: { host: '127.0.0.1', port: 5173, strictPort: false },
  worker: { format: 'es' },
  build: {
    outDir: at('./dist/public'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What light-dark(), color-mix() and nesting need; older browsers would get a page without colours.
    target: ['chrome123', 'firefox121', 'safari17.5'],
    rolldownOptions: {
      // How long plugins took says nothing to who starts the chat on a busy machine.
      checks: { pluginTimings: false },
      input: { index: at('./public/index.html'), bench: at('./public/lab/bench/index.html') },
    },
  },
});

/**
 * emoji-picker-element writes a style element and style attributes, both of which `style-src 'self'` refuses. The
 * same rules as a constructed style sheet and through the CSSOM are allowed. The build fails when a new release
 * of the picker no longer has the two places, so that this cannot rot in silence.
 */
function strictPicker(): Plugin {
  const changes: readonly (readonly [string, string])[] = [
    [
      `const style = document.createElement('style');
    style.textContent = baseStyles + EXTRA_STYLES;
    this.shadowRoot.appendChild(style);`,
      `const style = new CSSStyleSheet();
    style.replaceSync(baseStyles + EXTRA_STYLES);
    this.shadowRoot.adoptedStyleSheets = [style];`,
    ],
    [
      'targetNode.setAttribute(attributeName, newValue);',
      "if (attributeName === 'style') targetNode.style.cssText = newValue; else targetNode.setAttribute(attributeName, newValue);",
    ],
  ];
  return {
    name: 'strict-emoji-picker',
    enforce: 'pre',
    transform(code, id) {
      if (!/emoji-picker-element[/\\]picker\.js/.test(id)) return undefined;
      let changed = code;
      for (const [from, to] of changes) {
        if (!changed.includes(from))
          this.error('emoji-picker-element has changed: see strictPicker in vite.config.ts');
        changed = changed.replace(from, to);
      }
      return { code: changed, map: null };
    },
  };
}

/**
 * Puts bench/results/*.json beside the page at /lab/bench, which draws from the same files that it offers for download,
 * and a list of their names. The build fails when one is no results file.
 */
function benchResults(): Plugin {
  const place = 'lab/bench/results/';
  const directory = at('./bench/results');
  const names = (): string[] =>
    existsSync(directory)
      ? readdirSync(directory)
          .filter((name) => name.endsWith('.json'))
          .sort()
      : [];
  const contentOf = (name: string): string => {
    if (name === 'index.json') return JSON.stringify(names());
    readResults(join(directory, name));
    return readFileSync(join(directory, name), 'utf8');
  };
  return {
    name: 'bench-results',
    generateBundle() {
      for (const name of ['index.json', ...names()]) {
        this.emitFile({ type: 'asset', fileName: place + name, source: contentOf(name) });
      }
    },
    configureServer(server) {
      server.middlewares.use(`/${place}`, (request, response, next) => {
        const name = request.url?.replace(/^\//, '') ?? '';
        if (name !== 'index.json' && !names().includes(name)) return next();
        response.setHeader('Content-Type', 'application/json');
        response.end(contentOf(name));
      });
    },
  };
}
