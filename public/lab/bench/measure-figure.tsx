/** One measure: title, goals, chart, and the table behind it with every raw sample. */
import type { JSX } from 'preact';
import {
  type MeasureReport,
  percentilesWithin,
  type Role,
  type Row,
} from '../../../bench/report/analysis.ts';
import {
  formatFigure,
  formatInterval,
  formatRatio,
  formatShare,
  formatSpread,
  formatUnit,
  nothing,
} from '../../../bench/report/figures.ts';
import { BarChart, type BarRow } from './bar-chart.tsx';
import { GoalBadge } from './goal-badge.tsx';
import { PercentileChart } from './percentile-chart.tsx';
import { WideTable } from './wide-table.tsx';

export function MeasureFigure({ report }: { readonly report: MeasureReport }): JSX.Element {
  const { measure, rows, noise, goals } = report;
  const { title, unit, better } = measure;
  const sorted = [...rows].sort((a, b) => rankOf(a, better) - rankOf(b, better));
  const missing = rows.filter(({ series }) => series.samples.length === 0);
  const measured = sorted.filter(({ series }) => series.samples.length > 0);
  const percentiles = percentilesWithin(report);
  return (
    <figure class="measure" id={measure.id} aria-labelledby={`${measure.id}-title`}>
      <figcaption>
        <h4 id={`${measure.id}-title`}>{title}</h4>
        <p class="measure-unit">{formatUnit(unit, better)}</p>
        {goals.length === 0 ? null : (
          <ul class="measure-goals" aria-label="Goals">
            {goals.map((goal) => (
              <li key={goal.goal.against}>
                <GoalBadge goal={goal} />
              </li>
            ))}
          </ul>
        )}
      </figcaption>
      <BarChart
        label={describe(measured, unit)}
        heads={['median', 'spread', 'barewire is']}
        rows={measured.map(barOf)}
      />
      {percentiles === undefined ? null : <PercentileChart percentiles={percentiles} />}
      {missing.map(({ subject, series }) => (
        <p key={subject} class="measure-note">
          {subject}: {series.note ?? 'not measured.'}
        </p>
      ))}
      <details class="behind">
        <summary>
          Table and raw samples<span class="visually-hidden"> of {title}</span>
        </summary>
        {noise === undefined ? null : (
          <p class="measure-note">barewire against itself: {formatShare(noise)} apart.</p>
        )}
        <SampleTable title={title} unit={unit} rows={measured} />
      </details>
    </figure>
  );
}

function rankOf({ median }: Row, better: 'less' | 'more'): number {
  return Number.isFinite(median) ? median * (better === 'less' ? 1 : -1) : Number.POSITIVE_INFINITY;
}

const remarks: Readonly<Partial<Record<Role, string>>> = { again: 'same build', bare: 'no WebSocket' };

function barOf({ subject, role, series, median, spread, lead, verdict }: Row): BarRow {
  return {
    label: subject,
    remark: remarks[role],
    tone: role === 'ourselves' ? 'own' : role === 'peer' || role === 'variant' ? 'peer' : 'outline',
    samples: series.samples,
    cells: [
      formatFigure(median),
      formatSpread(spread, series.samples.length),
      lead === undefined
        ? ''
        : verdict === 'noise'
          ? `≈ ${formatRatio(lead.middle)}`
          : formatRatio(lead.middle),
    ],
  };
}

function describe(rows: readonly Row[], unit: string): string {
  const figures = rows.map(({ subject, median, series, spread }) => {
    const sure = series.samples.length < 2 ? '' : ` ${formatSpread(spread, series.samples.length)}`;
    return `${subject} ${formatFigure(median)} ${unit}${sure}`;
  });
  return `Bar chart, best first: ${figures.join('; ')}.`;
}

interface SampleTableProps {
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly Row[];
}

function SampleTable({ title, unit, rows }: SampleTableProps): JSX.Element {
  const hasMore = rows.some(({ series }) => Object.keys(series.also).length > 0);
  return (
    <WideTable label={`Table: ${title}`} class="figures">
      <thead>
        <tr>
          <th scope="col">subject</th>
          <th scope="col">median, {unit}</th>
          <th scope="col">spread</th>
          <th scope="col">barewire is</th>
          <th scope="col">95 % interval</th>
          <th scope="col" class="words">
            raw samples, {unit}
          </th>
          {hasMore ? (
            <th scope="col" class="words">
              also
            </th>
          ) : null}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ subject, series, median, spread, lead }) => (
          <tr key={subject}>
            <th scope="row">{subject}</th>
            <td>{formatFigure(median)}</td>
            <td>{formatSpread(spread, series.samples.length)}</td>
            <td>{lead === undefined ? nothing : formatRatio(lead.middle)}</td>
            <td>{lead === undefined ? nothing : formatInterval(lead)}</td>
            <td class="words">{series.samples.map((sample) => formatFigure(sample, 4)).join(' · ')}</td>
            {hasMore ? <td class="words">{alsoOf(series.also)}</td> : null}
          </tr>
        ))}
      </tbody>
    </WideTable>
  );
}

function alsoOf(also: Readonly<Record<string, number>>): string {
  return Object.entries(also)
    .map(([name, value]) => `${name} ${formatFigure(value)}`)
    .join(' · ');
}
