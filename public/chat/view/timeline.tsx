/** The rows of the conversation: days, runs, notices, the line above what is new, changes that were refused. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Avatar } from './avatar.tsx';
import { placeOf } from './conversation-context.ts';
import type { Entry, Row, Run } from './grouping.ts';
import { MessageView } from './message.tsx';
import { NoticesRow } from './notices.tsx';
import { OutgoingBody, RefusedChange } from './outgoing.tsx';
import { usePage } from './page.ts';
import { useWords } from './words.ts';

interface TimelineRowsProps {
  readonly rows: readonly Row[];
  readonly now: number;
  readonly connected: boolean;
}

export function TimelineRows({ rows, now, connected }: TimelineRowsProps): JSX.Element {
  return (
    <>
      {rows.map((row) => (
        <TimelineRow key={row.key} row={row} now={now} connected={connected} />
      ))}
    </>
  );
}

interface TimelineRowProps {
  readonly row: Row;
  readonly now: number;
  readonly connected: boolean;
}

function TimelineRow({ row, now, connected }: TimelineRowProps): JSX.Element {
  const { texts } = usePage();
  const words = useWords();
  switch (row.kind) {
    case 'run':
      return <RunRow run={row} connected={connected} />;
    case 'day':
      return (
        <li class="divider">
          <time dateTime={dateOf(row.time)}>{texts.format.day(row.time, now)}</time>
        </li>
      );
    case 'new':
      return (
        <li class="divider new figure">
          <span>{words.timeline.newLine(row.count)}</span>
        </li>
      );
    case 'notices':
      return <NoticesRow notices={row.notices} />;
    case 'change':
      return <RefusedChange item={row.outgoing} />;
  }
}

/** The day where the reader is, as `2026-03-12`. */
function dateOf(time: number): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function RunRow({ run, connected }: { readonly run: Run; readonly connected: boolean }): JSX.Element {
  const words = useWords().message;
  const first = run.entries[0];
  return (
    <li class={run.own ? 'run own' : 'run'}>
      {run.own ? null : <Avatar name={run.author.name} size={32} />}
      {run.own || first === undefined ? null : (
        <p class="author">
          <span class="ellipsis" title={run.author.name}>
            {run.author.name}
          </span>
          {run.author.bot === true ? <span class="bot-tag">{words.bot}</span> : null} <Time entry={first} />
        </p>
      )}
      {run.entries.map((entry, index) => (
        <Line
          key={entry.key}
          entry={entry}
          own={run.own}
          author={run.author.name}
          first={index === 0}
          connected={connected}
        />
      ))}
    </li>
  );
}

interface LineProps {
  readonly entry: Entry;
  readonly own: boolean;
  readonly author: string;
  readonly first: boolean;
  readonly connected: boolean;
}

/** One line of a run. What has not changed is not drawn again: a window has some hundred of them. */
function Line({ entry, own, author, first, connected }: LineProps): JSX.Element {
  const { texts } = usePage();
  const words = useWords().message;
  const what = 'item' in entry ? entry.item : entry.outgoing;
  const { key, time, showsTime } = entry;
  return useMemo(() => {
    const clock = texts.format.time(time);
    const label = own ? words.own(clock) : words.by(author, clock);
    return (
      <div class="line" data-key={key} data-offset={'item' in entry ? entry.item.message.offset : undefined}>
        {showsTime && (own || !first) ? <Time entry={entry} /> : null}
        {'item' in entry ? (
          <MessageView item={entry.item} label={label} />
        ) : (
          <div class="outgoing-line">
            <span class="visually-hidden">{label}: </span>
            <OutgoingBody item={entry.outgoing} connected={connected} />
          </div>
        )}
      </div>
    );
  }, [what, key, time, showsTime, own, author, first, 'item' in entry || connected, texts, words]);
}

/** When it was said; of what is in the log, also the link to it. */
function Time({ entry }: { readonly entry: Entry }): JSX.Element {
  const { format } = usePage().texts;
  const words = useWords().message;
  const full = format.dateTime(entry.time);
  const time = (
    <time dateTime={new Date(entry.time).toISOString()} title={full}>
      {format.time(entry.time)}
    </time>
  );
  if (!('item' in entry)) return <span class="time">{time}</span>;
  return (
    <a class="time" href={placeOf(entry.item.message)} tabIndex={-1} aria-label={words.permalink(full)}>
      {time}
    </a>
  );
}
