/** "Measure in this browser": barewire's codec in a worker of this page, with progress, a stop, and the figures to copy. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import * as v from 'valibot';
import { count, formatFigure, formatSpread } from '../../../bench/report/figures.ts';
import { median, spread } from '../../../bench/statistics.ts';
import { BarChart, type BarRow } from './bar-chart.tsx';
import { browserName } from './browser-name.ts';
import type { TaskResult } from './codec-tasks.ts';
import { CopyJson } from './copy-json.tsx';
import { WideTable } from './wide-table.tsx';
import { reportSchema } from './worker-messages.ts';

type State =
  | { readonly status: 'idle' }
  | { readonly status: 'running'; readonly done: number; readonly total: number }
  | { readonly status: 'stopped' }
  | { readonly status: 'failed'; readonly reason: string }
  | { readonly status: 'done'; readonly results: readonly TaskResult[]; readonly startedAt: string };

const roundChoices = [3, 9, 21] as const;
/** Milliseconds: long against a clock that some browsers round to one. */
const steps = { warmUp: 80, round: 60 } as const;
const taskCount = 15;

function secondsOf(rounds: number): number {
  return Math.ceil((taskCount * (steps.warmUp + rounds * steps.round)) / 1000);
}

export function BrowserBench(): JSX.Element {
  const [state, setState] = useState<State>({ status: 'idle' });
  const [rounds, setRounds] = useState<number>(9);
  const worker = useRef<Worker | undefined>(undefined);
  const end = (): void => {
    worker.current?.terminate();
    worker.current = undefined;
  };
  useEffect(() => end, []);

  const start = (): void => {
    end();
    const startedAt = new Date().toISOString();
    const running = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.current = running;
    setState({ status: 'running', done: 0, total: taskCount * (rounds + 1) });
    const fail = (reason: string): void => {
      end();
      setState({ status: 'failed', reason });
    };
    running.addEventListener('error', (event) => fail(event.message || 'The worker could not be started.'));
    running.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const report = v.parse(reportSchema, data);
      if (report.type === 'failed') {
        fail(report.reason);
      } else if (report.type === 'progress') {
        setState({ status: 'running', done: report.done, total: report.total });
      } else {
        end();
        setState({ status: 'done', results: report.results, startedAt });
      }
    });
    running.postMessage({ rounds, ...steps });
  };
  const stop = (): void => {
    end();
    setState({ status: 'stopped' });
  };

  const isRunning = state.status === 'running';
  return (
    <section id="browser" aria-labelledby="browser-title">
      <h2 id="browser-title">In this browser</h2>
      <div class="prose">
        <p>
          The server’s own <code>src/frame.ts</code> and <code>src/mask.ts</code>, unchanged, in a worker of
          this page: headers read and judged, payloads unmasked and decoded as UTF-8; frames written; masking
          alone. Each task’s output is compared with what it must be before it is timed.
        </p>
      </div>
      <div class="controls">
        {isRunning ? (
          <button type="button" class="button plain" onClick={stop}>
            Stop
          </button>
        ) : (
          <button type="button" class="button primary" onClick={start}>
            Measure in this browser
          </button>
        )}
        <label class="choice">
          <select
            value={rounds}
            disabled={isRunning}
            onChange={({ currentTarget }) => setRounds(Number(currentTarget.value))}
          >
            {roundChoices.map((choice) => (
              <option key={choice} value={choice}>
                {choice} rounds, about {secondsOf(choice)} s
              </option>
            ))}
          </select>
          <span class="visually-hidden">of each task</span>
        </label>
      </div>
      {isRunning ? (
        <div class="progress">
          <progress aria-label="Measuring" value={state.done} max={state.total} />
          <span class="figure quiet" aria-hidden="true">
            {Math.round((state.done / state.total) * 100)} %
          </span>
        </div>
      ) : null}
      <p class="browser-state" role="status">
        {state.status === 'running' ? 'Measuring. Leave this tab in front: hidden tabs run slower.' : ''}
        {state.status === 'stopped' ? 'Stopped. Nothing was kept.' : ''}
        {state.status === 'done'
          ? `Measured in ${browserName(navigator.userAgent)}, ${describe(state.results)}.`
          : ''}
      </p>
      {state.status === 'failed' ? (
        <p class="browser-state bad" role="alert">
          It could not be measured. {state.reason}
        </p>
      ) : null}
      {state.status === 'done' ? <Outcome results={state.results} startedAt={state.startedAt} /> : null}
    </section>
  );
}

function describe(results: readonly TaskResult[]): string {
  const rounds = results[0]?.samples.length ?? 0;
  return `${count(results.length, 'task')}, ${count(rounds, 'round')} each`;
}

const groups = [
  ['decode', 'Decode text, masked', 'header, checks, unmasking, UTF-8; 64 KiB of frames at a time'],
  ['encode', 'Encode text, unmasked', 'UTF-8 and the frame, a buffer for each'],
  ['mask', 'Mask in place', 'the XOR alone'],
] as const;

interface OutcomeProps {
  readonly results: readonly TaskResult[];
  readonly startedAt: string;
}

function Outcome({ results, startedAt }: OutcomeProps): JSX.Element {
  const browser = browserName(navigator.userAgent);
  const json = {
    what: 'barewire codec in a browser, nanoseconds for each frame',
    browser,
    userAgent: navigator.userAgent,
    cores: navigator.hardwareConcurrency,
    startedAt,
    steps,
    results,
  };
  return (
    <>
      <div class="measure-grid">
        {groups.map(([group, title, detail]) => (
          <BrowserFigure
            key={group}
            title={`${title}, ${browser}`}
            detail={detail}
            results={results.filter((result) => result.group === group)}
          />
        ))}
      </div>
      <CopyJson json={`${JSON.stringify(json, undefined, 1)}\n`} />
    </>
  );
}

interface BrowserFigureProps {
  readonly title: string;
  readonly detail: string;
  readonly results: readonly TaskResult[];
}

function BrowserFigure({ title, detail, results }: BrowserFigureProps): JSX.Element {
  const rows = results.map(({ length, samples }): BarRow => {
    const nanoseconds = median(samples);
    return {
      label: sizeOf(length),
      tone: 'alone',
      samples: samples.map((sample) => length / sample),
      cells: [
        throughput(length / nanoseconds),
        duration(nanoseconds),
        formatSpread(spread(samples), samples.length),
      ],
    };
  });
  const label = `Bar chart: ${rows.map((row) => `${row.label}: ${row.cells[0]}, ${row.cells[1]} for each frame`).join('; ')}.`;
  return (
    <figure class="measure" aria-label={title}>
      <figcaption>
        <h4>{title}</h4>
        <p class="measure-unit">payload a second, more is better: {detail}</p>
      </figcaption>
      <BarChart label={label} heads={['payload', 'a frame', 'spread']} rows={rows} />
      <details class="behind">
        <summary>
          Table and raw samples<span class="visually-hidden"> of {title}</span>
        </summary>
        <WideTable label={`Table: ${title}`} class="figures">
          <thead>
            <tr>
              <th scope="col">size</th>
              <th scope="col">payload a second</th>
              <th scope="col">a frame</th>
              <th scope="col">spread</th>
              <th scope="col" class="words">
                raw samples, ns a frame
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={row.label}>
                <th scope="row">{row.label}</th>
                {row.cells.map((text) => (
                  <td key={text}>{text}</td>
                ))}
                <td class="words">
                  {results[index]?.samples.map((sample) => formatFigure(sample, 4)).join(' · ')}
                </td>
              </tr>
            ))}
          </tbody>
        </WideTable>
      </details>
    </figure>
  );
}

function sizeOf(length: number): string {
  return length < 1024 ? `${length} B` : `${length / 1024} KiB`;
}

/** From octets a nanosecond, which are GB/s. */
function throughput(speed: number): string {
  return speed < 1 ? `${formatFigure(speed * 1000)} MB/s` : `${formatFigure(speed)} GB/s`;
}

function duration(nanoseconds: number): string {
  return nanoseconds < 1000 ? `${formatFigure(nanoseconds)} ns` : `${formatFigure(nanoseconds / 1000)} µs`;
}
