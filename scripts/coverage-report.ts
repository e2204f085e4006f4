// What a coverage run says of one file, for scripts/coverage.ts: what there is to reach, and what was not reached. It
// knows no file system and no process, so that its test can give it files that lack each kind of thing.

interface Place {
  /** Missing in what stands nowhere, as an `else` that is not written. */
  readonly start: { readonly line?: number };
}

/** One file of coverage-final.json, the format of Istanbul: things by number, and how often each was reached. */
export interface FileCoverage {
  readonly statementMap: Readonly<Record<string, Place>>;
  readonly s: Readonly<Record<string, number>>;
  readonly branchMap: Readonly<Record<string, { readonly loc: Place; readonly locations: readonly Place[] }>>;
  readonly b: Readonly<Record<string, readonly number[]>>;
  readonly fnMap: Readonly<Record<string, { readonly decl: Place }>>;
  readonly f: Readonly<Record<string, number>>;
}

interface Thing {
  readonly line: number;
  readonly hits: number;
}

/** What of one kind was not reached. Lines have no kind of their own: one is reached when its statements are. */
export interface Shortfall {
  readonly kind: 'statements' | 'branches' | 'functions';
  readonly total: number;
  readonly missed: number;
  /** Where: each line once, in order. */
  readonly lines: readonly number[];
}

/** The kinds of which something was not reached; empty when the file is covered. */
export function shortfalls(file: FileCoverage): readonly Shortfall[] {
  const statements = Object.entries(file.statementMap).map(([key, { start }]) =>
    thing(start.line, file.s[key]),
  );
  const functions = Object.entries(file.fnMap).map(([key, { decl }]) => thing(decl.start.line, file.f[key]));
  const branches = Object.entries(file.branchMap).flatMap(([key, { loc, locations }]) =>
    locations.map(({ start }, index) => thing(start.line ?? loc.start.line, file.b[key]?.[index])),
  );
  const all = [
    shortfall('statements', statements),
    shortfall('branches', branches),
    shortfall('functions', functions),
  ];
  return all.filter(({ missed }) => missed > 0);
}

function thing(line = 0, hits = 0): Thing {
  return { line, hits };
}

function shortfall(kind: Shortfall['kind'], things: readonly Thing[]): Shortfall {
  const missed = things.filter(({ hits }) => hits === 0);
  const lines = [...new Set(missed.map(({ line }) => line))].sort((one, other) => one - other);
  return { kind, total: things.length, missed: missed.length, lines };
}

/** As in `2 of 40 branches, at lines 12, 40-42`. */
export function describeShortfall({ kind, total, missed, lines }: Shortfall): string {
  const spans: Array<{ first: number; last: number }> = [];
  for (const line of lines) {
    const span = spans.at(-1);
    if (span?.last === line - 1) span.last = line;
    else spans.push({ first: line, last: line });
  }
  const places = spans.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
  return `${missed} of ${total} ${kind}, at ${lines.length === 1 ? 'line' : 'lines'} ${places.join(', ')}`;
}
