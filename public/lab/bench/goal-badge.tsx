/** A goal and what came of it: a sign, a word and the figures, so that colour is never the only difference. */
import type { JSX } from 'preact';
import { type GoalOutcome, outcomeOf } from '../../../bench/report/analysis.ts';
import { formatAim } from '../../../bench/report/figures.ts';

const signs = { met: '✓', missed: '✗', open: '○' } as const;

/** With the goal itself: `✓ 1.25 × ws: met`. */
export function GoalBadge({ goal }: { readonly goal: GoalOutcome }): JSX.Element {
  return (
    <span class={`badge ${goal.outcome}`}>
      <span aria-hidden="true">{signs[goal.outcome]}</span>
      <span>
        goal {formatAim(goal.goal.ratio)} × {goal.goal.against}: {outcomeOf(goal)}
      </span>
    </span>
  );
}

/** Only the outcome, where the goal stands beside it. */
export function OutcomeBadge({ goal }: { readonly goal: GoalOutcome }): JSX.Element {
  return (
    <span class={`badge ${goal.outcome}`}>
      <span aria-hidden="true">{signs[goal.outcome]}</span>
      <span>{outcomeOf(goal)}</span>
    </span>
  );
}
