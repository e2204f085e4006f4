/** What a search result shows of a message: a stretch around the first hit, cut so that the hits can be lit. Pure. */
export interface Piece {
  readonly text: string;
  readonly hit: boolean;
}

/** UTF-16 units of a message that a result shows, about. */
const shownLength = 180;
/** How much of it stands before the first hit. */
const leadLength = 48;

/** A pattern for any word of the query; undefined when there is none. */
function patternOf(query: string): RegExp | undefined {
  const words = query
    .normalize('NFC')
    .split(/[\s"“”]+/u)
    .filter((word) => word !== '')
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|/-]/gu, '\\$&'))
    // The longest first, so that “sea” does not hide “search”.
    .sort((a, b) => b.length - a.length);
  return words.length === 0 ? undefined : new RegExp(words.join('|'), 'giu');
}

/** Cuts a text at the words of a query. Joined, the pieces are the text. */
export function cutHits(text: string, query: string): readonly Piece[] {
  const pattern = patternOf(query);
  if (pattern === undefined) return [{ text, hit: false }];
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), hit: false });
    pieces.push({ text: match[0], hit: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), hit: false });
  return pieces;
}

/** A stretch of a text around the first hit, on one line, with `…` where something was left out; never half a character. */
export function excerptOf(text: string, query: string): string {
  const line = text.replace(/\s+/gu, ' ').trim();
  if (line.length <= shownLength) return line;
  const pattern = patternOf(query);
  const first = pattern === undefined ? 0 : Math.max(0, line.search(pattern));
  const start = first <= leadLength ? 0 : wordStart(line, first - leadLength);
  const end = Math.min(line.length, start + shownLength);
  const cut = line
    .slice(start, end)
    .replace(/^[\udc00-\udfff]/, '')
    .replace(/[\ud800-\udbff]$/, '');
  return `${start > 0 ? '…' : ''}${cut.trim()}${end < line.length ? '…' : ''}`;
}

/** The beginning of a word near a place, not more than twelve units behind it. */
function wordStart(line: string, place: number): number {
  const space = line.indexOf(' ', place);
  return space === -1 || space > place + 12 ? place : space + 1;
}
