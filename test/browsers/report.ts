/**
 * docs/browsers.md: the matrix as a document, the same for the same outcomes and versions. Written by
 * scripts/test-browsers.ts, compared by test/browser/matrix.test.ts.
 */
import { type Engine, engines } from './engines.ts';
import { gaps } from './expectations.ts';
import { checks } from './page/all.ts';
import type { Outcome } from './page/check.ts';

/** What is in the document besides what the code says. */
export interface Matrix {
  /** The name and version of each browser. */
  readonly versions: Readonly<Record<Engine, string>>;
  outcomeOf(engine: Engine, id: string): Outcome;
}

const groups = [...new Set(checks.map(({ group }) => group))];
const inGroup = (group: string) => checks.filter((check) => check.group === group);

export function renderMatrix(matrix: Matrix): string {
  return [
    `# WebSocket in real browsers

One suite of ${checks.length} checks, run in three engines against barewire, and in part against an endpoint made by hand that sends
what barewire never would. \`npm run test:browsers\` runs it and writes this page; \`npm test\` runs it too, and fails
when an outcome is not the one below. The checks are in \`test/browsers/page/\`, what is known of each engine in
\`test/browsers/expectations.ts\`.

${list(engines.map((engine) => `${engine}: ${matrix.versions[engine]}`))}

A cell says **yes**, or in words what the engine chose where the standard leaves a choice. **No** is a gap: what was
seen instead. The reasons are [at the end](#gaps-and-their-reasons).

${table(
  ['', ...engines],
  [
    ...groups.map((group) => [
      link(group),
      ...engines.map((engine) => score(matrix, engine, inGroup(group))),
    ]),
    ['All', ...engines.map((engine) => score(matrix, engine, checks))],
  ],
)}`,
    ...groups.map((group) => `## ${group}\n\n${groupTable(matrix, group)}`),
    `## Gaps and their reasons\n\n${gapTable()}`,
  ]
    .join('\n\n')
    .concat('\n');
}

/** The versions that a rendered document names. @throws Error when it names none */
export function readVersions(document: string): Matrix['versions'] {
  const version = (engine: Engine): string => {
    const found = new RegExp(`^- ${engine}: (.+)$`, 'm').exec(document)?.[1];
    if (found === undefined) throw new Error(`The document names no version of ${engine}.`);
    return found;
  };
  return { Chromium: version('Chromium'), Firefox: version('Firefox'), WebKit: version('WebKit') };
}

function groupTable(matrix: Matrix, group: string): string {
  const rows = inGroup(group).map(({ id, title, section }) => [
    `\`${id}\``,
    title,
    section,
    ...engines.map((engine) => cell(matrix.outcomeOf(engine, id))),
  ]);
  return table(['Check', 'What has to be', 'Demanded by', ...engines], rows);
}

function cell({ passed, note }: Outcome): string {
  if (!passed) return `**No.** ${inCell(note)}`;
  return note === '' ? 'yes' : inCell(note);
}

function score(matrix: Matrix, engine: Engine, among: typeof checks): string {
  const passed = among.filter(({ id }) => matrix.outcomeOf(engine, id).passed).length;
  return passed === among.length ? `all ${passed}` : `${passed} of ${among.length}`;
}

/** One row for each reason in each engine, with the checks that it explains. */
function gapTable(): string {
  const explained = new Map<string, { engine: Engine; reason: string; ids: string[] }>();
  for (const engine of engines) {
    for (const { id } of checks) {
      const reason = gaps[id]?.[engine]?.reason;
      if (reason === undefined) continue;
      const key = `${engine} ${reason}`;
      const row = explained.get(key) ?? { engine, reason, ids: [] };
      row.ids.push(`\`${id}\``);
      explained.set(key, row);
    }
  }
  const rows = [...explained.values()].map(({ engine, reason, ids }) => [engine, ids.join(', '), reason]);
  return table(['Engine', 'Checks', 'Why'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |');
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

function link(group: string): string {
  const fragment = group
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
  return `[${group}](#${fragment})`;
}

function inCell(text: string): string {
  return text.replaceAll(/[|*<>[\]]/g, (character) => `\\${character}`);
}
