/**
 * What is a link in a text and what is not, and whether a text is emoji only. A link begins with http:// or https://
 * and parses as a URL; the punctuation that ends the sentence is not part of it. Pure; rich-text.tsx draws it.
 */

const candidate = /https?:\/\/[^\s<>"'`「」『』《》（）【】，。、；：！？…]+/giu;
const trailing = /[.,:;!?…*_~'"。，、：；！？]+$/u;

export type Piece = { readonly text: string } | { readonly text: string; readonly href: string };

/** Cuts a text into plain pieces and links; joined, the pieces' texts are the text. */
export function cutLinks(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(candidate)) {
    const shown = withoutTail(match[0]);
    const href = parse(shown);
    if (href === undefined) continue;
    if (match.index > end) pieces.push({ text: text.slice(end, match.index) });
    pieces.push({ text: shown, href });
    end = match.index + shown.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end) });
  return pieces;
}

const brackets = [
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
] as const;

/** Drops the punctuation that ends the sentence, not the address, and a bracket that was opened before it. */
function withoutTail(url: string): string {
  let shown = url.replace(trailing, '');
  for (const [open, close] of brackets) {
    while (shown.endsWith(close) && count(shown, close) > count(shown, open)) {
      shown = shown.slice(0, -1).replace(trailing, '');
    }
  }
  return shown;
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

function parse(text: string): string | undefined {
  const url = URL.parse?.(text) ?? tryUrl(text);
  return url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== ''
    ? url.href
    : undefined;
}

function tryUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

// Only the v flag knows emoji sequences. The compiler's target does not name it yet, so it is no literal.
const setsFlag: string = 'v';
const onlyEmoji = emojiPattern();

function emojiPattern(): RegExp | undefined {
  try {
    return new RegExp('^(?:\\p{RGI_Emoji}|\\p{Emoji}\\uFE0F|\\s)+$', setsFlag);
  } catch {
    return undefined;
  }
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Whether a text is one to six emoji and nothing else; such a message is drawn larger. */
export function isEmojiOnly(text: string): boolean {
  if (text.length > 120 || onlyEmoji === undefined || !onlyEmoji.test(text)) return false;
  const signs = [...segmenter.segment(text.replace(/\s/gu, ''))].length;
  return signs >= 1 && signs <= 6;
}
