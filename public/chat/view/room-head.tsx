/** Above the conversation: which room it is, what it is about, who is here, and the way to its panels. */
import type { JSX } from 'preact';
import type { RoomSummary } from '../../../src/chat/events.ts';
import type { ChatState } from '../model.ts';
import { Icon } from './icons.tsx';
import { usePage } from './page.ts';
import { togglePanel, usePanel } from './panel-state.ts';
import { RoomSign } from './room-name.tsx';
import { hasUnreadElsewhere } from './sidebar.tsx';
import { useWords } from './words.ts';

interface RoomHeadProps {
  readonly state: ChatState;
  /** Undefined for a room that one is not in. */
  readonly room: RoomSummary | undefined;
  readonly onRooms: () => void;
}

export function RoomHead({ state, room, onRooms }: RoomHeadProps): JSX.Element {
  const words = useWords();
  const { texts } = usePage();
  const panel = usePanel();
  const { conversation } = state;
  const here = conversation.members.filter((member) => member.here).length;
  const total = Math.max(conversation.members.length, room?.memberCount ?? 0);
  const people = words.head.people(here, total);
  const unread = hasUnreadElsewhere(state);
  const known = conversation.members.length > 0;
  return (
    <header class="head">
      <button
        type="button"
        class={unread ? 'icon-button only-narrow has-dot' : 'icon-button only-narrow'}
        aria-label={unread ? words.sidebar.openWithUnread : words.sidebar.open}
        aria-haspopup="dialog"
        onClick={onRooms}
      >
        <Icon name="menu" />
      </button>
      <div class="head-name">
        <h1>
          <RoomSign room={room} />
          <span class="ellipsis" title={room?.name ?? conversation.room}>
            {room?.name ?? conversation.room}
          </span>
        </h1>
        {room === undefined || room.topic === '' ? null : (
          <p class="topic ellipsis" title={room.topic}>
            {room.topic}
          </p>
        )}
      </div>
      {known ? (
        <button
          type="button"
          class="people-button figure"
          aria-label={`${words.head.members}: ${people}`}
          title={people}
          aria-expanded={panel.kind === 'members'}
          onClick={() => togglePanel({ kind: 'members' })}
        >
          <Icon name="people" />
          <span aria-hidden="true">{texts.format.number(here)}</span>
        </button>
      ) : null}
      <button
        type="button"
        class="icon-button"
        aria-label={words.head.search}
        title={words.head.search}
        aria-expanded={panel.kind === 'search'}
        onClick={() => togglePanel({ kind: 'search' })}
      >
        <Icon name="search" />
      </button>
      {room === undefined ? null : (
        <button
          type="button"
          class="icon-button"
          aria-label={words.head.roomMenu}
          title={words.head.roomMenu}
          aria-expanded={panel.kind === 'room'}
          onClick={() => togglePanel({ kind: 'room' })}
        >
          <Icon name="more" />
        </button>
      )}
    </header>
  );
}
