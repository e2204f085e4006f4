/**
 * How the report writes a number: three significant digits, so that no figure looks surer than it is. Pure; called by
 * the Markdown, the terminal and the page at /lab/bench, so that one figure reads the same in all three.
 */
import type { Interval } from '../statistics.ts';

/** What stands where a figure is missing. */
export const nothing = '–';

/** Three significant digits, thousands set apart by commas: `0.424`, `6.50`, `74.0`, `1,860`, `12,300,000`. */
export function formatFigure(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return nothing;
  if (value === 0) return '0';
  const rounded = Number(value.toPrecision(digits));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))));
  return withCommas(rounded.toFixed(Math.min(decimals, 20)));
}

function withCommas(number: string): string {
  const [whole = '', fraction] = number.split('.');
  const apart = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? apart : `${apart}.${fraction}`;
}

/** `1.38 ×`: how many times better. */
export function formatRatio(value: number, digits = 3): string {
  return Number.isFinite(value) ? `${formatFigure(value, digits)} ×` : nothing;
}

/** A ratio that was written by hand, as it was written: `1.25`, `10`, `0.9`. */
export function formatAim(ratio: number): string {
  return String(Number(ratio.toPrecision(3)));
}

/** `1.33 to 1.42`, the interval without its middle; a dash when there was one sample only, which tells no interval. */
export function formatInterval({ low, high }: Interval): string {
  if (!Number.isFinite(low) || low === high) return nothing;
  return `${formatFigure(low)} to ${formatFigure(high)}`;
}

/** `±2.1 %` of half the distance between the quartiles; a dash for fewer than two samples. */
export function formatSpread(share: number, samples: number): string {
  return samples < 2 || !Number.isFinite(share) ? nothing : `±${formatShare(share)}`;
}

/** `2.1 %`, `12 %`, `0.0 %`: one decimal below ten, none from there. */
export function formatShare(share: number): string {
  const percent = share * 100;
  return `${percent < 9.95 ? percent.toFixed(1) : withCommas(percent.toFixed(0))} %`;
}

/** `2026-03-12 10:54 UTC`. @param iso ISO 8601, UTC */
export function formatTime(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** `48 s`, `12 min`. */
export function formatDuration(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

/** `less is better` or `more is better`, with the unit. */
export function formatUnit(unit: string, better: 'less' | 'more'): string {
  return `${unit}, ${better} is better`;
}

/** `1 measure`, `3 measures`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`;
}

/** Twelve digits of a commit, and whether the tree had changes besides. */
export function shortCommit(commit: string, dirty: boolean): string {
  return `${/^[0-9a-f]{40}$/.test(commit) ? commit.slice(0, 12) : commit}${dirty ? ' with changes' : ''}`;
}
