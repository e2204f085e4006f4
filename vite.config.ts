/**
 * How the pages are built: everything under public/ into dist/public/, with hashed names, and nothing that a
 * strict Content-Security-Policy would refuse: no inline script or style, no data: asset, no eval.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { defineConfig } from 'vite';
import { readResults } from './bench/results.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const workerName = 'service-worker';

export default defineConfig({
  root: at('./public'),
  publicDir: at('./public/static'),
  base: '/',
  plugins: [strictPicker(), benchResults(), shellFiles()],
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
      input: {
        index: at('./public/index.html'),
        bench: at('./public/lab/bench/index.html'),
        [workerName]: at('./public/chat/worker/service-worker.ts'),
      },
      output: {
        // The browser looks for a new service worker under the old one's name.
        entryFileNames: ({ name }) => (name === workerName ? `${workerName}.js` : 'assets/[name]-[hash].js'),
      },
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

/**
 * Tells the service worker which files make up the chat page, and names them by a hash of all their content: what
 * index.html needs from the first import to the last, and the static files that stand beside it. The lab is left out.
 */
function shellFiles(): Plugin {
  const beside = [
    '/theme.js',
    '/manifest.webmanifest',
    '/icons/favicon.svg',
    '/icons/favicon-unread.svg',
    '/icons/favicon-mention.svg',
    '/icons/icon-192.png',
  ];
  return {
    name: 'shell-files',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const worker = bundle[`${workerName}.js`];
        if (worker?.type !== 'chunk') this.error('The service worker has not been built as one file.');
        if (worker.imports.length > 0)
          this.error('The service worker imports a chunk: some browsers run only whole ones.');
        const names = new Set<string>(['index.html']);
        const visit = (name: string): void => {
          const file = bundle[name];
          if (names.has(name) || file === undefined) return;
          names.add(name);
          if (file.type !== 'chunk') return;
          for (const next of [...file.imports, ...file.dynamicImports]) visit(next);
          for (const style of file.viteMetadata?.importedCss ?? []) visit(style);
          // The lists of emoji are long, and the picker keeps the one that it uses by itself.
          for (const asset of file.viteMetadata?.importedAssets ?? [])
            if (!asset.endsWith('.json')) visit(asset);
        };
        const entry = Object.values(bundle).find((file) => file.type === 'chunk' && file.name === 'index');
        if (entry === undefined) this.error('The chat page has no entry.');
        visit(entry.fileName);
        // What a style sheet names (fonts) is no import of a chunk.
        for (const name of [...names]) {
          const file = bundle[name];
          if (file?.type !== 'asset' || !name.endsWith('.css')) continue;
          for (const [, path] of String(file.source).matchAll(/url\(\/?([^)"']+)\)/g)) if (path) visit(path);
        }
        const hash = createHash('sha256');
        const paths = [...names].sort();
        for (const name of paths) {
          const file = bundle[name];
          hash.update(name);
          if (file?.type === 'asset') hash.update(file.source);
          else if (file !== undefined) hash.update(file.code);
        }
        for (const path of beside) hash.update(path).update(readFileSync(at(`./public/static${path}`)));
        const files = [...paths.map((name) => `/${name}`), ...beside];
        worker.code = worker.code
          .replaceAll('SHELL_FILES', JSON.stringify(files))
          .replaceAll('SHELL_VERSION', JSON.stringify(hash.digest('hex').slice(0, 16)));
      },
    },
  };
}
