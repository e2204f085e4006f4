/**
 * Latency by percentile as lines: to the right the rarer, upwards the slower, both by factors. Each subject has its own
 * mark and stroke and its name at the end of its line. The table behind the bars has the same figures.
 */
import type { JSX } from 'preact';
import type { Percentiles, Role } from '../../../bench/report/analysis.ts';
import { formatAim, formatFigure } from '../../../bench/report/figures.ts';

const height = 220;
const top = 12;
const bottom = 28;
const labelHeight = 16;
/** Shares of the width that the first and the last percentile stand in from the edges. */
const inset = 0.06;

export function PercentileChart({ percentiles }: { readonly percentiles: Percentiles }): JSX.Element {
  const { lines, unit } = percentiles;
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
  const ticks = ticksOf(low, high);
  const ends = spreadOut(lines.map(({ points }) => y(points.at(-1)?.value ?? 10 ** low)));
  const label = `Latency by percentile, ${unit}: ${lines.map(({ subject, points }) => `${subject} ${points.map(({ percent, value }) => `p${percent} ${formatFigure(value)}`).join(', ')}`).join('; ')}.`;
  return (
    <div class="percentiles" role="img" aria-label={label}>
      <svg class="percentile-scale" width="56" height={height} aria-hidden="true" focusable="false">
        {ticks.map((value) => (
          <text key={value} x="56" y={y(value) + 4} text-anchor="end">
            {formatAim(value)} {unit}
          </text>
        ))}
      </svg>
      <svg width="100%" height={height} aria-hidden="true" focusable="false">
        {ticks.map((value) => (
          <line key={value} class="grid" x1="0" x2="100%" y1={y(value)} y2={y(value)} />
        ))}
        {percents.map((percent) => (
          <text key={percent} class="tick" x={x(percent)} y={height - 6} text-anchor="middle">
            p{percent}
          </text>
        ))}
        {lines.map(({ subject, role, points }, index) => (
          <g key={subject} class={`line ${classOf(role, index)}`}>
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
              <circle key={percent} cx={x(percent)} cy={y(value)} r={role === 'ourselves' ? 4 : 3} />
            ))}
          </g>
        ))}
      </svg>
      <svg class="percentile-names" width="112" height={height} aria-hidden="true" focusable="false">
        {lines.map(({ subject, role }, index) => (
          <g key={subject} class={`line ${classOf(role, index)}`}>
            <line x1="0" x2="16" y1={ends[index] ?? 0} y2={ends[index] ?? 0} />
            <text x="22" y={(ends[index] ?? 0) + 4}>
              {subject}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}

function classOf(role: Role, index: number): string {
  return role === 'ourselves' ? 'own' : `other-${index % 5}`;
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
