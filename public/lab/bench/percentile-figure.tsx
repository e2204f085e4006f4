/** One load's latency as lines, with the table behind them. The bars of each percentile have measures of their own. */
import type { JSX } from 'preact';
import type { Percentiles } from '../../../bench/report/analysis.ts';
import { formatFigure, nothing } from '../../../bench/report/figures.ts';
import { PercentileChart } from './percentile-chart.tsx';
import { WideTable } from './wide-table.tsx';

export function PercentileFigure({ percentiles }: { readonly percentiles: Percentiles }): JSX.Element {
  const { id, title, unit, lines } = percentiles;
  const percents = [...new Set(lines.flatMap(({ points }) => points.map(({ percent }) => percent)))].sort(
    (one, other) => one - other,
  );
  return (
    <figure class="measure" id={id} aria-labelledby={`${id}-title`}>
      <figcaption>
        <h4 id={`${id}-title`}>{title}</h4>
        <p class="measure-unit">{unit} by percentile, medians of the rounds, less is better</p>
      </figcaption>
      <PercentileChart percentiles={percentiles} />
      <details class="behind">
        <summary>
          Table<span class="visually-hidden"> of {title}</span>
        </summary>
        <WideTable label={`Table: ${title}`} class="figures">
          <thead>
            <tr>
              <th scope="col">subject, {unit}</th>
              {percents.map((percent) => (
                <th key={percent} scope="col">
                  p{percent}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map(({ subject, points }) => (
              <tr key={subject}>
                <th scope="row">{subject}</th>
                {percents.map((percent) => {
                  const point = points.find((one) => one.percent === percent);
                  return <td key={percent}>{point === undefined ? nothing : formatFigure(point.value)}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </WideTable>
      </details>
    </figure>
  );
}
