/**
 * Colours code: highlight.js with a dozen languages, each loaded when it is first met. What comes out is a tree of
 * pieces with the class of their kind, never HTML. code-block.tsx loads this file when there is code to colour.
 */

import type { Emitter, LanguageFn } from 'highlight.js';
import highlighter from 'highlight.js/lib/core';

/** A piece of code: plain, or several of one kind (`keyword`, `string`, `title function_`…). */
export type CodePiece = string | { readonly scope: string; readonly children: readonly CodePiece[] };

/** More than this is not coloured: it would cost more time than it saves. UTF-16 units. */
const maximumLength = 8000;

const languages = {
  bash: () => import('highlight.js/lib/languages/bash'),
  c: () => import('highlight.js/lib/languages/c'),
  cpp: () => import('highlight.js/lib/languages/cpp'),
  css: () => import('highlight.js/lib/languages/css'),
  diff: () => import('highlight.js/lib/languages/diff'),
  go: () => import('highlight.js/lib/languages/go'),
  java: () => import('highlight.js/lib/languages/java'),
  javascript: () => import('highlight.js/lib/languages/javascript'),
  json: () => import('highlight.js/lib/languages/json'),
  markdown: () => import('highlight.js/lib/languages/markdown'),
  python: () => import('highlight.js/lib/languages/python'),
  rust: () => import('highlight.js/lib/languages/rust'),
  sql: () => import('highlight.js/lib/languages/sql'),
  typescript: () => import('highlight.js/lib/languages/typescript'),
  xml: () => import('highlight.js/lib/languages/xml'),
  yaml: () => import('highlight.js/lib/languages/yaml'),
} as const satisfies Record<string, () => Promise<{ default: LanguageFn }>>;

type LanguageName = keyof typeof languages;

const aliases: Readonly<Record<string, LanguageName>> = {
  'c++': 'cpp',
  cjs: 'javascript',
  golang: 'go',
  html: 'xml',
  js: 'javascript',
  jsx: 'javascript',
  md: 'markdown',
  mjs: 'javascript',
  patch: 'diff',
  py: 'python',
  rs: 'rust',
  sh: 'bash',
  shell: 'bash',
  svg: 'xml',
  ts: 'typescript',
  tsx: 'typescript',
  yml: 'yaml',
  zsh: 'bash',
};

function languageOf(name: string): LanguageName | undefined {
  if (Object.hasOwn(languages, name)) return name as LanguageName;
  return Object.hasOwn(aliases, name) ? aliases[name] : undefined;
}

/** Collects what highlight.js finds as a tree. Its own emitter makes a string of HTML. */
class TreeEmitter implements Emitter {
  readonly #root: CodePiece[] = [];
  readonly #open: CodePiece[][] = [this.#root];

  get pieces(): readonly CodePiece[] {
    return this.#root;
  }

  addText(text: string): void {
    if (text !== '') this.#open.at(-1)?.push(text);
  }

  startScope(scope: string): void {
    const children: CodePiece[] = [];
    this.#open.at(-1)?.push({ scope, children });
    this.#open.push(children);
  }

  endScope(): void {
    if (this.#open.length > 1) this.#open.pop();
  }

  __addSublanguage(emitter: Emitter): void {
    if (emitter instanceof TreeEmitter) this.#open.at(-1)?.push(...emitter.pieces);
  }

  openNode(scope: string): void {
    this.startScope(scope);
  }

  closeNode(): void {
    this.endScope();
  }

  finalize(): void {}

  toHTML(): string {
    return '';
  }
}

highlighter.configure({ __emitter: TreeEmitter });

/**
 * The code in pieces, or undefined when the language is none of the dozen, the code is very long, or the language
 * cannot be loaded. Never rejects.
 */
export async function highlight(code: string, language: string): Promise<readonly CodePiece[] | undefined> {
  const name = languageOf(language);
  if (name === undefined || code.length > maximumLength) return undefined;
  try {
    if (highlighter.getLanguage(name) === undefined) {
      const { default: grammar } = await languages[name]();
      highlighter.registerLanguage(name, grammar);
    }
    const { _emitter: emitter } = highlighter.highlight(code, { language: name, ignoreIllegals: true });
    return emitter instanceof TreeEmitter ? emitter.pieces : undefined;
  } catch {
    return undefined;
  }
}

/** Whether there are colours for a language of that name. */
export function canHighlight(language: string): boolean {
  return languageOf(language) !== undefined;
}
