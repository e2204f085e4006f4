/**
 * What people write, as a small tree: the subset of Markdown that helps in a conversation. marked only cuts the text
 * into tokens; nothing here or later is a string of HTML. What is not in the subset (HTML, tables, footnotes…) stays
 * text, sign for sign, so nothing that was written is lost or comes alive. Pure; rich-text.tsx draws the tree.
 */
import { Marked, type Token, type Tokens } from 'marked';
import { linkAtStart, safeAddress } from './links.ts';

export type Inline =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'strong' | 'emphasis' | 'strike'; readonly children: readonly Inline[] }
  | { readonly type: 'code'; readonly text: string }
  /** `here`: a place in this chat, which is opened in this page. */
  | {
      readonly type: 'link';
      readonly href: string;
      readonly here: boolean;
      readonly children: readonly Inline[];
    }
  | { readonly type: 'mention'; readonly text: string; readonly id: string }
  /** `:tada:`, to be drawn as the emoji of that name if there is one. */
  | { readonly type: 'shortcode'; readonly name: string }
  | { readonly type: 'break' };

export type Block =
  | { readonly type: 'paragraph' | 'heading'; readonly children: readonly Inline[] }
  | { readonly type: 'code-block'; readonly text: string; readonly language: string }
  | { readonly type: 'quote'; readonly children: readonly Block[] }
  | { readonly type: 'list'; readonly start: number | undefined; readonly items: readonly ListEntry[] }
  | { readonly type: 'rule' };

export interface ListEntry {
  /** Of a task: whether it is done. */
  readonly checked: boolean | undefined;
  readonly children: readonly Block[];
}

/** Somebody who may be mentioned by `@name`. `everyone` is the id of all. */
export interface Mentionable {
  readonly id: string;
  readonly name: string;
}

export interface MarkdownOptions {
  /** Who is mentioned in the text. */
  readonly mentions?: readonly Mentionable[];
  /** Where this page comes from, as in `https://chat.example`: links into this chat stay in the page. */
  readonly origin?: string;
}

/** Quotes and lists within each other deeper than this are text. More costs time and says nothing. */
const maximumDepth = 6;
const tooDeep = /^(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))){7}/mu;

const marked = new Marked({
  gfm: true,
  breaks: true,
  tokenizer: {
    // Neither HTML nor what only makes sense in a document: indented code, underlined headings, definitions, tables.
    html: () => undefined,
    tag: () => undefined,
    code: () => undefined,
    lheading: () => undefined,
    def: () => undefined,
    table: () => undefined,
    reflink: () => undefined,
    // marked would take Chinese punctuation into the address.
    url(source) {
      const link = linkAtStart(source);
      if (link === undefined) return false;
      return {
        type: 'link',
        raw: link.text,
        text: link.text,
        href: link.href,
        title: null,
        tokens: [{ type: 'text', raw: link.text, text: link.text }],
      } as Tokens.Link;
    },
  },
});

/** The text as a tree. Never throws: what cannot be read is one paragraph of plain text. */
export function parseMarkdown(text: string, options: MarkdownOptions = {}): readonly Block[] {
  if (tooDeep.test(text)) return plain(text);
  try {
    return blocks(marked.lexer(text), new Context(options), 0);
  } catch {
    return plain(text);
  }
}

function plain(text: string): readonly Block[] {
  return [{ type: 'paragraph', children: [{ type: 'text', text }] }];
}

/** What is the same for all of a text. */
class Context {
  readonly origin: string;
  readonly #mention: RegExp | undefined;
  readonly #ids: ReadonlyMap<string, string>;

  constructor({ mentions = [], origin = '' }: MarkdownOptions) {
    this.origin = origin;
    this.#ids = new Map(mentions.map(({ id, name }) => [fold(name), id]));
    // The longest first: “@Ada Lovelace” is not “@Ada” and a word.
    const names = [...mentions]
      .sort((a, b) => b.name.length - a.name.length)
      .map(({ name }) => name.replace(/[.*+?^${}()|[\]\\/-]/gu, '\\$&'));
    this.#mention =
      names.length === 0
        ? undefined
        : new RegExp(`(?<![\\p{L}\\p{N}_])@(?:${names.join('|')})(?![\\p{L}\\p{N}_])`, 'giu');
  }

  /** Plain text, with mentions and shortcodes found in it. */
  text(text: string): Inline[] {
    const pieces: Inline[] = [];
    let end = 0;
    for (const match of text.matchAll(this.#mention ?? /(?!)/gu)) {
      const id = this.#ids.get(fold(match[0].slice(1)));
      if (id === undefined) continue;
      pieces.push(...shortcodes(text.slice(end, match.index)), { type: 'mention', text: match[0], id });
      end = match.index + match[0].length;
    }
    pieces.push(...shortcodes(text.slice(end)));
    return pieces;
  }
}

function fold(name: string): string {
  return name.toLowerCase();
}

const shortcode = /(?<![\p{L}\p{N}:])(:[a-z][a-z0-9_+-]{1,40}:)(?![\p{L}\p{N}:])/u;

function shortcodes(text: string): Inline[] {
  if (text === '') return [];
  return text
    .split(shortcode)
    .flatMap((piece, index): Inline[] =>
      index % 2 === 1
        ? [{ type: 'shortcode', name: piece.slice(1, -1) }]
        : piece === ''
          ? []
          : [{ type: 'text', text: piece }],
    );
}

function blocks(tokens: readonly Token[], context: Context, depth: number): Block[] {
  if (depth > maximumDepth) return plain(tokens.map((token) => token.raw).join('')).slice();
  return tokens.flatMap((token) => block(token as Tokens.Generic, context, depth));
}

/** One block. The token's type decides which fields it has; marked types every custom token as anything. */
function block(token: Tokens.Generic, context: Context, depth: number): Block[] {
  switch (token.type) {
    case 'space':
      return [];
    case 'paragraph':
    case 'text':
      return [{ type: 'paragraph', children: inlines(childrenOf(token), context) }];
    case 'heading':
      return [{ type: 'heading', children: inlines(childrenOf(token), context) }];
    case 'code': {
      const { text, lang } = token as Tokens.Code;
      return [{ type: 'code-block', text, language: (lang ?? '').split(/\s/u)[0]?.toLowerCase() ?? '' }];
    }
    case 'blockquote':
      return [{ type: 'quote', children: blocks(childrenOf(token), context, depth + 1) }];
    case 'list': {
      const list = token as Tokens.List;
      const items = list.items.map(
        (item): ListEntry => ({
          checked: item.task ? item.checked === true : undefined,
          children: blocks(
            item.tokens.filter((child) => child.type !== 'checkbox'),
            context,
            depth + 1,
          ),
        }),
      );
      return [{ type: 'list', start: list.start === '' ? undefined : list.start, items }];
    }
    case 'hr':
      return [{ type: 'rule' }];
    default:
      return plain(token.raw).slice();
  }
}

function childrenOf(token: Tokens.Generic): readonly Token[] {
  return token.tokens ?? [{ type: 'text', raw: token.raw, text: token.raw }];
}

function inlines(tokens: readonly Token[], context: Context, inLink = false): Inline[] {
  const result: Inline[] = [];
  for (const token of tokens) {
    for (const piece of inline(token as Tokens.Generic, context, inLink)) {
      const last = result.at(-1);
      if (piece.type === 'text' && last?.type === 'text')
        result[result.length - 1] = { type: 'text', text: last.text + piece.text };
      else result.push(piece);
    }
  }
  return result;
}

function inline(token: Tokens.Generic, context: Context, inLink: boolean): Inline[] {
  switch (token.type) {
    case 'text':
      if (token.tokens !== undefined && token.tokens.length > 0)
        return inlines(token.tokens, context, inLink);
      return inLink ? [{ type: 'text', text: textOf(token) }] : context.text(textOf(token));
    case 'escape':
      return [{ type: 'text', text: textOf(token) }];
    case 'strong':
      return [{ type: 'strong', children: inlines(childrenOf(token), context, inLink) }];
    case 'em':
      return [{ type: 'emphasis', children: inlines(childrenOf(token), context, inLink) }];
    case 'del':
      return [{ type: 'strike', children: inlines(childrenOf(token), context, inLink) }];
    case 'codespan':
      return [{ type: 'code', text: textOf(token) }];
    case 'br':
      return [{ type: 'break' }];
    case 'link':
    case 'image': {
      // A picture from elsewhere would tell its host who reads: it is a link.
      const { href } = token as Tokens.Link;
      const address = safeAddress(href, context.origin);
      if (address === undefined || inLink) return [{ type: 'text', text: token.raw }];
      const children = token.type === 'link' ? inlines(childrenOf(token), context, true) : [];
      return [
        {
          type: 'link',
          ...address,
          children: children.length > 0 ? children : [{ type: 'text', text: textOf(token) || href }],
        },
      ];
    }
    default:
      return [{ type: 'text', text: token.raw }];
  }
}

function textOf(token: Tokens.Generic): string {
  return typeof token.text === 'string' ? token.text : token.raw;
}

/** The text of a tree, without its marks: for announcements and excerpts. */
export function plainText(tree: readonly Block[]): string {
  return tree.map(blockText).join('\n').trim();
}

/** A text in one line without its marks: for quotes, which have no room for more. */
export function excerptOf(text: string): string {
  return plainText(parseMarkdown(text)).replace(/\s+/gu, ' ');
}

function blockText(block: Block): string {
  switch (block.type) {
    case 'paragraph':
    case 'heading':
      return block.children.map(inlineText).join('');
    case 'code-block':
      return block.text;
    case 'quote':
      return plainText(block.children);
    case 'list':
      return block.items.map((item) => plainText(item.children)).join('\n');
    case 'rule':
      return '';
  }
}

function inlineText(inline: Inline): string {
  switch (inline.type) {
    case 'text':
    case 'code':
    case 'mention':
      return inline.text;
    case 'shortcode':
      return `:${inline.name}:`;
    case 'break':
      return '\n';
    default:
      return inline.children.map(inlineText).join('');
  }
}
