/**
 * Horizontal bars: a row for each subject with its median as a bar, every raw sample as a dot, the interval of the
 * median as a line, and the figures as text. Widths are shares, so it needs no measuring and fits every screen. Used for
 * the recorded measures and for those of this browser.
 */
import type { JSX } from 'preact';
import { median, ratio } from '../../../bench/statistics.ts';

export interface BarRow {
  readonly label: string;
  /** A few words under the name. */
  readonly remark?: string | undefined;
  /** `own` is barewire; `outline` is what is no peer; `alone` where all rows are barewire. */
  readonly tone: 'own' | 'peer' | 'outline' | 'alone';
  readonly samples: readonly number[];
  /** Text behind the bar, under the heads. */
  readonly cells: readonly string[];
}

interface BarChartProps {
  /** All of it in words: the drawing is one picture to a screen reader. */
  readonly label: string;
  readonly heads: readonly string[];
  readonly rows: readonly BarRow[];
}

export function BarChart({ label, heads, rows }: BarChartProps): JSX.Element {
  const most = scaleOf(rows);
  return (
    <div class="bars" role="img" aria-label={label}>
      <div class="bar-row bar-heads" aria-hidden="true">
        <span />
        <span />
        {heads.map((head) => (
          <span key={head} class="bar-cell">
            {head}
          </span>
        ))}
      </div>
      {rows.map((row) => (
        <div key={row.label} class={`bar-row ${row.tone}`} aria-hidden="true">
          <span class="bar-name">
            {row.label}
            {row.remark === undefined ? null : <small>{row.remark}</small>}
          </span>
          <Lane samples={row.samples} most={most} />
          {row.cells.map((text, index) => (
            <span key={index} class="bar-cell">
              {text}
            </span>
          ))}
        </div>
      ))}
    </div>
  );
}

/** The end of the axis. One wild sample does not squeeze all bars: what lies beyond is drawn as an arrow at the edge. */
function scaleOf(rows: readonly BarRow[]): number {
  const medians = rows.filter(({ samples }) => samples.length > 0).map(({ samples }) => median(samples));
  const largest = Math.max(0, ...rows.flatMap(({ samples }) => samples));
  return Math.min(largest * 1.02, Math.max(0, ...medians) * 1.4) || 1;
}

const height = 24;

function Lane({
  samples,
  most,
}: {
  readonly samples: readonly number[];
  readonly most: number;
}): JSX.Element {
  const at = (value: number): string => `${((value / most) * 100).toFixed(2)}%`;
  const interval = samples.length < 2 ? undefined : ratio(samples, [1], 'more');
  return (
    <svg class="lane" width="100%" height={height} aria-hidden="true" focusable="false">
      <line class="lane-base" x1="0.5" x2="0.5" y1="0" y2={height} />
      {samples.length === 0 ? null : (
        <rect class="lane-bar" x="0" y="5" height="14" width={at(median(samples))} />
      )}
      {samples.map((sample, round) =>
        sample > most ? (
          <text key={round} class="lane-beyond" x="100%" y="16" text-anchor="end">
            ›
          </text>
        ) : (
          <circle key={round} class="lane-dot" cx={at(sample)} cy={7.5 + (round % 4) * 3} r="1.75" />
        ),
      )}
      {interval === undefined ? null : (
        <line
          class="lane-interval"
          x1={at(interval.low)}
          x2={at(Math.min(interval.high, most))}
          y1={height - 2.5}
          y2={height - 2.5}
        />
      )}
    </svg>
  );
}
