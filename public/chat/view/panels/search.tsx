/** Search: what one remembers of a message, in this room or in all; a press on a result goes there. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Message } from '../../../../src/chat/events.ts';
import type { ChatState } from '../../model.ts';
import { Avatar } from '../avatar.tsx';
import { useNow, usePage } from '../page.ts';
import { Choice } from '../preferences.tsx';
import { Skeleton } from '../skeleton.tsx';
import { Problem, type Trouble } from './asking.tsx';
import { FilterField } from './fields.tsx';
import { Frame, leaveOverlay, roomSign, shownRoom, whenText } from './frame.tsx';
import { cutHits, excerptOf } from './search-pieces.ts';

/** Milliseconds after the last key until a search goes out. */
const patience = 300;

interface Found {
  readonly query: string;
  readonly messages: readonly Message[];
  readonly hasMore: boolean;
}

interface SearchPanelProps {
  readonly state: ChatState;
  /** To begin with. */
  readonly query: string;
}

export function SearchPanel({ state, query: given }: SearchPanelProps): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.search;
  const room = shownRoom(state);
  const now = useNow(60_000);
  const [query, setQuery] = useState(given);
  const [everywhere, setEverywhere] = useState(room === undefined);
  const [found, setFound] = useState<Found | undefined>(undefined);
  const [trouble, setTrouble] = useState<Trouble | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  /** Counts the searches, so that a late answer to an old one is dropped. */
  const turn = useRef(0);
  const scope = everywhere ? undefined : room?.id;
  const wanted = query.trim();

  const search = async (before: number | undefined): Promise<void> => {
    turn.current += 1;
    const own = turn.current;
    if (wanted === '') {
      setFound(undefined);
      setTrouble(undefined);
      setBusy(false);
      return;
    }
    setBusy(true);
    const answer = await actions.request('message:search', {
      query: wanted,
      ...(scope === undefined ? {} : { room: scope }),
      ...(before === undefined ? {} : { before }),
      limit: 30,
    });
    if (own !== turn.current) return;
    setBusy(false);
    if (answer.status !== 'ok') {
      setTrouble(answer.status === 'offline' ? 'offline' : answer.failure);
      return;
    }
    setTrouble(undefined);
    setFound((earlier) => ({
      query: wanted,
      messages:
        before === undefined ? answer.data.messages : [...(earlier?.messages ?? []), ...answer.data.messages],
      hasMore: answer.data.hasMore,
    }));
  };
  const latest = useRef(search);
  latest.current = search;
  useEffect(() => {
    const timer = setTimeout(() => void latest.current(undefined), wanted === '' ? 0 : patience);
    return () => clearTimeout(timer);
  }, [wanted, scope]);
  useEffect(
    () => () => {
      turn.current += 1;
    },
    [],
  );

  const go = (message: Message): void => {
    if (message.room === state.conversation.room) actions.jumpTo(message.offset);
    else actions.openRoom(message.room, message.offset);
    leaveOverlay();
  };
  const field = (
    // biome-ignore lint/a11y/useSemanticElements: older browsers have no search element
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        void search(undefined);
      }}
    >
      <FilterField
        label={words.label}
        placeholder={words.placeholder}
        value={query}
        first
        onChange={setQuery}
      />
      {room === undefined ? null : (
        <Choice
          label={words.where}
          values={['room', 'all']}
          names={{ room: roomSign(room.kind, room.name), all: words.everywhere }}
          value={everywhere ? 'all' : 'room'}
          onChoose={(value) => setEverywhere(value === 'all')}
        />
      )}
    </form>
  );
  const last = found?.messages.at(-1);
  return (
    <Frame title={words.heading} top={field}>
      <div role="status" class="frame-label figure">
        {found === undefined || found.messages.length === 0
          ? null
          : words.found(found.messages.length, found.hasMore)}
      </div>
      {found === undefined && busy ? <Skeleton label={texts.panel.loading} rows={3} /> : null}
      {found === undefined && !busy && trouble === undefined ? <p class="panel-note">{words.hint}</p> : null}
      {found !== undefined && found.messages.length === 0 ? (
        <div class="panel-note" role="status">
          <p>{words.none(found.query)}</p>
          <p>{words.noneHint}</p>
        </div>
      ) : null}
      {found === undefined ? null : (
        <ul class={busy ? 'results busy' : 'results'}>
          {found.messages.map((message) => (
            <li key={message.id}>
              <button type="button" class="result" onClick={() => go(message)}>
                <Avatar name={message.author.name} size={24} />
                <span class="result-body">
                  <span class="result-head">
                    <span class="result-author ellipsis">{message.author.name}</span>
                    <span class="figure quiet time">{whenText(texts.format, message.time, now)}</span>
                  </span>
                  {everywhere ? (
                    <span class="result-room quiet ellipsis">{nameOf(state, message.room)}</span>
                  ) : null}
                  <span class="result-text">
                    <ResultText message={message} query={found.query} />
                  </span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <Problem trouble={trouble} />
      {found?.hasMore === true && last !== undefined ? (
        <button
          type="button"
          class="button plain wide"
          aria-disabled={busy}
          onClick={() => {
            if (!busy) void search(last.offset);
          }}
        >
          {texts.panel.more}
        </button>
      ) : null}
    </Frame>
  );
}

function ResultText({ message, query }: { readonly message: Message; readonly query: string }): JSX.Element {
  const { texts } = usePage();
  const { content } = message;
  if (content.type !== 'text') return <em class="quiet">{texts.search.image}</em>;
  return (
    <>
      {cutHits(excerptOf(content.text, query), query).map((piece, index) =>
        // The pieces of one text never change places.
        piece.hit ? <mark key={index}>{piece.text}</mark> : <span key={index}>{piece.text}</span>,
      )}
    </>
  );
}

function nameOf(state: ChatState, id: string): string {
  const room = state.rooms.find((each) => each.id === id);
  return room === undefined ? `#${id}` : roomSign(room.kind, room.name);
}
