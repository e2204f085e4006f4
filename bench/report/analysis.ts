/**
 * What the samples say: who is ahead in each measure and how surely, which goals are met, where a peer is better. Pure
 * functions of the results; called by the Markdown and the terminal, and by the page at /lab/bench.
 */
import type { Goal, Measure, Results, Series } from '../results-schema.ts';
import { type Interval, median, ratio, spread } from '../statistics.ts';
import { formatAim, formatFigure } from './figures.ts';

/** The subject that everything is compared with. */
export const ourselves = 'barewire';

/** The same build measured a second time as if it were a peer: what differs between the two is noise. */
const again = /^barewire\b.*\b(?:again|itself|twice|second)\b/;

/** Not a peer: reads and writes the same octets with no WebSocket in them, and so shows what the network costs. */
export const bare = 'node:net';

/** `variant` is barewire with another setting, which is no peer either. */
export type Role = 'ourselves' | 'again' | 'variant' | 'bare' | 'peer';

/** `noise` when the samples do not tell which of the two is better. */
export type Verdict = 'better' | 'worse' | 'noise';

export interface Row {
  readonly subject: string;
  readonly role: Role;
  readonly series: Series;
  /** NaN without samples. */
  readonly median: number;
  readonly spread: number;
  /** How many times better barewire is than this one; undefined for barewire, and where one of them has no sample. */
  readonly lead: Interval | undefined;
  /** What that means for barewire; undefined with `lead`. */
  readonly verdict: Verdict | undefined;
}

export interface GoalOutcome {
  readonly measure: Measure;
  readonly goal: Goal;
  /** Undefined when one of the two was not measured. */
  readonly lead: Interval | undefined;
  /** `open` when it was not measured. */
  readonly outcome: 'met' | 'missed' | 'open';
  /** False when the interval reaches over the goal, so that another run may say the opposite. */
  readonly sure: boolean;
}

export interface MeasureReport {
  readonly measure: Measure;
  readonly rows: readonly Row[];
  /** How far barewire was from itself, as a share: 0.02 for 2 %. Undefined when the samples are too few to tell. */
  readonly noise: number | undefined;
  readonly goals: readonly GoalOutcome[];
}

/** Barewire beside one peer in one measure. */
export interface Encounter {
  readonly measure: Measure;
  readonly row: Row;
  readonly lead: Interval;
}

/** The measures of one group of one kind of bench. */
export interface Section {
  /** Unique: `server-echo`, `codec-decode`. */
  readonly id: string;
  readonly kind: Results['kind'];
  readonly title: string;
  readonly measures: readonly MeasureReport[];
}

export interface Analysis {
  readonly runs: readonly Results[];
  readonly sections: readonly Section[];
  readonly goals: readonly GoalOutcome[];
  /** Each measure in which barewire is better than every peer: the peer that comes nearest. Largest lead first. */
  readonly wins: readonly Encounter[];
  /** Each measure and peer that is better than barewire. Worst first. */
  readonly losses: readonly Encounter[];
  /** Measures with a peer that is neither surely better nor surely worse, while none is better. */
  readonly level: number;
  /** Measures in which barewire and a peer have samples. */
  readonly compared: number;
  /** The middle and the largest of the measures' noise, as shares; undefined when none tells. */
  readonly noise: { readonly median: number; readonly largest: number } | undefined;
}

const kinds = ['server', 'codec', 'isolation'] as const;

const groupTitles: Readonly<Record<string, string>> = {
  echo: 'Echo',
  'fan-out': 'Fan-out',
  handshake: 'Handshake',
  idle: 'Idle memory',
  deflate: 'Compression',
  latency: 'Latency',
  decode: 'Decoding',
  encode: 'Encoding',
  mask: 'Masking',
  'utf-8': 'UTF-8',
  isolation: 'Isolation',
};

export function roleOf(subject: string): Role {
  if (subject === ourselves) return 'ourselves';
  if (again.test(subject)) return 'again';
  if (subject === bare) return 'bare';
  return subject.startsWith(ourselves) ? 'variant' : 'peer';
}

/** Everything that the report says, from the results of all benches. */
export function analyse(results: readonly Results[]): Analysis {
  const runs = [...results].sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind));
  const sections = runs.flatMap(sectionsOf);
  const measures = sections.flatMap((section) => section.measures);
  const faced = measures.map(encountersOf).filter((encounters) => encounters.length > 0);
  const losses = faced.flat().filter(({ row }) => row.verdict === 'worse');
  const wins = faced.flatMap((encounters) => {
    const [nearest] = [...encounters].sort(byLead);
    const all = encounters.every(({ row }) => row.verdict === 'better');
    return all && nearest !== undefined ? [nearest] : [];
  });
  const noises = measures.map(({ noise }) => noise).filter((noise) => noise !== undefined);
  return {
    runs,
    sections,
    goals: measures.flatMap(({ goals }) => goals),
    wins: wins.sort((a, b) => byLead(b, a)),
    losses: losses.sort(byLead),
    level: faced.length - wins.length - behind(losses),
    compared: faced.length,
    noise: noises.length === 0 ? undefined : { median: median(noises), largest: Math.max(...noises) },
  };
}

function byLead(one: Encounter, other: Encounter): number {
  return one.lead.middle - other.lead.middle;
}

function sectionsOf(results: Results): Section[] {
  const groups = new Map<string, MeasureReport[]>();
  for (const measure of results.measures) {
    const group = groups.get(measure.group);
    if (group === undefined) groups.set(measure.group, [reportMeasure(measure)]);
    else group.push(reportMeasure(measure));
  }
  return [...groups].map(([group, measures]) => ({
    id: `${results.kind}-${group}`,
    kind: results.kind,
    title: groupTitles[group] ?? upperFirst(group),
    measures,
  }));
}

function encountersOf({ measure, rows }: MeasureReport): Encounter[] {
  return rows.flatMap((row) =>
    row.role === 'peer' && row.lead !== undefined ? [{ measure, row, lead: row.lead }] : [],
  );
}

/** One measure: a row for each subject in the order of the file, its noise, its goals. */
export function reportMeasure(measure: Measure): MeasureReport {
  const ours = samplesOf(measure, ourselves);
  const noise = noiseOf(measure);
  const rows = measure.series.map((series): Row => {
    const { subject, samples } = series;
    const lead = subject === ourselves ? undefined : leadOf(ours, samples, measure.better);
    return {
      subject,
      role: roleOf(subject),
      series,
      median: median(samples),
      spread: spread(samples),
      lead,
      verdict: lead === undefined ? undefined : verdictOf(lead, noise ?? 0),
    };
  });
  const goals = measure.goals.map((goal) =>
    judge(measure, goal, rows.find(({ subject }) => subject === goal.against)?.lead),
  );
  return { measure, rows, noise, goals };
}

function samplesOf(measure: Measure, subject: string): readonly number[] {
  return measure.series.find((series) => series.subject === subject)?.samples ?? [];
}

function leadOf(
  ours: readonly number[],
  theirs: readonly number[],
  better: 'less' | 'more',
): Interval | undefined {
  return ours.length === 0 || theirs.length === 0 ? undefined : ratio(ours, theirs, better);
}

/** Sure only when the interval leaves out 1 and the lead is more than barewire has over itself. */
export function verdictOf({ low, middle, high }: Interval, noise: number): Verdict {
  if (low > 1 && middle > 1 + noise) return 'better';
  if (high < 1 && 1 / middle > 1 + noise) return 'worse';
  return 'noise';
}

function judge(measure: Measure, goal: Goal, lead: Interval | undefined): GoalOutcome {
  if (lead === undefined) return { measure, goal, lead, outcome: 'open', sure: true };
  const outcome = lead.middle >= goal.ratio ? 'met' : 'missed';
  const sure = outcome === 'met' ? lead.low >= goal.ratio : lead.high < goal.ratio;
  return { measure, goal, lead, outcome, sure };
}

/** `met`, `missed: 1.12 of 1.25`, `not measured`; with `~` when another run may come out on the other side. */
export function outcomeOf({ outcome, lead, goal, sure }: GoalOutcome): string {
  if (lead === undefined) return 'not measured';
  const mark = sure ? '' : ' ~';
  if (outcome === 'met') return `met${mark}`;
  const digits = Number(lead.middle.toPrecision(3)) === goal.ratio ? 4 : 3;
  return `missed: ${formatFigure(lead.middle, digits)} of ${formatAim(goal.ratio)}${mark}`;
}

/** In how many measures a peer is better. */
export function behind(losses: readonly Encounter[]): number {
  return new Set(losses.map(({ measure }) => measure)).size;
}

/** Fewer rounds than this cannot be parted into two that mean something. */
const leastRounds = 6;

/** Barewire against itself: the second measuring of the same build, or else its odd rounds against its even ones. */
function noiseOf(measure: Measure): number | undefined {
  const ours = samplesOf(measure, ourselves);
  const second = measure.series.find(({ subject }) => again.test(subject))?.samples ?? [];
  if (ours.length > 0 && second.length > 0) return distance(ours, second);
  if (ours.length < leastRounds) return undefined;
  return distance(
    ours.filter((_, round) => round % 2 === 0),
    ours.filter((_, round) => round % 2 === 1),
  );
}

function distance(one: readonly number[], other: readonly number[]): number {
  const times = median(one) / median(other);
  return Math.max(times, 1 / times) - 1;
}

/** How long a subject takes in how many of a hundred cases. */
export interface PercentileLine {
  readonly subject: string;
  readonly role: Role;
  /** By rising share. */
  readonly points: readonly { readonly percent: number; readonly value: number }[];
}

/** What is drawn as lines: one load, a line for each subject. */
export interface Percentiles {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly PercentileLine[];
}

/** Fewer points than this are no line. */
const leastPoints = 3;

/**
 * Measures that are one load's percentiles, each a measure of its own: `latency-open-80-p50`, `…-p99`, `…-p999`, whose
 * titles begin with `p50 of` and so on. One entry for each load.
 */
export function percentilesAcross(measures: readonly MeasureReport[]): Percentiles[] {
  const loads = new Map<string, MeasureReport[]>();
  for (const report of measures) {
    const id = /^(.+)-p\d+$/.exec(report.measure.id)?.[1];
    if (id !== undefined) loads.set(id, [...(loads.get(id) ?? []), report]);
  }
  return [...loads].flatMap(([id, reports]) => {
    const { title = '', unit = '' } = reports[0]?.measure ?? {};
    const subjects = [...new Set(reports.flatMap(({ rows }) => rows.map(({ subject }) => subject)))];
    const lines = subjects.map((subject) => ({
      subject,
      role: roleOf(subject),
      points: reports
        .flatMap(({ measure, rows }) => {
          const value = rows.find((row) => row.subject === subject)?.median ?? Number.NaN;
          return Number.isFinite(value) ? [{ percent: percentOf(measure.id), value }] : [];
        })
        .sort((one, other) => one.percent - other.percent),
    }));
    return linesOf({ id, title: upperFirst(title.replace(/^p[\d.]+ of /, '')), unit, lines });
  });
}

/** 99.9 of `…-p999`. */
function percentOf(id: string): number {
  return Number(id.replace(/^.*-p(\d\d)(\d*)$/, '$1.$2'));
}

/**
 * The percentiles that a measure's series have among their other figures (`p50 ms`, `p99.9 ms`). Where the samples are one
 * of them, as the measure's title says (`…: p99`), their median belongs to it.
 */
export function percentilesWithin({ measure, rows }: MeasureReport): Percentiles | undefined {
  const { id, title, unit } = measure;
  const own = Number(/: p(\d+(?:\.\d+)?)$/.exec(title)?.[1]);
  const lines = rows.map(({ subject, role, series, median: middle }): PercentileLine => {
    const found = new Map(
      Object.entries(series.also)
        .map(([name, value]) => [Number(/^p(\d+(?:\.\d+)?)\b/.exec(name)?.[1]), value] as const)
        .filter(([percent]) => Number.isFinite(percent)),
    );
    if (Number.isFinite(own) && Number.isFinite(middle)) found.set(own, middle);
    const points = [...found].map(([percent, value]) => ({ percent, value }));
    return { subject, role, points: points.sort((one, other) => one.percent - other.percent) };
  });
  return linesOf({ id: `${id}-percentiles`, title, unit, lines })[0];
}

/** None when no line is left that is one. */
function linesOf(all: Percentiles): Percentiles[] {
  const lines = all.lines.filter(({ points }) => points.length >= leastPoints);
  return lines.length === 0 ? [] : [{ ...all, lines }];
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
