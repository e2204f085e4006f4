/** The page at /lab/bench: what was recorded, what this browser does, and every state between. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { analyse } from '../../../bench/report/analysis.ts';
import { Mark } from '../../chat/view/icons.tsx';
import { BrowserBench } from './browser-bench.tsx';
import { Goals } from './goals.tsx';
import { loadResults, type ResultsFile } from './load.ts';
import { Machine } from './machine.tsx';
import { Measures } from './measures.tsx';
import { Summary } from './summary.tsx';

type Loading =
  | { readonly status: 'loading' }
  | { readonly status: 'failed'; readonly reason: string }
  | { readonly status: 'loaded'; readonly files: readonly ResultsFile[] };

export function App(): JSX.Element {
  const [loading, setLoading] = useState<Loading>({ status: 'loading' });
  const load = (): void => {
    setLoading({ status: 'loading' });
    loadResults().then(
      (files) => setLoading({ status: 'loaded', files }),
      (error: unknown) => setLoading({ status: 'failed', reason: String(error) }),
    );
  };
  useEffect(load, []);
  const recorded = loading.status === 'loaded' && loading.files.length > 0;
  return (
    <>
      <a class="skip-link" href="#content">
        Skip to the figures
      </a>
      <header class="top">
        <a class="wordmark" href="/">
          <Mark /> <span>barewire</span>
        </a>
        <nav class="top-links" aria-label="On this page">
          {recorded ? (
            <>
              <a href="#goals">Goals</a>
              <a href="#measures">Measures</a>
            </>
          ) : null}
          <a href="#browser">Browser</a>
          {recorded ? <a href="#machine">Machine</a> : null}
        </nav>
      </header>
      <main id="content" class="page" tabIndex={-1}>
        <div class="intro">
          <h1>Benchmarks</h1>
          <p class="lead">
            barewire beside other WebSocket servers: the same work, the same checks, every raw sample. What is
            lost stands beside what is won.
          </p>
        </div>
        {loading.status === 'loading' ? <p class="state">Loading the results…</p> : null}
        {loading.status === 'failed' ? (
          <div class="state" role="alert">
            <p>The results could not be loaded. {loading.reason}</p>
            <button type="button" class="button plain" onClick={load}>
              Try again
            </button>
          </div>
        ) : null}
        {loading.status === 'loaded' ? <Recorded files={loading.files} /> : null}
        <BrowserBench />
        {loading.status === 'loaded' && recorded ? <Provenance files={loading.files} /> : null}
      </main>
      <footer class="foot">
        <a href="/">The chat</a>
        <span>The same figures as text: docs/benchmarks.md in the repository.</span>
      </footer>
    </>
  );
}

const analyses = new WeakMap<readonly ResultsFile[], ReturnType<typeof analyse>>();

/** Drawing the rounds again takes a moment, so it is done once for one set of files. */
function useAnalysis(files: readonly ResultsFile[]): ReturnType<typeof analyse> {
  return useMemo(() => {
    const analysis = analyses.get(files) ?? analyse(files.map(({ results }) => results));
    analyses.set(files, analysis);
    return analysis;
  }, [files]);
}

function Recorded({ files }: { readonly files: readonly ResultsFile[] }): JSX.Element {
  const analysis = useAnalysis(files);
  if (files.length === 0) {
    return (
      <div class="state">
        <p>
          <strong>No results were recorded with this build.</strong>
        </p>
        <p>Measure on your own machine, it takes some minutes, then start the server again:</p>
        <pre class="command">
          <code>npm run bench</code>
        </pre>
      </div>
    );
  }
  return (
    <>
      <Summary analysis={analysis} />
      <Goals analysis={analysis} />
      <Measures analysis={analysis} />
    </>
  );
}

function Provenance({ files }: { readonly files: readonly ResultsFile[] }): JSX.Element {
  return <Machine analysis={useAnalysis(files)} files={files} />;
}
