/** All measures, one group at a time; the address says which, so that a link leads to a group or to one measure. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Analysis, percentilesAcross, type Section } from '../../../bench/report/analysis.ts';
import { MeasureFigure } from './measure-figure.tsx';
import { PercentileFigure } from './percentile-figure.tsx';
import { kindTitles } from './words.ts';

export function Measures({ analysis }: { readonly analysis: Analysis }): JSX.Element | null {
  const { sections } = analysis;
  const [hash, setHash] = useState(location.hash.slice(1));
  const [selected, setSelected] = useState(() => sectionOf(sections, hash) ?? sections[0]);
  useEffect(() => {
    const follow = (): void => {
      const next = location.hash.slice(1);
      setHash(next);
      setSelected((before) => sectionOf(sections, next) ?? before);
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [sections]);
  // What the address names may only just have been drawn.
  useEffect(() => {
    if (hash !== '') document.getElementById(decodeURIComponent(hash))?.scrollIntoView();
  }, [hash]);
  if (selected === undefined) return null;
  const kinds = [...new Set(sections.map(({ kind }) => kind))];
  return (
    <section id="measures" aria-labelledby="measures-title">
      <h2 id="measures-title">All measures</h2>
      <p class="lead">
        Each dot is one round, the bar their median, the line below it the 95 % interval of the median. The
        last column says how many times better barewire is; “≈” where the noise is larger than that.
      </p>
      <nav class="groups" aria-label="Groups of measures">
        {kinds.map((kind) => (
          <div key={kind} class="group-kind">
            <span class="group-label" id={`groups-${kind}`}>
              {kindTitles[kind]}
            </span>
            <ul aria-labelledby={`groups-${kind}`}>
              {sections
                .filter((section) => section.kind === kind)
                .map(({ id, title, measures }) => (
                  <li key={id}>
                    <a href={`#${id}`} aria-current={id === selected.id ? 'true' : undefined}>
                      {title} <span class="group-count">{measures.length}</span>
                    </a>
                  </li>
                ))}
            </ul>
          </div>
        ))}
      </nav>
      <section id={selected.id} class="group" aria-labelledby={`${selected.id}-title`}>
        <h3 id={`${selected.id}-title`}>
          {selected.title}
          {selected.title === kindTitles[selected.kind] ? null : (
            <span class="quiet"> {kindTitles[selected.kind].toLowerCase()}</span>
          )}
        </h3>
        <div class="measure-grid">
          {percentilesAcross(selected.measures).map((percentiles) => (
            <PercentileFigure key={percentiles.id} percentiles={percentiles} />
          ))}
          {selected.measures.map((report) => (
            <MeasureFigure key={report.measure.id} report={report} />
          ))}
        </div>
      </section>
    </section>
  );
}

function sectionOf(sections: readonly Section[], hash: string): Section | undefined {
  const id = decodeURIComponent(hash);
  return sections.find(
    (section) => section.id === id || section.measures.some(({ measure }) => measure.id === id),
  );
}
