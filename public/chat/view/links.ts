/**
 * What is a link in a text and what is not, and which addresses may be one. A bare link begins with http:// or
 * https:// and parses as a URL; the punctuation that ends the sentence is not part of it. Pure; markdown.ts asks.
 */

const candidate = /^https?:\/\/[^\s<>"'`「」『』《》（）【】，。、；：！？…]+/iu;
const trailing = /[.,:;!?…*_~'"。，、：；！？]+$/u;
/** A place in this chat: a room, or a message in it. */
const place = /^#\/[a-z0-9][a-z0-9-]{0,63}(?:\/\d{1,15})?$/u;

/** The bare link that a text begins with: as it is written, and where it leads. Undefined when there is none. */
export function linkAtStart(text: string): { readonly text: string; readonly href: string } | undefined {
  const found = candidate.exec(text);
  if (found === null) return undefined;
  const shown = withoutTail(found[0]);
  const href = parse(shown);
  return href === undefined ? undefined : { text: shown, href };
}

/**
 * An address that a link may have, or undefined: http, https and mailto, and places in this chat (`here`), which are
 * known by their `#/room/offset`, also with the page's own `origin` before it.
 */
export function safeAddress(
  address: string,
  origin: string,
): { readonly href: string; readonly here: boolean } | undefined {
  if (place.test(address)) return { href: address, here: true };
  const url = toUrl(address);
  if (url === undefined) return undefined;
  if (url.protocol === 'mailto:') return { href: url.href, here: false };
  if ((url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') return undefined;
  if (url.origin === origin && url.pathname === '/' && url.search === '' && place.test(url.hash))
    return { href: url.hash, here: true };
  return { href: url.href, here: false };
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
  const url = toUrl(text);
  return url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== ''
    ? url.href
    : undefined;
}

function toUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
