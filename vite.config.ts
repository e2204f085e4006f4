/**
 * How the pages are built: everything under public/ into dist/public/, with hashed names, and nothing that a
 * strict Content-Security-Policy would refuse: no inline script or style, no data: asset, no eval.
 */
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at('./public'),
  publicDir: at('./public/static'),
  base: '/',
  plugins: [strictPicker()],
  // The picker has to go through strictPicker, which pre-bundling would bypass.
  optimizeDeps: { exclude: ['emoji-picker-element'] },
  server: { host: '127.0.0.1', port: 5173, strictPort: false },
  build: {
    outDir: at('./dist/public'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What light-dark(), color-mix() and nesting need; older browsers would get a page without colours.
    target: ['chrome123', 'firefox121', 'safari17.5'],
    rolldownOptions: { input: { index: at('./public/index.html') } },
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
