/** The public rooms, to find and join one; one's own stand among them. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RoomSummary } from '../../../../src/chat/events.ts';
import type { ChatState } from '../../model.ts';
import { Icon } from '../icons.tsx';
import { focusMessageField, usePage } from '../page.ts';
import { openPanel } from '../panel-state.ts';
import { Missing, Problem, useAnswer, useDoing } from './asking.tsx';
import { FilterField } from './fields.tsx';
import { Frame, leaveOverlay } from './frame.tsx';
import { matches } from './match.ts';

export function BrowsePanel({ state }: { readonly state: ChatState }): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.browse;
  const [query, setQuery] = useState('');
  const asked = useAnswer('room:list', {}, state.connection.status === 'open');
  const doing = useDoing();
  const rooms = asked.data?.rooms.filter((room) => room.kind !== 'direct');
  const shown = rooms?.filter((room) => matches(query, room.name, room.topic));
  /** One may have joined or left since the list came. */
  const joined = (room: RoomSummary): boolean => state.rooms.some((own) => own.id === room.id);

  const open = async (room: RoomSummary): Promise<void> => {
    if (doing.busy) return;
    if (!joined(room)) {
      const answer = await doing.run('room:join', { room: room.id, nonce: actions.nonce() });
      if (answer === undefined) return;
    }
    actions.openRoom(room.id);
    leaveOverlay();
    focusMessageField();
  };
  return (
    <Frame
      title={words.heading}
      top={<FilterField label={words.filter} value={query} first onChange={setQuery} />}
    >
      <button type="button" class="menu-item" onClick={() => openPanel({ kind: 'create' })}>
        <Icon name="plus" /> <span>{words.create}</span>
      </button>
      <Problem trouble={doing.trouble} />
      {shown === undefined ? <Missing trouble={asked.trouble} again={asked.again} /> : null}
      {shown?.length === 0 ? (
        <p class="panel-note">{query.trim() === '' ? words.none : words.noMatch(query.trim())}</p>
      ) : null}
      <ul class="entries">
        {shown?.map((room) => (
          <li key={room.id} class="entry">
            <div class="entry-words">
              <p class="entry-name">
                <Icon name={room.kind === 'private' ? 'lock' : 'hash'} size={16} />
                <span class="ellipsis">{room.name}</span>
              </p>
              {room.topic === '' ? null : <p class="entry-topic">{room.topic}</p>}
              <p class="tag figure">{texts.roomPanel.people(room.memberCount)}</p>
            </div>
            <button
              type="button"
              class={joined(room) ? 'button plain small' : 'button primary small'}
              aria-label={joined(room) ? words.openName(room.name) : words.joinName(room.name)}
              aria-disabled={doing.busy}
              onClick={() => void open(room)}
            >
              {joined(room) ? words.open : words.join}
            </button>
          </li>
        ))}
      </ul>
    </Frame>
  );
}
