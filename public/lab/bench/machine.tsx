/** On what and how: machine, command, versions, options, noise, and the raw files. */
import type { JSX } from 'preact';
import type { Analysis } from '../../../bench/report/analysis.ts';
import {
  count,
  formatDuration,
  formatShare,
  formatTime,
  nothing,
  shortCommit,
} from '../../../bench/report/figures.ts';
import type { ResultsFile } from './load.ts';
import { WideTable } from './wide-table.tsx';
import { kindTitles } from './words.ts';

interface MachineProps {
  readonly analysis: Analysis;
  readonly files: readonly ResultsFile[];
}

export function Machine({ analysis, files }: MachineProps): JSX.Element {
  const { noise } = analysis;
  return (
    <section id="machine" aria-labelledby="machine-title">
      <h2 id="machine-title">Machine, command, noise</h2>
      <div class="prose">
        <p>
          A server’s figure is the CPU time that the kernel counted for its process, divided by the messages:
          unlike time on the wall it holds on a busy machine. Servers and codecs have their turn in each
          round, and what they hand out is checked. Each figure is the median of its rounds; the spread is
          half the distance between the quartiles; intervals come from drawing the rounds again a thousand
          times.
        </p>
        {noise === undefined ? null : (
          <p>
            <strong>Noise.</strong> barewire against itself is {formatShare(noise.median)} apart in the middle
            measure and {formatShare(noise.largest)} at most. Only a lead or lag that is larger than this in
            its measure, and whose interval leaves out 1, counts as won or lost; “≈” marks the others.
          </p>
        )}
      </div>
      {files.map(({ name, url, results }) => {
        const { kind, mode, machine, startedAt, duration, command, commit, dirty, notes, subjects } = results;
        return (
          <section key={name} class="run" aria-labelledby={`run-${kind}`}>
            <h3 id={`run-${kind}`}>{kindTitles[kind]}</h3>
            <dl class="facts">
              <Fact term="command" mono>
                {command}
              </Fact>
              <Fact term="commit" mono>
                {shortCommit(commit, dirty)}
              </Fact>
              <Fact term="date">
                {formatTime(startedAt)}, {mode} run of {formatDuration(duration)}
              </Fact>
              <Fact term="CPU">
                {machine.cpu}, {count(machine.cores, 'core')}, governor {machine.governor},{' '}
                {machine.memoryGiB} GiB
              </Fact>
              <Fact term="system">
                kernel {machine.kernel}, Node {machine.node}
                {machine.flags.length === 0 ? '' : ` ${machine.flags.join(' ')}`}, V8 {machine.v8}
              </Fact>
              <Fact term="raw samples">
                <a href={url} download={name}>
                  {name}
                </a>
              </Fact>
            </dl>
            {notes.length === 0 ? null : (
              <ul class="notes">
                {notes.map((note) => (
                  <li key={note}>{note}</li>
                ))}
              </ul>
            )}
            <WideTable label={`Subjects: ${kindTitles[kind]}`} class="subjects">
              <thead>
                <tr>
                  <th scope="col">subject</th>
                  <th scope="col">version</th>
                  <th scope="col">runs on</th>
                  <th scope="col">options</th>
                </tr>
              </thead>
              <tbody>
                {subjects.map((subject) => (
                  <tr key={subject.name}>
                    <th scope="row">{subject.name}</th>
                    <td>{subject.version === '' ? nothing : subject.version}</td>
                    <td>{subject.runtime}</td>
                    <td>{subject.options === '' ? 'defaults' : subject.options}</td>
                  </tr>
                ))}
              </tbody>
            </WideTable>
          </section>
        );
      })}
    </section>
  );
}

interface FactProps {
  readonly term: string;
  readonly mono?: boolean;
  readonly children: JSX.Element | string | (JSX.Element | string | number)[];
}

function Fact({ term, mono = false, children }: FactProps): JSX.Element {
  return (
    <div>
      <dt>{term}</dt>
      <dd class={mono ? 'mono' : undefined}>{children}</dd>
    </div>
  );
}
