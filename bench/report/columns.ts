/**
 * Tables of text whose columns line up: in Markdown, so that the document also reads well as it is, and plain for the
 * terminal. Called by markdown.ts and terminal.ts.
 */

export interface Column {
  readonly title: string;
  /** Figures stand to the right. Default left. */
  readonly right?: boolean;
}

export type Row = readonly string[];

function widthsOf(columns: readonly Column[], rows: readonly Row[], least: number): number[] {
  return columns.map(({ title }, index) =>
    Math.max(least, title.length, ...rows.map((row) => (row[index] ?? '').length)),
  );
}

function pad(text: string, width: number, right = false): string {
  return right ? text.padStart(width) : text.padEnd(width);
}

/** A Markdown table, its bars under one another. The cells must not hold a bar or a line end; `cell` sees to that. */
export function markdownTable(columns: readonly Column[], rows: readonly Row[]): string[] {
  const widths = widthsOf(columns, rows, 3);
  const line = (cells: Row): string =>
    `| ${columns.map(({ right }, index) => pad(cells[index] ?? '', widths[index] ?? 0, right)).join(' | ')} |`;
  const rule = columns.map(({ right }, index) => {
    const dashes = '-'.repeat((widths[index] ?? 0) + 1);
    return right === true ? `${dashes}:` : `${dashes}-`;
  });
  return [line(columns.map(({ title }) => title)), `|${rule.join('|')}|`, ...rows.map(line)];
}

/** A cell's text from somewhere else: what Markdown would take for a mark is escaped. */
export function cell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\|<>[\]*_`]/g, '\\$&');
}

/** Rows for a terminal, two spaces between the columns, no trailing space. */
export function plainTable(columns: readonly Column[], rows: readonly Row[]): string[] {
  const widths = widthsOf(columns, rows, 0);
  return rows.map((row) =>
    columns
      .map(({ right }, index) => pad(row[index] ?? '', widths[index] ?? 0, right))
      .join('  ')
      .trimEnd(),
  );
}
