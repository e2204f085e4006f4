// docs/ledger.md from the data of test/ledger/: called by scripts/write-ledger.ts, which writes it, and by
// test/ledger.test.ts, which holds that what is checked in is what would be written.
import type { Entry, Ledger, Strength } from '../test/ledger/entry.ts';

const headings: Readonly<Record<Strength, string>> = {
  MUST: 'MUST, MUST NOT, SHALL, REQUIRED',
  SHOULD: 'SHOULD, SHOULD NOT, RECOMMENDED',
  must: '"must" in small letters',
};

/** The whole document. */
export function renderLedger(ledgers: readonly Ledger[]): string {
  const all = ledgers.flatMap(({ entries }) => entries);
  return `${[
    '# The ledger',
    '',
    'Every demand of the two RFCs, in our own words: who has to keep it, the code that keeps it, and the tests that prove it.',
    'It is written by `node --import tsx scripts/write-ledger.ts` from `test/ledger/`. `test/ledger.test.ts` checks that each',
    'name is in the source, each title in the test, and that no section has fewer rows than the RFC has such words in it.',
    'In a title, `…` is what a test fills in, and ` › ` leads to the row of its table.',
    '',
    '| | MUST | of these kept | not ours | missing | SHOULD | of these kept | not ours | left, for a reason |',
    '|---|---|---|---|---|---|---|---|---|',
    ...ledgers.map(({ rfc, entries }) => countRow(`RFC ${rfc}`, entries)),
    countRow('both', all),
    '',
    ...ledgers.flatMap(renderRfc),
  ].join('\n')}`;
}

function countRow(name: string, entries: readonly Entry[]): string {
  const of = (strength: Strength) => entries.filter((entry) => entry.strength === strength);
  const [must, should] = [of('MUST'), of('SHOULD')];
  const kept = (list: readonly Entry[]) => list.filter((entry) => 'keeps' in entry).length;
  const notOurs = (list: readonly Entry[]) => list.filter((entry) => 'notApplicable' in entry).length;
  const left = (list: readonly Entry[]) => list.filter((entry) => 'notKept' in entry).length;
  const cells = [must, should].flatMap((list) => [list.length, kept(list), notOurs(list), left(list)]);
  return `| ${[name, ...cells].join(' | ')} |`;
}

function renderRfc({ rfc, title, entries }: Ledger): string[] {
  return [
    `## RFC ${rfc}, ${title}`,
    '',
    ...(['MUST', 'SHOULD', 'must'] as const).flatMap((strength) => {
      const rows = entries.filter((entry) => entry.strength === strength);
      return rows.length === 0
        ? []
        : [
            `### RFC ${rfc}: ${headings[strength]}`,
            '',
            '| | who | demand | kept by | proven by |',
            '|---|---|---|---|---|',
            ...rows.map(renderRow),
            '',
          ];
    }),
  ];
}

function renderRow(entry: Entry): string {
  const { id, who, requirement } = entry;
  const start = `| ${id.replace(/^\d+-/, '§')} | ${who} | ${escaped(requirement)} |`;
  if ('notApplicable' in entry) return `${start} not ours: ${escaped(entry.notApplicable)} | |`;
  if ('notKept' in entry) return `${start} not kept: ${escaped(entry.notKept)} | |`;
  const keeps = entry.keeps.map((name) => {
    const [file = '', symbol = ''] = name.split('#', 2);
    return `[\`${name.slice(file.length + 1) || symbol}\`](../${file})`;
  });
  const proof = entry.proof.map((name) => {
    const { file, title } = splitProof(name);
    return `[${escaped(title)}](../${file})`;
  });
  return `${start} ${keeps.join('<br>')} | ${proof.join('<br>')} |`;
}

/** The file and the title of a proof, the row of its table still with it. */
export function splitProof(proof: string): { readonly file: string; readonly title: string } {
  const colon = proof.indexOf(': ');
  return { file: proof.slice(0, colon), title: proof.slice(colon + 2) };
}

function escaped(text: string): string {
  return text.replaceAll(/[\\|<>[\]*_`]/g, '\\$&');
}
