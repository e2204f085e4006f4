/** The page's first screen: how many goals are met, where barewire wins and where it loses, in the same size. */
import type { JSX } from 'preact';
import { type Analysis, behind, type Encounter, ourselves } from '../../../bench/report/analysis.ts';
import { count, formatFigure, formatInterval, formatRatio, nothing } from '../../../bench/report/figures.ts';
import type { Measure } from '../../../bench/results-schema.ts';
import { median } from '../../../bench/statistics.ts';

export function Summary({ analysis }: { readonly analysis: Analysis }): JSX.Element {
  const { goals, wins, losses, level, compared } = analysis;
  const met = goals.filter(({ outcome }) => outcome === 'met').length;
  return (
    <section id="summary" aria-labelledby="summary-title">
      <h2 id="summary-title" class="visually-hidden">
        Summary
      </h2>
      <dl class="score">
        <Score term="goals met" figure={`${met} of ${goals.length}`} />
        <Score term="ahead of every peer" figure={`${wins.length} of ${compared}`} />
        <Score term="behind a peer" figure={`${behind(losses)} of ${compared}`} />
        <Score term="level, within noise" figure={`${level} of ${compared}`} />
      </dl>
      <div class="balance">
        <section aria-labelledby="wins-title">
          <h3 id="wins-title">
            <span aria-hidden="true">▲</span> Where we win
          </h3>
          <p class="quiet">Ahead of every peer, by how many times against the nearest.</p>
          <Encounters all={wins} empty="In no measure is barewire ahead of every peer." />
        </section>
        <section aria-labelledby="losses-title">
          <h3 id="losses-title">
            <span aria-hidden="true">▼</span> Where we lose
          </h3>
          <p class="quiet">A peer is better by more than the noise. Worst first.</p>
          <Encounters all={losses} empty="In no measure is a peer better beyond noise." />
        </section>
      </div>
    </section>
  );
}

function Score({ term, figure }: { readonly term: string; readonly figure: string }): JSX.Element {
  return (
    <div>
      <dt>{term}</dt>
      <dd class="figure">{figure}</dd>
    </div>
  );
}

/** So many stand there at once; the others behind a line that says how many they are. */
const shown = 10;

function Encounters({
  all,
  empty,
}: {
  readonly all: readonly Encounter[];
  readonly empty: string;
}): JSX.Element {
  if (all.length === 0) return <p class="measure-note">{empty}</p>;
  const rest = all.slice(shown);
  return (
    <>
      <List all={all.slice(0, shown)} />
      {rest.length === 0 ? null : (
        <details class="behind">
          <summary>{count(rest.length, 'more', 'more')}</summary>
          <List all={rest} />
        </details>
      )}
    </>
  );
}

function List({ all }: { readonly all: readonly Encounter[] }): JSX.Element {
  return (
    <ol class="encounters">
      {all.map(({ measure, row, lead }) => {
        const interval = formatInterval(lead);
        return (
          <li key={`${measure.id} ${row.subject}`}>
            <a href={`#${measure.id}`}>{measure.title}</a>
            <span class="encounter-ratio">
              <b>{formatRatio(lead.middle)}</b> {row.subject}
            </span>
            <span class="encounter-detail">
              barewire {formatFigure(ownMedian(measure))}, {row.subject} {formatFigure(row.median)}{' '}
              {measure.unit}
              {interval === nothing ? '' : `; 95 %: ${interval}`}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function ownMedian({ series }: Measure): number {
  return median(series.find(({ subject }) => subject === ourselves)?.samples ?? []);
}
