/** The report of the benches: what the samples say, docs/benchmarks.md and the tables for the terminal. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  analyse,
  percentilesAcross,
  percentilesWithin,
  reportMeasure,
  roleOf,
  verdictOf,
} from '../bench/report/analysis.ts';
import { markdownTable } from '../bench/report/columns.ts';
import {
  formatFigure,
  formatInterval,
  formatRatio,
  formatShare,
  formatSpread,
} from '../bench/report/figures.ts';
import { renderMarkdown } from '../bench/report/markdown.ts';
import { readAllResults, renderComparison, renderReport, renderTable } from '../bench/report.ts';
import type { Measure, Results } from '../bench/results.ts';
import { ratio } from '../bench/statistics.ts';
import { measure, results, sampleResults, samplesAround, series } from './support/bench-results.ts';
import { root } from './support/process.ts';

const directory = join(root, 'bench', 'results');
const sample = (kind: Results['kind']): Results => {
  const found = sampleResults().find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`The sample has no ${kind} results.`);
  return found;
};
/** Barewire at 1, the peer at `peer`, each sample within a thousandth. */
const duel = (peer: number, goal?: number, more: Partial<Measure> = {}): Measure =>
  measure(
    `duel-${peer}`,
    [series('barewire', samplesAround(1, 1, 0.001)), series('ws', samplesAround(peer, 2, 0.001))],
    { goals: goal === undefined ? [] : [{ against: 'ws', ratio: goal }], ...more },
  );

describe('docs/benchmarks.md', () => {
  it('is what bench/report.ts makes of bench/results/', () => {
    expect(readFileSync(join(root, 'docs', 'benchmarks.md'), 'utf8')).toBe(renderReport(directory));
  });

  it('says so when there are no results, and keeps the remarks', () => {
    const empty = mkdtempSync(join(tmpdir(), 'barewire-results-'));
    onTestFinished(() => rmSync(empty, { recursive: true }));
    const document = renderReport(empty);
    expect(document).toContain('No results are recorded. `npm run bench` measures');
    expect(document).toContain('## Remarks');
    expect(document).not.toContain('## Goals');
  });
});

describe('results', () => {
  it('are read by name, and only from JSON; one of another shape is named', () => {
    const place = mkdtempSync(join(tmpdir(), 'barewire-results-'));
    onTestFinished(() => rmSync(place, { recursive: true }));
    for (const one of sampleResults()) writeFileSync(join(place, `${one.kind}.json`), JSON.stringify(one));
    writeFileSync(join(place, 'notes.txt'), 'not JSON');
    expect(readAllResults(place).map(({ kind }) => kind)).toEqual(['codec', 'isolation', 'server']);
    writeFileSync(join(place, 'server.json'), JSON.stringify({ ...sample('server'), measures: [{ id: 1 }] }));
    expect(() => readAllResults(place)).toThrow(/server\.json is no results file: measures\.0\.id/);
  });
});

describe('figures', () => {
  it.each([
    [0.4239, '0.424'],
    [6.5, '6.50'],
    [74, '74.0'],
    [999.6, '1,000'],
    [9.996, '10.0'],
    [1855, '1,860'],
    [12_345_678, '12,300,000'],
    [0, '0'],
    [0.00001234, '0.0000123'],
    [Number.NaN, '–'],
    [Number.POSITIVE_INFINITY, '–'],
  ])('%f is %s', (value, text) => {
    expect(formatFigure(value)).toBe(text);
  });

  it('have their marks: times, percent, interval; a dash for what is not known', () => {
    expect([formatRatio(1.384), formatRatio(Number.NaN)]).toEqual(['1.38 ×', '–']);
    expect([formatShare(0.0214), formatShare(0.123), formatShare(0.0999)]).toEqual(['2.1 %', '12 %', '10 %']);
    expect([formatSpread(0.021, 10), formatSpread(0, 1)]).toEqual(['±2.1 %', '–']);
    expect(formatInterval({ low: 1.331, middle: 1.4, high: 1.42 })).toBe('1.33 to 1.42');
    expect(formatInterval({ low: 2, middle: 2, high: 2 })).toBe('–');
  });
});

describe('the analysis', () => {
  it('knows who is a peer', () => {
    expect(
      ['barewire', 'barewire again', 'barewire (again)', 'barewire uncompressed', 'node:net', 'ws'].map(
        roleOf,
      ),
    ).toEqual(['ourselves', 'again', 'again', 'variant', 'bare', 'peer']);
  });

  it.each([
    [{ low: 1.1, middle: 1.2, high: 1.3 }, 0.05, 'better'],
    [{ low: 0.7, middle: 0.8, high: 0.9 }, 0.05, 'worse'],
    [{ low: 0.9, middle: 1.1, high: 1.3 }, 0.05, 'noise'],
    [{ low: 1.01, middle: 1.03, high: 1.05 }, 0.05, 'noise'],
    [{ low: 0.95, middle: 0.97, high: 0.99 }, 0.05, 'noise'],
    [{ low: 1.01, middle: 1.03, high: 1.05 }, 0, 'better'],
  ] as const)('%o with a noise of %f is %s', (interval, noise, verdict) => {
    expect(verdictOf(interval, noise)).toBe(verdict);
  });

  it('judges goals: met, missed, and open where nothing was measured', () => {
    const of = (one: Measure) => reportMeasure(one).goals.map(({ outcome, sure }) => [outcome, sure]);
    expect(of(duel(1.5, 1.25))).toEqual([['met', true]]);
    expect(of(duel(1.12, 1.25))).toEqual([['missed', true]]);
    expect(of(duel(1.25, 1.25))).toEqual([[expect.any(String), false]]);
    expect(of(measure('m', [series('barewire', [1])], { goals: [{ against: 'ws', ratio: 1 }] }))).toEqual([
      ['open', true],
    ]);
  });

  it('goes by the middle of the interval, and says when the goal lies inside of it', () => {
    const ours = samplesAround(1, 1, 0.1);
    const theirs = samplesAround(1.2, 2, 0.1);
    const { low, middle, high } = ratio(ours, theirs, 'less');
    const of = (aimed: number) => {
      const goals = [{ against: 'ws', ratio: aimed }];
      const one = measure('m', [series('barewire', ours), series('ws', theirs)], { goals });
      return reportMeasure(one).goals.map(({ outcome, sure }) => [outcome, sure]);
    };
    expect(of((low + middle) / 2)).toEqual([['met', false]]);
    expect(of((middle + high) / 2)).toEqual([['missed', false]]);
    expect(of(low / 2)).toEqual([['met', true]]);
    expect(of(high * 2)).toEqual([['missed', true]]);
  });

  it('turns the ratio round where more is better', () => {
    const { rows } = reportMeasure(duel(2, undefined, { unit: 'GB/s', better: 'more' }));
    expect(rows[1]?.lead?.middle).toBeCloseTo(0.5, 2);
    expect(rows[1]?.verdict).toBe('worse');
  });

  it('takes noise from a second measuring of ours, else from odd against even rounds, else from nothing', () => {
    const ours = series('barewire', [1, 2, 1, 2, 1, 2]);
    expect(reportMeasure(measure('m', [ours])).noise).toBe(1);
    expect(reportMeasure(measure('m', [ours, series('barewire again', [1.5])])).noise).toBe(0);
    expect(reportMeasure(measure('m', [series('barewire', [1, 2, 1, 2])])).noise).toBeUndefined();
  });

  it('counts a measure as won only against every peer, as lost for each peer that is better, worst first', () => {
    const ours = series('barewire', samplesAround(1, 1, 0.001));
    const at = (subject: string, middle: number) => series(subject, samplesAround(middle, 3, 0.001));
    const analysis = analyse([
      results([
        measure('won', [ours, at('ws', 3), at('bun', 2), at('node:net', 0.5)]),
        measure('lost', [ours, at('ws', 0.9), at('bun', 0.4)]),
        measure('level', [ours, at('ws', 1), at('bun', 2)]),
        measure('alone', [ours, at('node:net', 0.5), at('barewire uncompressed', 0.1)]),
      ]),
    ]);
    expect(analysis.wins.map(({ measure: { id }, row }) => [id, row.subject])).toEqual([['won', 'bun']]);
    expect(analysis.losses.map(({ measure: { id }, row }) => [id, row.subject])).toEqual([
      ['lost', 'bun'],
      ['lost', 'ws'],
    ]);
    expect([analysis.level, analysis.compared]).toEqual([1, 3]);
  });

  it('puts servers first, and each group of a kind into a section', () => {
    expect(analyse(sampleResults()).sections.map(({ id }) => id)).toEqual([
      'server-echo',
      'server-fan-out',
      'server-handshake',
      'server-idle',
      'server-latency',
      'codec-decode',
      'codec-encode',
      'codec-mask',
      'isolation-isolation',
    ]);
  });

  it('finds percentiles among the other figures of a measure, the samples’ own too', () => {
    const also = { 'p99.9 ms': 9, 'p50 ms': 1, 'bare echo p50 ms': 5, 'messages/s': 7 };
    const within = (title: string) =>
      percentilesWithin(reportMeasure(measure('m', [series('ws', [3, 4, 5], { also })], { title })));
    expect(within('Quiet connections: p99')?.lines[0]?.points).toEqual([
      { percent: 50, value: 1 },
      { percent: 99, value: 4 },
      { percent: 99.9, value: 9 },
    ]);
    expect(within('Echo')).toBeUndefined();
  });

  it('finds percentiles that are measures of their own, a line for each subject that has three', () => {
    const one = (id: string, value: number, title: string) =>
      reportMeasure(
        measure(id, [series('ws', [value]), series('bun', id.endsWith('50') ? [1] : [])], { title }),
      );
    const measures = [
      one('open-80-p50', 1, 'p50 of echo'),
      one('open-80-p999', 9, 'p99.9 of echo'),
      one('open-80-p99', 4, 'p99 of echo'),
      one('echo-125', 1, 'Echo'),
      one('open-95-p50', 1, 'p50 of echo at 95 %'),
    ];
    expect(percentilesAcross(measures)).toEqual([
      {
        id: 'open-80',
        title: 'Echo',
        unit: 'µs',
        lines: [
          {
            subject: 'ws',
            role: 'peer',
            points: [
              { percent: 50, value: 1 },
              { percent: 99, value: 4 },
              { percent: 99.9, value: 9 },
            ],
          },
        ],
      },
    ]);
  });
});

describe('a ratio', () => {
  it('has an interval that is the same each time, and narrower for samples that agree', () => {
    const wide = ratio(samplesAround(1, 1, 0.3), samplesAround(2, 2, 0.3), 'less');
    const narrow = ratio(samplesAround(1, 1, 0.01), samplesAround(2, 2, 0.01), 'less');
    expect(ratio(samplesAround(1, 1, 0.3), samplesAround(2, 2, 0.3), 'less')).toEqual(wide);
    expect(narrow.high - narrow.low).toBeLessThan((wide.high - wide.low) / 10);
    for (const { low, middle, high } of [wide, narrow]) {
      expect(low).toBeLessThan(middle);
      expect(middle).toBeLessThan(high);
    }
  });

  it('takes the mean of the two in the middle of an even count, and draws only what is there', () => {
    expect(ratio([1, 2, 3, 10], [5], 'more').middle).toBe(0.5);
    const { low, high } = ratio([1, 3], [1], 'more');
    expect([low, high]).toEqual([1, 3]);
    expect(ratio([4], [2], 'less')).toEqual({ low: 0.5, middle: 0.5, high: 0.5 });
  });
});

describe('the document', () => {
  const document = renderMarkdown(sampleResults(), '## Remarks\n\nKept as it is: 1 < 2.\n');
  const row = (start: string, from = document): string =>
    from.split('\n').find((line) => line.startsWith(`| ${start}`)) ?? '';

  it('is the same for the same results', () => {
    expect(renderMarkdown(sampleResults().reverse(), '## Remarks\n\nKept as it is: 1 < 2.\n')).toBe(document);
  });

  it('has each goal with ratio, interval and outcome', () => {
    const goals = document.slice(document.indexOf('## Goals'), document.indexOf('## Where we lose'));
    expect(goals).toContain('### Servers');
    expect(goals).toContain('### Codec alone');
    expect(row('Echo 125 B text, 64 connections', goals)).toMatch(
      /\| ws +\| +1\.25 × \| +1\.34 × \| 1\.29 to 1\.38 +\| met +\|$/,
    );
    expect(row('Echo 16 KiB binary', goals)).toMatch(/\| missed: 2\.65 of 3 +\|$/);
    expect(goals).toMatch(/\| deno +\| +1 × \| +– \| – +\| not measured +\|/);
    expect(goals).toMatch(/\| met ~ +\|/);
  });

  it('tells where barewire loses, worst first, with both figures', () => {
    const lost = document.slice(
      document.indexOf('## Where we lose'),
      document.indexOf('## What was measured'),
    );
    const ratios = [...lost.matchAll(/\| +(0\.\d+) × \|/g)].map(([, ratio]) => Number(ratio));
    expect(ratios.length).toBeGreaterThan(5);
    expect(ratios).toEqual([...ratios].sort((a, b) => a - b));
    expect(row('Memory of an idle connection', lost)).toMatch(/1,900 B\/connection \| +5,100 B\/connection/);
    expect(row('Mask 64 KiB', lost)).toMatch(/ws\+bufferutil \| +48\.0 GB\/s \| +19\.1 GB\/s/);
    expect(lost).not.toContain('node:net');
  });

  it('names machine, commands, commit, versions, options and notes', () => {
    for (const part of [
      'Imaginary 9000 @ 3.10GHz, 2 cores, governor unknown',
      'kernel: 6.1.0',
      'Node: v20.20.2, V8 11.3.244.8',
      'command: `node --import tsx bench/codec.bench.ts`',
      'commit: 0123456789ab',
      '2026-01-02 03:04 UTC, full run of 13 min',
      '**ws** 1.2.3 on Node v20.20.2: WS\\_NO\\_BUFFER\\_UTIL=1',
      'The generator’s ceiling was 410,000 messages/s',
      'Deno is not installed.',
    ]) {
      expect(document).toContain(part);
    }
    expect(document.match(/^- CPU:/gm)).toHaveLength(1);
  });

  it('names the machine of each run where they differ, changes that are not committed, and a quick run', () => {
    const [codec, isolation, server] = sampleResults() as [Results, Results, Results];
    const other = {
      ...server,
      dirty: true,
      mode: 'quick' as const,
      machine: { ...server.machine, cores: 64 },
    };
    const differing = renderMarkdown([codec, isolation, other], '');
    expect(differing.match(/^- CPU:/gm)).toHaveLength(3);
    expect(differing).toContain('commit: 0123456789ab with changes');
    expect(differing).toContain('**Some of this comes from a quick run**');
  });

  it('has every measure with every subject in columns that line up, and the remarks at the end', () => {
    const all = document.slice(document.indexOf('## All measures'));
    for (const { measures } of sampleResults())
      for (const { title } of measures) expect(row(title, all)).not.toBe('');
    const tables = all.split('\n\n').filter((part) => part.startsWith('|'));
    for (const table of tables) expect(new Set(table.split('\n').map((line) => line.length)).size).toBe(1);
    expect(row('Echo 125 B text, 1 connection', all)).toMatch(/0\.958 × bun, within noise \|$/);
    expect(document.endsWith('## Remarks\n\nKept as it is: 1 < 2.\n')).toBe(true);
  });

  it('says it when nothing is lost, and when nobody was there to lose to', () => {
    expect(renderMarkdown([results([duel(2)])], '')).toContain(
      'In no measure is a peer better than barewire beyond noise.',
    );
    expect(renderMarkdown([results([measure('m', [series('barewire', [1])])])], '')).toContain(
      'No peer was measured.',
    );
  });
});

describe('tables', () => {
  it('line up, figures to the right', () => {
    expect(markdownTable([{ title: 'a' }, { title: 'b', right: true }], [['long name', '1']])).toEqual([
      '| a         |   b |',
      '|-----------|----:|',
      '| long name |   1 |',
    ]);
  });
});

describe('the terminal', () => {
  it('has each subject with median, spread, ratio, interval, and each goal', () => {
    const text = renderTable(sample('server'));
    expect(text).toMatch(/^server bench, full, 2026-01-02 03:04 UTC, 13 min, commit 0123456789ab\n/);
    expect(text).toMatch(/^ {2}ws +6\.47 +±1\.6 % +1\.34 × +\[1\.29 to 1\.38\]$/m);
    expect(text).toMatch(/^ {2}bun +0\.424 .* within noise$/m);
    expect(text).toMatch(/^ {2}deno +– .*Deno is not installed\.$/m);
    expect(text).toContain('  goal, 1.25 × ws: met\n');
    expect(text).toContain('  goal, 3 × ws: missed: 2.65 of 3\n');
    expect(text).toMatch(/Barewire against itself: .* Less than that is noise\./);
    expect(text).not.toMatch(/ $/m);
    expect(text).not.toContain('A quick run');
  });

  it('is honest about a quick run of few rounds', () => {
    const quick = results([measure('m', [series('barewire', [1, 2]), series('ws', [2, 3])])], {
      mode: 'quick',
    });
    expect(renderTable(quick)).toMatch(/Too few rounds to tell[^\n]*\nA quick run: few and short rounds/);
  });

  it('compares two runs: better, worse, within noise, and what only one has', () => {
    const subjects = (ours: number, ws: number) => [
      series('barewire', samplesAround(ours, 5, 0.01)),
      series('ws', samplesAround(ws, 6, 0.01)),
    ];
    const before = results([
      measure('quicker', subjects(10, 20)),
      measure('slower', subjects(10, 20), { unit: 'GB/s', better: 'more' }),
      measure('gone', subjects(1, 1)),
    ]);
    const after = results([
      measure('quicker', subjects(8, 20.02)),
      measure('slower', subjects(8, 20), { unit: 'GB/s', better: 'more' }),
      measure('new', subjects(1, 1)),
    ]);
    const text = renderComparison(before, after);
    expect(text).toMatch(
      /^quicker {2}\(µs, less is better\)\n {2}barewire .*→ .* 1\.25 × +\[1\.2\d to 1\.2\d\] +better$/m,
    );
    expect(text).toMatch(/^slower .*\n {2}barewire .* 0\.80\d × +\[0\.\d+ to 0\.\d+\] +worse$/m);
    expect(text.match(/^ {2}ws .* within noise$/gm)).toHaveLength(2);
    expect(text).toContain('Only before: gone\n');
    expect(text).toContain('Only after: new\n');
    expect(text).not.toContain('not run on the same machine');
  });

  it('warns of another machine, of nothing in common, and of single samples', () => {
    const one = results([measure('m', [series('barewire', [1])])]);
    const other = { ...one, machine: { ...one.machine, cpu: 'Another' } };
    expect(renderComparison(one, other)).toContain('not run on the same machine');
    expect(renderComparison(one, results([]))).toContain('no measure in common');
    expect(renderComparison(one, results([measure('m', [series('barewire', [2])])]))).toMatch(
      /0\.500 × +no interval$/m,
    );
  });
});
