// docs/conformance.md from the table of test/conformance/: called by scripts/conformance.ts, which writes it when every
// case has passed, and by test/conformance.test.ts, which holds that what is checked in lists what is there.
import type { Table } from '../test/conformance/all.ts';
import { outcomeOf } from '../test/conformance/run.ts';

/** The page of a run in which every case passed. */
export function renderConformance(tables: readonly Table[]): string {
  const total = tables.reduce((sum, { cases }) => sum + cases.length, 0);
  return [
    '# Conformance',
    '',
    `${total} cases, ${total} passed. Each is a sequence of octets that a client sends over TCP to the real server: whole, octet`,
    'by octet when it has 400 or fewer, and cut at seeded random places. Each time the outcome told here has to come. The client is',
    '`test/support/raw-client.ts`, which shares no code with the server.',
    '',
    '`npm run conformance` runs them all and writes this page; `npm test` runs them too.',
    '',
    '- *HTTP 101*: the WebSocket opens, which an answered Ping proves. Another status: the handshake is refused with it, in words.',
    '- *goes on*: what has to come back comes back, and a Ping is answered behind it.',
    '- *Close 1002*, or another code: the server sends this Close, with a sentence that says why, and is the first to end TCP.',
    '- *ends*: the client leaves without a Close; the server sends nothing more and ends TCP.',
    '',
    '| | cases |',
    '|---|---|',
    ...tables.map(({ title, cases }) => `| ${title} | ${cases.length} |`),
    '',
    ...tables.flatMap(renderTable),
  ].join('\n');
}

function renderTable({ title, cases }: Table): string[] {
  return [
    `## ${title}`,
    '',
    '| section | case | outcome |',
    '|---|---|---|',
    ...cases.map((test) => `| ${test.section} | ${escaped(test.name)} | ${outcomeOf(test)} |`),
    '',
  ];
}

function escaped(text: string): string {
  return text.replaceAll(/[\\|<>[\]*_`]/g, '\\$&');
}
