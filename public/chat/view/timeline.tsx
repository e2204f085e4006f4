/** The rows of the conversation: days, runs, notices, gaps, the line above what is new. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Image } from '../../../src/chat/events.ts';
import { Avatar } from './avatar.tsx';
import { foldNotices, type Notice, type Row, type Run } from './grouping.ts';
import { MessageBody } from './message.tsx';
import { OutgoingBody } from './outgoing.tsx';
import { usePage } from './page.ts';

interface TimelineRowsProps {
  readonly rows: readonly Row[];
  readonly now: number;
  readonly connected: boolean;
  readonly onOpenImage: (image: Image) => void;
}

export function TimelineRows({ rows, ...rest }: TimelineRowsProps): JSX.Element {
  return (
    <>
      {rows.map((row) => (
        <TimelineRow key={row.key} row={row} {...rest} />
      ))}
    </>
  );
}

function TimelineRow({
  row,
  now,
  connected,
  onOpenImage,
}: Omit<TimelineRowsProps, 'rows'> & { readonly row: Row }): JSX.Element {
  const { texts, actions } = usePage();
  switch (row.kind) {
    case 'run':
      return <RunRow run={row} connected={connected} onOpenImage={onOpenImage} />;
    case 'day':
      return (
        <li class="divider">
          <time dateTime={new Date(row.time).toISOString().slice(0, 10)}>
            {texts.format.day(row.time, now)}
          </time>
        </li>
      );
    case 'new':
      return (
        <li class="divider new figure">
          <span>{texts.room.newLine(row.count)}</span>
        </li>
      );
    case 'gap':
      return (
        <li class="divider gap">
          <span>
            {texts.room.gap}{' '}
            <button type="button" class="text-button" onClick={() => actions.loadOlder(row.key)}>
              {texts.room.loadGap}
            </button>
          </span>
        </li>
      );
    case 'notices':
      return <NoticesRow notices={row.notices} />;
  }
}

function NoticesRow({ notices }: { readonly notices: readonly Notice[] }): JSX.Element {
  const { texts } = usePage();
  const { joined, left } = foldNotices(notices);
  const say = (
    names: readonly string[],
    one: (name: string) => string,
    many: (names: readonly string[]) => string,
  ) => (names.length === 0 ? [] : [names.length === 1 ? one(names[0] ?? '') : many(names)]);
  const sentences = [
    ...say(joined, texts.room.joined, texts.room.joinedMany),
    ...say(left, texts.room.left, texts.room.leftMany),
  ];
  return (
    <li class="notices" data-key={notices[0]?.key}>
      {sentences.map((sentence) => (
        <span key={sentence}>{sentence}</span>
      ))}
    </li>
  );
}

interface RunRowProps {
  readonly run: Run;
  readonly connected: boolean;
  readonly onOpenImage: (image: Image) => void;
}

/** What decides how a run looks; while it stays the same, the run is not drawn again. */
function signatureOf(run: Run, connected: boolean): string {
  const parts = run.entries.map((entry) =>
    'message' in entry
      ? `${entry.key}:${entry.showsTime}`
      : `${entry.key}:${entry.showsTime}:${entry.outgoing.status}:${entry.outgoing.progress ?? ''}:${entry.outgoing.failure?.code ?? ''}:${connected}`,
  );
  return `${run.key}|${parts.join('|')}`;
}

function RunRow({ run, connected, onOpenImage }: RunRowProps): JSX.Element {
  const { texts } = usePage();
  const { format } = texts;
  // The signature stands for the run
  return useMemo(() => {
    const labelOf = ({ time }: { readonly time: number }): string =>
      run.own ? texts.message.own(format.time(time)) : texts.message.by(run.author.name, format.time(time));
    return (
      <li class={run.own ? 'run own' : 'run'}>
        {run.own ? null : <Avatar name={run.author.name} size={32} />}
        {run.own ? null : (
          <p class="author">
            <span class="ellipsis" title={run.author.name}>
              {run.author.name}
            </span>{' '}
            <Time entry={run} />
          </p>
        )}
        {run.entries.map((entry, index) => (
          <div key={entry.key} class="line" data-key={entry.key}>
            {entry.showsTime && (run.own || index > 0) ? <Time entry={entry} /> : null}
            {'message' in entry ? (
              <MessageBody message={entry.message} label={labelOf(entry)} onOpenImage={onOpenImage} />
            ) : (
              <>
                <span class="visually-hidden">{labelOf(entry)}: </span>
                <OutgoingBody item={entry.outgoing} connected={connected} />
              </>
            )}
          </div>
        ))}
      </li>
    );
  }, [signatureOf(run, connected), texts, onOpenImage]);
}

function Time({ entry }: { readonly entry: { readonly time: number } }): JSX.Element {
  const { format } = usePage().texts;
  return (
    <time class="time" dateTime={new Date(entry.time).toISOString()} title={format.dateTime(entry.time)}>
      {format.time(entry.time)}
    </time>
  );
}
