/**
 * The few statistics that the benches print: medians, spread, and how sure a ratio is. Pure functions of numbers, also
 * run by the page at /lab/bench.
 */

/** The middle value; the mean of the two middle ones for an even count; NaN for none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which that share of the values lies, 0 to 1, between neighbours in a straight line; NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low;
  return low + (high - low) * (position - below);
}

/** Half the distance between the quartiles, as a share of the median: the spread that one wild value does not change. */
export function spread(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values);
}

/** An interval that holds the true value in 95 of 100 runs, as far as the samples tell. */
export interface Interval {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

const resamples = 1000;

/**
 * How many times `measured` is better than `base`: the ratio of medians, with its interval by resampling. The random
 * numbers are seeded, so the same samples always give the same interval.
 * @param better whether less or more of the unit is better
 */
export function ratio(
  measured: readonly number[],
  base: readonly number[],
  better: 'less' | 'more',
): Interval {
  const of = (one: number, other: number): number => (better === 'less' ? other / one : one / other);
  const random = seeded(0x5eed);
  const draw = new Float64Array(Math.max(measured.length, base.length));
  const draws = Array.from({ length: resamples }, () =>
    of(medianOfDraw(measured, random, draw), medianOfDraw(base, random, draw)),
  );
  return {
    low: quantile(draws, 0.025),
    middle: of(median(measured), median(base)),
    high: quantile(draws, 0.975),
  };
}

/**
 * The median of as many values as there are, drawn with replacement. The report draws a million times, and a few values
 * are sorted quicker while they are put in than by sort().
 * @param draw room to work in, at least as long as `values`
 */
function medianOfDraw(values: readonly number[], random: () => number, draw: Float64Array): number {
  const { length } = values;
  for (let count = 0; count < length; count++) {
    const value = values[Math.floor(random() * length)] as number;
    let index = count;
    for (; index > 0 && (draw[index - 1] as number) > value; index--) draw[index] = draw[index - 1] as number;
    draw[index] = value;
  }
  const low = draw[(length - 1) >> 1] as number;
  const high = draw[length >> 1] as number;
  return low + (high - low) / 2;
}

/** A small generator of numbers from 0 to below 1 (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
