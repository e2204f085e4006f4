/** Which lines of the conversation lie where in the view: the one to hold on to, and the last that was seen. */

/** A line that is held in place, how far below the top edge of the view it begins, and where the view was then. */
export interface Held {
  readonly key: string;
  readonly top: number;
  readonly scrollTop: number;
}

/** The index of the first row that ends below an edge; rows lie one below the other. */
function firstBelow(rows: HTMLCollection, edge: number): number {
  let first = 0;
  let last = rows.length - 1;
  while (first < last) {
    const middle = (first + last) >> 1;
    if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) > edge) last = middle;
    else first = middle + 1;
  }
  return first;
}

/** A row's lines; some rows are a line themselves. */
function linesOf(row: Element | undefined, selector: string): HTMLElement[] {
  if (!(row instanceof HTMLElement)) return [];
  return row.matches(selector) ? [row] : [...row.querySelectorAll<HTMLElement>(selector)];
}

/** The first line that reaches into the view. */
export function findAnchor(view: HTMLElement, content: HTMLElement | null): Held | undefined {
  if (content === null) return undefined;
  const edge = view.getBoundingClientRect().top;
  const rows = content.children;
  for (let index = firstBelow(rows, edge); index < rows.length; index += 1) {
    for (const line of linesOf(rows[index], '[data-key]')) {
      const box = line.getBoundingClientRect();
      const key = line.dataset.key;
      if (box.bottom > edge && key !== undefined)
        return { key, top: box.top - edge, scrollTop: view.scrollTop };
    }
  }
  return undefined;
}

/** The offset of the last line that ends within the view; undefined when there is none. */
export function lastSeen(view: HTMLElement, content: HTMLElement | null): number | undefined {
  if (content === null) return undefined;
  // Half a pixel may be missing to a line that is all there.
  const edge = view.getBoundingClientRect().bottom + 1;
  const rows = content.children;
  for (let index = firstBelow(rows, edge); index >= 0; index -= 1) {
    for (const line of linesOf(rows[index], '[data-offset]').reverse()) {
      if (line.getBoundingClientRect().bottom <= edge) return Number(line.dataset.offset);
    }
  }
  return undefined;
}
