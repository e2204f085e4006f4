/** docs/benchmarks.md from the results: called by report.ts, which reads and writes the files. */
import type { Results } from '../results-schema.ts';
import {
  type Analysis,
  analyse,
  bare,
  behind,
  type GoalOutcome,
  type MeasureReport,
  outcomeOf,
  type Section,
} from './analysis.ts';
import { type Column, cell, markdownTable, type Row } from './columns.ts';
import {
  count,
  formatAim,
  formatDuration,
  formatFigure,
  formatInterval,
  formatRatio,
  formatShare,
  formatSpread,
  formatTime,
  nothing,
  shortCommit,
} from './figures.ts';

const kindTitles = { server: 'Servers', codec: 'Codec alone', isolation: 'Isolation' } as const;

/**
 * The whole document; the same text for the same results.
 * @param remarks Markdown written by hand, put in as it is
 */
export function renderMarkdown(results: readonly Results[], remarks: string): string {
  const analysis = analyse(results);
  const parts = analysis.runs.length === 0 ? noResults : report(analysis);
  return `${[...introduction, '', ...parts, ...(remarks.trim() === '' ? [] : [remarks.trim(), ''])].join('\n').trimEnd()}\n`;
}

const introduction = [
  '# Benchmarks',
  '',
  'Written by `bench/report.ts` from the raw samples in `bench/results/`. The remarks at the end are written by hand in',
  '`bench/report/remarks.md`. The page `/lab/bench` of a running server draws the same figures, with every sample.',
];

const noResults = ['No results are recorded. `npm run bench` measures and writes this page.', ''];

function report(analysis: Analysis): string[] {
  return [
    ...summary(analysis),
    '',
    ...goals(analysis),
    '## Where we lose',
    '',
    ...losses(analysis),
    '',
    '## What was measured, and on what',
    '',
    ...renderRuns(analysis.runs),
    '## How',
    '',
    ...how(analysis),
    '',
    '## All measures',
    '',
    'Medians and, behind each, half the distance between the quartiles. The last column is barewire beside its best peer.',
    '',
    ...analysis.sections.flatMap((section) => renderSection(section, analysis)),
  ];
}

function summary({ goals: all, wins, losses: lost, compared, level, runs }: Analysis): string[] {
  const met = all.filter(({ outcome }) => outcome === 'met').length;
  return [
    `barewire meets ${met} of ${count(all.length, 'goal')}. Of ${count(compared, 'measure')} in which it stands beside a peer, it is ahead of every`,
    `peer in ${wins.length}, behind at least one in ${behind(lost)}, and level with the best, as far as the noise lets tell, in ${level}.`,
    ...(runs.some(({ mode }) => mode === 'quick')
      ? ['', '**Some of this comes from a quick run**, with few and short rounds: its intervals are wide.']
      : []),
  ];
}

function goals({ goals: all, runs }: Analysis): string[] {
  if (all.length === 0) return [];
  const unsure = all.some(({ sure }) => !sure);
  return [
    '## Goals',
    '',
    'How many times better barewire is than the one that the goal names: the ratio of the medians of one run, and the interval',
    'that holds it in 95 of 100 such runs.',
    ...(unsure ? ['`~` marks a goal inside of its interval, where another run may say the opposite.'] : []),
    '',
    ...runs.flatMap((run) => {
      const own = all.filter(({ measure }) => run.measures.includes(measure));
      if (own.length === 0) return [];
      return [`### ${kindTitles[run.kind]}`, '', ...markdownTable(goalColumns, own.map(goalRow)), ''];
    }),
  ];
}

const goalColumns: readonly Column[] = [
  { title: 'measure' },
  { title: 'against' },
  { title: 'goal', right: true },
  { title: 'ratio', right: true },
  { title: '95 % interval' },
  { title: 'outcome' },
];

function goalRow(outcome: GoalOutcome): Row {
  const { measure, goal, lead } = outcome;
  return [
    cell(measure.title),
    cell(goal.against),
    `${formatAim(goal.ratio)} ×`,
    lead === undefined ? nothing : formatRatio(lead.middle),
    lead === undefined ? nothing : formatInterval(lead),
    outcomeOf(outcome),
  ];
}

function losses({ losses: lost, compared }: Analysis): string[] {
  if (compared === 0) return ['No peer was measured.'];
  if (lost.length === 0) return ['In no measure is a peer better than barewire beyond noise.'];
  const rows = lost.map(({ measure, row, lead }) => [
    cell(measure.title),
    cell(row.subject),
    `${formatFigure(row.median)} ${cell(measure.unit)}`,
    `${formatFigure(row.median / ratioTo(measure.better, lead.middle))} ${cell(measure.unit)}`,
    formatRatio(lead.middle),
    formatInterval(lead),
  ]);
  const columns: Column[] = [
    { title: 'measure' },
    { title: 'peer' },
    { title: 'peer has', right: true },
    { title: 'barewire has', right: true },
    { title: 'ratio', right: true },
    { title: '95 % interval' },
  ];
  return [
    'Each measure in which a peer is better than barewire by more than the noise, worst first.',
    '',
    ...markdownTable(columns, rows),
  ];
}

/** By what to divide a peer's median to get barewire's, from how many times better barewire is. */
function ratioTo(better: 'less' | 'more', lead: number): number {
  return better === 'less' ? lead : 1 / lead;
}

function renderRuns(runs: readonly Results[]): string[] {
  const [first] = runs;
  const alike = runs.every(({ machine }) => JSON.stringify(machine) === JSON.stringify(first?.machine));
  return [
    ...(alike && first !== undefined ? [...machineFacts(first), ''] : []),
    ...runs.flatMap((run) => renderRun(run, alike ? [] : machineFacts(run))),
  ];
}

function machineFacts({ machine }: Results): string[] {
  const flags = machine.flags.length === 0 ? '' : ` ${cell(machine.flags.join(' '))}`;
  return [
    `- CPU: ${cell(machine.cpu)}, ${count(machine.cores, 'core')}, governor ${cell(machine.governor)}`,
    `- memory: ${machine.memoryGiB} GiB`,
    `- kernel: ${cell(machine.kernel)}`,
    `- Node: ${machine.node}${flags}, V8 ${machine.v8}`,
  ];
}

function renderRun(run: Results, more: readonly string[]): string[] {
  const { kind, mode, startedAt, duration, command, commit, dirty, subjects, notes } = run;
  return [
    `### ${kindTitles[kind]}: the run`,
    '',
    `- command: \`${command}\``,
    `- commit: ${cell(shortCommit(commit, dirty))}`,
    `- date: ${formatTime(startedAt)}, ${mode} run of ${formatDuration(duration)}`,
    ...more,
    ...notes.map((note) => `- ${cell(note)}`),
    '',
    ...subjects.map(
      ({ name, version, runtime, options }) =>
        `- **${cell(name)}**${version === '' ? '' : ` ${cell(version)}`} on ${cell(runtime)}: ${options === '' ? 'defaults' : cell(options)}`,
    ),
    '',
  ];
}

function how({ runs, noise }: Analysis): string[] {
  const kinds = new Set(runs.map(({ kind }) => kind));
  const lines: readonly (readonly [boolean, string])[] = [
    [
      kinds.has('server'),
      [
        '- **Servers.** Each is a process of its own, pinned to one core where the system lets us, and the generator is on another: raw',
        '  sockets, masked frames made beforehand, replies checked. The figure is the CPU time that the kernel counted for the server,',
        '  divided by the messages: it holds on a busy machine, where time on the wall does not. All have their turn in each round.',
      ].join('\n'),
    ],
    [
      kinds.has('codec'),
      [
        '- **Codec alone.** No sockets: octets in memory, through each library’s own parser and sender, each in a process of its own, in CPU',
        '  time. What comes out is compared with what went in before anything is timed. UTF-8, masks, lengths and limits are checked.',
      ].join('\n'),
    ],
    [
      kinds.has('isolation'),
      '- **Isolation.** Quiet connections exchange small messages and time them, alone first, then beside the load that the title names.',
    ],
    [
      true,
      [
        '- **Rounds.** Each figure is the median of its rounds. The spread behind it is half the distance between the quartiles. Intervals',
        '  come from drawing the rounds again, a thousand times, with the same seed each time.',
      ].join('\n'),
    ],
    [
      noise !== undefined,
      [
        `- **Noise.** barewire against itself (measured twice in the same run, or else its odd rounds against its even ones) is`,
        `  ${formatShare(noise?.median ?? 0)} apart in the middle measure and ${formatShare(noise?.largest ?? 0)} at most. A lead or a lag counts when its interval leaves out 1 and it is larger`,
        '  than barewire’s distance from itself in that measure.',
      ].join('\n'),
    ],
    [
      runs.some(({ subjects }) => subjects.some(({ name }) => name === bare)),
      `- **\`${bare}\`** answers the same octets with no WebSocket in it: what the network alone costs. It is no peer.`,
    ],
  ];
  return lines.filter(([applies]) => applies).map(([, line]) => line);
}

function renderSection({ title, kind, measures }: Section, { sections }: Analysis): string[] {
  const twin = sections.some((other) => other.title === title && other.kind !== kind);
  const subjects = [...new Set(measures.flatMap(({ rows }) => rows.map(({ subject }) => subject)))];
  const columns: Column[] = [
    { title: 'measure' },
    { title: 'unit' },
    ...subjects.map((subject) => ({ title: cell(subject), right: true })),
    { title: 'best peer', right: true },
  ];
  const notes = measures.flatMap(({ measure, rows }) =>
    rows.flatMap(({ subject, series }) =>
      series.note === undefined ? [] : [`- ${cell(measure.title)}, ${cell(subject)}: ${cell(series.note)}`],
    ),
  );
  return [
    `### ${title}${twin ? `, ${kindTitles[kind].toLowerCase()}` : ''}`,
    '',
    ...markdownTable(
      columns,
      measures.map((report) => [
        cell(report.measure.title),
        cell(report.measure.unit),
        ...subjects.map((subject) => figureOf(report, subject)),
        bestPeer(report),
      ]),
    ),
    '',
    ...(notes.length === 0 ? [] : [...notes, '']),
  ];
}

function figureOf({ rows }: MeasureReport, subject: string): string {
  const row = rows.find((one) => one.subject === subject);
  if (row === undefined || row.series.samples.length === 0) return nothing;
  const samples = row.series.samples.length;
  return samples < 2
    ? formatFigure(row.median)
    : `${formatFigure(row.median)} ${formatSpread(row.spread, samples)}`;
}

/** `1.38 × ws`: barewire beside the peer that is best here. */
function bestPeer({ rows }: MeasureReport): string {
  const peers = rows.filter(({ role, lead }) => role === 'peer' && lead !== undefined);
  const [best] = peers.sort((a, b) => (a.lead?.middle ?? 0) - (b.lead?.middle ?? 0));
  if (best?.lead === undefined) return nothing;
  return `${formatRatio(best.lead.middle)} ${cell(best.subject)}${best.verdict === 'noise' ? ', within noise' : ''}`;
}
