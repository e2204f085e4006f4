/**
 * The goals, each with its place on one axis: the mark is what is aimed for, the dot the ratio that was measured, the line
 * its interval. To the right is better; each step of the axis doubles.
 */
import type { JSX } from 'preact';
import type { Analysis, GoalOutcome } from '../../../bench/report/analysis.ts';
import { formatAim, formatInterval, formatRatio, nothing } from '../../../bench/report/figures.ts';
import { OutcomeBadge } from './goal-badge.tsx';
import { kindTitles } from './words.ts';

export function Goals({ analysis }: { readonly analysis: Analysis }): JSX.Element | null {
  const { goals, runs } = analysis;
  if (goals.length === 0) return null;
  const axis = axisOf(goals);
  return (
    <section id="goals" aria-labelledby="goals-title">
      <h2 id="goals-title">Goals</h2>
      <p class="lead">
        How many times better barewire is than the one that the goal names, within one run.
        {goals.some(({ sure }) => !sure)
          ? ' “~” marks a goal that lies inside of its interval: another run may say the opposite.'
          : ''}
      </p>
      <p class="legend" aria-hidden="true">
        <svg width="64" height="16" aria-hidden="true" focusable="false">
          <Mark x="24" />
          <line class="track-interval" x1="32" x2="60" y1="8" y2="8" />
          <circle class="track-dot" cx="46" cy="8" r="4" />
        </svg>
        aimed for, measured with its 95 % interval
      </p>
      {runs.map((run) => {
        const own = goals.filter(({ measure }) => run.measures.includes(measure));
        return own.length === 0 ? null : (
          <table key={run.kind} class="goals">
            <caption>{kindTitles[run.kind]}</caption>
            <thead>
              <tr>
                <th scope="col">measure</th>
                <th scope="col">goal</th>
                <th scope="col" class="track-cell">
                  <Axis axis={axis} />
                </th>
                <th scope="col" class="right">
                  ratio
                </th>
                <th scope="col" class="right">
                  95 % interval
                </th>
                <th scope="col">outcome</th>
              </tr>
            </thead>
            <tbody>
              {own.map((goal, index) => (
                <GoalRow
                  key={`${goal.measure.id} ${goal.goal.against}`}
                  goal={goal}
                  axis={axis}
                  lines={
                    own[index - 1]?.measure === goal.measure
                      ? 0
                      : own.filter(({ measure }) => measure === goal.measure).length
                  }
                />
              ))}
            </tbody>
          </table>
        );
      })}
    </section>
  );
}

interface GoalRowProps {
  readonly goal: GoalOutcome;
  readonly axis: Axis;
  /** Rows that the measure's title stands for; 0 when it stands above. */
  readonly lines: number;
}

function GoalRow({ goal, axis, lines }: GoalRowProps): JSX.Element {
  const { measure, lead } = goal;
  return (
    <tr class={lines === 0 ? 'same' : undefined}>
      {lines === 0 ? null : (
        <th scope="rowgroup" rowSpan={lines} class="goal-title">
          <a href={`#${measure.id}`}>{measure.title}</a>
        </th>
      )}
      <td class="goal-aim">
        {formatAim(goal.goal.ratio)} × {goal.goal.against}
      </td>
      <td class="track-cell">
        <svg class="track" width="100%" height="24" aria-hidden="true" focusable="false">
          {axis.ticks.map((tick) => (
            <line
              key={tick}
              class={tick === 1 ? 'track-one' : 'track-tick'}
              x1={axis.at(tick)}
              x2={axis.at(tick)}
              y1="0"
              y2="24"
            />
          ))}
          <Mark x={axis.at(goal.goal.ratio)} y={4} />
          {lead === undefined ? null : (
            <>
              <line
                class={`track-interval ${goal.outcome}`}
                x1={axis.at(lead.low)}
                x2={axis.at(lead.high)}
                y1="12"
                y2="12"
              />
              <circle class={`track-dot ${goal.outcome}`} cx={axis.at(lead.middle)} cy="12" r="4" />
            </>
          )}
        </svg>
      </td>
      <td class="right goal-ratio">{lead === undefined ? nothing : formatRatio(lead.middle)}</td>
      <td class="right goal-interval">{lead === undefined ? nothing : formatInterval(lead)}</td>
      <td class="goal-outcome">
        <OutcomeBadge goal={goal} />
      </td>
    </tr>
  );
}

/** What is aimed for: an upright stroke, which the dot of a goal that is met lies behind. */
function Mark({ x, y = 0 }: { readonly x: string; readonly y?: number }): JSX.Element {
  return <line class="track-goal" x1={x} x2={x} y1={y} y2={y + 16} />;
}

interface Axis {
  readonly ticks: readonly number[];
  /** Where a ratio lies, as a share of the width. */
  at(ratio: number): string;
}

function axisOf(goals: readonly GoalOutcome[]): Axis {
  const ratios = goals.flatMap(({ goal, lead }) =>
    lead === undefined ? [goal.ratio, 1] : [goal.ratio, lead.low, lead.high, 1],
  );
  const low = Math.floor(Math.log2(Math.min(...ratios.filter((ratio) => ratio > 0)) * 0.98));
  const high = Math.ceil(Math.log2(Math.max(...ratios) * 1.02));
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => 2 ** (low + index));
  const at = (ratio: number): string => `${(((Math.log2(ratio) - low) / (high - low)) * 96 + 2).toFixed(2)}%`;
  return { ticks, at };
}

function Axis({ axis }: { readonly axis: Axis }): JSX.Element {
  return (
    <>
      <span class="visually-hidden">drawing</span>
      <svg class="track" width="100%" height="16" aria-hidden="true" focusable="false">
        {axis.ticks.map((tick) => (
          <text key={tick} x={axis.at(tick)} y="12" text-anchor="middle">
            {String(tick)}
          </text>
        ))}
      </svg>
    </>
  );
}
