/**
 * Latency by percentile as lines: to the right the rarer, upwards the slower, both by factors. Each subject has its own
 * mark and stroke and its name at the end of its line. The table behind the bars has the same figures.
 */
import type { JSX } from 'preact';
import { percentilesOf, type Row } from '../../../bench/report/analysis.ts';
import { formatFigure } from '../../../bench/report/figures.ts';

interface PercentileChartProps {
  readonly rows: readonly Row[];
  readonly unit: string;
  readonly title: string;
}

const height = 220;
const top = 12;
const bottom = 28;
const labelHeight = 16;
/** Shares of the width that the first and the last percentile stand in from the edges. */
const inset = 0.04;

export function PercentileChart({ rows, unit, title }: PercentileChartProps): JSX.Element {
  const lines = rows.map((row) => ({ row, points: percentilesOf(row.series, title) }));
  const percents = [...new Set(lines.flatMap(({ points }) => points.map(({ percent }) => percent)))].sort(
    (a, b) => a - b,
  );
  const values = lines.flatMap(({ points }) => points.map(({ value }) => value)).filter((value) => value > 0);
  const low = Math.log10(Math.min(...values));
  const high = Math.log10(Math.max(...values));
  const x = (percent: number): string => {
    const share = percents.length < 2 ? 0.5 : percents.indexOf(percent) / (percents.length - 1);
    return `${((inset + share * (1 - 2 * inset)) * 100).toFixed(2)}%`;
  };
  const y = (value: number): number =>
    top + (1 - (Math.log10(value) - low) / (high - low || 1)) * (height - top - bottom);
  const ends = spreadOut(lines.map(({ points }) => y(points.at(-1)?.value ?? 10 ** low)));
  const label = `Latency by percentile, ${unit}: ${lines.map(({ row, points }) => `${row.subject} ${points.map(({ percent, value }) => `p${percent} ${formatFigure(value)}`).join(', ')}`).join('; ')}.`;
  return (
    <div class="percentiles" role="img" aria-label={label}>
      <svg width="100%" height={height} aria-hidden="true" focusable="false">
        {ticksOf(low, high).map((value) => (
          <g key={value} class="grid">
            <line x1="0" x2="100%" y1={y(value)} y2={y(value)} />
            <text x="0" y={y(value) - 4}>
              {formatFigure(value)} {unit}
            </text>
          </g>
        ))}
        {percents.map((percent) => (
          <text key={percent} class="tick" x={x(percent)} y={height - 6} text-anchor="middle">
            p{percent}
          </text>
        ))}
        {lines.map(({ row, points }, index) => (
          <g key={row.subject} class={`line ${row.role === 'ourselves' ? 'own' : `other-${index % 5}`}`}>
            {points.slice(1).map((point, step) => {
              const before = points[step];
              if (before === undefined) return null;
              return (
                <line
                  key={point.percent}
                  x1={x(before.percent)}
                  y1={y(before.value)}
                  x2={x(point.percent)}
                  y2={y(point.value)}
                />
              );
            })}
            {points.map(({ percent, value }) => (
              <circle key={percent} cx={x(percent)} cy={y(value)} r={row.role === 'ourselves' ? 4 : 3} />
            ))}
          </g>
        ))}
      </svg>
      <svg class="percentile-names" width="112" height={height} aria-hidden="true" focusable="false">
        {lines.map(({ row }, index) => (
          <g key={row.subject} class={`line ${row.role === 'ourselves' ? 'own' : `other-${index % 5}`}`}>
            <line x1="0" x2="16" y1={ends[index] ?? 0} y2={ends[index] ?? 0} />
            <text x="22" y={(ends[index] ?? 0) + 4}>
              {row.subject}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}

/** 1, 2 and 5 times each power of ten between the two logarithms; fewer when that are many. */
function ticksOf(low: number, high: number): number[] {
  const steps = high - low > 2.2 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power++) {
    for (const step of steps) {
      const value = step * 10 ** power;
      if (Math.log10(value) >= low && Math.log10(value) <= high) ticks.push(value);
    }
  }
  return ticks;
}

/** Moves heights apart until each label has its room, keeping their order. */
function spreadOut(heights: readonly number[]): number[] {
  const order = heights.map((at, index) => ({ at, index })).sort((a, b) => a.at - b.at);
  const places: number[] = [];
  let least = top;
  for (const { at, index } of order) {
    const place = Math.max(least, at);
    places[index] = place;
    least = place + labelHeight;
  }
  const over = Math.max(0, least - labelHeight - (height - bottom));
  return places.map((place) => Math.max(top, place - over));
}
