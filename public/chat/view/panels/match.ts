/**
 * How the filter fields and the jump dialog find a name: every word of the query has to begin a word of it, or stand
 * anywhere in it. Case, width and accents do not count. Pure.
 */

/** What is compared: without accents, in lower case, NFKC. */
export function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').normalize('NFKC').toLowerCase();
}

/** Whether every word of the query is in one of the texts; an empty query matches all. */
export function matches(query: string, ...texts: readonly string[]): boolean {
  const folded = texts.map(fold);
  return fold(query)
    .split(/\s+/u)
    .filter((word) => word !== '')
    .every((word) => folded.some((text) => text.includes(word)));
}

/**
 * How well a name fits: 0 when it is the query, then 1 when it begins with it, 2 when a word of it does, 3 when the
 * query stands anywhere in it, 4 when its letters do, in order; undefined when it does not fit.
 */
export function rank(query: string, name: string): number | undefined {
  const wanted = fold(query).trim();
  const folded = fold(name);
  if (wanted === '') return 0;
  if (folded === wanted) return 0;
  if (folded.startsWith(wanted)) return 1;
  if (folded.split(/[\s\p{P}]+/u).some((word) => word.startsWith(wanted))) return 2;
  if (folded.includes(wanted) || matches(query, name)) return 3;
  return inOrder(wanted, folded) ? 4 : undefined;
}

function inOrder(wanted: string, text: string): boolean {
  let from = 0;
  for (const sign of wanted) {
    if (/\s/u.test(sign)) continue;
    const at = text.indexOf(sign, from);
    if (at === -1) return false;
    from = at + sign.length;
  }
  return true;
}
