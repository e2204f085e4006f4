/** The rooms and direct messages that one is in, with what waits in each; ways to more of them; you, at the foot. */
import type { JSX } from 'preact';
import type { RoomSummary } from '../../../src/chat/events.ts';
import type { ChatState } from '../model.ts';
import { Icon, Mark } from './icons.tsx';
import { usePage } from './page.ts';
import { openPanel } from './panel-state.ts';
import { waitingCount } from './panes.tsx';
import { RoomSign } from './room-name.tsx';
import { useWords } from './words.ts';
import { YouMenu } from './you-menu.tsx';

interface SidebarProps {
  readonly state: ChatState;
  readonly onKeys: () => void;
  /** Called when a room or a panel is chosen, so that a drawer can close. */
  readonly onChoose: () => void;
}

export function Sidebar({ state, onKeys, onChoose }: SidebarProps): JSX.Element {
  const words = useWords().sidebar;
  const { rooms, conversation, me } = state;
  const direct = rooms.filter((room) => room.kind === 'direct');
  const shared = rooms.filter((room) => room.kind !== 'direct');
  const list = (some: readonly RoomSummary[]) => (
    <ul class="rooms">
      {some.map((room) => (
        <RoomLink key={room.id} room={room} current={room.id === conversation.room} onChoose={onChoose} />
      ))}
    </ul>
  );
  return (
    <>
      <p class="pane-head wordmark">
        <Mark /> barewire
      </p>
      <div class="pane-scroll">
        <div class="pane-label">
          <h2>{words.rooms}</h2>
          <button
            type="button"
            class="icon-button small"
            aria-label={words.browse}
            title={words.browse}
            onClick={() => {
              onChoose();
              openPanel({ kind: 'browse' });
            }}
          >
            <Icon name="compass" size={16} />
          </button>
          <button
            type="button"
            class="icon-button small"
            aria-label={words.create}
            title={words.create}
            onClick={() => {
              onChoose();
              openPanel({ kind: 'create' });
            }}
          >
            <Icon name="plus" size={16} />
          </button>
        </div>
        {list(shared)}
        {direct.length === 0 ? null : (
          <>
            <div class="pane-label">
              <h2>{words.direct}</h2>
            </div>
            {list(direct)}
          </>
        )}
      </div>
      {me === undefined ? null : (
        <YouMenu me={me} waiting={waitingCount(state)} onKeys={onKeys} onPanel={onChoose} />
      )}
    </>
  );
}

interface RoomLinkProps {
  readonly room: RoomSummary;
  readonly current: boolean;
  readonly onChoose: () => void;
}

function RoomLink({ room, current, onChoose }: RoomLinkProps): JSX.Element {
  const words = useWords().sidebar;
  const { texts, actions } = usePage();
  const { name, unread, mentions, muted, kind } = room;
  // Of a direct message, everything is meant for one.
  const calls = kind === 'direct' && !muted ? unread : mentions;
  const said = [
    kind === 'private' ? words.privateRoom : '',
    muted ? words.muted : '',
    mentions > 0 ? words.mentions(mentions) : unread > 0 ? words.unread(unread) : '',
  ].filter((part) => part !== '');
  const looks = ['room-link', unread > 0 && !muted ? 'unread' : '', muted ? 'muted' : ''];
  return (
    <li>
      <a
        class={looks.filter((look) => look !== '').join(' ')}
        href={`#/${room.id}`}
        aria-current={current ? 'page' : undefined}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
          event.preventDefault();
          actions.openRoom(room.id);
          onChoose();
        }}
      >
        <RoomSign room={room} />
        <span class="ellipsis" title={name}>
          {name}
        </span>
        {said.length === 0 ? null : <span class="visually-hidden">, {said.join(', ')}</span>}
        {muted ? <Icon name="muted" size={16} /> : null}
        {calls > 0 ? (
          <span class="badge figure" aria-hidden="true">
            {short(calls, texts.format.number)}
          </span>
        ) : unread > 0 && !muted ? (
          <span class="unread-count figure" aria-hidden="true">
            {short(unread, texts.format.number)}
          </span>
        ) : null}
      </a>
    </li>
  );
}

/** A count that fits into a badge; the server stops counting at 1000. */
function short(count: number, format: (value: number) => string): string {
  return count > 999 ? `${format(999)}+` : format(count);
}

/** Whether a room other than the one that is shown has something unread: for the button that opens the drawer. */
export function hasUnreadElsewhere({ rooms, conversation }: ChatState): boolean {
  return rooms.some(
    (room) => room.id !== conversation.room && (room.mentions > 0 || (room.unread > 0 && !room.muted)),
  );
}
