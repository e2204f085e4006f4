/** The results as text for a terminal: called by `npm run bench` at its end, and by `--compare` for two results files. */
import type { Measure, Results, Series } from '../results-schema.ts';
import { median, ratio } from '../statistics.ts';
import { analyse, behind, type MeasureReport, outcomeOf, type Row } from './analysis.ts';
import { type Column, plainTable } from './columns.ts';
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
  formatUnit,
  nothing,
  shortCommit,
} from './figures.ts';

/** Everything of one run: machine, each measure with its subjects, goals, and how far the figures can be trusted. */
export function renderTable(results: Results): string {
  const { sections, goals, losses, noise, compared, wins } = analyse([results]);
  const reports = sections.flatMap(({ measures }) => measures);
  const columns = columnsOf(reports);
  const met = goals.filter(({ outcome }) => outcome === 'met').length;
  return [
    ...heading(results),
    '',
    ...reports.flatMap((report) => [...renderMeasure(report, columns), '']),
    ...(goals.length === 0 ? [] : [`Goals met: ${met} of ${goals.length}.`]),
    ...(goals.every(({ sure }) => sure)
      ? []
      : ['~ The interval reaches over the goal: another run may say the opposite.']),
    `Ahead of every peer in ${wins.length} of ${count(compared, 'measure')}; a peer is better in ${behind(losses)}.`,
    noise === undefined
      ? 'Too few rounds to tell how far barewire is from itself: read small differences as noise.'
      : `Barewire against itself: ${formatShare(noise.median)} apart in the middle measure, ${formatShare(noise.largest)} at most. Less than that is noise.`,
    ...(results.mode === 'quick'
      ? ['A quick run: few and short rounds, so the intervals are wide. The full run decides.']
      : []),
    ...results.notes,
  ]
    .join('\n')
    .concat('\n');
}

function heading({ kind, mode, startedAt, duration, machine, commit, dirty, command }: Results): string[] {
  return [
    `${kind} bench, ${mode}, ${formatTime(startedAt)}, ${formatDuration(duration)}, commit ${shortCommit(commit, dirty)}`,
    `${machine.cpu}, ${count(machine.cores, 'core')}, governor ${machine.governor}, kernel ${machine.kernel}, Node ${machine.node}`,
    command,
  ];
}

/** One set of widths for all measures, so that the eye can run down them. */
function columnsOf(reports: readonly MeasureReport[]): Column[] {
  const rows = reports.flatMap(({ rows: all }) => all.map(cellsOf));
  const widest = (index: number): string =>
    rows.reduce((found, row) => ((row[index] ?? '').length > found.length ? (row[index] ?? '') : found), '');
  return [
    { title: widest(0) },
    { title: widest(1), right: true },
    { title: widest(2), right: true },
    { title: widest(3), right: true },
    { title: widest(4), right: true },
    { title: '' },
  ];
}

function renderMeasure({ measure, rows, goals }: MeasureReport, columns: readonly Column[]): string[] {
  return [
    `${measure.title}  (${formatUnit(measure.unit, measure.better)})`,
    ...plainTable(columns, rows.map(cellsOf)),
    ...goals.map(
      (goal) => `  goal, ${formatAim(goal.goal.ratio)} × ${goal.goal.against}: ${outcomeOf(goal)}`,
    ),
  ];
}

function cellsOf({ subject, series, median: middle, spread, lead, verdict }: Row): string[] {
  const { samples, note } = series;
  const remark = samples.length === 0 ? (note ?? 'not measured') : verdict === 'noise' ? 'within noise' : '';
  return [
    `  ${subject}`,
    formatFigure(middle),
    formatSpread(spread, samples.length),
    lead === undefined ? '' : formatRatio(lead.middle),
    lead === undefined ? '' : `[${formatInterval(lead)}]`,
    remark,
  ];
}

/**
 * What changed between two runs: for each measure and subject that both have, how many times better it is now, with its
 * 95 % interval, and `within noise` when that includes 1. The peers show how alike the two runs were.
 */
export function renderComparison(before: Results, after: Results): string {
  const earlier = new Map(before.measures.map((measure) => [measure.id, measure]));
  const columns: Column[] = [
    { title: '' },
    { title: '', right: true },
    { title: '' },
    { title: '', right: true },
    { title: '', right: true },
    { title: '', right: true },
    { title: '' },
  ];
  const shared = after.measures.flatMap((measure) => {
    const old = earlier.get(measure.id);
    return old === undefined ? [] : [{ measure, rows: changesOf(old, measure) }];
  });
  const aligned = plainTable(
    columns,
    shared.flatMap(({ rows }) => rows),
  );
  let at = 0;
  const gone = before.measures.filter(({ id }) => !after.measures.some((measure) => measure.id === id));
  const added = after.measures.filter(({ id }) => !earlier.has(id));
  return [
    `before: ${heading(before).slice(0, 2).join('\n        ')}`,
    `after:  ${heading(after).slice(0, 2).join('\n        ')}`,
    'More than 1 × is better, whatever the unit. The 95 % interval stands behind it.',
    ...(before.machine.cpu === after.machine.cpu && before.machine.node === after.machine.node
      ? []
      : ['The two did not run on the same machine with the same Node: compare ratios to a peer instead.']),
    ...shared.flatMap(({ measure, rows }) => {
      const lines = aligned.slice(at, at + rows.length);
      at += rows.length;
      return ['', `${measure.title}  (${formatUnit(measure.unit, measure.better)})`, ...lines];
    }),
    ...(gone.length === 0 ? [] : ['', `Only before: ${gone.map(({ id }) => id).join(', ')}`]),
    ...(added.length === 0 ? [] : ['', `Only after: ${added.map(({ id }) => id).join(', ')}`]),
    ...(shared.length === 0 ? ['', 'The two have no measure in common.'] : []),
  ]
    .join('\n')
    .concat('\n');
}

function changesOf(before: Measure, after: Measure): string[][] {
  return after.series.flatMap((series: Series) => {
    const old = before.series.find(({ subject }) => subject === series.subject);
    if (old === undefined || old.samples.length === 0 || series.samples.length === 0) return [];
    const change = ratio(series.samples, old.samples, after.better);
    const { low, high } = change;
    const interval = formatInterval(change);
    // One sample each tells a change, and nothing of how sure it is.
    const sure = low <= 1 && high >= 1 ? 'within noise' : low > 1 ? 'better' : 'worse';
    return [
      [
        `  ${series.subject}`,
        formatFigure(median(old.samples)),
        '→',
        formatFigure(median(series.samples)),
        formatRatio(change.middle),
        interval === nothing ? '' : `[${interval}]`,
        interval === nothing && low !== 1 ? 'no interval' : sure,
      ],
    ];
  });
}
